#include "strata/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "model/model_data.hpp"
#include "network/workspace.hpp"
#include "strata/error.hpp"
#include "strata/version.hpp"
#include "train/bag.hpp"
#include "train/choose_inputs.hpp"
#include "train/continuation.hpp"
#include "train/cross_validation.hpp"
#include "train/loader.hpp"
#include "train/monitored.hpp"
#include "train/prepare.hpp"
#include "train/survey.hpp"
#include "train/training.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

TrainingRecord record_of(const Problem& problem, const Table& table, const Beginning& beginning) {
  TrainingRecord record;
  const std::string& source = table.source();
  record.data = fs::path(source).filename().string();
  if (source.starts_with("/dev/fd/") || source == "/dev/stdin")
    record.data = "a pipe";  // not its number or what names it
  record.rows = problem.train_rows.size();
  record.dropped = problem.dropped;
  record.weight_0 = problem.weights.of_weight_0();
  const TextCounts& counts = table.storage().counts;
  record.bad_rows = counts.bad_rows_skipped + counts.bad_rows;
  record.bad_cells = counts.bad_cells;
  record.l2 = problem.options.l2;
  record.version = STRATA_VERSION;
  for (const OptionSpec& option : option_table()) {
    std::string value = option.show(problem.options);
    const bool recorded = option.recorded == Recorded::always ||
                          (option.recorded == Recorded::unless_standard && value != option.standard);
    if (!recorded) continue;
    if (option.name == "validation" && value == kNoValidation) value.clear();  // as ever
    if (option.name == "validation" || option.name == "initializer") value = fs::path(value).filename().string();
    if (option.name == "initializer" && beginning.own_start) value = "own arrays";
    if (option.name == "initializer" && beginning.continues != nullptr) value = "a model";
    record.options.emplace_back(option.name, std::move(value));
  }
  if (beginning.continues != nullptr) {
    const TrainingRecord& then = beginning.continues->record();
    record.before = then.before;
    // A checkpoint is of this training already.
    if (beginning.from == nullptr)
      record.before.push_back(
          {.data = then.data, .rows = then.rows, .iterations = then.iterations, .epochs = then.epochs});
  }
  return record;
}

// What is held back in a file of its own: those of its rows that count and have the target.
struct Held {
  Table table;
  Rows rows;
  Weights weights;
};

// Read as the trained model would read it.
Held read_validation(const Problem& problem, const Messages& messages) {
  std::vector<std::string> notes;
  TableReader reader(problem,
                     Source{.file = problem.options.validation,
                            .inputs = problem.inputs_in_data,
                            .target = problem.target_in_data,
                            .reading = static_cast<const ReadingOptions&>(problem.options),
                            .weight_column = problem.options.weight_column},
                     true, &notes);
  Table table = *reader.next(kAllRows);
  std::ranges::move(reader.left_out(), std::back_inserter(notes));
  for (const std::string& note : notes) messages.note("validation: " + note);
  Weights weights = weights_of(table, problem.options.weight_column);
  Rows rows = rows_with_targets(table, problem.target, weights.rows(), problem.options, messages);
  return {std::move(table), std::move(rows), std::move(weights)};
}

// Mini-batches of a table that lies in a mapped file are made when they are needed: the file may be larger than memory.
bool streams(const Table& table, const Problem& problem) {
  const std::int64_t batch_size = problem.options.batch_size;
  return batch_size > 0 && batch_size < static_cast<std::int64_t>(problem.train_rows.size()) &&
         is_mapped(table, find_inputs(problem.inputs, table));
}

template <class T>
void say_unfamiliar(const Examples<T>& examples, const char* which, const Messages& messages) {
  for (const UnfamiliarInput& each : examples.unfamiliar()) messages.note(which + to_text(each));
}

