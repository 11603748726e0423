#include "model/record_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "model/metrics.hpp"

namespace strata::internal {
namespace {

void write_metrics(Json& json, const Metrics& metrics) {
  json.object().whole("examples", metrics.examples).number("loss", metrics.loss);
  if (metrics.task == Task::regression) {
    json.number("rmse", metrics.rmse).number("mae", metrics.mae).number("r2", metrics.r2);
  } else {
    json.whole("correct", metrics.correct).number("accuracy", metrics.accuracy);
  }
  for (const Metric each : metrics.more) json.number(json_key(name(each)), metrics.value(each));
  json.end();
}

void write_lines(Json& json, std::string_view part, const std::vector<Curves::Line>& lines) {
  if (lines.empty()) return;
  json.key(part).object();
  for (const Curves::Line& line : lines) json.numbers(json_key(name(line.metric)), line.values);
  json.end();
}

void write_curves(Json& json, const Curves& curves) {
  if (curves.epochs.empty()) return;
  json.key("curves").object().key("epochs").array();
  for (const std::int64_t epoch : curves.epochs) json.whole(epoch);
  json.end().numbers("loss", curves.loss);
  write_lines(json, "train", curves.train);
  write_lines(json, "validation", curves.validation);
  json.end();
}

Metrics read_metrics(const JsonNode& node, Task task) {
  Metrics metrics{.task = task};
  metrics.examples = node["examples"].size();
  metrics.loss = node["loss"].number();
  if (task == Task::regression) {
    metrics.rmse = node["rmse"].number();
    metrics.mae = node["mae"].number();
    const auto r2 = node.find("r2");  // null where it is not defined
    metrics.r2 = r2 ? r2->number() : std::numeric_limits<double>::quiet_NaN();
  } else {
    metrics.correct = node["correct"].size(0, metrics.examples);
    metrics.accuracy = node["accuracy"].number();
  }
  for (const Metric each : metrics_of(task).subspan(usual_metrics(task).size())) {
    if (const auto value = node.find(json_key(name(each)))) {
      metrics.more.push_back(each);
      value_of(metrics, each) = value->number();
    }
  }
  return metrics;
}

std::vector<double> read_points(const JsonNode& node, std::size_t count) {
  std::vector<double> points;
  for (const JsonNode& item : node.items()) points.push_back(item.number());
  if (points.size() != count) node.fail(fmt::format("a number for each of the {} epochs", count));
  return points;
}

std::vector<Curves::Line> read_lines(const std::optional<JsonNode>& node, Task task, std::size_t count) {
  std::vector<Curves::Line> lines;
  if (!node) return lines;
  for (const Metric each : metrics_of(task))
    if (const auto found = node->find(json_key(name(each)))) lines.push_back({each, read_points(*found, count)});
  return lines;
}

Curves read_curves(const JsonNode& node, Task task) {
  Curves curves;
  for (const JsonNode& epoch : node["epochs"].items())
    curves.epochs.push_back(static_cast<std::int64_t>(epoch.size(1)));
  curves.loss = read_points(node["loss"], curves.epochs.size());
  curves.train = read_lines(node.find("train"), task, curves.epochs.size());
  curves.validation = read_lines(node.find("validation"), task, curves.epochs.size());
  return curves;
}

// A text, for not every number of 64 bits is one of JSON's.
std::uint64_t read_seed(const JsonNode& node) {
  const std::string& text = node.text();
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size()) node.fail("a seed");
  return seed;
}

}  // namespace

