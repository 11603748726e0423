#include "train/bag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <new>
#include <numeric>
#include <utility>

#include "base/cpus.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "model/score.hpp"
#include "network/step.hpp"
#include "strata/error.hpp"
#include "train/loader.hpp"
#include "train/members.hpp"
#include "train/monitored.hpp"
#include "train/weigh.hpp"

namespace strata::internal {
namespace {

constexpr double kNothing = 1e-15;  // a share, for each is above 0
constexpr Index kBatch = 256;       // examples that are measured at a time, as in a training

std::vector<double> equal_shares(std::size_t networks) {
  return networks > 1 ? std::vector<double>(networks, 1 / static_cast<double>(networks)) : std::vector<double>();
}

// Computes as a training does.
template <class T, class Use>
void with_kernels(const Options& options, const Use& use) {
  ThreadPool pool(chosen_threads(options.threads));
  use(*make_kernels<T>(chosen_kernels(), options.precision, pool));
}

[[noreturn]] void refuse_done() { throw Error(ErrorCode::format, "the checkpoint is damaged: its folds"); }

}  // namespace

template <class T>
Bag<T>::Bag(const Table& table, const Problem& problem, TrainingRecord record, bool streamed,
            const Callbacks& callbacks, Beginning beginning)
    : table_(table),
      problem_(problem),
      record_(std::move(record)),
      callbacks_(watched(caller_, callbacks)),
      beginning_(std::move(beginning)),
      parted_(folds_of(table, problem, messages_of(callbacks_))),
      examples_(table, problem, problem.train_rows, problem.architecture.outputs, Checked::no),
      held_weights_(weights_of(table, problem.options.weight_column)),
      held_out_(problem, kept(examples_, streamed), held_weights_.of(problem.train_rows),
                candidates_of(problem.options)) {
  examples_.set_weights(problem.weights.of(problem.train_rows));
}

template <class T>
Examples<T>& Bag<T>::kept(Examples<T>& examples, bool streamed) {
  if (!streamed) examples.keep();
  return examples;
}

template <class T>
std::string Bag<T>::name_of(std::size_t fold) const {
  return fmt::format("fold {} of {}", fold + 1, parted_.size());
}

template <class T>
void Bag<T>::say_folds() const {
  const Folds& folds = problem_.options.folds;
  messages_of(callbacks_)
      .note(fmt::format("bag: {}{} folds of {} rows, {}; each network is trained on the rows of the other folds{}",
                        folds.repeats > 1 ? fmt::format("{} times ", folds.repeats) : "", folds.parts,
                        problem_.train_rows.size(), parted_.how,
                        problem_.options.patience.value_or(0) > 0 ? ", and the epoch that does best on its own is kept"
                                                                  : ", to the last epoch"));
}

template <class T>
Examples<T> Bag<T>::held_in(std::size_t fold) const {
  Examples<T> held = examples_.part(parted_.held(fold));
  held.set_weights(held_weights_.of(rows_of(parted_.held(fold))));
  return held;
}

template <class T>
Rows Bag<T>::rows_of(std::vector<std::size_t> places) const {
  return problem_.train_rows.of(Rows(std::move(places)));
}

// Of every fold, before the first is trained for an hour.
template <class T>
void Bag<T>::require_monitored() const {
  if (problem_.options.monitor == Metric::loss) return;
  for (std::size_t fold = 0; fold < parted_.size(); ++fold) {
    Examples<T> held = held_in(fold);
    try {
      require_defined(problem_, beginning_.asked, held);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("fold {}: {}; or fewer folds", fold + 1, error.what()));
    }
  }
}