// Throws Error(value) for a target that is not finite once it is scaled. (Inputs are checked when they are read.)
template <class T>
void look_at_all(Examples<T>& examples, const Target& target) {
  constexpr Index kBlock = 1024;
  for (Index first = 0; first < examples.m(); first += kBlock) {
    const View<const T> Y = examples.range(first, std::min(kBlock, examples.m() - first)).Y;
    for (Index j = 0; j < Y.cols; ++j)
      if (!std::all_of(Y.col(j), Y.col(j) + Y.rows, [](T y) { return std::isfinite(y); }))
        throw Error(ErrorCode::value, fmt::format("row {} of those to train on: the target {} is too far from those "
                                                  "that the model was trained on to be scaled as they were",
                                                  first + j + 1, in_quotes(target.names.front())));
  }
}

template <class T>
Fit bag_in(const Table& table, const Problem& problem, const Callbacks& callbacks, Beginning beginning) {
  TrainingRecord record = record_of(problem, table, beginning);
  return Bag<T>(table, problem, std::move(record), streams(table, problem), callbacks, std::move(beginning)).run();
}

template <class T>
Fit train_in(Table table, const Problem& problem, const Callbacks& callbacks, Beginning beginning) {
  const bool streamed = streams(table, problem);
  const int n_y = problem.architecture.outputs;
  Examples<T> examples, validation;
  if (!problem.validation_rows.empty()) {
    validation = Examples<T>(table, problem, problem.validation_rows, n_y, Checked::yes);
    validation.set_weights(problem.weights.of(problem.validation_rows));
    if (!streamed) validation.keep();
  } else if (problem.options.validation != kNoValidation) {
    const Held held = read_validation(problem, messages_of(callbacks));
    validation = Examples<T>(held.table, problem, held.rows, n_y, Checked::yes);
    validation.set_weights(held.weights.of(held.rows));
    validation.keep();
  }
  say_unfamiliar(validation, "validation: ", messages_of(callbacks));
  require_defined(problem, beginning.asked, validation);
  TrainingRecord record = record_of(problem, table, beginning);
  if (beginning.continues != nullptr) {  // nobody has looked at the numbers yet
    examples = Examples<T>(table, problem, problem.train_rows, n_y, Checked::yes);
    if (!streamed) examples.keep();
    look_at_all(examples, problem.target);
    say_unfamiliar(examples, "new to the model: ", messages_of(callbacks));
  } else {
    examples = streamed ? Examples<T>(table, problem, problem.train_rows, n_y, Checked::no)
                        : Examples<T>::taken(std::move(table), problem, problem.train_rows, n_y);
  }
  examples.set_weights(problem.weights.of(problem.train_rows), problem.weights.numbers_of(problem.train_rows));
  return Training<T>(problem, std::move(record), std::move(examples), std::move(validation), callbacks,
                     std::move(beginning))
      .run();
}

// All networks of a model, as they are.
std::vector<Start> starts_of(const Model& model) {
  std::vector<Start> starts;
  std::visit(
      [&](const auto& all) {
        for (const auto& p : all) starts.push_back({.theta = {p.theta().begin(), p.theta().end()}});
      },
      model.data().networks);
  return starts;
}

// `continues`: whose features and network stay; null: of none.
Problem problem_of(const Table& table, const Options& options, const Model* continues, const Messages& messages) {
  Problem problem = continues != nullptr ? define_continuation(table, *continues, options, messages)
                                         : define_problem(table, options, messages);
  for (const WithoutEffect& each : problem.without_effect) messages.warning(each.text);
  return problem;
}

// Throws Error(usage) for a beginning that a bag does not have.
void require_bag(const Options& options, const Beginning& beginning) {
  if (options.folds == Folds()) return;
  const std::string asked = spelled("folds", to_text(options.folds));
  if (beginning.continues != nullptr)
    throw Error(ErrorCode::usage,
                fmt::format("{}: a training that continues a model trains the network that it has; leave it out with "
                            "{}, or train a bag anew",
                            asked, spelled("folds", "none")));
  if (beginning.own_start)
    throw Error(
        ErrorCode::usage,
        fmt::format("{}: every network of the folds would start from the same arrays; leave one of them out", asked));
  const Checkpoint::Data* const from = beginning.from;
  if (from == nullptr || from->done.folds == 0) return;
  if (from->asked.epochs != beginning.asked.epochs || from->asked.iterations != beginning.asked.iterations)
    throw Error(ErrorCode::usage,
                fmt::format("{}: {} of the folds are done and had another length; a bag that goes on keeps it: leave "
                            "it out",
                            spelled(beginning.asked.epochs ? "epochs" : "iterations"), from->done.folds));
}

