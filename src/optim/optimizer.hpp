// The rule that turns a gradient into a step: flat vectors in, no idea what a layer is.
#pragma once

#include <cstddef>
#include <span>

#include "base/aligned.hpp"
#include "config/blocks.hpp"
#include "kernels/kernels.hpp"
#include "optim/schedule.hpp"
#include "strata/options.hpp"

namespace strata::internal {

template <class T>
class Optimizer {
 public:
  /// For `size` parameters.
  Optimizer(const TrainingOptions& options, std::size_t size);

  /// θ ← θ − step(dθ), block by block, of a gradient that is clipped first. `at`: what the schedules say of this step.
  void update(std::span<const ParameterBlock> blocks, std::span<T> theta, std::span<const T> d, const Kernels<T>& k,
              const StepFactors& at = {});
  /// Does it look at all of a gradient before it uses any of it?
  [[nodiscard]] bool clips() const noexcept { return clip_norm_ > 0; }

  /// The same by whoever has the gradients: the rule of the next step, for every block once, and a block of θ with what
  /// the rule remembers of it, its decay and the penalty c of its gradient.
  [[nodiscard]] const UpdateRule& next_step(const StepFactors& at) noexcept;
  [[nodiscard]] Trained<T> trained(const ParameterBlock& block, View<T> theta, double penalty) noexcept;

  /// What it remembers; the numbers of a step follow from its count.
  template <class Visit>
  void fields(const Visit& visit) {
    visit("steps", rule_.step.t), visit("first", std::span(first_)), visit("second", std::span(second_));
  }

 private:
  UpdateRule rule_;
  double rate_, clip_norm_;
  PerKind factor_, decay_;  // of the rate; λ
  Parametrization parametrization_;
  double decay_now_ = 1;             // what λ is multiplied by in this step
  AlignedVector<T> first_, second_;  // momentum: v; Adam: m and v
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace strata::internal