// What belongs to all folds: how far they are, and no sentence twice; models and checkpoints of the whole bag.
template <class T>
Callbacks Bag<T>::callbacks_of(std::size_t fold) {
  Callbacks own = callbacks_;
  own.part = {};
  const auto forwarded = [this, fold](const std::function<void(std::string_view)>& to) {
    return [this, fold, &to](std::string_view text) {
      if (said_.emplace(text).second && to) to(fmt::format("fold {}: {}", fold + 1, text));
    };
  };
  own.note = forwarded(callbacks_.note);
  own.warning = forwarded(callbacks_.warning);
  const auto of_all = [this, fold](const Progress& progress) {
    if (updates_of_each_ == 0) updates_of_each_ = progress.iterations;
    const double part = static_cast<double>(progress.iteration) / static_cast<double>(progress.iterations);
    const double done = static_cast<double>(fold) + part;
    return Progress{static_cast<std::int64_t>(done * static_cast<double>(updates_of_each_)),
                    static_cast<std::int64_t>(parted_.size()) * updates_of_each_, progress.cost,
                    done_.epochs + progress.epoch};
  };
  if (callbacks_.progress)
    own.progress = [this, of_all](const Progress& progress) { callbacks_.progress(of_all(progress)); };
  if (callbacks_.wants_checkpoint)
    own.wants_checkpoint = [this, of_all](const Progress& progress) {
      return callbacks_.wants_checkpoint(of_all(progress));
    };
  const auto with_fold = [fold](const auto& to) {
    return [fold, &to](auto report) {
      report.fold = fold + 1;
      to(report);
    };
  };
  if (callbacks_.cost) own.cost = with_fold(callbacks_.cost);
  if (callbacks_.epoch) own.epoch = with_fold(callbacks_.epoch);
  // Once it is asked to stop it stays so: a fold may have come to its end just then.
  if (callbacks_.stop) own.stop = [this] { return stopped_ = stopped_ || callbacks_.stop(); };
  if (callbacks_.model)
    own.model = [this, fold](const Model& running) {
      std::unique_ptr<Model::Data> model;
      try {
        model = networks_.empty() ? model_with(running.data(), fold) : model_of(networks_, told_);
        add_figures(*model);
        model->record.ended = "unfinished";
      } catch (const std::bad_alloc&) {
        messages_of(callbacks_).warning("no memory for a model of the folds so far; the training goes on");
        return;
      }
      callbacks_.model(Model(std::move(model)));
    };
  return own;
}

// Of the folds that a checkpoint says are done.
template <class T>
std::size_t Bag<T>::take_done(const Checkpoint::Data& from) {
  const Model::Data& model = from.model.data();
  const auto* const all = std::get_if<Networks<T>>(&model.networks);
  const std::vector<NetworkRecord>& told = model.record.networks;
  const auto members = static_cast<std::size_t>(problem_.options.members);
  if (all == nullptr || told.size() != all->size() || from.done.folds >= parted_.size() || told.size() < members)
    refuse_done();
  const std::size_t number = told.size() - members;  // of those that are done
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto fold = static_cast<std::size_t>(told[i].fold);
    const bool has_place = i < number ? fold >= 1 && fold <= from.done.folds : fold == from.done.folds + 1;
    if (!has_place || told[i].fold != told[i / members * members].fold ||
        told[i].member != static_cast<std::int64_t>(i % members + 1))
      refuse_done();
  }
  done_ = from.done;
  if (done_.length > 0) set_epochs(done_.length);
  for (std::size_t i = 0; i < number; ++i) {
    told_.push_back(told[i]);
    networks_.push_back((*all)[i]);
    if (i + 1 == number || told[i + 1].fold != told[i].fold) measure(static_cast<std::size_t>(told[i].fold - 1));
  }
  auto running = std::make_unique<Model::Data>(model);
  auto& own = std::get<Networks<T>>(running->networks);
  own.erase(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(number));
  running->shares = equal_shares(own.size());
  running->record.networks.assign(told.begin() + static_cast<std::ptrdiff_t>(number), told.end());
  for (const Parameters<T>& p : own) beginning_.starts.push_back({.theta = {p.theta().begin(), p.theta().end()}});
  running_.emplace(Checkpoint::Data{.model = Model(std::move(running)),
                                    .asked = from.asked,
                                    .open_length = from.open_length,
                                    .kernels = from.kernels,
                                    .fields = from.fields});
  return from.done.folds;
}

template <class T>
auto Bag<T>::train(std::size_t fold) -> Trained {
  const double begin = seconds();
  Problem problem = problem_;
  problem.train_rows = rows_of(parted_.others(fold));
  problem.validation_rows = rows_of(parted_.held(fold));
  problem.held_how = parted_.how;
  if (epochs_) problem.options.epochs = epochs_;
  Examples<T> held = held_in(fold), examples = examples_.part(parted_.others(fold));
  examples.set_weights(problem.weights.of(problem.train_rows), problem.weights.numbers_of(problem.train_rows));
  if (batch_size_of(problem.options, examples.m()) == examples.m()) examples.keep();
  TrainingRecord record = record_;
  record.rows = problem.train_rows.size();
  Beginning beginning{.at = beginning_.at,
                      .asked = beginning_.asked,
                      .open_length = beginning_.open_length,
                      .first_network = first_of(fold),
                      .trainings = fold == 0 ? parted_.size() : 0,
                      .reserve = reserve_,
                      .gives_first = fold > 0 && !running_,
                      .completes = [this, fold](Checkpoint::Data& made) {
                        made.model = Model(model_with(made.model.data(), fold));
                        made.done = done_;
                      }};
  if (running_) beginning.from = &*running_, beginning.starts = std::move(beginning_.starts);
  Unseen unseen = unseen_in(examples, held, problem.architecture);
  hide(unseen, problem_.architecture, held);
  const Callbacks own = callbacks_of(fold);
  Training<T> training(problem, std::move(record), std::move(examples), std::move(held), own, std::move(beginning));
  Fit fit = training.run();
  running_.reset();
  return {std::move(fit), std::move(unseen), training.divergence(), training.figures_seconds(), seconds() - begin};
}

