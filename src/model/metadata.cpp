#include "model/metadata.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <unordered_set>

#include "base/checked.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "model/strict_json.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kLargestInt = std::numeric_limits<int>::max();

// --- writing ---

void write_metrics(Json& json, const Metrics& metrics) {
  json.object().whole("examples", metrics.examples).number("loss", metrics.loss);
  if (metrics.task == Task::regression) {
    json.number("rmse", metrics.rmse).number("mae", metrics.mae).number("r2", metrics.r2);
  } else {
    json.whole("correct", metrics.correct).number("accuracy", metrics.accuracy);
  }
  json.end();
}

void write_architecture(Json& json, const Architecture& net) {
  json.object().whole("inputs", std::int64_t{net.inputs}).key("hidden").array();
  for (const LayerSpec& layer : net.hidden) {
    json.object().whole("units", std::int64_t{layer.units}).text("activation", name(layer.activation));
    if (layer.dropout != 0) json.number("dropout", layer.dropout);
    json.end();
  }
  json.end().whole("outputs", std::int64_t{net.outputs}).text("loss", name(net.loss)).end();
}

void write_record(Json& json, const TrainingRecord& record) {
  json.object().text("strata", record.version).text("data", record.data).whole("rows", record.rows);
  json.key("options").object();
  for (const auto& [option, value] : record.options) json.text(option, value);
  json.end().whole("iterations", record.iterations).whole("epochs", record.epochs);
  json.text("ended", record.ended).number("cost", record.cost).key("train");
  write_metrics(json, record.train);
  if (record.validation) {
    json.key("validation");
    write_metrics(json, *record.validation);
  }
  json.end();
}

// --- reading ---

// A choice that is left to the program is none here.
template <class Kind>
Kind read_choice(const JsonNode& node) {
  std::string names;
  for (const std::string& each : own_names<Kind>()) {
    if (each == "auto") continue;
    if (each == node.text()) return *kind_named<Kind>(each);
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", each);
  }
  node.fail(std::is_same_v<Kind, Activation> ? "the name of an activation" : "one of " + names);
}

Architecture read_architecture(const JsonNode& node) {
  Architecture net;
  net.inputs = static_cast<int>(node["inputs"].size(1, kLargestInt));
  for (const JsonNode& layer : node["hidden"].items()) {
    const auto dropout = layer.find("dropout");
    net.hidden.push_back({static_cast<int>(layer["units"].size(1, kLargestInt)),
                          read_choice<Activation>(layer["activation"]), dropout ? dropout->number() : 0});
  }
  net.outputs = static_cast<int>(node["outputs"].size(1, kLargestInt));
  net.loss = read_choice<Loss>(node["loss"]);
  return net;
}

std::vector<std::string> read_texts(const JsonNode& node) {
  std::vector<std::string> texts;
  for (const JsonNode& item : node.items()) texts.push_back(item.text());
  return texts;
}

std::vector<InputField> read_inputs(const JsonNode& node) {
  std::vector<InputField> inputs;
  for (const JsonNode& item : node.items()) {
    InputField input{.name = item["name"].text(), .shape = {}};
    for (const JsonNode& size : item["shape"].items()) input.shape.push_back(size.size(1));
    inputs.push_back(std::move(input));
  }
  return inputs;
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
  return metrics;
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
  record.cost = node["cost"].number();
  record.train = read_metrics(node["train"], task);
  if (const auto validation = node.find("validation")) record.validation = read_metrics(*validation, task);
  return record;
}

// --- what must fit ---

void require(bool fits, const std::string& message) {
  if (!fits) throw Error(ErrorCode::format, "is damaged: " + message);
}

void require_distinct(const std::vector<std::string>& names, const char* what) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names) {
    require(seen.insert(name).second, fmt::format("{} '{}' occurs twice", what, printable(name)));
  }
}

void require_scale(const std::vector<double>& offset, const std::vector<double>& divisor, std::size_t size,
                   const char* what) {
  require(
      offset.size() == size && divisor.size() == size,
      fmt::format("{} has {} offsets and {} divisors, expected {} each", what, offset.size(), divisor.size(), size));
  for (std::size_t i = 0; i < size; ++i) {
    require(std::isfinite(offset[i]) && std::isfinite(divisor[i]) && divisor[i] > 0,
            fmt::format("{} number {} subtracts {} and divides by {}", what, i + 1, shortest(offset[i]),
                        shortest(divisor[i])));
  }
}

void require_architecture(const Architecture& net) {
  try {
    net.validate();
  } catch (const Error& error) {
    require(false, error.what());
  }
}

