// Every activation × head × L2 × batch of 1, 7, 64: each block of the gradient against central differences in float64,
// ε = 1e-5, no retry, largest error below 1e-7 of the largest gradient. A parameter whose ±ε crosses a kink is counted
// apart.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "kernels/reference.hpp"
#include "kernels/registry.hpp"
#include "math/problem.hpp"
#include "tools/gradient_check.hpp"

namespace strata {
namespace {

using namespace testing;

struct Tally {
  std::size_t compared = 0, kinked = 0;
};

// Compares all blocks; the tool's own comparison must come to the same end.
Tally expect_right(Problem<double> problem, double lambda) {
  const Architecture& net = problem.net;
  const Index m = problem.m;
  const std::string where =
      describe(net) + ", m = " + std::to_string(m) + ", lambda = " + std::to_string(lambda) + ", ";
  ThreadPool pool(1);
  const auto kernels = make_kernels<double>(chosen_kernels(), pool);
  Workspace<double> ws(net, m, Keep::backward);
  Parameters<double> gradient(net);
  (void)train_step(net, problem.p, problem.batch(), lambda, ws, *kernels, gradient);
  std::size_t compared = 0, kinked = 0;
  for (const BlockDifference& block : compare_with_differences(problem, lambda, gradient, cost<double>, *kernels)) {
    EXPECT_LT(block.relative(), 1e-7) << where << block.block << ": max|g| = " << block.largest_gradient;
    EXPECT_GT(block.largest_gradient, 1e-6) << where << block.block << ": nothing to compare";
    compared += block.compared, kinked += block.kinked;
  }
  EXPECT_EQ(compared + kinked, problem.p.theta().size()) << where << "every parameter is compared or listed";

  const GradientCheck tool = compare_gradients(net, problem.p, problem.batch(), lambda, *kernels, pool, gradient);
  EXPECT_TRUE(tool.passed) << where << "check-gradients fails a right gradient";
  std::size_t tool_compared = 0, tool_kinked = 0;
  for (const BlockCheck& block : tool.blocks) {
    tool_compared += block.parameters, tool_kinked += block.kinks.size();
    EXPECT_LT(block.relative_error, 1e-7) << where << block.name;
  }
  EXPECT_EQ(tool.blocks.size(), 2 * static_cast<std::size_t>(net.depth())) << where;
  EXPECT_EQ(tool_compared + tool_kinked, problem.p.theta().size()) << where;

  // One entry that is off by a thousandth is a fault that the tool must see.
  gradient.theta()[problem.p.theta().size() / 2] += 1e-3;
  EXPECT_FALSE(compare_gradients(net, problem.p, problem.batch(), lambda, *kernels, pool, gradient).passed) << where;
  return {compared, kinked};
}

Tally expect_right(const Architecture& net, Index m, double lambda, std::uint64_t seed, double weight = 1.5) {
  return expect_right(make_problem(net, m, seed, weight), lambda);
}

class Gradients : public ::testing::TestWithParam<Activation> {};

TEST_P(Gradients, EveryHeadPenaltyAndBatch) {
  const Activation g = GetParam();
  Tally all;
  std::uint64_t seed = 1;
  for (const Loss loss : {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error}) {
    for (const double lambda : {0.0, 0.7}) {
      for (const Index m : {1, 7, 64}) {
        const Tally tally = expect_right({4, {{6, g}, {5, g}}, 3, loss}, m, lambda, ++seed);
        all.compared += tally.compared, all.kinked += tally.kinked;
        if (!has_kink(g)) {
          EXPECT_EQ(tally.kinked, 0U) << "a smooth activation has no kinks";
        }
      }
    }
  }
  // Nearly all are compared: nothing is passed by leaving it out.
  EXPECT_LE(all.kinked * 100, all.compared) << all.kinked << " at kinks, " << all.compared << " compared";
  EXPECT_EQ(all.compared + all.kinked, 18U * (4 * 6 + 6 + 6 * 5 + 5 + 5 * 3 + 3));
}

INSTANTIATE_TEST_SUITE_P(All, Gradients, ::testing::ValuesIn(all_activations().begin(), all_activations().end()),
                         [](const auto& test) {
                           std::string label(name(test.param));
                           for (char& c : label) c = c == '-' ? '_' : c;
                           return label;
                         });

TEST(GradientsOfDepth, OneToFourLayersWithAnActivationEach) {
  const std::vector<std::vector<LayerSpec>> hidden = {
      {},
      {{5, Activation::tanh}},
      {{5, Activation::relu}, {4, Activation::sigmoid}},
      {{5, Activation::gelu}, {4, Activation::leaky_relu}, {6, Activation::softplus}},
      {{3, Activation::silu}, {1, Activation::identity}, {4, Activation::mish}},
      {{6, Activation::elu}, {5, Activation::selu}, {4, Activation::tanh}},
  };
  std::uint64_t seed = 50;
  for (const auto& layers : hidden) {
    for (const Loss loss : {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error}) {
      for (const Index m : {1, 7}) (void)expect_right({4, layers, 3, loss}, m, 0.7, ++seed, 1);
    }
  }
}

TEST(GradientsOfDepth, OneOutputAndOneInput) {
  for (const Loss loss : {Loss::binary_cross_entropy, Loss::squared_error}) {
    (void)expect_right({1, {}, 1, loss}, 7, 0, 70);
    (void)expect_right({1, {{1, Activation::tanh}}, 1, loss}, 7, 0.7, 71);
    (void)expect_right({6, {{8, Activation::relu}}, 1, loss}, 64, 0.7, 72);
  }
}

TEST(GradientsOfLosses, EveryLossWithWeightsAndWithout) {
  std::uint64_t seed = 90;
  for (const auto& [loss, parameters] : tested_losses()) {
    const Architecture net{4, {{6, Activation::tanh}, {5, Activation::gelu}}, 3, loss, parameters};
    for (const double lambda : {0.0, 0.7}) {
      for (const Index m : {1, 7, 64}) {
        (void)expect_right(make_problem(net, m, ++seed, 1), lambda);
        (void)expect_right(make_weighted(net, m, ++seed, 1), lambda);
      }
    }
  }
}

// Where ±ε does cross a kink, the parameter is listed apart: a network built so that every Z[1] is exactly 0 has a kink
// under each of its first weights and biases, and none under the others.
TEST(Kinks, AreListedApart) {
  const Architecture net{2, {{3, Activation::relu}}, 1, Loss::squared_error};
  Problem<double> problem = make_problem(net, 4, 80);
  for (Index i = 0; i < 3; ++i) problem.p.W[1](i, 0) = problem.p.W[1](i, 1) = problem.p.b[1](i, 0) = 0;
  const ReferenceKernels<double> kernels;
  ThreadPool pool(1);
  Workspace<double> ws(net, 4, Keep::backward);
  Parameters<double> gradient(net);
  (void)train_step(net, problem.p, problem.batch(), 0, ws, kernels, gradient);
  const auto blocks = compare_with_differences(problem, 0, gradient, cost<double>, kernels);
  EXPECT_EQ(blocks[0].kinked, 6U);
  EXPECT_EQ(blocks[1].kinked, 3U);
  EXPECT_EQ(blocks[2].kinked + blocks[3].kinked, 0U);
  const GradientCheck tool = compare_gradients(net, problem.p, problem.batch(), 0, kernels, pool, gradient);
  EXPECT_TRUE(tool.passed);
  ASSERT_EQ(tool.blocks.size(), 4U);
  EXPECT_EQ(tool.blocks[0].kinks.size(), 6U);
  EXPECT_EQ(tool.blocks[1].kinks.size(), 3U);
  EXPECT_EQ(tool.blocks[2].kinks.size() + tool.blocks[3].kinks.size(), 0U);
  EXPECT_EQ(tool.blocks[0].kinks[0].where.substr(0, 4), "W[1]");
}

}  // namespace
}  // namespace strata