// `options`: those of `beginning`, with the name that the target has in the table.
Fit train_table(Table table, Options options, const Callbacks& callbacks, Beginning beginning) {
  if (beginning.open_length) options.epochs.reset(), options.iterations.reset();
  if (beginning.from != nullptr) options.named = beginning.asked.named;  // then
  const Messages messages = messages_of(callbacks);
  require_bag(options, beginning);
  if (beginning.continues != nullptr && beginning.from == nullptr)
    say_what_stays(*beginning.continues, options, messages);
  Problem problem = problem_of(table, options, beginning.continues, messages);
  if (beginning.from != nullptr) {
    problem.options.epochs = beginning.asked.epochs;
    problem.options.iterations = beginning.asked.iterations;
    require_same_problem(beginning.from->model, problem);
    if (problem.options.folds == Folds() &&
        beginning.from->model.networks() != static_cast<std::size_t>(problem.options.members))
      throw Error(ErrorCode::format,
                  fmt::format("the checkpoint is damaged: it has {} networks, and its options say {}",
                              beginning.from->model.networks(), problem.options.members));
  }
  if (problem.options.folds != Folds())
    return options.precision == Precision::float64 ? bag_in<double>(table, problem, callbacks, std::move(beginning))
                                                   : bag_in<float>(table, problem, callbacks, std::move(beginning));
  // Of a checkpoint, for the file of the first weights may be gone.
  const Model* first = beginning.from != nullptr ? &beginning.from->model : beginning.continues;
  if (first != nullptr) beginning.starts = starts_of(*first);
  return options.precision == Precision::float64
             ? train_in<double>(std::move(table), problem, callbacks, std::move(beginning))
             : train_in<float>(std::move(table), problem, callbacks, std::move(beginning));
}

bool is_open(const Options& options) { return !options.epochs && !options.iterations; }

Beginning going_on(const Checkpoint& checkpoint, const Options& options) {
  validate(options);
  const Checkpoint::Data& from = checkpoint.data();
  require_same_options(from, options);
  Options asked = options;
  asked.named = from.asked.named;  // which decided with it what was open
  return {.asked = std::move(asked),
          .open_length = from.open_length,
          .from = &from,
          .own_start = from.own_start,
          .continues = from.continues ? &from.model : nullptr};
}

// θ, its optimizer's states and the gradient; θ and the states once more, to go back to.
std::size_t copies_of_weights(OptimizerKind kind) {
  const std::size_t states = kind == OptimizerKind::gradient_descent                              ? 0
                             : kind == OptimizerKind::momentum || kind == OptimizerKind::nesterov ? 1
                                                                                                  : 2;
  return 2 * (1 + states) + 1;
}

// The folds, an epoch of the first network, and the work of all.
void plan_bag(const Table& table, const Problem& problem, const Messages& messages, TrainingPlan& plan) {
  const FoldsOf parted = folds_of(table, problem, messages);
  plan.iterations = 0;
  plan.held_how = parted.how;
  for (std::size_t fold = 0; fold < parted.size(); ++fold) {
    const std::size_t held = parted.rows(fold);
    const std::int64_t batches = batches_of(problem.options, static_cast<std::int64_t>(plan.rows - held));
    if (plan.folds.empty()) plan.batches = batches;
    plan.folds.push_back(held);
    plan.iterations += iterations_of(problem.options, batches);
  }
}