template <class T>
auto Bag<T>::pass(std::size_t fold) -> std::optional<End> {
  try {
    return take(train(fold), fold);
  } catch (...) {
    if (caller_.threw()) throw;
    try {
      throw_as_error("to train this network");
    } catch (const Error& error) {
      std::string what = fmt::format("{}: {}", name_of(fold), error.what());
      if (networks_.empty()) throw Error(error.code(), what);
      return End{Ending::failed, std::move(what)};  // the folds that are done are not lost
    }
  }
}

template <class T>
std::vector<NetworkRecord> Bag<T>::records_of(const Model::Data& trained, std::size_t fold) const {
  const TrainingRecord& record = trained.record;
  std::vector<NetworkRecord> told = record.networks;
  if (told.empty())
    told.push_back({.seed = seed_of_network(problem_.options.seed, first_of(fold)),
                    .epochs = record.epochs,
                    .epochs_tried = record.epochs_tried});
  for (NetworkRecord& each : told) each.fold = static_cast<std::int64_t>(fold + 1), each.ended = record.ended;
  return told;
}

template <class T>
std::unique_ptr<Model::Data> Bag<T>::model_of(Networks<T> networks, std::vector<NetworkRecord> told) const {
  auto model = std::make_unique<Model::Data>();
  model->architecture = problem_.architecture;
  const Features& features = problem_;
  static_cast<Features&>(*model) = features;
  model->bf16 = problem_.options.precision == Precision::bf16;
  model->record = record_;
  TrainingRecord& record = model->record;
  record.iterations = done_.iterations;
  for (const NetworkRecord& each : told) {
    record.epochs = std::max(record.epochs, each.epochs);
    record.epochs_tried = std::max(record.epochs_tried, each.epochs_tried);
  }
  record.networks = std::move(told);
  model->shares = equal_shares(networks.size());
  model->networks = std::move(networks);
  return model;
}

template <class T>
std::unique_ptr<Model::Data> Bag<T>::model_with(const Model::Data& running, std::size_t fold) const {
  Networks<T> networks = networks_;
  std::ranges::copy(std::get<Networks<T>>(running.networks), std::back_inserter(networks));
  std::vector<NetworkRecord> told = told_;
  std::ranges::move(records_of(running, fold), std::back_inserter(told));
  auto model = model_of(std::move(networks), told);
  // As in the end, those of a fold that is not done count for nothing where others are.
  for (std::size_t j = 0; j < model->shares.size() && !networks_.empty(); ++j)
    model->shares[j] = j < networks_.size() ? 1 / static_cast<double>(networks_.size()) : kNothing;
  model->record = running.record;
  model->record.rows = problem_.train_rows.size();
  model->record.networks = std::move(told);
  return model;
}

