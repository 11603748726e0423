#include "model/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <unordered_set>

#include "base/checked.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "data/cell.hpp"
#include "data/dates.hpp"
#include "features/calendar.hpp"
#include "features/inputs.hpp"
#include "model/networks.hpp"
#include "model/record_text.hpp"
#include "model/strict_json.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kLargestInt = std::numeric_limits<int>::max();
constexpr std::size_t kMostLevels = 1 << 24;  // whose codes are exact in float32
constexpr RowEmbedding::Kind kEmbeddings[] = {RowEmbedding::Kind::none, RowEmbedding::Kind::periodic,
                                              RowEmbedding::Kind::levels, RowEmbedding::Kind::piecewise};
constexpr ColumnType kInputTypes[] = {ColumnType::number, ColumnType::yes_no, ColumnType::category, ColumnType::date};

bool is_of_format_1(ScaleKind kind) { return kind != ScaleKind::robust && kind != ScaleKind::quantile; }
bool is_of_format_3(const Architecture& net) {
  return net.loss_parameters.smoothing != 0 || (net.head() == Head::identity && net.loss != Loss::squared_error);
}
bool is_of_format_4(const Model::Data& data) {
  return !data.architecture.stage.empty() || !data.target.least.empty() || data.scaling.levels ||
         std::ranges::any_of(data.architecture.hidden, &LayerSpec::learned_slope) ||
         std::ranges::any_of(data.inputs, &InputField::embedded);
}
bool is_of_format_6(const InputStage& stage) {
  return std::ranges::find(stage.rows, RowEmbedding::Kind::piecewise, &RowEmbedding::kind) != stage.rows.end();
}
bool has_quantiles(ScaleKind kind) { return kind == ScaleKind::quantile; }

// --- writing ---

void write_numbers(Json& json, const char* key, const std::vector<double>& numbers) {
  json.key(key).array();
  for (const double each : numbers) json.number(each);
  json.end();
}

void write_stage(Json& json, const InputStage& stage) {
  json.key("stage").object();
  if (!stage.rows.empty()) {
    json.key("rows").array();
    for (const RowEmbedding& row : stage.rows) {
      json.object().text("embedding", name(row.kind));
      if (row.levels != 0) json.whole("levels", std::int64_t{row.levels});
      if (!row.edges.empty()) write_numbers(json, "edges", row.edges);
      json.end();
    }
    json.end();
  }
  json.whole("frequencies", std::int64_t{stage.frequencies});
  json.whole("periodic-units", std::int64_t{stage.periodic_units});
  json.whole("level-units", std::int64_t{stage.level_units});
  if (is_of_format_6(stage)) json.whole("piecewise-units", std::int64_t{stage.piecewise_units});
  if (stage.scales) json.truth("scales", true);
  json.end();
}

void write_architecture(Json& json, const Architecture& net) {
  json.object().whole("inputs", std::int64_t{net.inputs}).key("hidden").array();
  for (const LayerSpec& layer : net.hidden) {
    json.object().whole("units", std::int64_t{layer.units}).text("activation", name(layer.activation));
    if (layer.dropout != 0) json.number("dropout", layer.dropout);
    if (layer.learned_slope) json.truth("slopes", true);
    json.end();
  }
  json.end().whole("outputs", std::int64_t{net.outputs}).text("loss", name(net.loss));
  const LossParameters& of = net.loss_parameters;
  if (!of.delta.empty()) write_numbers(json, "delta", of.delta);
  if (net.loss == Loss::quantile) json.number("quantile", of.quantile);
  if (of.smoothing != 0) json.number("smoothing", of.smoothing);
  if (!net.stage.empty()) write_stage(json, net.stage);
  json.end();
}

void write_input(Json& json, const InputField& input) {
  json.object().text("name", input.name).wholes("shape", input.shape);
  if (input.type != ColumnType::number) json.text("type", name(input.type));
  if (!input.levels.empty()) json.texts("levels", input.levels);
  if (input.pooled) json.truth("pooled", true);
  if (input.embedded) json.truth("embedded", true);
  if (input.type == ColumnType::date) {
    json.key("parts").array();
    for (const DatePart part : input.parts) json.text(internal::name(part));
    json.end();
  }
  if (input.missing) json.truth("missing", true);
  if (input.fill) json.number("fill", *input.fill);
  if (input.earliest) json.number("earliest", *input.earliest);
  if (!input.written.empty()) json.text("written", input.written);
  json.end();
}

