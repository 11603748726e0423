#include "strata/trainer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "model/model_data.hpp"
#include "model/score.hpp"
#include "network/step.hpp"
#include "strata/error.hpp"
#include "strata/version.hpp"
#include "train/choose_inputs.hpp"
#include "train/descent.hpp"
#include "train/observer.hpp"
#include "train/prepare.hpp"
#include "train/survey.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

Messages messages_of(const Callbacks& callbacks) {
  const auto forward_to = [](const std::function<void(std::string_view)>& to) {
    return [&to](std::string_view text) {
      if (to) to(text);
    };
  };
  return {forward_to(callbacks.note), forward_to(callbacks.warning)};
}

std::int64_t iterations_of(const Options& options, std::int64_t batches_per_epoch) {
  constexpr std::int64_t kEpochs = 100;
  if (options.iterations) return *options.iterations;
  const std::int64_t epochs = options.epochs.value_or(kEpochs);
  std::int64_t iterations = 0;
  if (__builtin_mul_overflow(epochs, batches_per_epoch, &iterations)) {
    throw Error(ErrorCode::usage,
                fmt::format("{}: each epoch has {} batches, which makes more updates than can be counted; the "
                            "largest possible number is {}",
                            spelled("epochs", std::to_string(epochs)), batches_per_epoch,
                            std::numeric_limits<std::int64_t>::max() / batches_per_epoch));
  }
  return iterations;
}

// 1, 2 or 5 times a power of ten, for about twenty reports.
std::int64_t report_interval(std::int64_t asked, std::int64_t iterations) {
  if (asked > 0) return asked;
  std::int64_t interval = 1;
  while (interval <= (iterations - 1) / 20) interval = interval * (fmt::format("{}", interval)[0] == '2' ? 5 : 4) / 2;
  return interval;
}

void check_batch_size(const Options& options, Index rows, const Messages& messages) {
  if (options.batch_size > rows) {
    messages.warning(fmt::format("there are {} rows to train on, fewer than {}: every update uses all of them", rows,
                                 spelled("batch-size", std::to_string(options.batch_size))));
  }
}

TrainingRecord record_of(const Problem& problem, const std::string& source, bool own_start) {
  TrainingRecord record;
  record.data = fs::path(source).filename().string();
  if (source.starts_with("/dev/fd/") || source == "/dev/stdin")
    record.data = "a pipe";  // not its number or what names it
  record.rows = problem.train_rows.size();
  record.dropped = problem.dropped;
  record.l2 = problem.options.l2;
  record.version = STRATA_VERSION;
  for (const OptionSpec& option : option_table()) {
    std::string value = option.show(problem.options);
    const bool recorded = option.recorded == Recorded::always ||
                          (option.recorded == Recorded::unless_standard && value != option.standard);
    if (!recorded) continue;
    if (option.name == "validation" || option.name == "initializer") value = fs::path(value).filename().string();
    if (option.name == "initializer" && own_start) value = "own arrays";
    record.options.emplace_back(option.name, std::move(value));
  }
  return record;
}

const Features& of_problem(const Problem& problem) { return problem; }

std::string_view name_of(Ending ending) {
  return ending == Ending::done ? "done" : ending == Ending::interrupted ? "interrupted" : "diverged";
}

// One training, from the examples to the final weights.
template <class T>
class Training {
 public:
  Training(Problem problem, TrainingRecord record, Examples<T> examples, Examples<T> validation,
           const Callbacks& callbacks, const std::vector<Layer>& initial)
      : problem_(std::move(problem)),
        record_(std::move(record)),
        examples_(std::move(examples)),
        validation_(std::move(validation)),
        callbacks_(callbacks),
        descent_(problem_.architecture, problem_.options, examples_, initial) {}

  Fit run();

 private:
  [[nodiscard]] std::optional<Ending> loop(std::int64_t iterations);
  [[nodiscard]] std::vector<Observer> observers(std::int64_t report_every);
  void give_model();
  [[nodiscard]] bool validates() const noexcept { return validation_.m() > 0; }
  [[nodiscard]] Metrics metrics_of(Examples<T>& examples);
  [[nodiscard]] std::unique_ptr<Model::Data> model_of(const Metrics& train, std::string_view ended);

  Problem problem_;
  TrainingRecord record_;
  Examples<T> examples_, validation_;
  const Callbacks& callbacks_;
  Descent<T> descent_;
};

