// The steps of one network's training, one after the other, and the way back when one goes wrong
// (docs/decisions/0006-divergence.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "kernels/kernels.hpp"
#include "network/step.hpp"
#include "strata/options.hpp"
#include "train/loader.hpp"
#include "train/state.hpp"

namespace strata::internal {

template <class T>
class Descent {
 public:
  /// From `p`, with the batches of this seed. All but these are borrowed.
  Descent(const Architecture& net, const Options& options, Examples<T>& examples, const Kernels<T>& kernels,
          Parameters<T> p, std::uint64_t seed);

  /// How many updates the schedules are spread over.
  void plan(std::int64_t steps) noexcept { planned_ = steps; }

  /// The next step. `exactly`: its cost has the L2 of the weights that it began with, and every number of it is looked
  /// at; else the update may be done with it. False: something is not finite, and no update may follow.
  [[nodiscard]] bool step(bool exactly);
  /// J of the step. Where it was not taken exactly, what L2 adds to it is of weights a few updates old.
  [[nodiscard]] double cost() const noexcept { return cost_; }
  /// The update that belongs to the step.
  void update();
  /// Was it done with the step, so that update() only counts it?
  [[nodiscard]] bool updated() const noexcept { return updated_; }

  /// Keeps the weights as they are now: those of the best epoch so far. Where there are any, they are what is left in
  /// the end, however it comes.
  void keep_best();
  /// The weights that would be left if the training ended now, and the updates that made them.
  [[nodiscard]] Parameters<T>& kept_weights() noexcept { return best_ ? best_->p : now_.p; }
  [[nodiscard]] std::int64_t kept_iteration() const noexcept { return best_ ? best_->iteration : now_.iteration; }

  /// A step that went wrong.
  struct Fault {
    std::int64_t iteration = 0;
    double cost = 0;
    bool found = false;  // no: nothing is wrong with it, which is the last that was looked at
  };
  /// Takes the steps since the last snapshot once more, with the same bits, looking at every number, up to that of this
  /// iteration. first_not_finite() is about what is found; back_to() comes next.
  [[nodiscard]] Fault find_fault(std::int64_t last);
  [[nodiscard]] std::string first_not_finite() const;
  /// To the weights before an update since the last snapshot.
  void back_to(std::int64_t iteration);
  [[nodiscard]] std::int64_t snapshot_iteration() const noexcept { return kept_.iteration; }
  [[nodiscard]] bool weights_finite() const;

  [[nodiscard]] std::int64_t iteration() const noexcept { return now_.iteration; }
  [[nodiscard]] bool has_best() const noexcept { return best_.has_value(); }
  [[nodiscard]] Parameters<T>& weights() noexcept { return now_.p; }
  [[nodiscard]] const Loader<T>& loader() const noexcept { return loader_; }
  /// What decides how it goes on, beside kept_weights(), which the initial weights are when these are read. What is
  /// kept to go back to is there as a whole; the steps since then give the rest.
  template <class Visit>
  void fields(const Visit& visit) {
    int has_best = best_ ? 1 : 0;
    visit("has_best", has_best);
    if (has_best > 0 && !best_) best_ = Best{0, now_.p};
    if (best_) visit("best", best_->iteration);
    visit("kept", kept_);
    now_.counts(visit);
  }
  /// After these were read: takes the steps since then. False: they are of no training that could be.
  [[nodiscard]] bool go_on();
  /// What undoes the steps after it.
  using Before = std::array<TrainingState<T>, 2>;
  [[nodiscard]] Before before() const { return {now_, kept_}; }
  void undo(Before before);

  /// The mean cost of the batches of the epoch that ends with the last step, which was taken exactly.
  [[nodiscard]] double epoch_cost();
  /// The same without what L2 adds to it, which is a sum of samples.
  [[nodiscard]] double epoch_loss() const noexcept { return now_.epoch_loss / loader_.epoch_weight(); }

 private:
  [[nodiscard]] StepFactors factors(std::int64_t step) const noexcept { return factors_of(options_, step, planned_); }
  [[nodiscard]] Batch<T> batch_of(std::int64_t step);
  [[nodiscard]] double exact_step(Batch<T> batch);
  [[nodiscard]] double step_and_update(Batch<T> batch);
  void apply_gradient(std::int64_t step);
  [[nodiscard]] bool good(double cost) const;
  void restore();
  [[nodiscard]] double sum_of_squares() const;

  const Architecture& net_;
  const Options& options_;
  const Kernels<T>& kernels_;
  Loader<T> loader_;
  TrainingState<T> now_, kept_;  // kept: before a step that is known to be good
  struct Best {
    std::int64_t iteration;
    Parameters<T> p;
  };
  std::optional<Best> best_;
  Parameters<T> gradient_;
  Workspace<T> ws_;
  std::int64_t keep_every_, planned_ = 0;
  double cost_ = 0;
  double loss_ = 0;       // of its examples, as it is told: mean × Σ w
  bool keeps_ = false;    // is the last step one that is gone back to?
  bool updated_ = false;  // with the last step
};

extern template class Descent<float>;
extern template class Descent<double>;

}  // namespace strata::internal