void write_record(Json& json, const TrainingRecord& record) {
  json.object().text("strata", record.version).text("data", record.data).whole("rows", record.rows);
  json.key("options").object();
  for (const auto& [option, value] : record.options) json.text(option, value);
  json.end().whole("iterations", record.iterations).whole("epochs", record.epochs);
  json.text("ended", record.ended);
  if (record.planned > 0) {
    json.whole("reached", record.reached).whole("planned", record.planned);
  } else {
    json.number("cost", record.cost).key("train");
    write_metrics(json, record.train);
  }
  if (record.validation) {
    json.key("validation");
    write_metrics(json, *record.validation);
  }
  if (record.epochs_tried > 0) json.whole("epochs_tried", record.epochs_tried);
  if (record.dropped > 0) json.whole("dropped", record.dropped);
  if (record.weight_0 > 0) json.whole("weight_0", record.weight_0);
  if (record.bad_rows > 0) json.whole("bad_rows", record.bad_rows);
  if (record.bad_cells > 0) json.whole("bad_cells", record.bad_cells);
  write_curves(json, record.curves);
  if (!record.before.empty()) {
    json.key("before").array();
    for (const EarlierTraining& each : record.before)
      json.object()
          .text("data", each.data)
          .whole("rows", each.rows)
          .whole("iterations", each.iterations)
          .whole("epochs", each.epochs)
          .end();
    json.end();
  }
  if (!record.networks.empty()) {
    json.key("networks").array();
    for (const NetworkRecord& each : record.networks) {
      json.object();
      if (each.fold > 0) json.whole("fold", each.fold);
      json.whole("member", each.member).text("seed", std::to_string(each.seed)).whole("epochs", each.epochs);
      if (each.epochs_tried > 0) json.whole("epochs_tried", each.epochs_tried);
      if (each.ended != record.ended) json.text("ended", each.ended);
      json.end();
    }
    json.end();
  }
  if (record.out_of_fold) {
    json.key("out_of_fold");
    write_metrics(json, *record.out_of_fold);
  }
  json.end();
}

TrainingRecord read_record(const JsonNode& node, Task task) {
  TrainingRecord record;
  record.version = node["strata"].text();
  record.data = node["data"].text();
  record.rows = node["rows"].size();
  for (const auto& [option, value] : node["options"].members()) {
    record.options.emplace_back(option, value.text());
    if (option == "l2" && !(parse_number(value.text(), record.l2) && std::isfinite(record.l2) && record.l2 >= 0))
      value.fail("a number, at least 0");
  }
  record.iterations = static_cast<std::int64_t>(node["iterations"].size());
  record.epochs = static_cast<std::int64_t>(node["epochs"].size());
  record.ended = node["ended"].text();
  if (const auto planned = node.find("planned")) {
    record.planned = static_cast<std::int64_t>(planned->size(1));
    record.reached = static_cast<std::int64_t>(node["reached"].size(0, planned->size()));
  } else {
    record.cost = node["cost"].number();
    record.train = read_metrics(node["train"], task);
  }
  if (const auto validation = node.find("validation")) record.validation = read_metrics(*validation, task);
  if (const auto tried = node.find("epochs_tried")) record.epochs_tried = static_cast<std::int64_t>(tried->size());
  if (const auto dropped = node.find("dropped")) record.dropped = dropped->size();
  if (const auto rows = node.find("weight_0")) record.weight_0 = rows->size();
  if (const auto rows = node.find("bad_rows")) record.bad_rows = rows->size();
  if (const auto cells = node.find("bad_cells")) record.bad_cells = cells->size();
  if (const auto curves = node.find("curves")) record.curves = read_curves(*curves, task);
  if (const auto before = node.find("before"))
    for (const JsonNode& each : before->items())
      record.before.push_back({each["data"].text(), each["rows"].size(),
                               static_cast<std::int64_t>(each["iterations"].size()),
                               static_cast<std::int64_t>(each["epochs"].size())});
  if (const auto networks = node.find("networks"))
    for (const JsonNode& each : networks->items()) {
      const auto fold = each.find("fold"), tried = each.find("epochs_tried"), ended = each.find("ended");
      record.networks.push_back({.fold = fold ? static_cast<std::int64_t>(fold->size(1)) : 0,
                                 .member = static_cast<std::int64_t>(each["member"].size(1)),
                                 .seed = read_seed(each["seed"]),
                                 .epochs = static_cast<std::int64_t>(each["epochs"].size()),
                                 .epochs_tried = tried ? static_cast<std::int64_t>(tried->size()) : 0,
                                 .ended = ended ? ended->text() : record.ended});
    }
  if (const auto figures = node.find("out_of_fold")) record.out_of_fold = read_metrics(*figures, task);
  return record;
}

}  // namespace strata::internal