TrainingPlan plan_table(const Table& table, const Options& options, const Model* continues, const Messages& messages) {
  Problem problem = problem_of(table, options, continues, messages);
  TrainingPlan plan;
  const std::size_t held = problem.validation_rows.size();
  const bool has_file = held == 0 && problem.options.validation != kNoValidation;
  plan.held = has_file ? read_validation(problem, messages).rows.size() : held;
  plan.held_how = problem.held_how;
  plan.rows = problem.train_rows.size();
  plan.dropped = problem.dropped;
  plan.weight_0 = problem.weights.of_weight_0();
  const auto rows = static_cast<std::int64_t>(plan.rows), batch = batch_size_of(problem.options, rows);
  plan.batches = batches_of(problem.options, rows);
  plan.iterations = iterations_of(problem.options, plan.batches);
  if (options.folds != Folds()) plan_bag(table, problem, messages, plan);
  if (options.time_limit > 0)
    messages.note(
        fmt::format("{}: the first steps of the training tell how many epochs fit; {} updates are those of the "
                    "usual length",
                    spelled("time-limit"), plan.iterations));

  const Architecture& net = problem.architecture;
  const std::size_t number = problem.options.precision == Precision::float64 ? sizeof(double) : sizeof(float);
  const std::size_t width = static_cast<std::size_t>(net.inputs) + static_cast<std::size_t>(net.outputs);
  for (const Block& block : table.storage().blocks)
    if (!block.is_mapped) plan.data_bytes += block.width * block.rows.size() * bytes_of(block.type);
  const bool streamed = streams(table, problem);
  const auto outputs = static_cast<std::size_t>(net.outputs),
             members = static_cast<std::size_t>(problem.options.members);
  plan.example_bytes = number * width * (streamed ? 0 : plan.rows + plan.held);
  const std::size_t best = problem.options.patience ? 1 : 0;  // its weights
  plan.weight_bytes = members * number * net.parameter_count() * (copies_of_weights(problem.options.optimizer) + best);
  plan.workspace_bytes =
      members * number * (width + workspace_numbers(net, Keep::backward)) * static_cast<std::size_t>(batch);
  if (!plan.folds.empty()) {
    const std::size_t candidates = candidates_of(problem.options);
    const auto partings = static_cast<std::size_t>(problem.options.folds.repeats);
    const std::size_t calibrated = problem.options.calibrate == Calibrate::none ? 0 : sizeof(float);
    const std::size_t of_row = 2 * sizeof(std::size_t) + partings * (1 + sizeof(std::size_t)) +
                               outputs * (number + (1 + candidates) * sizeof(double) + calibrated);
    plan.example_bytes += plan.rows * (of_row + (batch == rows && !streamed ? number * width : 0));
    plan.weight_bytes += number * net.parameter_count() * members * plan.folds.size();
  }
  plan.left_out = std::move(problem.left_out);
  plan.architecture = problem.architecture;
  plan.options = std::move(problem.options);
  plan.features = std::move(static_cast<Features&>(problem));
  return plan;
}

constexpr const char* kTraining = "to train this network";

// use(table, options, callbacks) of what the options name in the files; the options are those of the table.
// `continues`: as for problem_of.
template <class Use>
auto with_training_table(std::span<const fs::path> files, const Options& options, const Model* continues,
                         const Callbacks& callbacks, const Use& use) {
  return only_errors(kTraining, [&](Caller& caller) {
    validate(options);
    Options resolved = options;
    std::vector<std::string> notes;
    Table table = continues != nullptr ? read_to_continue(files, *continues, options, notes)
                                       : read_training_table(files, resolved, {}, &notes);
    const Callbacks told = watched(caller, callbacks);
    for (const std::string& note : notes) messages_of(told).note(note);
    return use(std::move(table), resolved, told);
  });
}

}  // namespace

Fit train(Table table, const Options& options, const Callbacks& callbacks, const std::vector<Layer>& initial) {
  return only_errors(kTraining, [&](Caller& caller) {
    validate(options);
    Options own = options;
    if (!initial.empty()) own.named.insert("initializer");  // the network is theirs
    Beginning beginning{.asked = own, .open_length = is_open(options), .own_start = !initial.empty()};
    if (beginning.own_start) beginning.starts.push_back({.layers = initial});
    if (beginning.own_start && options.members > 1)
      throw Error(ErrorCode::usage,
                  fmt::format("{}: with initial weights of your own all of them would start alike, and their mean is "
                              "worth something only where they differ; leave the weights out, or train one with {}",
                              spelled("members", std::to_string(options.members)), spelled("members", "1")));
    return train_table(std::move(table), own, watched(caller, callbacks), std::move(beginning));
  });
}