// How it ended; nothing: a number is not finite.
template <class T>
std::optional<Ending> Training<T>::loop(std::int64_t iterations) {
  const std::vector<Observer> all = observers(report_interval(problem_.options.report_every, iterations));
  std::vector<const Observer*> looking;
  Moment now{.iterations = iterations, .ending = {}};
  while (!now.ending) {
    if (now.iteration == iterations) return Ending::done;
    looking.clear();
    for (const Observer& each : all)
      if (each.wants(now)) looking.push_back(&each);
    if (!descent_.step(!looking.empty())) return std::nullopt;
    now.cost = descent_.cost();
    for (const Observer* each : looking) each->before_update(now);
    descent_.update();
    ++now.iteration;
    for (const Observer* each : looking) each->after_update(now);
    if (callbacks_.progress) callbacks_.progress({now.iteration, iterations, now.cost});
    if (callbacks_.stop && callbacks_.stop()) now.ending = Ending::interrupted;
  }
  return now.ending;
}

// Those who want to be told of costs, models and epochs, in this order.
template <class T>
std::vector<Observer> Training<T>::observers(std::int64_t report_every) {
  const std::int64_t per_epoch = descent_.loader().batches_per_epoch();
  const auto reported = [=](const Moment& now) { return now.iteration % report_every == 0; };
  std::vector<Observer> all;
  if (callbacks_.cost)
    all.push_back({.wants = reported, .before_update = [this, per_epoch](const Moment& now) {
                     callbacks_.cost({now.iteration, now.iteration / per_epoch, now.cost});
                   }});
  if (callbacks_.wants_model)
    all.push_back({.wants = [this](const Moment& now) { return now.iteration > 0 && callbacks_.wants_model(); },
                   .before_update = [this](const Moment&) { give_model(); }});
  // With a single batch every step is an epoch: then it is told with the costs, and only where examples are held back.
  const auto ends_epoch = [this, per_epoch, reported](const Moment& now) {
    const std::int64_t step = now.iteration + 1;
    return step % per_epoch == 0 && (per_epoch > 1 || (validates() && (reported(now) || step == now.iterations)));
  };
  if (callbacks_.epoch)
    all.push_back({.wants = ends_epoch, .after_update = [this, per_epoch](Moment& now) {
                     EpochReport report{now.iteration / per_epoch, now.iteration, descent_.epoch_cost(), {}};
                     if (validates()) report.validation = metrics_of(validation_);
                     callbacks_.epoch(report);
                   }});
  return all;
}

template <class T>
Metrics Training<T>::metrics_of(Examples<T>& examples) {
  return score(problem_.architecture, problem_.target, descent_.state().p, examples, descent_.kernels());
}

// A model of the weights that have these figures, still without them. Its cost is that of a batch of all examples.
template <class T>
std::unique_ptr<Model::Data> Training<T>::model_of(const Metrics& train, std::string_view ended) {
  auto data = std::make_unique<Model::Data>();
  data->architecture = problem_.architecture;
  Features& features = *data;
  features = of_problem(problem_);
  data->bf16 = problem_.options.precision == Precision::bf16;
  data->record = record_;
  data->record.train = train;
  data->record.cost = with_penalty(train.loss, descent_.state().p, static_cast<double>(examples_.m()),
                                   problem_.options.l2, descent_.kernels());
  if (validates()) data->record.validation = metrics_of(validation_);
  data->record.iterations = descent_.state().iteration;
  data->record.epochs = data->record.iterations / descent_.loader().batches_per_epoch();
  data->record.ended = ended;
  return data;
}

// Of the weights before an update whose step is known to be good.
template <class T>
void Training<T>::give_model() {
  if (!callbacks_.model) return;
  std::unique_ptr<Model::Data> data;
  try {
    data = model_of(metrics_of(examples_), "unfinished");
    data->parameters = descent_.state().p;
  } catch (const std::bad_alloc&) {
    messages_of(callbacks_)
        .warning(
            fmt::format("no memory for the model of iteration {}; the training goes on", descent_.state().iteration));
    return;
  }
  callbacks_.model(Model(std::move(data)));
}