// --- reading ---

// A choice that is left to the program is none here.
template <class Kind>
Kind read_choice(const JsonNode& node) {
  std::string names;
  for (const std::string& each : own_names<Kind>()) {
    if (each.starts_with("auto")) continue;
    if (each == node.text()) return *kind_named<Kind>(each);
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", each);
  }
  node.fail(std::is_same_v<Kind, Activation> ? "the name of an activation" : "one of " + names);
}

bool read_truth(const JsonNode& node, const char* key) {
  const auto found = node.find(key);
  return found && found->boolean();
}

template <class Kinds, class NameOf>
auto read_name(const JsonNode& node, const Kinds& kinds, const NameOf& name_of) {
  std::string names;
  for (const auto kind : kinds) {
    if (name_of(kind) == node.text()) return kind;
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name_of(kind));
  }
  node.fail("one of " + names);
}

std::vector<double> read_numbers(const std::optional<JsonNode>& node) {
  std::vector<double> numbers;
  if (!node) return numbers;
  for (const JsonNode& each : node->items()) {
    numbers.push_back(each.number());
    if (!std::isfinite(numbers.back())) each.fail("a finite number");
  }
  return numbers;
}

InputStage read_stage(const JsonNode& node, int format_version) {
  const std::span kinds(kEmbeddings, std::size(kEmbeddings) - (format_version < 6 ? 1 : 0));
  InputStage stage;
  if (const auto rows = node.find("rows")) {
    for (const JsonNode& row : rows->items()) {
      const auto levels = row.find("levels");
      stage.rows.push_back({read_name(row["embedding"], kinds, [](RowEmbedding::Kind each) { return name(each); }),
                            levels ? static_cast<int>(levels->size(1, kMostLevels)) : 0,
                            format_version < 6 ? std::vector<double>() : read_numbers(row.find("edges"))});
    }
  }
  stage.frequencies = static_cast<int>(node["frequencies"].size(1, kLargestInt));
  stage.periodic_units = static_cast<int>(node["periodic-units"].size(1, kLargestInt));
  stage.level_units = static_cast<int>(node["level-units"].size(1, kLargestInt));
  if (is_of_format_6(stage)) stage.piecewise_units = static_cast<int>(node["piecewise-units"].size(1, kLargestInt));
  stage.scales = read_truth(node, "scales");
  return stage;
}

Architecture read_architecture(const JsonNode& node, int format_version) {
  Architecture net;
  net.inputs = static_cast<int>(node["inputs"].size(1, kLargestInt));
  for (const JsonNode& layer : node["hidden"].items()) {
    const auto dropout = layer.find("dropout");
    net.hidden.push_back({static_cast<int>(layer["units"].size(1, kLargestInt)),
                          read_choice<Activation>(layer["activation"]), dropout ? dropout->number() : 0,
                          format_version > 3 && read_truth(layer, "slopes")});
  }
  net.outputs = static_cast<int>(node["outputs"].size(1, kLargestInt));
  net.loss = read_choice<Loss>(node["loss"]);
  net.loss_parameters.delta = read_numbers(node.find("delta"));
  if (const auto quantile = node.find("quantile")) net.loss_parameters.quantile = quantile->number();
  if (const auto smoothing = node.find("smoothing")) net.loss_parameters.smoothing = smoothing->number();
  if (const auto stage = node.find("stage"); stage && format_version > 3)
    net.stage = read_stage(*stage, format_version);
  if (format_version < 3 && is_of_format_3(net)) node["loss"].fail("a loss of an older format");
  return net;
}

std::vector<std::string> read_texts(const JsonNode& node) {
  std::vector<std::string> texts;
  for (const JsonNode& item : node.items()) texts.push_back(item.text());
  return texts;
}

std::optional<double> read_finite(const JsonNode& node, const char* key) {
  const auto found = node.find(key);
  if (!found) return std::nullopt;
  const double value = found->number();
  if (!std::isfinite(value)) found->fail("a finite number");
  return value;
}

// What format version 2 knows of an input.
std::string read_writing(const std::optional<JsonNode>& node, bool is_date) {
  const std::string written = node ? node->text() : std::string();
  if (node && !(is_date ? date_form_of(written).has_value() : written.empty() || number_form_of(written).has_value()))
    node->fail("a form in which numbers or dates are written");
  return written;
}

