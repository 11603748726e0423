#include "train/continuation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "features/encode.hpp"
#include "model/read_for.hpp"
#include "optim/schedule.hpp"
#include "strata/error.hpp"
#include "strata/trainer.hpp"
#include "train/choose_inputs.hpp"
#include "train/class_weights.hpp"
#include "train/defaults.hpp"
#include "train/hold_back.hpp"
#include "train/task.hpp"
#include "train/training_fields.hpp"

namespace strata {
using namespace internal;
namespace {

// What the model is, which no option of a training that continues can change.
constexpr std::string_view kKept[] = {"task",          "scale",          "scale-target",      "impute",
                                      "one-hot-limit", "embedding-size", "numeric-embedding", "clamp-target",
                                      "initializer",   "hidden-layers",  "activation",        "slopes",
                                      "input-scale",   "precision",      "members",           "decimal",
                                      "date-order"};
// What was said of the files and their rows, and not of the training: of others it is said anew.
constexpr std::string_view kOfFiles[] = {"separator", "header",    "comment",  "decimal",        "date-order",
                                         "missing",   "bad-cells", "bad-rows", "missing-target", "transpose"};

bool is_among(std::string_view option, std::span<const std::string_view> names) {
  return std::ranges::find(names, option) != names.end();
}

std::vector<std::string> names_of_inputs(const Features& features) {
  std::vector<std::string> names;
  for (const InputField& input : features.inputs) names.push_back(input.name);
  return names;
}

// The name of the file that was measured on while the model was trained; empty: there was none.
std::string validation_file(const Model& model) {
  for (const auto& [name, value] : model.record().options)
    if (name == "validation" && !value.empty() && !validation_part(value)) return value;
  return {};
}

// One of the record, which a damaged or a newer file may have otherwise.
void set_recorded(Options& options, const std::string& name, const std::string& value) try {
  if (name == "initializer" || is_among(name, kOfFiles)) return;
  if (name == "validation" && (value.empty() || !validation_part(value))) return;
  const auto option = std::ranges::find(option_table(), name, &OptionSpec::name);
  if (option == option_table().end() || value != option->standard) set_unnamed(options, name, value);
} catch (const Error& error) {
  throw Error(ErrorCode::format,
              fmt::format("the model's record has the option {} {}, which this program does not take: {}",
                          printable(name), printable(value), error.what()));
}

// Throws Error(usage) for networks that were each trained on other rows.
void require_no_bag(const Model& model) {
  const TrainingRecord& record = model.record();
  if (record.networks.empty() || record.networks.front().fold == 0) return;
  std::string folds = std::to_string(record.networks.back().fold);  // as far as it came
  for (const auto& [name, value] : record.options)
    if (name == "folds") folds = value;
  throw Error(
      ErrorCode::usage,
      fmt::format("the model is a bag of {} networks, each stopped on rows that the others were trained on, and "
                  "is not trained further: no rows of the new ones would be left for that; train it anew on "
                  "old and new rows together, with {}",
                  model.networks(), spelled("folds", folds)));
}

// How the model was trained. What the record says of the network and its columns gives way to what the model is.
Options recorded_options(const Model& model) {
  require_no_bag(model);
  Options options;
  for (const auto& [name, value] : model.record().options) set_recorded(options, name, value);
  const Architecture& net = model.architecture();
  options.inputs = names_of_inputs(model.features());
  options.target = model.target().names;
  options.task = model.target().task;
  options.scale = model.scaling().kind;
  options.scale_target = !model.target().divisor.empty();
  options.clamp_target = !model.target().least.empty();
  options.input_scale = net.stage.scales;
  options.learned_slopes = !net.hidden.empty() && net.hidden.front().learned_slope;
  options.hidden_layers.emplace();
  options.activation.clear(), options.dropout.clear();
  for (const LayerSpec& layer : net.hidden) {
    options.hidden_layers->push_back(layer.units);
    options.activation.push_back(layer.activation);
    options.dropout.push_back(layer.dropout);
  }
  const auto all_one = [](auto& values, const auto& none) {
    if (std::ranges::adjacent_find(values, std::ranges::not_equal_to()) != values.end()) return;
    if (values.empty())
      values = none;
    else
      values.resize(1);
  };
  all_one(options.activation, std::vector{Activation::relu});
  all_one(options.dropout, Options().dropout);
  if (options.dropout == std::vector<double>{0}) options.dropout.clear();
  options.loss = net.loss;
  options.precision = model.precision();
  options.members = static_cast<int>(model.networks());
  return options;
}

// Throws Error(usage) for an option of columns that says otherwise of an input than the model.
void require_columns(const Model& model, const Options& options) {
  const auto require = [&](const char* option, const std::vector<std::string>& patterns,
                           std::initializer_list<ColumnType> types) {
    for (const InputField& input : model.inputs())
      if (fits_any(input.name, patterns) && std::ranges::find(types, input.type) == types.end())
        throw Error(
            ErrorCode::usage,
            fmt::format("{}: {} is an input of the model, which {}; leave it out, or train anew",
                        spelled_names(option, std::span(&input.name, 1)), in_quotes(input.name),
                        types.size() == 0 ? "keeps its inputs" : fmt::format("takes it for a {}", name(input.type))));
  };
  require("ignore", options.ignore, {});
  require("numeric", options.numeric, {ColumnType::number});
  require("categorical", options.categorical, {ColumnType::category, ColumnType::yes_no});
  require("date", options.date, {ColumnType::date});
}

// Throws Error(usage) for an option that would change what stays, and for a file to measure on that is not named again.
void require_kept(const Model& model, const Options& options) {
  const Options then = recorded_options(model);
  for (const OptionSpec& option : option_table()) {
    const std::string was = option.show(then), is = option.show(options);
    if (!is_among(option.name, kKept) || was == is) continue;
    const bool of_writing = option.name == "decimal" || option.name == "date-order";
    throw Error(ErrorCode::usage,
                fmt::format("{}: {}, and a training that continues it keeps its columns, its target and its network; "
                            "leave it out, or train anew",
                            spelled(option.name, is),
                            of_writing ? "the model knows how its columns are written"
                                       : fmt::format("the model has {}", in_quotes(was))));
  }
  require_columns(model, options);
  if (const std::string file = validation_file(model);
      !file.empty() && options.validation.empty() && options.validation_column.empty())
    throw Error(ErrorCode::usage,
                fmt::format("the model was measured on the file {} while it was trained, which belonged to its data: "
                            "name one for these with {}, or say {} or {}",
                            in_quotes(file), spelled("validation", "FILE"), spelled("validation", "0.2"),
                            spelled("validation", "none")));
}

// Of those that have a label an example: the classes that no row to train on has.
void look_at_classes(const Table& table, const Problem& problem, const Rows& rows, const Messages& messages) {
  const Target& target = problem.target;
  if (target.classes.empty() || target.names.size() > 1 || target.one_hot) return;
  const TargetEncoder labels(target, table);
  std::size_t unseen = 0, first = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (labels.is_unseen(rows[i]) && unseen++ == 0) first = rows[i];
  if (unseen > 0)
    throw Error(ErrorCode::value,
                fmt::format("{}: the label {} is none of the model's classes, {} ({} of {} rows have such a label); a "
                            "training that goes on keeps these: train anew on all data, or leave these rows out",
                            table.where(table.field(target.names.front()), first), in_quotes(labels.text(first)),
                            joined_names(target.classes, 12), unseen, rows.size()));
  std::vector<bool> is_there(target.classes.size());
  for (std::size_t i = 0; i < problem.train_rows.size(); ++i) is_there[labels.label(problem.train_rows[i])] = true;
  std::vector<std::string> absent;
  for (std::size_t k = 0; k < is_there.size(); ++k)
    if (!is_there[k]) absent.push_back(target.classes[k]);
  if (!absent.empty())
    messages.warning(fmt::format("no row to train on is of the class{} {}: what the network knows of {} fades",
                                 absent.size() == 1 ? "" : "es", joined_names(absent, 12),
                                 absent.size() == 1 ? "it" : "them"));
}

// Of predictions that stay within a range: the rows whose answer is none that can be predicted.
void look_at_range(const Table& table, std::span<const Field* const> targets, const Problem& problem,
                   const Messages& messages) {
  const Target& target = problem.target;
  if (target.least.empty()) return;
  std::size_t outside = 0;
  for (std::size_t i = 0; i < problem.train_rows.size(); ++i) {
    bool is_inside = true;
    std::size_t of = 0;  // all numbers of the target
    for (const Field* field : targets) {
      for (std::size_t k = 0; k < field->width(); ++k, ++of) {
        const double y = table.number(*field, problem.train_rows[i], k);
        is_inside = is_inside && y >= target.least[of] && y <= target.largest[of];
      }
    }
    if (!is_inside) ++outside;
  }
  if (outside == 0) return;
  const std::string range = target.least.size() == 1 ? fmt::format("from {} to {}", shortest(target.least.front()),
                                                                   shortest(target.largest.front()))
                                                     : "the ranges of its targets";
  messages.warning(
      fmt::format("{} of {} rows to train on have a target that no prediction reaches: the model keeps "
                  "predictions within {}, as {} says, and a training that continues it keeps "
                  "this; train anew on all data for a range that has them",
                  outside, problem.train_rows.size(), range, spelled("clamp-target", "training")));
}

// The model's, with the loss and the dropout that are asked for.
Architecture network_of(const Model& model, const Options& options) {
  Architecture net = model.architecture();
  const Options then = recorded_options(model);
  for (std::size_t l = 0; l < net.hidden.size(); ++l)
    net.hidden[l].dropout = options.dropout.empty() ? 0 : options.dropout[options.dropout.size() == 1 ? 0 : l];
  net.loss = decide_loss(model.target(), options);
  if (net.head() != model.architecture().head())
    throw Error(ErrorCode::usage, fmt::format("{}: the network was trained with {}, and its last layer is another",
                                              spelled("loss", name(net.loss)), name(model.architecture().loss)));
  const bool as_then = net.loss == model.architecture().loss && options.huber_delta == then.huber_delta &&
                       options.quantile == then.quantile && options.label_smoothing == then.label_smoothing;
  if (as_then) return net;
  const std::vector<double>& deviations = model.target().divisor;
  if (net.loss == Loss::huber && deviations.empty() && !options.huber_delta)
    throw Error(ErrorCode::usage, fmt::format("{}: say in the target's units where it changes from squares to lines, "
                                              "with {}",
                                              spelled("loss", "huber"), spelled("huber-delta")));
  const std::vector<double> ones(static_cast<std::size_t>(net.outputs), 1);
  net.loss_parameters =
      decide_loss_parameters(net.loss, options, deviations.empty() ? ones : deviations, !deviations.empty());
  return net;
}

}  // namespace

void internal::say_what_stays(const Model& model, const Options& options, const Messages& messages) {
  require_kept(model, options);
  const TrainingRecord& record = model.record();
  const Options then = recorded_options(model);
  messages.note(fmt::format(
      "continues a model of {} ({} rows, {} updates): its columns with their levels and scaling, its target and its "
      "network stay; the rule of its updates begins anew",
      printable(record.data), record.rows, record.iterations));
  if (record.ended == "diverged")
    messages.warning(
        fmt::format("its training diverged, and it goes on from the last good weights; a lower {} may "
                    "keep it from doing so again",
                    spelled("learning-rate")));
  std::vector<std::string> changes;
  for (const OptionSpec& option : option_table()) {
    const bool of_data = option.name == "inputs" || option.name == "target" || is_among(option.name, kOfFiles);
    std::string was = option.show(then);
    const std::string is = option.show(options);
    if (option.name == "validation")
      if (const std::string file = validation_file(model); !file.empty()) was = "the file " + file;
    if (option.recorded == Recorded::never || of_data || was == is) continue;
    changes.push_back(is.empty()
                          ? fmt::format("without {} {}", option.name, was)
                          : fmt::format("{} {}{}", option.name, is, was.empty() ? "" : fmt::format(" (was {})", was)));
  }
  messages.note(changes.empty() ? "it is trained as it was then"
                                : fmt::format("it is trained as it was then, but: {}", fmt::join(changes, ", ")));
}

Options options_of(const Model& model, const TypedOptions& explicitly) try {
  Options options = recorded_options(model);
  // A rate that had come down to 0 would undo what was learned, were it as high again as at the very beginning.
  if (ends_at_0(options.schedule) && model.record().before.empty())
    options.learning_rate = options.effective_learning_rate() / 10;
  std::vector<std::string> values;
  for (const OptionSpec& option : option_table()) values.push_back(option.show(options));
  TypedOptions own;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == option_table()[i].standard) continue;
    own.emplace_back(option_table()[i].name, values[i]);
    options.inherited.emplace_back(option_table()[i].name);
  }
  if (explicitly.empty()) return options;
  Options given;
  TypedOptions decided = explicitly;  // what is open in them, too, for others may belong to it
  for (auto& [name, value] : decided)
    if (name == "loss" && value == "auto") value = strata::name(decide_loss(model.target(), {}));
  set_giving_way(given, own, decided, true);
  return given;
} catch (...) {
  throw_as_error("for the options of a model");
}

