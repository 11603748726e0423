// The rule that turns a gradient into a step: flat vectors in, no idea what a layer is.
#pragma once

#include <cstddef>
#include <span>

#include "base/aligned.hpp"
#include "config/blocks.hpp"
#include "kernels/kernels.hpp"
#include "strata/options.hpp"

namespace strata {

template <class T>
class Optimizer {
 public:
  /// For `size` parameters.
  Optimizer(const TrainingOptions& options, std::size_t size);

  /// θ ← θ − step(dθ).
  void update(std::span<T> theta, std::span<const T> d, const Kernels<T>& k);

  /// The same block by block: the rule of the next step, for every block once, and a block of θ with what the rule
  /// remembers of it and the penalty c of its gradient.
  [[nodiscard]] const UpdateRule& next_step() noexcept;
  [[nodiscard]] Trained<T> trained(const ParameterBlock& block, View<T> theta, double penalty) noexcept;

 private:
  UpdateRule rule_;
  AlignedVector<T> first_, second_;  // momentum: v; Adam: m and v
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace strata