void read_encoding(const JsonNode& node, InputField& input, int format_version) {
  if (const auto type = node.find("type"))
    input.type = read_name(*type, kInputTypes, [](ColumnType each) { return name(each); });
  if (const auto levels = node.find("levels")) input.levels = read_texts(*levels);
  if (const auto parts = node.find("parts")) {
    for (const JsonNode& part : parts->items())
      input.parts.push_back(read_name(part, kDateParts, [](DatePart each) { return internal::name(each); }));
  }
  input.pooled = read_truth(node, "pooled");
  input.embedded = format_version > 3 && read_truth(node, "embedded");
  input.missing = read_truth(node, "missing");
  input.fill = read_finite(node, "fill");
  input.earliest = read_finite(node, "earliest");
  input.written = read_writing(node.find("written"), input.type == ColumnType::date);
}

std::vector<InputField> read_inputs(const JsonNode& node, int format_version) {
  std::vector<InputField> inputs;
  for (const JsonNode& item : node.items()) {
    InputField input{.name = item["name"].text(), .shape = {}};
    for (const JsonNode& size : item["shape"].items()) input.shape.push_back(size.size(1));
    if (format_version > 1) read_encoding(item, input, format_version);
    inputs.push_back(std::move(input));
  }
  return inputs;
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
                   const char* what, bool may_be_0 = false) {
  require(
      offset.size() == size && divisor.size() == size,
      fmt::format("{} has {} offsets and {} divisors, expected {} each", what, offset.size(), divisor.size(), size));
  for (std::size_t i = 0; i < size; ++i) {
    require(std::isfinite(offset[i]) && std::isfinite(divisor[i]) && (divisor[i] > 0 || (may_be_0 && divisor[i] == 0)),
            fmt::format("{} number {} subtracts {} and divides by {}", what, i + 1, shortest(offset[i]),
                        shortest(divisor[i])));
  }
}

void require_architecture(const Architecture& net) {
  try {
    net.validate();
    static_cast<void>(net.parameter_count());
  } catch (const Error& error) {
    require(false, error.what());
  }
}

// Returns how many columns of X it takes.
std::size_t require_input(const InputField& input, ScaleKind scale) {
  const std::string name = printable(input.name);
  const auto fits = [&](bool is_so, const char* what) { require(is_so, fmt::format("input '{}': {}", name, what)); };
  const bool number = input.type == ColumnType::number, date = input.type == ColumnType::date;
  const bool category = input.type == ColumnType::category, yes_no = input.type == ColumnType::yes_no;
  fits(number || date || category || yes_no, "no type of an input");
  fits(number || input.shape.empty(), "only numbers have a shape");
  fits(input.shape.empty() || (!input.missing && !input.fill), "an array has no fill");
  fits((category && !input.levels.empty()) || (yes_no && input.levels.size() == 2) || input.levels.empty(),
       "the wrong number of levels");
  fits(!(category || yes_no) || !input.levels.empty(), "it has no levels");
  for (const std::string& level : input.levels) fits(!level.empty(), "an empty level");
  require_distinct(input.levels, "level");
  fits(category || !input.pooled, "only the levels of a category are pooled");
  fits(category || !input.embedded, "only a category is embedded");
  fits(!input.pooled || !input.embedded, "a category that is embedded pools no levels");
  fits(number || date || !input.fill, "only numbers and dates have a fill");
  fits(number || !date || (input.fill && is_date(*input.fill)), "a date needs a date as its fill");
  fits(!number || !input.missing || input.fill || scale == ScaleKind::standard, "nothing stands for what is missing");
  fits(date || (input.parts.empty() && !input.earliest), "only a date has parts");
  fits(std::ranges::adjacent_find(input.parts, std::ranges::greater_equal()) == input.parts.end(),
       "its parts are out of order");
  for (const double value : {input.fill.value_or(0), input.earliest.value_or(0)})
    fits(std::isfinite(value), "a number is not finite");
  const std::size_t more = encoded_width({.name = {}, .shape = {}, .missing = input.missing});
  if (number && !input.shape.empty()) return checked_product(input.shape, "is damaged: the size of an input");
  return number ? more : encoded_width(input);
}

