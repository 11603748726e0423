// One training, from the examples to the final weights: the loop, who looks on, and what is left in the end.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "features/examples.hpp"
#include "model/model_data.hpp"
#include "strata/trainer.hpp"
#include "train/callbacks.hpp"
#include "train/checkpoint.hpp"
#include "train/descents.hpp"
#include "train/early_stopping.hpp"
#include "train/fingerprint.hpp"
#include "train/history.hpp"
#include "train/observer.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

/// Updates in all. Throws Error(usage) when they cannot be counted.
[[nodiscard]] std::int64_t iterations_of(const Options& options, std::int64_t batches_per_epoch);

/// How a training begins, or goes on.
struct Beginning {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();  // what a limit of time counts from
  Options asked = {};                                                           // before anything was decided
  bool open_length = false;                                                     // see Checkpoint::Data
  std::vector<Start> starts = {};          // of each network; empty: as the options say
  std::size_t first_network = 0;           // of all those of the model, whose seeds follow from their numbers
  const Checkpoint::Data* from = nullptr;  // borrowed
  bool own_start = false;                  // `start` is the caller's
  const Model* continues = nullptr;        // borrowed: whose features and network stay
  std::size_t trainings = 1;               // that a limit of time is for, all of one length; 0: the length is known
  double reserve = 0;        // of that limit, where the length is known: seconds that all figures of the end take
  bool gives_first = false;  // a checkpoint before the first step
  std::function<void(Checkpoint::Data&)> completes = {};  // makes of a checkpoint that of a bag
};

template <class T>
class Training {
 public:
  /// `examples` are those of the problem's rows, `validation` what is held back (none: empty). `record`: all of it that
  /// is known before the first step. `callbacks` is borrowed.
  Training(Problem problem, TrainingRecord record, Examples<T> examples, Examples<T> validation,
           const Callbacks& callbacks, Beginning beginning);

  [[nodiscard]] Fit run();
  /// Of a run that is over: why it diverged, if so, and how many seconds the figures of its end took.
  [[nodiscard]] const Divergence& divergence() const noexcept { return divergence_; }
  [[nodiscard]] double figures_seconds() const noexcept { return figures_seconds_; }

  /// All that decides how it goes on, beside the problem and the examples.
  template <class Visit>
  void fields(const Visit& visit) {
    visit("descent", descents_), visit("stopping", stopping_), visit("plateau", plateau_), visit("trend", trend_);
    visit("history", history_);
  }

 private:
  void go_on(const Checkpoint::Data& from, std::int64_t iterations);
  void fix_length();
  [[nodiscard]] double seconds() const;
  [[nodiscard]] bool out_of_time() const;
  [[nodiscard]] std::optional<Ending> loop(std::int64_t iterations);
  void give_checkpoint(std::int64_t iterations);
  [[nodiscard]] std::vector<Observer> observers(std::int64_t report_every);
  void give_model();
  /// Measures after an epoch, and sees whether it is the best.
  void look_at(EpochReport& report);
  [[nodiscard]] std::string explain(Ending ending, std::int64_t iterations) const;
  void say_batches() const;
  void say_length();
  void say_if_undefined();
  void say_if_worse(const Metrics& before, const TrainingRecord& record);
  [[nodiscard]] bool validates() const noexcept { return validation_.m() > 0; }
  /// Why no more is to be hoped for, if so.
  [[nodiscard]] std::optional<Ending> gives_up() const noexcept {
    if (stops_early() && stopping_.gives_up()) return Ending::early_stopping;
    return plateau_.gives_up() ? std::optional(Ending::tolerance) : std::nullopt;
  }
  [[nodiscard]] bool stops_early() const noexcept { return problem_.options.patience.value_or(0) > 0; }
  /// Is something measured after each epoch?
  [[nodiscard]] bool measures() const noexcept { return validates() || !problem_.options.metrics.empty(); }
  [[nodiscard]] Metrics metrics_of(Examples<T>& examples, const Networks<T>& networks);
  [[nodiscard]] std::unique_ptr<Model::Data> model_without_figures(std::string_view ended) const;
  [[nodiscard]] std::unique_ptr<Model::Data> model_of(const Metrics& train, std::string_view ended);

  Problem problem_;
  TrainingRecord record_;
  Examples<T> examples_, validation_;
  const Callbacks& callbacks_;
  Beginning beginning_;
  Descents<T> descents_;
  std::vector<Metric> more_;                       // measured beside the usual
  std::array<std::vector<double>, 2> deviations_;  // of the numbers to predict; of the examples, of those held back
  EarlyStopping stopping_;
  Plateau plateau_;
  CostTrend trend_;
  History history_;
  double last_figures_ = 0;     // seconds that those of the end take, where time is limited
  double figures_seconds_ = 0;  // what they took
  Divergence divergence_;
  std::optional<Fingerprint> data_, held_;  // once a checkpoint needs them
};

extern template class Training<float>;
extern template class Training<double>;

}  // namespace strata::internal