Fit train(const fs::path& file, const Options& options, const Callbacks& callbacks) {
  return train(std::span(&file, 1), options, callbacks);
}

Fit train(std::span<const fs::path> files, const Options& options, const Callbacks& callbacks) {
  const auto at = std::chrono::steady_clock::now();
  return with_training_table(files, options, nullptr, callbacks,
                             [&](Table table, const Options& resolved, const Callbacks& told) {
                               return train_table(std::move(table), resolved, told,
                                                  {.at = at, .asked = options, .open_length = is_open(options)});
                             });
}

Fit resume(Table table, const Checkpoint& checkpoint, const Options& options, const Callbacks& callbacks) {
  return only_errors(kTraining, [&](Caller& caller) {
    return train_table(std::move(table), options, watched(caller, callbacks), going_on(checkpoint, options));
  });
}

Fit resume(std::span<const fs::path> files, const Checkpoint& checkpoint, const Options& options,
           const Callbacks& callbacks) {
  Beginning beginning = only_errors(kTraining, [&] { return going_on(checkpoint, options); });
  return with_training_table(files, options, beginning.continues, callbacks,
                             [&](Table table, const Options& resolved, const Callbacks& told) {
                               return train_table(std::move(table), resolved, told, std::move(beginning));
                             });
}

TrainingPlan plan_training(const Table& table, const Options& options, const Callbacks& callbacks) {
  return only_errors(kTraining, [&](Caller& caller) {
    validate(options);
    const Callbacks told = watched(caller, callbacks);
    return plan_table(table, options, nullptr, messages_of(told));
  });
}

TrainingPlan plan_training(const fs::path& file, const Options& options, const Callbacks& callbacks) {
  return plan_training(std::span(&file, 1), options, callbacks);
}

TrainingPlan plan_training(std::span<const fs::path> files, const Options& options, const Callbacks& callbacks) {
  return with_training_table(files, options, nullptr, callbacks,
                             [](const Table& table, const Options& resolved, const Callbacks& told) {
                               return plan_table(table, resolved, nullptr, messages_of(told));
                             });
}

TrainingPlan plan_continuation(std::span<const fs::path> files, const Model& model, const Options& options,
                               const Callbacks& callbacks) {
  return with_training_table(files, options, &model, callbacks,
                             [&](const Table& table, const Options& resolved, const Callbacks& told) {
                               say_what_stays(model, resolved, messages_of(told));
                               return plan_table(table, resolved, &model, messages_of(told));
                             });
}

Fit continue_training(Table table, const Model& model, const Options& options, const Callbacks& callbacks) {
  return only_errors(kTraining, [&](Caller& caller) {
    validate(options);
    return train_table(std::move(table), options, watched(caller, callbacks), {.asked = options, .continues = &model});
  });
}

Fit continue_training(std::span<const fs::path> files, const Model& model, const Options& options,
                      const Callbacks& callbacks) {
  const auto at = std::chrono::steady_clock::now();
  return with_training_table(
      files, options, &model, callbacks, [&](Table table, const Options& resolved, const Callbacks& told) {
        return train_table(std::move(table), resolved, told, {.at = at, .asked = options, .continues = &model});
      });
}

CrossValidation cross_validate(const Table& table, const Options& options, std::size_t parts,
                               const Callbacks& callbacks) {
  return only_errors(kTraining, [&](Caller& caller) {
    validate(options);
    return cross_validated(table, options, parts, watched(caller, callbacks));
  });
}

CrossValidation cross_validate(std::span<const fs::path> files, const Options& options, std::size_t parts,
                               const Callbacks& callbacks) {
  return with_training_table(files, options, nullptr, callbacks,
                             [&](const Table& table, const Options& resolved, const Callbacks& told) {
                               return cross_validated(table, resolved, parts, told);
                             });
}

}  // namespace strata