void require_quantiles(const Scaling& scaling, std::size_t n_x) {
  require(scaling.quantiles.size() == (has_quantiles(scaling.kind) ? n_x : 0), "the number of lists of quantiles");
  for (const std::vector<double>& all : scaling.quantiles) {
    require(std::ranges::all_of(all, [](double x) { return std::isfinite(x); }) && std::ranges::is_sorted(all),
            "quantiles that are not finite or do not ascend");
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
      require(names == 1 || (target.one_hot && names == classes),
              fmt::format("classes of {} targets, expected 1", names));
      require(classes >= 2 && classes == outputs, fmt::format("{} classes and {} outputs", classes, outputs));
      break;
    case Task::regression:
      require_head(head == Head::identity);
      require(classes == 0, fmt::format("a regression target has {} classes", classes));
      require(names == outputs || names == 1, fmt::format("{} regression targets and {} outputs", names, outputs));
      break;
    case Task::automatic: require(false, "the task is not decided");
  }
  require(!target.one_hot || target.task == Task::classes, "a one-hot target that is no classes");
  const bool kept = !target.least.empty() || !target.largest.empty();
  require(!kept || target.task == Task::regression, "a target of classes is kept within bounds");
  require(!kept || (target.least.size() == outputs && target.largest.size() == outputs),
          fmt::format("the target is kept within {} least and {} largest numbers, expected {} each",
                      target.least.size(), target.largest.size(), outputs));
  for (std::size_t k = 0; k < target.least.size(); ++k) {
    require(std::isfinite(target.least[k]) && std::isfinite(target.largest[k]) && target.least[k] <= target.largest[k],
            fmt::format("target number {} is kept between {} and {}", k + 1, shortest(target.least[k]),
                        shortest(target.largest[k])));
  }
  const bool scaled = !target.offset.empty() || !target.divisor.empty();
  require(!scaled || target.task == Task::regression, "a target of classes is scaled");
  require_scale(target.offset, target.divisor, scaled ? outputs : 0, "the scaling of the target");
}

// A code of a level has its column of E, and nothing else has one.
void require_stage(const std::vector<InputField>& inputs, const Architecture& net) {
  const std::vector<RowEmbedding>& rows = net.stage.rows;
  std::size_t column = 0;
  for (const InputField& input : inputs) {
    const std::size_t expected = input.embedded ? input.levels.size() + 1 : 0;
    for (std::size_t k = 0; k < encoded_width(input); ++k, ++column) {
      const int levels = rows.empty() ? 0 : rows[column].levels;
      require(static_cast<std::size_t>(levels) == expected,
              fmt::format("the stage in front of the network has {} levels for column {} of X, which is {}", levels,
                          column + 1, expected == 0 ? "no code of a level" : fmt::format("a code of {}", expected)));
    }
  }
}

}  // namespace

bool has_offsets(ScaleKind kind) noexcept {
  return kind == ScaleKind::standard || kind == ScaleKind::robust || kind == ScaleKind::quantile;
}

int format_version_of(const Model::Data& data) noexcept {
  if (is_of_format_6(data.architecture.stage)) return 6;
  if (data.network_count() > 1) return 5;
  if (is_of_format_4(data)) return 4;
  if (is_of_format_3(data.architecture)) return 3;
  const Features& features = data;
  const auto plain = [](const InputField& input) {
    return input.type == ColumnType::number && !input.missing && !input.fill && !input.earliest &&
           input.written.empty();
  };
  return features.missing.empty() && features.target.written.empty() && !features.target.one_hot &&
                 is_of_format_1(features.scaling.kind) && std::ranges::all_of(features.inputs, plain)
             ? 1
             : 2;
}

