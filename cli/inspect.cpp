// strata inspect: what is in a model file.
#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"

namespace strata::cli {
namespace {

std::string_view activation_of(const Architecture& net, int l) {
  return l == net.depth() ? name(net.head()) : name(net.layer(l).activation);
}

std::size_t parameters_of(const Architecture& net, int l) {
  return static_cast<std::size_t>(net.units(l)) * (static_cast<std::size_t>(net.units(l - 1)) + 1);
}

/// Are the columns of X more than the numbers of the data, scaled?
bool has_columns(const Model& model) {
  const ScaleKind scale = model.scaling().kind;
  return scale == ScaleKind::robust || scale == ScaleKind::quantile ||
         std::ranges::any_of(model.inputs(),
                             [](const InputField& input) { return input.type != ColumnType::number || input.missing; });
}

void add_input(Json& json, const InputField& input) {
  json.object().text("name", input.name).wholes("shape", input.shape);
  if (input.type != ColumnType::number) json.text("type", name(input.type));
  if (!input.levels.empty()) json.texts("levels", input.levels);
  if (input.missing) json.truth("missing", true);
  if (input.fill) json.number("fill", *input.fill);
  json.end();
}

void print_json(const Model& model) {
  const Architecture& net = model.architecture();
  const TrainingRecord& record = model.record();
  Json json;
  json.object().text("precision", name(model.precision())).text("loss", name(net.loss));
  json.whole("parameters", net.parameter_count());
  json.key("inputs").array();
  for (const InputField& input : model.inputs()) add_input(json, input);
  json.end();
  if (has_columns(model)) add_columns(json, encoded_columns(model.features()));
  json.text("task", name(model.target().task)).texts("target", model.target().names);
  json.texts("classes", model.target().classes).text("scale", name(model.scaling().kind));
  json.key("layers").array();
  for (int l = 1; l <= net.depth(); ++l) {
    const std::size_t shape[] = {static_cast<std::size_t>(net.units(l)), static_cast<std::size_t>(net.units(l - 1))};
    json.object().whole("layer", static_cast<std::int64_t>(l)).wholes("W", shape);
    json.text("activation", activation_of(net, l)).whole("parameters", parameters_of(net, l)).end();
  }
  json.end().key("training").object().text("data", record.data).whole("rows", record.rows);
  if (record.dropped > 0) json.whole("dropped", record.dropped);
  json.key("options").object();
  for (const auto& [option, value] : record.options) json.text(option, value);
  json.end().whole("iterations", record.iterations).whole("epochs", record.epochs).text("ended", record.ended);
  json.number("cost", record.cost);
  add_metrics(json, record.train, "train_");
  if (record.validation) add_metrics(json, *record.validation, "validation_");
  out().line(json.text("version", record.version).end().end().str());
}

std::string describe_inputs(const Model& model) {
  const std::vector<InputField>& inputs = model.inputs();
  std::vector<std::string> names;
  for (const InputField& input : inputs) {
    names.push_back(input.shape.empty() ? input.name : fmt::format("{} ({})", input.name, shape_text(input.shape)));
    if (input.type == ColumnType::category)
      names.back() += fmt::format(" (category, {})", counted(input.levels.size(), "level"));
    else if (input.type != ColumnType::number)
      names.back() += fmt::format(" ({})", name(input.type));
  }
  const auto count = static_cast<std::uint64_t>(model.architecture().inputs);
  if (has_columns(model))
    return fmt::format("{}, in {}: {}", inputs.size(), counted(count, "column"), joined(names, 6));
  return fmt::format("{}: {}", counted(count, "number"), joined(names, 6));
}

std::string describe_target(const Target& target) {
  std::string text = fmt::format("{}, {}", joined(target.names, 6), name(target.task));
  if (target.task == Task::binary && target.classes.size() == 2)
    text += fmt::format(": {} or {} (the probability is that of {})", target.classes[0], target.classes[1],
                        target.classes[1]);
  else if (!target.classes.empty())
    text += fmt::format(": {} classes: {}", target.classes.size(), joined(target.classes, 12));
  if (!target.divisor.empty()) text += ", scaled for the training";
  return text;
}

std::string describe_scaling(const Scaling& scaling) {
  switch (scaling.kind) {
    case ScaleKind::standard: return "standard: (x - mean) / standard deviation of the training rows";
    case ScaleKind::divide_255: return "1/255: x / 255";
    case ScaleKind::robust: return "robust: t = (x - median) / (third quartile - first), then t / sqrt(1 + (t/3)^2)";
    case ScaleKind::quantile: return "quantile: to a normal distribution, by the quantiles of the training rows";
    default: return "none";
  }
}

/// What the network sees: the first columns of X, and how they come from the data.
void print_columns(const Model& model) {
  constexpr std::size_t kMost = 40;
  const std::vector<EncodedColumn> columns = encoded_columns(model.features());
  TextTable table({{"X", true}, {"column"}, {"from the data"}});
  for (std::size_t j = 0; j < columns.size() && j < kMost; ++j)
    table.add({std::to_string(j + 1), printable(columns[j].name), printable(columns[j].equation)});
  if (columns.size() > kMost) table.add({"", fmt::format("… ({} more: --json)", columns.size() - kMost)});
  out().write(table.text(out()) + '\n');
}

void print_text(const Model& model, const std::string& file) {
  const Architecture& net = model.architecture();
  const TrainingRecord& record = model.record();
  const auto item = [](std::string_view what, std::string_view text) {
    const std::size_t width = std::max<std::size_t>(out().width(), 60);
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<11}", what)),
                           wrapped(printable(text), width, 11)));
  };
  item("model", fmt::format("{}: {}, {}, {}", file, counted(static_cast<std::uint64_t>(net.depth()), "layer"),
                            counted(net.parameter_count(), "parameter"), name(model.precision())));
  item("inputs", describe_inputs(model));
  item("scaling", describe_scaling(model.scaling()));
  item("target", describe_target(model.target()));
  item("loss", name(net.loss));

  TextTable table({{"layer", true}, {"units", true}, {"activation"}, {"W"}, {"b"}, {"parameters", true}});
  table.add({"0", with_commas(static_cast<std::uint64_t>(net.units(0))), "(the input)"});
  for (int l = 1; l <= net.depth(); ++l)
    table.add({std::to_string(l), with_commas(static_cast<std::uint64_t>(net.units(l))),
               std::string(activation_of(net, l)), fmt::format("({}, {})", net.units(l), net.units(l - 1)),
               fmt::format("({}, 1)", net.units(l)), with_commas(parameters_of(net, l))});
  table.add({"", "", "", "", "total", with_commas(net.parameter_count())});
  out().write('\n' + table.text(out()) + '\n');
  if (has_columns(model)) print_columns(model);

  std::string rows = fmt::format("{}, {}", record.data, counted(record.rows, "row"));
  if (record.dropped > 0) rows += fmt::format(" ({} without the target left out)", with_commas(record.dropped));
  item("trained on", rows);
  // The inputs and the target stand above; what was not given has nothing to say.
  std::string options;
  for (const auto& [option, value] : record.options)
    if (!value.empty() && option != "inputs" && option != "target")
      options += fmt::format("{}--{} {}", options.empty() ? "" : " ", option, value);
  item("with", options);
  item("ended",
       fmt::format("{} after {}, {}", record.ended, counted(static_cast<std::uint64_t>(record.iterations), "iteration"),
                   counted(static_cast<std::uint64_t>(record.epochs), "epoch")));
  item("cost", brief(record.cost));
  item("train", describe(record.train));
  if (record.validation) item("validation", describe(*record.validation));
  item("made by", fmt::format("strata {}", record.version));
}

int run(const Arguments& arguments) {
  const std::string& file = arguments.operands.front();
  const Model model = Model::load(file);
  if (arguments.has("json"))
    print_json(model);
  else
    print_text(model, input_name(file));
  return 0;
}

}  // namespace

Command inspect_command() {
  return {"inspect",
          "show what is in a model: layers, shapes, how it was trained",
          {"strata inspect iris.strata"},
          "Prints the layers with their shapes and parameter counts, the inputs, the scaling, the classes, what the "
          "model was trained on and how, and its final figures.",
          {{"MODEL", "A file that 'strata train' wrote."}},
          {},
          {kJsonFlag},
          run};
}

}  // namespace strata::cli