template <class T>
Fit Training<T>::run() {
  const auto start = std::chrono::steady_clock::now();
  check_batch_size(problem_.options, examples_.m(), messages_of(callbacks_));
  const std::int64_t iterations = iterations_of(problem_.options, descent_.loader().batches_per_epoch());
  std::optional<Ending> ending = loop(iterations);
  std::string explanation;
  if (!ending) explanation = descent_.diverge();

  Metrics train = metrics_of(examples_);
  if (ending && !(std::isfinite(train.loss) && descent_.weights_finite())) {
    // One of the last updates went wrong, with no iteration after it to notice.
    ending.reset();
    explanation = descent_.diverge(train.loss);
    train = metrics_of(examples_);
  }
  if (ending == Ending::interrupted)
    explanation = fmt::format("interrupted after iteration {} of {}", descent_.state().iteration, iterations);
  const Ending ended = ending.value_or(Ending::diverged);
  auto data = model_of(train, name_of(ended));
  data->parameters = std::move(descent_.weights());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const std::int64_t updates = data->record.iterations;
  return {Model(std::move(data)), ended, std::move(explanation), updates, seconds.count()};
}

// The validation file, read as the trained model would read it.
Table read_validation(const Problem& problem, const Messages& messages) {
  std::vector<std::string> notes;
  Table table = read_for(
      problem,
      Source{.file = problem.options.validation, .reading = static_cast<const ReadingOptions&>(problem.options)}, true,
      &notes);
  for (const std::string& note : notes) messages.note("validation: " + note);
  return table;
}

// Mini-batches of a table that lies in a mapped file are made when they are needed: the file may be larger than memory.
bool streams(const Table& table, const Problem& problem) {
  const std::int64_t batch_size = problem.options.batch_size;
  return batch_size > 0 && batch_size < static_cast<std::int64_t>(problem.train_rows.size()) &&
         is_mapped(table, find_inputs(problem.inputs, table));
}

template <class T>
Fit train_in(Table table, const Problem& problem, const Callbacks& callbacks, const std::vector<Layer>& initial) {
  const bool streamed = streams(table, problem);
  const int n_y = problem.architecture.outputs;
  Examples<T> examples, validation;
  if (!problem.validation_rows.empty()) {
    validation = Examples<T>(table, problem, problem.validation_rows, n_y, Checked::yes);
    if (!streamed) validation.keep();
  } else if (!problem.options.validation.empty()) {
    const Table held = read_validation(problem, messages_of(callbacks));
    Rows rows(held.rows());
    const std::vector<const Field*> targets = find_target(problem.target, held);
    if (const auto without = rows_without(held, targets); !without.empty())
      rows = rows_with_target(held, *targets.front(), without, problem.options, messages_of(callbacks));
    validation = Examples<T>(held, problem, std::move(rows), n_y, Checked::yes);
    validation.keep();
  }
  for (const UnfamiliarInput& each : validation.unfamiliar())
    messages_of(callbacks).note("validation: " + to_text(each));
  TrainingRecord record = record_of(problem, table.source(), !initial.empty());
  examples = streamed ? Examples<T>(table, problem, problem.train_rows, n_y, Checked::no)
                      : Examples<T>::taken(std::move(table), problem, problem.train_rows, n_y);
  return Training<T>(problem, std::move(record), std::move(examples), std::move(validation), callbacks, initial).run();
}

Fit train_table(Table table, const Options& options, const Callbacks& callbacks, const std::vector<Layer>& initial) {
  const Problem problem = define_problem(table, options, messages_of(callbacks));
  return options.precision == Precision::float64 ? train_in<double>(std::move(table), problem, callbacks, initial)
                                                 : train_in<float>(std::move(table), problem, callbacks, initial);
}

Callbacks watched(Caller& caller, const Callbacks& callbacks) {
  return {.cost = caller.watched(callbacks.cost),
          .epoch = caller.watched(callbacks.epoch),
          .progress = caller.watched(callbacks.progress),
          .note = caller.watched(callbacks.note),
          .warning = caller.watched(callbacks.warning),
          .stop = caller.watched(callbacks.stop),
          .wants_model = caller.watched(callbacks.wants_model),
          .model = caller.watched(callbacks.model)};
}

constexpr const char* kTraining = "to train this network";

}  // namespace

Fit train(Table table, const Options& options, const Callbacks& callbacks, const std::vector<Layer>& initial) {
  return only_errors(kTraining, [&](Caller& caller) {
    validate(options);
    return train_table(std::move(table), options, watched(caller, callbacks), initial);
  });
}

Fit train(const fs::path& file, const Options& options, const Callbacks& callbacks) {
  return only_errors(kTraining, [&](Caller& caller) {
    validate(options);
    Options resolved = options;
    std::vector<std::string> notes;
    Table table = read_training_table(file, resolved, {}, &notes);
    const Callbacks told = watched(caller, callbacks);
    for (const std::string& note : notes) messages_of(told).note(note);
    return train_table(std::move(table), resolved, told, {});
  });
}

}  // namespace strata
