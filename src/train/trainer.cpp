#include "strata/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <variant>

#include "base/cpus.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "base/thread_pool.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "kernels/registry.hpp"
#include "model/model_data.hpp"
#include "model/score.hpp"
#include "network/step.hpp"
#include "optim/optimizer.hpp"
#include "strata/error.hpp"
#include "strata/version.hpp"
#include "train/finite.hpp"
#include "train/initial.hpp"
#include "train/loader.hpp"
#include "train/prepare.hpp"
#include "train/state.hpp"
#include "train/update_at_once.hpp"

namespace strata {
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

// How often all that decides the next steps is copied, so that a training can go back: seldom enough that the copies
// are less than a hundredth of the work, which grows with the examples of a batch; often enough that the steps since
// then are quickly done again.
constexpr std::int64_t kSnapshotWork = 8192;  // examples
constexpr std::int64_t kLongestReplay = 256;  // steps

bool drops_units(const Architecture& net) {
  return std::ranges::any_of(net.hidden, [](const LayerSpec& layer) { return layer.dropout > 0; });
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
        pool_(chosen_threads(problem_.options.threads)),
        kernels_(make_kernels<T>(chosen_kernels(), problem_.options.precision, pool_)),
        loader_(examples_, problem_.options.batch_size, problem_.options.seed, drops_units(net())),
        now_{.p = initial_parameters<T>(net(), problem_.options, initial),
             .optimizer = Optimizer<T>(problem_.options, net().parameter_count())},
        kept_(now_),
        gradient_(net()),
        ws_(net(), loader_.batch_size(), Keep::backward),
        keep_every_(std::clamp<std::int64_t>(kSnapshotWork / loader_.batch_size(), 1, kLongestReplay)) {}

  Fit run();

 private:
  [[nodiscard]] const Architecture& net() const noexcept { return problem_.architecture; }
  void loop(std::int64_t iterations, std::int64_t report_every);
  [[nodiscard]] double step(Batch<T> batch);
  [[nodiscard]] double step_and_update(Batch<T> batch);
  void update();
  void report_epoch(std::int64_t epoch, double last_cost);
  void give_model();

  [[nodiscard]] bool good(double cost);
  void restore();
  double find_first_bad(std::int64_t& iteration);
  void rewind(std::int64_t iteration);
  void diverge(std::int64_t iteration, std::optional<double> final_loss = {});
  [[nodiscard]] Metrics metrics_of(Examples<T>& examples);
  [[nodiscard]] double sum_of_squares() const;
  [[nodiscard]] double final_cost(const Metrics& metrics) const;
  [[nodiscard]] std::unique_ptr<Model::Data> model_of(const Metrics& train, const char* ended);

  Problem problem_;
  TrainingRecord record_;
  Examples<T> examples_, validation_;
  const Callbacks& callbacks_;
  ThreadPool pool_;
  std::unique_ptr<Kernels<T>> kernels_;
  Loader<T> loader_;
  TrainingState<T> now_, kept_;  // kept: before a step that is known to be good
  Parameters<T> gradient_;
  Workspace<T> ws_;
  std::int64_t keep_every_;

  Ending ending_ = Ending::done;
  std::string explanation_;
};

template <class T>
void Training<T>::loop(std::int64_t iterations, std::int64_t report_every) {
  const std::int64_t per_epoch = loader_.batches_per_epoch();
  for (std::int64_t i = 0; i < iterations; ++i) {
    const bool reported = i % report_every == 0;
    const bool tells_cost = reported && callbacks_.cost;
    const bool tells_epoch = (i + 1) % per_epoch == 0 && callbacks_.epoch &&
                             (!loader_.full() || (validation_.m() > 0 && (reported || i + 1 == iterations)));
    const bool keeps = i % keep_every_ == 0;
    const bool gives = i > 0 && callbacks_.wants_model && callbacks_.wants_model();
    now_.position = loader_.position();
    const Batch<T> batch = loader_.next(i);
    double J;
    if (keeps || tells_cost || tells_epoch || gives) {  // only when every number was looked at
      J = step(batch);
      if (!good(J)) return diverge(i);
      if (tells_cost) callbacks_.cost({i, i / per_epoch, J});
      if (keeps) kept_ = now_;
      if (gives) give_model();
      update();
    } else {
      J = step_and_update(batch);
      if (!std::isfinite(J)) return diverge(i);
    }
    now_.iteration = i + 1;
    now_.epoch_loss += ws_.loss / static_cast<double>(batch.m()) * static_cast<double>(batch.m());
    now_.squares.step();
    if (tells_epoch) report_epoch(now_.iteration / per_epoch, J);
    if (now_.iteration % per_epoch == 0) now_.epoch_loss = 0;
    if (callbacks_.progress) callbacks_.progress({now_.iteration, iterations, J});
    if (callbacks_.stop && callbacks_.stop()) {
      ending_ = Ending::interrupted;
      explanation_ = fmt::format("interrupted after iteration {} of {}", now_.iteration, iterations);
      return;
    }
  }
}

// J and its gradient.
template <class T>
double Training<T>::step(Batch<T> batch) {
  if (problem_.options.l2 != 0) now_.squares.sample(sum_of_squares());
  return train_step(net(), now_.p, batch, problem_.options.l2, ws_, *kernels_, gradient_);
}

template <class T>
void Training<T>::update() {
  now_.optimizer.update(now_.p.blocks(), now_.p.theta(), std::as_const(gradient_).theta(), *kernels_);
}

// Both, each layer's update as soon as its gradient is there. When J turns out not to be finite, the weights may be
// anything. What L2 adds to J here is of weights a few updates old: it is for progress, and no cost that is reported.
template <class T>
double Training<T>::step_and_update(Batch<T> batch) {
  const auto m = static_cast<double>(batch.m());
  const double lambda = problem_.options.l2;
  if (lambda != 0 && now_.squares.wants_sample()) now_.squares.sample(sum_of_squares());
  UpdateAtOnce<T> sink(now_.p, now_.optimizer, lambda / m, gradient_);
  return train_step(net(), now_.p, batch, ws_, *kernels_, sink) + lambda / (2 * m) * now_.squares.last();
}

template <class T>
void Training<T>::report_epoch(std::int64_t epoch, double last_cost) {
  const double lambda = problem_.options.l2;
  double costs = now_.epoch_loss;
  if (loader_.full()) {
    costs = last_cost * static_cast<double>(examples_.m());
  } else if (lambda != 0) {
    now_.squares.sample(sum_of_squares());
    costs += lambda / 2 * now_.squares.take();
  }
  EpochReport report{epoch, now_.iteration, costs / static_cast<double>(examples_.m()), {}, problem_.target.task};
  if (validation_.m() > 0) report.validation = metrics_of(validation_);
  callbacks_.epoch(report);
}

// The weights before an update whose step is known to be good.
template <class T>
void Training<T>::give_model() {
  if (!callbacks_.model) return;
  std::unique_ptr<Model::Data> data;
  try {
    data = model_of(metrics_of(examples_), "unfinished");
    data->parameters = now_.p;
  } catch (const std::bad_alloc&) {
    messages_of(callbacks_)
        .warning(fmt::format("no memory for the model of iteration {}; the training goes on", now_.iteration));
    return;
  }
  callbacks_.model(Model(std::move(data)));
}

// A step is good when its cost, its gradient and the weights that they belong to are numbers. A number that is not
// finite stays in the weights, so weights that are finite say that all steps before were good.
template <class T>
bool Training<T>::good(double cost) {
  return std::isfinite(cost) && all_finite(std::as_const(gradient_).theta()) &&
         all_finite(std::as_const(now_.p).theta());
}

template <class T>
void Training<T>::restore() {
  now_ = kept_;
  loader_.seek(now_.position);
}

// The steps since the snapshot once more, with the same bits, looking at every number: `iteration` becomes the first
// that is not good, or stays. Its cost; its numbers are in the workspace.
template <class T>
double Training<T>::find_first_bad(std::int64_t& iteration) {
  restore();
  for (std::int64_t i = kept_.iteration;; ++i) {
    const double J = step(loader_.next(i));
    if (i == iteration || !good(J)) {
      iteration = i;
      return J;
    }
    update();
  }
}

// To the weights before an update since the snapshot.
template <class T>
void Training<T>::rewind(std::int64_t iteration) {
  restore();
  for (std::int64_t i = kept_.iteration; i < iteration; ++i) static_cast<void>(step_and_update(loader_.next(i)));
}

// Something went wrong, at the latest at `iteration`, or (with the final loss) after the update before it.
template <class T>
void Training<T>::diverge(std::int64_t iteration, std::optional<double> final_loss) {
  const std::int64_t noticed = iteration;
  double cost = find_first_bad(iteration);
  if (final_loss && iteration == noticed) cost = *final_loss;
  ending_ = Ending::diverged;
  const std::string what = std::isnan(cost) ? "not a number" : fmt::format("{:.4g}", cost);
  explanation_ = fmt::format("the training diverged at iteration {}: the cost is {}, and {}. ", iteration, what,
                             first_not_finite(net(), now_.p, ws_, gradient_));
  if (iteration > 0) {
    rewind(iteration - 1);
    now_.iteration = iteration - 1;
    explanation_ += fmt::format("The weights before update {} are kept, the last with a finite cost. ", now_.iteration);
  } else {
    explanation_ += "The initial weights are kept. ";
  }
  explanation_ += fmt::format("Lower {} (it is {})", spelled("learning-rate"),
                              shortest(problem_.options.effective_learning_rate()));
  if (problem_.options.scale == ScaleKind::none)
    explanation_ += ", or scale the inputs with " + spelled("scale", "standard");
}

template <class T>
Metrics Training<T>::metrics_of(Examples<T>& examples) {
  return score(net(), problem_.target, now_.p, examples, *kernels_);
}

// Σ_l ‖W[l]‖²: reads all of W.
template <class T>
double Training<T>::sum_of_squares() const {
  double sum = 0;
  for (int l = 1; l <= net().depth(); ++l) sum += kernels_->sum_of_squares(now_.p.W[l]);
  return sum;
}

// J of the final weights over all examples: the mean loss, and the L2 term of a batch of all of them.
template <class T>
double Training<T>::final_cost(const Metrics& metrics) const {
  return with_penalty(metrics.loss, now_.p, static_cast<double>(examples_.m()), problem_.options.l2, *kernels_);
}

// A model of the weights that have these figures, still without them.
template <class T>
std::unique_ptr<Model::Data> Training<T>::model_of(const Metrics& train, const char* ended) {
  auto data = std::make_unique<Model::Data>();
  data->architecture = problem_.architecture;
  Features& features = *data;
  features = of_problem(problem_);
  data->bf16 = problem_.options.precision == Precision::bf16;
  data->record = record_;
  data->record.train = train;
  data->record.cost = final_cost(train);
  if (validation_.m() > 0) data->record.validation = metrics_of(validation_);
  data->record.iterations = now_.iteration;
  data->record.epochs = now_.iteration / loader_.batches_per_epoch();
  data->record.ended = ended;
  return data;
}

template <class T>
Fit Training<T>::run() {
  const auto start = std::chrono::steady_clock::now();
  const Messages messages = messages_of(callbacks_);
  check_batch_size(problem_.options, examples_.m(), messages);
  const std::int64_t iterations = iterations_of(problem_.options, loader_.batches_per_epoch());
  loop(iterations, report_interval(problem_.options.report_every, iterations));

  Metrics train = metrics_of(examples_);
  if (ending_ != Ending::diverged && !(std::isfinite(train.loss) && all_finite(std::as_const(now_.p).theta()))) {
    // One of the last updates went wrong, with no iteration after it to notice.
    diverge(now_.iteration, train.loss);
    train = metrics_of(examples_);
  }
  auto data = model_of(train, ending_ == Ending::done          ? "done"
                              : ending_ == Ending::interrupted ? "interrupted"
                                                               : "diverged");
  data->parameters = std::move(now_.p);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {Model(std::move(data)), ending_, std::move(explanation_), now_.iteration, seconds.count()};
}

// The validation file, read as the trained model would read it.
Table read_validation(const Problem& problem, const Messages& messages) {
  std::vector<std::string> notes;
  Table table = read_for(problem, Source{problem.options.validation, {}, {}}, true, &notes);
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
    validation = Examples<T>(table, problem, problem.validation_rows, n_y, Checked::no);
    if (!streamed) validation.keep();
  } else if (!problem.options.validation.empty()) {
    const Table held = read_validation(problem, messages_of(callbacks));
    validation = Examples<T>(held, problem, Rows(held.rows()), n_y, Checked::yes);
    validation.keep();
  }
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
    Table table = read_training_table(file, resolved);
    return train_table(std::move(table), resolved, watched(caller, callbacks), {});
  });
}

}  // namespace strata