template <class T>
void Bag<T>::measure(std::size_t fold) {
  Examples<T> held = held_in(fold);
  const std::vector<std::size_t> at = parted_.held(fold);
  const auto of_fold = [&](const NetworkRecord& each) { return each.fold == static_cast<std::int64_t>(fold + 1); };
  const auto first = static_cast<std::size_t>(std::ranges::find_if(told_, of_fold) - told_.begin());
  const std::span networks = std::span<const Parameters<T>>(networks_).subspan(first);
  const std::vector<double> shares = equal_shares(networks.size());
  Score<T> score(problem_.architecture, problem_.target, more_of(problem_));
  std::vector<T> outputs;
  std::vector<std::vector<T>> own_outputs;  // of each network, where they are selected among
  outputs.reserve(static_cast<std::size_t>(held.m() * problem_.architecture.outputs));
  with_kernels<T>(problem_.options, [&](const Kernels<T>& k) {
    for_each_output<T>({problem_.architecture, networks, shares}, held, kBatch, k,
                       [&](Index, View<const T> A, View<const T> Y, const double* w, double loss) {
                         score.add(A, Y, loss, w);
                         outputs.insert(outputs.end(), A.data, A.data + A.size());
                       });
    for (std::size_t i = 0; candidates_of(problem_.options) > 0 && i < networks.size(); ++i)
      for_each_output<T>(
          {problem_.architecture, networks.subspan(i, 1)}, held, kBatch, k,
          [&, &own = own_outputs.emplace_back()](Index, View<const T> A, View<const T>, const double*, double) {
            own.insert(own.end(), A.data, A.data + A.size());
          });
  });
  PartReport report{.part = fold + 1, .parts = parted_.size(), .rows = {}, .metrics = score.metrics()};
  for (const std::size_t i : at) report.rows.push_back(problem_.train_rows[i]);
  report.train_rows = problem_.train_rows.size() - at.size();
  for (const NetworkRecord& each : std::span(told_).subspan(first)) {
    report.epochs = std::max(report.epochs, each.epochs);
    report.epochs_tried = std::max(report.epochs_tried, each.epochs_tried);
    report.ending = ending_named(each.ended);
  }
  reports_.push_back(std::move(report));  // the last that may lack memory
  held_out_.add(at, outputs);
  for (std::size_t i = 0; i < own_outputs.size(); ++i)
    held_out_.add_candidate(fold / parted_.parts * networks.size() + i, at, own_outputs[i]);
  if (callbacks_.part) callbacks_.part(reports_.back());
}

template <class T>
auto Bag<T>::take(const Trained& trained, std::size_t fold) -> std::optional<End> {
  const Fit& fit = trained.fit;
  const TrainingRecord& record = fit.model.record();
  const bool diverged = fit.ending == Ending::diverged, has_best = record.epochs_tried > 0;
  const bool cut = fit.ending == Ending::interrupted || fit.ending == Ending::time_limit;
  const bool is_kept = cut ? networks_.empty() : !diverged || has_best;
  if (is_kept) {
    const Model::Data& model = fit.model.data();
    Networks<T> networks = std::get<Networks<T>>(model.networks);
    with_kernels<T>(problem_.options, [&](const Kernels<T>& k) {
      for (Parameters<T>& p : networks) settle(trained.unseen, problem_.architecture, k, p);
    });
    std::vector<NetworkRecord> told = records_of(model, fold);
    const std::size_t before = networks_.size();
    networks_.reserve(before + networks.size()), told_.reserve(before + told.size());  // or one of them would be longer
    std::ranges::move(networks, std::back_inserter(networks_));
    std::ranges::move(told, std::back_inserter(told_));
    try {
      measure(fold);
    } catch (...) {
      networks_.resize(before), told_.resize(before);
      throw;
    }
    done_.iterations = std::max(done_.iterations, record.iterations);
  }
  done_.updates += fit.iterations;
  if (cut)
    return End{fit.ending, fmt::format("{}: {}{}", name_of(fold), fit.explanation,
                                       is_kept ? "" : "; what it has is not in the model")};
  ++done_.folds;
  done_.epochs += fit.iterations / batches_of(problem_.options, static_cast<std::int64_t>(record.rows));
  if (diverged) {
    const Divergence& why = trained.divergence;
    const std::string text =
        fmt::format("{}: {}", name_of(fold),
                    has_best ? fit.explanation
                             : why.what + "It has no epoch that is known to be good, and is left out. " + why.advice);
    messages_of(callbacks_).warning(text);
    if (done_.diverged.empty()) done_.diverged = text;
  }
  if (problem_.options.time_limit > 0 && done_.folds < parted_.size()) fit_into_time(trained);
  return std::nullopt;
}

// In the record.
template <class T>
void Bag<T>::set_epochs(std::int64_t epochs) {
  std::ranges::find(record_.options, "epochs", &std::pair<std::string, std::string>::first)->second =
      std::to_string(epochs);
}

