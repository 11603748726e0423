// When the threads are called: never for a small net, and for a large one they are.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "network/step.hpp"
#include "optim/optimizer.hpp"

namespace strata {
namespace {

Architecture net_of(int inputs, std::vector<int> hidden, int outputs, Loss loss) {
  Architecture net{inputs, {}, outputs, loss};
  for (const int units : hidden) net.hidden.push_back({units, Activation::relu});
  return net;
}

/// How often a step and an update call the threads of a pool of four.
template <class T>
std::uint64_t rounds_of_a_step(const Architecture& net, Index batch, OptimizerKind optimizer) {
  ThreadPool pool(4);
  const auto kernels = make_kernels<T>(available_kernels().front().name, pool);
  std::vector<T> X(static_cast<std::size_t>(net.inputs * batch), T(0.5)),
      Y(static_cast<std::size_t>(net.outputs * batch));
  for (Index j = 0; j < batch; ++j) Y[static_cast<std::size_t>(j * net.outputs)] = 1;
  Parameters<T> p(net), gradient(net);
  for (T& value : p.theta()) value = T(0.01);
  Workspace<T> ws(net, batch, Keep::backward);
  Options options;
  options.optimizer = optimizer;
  Optimizer<T> rule(options, p.theta().size());
  const Batch<T> all{View<T>(X.data(), net.inputs, batch), View<const T>(Y.data(), net.outputs, batch)};
  static_cast<void>(train_step(net, p, all, 0.1, ws, *kernels, gradient));
  rule.update(p.theta(), std::as_const(gradient).theta(), *kernels);
  return pool.rounds();
}

constexpr OptimizerKind kOptimizers[] = {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::adam};

TEST(Threads, SmallNetsNeverCallThem) {
  for (const OptimizerKind optimizer : kOptimizers) {
    const Architecture a = net_of(30, {64, 32}, 1, Loss::binary_cross_entropy);
    const Architecture b = net_of(64, {128, 64}, 10, Loss::categorical_cross_entropy);
    for (const Architecture& net : {a, b}) {
      EXPECT_EQ(rounds_of_a_step<float>(net, 32, optimizer), 0U);
      EXPECT_EQ(rounds_of_a_step<double>(net, 32, optimizer), 0U);
    }
  }
}

TEST(Threads, LargeNetsDo) {
  const Architecture net = net_of(512, {512}, 512, Loss::squared_error);
  for (const OptimizerKind optimizer : kOptimizers) {
    EXPECT_GT(rounds_of_a_step<float>(net, 512, optimizer), 0U);
    EXPECT_GT(rounds_of_a_step<double>(net, 512, optimizer), 0U);
  }
}

}  // namespace
}  // namespace strata