Table internal::read_to_continue(std::span<const std::filesystem::path> files, const Model& model,
                                 const Options& options, std::vector<std::string>& notes) {
  require_kept(model, options);
  Source source{.reading = static_cast<const ReadingOptions&>(options)};
  for (auto* names :
       {&source.reading.numeric, &source.reading.categorical, &source.reading.date, &source.reading.ignore})
    names->clear();  // the model knows what its columns are
  if (options.inputs != names_of_inputs(model.features())) source.inputs = options.inputs;
  if (options.target != model.target().names) source.target = options.target;
  std::vector<ColumnOfRows> of_rows = columns_of_rows(options);
  if (!options.time_column.empty() && std::ranges::find(options.inputs, options.time_column) == options.inputs.end())
    of_rows.push_back({"time-column", options.time_column});
  return read_to_train(model.features(), files, std::move(source), of_rows, notes);
}

Problem internal::define_continuation(const Table& table, const Model& model, const Options& options,
                                      const Messages& messages) {
  if (table.rows() == 0) throw Error(ErrorCode::value, fmt::format("{} has no rows", printable(table.source())));
  Problem problem;
  static_cast<Features&>(problem) = model.features();
  problem.options = options;
  const std::vector<std::string> inputs = names_of_inputs(problem);
  if (!names_the_inputs(problem, options.inputs)) problem.inputs_in_data = options.inputs;
  if (options.target != problem.target.names) problem.target_in_data = options.target;
  // The table has the model's names.
  for (std::size_t i = 0; i < problem.inputs_in_data.size() && i < inputs.size(); ++i)
    if (problem.inputs_in_data[i] == options.time_column) problem.options.time_column = inputs[i];
  problem.options.inputs = inputs;
  problem.options.target = problem.target.names;
  const std::vector<const Field*> targets = find_target(problem.target, table);
  static_cast<void>(find_inputs(problem.inputs, table));
  problem.weights = weights_of(table, options.weight_column);
  if (const std::size_t left_out = problem.weights.of_weight_0(); left_out > 0)
    messages.note(fmt::format("left out: {} of {} rows, which have the weight 0", left_out, table.rows()));
  const Rows rows = rows_with_targets(table, problem.target, problem.weights.rows(), options, messages);
  problem.dropped = problem.weights.rows().size() - rows.size();
  decide_defaults({.rows = rows.size()}, problem.options);
  Holdout holdout = hold_back(table, targets, rows, problem.options, problem.target.task);
  problem.train_rows = holdout.train;
  problem.validation_rows = holdout.held;
  problem.held_how = holdout.how;
  if (!problem.validation_rows.empty()) say_validation(problem, options, messages);
  look_at_classes(table, problem, rows, messages);
  look_at_range(table, targets, problem, messages);
  require_classes(table, targets, holdout, messages);
  problem.class_weights =
      class_weights(table, problem.target, problem.train_rows, problem.weights, options.class_weights);
  multiply(problem.weights, table, problem.target, problem.class_weights, problem.train_rows);
  require_weights_of(problem, table);
  decide_by_task(problem.target.task, decide_loss(problem.target, problem.options), model.architecture().outputs,
                 problem.options);
  problem.architecture = network_of(model, problem.options);
  problem.options.loss = problem.architecture.loss;
  require_metrics(problem.target.task, problem.options);
  problem.without_effect = without_effect(problem.options, problem.architecture);
  problem.architecture.validate();
  return problem;
}

}  // namespace strata
