// The element-wise functions of src/kernels/cpu as plain functions, one table for every instruction set that was
// compiled and that this processor has.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/view.hpp"
#include "kernels/kernels.hpp"

namespace strata::testing {
using namespace internal;

enum class VectorMath {
  exp,
  exp_nonpositive,
  expm1_nonpositive,
  tanh,
  sigmoid,
  softplus,
  log1p_fraction,
  normal_cdf,
  sin,
  cos
};
inline constexpr VectorMath kAllVectorMath[] = {VectorMath::exp,
                                                VectorMath::exp_nonpositive,
                                                VectorMath::expm1_nonpositive,
                                                VectorMath::tanh,
                                                VectorMath::sigmoid,
                                                VectorMath::softplus,
                                                VectorMath::log1p_fraction,
                                                VectorMath::normal_cdf,
                                                VectorMath::sin,
                                                VectorMath::cos};

template <class T>
struct VectorFunctions {
  void (*map)(VectorMath f, std::span<const T> x, std::span<T> y);
  void (*log_above_one)(std::span<const double> x, std::span<double> y);
  void (*derivative)(Activation g, std::span<const T> z, std::span<const T> a, std::span<T> slope);
  void (*activation_forward)(Activation g, View<const T> Z, View<T> A);
  void (*activation_backward)(Activation g, View<const T> dA, View<const T> Z, View<const T> A, View<T> dZ);
  void (*head_forward)(Head head, View<const T> Z, View<T> A);
  double (*loss_head)(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ);
  void (*add_scaled)(double c, View<const T> X, View<T> Y);
  double (*sum_of_squares)(View<const T> X);
  void (*update)(const UpdateRule& rule, const Trained<T>& block, const T* d);
};

template <class T>
struct VectorTarget {
  std::string name;
  VectorFunctions<T> functions;
};

template <class T>
const std::vector<VectorTarget<T>>& vector_targets();

}  // namespace strata::testing
