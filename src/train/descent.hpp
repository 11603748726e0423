// The steps of a training, one after the other, and the way back when one goes wrong
// (docs/decisions/0006-divergence.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "network/step.hpp"
#include "strata/options.hpp"
#include "train/initial.hpp"
#include "train/loader.hpp"
#include "train/state.hpp"

namespace strata::internal {

template <class T>
class Descent {
 public:
  /// The first three are borrowed. `start`: as for initial_parameters.
  Descent(const Architecture& net, const Options& options, Examples<T>& examples, const Start& start);

  /// How many updates the schedules are spread over.
  void plan(std::int64_t steps) noexcept { planned_ = steps; }

  /// The next step. `exactly`: its cost has the L2 of the weights that it began with, and every number of it is looked
  /// at; else the update may be done with it. False: something is not finite; diverge() comes next.
  [[nodiscard]] bool step(bool exactly);
  /// J of the step. Where it was not taken exactly, what L2 adds to it is of weights a few updates old.
  [[nodiscard]] double cost() const noexcept { return cost_; }
  /// The update that belongs to the step.
  void update();

  /// Keeps the weights as they are now: those of the best epoch so far. Where there are any, they are what is left in
  /// the end, however it comes.
  void keep_best();
  /// The weights that would be left if the training ended now, and the updates that made them.
  [[nodiscard]] const Parameters<T>& kept_weights() const noexcept { return best_ ? best_->p : now_.p; }
  [[nodiscard]] std::int64_t kept_iteration() const noexcept { return best_ ? best_->iteration : now_.iteration; }

  /// Back to before the step that went wrong, at the latest the last one or (with the loss of the weights after it) its
  /// update. Says which it was, and why.
  [[nodiscard]] std::string diverge(std::optional<double> final_loss = {});
  [[nodiscard]] bool weights_finite() const;

  [[nodiscard]] const TrainingState<T>& state() const noexcept { return now_; }
  [[nodiscard]] Parameters<T> take_weights() { return best_ ? std::move(best_->p) : std::move(now_.p); }
  [[nodiscard]] const Loader<T>& loader() const noexcept { return loader_; }
  [[nodiscard]] const Kernels<T>& kernels() const noexcept { return *kernels_; }
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
  /// Takes steps for about so long, at least one, and undoes them: gives what one takes, in seconds.
  [[nodiscard]] double rehearse(double seconds);

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
  double find_first_bad(std::int64_t& iteration);
  void rewind(std::int64_t iteration);
  [[nodiscard]] double sum_of_squares() const;

  const Architecture& net_;
  const Options& options_;
  Examples<T>& examples_;
  ThreadPool pool_;
  std::unique_ptr<Kernels<T>> kernels_;
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
  bool updated_ = false;  // with the last step
};

extern template class Descent<float>;
extern template class Descent<double>;

}  // namespace strata::internal
