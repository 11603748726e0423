#include "train/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "model/model_data.hpp"
#include "model/model_file.hpp"
#include "model/strict_json.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

constexpr int kVersion = 2;  // 1: without what was named
constexpr const char* kPurpose = "for a checkpoint";

std::string to_text(const Checkpoint::Data& data) {
  Json json;
  json.object().whole("version", std::int64_t{kVersion}).text("kernels", data.kernels);
  json.truth("open_length", data.open_length).truth("own_start", data.own_start);
  if (data.continues) json.truth("continues", true);
  if (const FoldsDone& done = data.done; done.folds > 0) {
    json.key("done").object().whole("folds", done.folds).whole("updates", done.updates);
    json.whole("iterations", done.iterations).whole("epochs", done.epochs);
    if (done.length > 0) json.whole("length", done.length);
    if (!done.diverged.empty()) json.text("diverged", done.diverged);
    json.end();
  }
  json.key("options").object();
  for (const OptionSpec& option : option_table())
    if (const std::string value = option.show(data.asked); value != option.standard) json.text(option.name, value);
  json.end();
  if (!data.asked.inherited.empty()) json.texts("inherited", data.asked.inherited);
  if (!data.asked.named.empty())
    json.texts("named", std::vector<std::string>(data.asked.named.begin(), data.asked.named.end()));
  json.key("fields").object();
  for (const auto& [name, number] : data.fields.numbers) json.text(name, number);
  return json.end().end().str();
}

void set(Options& options, const std::string& name, const JsonNode& value) {
  try {
    set_option(options, name, value.text());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::usage) throw;
    value.fail("a value of an option");
  }
}

void read(const std::string& text, Checkpoint::Data& data) {
  const JsonDocument document(text, "is damaged: training: ");
  const JsonNode root = document.root();
  const std::size_t version = root["version"].size(1);
  if (version > kVersion)
    throw Error(ErrorCode::format, fmt::format("was written by a newer Strata (checkpoint {}; this program reads up to "
                                               "{}): update Strata",
                                               version, kVersion));
  data.kernels = root["kernels"].text();
  data.open_length = root["open_length"].boolean();
  data.own_start = root["own_start"].boolean();
  const auto continues = root.find("continues");
  data.continues = continues && continues->boolean();
  if (const auto done = root.find("done"))
    data.done = {.folds = (*done)["folds"].size(1),
                 .updates = static_cast<std::int64_t>((*done)["updates"].size()),
                 .iterations = static_cast<std::int64_t>((*done)["iterations"].size()),
                 .epochs = static_cast<std::int64_t>((*done)["epochs"].size()),
                 .length = done->find("length") ? static_cast<std::int64_t>((*done)["length"].size(1)) : 0,
                 .diverged = done->find("diverged") ? (*done)["diverged"].text() : ""};
  for (const auto& [name, value] : root["options"].members()) set(data.asked, name, value);
  data.asked.named.clear();
  if (const auto named = root.find("named"))
    for (const JsonNode& name : named->items()) data.asked.named.insert(name.text());
  // Then the table decided less.
  if (version == 1)
    for (const OptionSpec& option : option_table()) data.asked.named.emplace(option.name);
  if (const auto inherited = root.find("inherited"))
    for (const JsonNode& name : inherited->items()) data.asked.inherited.push_back(name.text());
  for (const auto& [name, value] : root["fields"].members()) data.fields.numbers.emplace_back(name, value.text());
}

bool is_length(const OptionSpec& option) { return option.name == "epochs" || option.name == "iterations"; }

[[noreturn]] void refuse_data(const std::string& what) {
  throw Error(ErrorCode::value, fmt::format("the data are not those of the checkpoint: {}", what));
}

std::vector<std::string> names_of_inputs(const std::vector<InputField>& inputs) {
  std::vector<std::string> names;
  for (const InputField& input : inputs) names.push_back(input.name);
  return names;
}

void require_same_names(std::vector<std::string> then, std::vector<std::string> now, std::string_view what) {
  if (then == now) return;
  for (auto* names : {&then, &now})
    for (std::string& name : *names) name = printable(name_text(name));
  refuse_data(fmt::format("the {} are {}, and they were {}", what, joined(now), joined(then)));
}

}  // namespace

Checkpoint::Checkpoint(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;

const Model& Checkpoint::model() const noexcept { return data_->model; }
const Options& Checkpoint::options() const noexcept { return data_->asked; }

void Checkpoint::save(const std::filesystem::path& file, const std::filesystem::path& previous) const try {
  save_checkpoint(data_->model, to_text(*data_), data_->fields.tensors, file, previous);
} catch (...) {
  throw_as_error(kPurpose);
}

Checkpoint Checkpoint::load(const std::filesystem::path& file) try {
  FileReader reader(file);
  auto [model, state] = load_checkpoint(reader);
  auto data = std::make_unique<Data>(Data{.model = std::move(model), .asked = {}, .kernels = {}});
  try {
    if (data->model.record().planned == 0) throw Error(ErrorCode::format, "is damaged: it says of no training");
    read(state.text, *data);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::format) throw;
    throw Error(ErrorCode::format, fmt::format("{} {}", reader.quoted_name(), error.what()));
  }
  data->fields.tensors = std::move(state.tensors);
  return Checkpoint(std::move(data));
} catch (...) {
  throw_as_error(kPurpose);
}

void internal::require_same_options(const Checkpoint::Data& from, const Options& options) {
  for (const OptionSpec& option : option_table()) {
    if (option.recorded == Recorded::never || is_length(option)) continue;
    const std::string then = option.show(from.asked), now = option.show(options);
    if (then == now) continue;
    throw Error(
        ErrorCode::usage,
        fmt::format("{}: the training was begun with {}, and {} is asked for now; a training that goes on keeps "
                    "its options: leave it out, or begin anew",
                    spelled(option.name), in_quotes(then), in_quotes(now)));
  }
  if (options.time_limit > 0)
    throw Error(ErrorCode::usage,
                fmt::format("{}: the length of a training that goes on is known: {} updates, of which "
                            "{} are done; leave it out",
                            spelled("time-limit"), from.model.record().planned, from.model.record().reached));
}

void internal::require_same_problem(const Model& then, const Problem& now) {
  const Target& target = then.target();
  require_same_names(names_of_inputs(then.inputs()), names_of_inputs(now.inputs), "inputs");
  require_same_names(target.names, now.target.names, "targets");
  require_same_names(target.classes, now.target.classes, "classes");
  if (const std::size_t rows = then.record().rows; rows != now.train_rows.size())
    refuse_data(fmt::format("there are {} rows to train on, and there were {}", now.train_rows.size(), rows));
  for (std::size_t i = 0; i < now.inputs.size(); ++i)
    if (now.inputs[i] != then.inputs()[i])
      refuse_data(fmt::format("the column {} has another type, other values or is written otherwise",
                              in_quotes(now.inputs[i].name)));
  if (now.scaling != then.scaling() || now.architecture != then.architecture())
    refuse_data("the inputs have other numbers");
  if (now.target != target) refuse_data("the target has other numbers");
}

}  // namespace strata