void require_target(const Target& target, const Architecture& net) {
  const auto outputs = static_cast<std::size_t>(net.outputs);
  const std::size_t classes = target.classes.size(), names = target.names.size();
  require(names >= 1, "the target has no name");
  require_distinct(target.names, "target");
  require_distinct(target.classes, "class");
  const Head head = net.head();
  const auto require_head = [&](bool fits) {
    require(fits, fmt::format("the task {} with the loss {}", name(target.task), name(net.loss)));
  };
  switch (target.task) {
    case Task::binary:
      require_head(head != Head::identity);
      require(classes == 2, fmt::format("a binary target has {} classes, expected 2", classes));
      // Softmax: an output for each class of the one target; else an output for each yes/no question.
      require(head == Head::softmax ? outputs == 2 && names == 1 : names == outputs || names == 1,
              fmt::format("{} binary targets and {} outputs", names, outputs));
      break;
    case Task::classes:
      require_head(head == Head::softmax);
      require(names == 1, fmt::format("classes of {} targets, expected 1", names));
      require(classes >= 2 && classes == outputs, fmt::format("{} classes and {} outputs", classes, outputs));
      break;
    case Task::regression:
      require_head(head == Head::identity);
      require(classes == 0, fmt::format("a regression target has {} classes", classes));
      require(names == outputs || names == 1, fmt::format("{} regression targets and {} outputs", names, outputs));
      break;
    case Task::automatic: require(false, "the task is not decided");
  }
  const bool scaled = !target.offset.empty() || !target.divisor.empty();
  require(!scaled || target.task == Task::regression, "a target of classes is scaled");
  require_scale(target.offset, target.divisor, scaled ? outputs : 0, "the scaling of the target");
}

}  // namespace

void require_consistent(const Model::Data& data) {
  require_architecture(data.architecture);
  const auto n_x = static_cast<std::size_t>(data.architecture.inputs);
  std::vector<std::string> names;
  std::size_t numbers = 0;
  for (const InputField& input : data.inputs) {
    names.push_back(input.name);
    numbers = checked_add(numbers, checked_product(input.shape, "is damaged: the size of an input"),
                          "is damaged: the inputs");
  }
  require_distinct(names, "input");
  require(numbers == n_x, fmt::format("its inputs give {} numbers, and the network takes {}", numbers, n_x));
  require_target(data.target, data.architecture);
  require(data.scaling.kind != ScaleKind::automatic, "the scaling is not decided");
  require_scale(data.scaling.offset, data.scaling.divisor, data.scaling.kind == ScaleKind::standard ? n_x : 0,
                "the scaling of the inputs");
  std::vector<std::string> options;
  for (const auto& option : data.record.options) options.push_back(option.first);
  require_distinct(options, "option");
  require(data.record.iterations >= 0 && data.record.epochs >= 0, "a negative number of iterations or epochs");
}

std::string write_metadata(const Model::Data& data, Precision precision) {
  Json json;
  json.object().key("architecture");
  write_architecture(json, data.architecture);
  json.key("inputs").array();
  for (const InputField& input : data.inputs) json.object().text("name", input.name).wholes("shape", input.shape).end();
  json.end().key("target").object().texts("names", data.target.names).text("task", name(data.target.task));
  json.texts("classes", data.target.classes).truth("scaled", !data.target.offset.empty()).end();
  json.text("scaling", name(data.scaling.kind)).text("precision", name(precision)).key("record");
  write_record(json, data.record);
  return json.end().str();
}

ModelMetadata read_metadata(std::string_view text) {
  const JsonDocument document(text, "is damaged: metadata: ");
  const JsonNode root = document.root();
  ModelMetadata metadata{.data = std::make_unique<Model::Data>(),
                         .precision = read_choice<Precision>(root["precision"])};
  Model::Data& data = *metadata.data;
  data.bf16 = metadata.precision == Precision::bf16;
  data.architecture = read_architecture(root["architecture"]);
  data.inputs = read_inputs(root["inputs"]);
  const JsonNode target = root["target"];
  data.target.names = read_texts(target["names"]);
  data.target.task = read_choice<Task>(target["task"]);
  data.target.classes = read_texts(target["classes"]);
  data.scaling.kind = read_choice<ScaleKind>(root["scaling"]);
  metadata.target_is_scaled = target["scaled"].boolean();
  data.record = read_record(root["record"], data.target.task);
  require_architecture(data.architecture);
  return metadata;
}

}  // namespace strata::internal
