#include "train/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <new>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "config/names.hpp"
#include "kernels/registry.hpp"
#include "model/metrics.hpp"
#include "model/plan.hpp"
#include "model/score.hpp"
#include "network/step.hpp"
#include "strata/error.hpp"
#include "train/monitored.hpp"

namespace strata::internal {
namespace {

constexpr std::int64_t kEpochs = 100;  // where nobody says how long

constexpr std::size_t kMostPoints = 1000, kMostOfWholeBatches = 32;  // of the curves
std::int64_t report_interval(std::int64_t asked, std::int64_t iterations) {
  if (asked > 0) return asked;
  std::int64_t interval = 1;
  while (interval <= (iterations - 1) / 20) interval = interval * (fmt::format("{}", interval)[0] == '2' ? 5 : 4) / 2;
  return interval;
}

}  // namespace

std::int64_t iterations_of(const Options& options, std::int64_t batches_per_epoch) {
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

template <class T>
Training<T>::Training(Problem problem, TrainingRecord record, Examples<T> examples, Examples<T> validation,
                      const Callbacks& callbacks, Beginning beginning)
    : problem_(std::move(problem)),
      record_(std::move(record)),
      examples_(std::move(examples)),
      validation_(std::move(validation)),
      callbacks_(callbacks),
      beginning_(std::move(beginning)),
      descents_(problem_.architecture, problem_.options, examples_, beginning_.starts, beginning_.first_network),
      more_(more_of(problem_)),
      stopping_(problem_.options.patience.value_or(0), higher_is_better(*problem_.options.monitor),
                problem_.options.min_delta),
      plateau_(problem_.options.tol, problem_.options.tol_epochs),
      trend_(problem_.options.epochs || problem_.options.iterations || problem_.options.time_limit > 0 ? 0 : kEpochs),
      history_(descents_.loader().batches_per_epoch() > 1 ? kMostPoints : kMostOfWholeBatches),
      last_figures_(beginning_.reserve) {
  beginning_.starts.clear();  // as large as the networks
}

// How it ended; nothing: a number is not finite.
template <class T>
std::optional<Ending> Training<T>::loop(std::int64_t iterations) {
  const std::vector<Observer> all = observers(report_interval(problem_.options.report_every, iterations));
  std::vector<const Observer*> looking;
  const std::int64_t per_epoch = descents_.loader().batches_per_epoch();
  Moment now{.iteration = descents_.iteration(), .iterations = iterations, .ending = {}};
  if (now.iteration < iterations) now.ending = gives_up();  // the training that goes on may have come to its end
  while (!now.ending) {
    if (now.iteration == iterations) return Ending::done;
    looking.clear();
    for (const Observer& each : all)
      if (each.wants(now)) looking.push_back(&each);
    if (!descents_.step(!looking.empty())) return std::nullopt;
    now.cost = descents_.cost();
    for (const Observer* each : looking) each->before_update(now);
    descents_.update();
    ++now.iteration;
    for (const Observer* each : looking) each->after_update(now);
    const Progress progress{now.iteration, iterations, now.cost, now.iteration / per_epoch};
    if (callbacks_.progress) callbacks_.progress(progress);
    const bool stopped = callbacks_.stop && callbacks_.stop();
    if (!now.ending && now.iteration < iterations && stopped) now.ending = Ending::interrupted;
    if (!now.ending && now.iteration < iterations && out_of_time()) now.ending = Ending::time_limit;
    const bool cut = now.ending == Ending::interrupted || now.ending == Ending::time_limit;
    if (callbacks_.checkpoint && ((callbacks_.wants_checkpoint && callbacks_.wants_checkpoint(progress)) || cut))
      give_checkpoint(iterations);
  }
  return now.ending;
}

// Those who want to be told of costs, models and epochs, in this order.
template <class T>
std::vector<Observer> Training<T>::observers(std::int64_t report_every) {
  const std::int64_t per_epoch = descents_.loader().batches_per_epoch();
  const auto reported = [=](const Moment& now) { return now.iteration % report_every == 0; };
  std::vector<Observer> all;
  if (callbacks_.cost)
    all.push_back({.wants = reported, .before_update = [this, per_epoch](const Moment& now) {
                     callbacks_.cost({now.iteration, now.iteration / per_epoch, now.cost});
                   }});
  if (callbacks_.wants_model)
    all.push_back({.wants = [this](const Moment& now) { return now.iteration > 0 && callbacks_.wants_model(); },
                   .before_update = [this](const Moment&) { give_model(); }});
  // With a single batch every step is an epoch. Then it is told with the costs, and only where something is measured.
  const auto told = [this, per_epoch, report_every](std::int64_t step, std::int64_t steps) {
    return callbacks_.epoch && (per_epoch > 1 || (measures() && (step % report_every == 0 || step == steps)));
  };
  // And it is kept after steps that depend neither on what is told nor on how many there are, and after the last.
  const auto kept = [this, per_epoch](std::int64_t step, std::int64_t steps) {
    return measures() && (history_.wants(step / per_epoch) || step == steps);
  };
  all.push_back({.wants =
                     [=, this](const Moment& now) {
                       const std::int64_t step = now.iteration + 1, steps = now.iterations;
                       return step % per_epoch == 0 &&
                              (stops_early() || plateau_.looks() || trend_.wants(step / per_epoch) ||
                               told(step, steps) || kept(step, steps));
                     },
                 .after_update =
                     [=, this](Moment& now) {
                       EpochReport report{now.iteration / per_epoch, now.iteration, descents_.epoch_cost(), {}, {}};
                       trend_.add(report.epoch, report.mean_cost);
                       plateau_.add(report.mean_cost);
                       look_at(report);
                       if (now.iteration < now.iterations) now.ending = gives_up();
                       const std::int64_t last = now.ending ? now.iteration : now.iterations;
                       if (kept(now.iteration, last))
                         history_.add(report, descents_.epoch_loss(), now.iteration == last);
                       if (told(now.iteration, last)) callbacks_.epoch(report);
                     }});
  return all;
}

template <class T>
void Training<T>::look_at(EpochReport& report) {
  if (validates())
    report.validation = metrics_of(validation_, descents_.weights().networks());
  else if (measures())
    report.train = metrics_of(examples_, descents_.weights().networks());
  report.monitored = *problem_.options.monitor;
  report.best = stops_early() && stopping_.is_best(report.validation->value(report.monitored));
  if (report.best) descents_.keep_best();
}

template <class T>
void Training<T>::say_if_undefined() {
  if (!stops_early() || stopping_.has_best() || descents_.iteration() < descents_.loader().batches_per_epoch()) return;
  messages_of(callbacks_)
      .warning(fmt::format("{} was not defined on the validation part after any epoch, so none was the best: the last "
                           "weights are kept",
                           name(*problem_.options.monitor)));
}

// Of a model that was trained further.
template <class T>
void Training<T>::say_if_worse(const Metrics& before, const TrainingRecord& record) {
  if (!record.validation) return;
  const Metric monitor = *problem_.options.monitor;
  const double then = before.value(monitor), now = record.validation->value(monitor);
  if (!(higher_is_better(monitor) ? now < then : now > then)) return;
  messages_of(callbacks_)
      .warning(fmt::format("on the rows that are held back the model was better before: {} {:.5g}, now {:.5g} (if it "
                           "was trained on some of them, that says little); a lower {}, or old and new rows together, "
                           "may do better",
                           name(monitor), then, now, spelled("learning-rate")));
}

// Why there are fewer updates than planned.
template <class T>
std::string Training<T>::explain(Ending ending, std::int64_t iterations) const {
  const std::int64_t iteration = descents_.iteration();
  const std::int64_t epoch = iteration / descents_.loader().batches_per_epoch();
  switch (ending) {
    case Ending::interrupted: return fmt::format("interrupted after iteration {} of {}", iteration, iterations);
    case Ending::time_limit: return fmt::format("the time was up after iteration {} of {}", iteration, iterations);
    case Ending::early_stopping:
      return fmt::format("stopped after epoch {}: no better {} for {} epochs", epoch, name(*problem_.options.monitor),
                         *problem_.options.patience);
    case Ending::tolerance:
      return fmt::format("stopped after epoch {}: the cost fell by no more than {} for {} epochs", epoch,
                         shortest(*problem_.options.tol), problem_.options.tol_epochs);
    default: return {};
  }
}

// That batches are not what was asked for, or leave examples out.
template <class T>
void Training<T>::say_batches() const {
  const std::int64_t asked = problem_.options.batch_size, m = examples_.m();
  const bool drops = problem_.options.last_batch == LastBatch::drop;
  if (asked > m) {
    const std::string text = fmt::format("there are {} rows to train on, fewer than {}: every update uses all of them",
                                         m, spelled("batch-size", std::to_string(asked)));
    const bool by_recipe = std::ranges::count(problem_.options.inherited, "batch-size") > 0;
    drops || by_recipe ? messages_of(callbacks_).note(text) : messages_of(callbacks_).warning(text);
  } else if (drops && asked > 0 && m % asked != 0) {
    messages_of(callbacks_)
        .note(fmt::format("{} of {} rows are left out of each epoch, other ones each time: they do not fill a batch of "
                          "{} ({} trains on them too)",
                          m % asked, m, asked, spelled("last-batch", "keep")));
  }
}

// That a length that was nobody's wish may be too short.
template <class T>
void Training<T>::say_length() {
  const Options& options = problem_.options;
  if (options.epochs || options.iterations) return;
  const auto say = [&](const std::string& what) {
    messages_of(callbacks_).note(fmt::format("{}; more epochs may do better ({})", what, spelled("epochs", "300")));
  };
  if (stops_early()) {
    const std::int64_t per_epoch = descents_.loader().batches_per_epoch();
    const std::int64_t iteration = descents_.iteration();
    if (stopping_.waited() * per_epoch + iteration % per_epoch <= 5 * per_epoch && !stopping_.gives_up())
      say(problem_.options.monitor == Metric::loss
              ? "the validation loss was still falling at the end"
              : fmt::format("the validation {} was still becoming better at the end", name(*problem_.options.monitor)));
  } else if (trend_.still_falls()) {
    say(fmt::format("the cost was still falling: {:.4g} in epoch {}, {:.4g} in the last one", trend_.late(),
                    trend_.late_epoch(), trend_.last()));
  }
}

template <class T>
Metrics Training<T>::metrics_of(Examples<T>& examples, const Networks<T>& networks) {
  constexpr Index kBatch = 256;  // examples predicted at a time: their activations stay in the cache
  std::vector<double>& deviations = deviations_[&examples == &examples_ ? 0 : 1];
  Score<T> sums(problem_.architecture, problem_.target, more_, deviations);
  for_each_output<T>(
      {problem_.architecture, networks, descents_.shares()}, examples, kBatch, descents_.kernels(),
      [&](Index, View<const T> A, View<const T> Y, const double* w, double loss) { sums.add(A, Y, loss, w); });
  deviations = sums.deviations();
  return sums.metrics();
}

// A model of the weights that are kept, still without them.
template <class T>
std::unique_ptr<Model::Data> Training<T>::model_without_figures(std::string_view ended) const {
  auto data = std::make_unique<Model::Data>();
  data->architecture = problem_.architecture;
  const Features& features = problem_;
  static_cast<Features&>(*data) = features;
  data->bf16 = problem_.options.precision == Precision::bf16;
  data->record = record_;
  const std::int64_t per_epoch = descents_.loader().batches_per_epoch();
  data->record.iterations = descents_.kept_iteration();
  data->record.epochs = data->record.iterations / per_epoch;
  if (stopping_.has_best())  // (One that diverged may have gone back to before its best.)
    data->record.epochs_tried = std::max(descents_.iteration(), data->record.iterations) / per_epoch;
  data->record.ended = ended;
  data->record.curves = history_.curves();
  data->shares = descents_.shares();
  data->record.networks = descents_.records(data->record);
  return data;
}

// The same with these figures. Its cost is that of a batch of all examples, with the mean of what L2 adds.
template <class T>
std::unique_ptr<Model::Data> Training<T>::model_of(const Metrics& train, std::string_view ended) {
  auto data = model_without_figures(ended);
  data->record.train = train;
  data->record.cost = descents_.kept_cost(train.loss);
  if (validates()) data->record.validation = metrics_of(validation_, descents_.kept_weights().networks());
  return data;
}

// Weights that are not finite are no state to go on from: the next step sees it.
template <class T>
void Training<T>::give_checkpoint(std::int64_t iterations) {
  if (!descents_.weights_finite()) return;
  std::optional<Checkpoint> made;
  try {
    if (!data_) data_ = fingerprint_of(examples_), held_ = fingerprint_of(validation_);
    auto model = model_without_figures("unfinished");
    model->networks = Networks<T>(descents_.kept_weights().networks());
    model->record.reached = descents_.iteration();
    model->record.planned = iterations;
    auto checkpoint = std::make_unique<Checkpoint::Data>(Checkpoint::Data{.model = Model(std::move(model)),
                                                                          .asked = beginning_.asked,
                                                                          .open_length = beginning_.open_length,
                                                                          .own_start = beginning_.own_start,
                                                                          .continues = beginning_.continues != nullptr,
                                                                          .kernels = std::string(chosen_kernels())});
    Options& asked = checkpoint->asked;
    static_cast<RunningOptions&>(asked) = {};
    asked.epochs = problem_.options.epochs, asked.iterations = problem_.options.iterations;
    const FieldWriter write(checkpoint->fields);
    write("data", *data_), write("held", *held_), fields(write);
    if (beginning_.completes) beginning_.completes(*checkpoint);
    made.emplace(std::move(checkpoint));
  } catch (const std::bad_alloc&) {
    messages_of(callbacks_)
        .warning(
            fmt::format("no memory for the checkpoint of iteration {}; the training goes on", descents_.iteration()));
    return;
  }
  callbacks_.checkpoint(std::move(*made));
}

template <class T>
void Training<T>::go_on(const Checkpoint::Data& from, std::int64_t iterations) {
  const TrainingRecord& record = from.model.record();
  if (iterations < record.reached) {
    throw Error(
        ErrorCode::usage,
        fmt::format("the training has done {} updates already, and {} are asked for: ask for more, or leave out {}",
                    record.reached, iterations, spelled(problem_.options.epochs ? "epochs" : "iterations")));
  }
  const bool follows_length = problem_.options.warm_up > 0 || problem_.options.schedule ||
                              problem_.options.decay_schedule != Schedule{} ||
                              problem_.options.dropout_schedule != Schedule{};
  if (iterations != record.planned && follows_length) {
    throw Error(
        ErrorCode::usage,
        fmt::format("the training was planned for {} updates, and {} are asked for: its schedule depends on how "
                    "many there are in all, so that what is done would have been done otherwise; leave out {}",
                    record.planned, iterations, spelled(problem_.options.epochs ? "epochs" : "iterations")));
  }
  data_ = fingerprint_of(examples_), held_ = fingerprint_of(validation_);
  try {
    Fingerprint data, held;
    const FieldReader read(from.fields);
    read("data", data), read("held", held);
    for (const auto& [then, now, which] : {std::tuple{data, *data_, "training"}, {held, *held_, "validation"}})
      if (then != now)
        throw Error(ErrorCode::value,
                    fmt::format("the data are not those of the checkpoint: {}", difference(then, now, which)));
    fields(read);
    const std::size_t figures = usual_metrics(problem_.target.task).size() + more_.size();
    history_.go_on(record.curves, measures() && !validates() ? figures : 0, validates() ? figures : 0);
    if (record.reached < iterations && !gives_up()) history_.forget_last();
    read.require_end();
    if (descents_.iteration() != record.reached || !descents_.go_on())
      throw Error(ErrorCode::format, "is damaged: its numbers of updates");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::format) throw;
    throw Error(ErrorCode::format, fmt::format("the checkpoint {}", error.what()));
  }
  const Messages messages = messages_of(callbacks_);
  messages.note(gives_up() || record.reached == iterations
                    ? fmt::format("the training of the checkpoint had ended, after {} updates: nothing is left to do",
                                  record.reached)
                    : fmt::format("goes on after {} of {} updates", record.reached, iterations));
  if (from.kernels != chosen_kernels())
    messages.warning(
        fmt::format("the checkpoint was computed with the kernels {}, and here they are {}: the result may "
                    "differ in the last bits",
                    printable(from.kernels), chosen_kernels()));
}

// Since the beginning, with the reading.
template <class T>
double Training<T>::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - beginning_.at).count();
}