template <class T>
void Bag<T>::fit_into_time(const Trained& trained) {
  const TrainingRecord& record = trained.fit.model.record();
  if (!epochs_) {  // what the first was found to have time for
    const auto found = std::ranges::find(record.options, "epochs", &std::pair<std::string, std::string>::first);
    epochs_ = std::stoll(found->second);
    set_epochs(*epochs_);
  }
  const auto batches = batches_of(problem_.options, static_cast<std::int64_t>(record.rows));
  const double passes = static_cast<double>(trained.fit.iterations) / static_cast<double>(batches);
  const auto folds = static_cast<double>(parted_.size()), left = folds - static_cast<double>(done_.folds);
  reserve_ = trained.figures * (1 + folds);
  const double each = (problem_.options.time_limit - seconds() - trained.figures * folds) / left - trained.figures;
  const double fit = each * passes / std::max(trained.seconds - trained.figures, 1e-9);
  if (fit >= static_cast<double>(*epochs_)) return;
  if (done_.length == 0) done_.length = *epochs_;
  epochs_ = std::max(std::int64_t{1}, static_cast<std::int64_t>(fit));
  messages_of(callbacks_)
      .note(fmt::format(
          "fold {} and the next have time for {} epoch{} each, so that no option repeats this bag without a "
          "clock",
          done_.folds + 1, *epochs_, *epochs_ == 1 ? "" : "s"));
}

// Of all rows; and of what is said of each row by the networks that were not trained on it.
template <class T>
void Bag<T>::add_figures(Model::Data& model) {
  const auto& networks = std::get<Networks<T>>(model.networks);
  const Architecture& net = problem_.architecture;
  Score<T> train(net, problem_.target, more_of(problem_));
  TrainingRecord& record = model.record;
  with_kernels<T>(problem_.options, [&](const Kernels<T>& k) {
    for_each_output<T>(
        {net, networks, model.shares, model.temperature}, examples_, kBatch, k,
        [&](Index, View<const T> A, View<const T> Y, const double* w, double loss) { train.add(A, Y, loss, w); });
    record.train = train.metrics();
    record.cost = 0;
    for (std::size_t j = 0; j < networks.size(); ++j)
      record.cost += (model.shares.empty() ? 1 : model.shares[j]) *
                     with_penalty(record.train.loss, networks[j], examples_.weight(), problem_.options.l2, k);
  });
  if (!reports_.empty() && !held_out_.empty()) record.out_of_fold = held_out_.figures();
  record.validation.reset();
  record.curves = {};
}

// Since the beginning, with the reading.
template <class T>
double Bag<T>::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - beginning_.at).count();
}

// What is trained is not lost for what comes after it. Says whether the memory was enough.
template <class T>
template <class Act>
bool Bag<T>::unless_memory_lacks(std::string_view purpose, const Act& act) {
  try {
    act();
    return true;
  } catch (const std::bad_alloc&) {
    if (caller_.threw()) throw;
  } catch (const Error& error) {
    if (caller_.threw() || error.code() != ErrorCode::memory) throw;
  }
  messages_of(callbacks_).warning(fmt::format("there is not enough memory {}", purpose));
  return false;
}

template <class T>
Fit Bag<T>::run() {
  const auto start = std::chrono::steady_clock::now();
  say_folds();
  require_monitored();
  std::optional<End> end;
  for (std::size_t fold = beginning_.from != nullptr ? take_done(*beginning_.from) : 0; fold < parted_.size() && !end;
       ++fold)
    end = pass(fold);
  if (networks_.empty()) throw Error(ErrorCode::value, fmt::format("{}\nNo fold is left.", done_.diverged));
  if (!end) end = End{done_.diverged.empty() ? Ending::done : Ending::diverged, done_.diverged};
  auto model = model_of(std::move(networks_), std::move(told_));
  model->record.ended = name(end->ending);
  unless_memory_lacks("to select and to calibrate; what is not done is left",
                      [&] { weigh(problem_, parted_.parts, held_out_, messages_of(callbacks_), *model); });
  if (!unless_memory_lacks("for figures out of fold", [&] { add_figures(*model); })) {
    held_out_.clear();
    add_figures(*model);
  }
  const Plan<T> plan{{model->architecture, std::get<Networks<T>>(model->networks)}, model->precision(), *model};
  std::optional<OutOfFold> said;
  if (!held_out_.empty())
    unless_memory_lacks("for predictions out of fold", [&] { said = held_out_.told(table_, plan); });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {.model = Model(std::move(model)),
          .ending = end->ending,
          .explanation = std::move(end->explanation),
          .iterations = done_.updates,
          .seconds = seconds.count(),
          .folds = parted_.size(),
          .parts = std::move(reports_),
          .out_of_fold = std::move(said)};
}

template class Bag<float>;
template class Bag<double>;

}  // namespace strata::internal
