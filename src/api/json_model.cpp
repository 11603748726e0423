#include <cstdint>
#include <utility>
#include <vector>

#include "api/json.hpp"
#include "api/summary.hpp"

namespace strata::internal {
namespace {

void add_stage(Json& json, const Architecture& net) {
  const InputStage& stage = net.stage;
  json.key("stage").object().whole("parameters", parameters_of_stage(net)).truth("scales", stage.scales);
  json.whole("frequencies", std::int64_t{stage.frequencies});
  json.whole("periodic_units", std::int64_t{stage.periodic_units})
      .whole("level_units", std::int64_t{stage.level_units})
      .whole("piecewise_units", std::int64_t{stage.piecewise_units});
  json.key("rows").array();
  for (const StageColumn& column : stage_columns(net)) {
    json.object().text("embedding", name(column.row.kind)).whole("first", column.first).whole("units", column.units);
    if (column.row.levels > 0) json.whole("levels", std::int64_t{column.row.levels});
    if (!column.row.edges.empty()) json.numbers("edges", column.row.edges);
    json.end();
  }
  json.end().end();
}

void add_layers(Json& json, const Architecture& net) {
  json.key("layers").array();
  for (int l = 1; l <= net.depth(); ++l) {
    const std::size_t shape[] = {static_cast<std::size_t>(net.units(l)), static_cast<std::size_t>(net.units(l - 1))};
    json.object().whole("layer", static_cast<std::int64_t>(l)).wholes("W", shape);
    json.text("activation", activation_of(net, l));
    if (learns_slopes(net, l)) json.truth("slopes", true);
    json.whole("parameters", parameters_of(net, l)).end();
  }
  json.end();
}

void add_networks(Json& json, const Model& model) {
  const std::vector<NetworkRecord>& records = model.record().networks;
  const std::vector<double> shares = model.shares();
  json.key("networks").array();
  for (std::size_t i = 0; i < shares.size(); ++i) {
    json.object().whole("network", i + 1);
    if (!records.empty()) {
      const NetworkRecord& record = records[i];
      if (record.fold > 0) json.whole("fold", record.fold);
      json.whole("member", record.member).text("seed", std::to_string(record.seed)).whole("epochs", record.epochs);
      if (record.epochs_tried > 0) json.whole("epochs_tried", record.epochs_tried);
      json.text("ended", record.ended);
    }
    json.number("share", shares[i]).end();
  }
  json.end().number("temperature", model.temperature());
}

void add_record(Json& json, const TrainingRecord& record) {
  json.key("training").object().text("data", record.data).whole("rows", record.rows);
  if (record.dropped > 0) json.whole("dropped", record.dropped);
  if (record.weight_0 > 0) json.whole("weight_0", record.weight_0);
  if (record.bad_rows > 0) json.whole("bad_rows", record.bad_rows);
  if (record.bad_cells > 0) json.whole("bad_cells", record.bad_cells);
  json.key("options").object();
  for (const auto& [option, value] : record.options) json.text(option, value);
  json.end().whole("iterations", record.iterations).whole("epochs", record.epochs);
  if (!record.before.empty()) {
    json.key("before").array();
    for (const EarlierTraining& each : record.before) {
      json.object().text("data", each.data).whole("rows", each.rows).whole("iterations", each.iterations);
      json.whole("epochs", each.epochs).end();
    }
    json.end();
  }
  if (record.epochs_tried > 0) json.whole("epochs_tried", record.epochs_tried);
  json.text("ended", record.ended);
  if (record.planned > 0) {
    json.whole("reached", record.reached).whole("planned", record.planned);
  } else {
    json.number("cost", record.cost);
    add_metrics(json, record.train, "train_");
  }
  if (record.validation) add_metrics(json, *record.validation, "validation_");
  if (record.out_of_fold) add_metrics(json, *record.out_of_fold, "out_of_fold_");
  json.text("version", record.version).end();
}

}  // namespace

void add_members(Json& json, const Model& model) {
  const Architecture& net = model.architecture();
  json.text("precision", name(model.precision())).text("loss", name(net.loss));
  if (net.loss == Loss::huber) json.numbers("huber_delta", deltas_of(model));
  if (net.loss == Loss::quantile) json.number("quantile", net.loss_parameters.quantile);
  if (net.loss_parameters.smoothing != 0) json.number("label_smoothing", net.loss_parameters.smoothing);
  json.whole("parameters", net.parameter_count());
  add_inputs(json, model.inputs());
  if (has_columns(model.features())) add_columns(json, encoded_columns(model.features()));
  if (!net.stage.empty()) add_stage(json, net);
  json.text("task", name(model.target().task)).texts("target", model.target().names);
  if (!model.target().least.empty())
    json.numbers("least", model.target().least).numbers("largest", model.target().largest);
  json.texts("classes", model.target().classes).text("scale", name(model.scaling().kind));
  add_layers(json, net);
  if (has_networks(model)) add_networks(json, model);
  add_record(json, model.record());
}

void add_members(Json& json, const Curves& curves) {
  json.key("epochs").array();
  for (const std::int64_t epoch : curves.epochs) json.whole(epoch);
  json.end().numbers("loss", curves.loss);
  for (const auto& [prefix, lines] : {std::pair("train_", &curves.train), {"validation_", &curves.validation}})
    for (const Curves::Line& line : *lines) json.numbers(prefix + json_key(name(line.metric)), line.values);
}

void add_inputs(Json& json, std::span<const InputField> inputs) {
  json.key("inputs").array();
  for (const InputField& input : inputs) {
    json.object().text("name", input.name).wholes("shape", input.shape);
    if (input.type != ColumnType::number) json.text("type", name(input.type));
    if (!input.levels.empty()) json.texts("levels", input.levels);
    if (input.embedded) json.truth("embedded", true);
    if (input.missing) json.truth("missing", true);
    if (input.fill) json.number("fill", *input.fill);
    json.end();
  }
  json.end();
}

void add_columns(Json& json, std::span<const EncodedColumn> columns) {
  json.key("columns").array();
  for (const EncodedColumn& column : columns)
    json.object().text("name", column.name).text("equation", column.equation).end();
  json.end();
}

}  // namespace strata::internal