void require_consistent(const Model::Data& data) {
  require_architecture(data.architecture);
  const auto n_x = static_cast<std::size_t>(data.architecture.inputs);
  std::vector<std::string> names;
  std::size_t numbers = 0;
  for (const InputField& input : data.inputs) {
    names.push_back(input.name);
    numbers = checked_add(numbers, require_input(input, data.scaling.kind), "is damaged: the inputs");
  }
  require_distinct(names, "input");
  require(numbers == n_x, fmt::format("its inputs give {} numbers, and the network takes {}", numbers, n_x));
  require_stage(data.inputs, data.architecture);
  require_target(data.target, data.architecture);
  require(!data.scaling.levels || data.scaling.kind == ScaleKind::robust, "levels are scaled, but not as robust does");
  require(data.scaling.kind >= ScaleKind::standard, "the scaling is not decided");
  const bool is_fitted = has_offsets(data.scaling.kind);
  require_scale(data.scaling.offset, data.scaling.divisor, is_fitted ? n_x : 0, "the scaling of the inputs",
                data.scaling.kind == ScaleKind::robust);
  require_quantiles(data.scaling, n_x);
  std::vector<std::string> options;
  for (const auto& option : data.record.options) options.push_back(option.first);
  require_distinct(options, "option");
  require_networks(data);
  require(data.record.iterations >= 0 && data.record.epochs >= 0, "a negative number of iterations or epochs");
}

std::string write_metadata(const Model::Data& data, Precision precision) {
  Json json;
  json.object().key("architecture");
  write_architecture(json, data.architecture);
  json.key("inputs").array();
  for (const InputField& input : data.inputs) write_input(json, input);
  json.end().key("target").object().texts("names", data.target.names).text("task", name(data.target.task));
  json.texts("classes", data.target.classes).truth("scaled", !data.target.offset.empty());
  if (!data.target.written.empty()) json.texts("written", data.target.written);
  if (data.target.one_hot) json.truth("one-hot", true);
  if (!data.target.least.empty()) json.truth("clamped", true);
  json.end();
  if (!data.missing.empty()) json.texts("missing", data.missing);
  json.text("scaling", name(data.scaling.kind));
  if (data.scaling.levels) json.truth("scaled-levels", true);
  if (has_quantiles(data.scaling.kind)) {
    json.key("quantiles").array();
    for (const std::vector<double>& of_column : data.scaling.quantiles) json.whole(std::int64_t(of_column.size()));
    json.end();
  }
  if (const std::size_t networks = data.network_count(); networks > 1) json.whole("networks", networks);
  if (data.temperature != 1) json.number("temperature", data.temperature);
  json.text("precision", name(precision)).key("record");
  write_record(json, data.record);
  return json.end().str();
}

ModelMetadata read_metadata(std::string_view text, int format_version) {
  const JsonDocument document(text, "is damaged: metadata: ");
  const JsonNode root = document.root();
  ModelMetadata metadata{.data = std::make_unique<Model::Data>(),
                         .precision = read_choice<Precision>(root["precision"])};
  Model::Data& data = *metadata.data;
  data.bf16 = metadata.precision == Precision::bf16;
  data.architecture = read_architecture(root["architecture"], format_version);
  data.inputs = read_inputs(root["inputs"], format_version);
  const JsonNode target = root["target"];
  data.target.names = read_texts(target["names"]);
  data.target.task = read_choice<Task>(target["task"]);
  data.target.classes = read_texts(target["classes"]);
  if (const auto written = target.find("written")) {
    for (const JsonNode& each : written->items()) data.target.written.push_back(read_writing(each, false));
    if (data.target.written.size() != data.target.names.size()) written->fail("one for each name");
  }
  data.target.one_hot = format_version > 1 && read_truth(target, "one-hot");
  metadata.target_is_clamped = format_version > 3 && read_truth(target, "clamped");
  if (const auto missing = root.find("missing")) data.missing = read_texts(*missing);
  data.scaling.kind = read_choice<ScaleKind>(root["scaling"]);
  if (format_version == 1 && !is_of_format_1(data.scaling.kind)) root["scaling"].fail("a scaling of format version 1");
  data.scaling.levels = format_version > 3 && read_truth(root, "scaled-levels");
  if (has_quantiles(data.scaling.kind)) {
    for (const JsonNode& count : root["quantiles"].items()) metadata.quantiles.push_back(count.size());
    if (metadata.quantiles.size() != static_cast<std::size_t>(data.architecture.inputs))
      root["quantiles"].fail(fmt::format("{} numbers", data.architecture.inputs));
  }
  metadata.target_is_scaled = target["scaled"].boolean();
  if (const auto networks = root.find("networks"); networks && format_version > 4)
    metadata.networks = networks->size(2, kMostNetworks);
  if (const auto temperature = root.find("temperature"); temperature && format_version > 4)
    data.temperature = temperature->number();
  data.record = read_record(root["record"], data.target.task);
  require_architecture(data.architecture);
  return metadata;
}

}  // namespace strata::internal
