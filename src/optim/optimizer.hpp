// The rule that turns a gradient into a step: flat vectors in, no idea what a layer is.
#pragma once

#include <cstddef>
#include <span>

#include "base/aligned.hpp"
#include "config/blocks.hpp"
#include "kernels/kernels.hpp"
#include "strata/options.hpp"

namespace strata::internal {

template <class T>
class Optimizer {
 public:
  /// For `size` parameters.
  Optimizer(const TrainingOptions& options, std::size_t size);

  /// θ ← θ − step(dθ), block by block.
  void update(std::span<const ParameterBlock> blocks, std::span<T> theta, std::span<const T> d, const Kernels<T>& k);

  /// The same by whoever has the gradients: the rule of the next step, for every block once, and a block of θ with what
  /// the rule remembers of it, its decay and the penalty c of its gradient.
  [[nodiscard]] const UpdateRule& next_step() noexcept;
  [[nodiscard]] Trained<T> trained(const ParameterBlock& block, View<T> theta, double penalty) noexcept;

 private:
  UpdateRule rule_;
  double weight_decay_;              // λ
  AlignedVector<T> first_, second_;  // momentum: v; Adam: m and v
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace strata::internal
