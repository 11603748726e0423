// The steps of a training, one after the other, and the way back when one goes wrong
// (docs/decisions/0006-divergence.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "network/step.hpp"
#include "strata/matrix.hpp"
#include "strata/options.hpp"
#include "train/loader.hpp"
#include "train/state.hpp"

namespace strata::internal {

template <class T>
class Descent {
 public:
  /// All three are borrowed. `initial`: as for initial_parameters.
  Descent(const Architecture& net, const Options& options, Examples<T>& examples, const std::vector<Layer>& initial);

  /// The next step. `exactly`: its cost has the L2 of the weights that it began with, and every number of it is looked
  /// at; else the update may be done with it. False: something is not finite; diverge() comes next.
  [[nodiscard]] bool step(bool exactly);
  /// J of the step. Where it was not taken exactly, what L2 adds to it is of weights a few updates old.
  [[nodiscard]] double cost() const noexcept { return cost_; }
  /// The update that belongs to the step.
  void update();

  /// Back to before the step that went wrong, at the latest the last one or (with the loss of the weights after it) its
  /// update. Says which it was, and why.
  [[nodiscard]] std::string diverge(std::optional<double> final_loss = {});
  [[nodiscard]] bool weights_finite() const;

  [[nodiscard]] const TrainingState<T>& state() const noexcept { return now_; }
  [[nodiscard]] Parameters<T>& weights() noexcept { return now_.p; }
  [[nodiscard]] const Loader<T>& loader() const noexcept { return loader_; }
  [[nodiscard]] const Kernels<T>& kernels() const noexcept { return *kernels_; }
  /// The mean cost of the batches of the epoch that ends with the last step, which was taken exactly.
  [[nodiscard]] double epoch_cost();

 private:
  [[nodiscard]] double exact_step(Batch<T> batch);
  [[nodiscard]] double step_and_update(Batch<T> batch);
  void apply_gradient();
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
  Parameters<T> gradient_;
  Workspace<T> ws_;
  std::int64_t keep_every_;
  double cost_ = 0;
  bool updated_ = false;  // with the last step
};

extern template class Descent<float>;
extern template class Descent<double>;

}  // namespace strata::internal
