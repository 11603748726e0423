// When the threads are called: never for a small net, and for a large one they are; and a large net's training step has
// the same bits for any number of them.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "kernels/support.hpp"
#include "network/step.hpp"
#include "optim/optimizer.hpp"
#include "train/update_at_once.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::kSlowBuild;
using testing::same_bits;
using testing::Scalars;

Architecture net_of(int inputs, std::vector<int> hidden, int outputs, Loss loss) {
  Architecture net{inputs, {}, outputs, loss};
  for (const int units : hidden) net.hidden.push_back({units, Activation::relu});
  return net;
}

constexpr OptimizerKind kOptimizers[] = {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::adam,
                                         OptimizerKind::nesterov};

/// What a step leaves, and how often it called the threads.
template <class T>
struct Step {
  double cost = 0;
  std::vector<T> gradient;
  std::vector<T> theta;  // after the gradient was used at once
  std::uint64_t rounds = 0;
};

/// A step with the gradient kept and used, and then one with the gradient used at once, from any numbers.
template <class T>
Step<T> step(std::string_view kernels_name, int threads, const Architecture& net, Index batch,
             OptimizerKind optimizer) {
  std::mt19937_64 random(21);
  std::normal_distribution<double> draw;
  std::vector<T> X(static_cast<std::size_t>(net.inputs * batch)), Y(static_cast<std::size_t>(net.outputs * batch));
  for (T& value : X) value = static_cast<T>(draw(random));
  for (Index j = 0; j < batch; ++j) Y[static_cast<std::size_t>(j * net.outputs + j % net.outputs)] = 1;
  Parameters<T> p(net), gradient(net), scratch(net);
  for (T& value : p.theta()) value = static_cast<T>(0.05 * draw(random));

  ThreadPool pool(threads);
  const auto kernels = make_kernels<T>(kernels_name, pool);
  Workspace<T> ws(net, batch, Keep::backward);
  Options options;
  options.optimizer = optimizer;
  Optimizer<T> rule(options, p.theta().size());
  const Batch<T> all{View<T>(X.data(), net.inputs, batch), View<const T>(Y.data(), net.outputs, batch)};
  Step<T> result;
  result.cost = train_step(net, p, all, 0.1, ws, *kernels, gradient);
  result.gradient.assign(gradient.theta().begin(), gradient.theta().end());
  rule.update(p.blocks(), p.theta(), std::as_const(gradient).theta(), *kernels);
  UpdateAtOnce<T> at_once(p, rule, {}, 0.1 / static_cast<double>(batch), scratch);
  result.cost += train_step(net, p, all, ws, *kernels, at_once);
  result.theta.assign(p.theta().begin(), p.theta().end());
  result.rounds = pool.rounds();
  return result;
}

template <class T>
class Threads : public ::testing::Test {};
TYPED_TEST_SUITE(Threads, Scalars);

TYPED_TEST(Threads, SmallNetsNeverCallThem) {
  using T = TypeParam;
  const Architecture a = net_of(30, {64, 32}, 1, Loss::binary_cross_entropy);
  const Architecture b = net_of(64, {128, 64}, 10, Loss::categorical_cross_entropy);
  for (const Backend& entry : available_backends()) {
    for (const OptimizerKind optimizer : kOptimizers) {
      EXPECT_EQ(step<T>(entry.name, 4, a, 32, optimizer).rounds, 0U) << entry.name << ", net A";
      EXPECT_EQ(step<T>(entry.name, 4, b, 32, optimizer).rounds, 0U) << entry.name << ", net B";
    }
  }
}

TYPED_TEST(Threads, ALargeNetCallsThemAndHasTheSameBits) {
  using T = TypeParam;
  const Architecture net = net_of(784, {512, 512}, 10, Loss::categorical_cross_entropy);
  const Index batch = kSlowBuild ? 32 : 512;
  std::size_t turn = 0;
  for (const Backend& entry : available_backends()) {
    if (entry.name == "reference") continue;  // has no threads, and takes seconds
    const OptimizerKind optimizer = kOptimizers[turn++ % std::size(kOptimizers)];
    const Step<T> alone = step<T>(entry.name, 1, net, batch, optimizer);
    EXPECT_EQ(alone.rounds, 0U) << entry.name;
    for (const int threads : {2, 3, 8}) {
      if (kSlowBuild && threads != 3) continue;
      const Step<T> shared = step<T>(entry.name, threads, net, batch, optimizer);
      const std::string label = std::string(entry.name) + ", " + std::to_string(threads) + " threads";
      EXPECT_GT(shared.rounds, 0U) << label;
      EXPECT_EQ(shared.cost, alone.cost) << label;
      EXPECT_TRUE(same_bits(shared.gradient, alone.gradient)) << label;
      EXPECT_TRUE(same_bits(shared.theta, alone.theta)) << label;
    }
  }
}

}  // namespace
}  // namespace strata
