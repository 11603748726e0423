// The rule that turns a gradient into a step: flat vectors in, no idea what a layer is.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/kernels.hpp"
#include "strata/options.hpp"

namespace strata {

template <class T>
class Optimizer {
 public:
  /// For `size` parameters, by options.optimizer, learning_rate, momentum, beta1, beta2 and epsilon.
  Optimizer(const Options& options, std::size_t size);
  /// θ ← θ − step(dθ).
  void update(std::span<T> theta, std::span<const T> d, const Kernels<T>& k);

 private:
  OptimizerKind kind_;
  double momentum_;
  AdamStep step_;
  std::vector<T> first_, second_;  // momentum: v; Adam: m and v
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace strata
