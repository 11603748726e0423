// The update rules by their names, for kernels and for the functions behind them: on spans, without L2.
#pragma once

#include <span>

#include "kernels/kernels.hpp"

namespace strata::testing {
using namespace internal;

/// The numbers of a span as a block of θ.
template <class T>
Trained<T> trained(std::span<T> theta, T* first = nullptr, T* second = nullptr, double decay = 0) {
  return {View<T>(theta.data(), static_cast<Index>(theta.size()), 1), first, second, 0, decay};
}

template <class Updates, class T>
void update_gradient_descent(const Updates& by, std::span<T> theta, std::span<const T> d, double alpha) {
  by.update({OptimizerKind::gradient_descent, 0, {alpha, 0, 0, 0, 0}}, trained(theta), d.data());
}
template <class Updates, class T>
void update_momentum(const Updates& by, std::span<T> theta, std::span<const T> d, std::span<T> v, double alpha,
                     double beta, double decay = 0) {
  by.update({OptimizerKind::momentum, beta, {alpha, 0, 0, 0, 0}}, trained<T>(theta, v.data(), nullptr, decay),
            d.data());
}
template <class Updates, class T>
void update_nesterov(const Updates& by, std::span<T> theta, std::span<const T> d, std::span<T> v, double alpha,
                     double beta, double decay = 0) {
  by.update({OptimizerKind::nesterov, beta, {alpha, 0, 0, 0, 0}}, trained<T>(theta, v.data(), nullptr, decay),
            d.data());
}
template <class Updates, class T>
void update_adam(const Updates& by, std::span<T> theta, std::span<const T> d, std::span<T> m, std::span<T> v,
                 AdamStep step, double decay = 0) {
  by.update({OptimizerKind::adam, 0, step}, trained(theta, m.data(), v.data(), decay), d.data());
}

}  // namespace strata::testing
