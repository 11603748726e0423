// Small networks with random numbers, for the tests of the tools.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "network/parameters.hpp"
#include "network/step.hpp"
#include "strata/architecture.hpp"

namespace strata::testing {
using namespace internal;

/// A network, parameters that are nowhere zero, and m examples with their targets.
struct Case {
  Architecture net;
  Parameters<double> p;
  std::vector<double> X, Y;
  Index m;

  Case(Architecture architecture, Index examples, std::uint32_t seed = 1, double spread = 1)
      : net(std::move(architecture)), p(net), m(examples) {
    std::mt19937 engine(seed);
    std::normal_distribution<double> normal;
    for (int l = 1; l <= net.depth(); ++l) {
      for (double& w : matrix(p.W[l])) w = normal(engine) * spread / std::sqrt(net.units(l - 1));
      for (double& b : matrix(p.b[l])) b = normal(engine) * 0.3;
    }
    X.resize(static_cast<std::size_t>(net.inputs * m));
    for (double& x : X) x = normal(engine);
    Y.resize(static_cast<std::size_t>(net.outputs * m));
    for (Index j = 0; j < m; ++j) {
      double* y = Y.data() + j * net.outputs;
      switch (net.head()) {
        case Head::sigmoid:
          for (int i = 0; i < net.outputs; ++i) y[i] = static_cast<double>(engine() % 2);
          break;
        case Head::softmax: y[engine() % static_cast<unsigned>(net.outputs)] = 1; break;
        case Head::identity:
          for (int i = 0; i < net.outputs; ++i) y[i] = normal(engine);
          break;
      }
    }
  }

  static std::span<double> matrix(View<double> M) { return {M.data, static_cast<std::size_t>(M.size())}; }
  Batch<double> batch() {
    return {View<double>(X.data(), net.inputs, m), View<const double>(Y.data(), net.outputs, m)};
  }
};

inline Architecture architecture(int inputs, std::vector<LayerSpec> hidden, Loss loss) {
  return {inputs, std::move(hidden),
          loss == Loss::categorical_cross_entropy ? 3
          : loss == Loss::squared_error           ? 2
                                                  : 1,
          loss};
}

inline Parameters<double> gradient_of(Case& c, double lambda, const Kernels<double>& k) {
  Parameters<double> gradient(c.net);
  Workspace<double> ws(c.net, c.m, Keep::backward);
  static_cast<void>(train_step(c.net, c.p, c.batch(), lambda, ws, k, gradient));
  return gradient;
}

inline constexpr Loss kLosses[] = {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error};

}  // namespace strata::testing