template <class T>
bool Training<T>::out_of_time() const {
  const double limit = problem_.options.time_limit;
  return limit > 0 && seconds() + last_figures_ >= limit;
}

// As many epochs as fit into the time that is left, by a rehearsal of the first steps.
template <class T>
void Training<T>::fix_length() {
  const double limit = problem_.options.time_limit, reading = seconds();
  const double step = descents_.rehearse(std::clamp(limit / 50, 0.01, 1.0));
  const double begin = seconds();
  if (measures()) static_cast<void>(metrics_of(validates() ? validation_ : examples_, descents_.weights().networks()));
  const double measuring = seconds() - begin;
  const auto batches = static_cast<double>(descents_.loader().batches_per_epoch());
  const double epoch = batches * step + measuring;
  const double figures = batches * step / 3 + measuring;  // a way forward is about a third of a step
  const auto trainings = static_cast<double>(beginning_.trainings);
  const double of_all = trainings > 1 ? trainings * figures : 0;  // each network sees all rows once more
  last_figures_ = figures + of_all;
  const double fit = ((limit - seconds() - of_all) / trainings - figures) / epoch;
  const std::string of_each =
      beginning_.trainings > 1 ? fmt::format(" of each of {} trainings", beginning_.trainings) : std::string();
  const std::optional<std::int64_t> usual = problem_.options.epochs;  // of a rate that ends at 0: more does no good
  const auto epochs =
      static_cast<std::int64_t>(std::clamp(fit, 1.0, static_cast<double>(usual.value_or(1'000'000'000))));
  problem_.options.epochs = epochs;
  for (auto& [name, value] : record_.options)
    if (name == "epochs") value = std::to_string(epochs);
  const Messages messages = messages_of(callbacks_);
  if (fit < 1) {
    messages.warning(
        fmt::format("{:.3g} s are less than one epoch{} takes: {:.3g} s, after {:.3g} s for the reading; the "
                    "training ends within its first epoch. Give it more time, or fewer rows",
                    limit, of_each, trainings * (epoch + figures) + of_all, reading));
  } else {
    const std::string what = epochs == usual
                                 ? fmt::format("{} epochs{}, the usual number, take less than", epochs, of_each)
                                 : fmt::format("{} {}{} {} in", epochs, epochs == 1 ? "epoch" : "epochs", of_each,
                                               epochs == 1 ? "fits" : "fit");
    messages.note(fmt::format(
        "{} {:.3g} s, by the first steps ({} repeats them without a clock, with the other options that the model's "
        "record has)",
        what, limit, spelled("epochs", std::to_string(epochs))));
  }
}

// Of the weights before an update whose step is known to be good.
template <class T>
void Training<T>::give_model() {
  if (!callbacks_.model) return;
  std::unique_ptr<Model::Data> data;
  try {
    const Metrics train = metrics_of(examples_, descents_.kept_weights().networks());
    data = model_of(train, "unfinished");
    data->networks = Networks<T>(descents_.kept_weights().networks());
  } catch (const std::bad_alloc&) {
    messages_of(callbacks_)
        .warning(fmt::format("no memory for the model of iteration {}; the training goes on", descents_.iteration()));
    return;
  }
  callbacks_.model(Model(std::move(data)));
}

template <class T>
Fit Training<T>::run() {
  const auto start = std::chrono::steady_clock::now();
  say_batches();
  if (problem_.options.time_limit > 0 && beginning_.trainings > 0) fix_length();
  const std::int64_t iterations = iterations_of(problem_.options, descents_.loader().batches_per_epoch());
  descents_.plan(iterations);
  const bool starts_from_model = beginning_.continues != nullptr && beginning_.from == nullptr;
  std::optional<Metrics> before;
  if (starts_from_model) before = metrics_of(validates() ? validation_ : examples_, descents_.weights().networks());
  if (beginning_.from != nullptr) go_on(*beginning_.from, iterations);
  if (beginning_.gives_first && callbacks_.checkpoint) give_checkpoint(iterations);
  std::optional<Ending> ending = loop(iterations);
  const double figures_begin = this->seconds();
  if (!ending) divergence_ = descents_.diverge();

  const auto figures = [&] { return metrics_of(examples_, descents_.kept_weights().networks()); };
  Metrics train = figures();
  if (ending && !(std::isfinite(train.loss) && descents_.weights_finite())) {
    // One of the last updates went wrong, with no iteration after it to notice.
    ending.reset();
    divergence_ = descents_.diverge(train.loss);
    train = figures();
  }
  if (ending == Ending::done) say_length();
  if (ending) say_if_undefined();
  const Ending ended = ending.value_or(Ending::diverged);
  auto data = model_of(train, name(ended));
  if (before) say_if_worse(*before, data->record);
  figures_seconds_ = this->seconds() - figures_begin;
  const std::int64_t updates = descents_.iteration();
  data->networks = descents_.take_weights();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {.model = Model(std::move(data)),
          .before = std::move(before),
          .ending = ended,
          .explanation = ending ? explain(*ending, iterations) : divergence_.text(),
          .iterations = updates,
          .seconds = seconds.count()};
}

template class Training<float>;
template class Training<double>;

}  // namespace strata::internal
