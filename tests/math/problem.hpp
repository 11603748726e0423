// Small networks with data, and two answers that owe nothing to step.cpp: the equations as plain loops in long double,
// and central differences of the cost.
#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "math/formulas.hpp"
#include "network/parameters.hpp"
#include "network/step.hpp"
#include "network/workspace.hpp"
#include "strata/architecture.hpp"

namespace strata::testing {
using namespace internal;

template <class T>
struct Problem {
  Architecture net;
  Parameters<T> p;
  std::vector<T> X, Y;  // (n_x, m), (n_y, m), example after example
  Index m = 0;
  std::vector<double> w{};  // (m); empty: 1 each

  [[nodiscard]] Batch<T> batch() { return batch(0, m); }
  [[nodiscard]] Batch<T> batch(Index begin, Index count) {
    return {View<T>(X.data() + begin * net.inputs, net.inputs, count),
            View<const T>(Y.data() + begin * net.outputs, net.outputs, count),
            {},
            w.empty() ? nullptr : w.data() + begin,
            w.empty() ? 0 : std::accumulate(w.begin() + begin, w.begin() + begin + count, 0.0)};
  }
};

/// Normal weights × `weight`/√n_prev, biases that are not zero (a forgotten bias must be seen), normal inputs, and
/// targets that fit the loss. A function of `seed`.
[[nodiscard]] Problem<double> make_problem(const Architecture& net, Index m, std::uint64_t seed, double weight = 1.5);

template <class T>
[[nodiscard]] Problem<T> converted(const Problem<double>& from);

/// Every loss with parameters of every kind, for three outputs.
struct TestedLoss {
  Loss loss;
  LossParameters parameters{};
};
[[nodiscard]] const std::vector<TestedLoss>& tested_losses();

/// The same with weights of the examples, from 0.25 to 4.
[[nodiscard]] Problem<double> make_weighted(const Architecture& net, Index m, std::uint64_t seed, double weight = 1.5);

/// "relu 6, tanh 4 → softmax 3".
[[nodiscard]] std::string describe(const Architecture& net);

/// What the equations give, in long double.
struct Plain {
  Real cost = 0;
  std::vector<Real> gradient;         // as θ lies: the stage, W[1] column by column, b[1], …
  std::vector<std::vector<Real>> AL;  // of each example
};
[[nodiscard]] Plain plain_step(const Architecture& net, const std::vector<Real>& theta, const std::vector<Real>& X,
                               const std::vector<Real>& Y, Real lambda, const std::vector<double>& w = {});
[[nodiscard]] Plain plain_step(const Problem<double>& problem, double lambda);

using CostFunction = std::function<double(const Architecture&, const Parameters<double>&, Batch<double>, double,
                                          Workspace<double>&, const Kernels<double>&)>;

/// A block of θ held against central differences, ε = 1e-5.
struct BlockDifference {
  std::string block;                     // "W[1]"
  std::size_t compared = 0, kinked = 0;  // kinked: ±ε takes a Z[l] over the kink of its g
  double largest_gradient = 0, largest_error = 0;
  [[nodiscard]] double relative() const {
    return largest_gradient > 0 ? largest_error / largest_gradient : largest_error;
  }
};
[[nodiscard]] std::vector<BlockDifference> compare_with_differences(Problem<double>& problem, double lambda,
                                                                    const Parameters<double>& gradient,
                                                                    const CostFunction& cost,
                                                                    const Kernels<double>& kernels);

}  // namespace strata::testing
