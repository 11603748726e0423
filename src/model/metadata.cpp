#include "model/metadata.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "model/strict_json.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

constexpr std::array kTasks = {Task::binary, Task::classes, Task::regression};
constexpr std::array kLosses = {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error};
constexpr std::array kScales = {ScaleKind::standard, ScaleKind::divide_255, ScaleKind::none};
constexpr std::array kPrecisions = {Precision::float32, Precision::float64, Precision::bf16};
constexpr std::size_t kLargestInt = std::numeric_limits<int>::max();

// --- writing ---

void write_metrics(JsonWriter& json, Task task, const Metrics& metrics) {
  json.begin_object().key("examples").size(metrics.examples).key("loss").number(metrics.loss);
  if (task == Task::regression) {
    json.key("rmse").number(metrics.rmse).key("mae").number(metrics.mae).key("r2").number(metrics.r2);
  } else {
    json.key("correct").size(metrics.correct).key("accuracy").number(metrics.accuracy);
  }
  json.end_object();
}

void write_architecture(JsonWriter& json, const Architecture& net) {
  json.begin_object().key("inputs").size(static_cast<std::size_t>(net.inputs)).key("hidden").begin_list();
  for (const LayerSpec& layer : net.hidden) {
    json.begin_object().key("units").size(static_cast<std::size_t>(layer.units));
    json.key("activation").text(name(layer.activation)).end_object();
  }
  json.end_list()
      .key("outputs")
      .size(static_cast<std::size_t>(net.outputs))
      .key("loss")
      .text(name(net.loss))
      .end_object();
}

void write_texts(JsonWriter& json, const std::vector<std::string>& texts) {
  json.begin_list();
  for (const std::string& text : texts) json.text(text);
  json.end_list();
}

void write_record(JsonWriter& json, Task task, const TrainingRecord& record) {
  json.begin_object().key("strata").text(record.version).key("data").text(record.data).key("rows").size(record.rows);
  json.key("options").begin_object();
  for (const auto& [option, value] : record.options) json.key(option).text(value);
  json.end_object();
  json.key("iterations").size(static_cast<std::size_t>(record.iterations));
  json.key("epochs").size(static_cast<std::size_t>(record.epochs));
  json.key("ended").text(record.ended).key("cost").number(record.cost);
  json.key("train");
  write_metrics(json, task, record.train);
  if (record.validation) {
    json.key("validation");
    write_metrics(json, task, *record.validation);
  }
  json.end_object();
}

// --- reading ---

template <class Enum, std::size_t N>
Enum one_of(const JsonNode& node, const std::array<Enum, N>& values) {
  std::string names;
  for (const Enum value : values) {
    if (name(value) == node.text()) return value;
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name(value));
  }
  node.fail("one of " + names);
}

Activation read_activation(const JsonNode& node) {
  for (const Activation activation : all_activations()) {
    if (name(activation) == node.text()) return activation;
  }
  node.fail("the name of an activation");
}

Architecture read_architecture(const JsonNode& node) {
  Architecture net;
  net.inputs = static_cast<int>(node["inputs"].size(1, kLargestInt));
  for (const JsonNode& layer : node["hidden"].items()) {
    net.hidden.push_back({static_cast<int>(layer["units"].size(1, kLargestInt)), read_activation(layer["activation"])});
  }
  net.outputs = static_cast<int>(node["outputs"].size(1, kLargestInt));
  net.loss = one_of(node["loss"], kLosses);
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
  Metrics metrics;
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
  for (const auto& [option, value] : node["options"].members()) record.options.emplace_back(option, value.text());
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
    case Task::automatic:
      require(false, "the task is not decided");
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
  JsonWriter json;
  json.begin_object();
  json.key("architecture");
  write_architecture(json, data.architecture);
  json.key("inputs").begin_list();
  for (const InputField& input : data.inputs) {
    json.begin_object().key("name").text(input.name).key("shape").begin_list();
    for (const std::size_t size : input.shape) json.size(size);
    json.end_list().end_object();
  }
  json.end_list();
  json.key("target").begin_object().key("names");
  write_texts(json, data.target.names);
  json.key("task").text(name(data.target.task)).key("classes");
  write_texts(json, data.target.classes);
  json.key("scaled").boolean(!data.target.offset.empty()).end_object();
  json.key("scaling").text(name(data.scaling.kind)).key("precision").text(name(precision)).key("record");
  write_record(json, data.target.task, data.record);
  json.end_object();
  return json.take();
}

ModelMetadata read_metadata(std::string_view text) {
  const JsonDocument document(text, "is damaged: metadata: ");
  const JsonNode root = document.root();
  ModelMetadata metadata{.data = std::make_unique<Model::Data>(), .precision = one_of(root["precision"], kPrecisions)};
  Model::Data& data = *metadata.data;
  data.bf16 = metadata.precision == Precision::bf16;
  data.architecture = read_architecture(root["architecture"]);
  data.inputs = read_inputs(root["inputs"]);
  const JsonNode target = root["target"];
  data.target.names = read_texts(target["names"]);
  data.target.task = one_of(target["task"], kTasks);
  data.target.classes = read_texts(target["classes"]);
  data.scaling.kind = one_of(root["scaling"], kScales);
  metadata.target_is_scaled = target["scaled"].boolean();
  data.record = read_record(root["record"], data.target.task);
  require_architecture(data.architecture);
  return metadata;
}

}  // namespace strata
