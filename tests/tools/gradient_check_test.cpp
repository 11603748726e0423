// The comparison itself: right gradients pass whatever the network, wrong ones fail, and nothing depends on the
// threads.
#include "tools/gradient_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "kernels/reference.hpp"
#include "kernels/registry.hpp"
#include "network_for_tests.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::architecture;
using testing::Case;
using testing::gradient_of;
using testing::kLosses;

GradientCheck compare(Case& c, double lambda, const Kernels<double>& k, const Parameters<double>& gradient,
                      int threads = 1) {
  ThreadPool pool(threads);
  return compare_gradients(c.net, c.p, c.batch(), lambda, k, pool, gradient);
}

GradientCheck compare(Case& c, double lambda = 0) {
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  return compare(c, lambda, *k, gradient_of(c, lambda, *k));
}

std::string text(const GradientCheck& check) {
  std::string all;
  for (const BlockCheck& block : check.blocks) {
    all += block.name + (block.passed ? " pass" : " FAIL") + ": max|g| " + std::to_string(block.largest_gradient) +
           ", error " + std::to_string(block.largest_error * 1e12) + "e-12, allowed " +
           std::to_string(block.allowed_error * 1e12) + "e-12, at " + block.where + ", kinks " +
           std::to_string(block.kinks.size()) + "\n";
  }
  return all;
}

const BlockCheck& block(const GradientCheck& check, const std::string& name) {
  for (const BlockCheck& b : check.blocks) {
    if (b.name == name) return b;
  }
  throw std::out_of_range(name);
}

TEST(GradientCheck, EveryActivationAndHeadPasses) {
  for (const Activation g : all_activations()) {
    for (const Loss loss : kLosses) {
      for (const double lambda : {0.0, 0.7}) {
        for (const Index m : {1, 7, 64}) {
          SCOPED_TRACE(std::string(name(g)) + " " + std::string(name(loss)) + " m = " + std::to_string(m));
          Case c(architecture(4, {{6, g}, {5, g}}, loss), m);
          const GradientCheck check = compare(c, lambda);
          EXPECT_TRUE(check.passed) << text(check);
          EXPECT_EQ(check.examples, static_cast<std::size_t>(m));
          EXPECT_EQ(check.epsilon, 1e-5);
          ASSERT_EQ(check.blocks.size(), 6U);
          std::size_t parameters = 0;
          for (const BlockCheck& b : check.blocks) {
            EXPECT_LT(b.relative_error, 1e-7) << text(check);
            EXPECT_LE(b.largest_error, b.allowed_error);
            parameters += b.parameters + b.kinks.size();
          }
          EXPECT_EQ(parameters, c.net.parameter_count());
        }
      }
    }
  }
}

TEST(GradientCheck, LogisticAndLinearRegressionPass) {
  for (const Loss loss : kLosses) {
    Case c(architecture(7, {}, loss), 33);
    const GradientCheck check = compare(c, 0.1);
    EXPECT_TRUE(check.passed) << text(check);
    EXPECT_LT(block(check, "W[1]").relative_error, 1e-8);
  }
}

// More examples than a block, and a last block that is not full.
TEST(GradientCheck, ManyExamplesPass) {
  Case c(architecture(3, {{4, Activation::tanh}}, Loss::binary_cross_entropy), 600);
  EXPECT_TRUE(compare(c).passed) << text(compare(c));
}

TEST(GradientCheck, ZeroGradientsPass) {
  for (const Loss loss : kLosses) {
    for (const Activation g : {Activation::tanh, Activation::sigmoid, Activation::gelu}) {
      Case c(architecture(4, {{6, g}, {5, g}}, loss), 9);
      for (double& theta : c.p.theta()) theta = 0;
      const GradientCheck check = compare(c);
      EXPECT_TRUE(check.passed) << text(check);
      EXPECT_EQ(block(check, "W[1]").largest_gradient, 0);
      EXPECT_EQ(block(check, "W[1]").relative_error, 0);
    }
  }
}

TEST(GradientCheck, ZeroWeightsUnderReluAreAllAtTheKink) {
  Case c(architecture(4, {{6, Activation::relu}}, Loss::binary_cross_entropy), 9);
  for (double& theta : c.p.theta()) theta = 0;
  const GradientCheck check = compare(c);
  EXPECT_TRUE(check.passed) << text(check);
  EXPECT_EQ(block(check, "W[1]").kinks.size(), 24U);
  EXPECT_EQ(block(check, "W[1]").parameters, 0U);
  EXPECT_EQ(block(check, "b[1]").kinks.size(), 6U);
  EXPECT_EQ(block(check, "W[2]").kinks.size(), 0U);  // A[1] = 0: nothing moves
  EXPECT_EQ(block(check, "b[2]").kinks.size(), 0U);
}

TEST(GradientCheck, SaturatedNetworksPass) {
  for (const Activation g : all_activations()) {
    for (const Loss loss : kLosses) {
      for (const double spread : {10.0, 100.0}) {
        SCOPED_TRACE(std::string(name(g)) + " " + std::string(name(loss)) + " × " + std::to_string(spread));
        Case c(architecture(4, {{6, g}, {5, g}}, loss), 20, 3, spread);
        const GradientCheck check = compare(c);
        EXPECT_TRUE(check.passed) << text(check);
      }
    }
  }
}

// A network that fits its one example: the gradient is next to nothing, the rounding of the loss is what is left.
TEST(GradientCheck, TinyGradientsPass) {
  for (const double logit : {5.0, 20.0, 30.0, 40.0, 700.0}) {
    Case c(architecture(2, {{3, Activation::tanh}}, Loss::binary_cross_entropy), 1);
    c.Y[0] = 1;
    c.p.b[2].data[0] = logit;
    const GradientCheck check = compare(c);
    EXPECT_TRUE(check.passed) << logit << "\n" << text(check);
  }
}

// ε = 1e-5 is a large step where the inputs are in the thousands.
TEST(GradientCheck, InputsThatNobodyScaledPass) {
  for (const Activation g : all_activations()) {
    for (const Loss loss : kLosses) {
      for (const double scale : {1e2, 1e4, 1e6, 1e8}) {
        SCOPED_TRACE(std::string(name(g)) + " " + std::string(name(loss)) + " × " + std::to_string(scale));
        Case c(architecture(4, {{6, g}, {5, g}}, loss), 30);
        for (double& x : c.X) x *= scale;
        const GradientCheck check = compare(c);
        EXPECT_TRUE(check.passed) << text(check);
        Case shallow(architecture(4, {}, loss), 30);
        for (double& x : shallow.X) x *= scale;
        const GradientCheck flat = compare(shallow);
        EXPECT_TRUE(flat.passed) << text(flat);
      }
    }
  }
}

// ±ε moves z = 3 by ±100: no difference, however short its step, says much about the slope at z; the slopes to both
// sides do.
TEST(GradientCheck, AStepAcrossTheWholeSigmoidPasses) {
  for (const double y : {0.0, 1.0}) {
    Case c({1, {}, 1, Loss::binary_cross_entropy}, 1);
    c.X = {1e7};
    c.Y = {y};
    c.p.W[1].data[0] = 3e-7;
    c.p.b[1].data[0] = 0;
    const GradientCheck check = compare(c);
    EXPECT_TRUE(check.passed) << text(check);
    EXPECT_GT(block(check, "W[1]").relative_error, 0.1);  // and it is shown
  }
}

TEST(GradientCheck, TargetsThatNobodyScaledPass) {
  for (const double scale : {1e3, 1e5, 1e7}) {
    Case c(architecture(4, {{6, Activation::tanh}}, Loss::squared_error), 30);
    for (double& y : c.Y) y *= scale;
    const GradientCheck check = compare(c);
    EXPECT_TRUE(check.passed) << scale << "\n" << text(check);
  }
}

// One input, one hidden unit: z = w x + b with x = 1, so that ±ε on w or b passes 0 when |z| < ε.
TEST(GradientCheck, ParametersAtAKinkAreListed) {
  for (const Activation g : {Activation::relu, Activation::leaky_relu, Activation::elu, Activation::selu}) {
    Case c({1, {{1, g}}, 1, Loss::squared_error}, 1);
    c.X = {1};
    c.Y = {-3};
    c.p.W[1].data[0] = 0.5;
    c.p.b[1].data[0] = -0.5 + 4e-6;
    c.p.W[2].data[0] = 2;
    c.p.b[2].data[0] = 0;
    const GradientCheck check = compare(c);
    EXPECT_TRUE(check.passed) << text(check);
    ASSERT_EQ(block(check, "W[1]").kinks.size(), 1U) << name(g);
    ASSERT_EQ(block(check, "b[1]").kinks.size(), 1U);
    EXPECT_EQ(block(check, "W[2]").kinks.size(), 0U);
    EXPECT_EQ(block(check, "W[1]").kinks[0].where, "W[1](1, 1)");
    EXPECT_EQ(block(check, "b[1]").kinks[0].where, "b[1](1)");
    if (g == Activation::relu) {  // dJ/dw = (2z + 3)·2·1 above the kink, 0 below: the difference sees 0.7 of the way
      EXPECT_NEAR(block(check, "W[1]").kinks[0].gradient, 6, 1e-4);
      EXPECT_NEAR(block(check, "W[1]").kinks[0].difference, 4.2, 1e-4);
    }
    c.p.b[1].data[0] = -0.5 + 4e-5;  // farther than ε from the kink
    EXPECT_EQ(block(compare(c), "W[1]").kinks.size(), 0U);
    EXPECT_TRUE(compare(c).passed);
  }
  Case smooth({1, {{1, Activation::silu}}, 1, Loss::squared_error}, 1);
  smooth.p.W[1].data[0] = smooth.p.b[1].data[0] = 0;
  EXPECT_EQ(block(compare(smooth), "W[1]").kinks.size(), 0U);
}

// The kink of a layer above: W[1] moves Z[2] through 0.
TEST(GradientCheck, KinksOfLayersAboveAreSeen) {
  Case c({1, {{1, Activation::identity}, {1, Activation::relu}}, 1, Loss::squared_error}, 2);
  c.X = {1, 2};
  c.Y = {1, 1};
  c.p.W[1].data[0] = 1;
  c.p.b[1].data[0] = 0;
  c.p.W[2].data[0] = 3;
  c.p.b[2].data[0] =
      -6 + 1e-5;  // Z[2] of the second example is 1e-5; w moves it by ±6e-5, the biases by ±3e-5 and ±1e-5
  c.p.W[3].data[0] = 1;
  const GradientCheck check = compare(c);
  EXPECT_TRUE(check.passed) << text(check);
  EXPECT_EQ(block(check, "W[1]").kinks.size(), 1U);
  EXPECT_EQ(block(check, "b[1]").kinks.size(), 1U);
  EXPECT_EQ(block(check, "W[2]").kinks.size(), 1U);
  EXPECT_EQ(block(check, "W[3]").kinks.size(), 0U);
}

TEST(GradientCheck, NamesCountFromOne) {
  Case c(architecture(3, {{4, Activation::tanh}}, Loss::categorical_cross_entropy), 5);
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  Parameters<double> wrong = gradient_of(c, 0, *k);
  wrong.W[1](3, 1) += 1;
  wrong.b[2].data[2] += 1;
  const GradientCheck check = compare(c, 0, *k, wrong);
  EXPECT_FALSE(check.passed);
  EXPECT_EQ(block(check, "W[1]").where, "W[1](4, 2)");
  EXPECT_EQ(block(check, "b[2]").where, "b[2](3)");
  EXPECT_NEAR(block(check, "W[1]").gradient - block(check, "W[1]").difference, 1, 1e-8);
  EXPECT_FALSE(block(check, "W[1]").passed);
  EXPECT_TRUE(block(check, "b[1]").passed);
  EXPECT_TRUE(block(check, "W[2]").passed);
  EXPECT_FALSE(block(check, "b[2]").passed);
}

TEST(GradientCheck, EverySmallFaultInOneEntryIsFound) {
  Case c(architecture(3, {{4, Activation::tanh}, {3, Activation::softplus}}, Loss::binary_cross_entropy), 16);
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  const Parameters<double> right = gradient_of(c, 0.3, *k);
  ASSERT_TRUE(compare(c, 0.3, *k, right).passed);
  for (int l = 1; l <= 3; ++l) {
    double largest = 0;
    for (Index x = 0; x < right.W[l].size(); ++x) largest = std::max(largest, std::abs(right.W[l].data[x]));
    for (Index x = 0; x < right.W[l].size(); ++x) {
      Parameters<double> wrong(right);
      wrong.W[l].data[x] += 3e-6 * largest;
      EXPECT_FALSE(compare(c, 0.3, *k, wrong).passed) << "W[" << l << "] entry " << x;
    }
  }
}

TEST(GradientCheck, WrongGradientsFail) {
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  for (const Loss loss : kLosses) {
    Case c(architecture(3, {{4, Activation::relu}}, loss), 7);
    const Parameters<double> right = gradient_of(c, 0.5, *k);
    const auto fails = [&](const char* fault, auto&& change) {
      Parameters<double> wrong(right);
      change(wrong);
      EXPECT_FALSE(compare(c, 0.5, *k, wrong).passed) << fault;
    };
    fails("no L2", [&](auto& g) { g = gradient_of(c, 0, *k); });
    fails("twice the L2", [&](auto& g) { g = gradient_of(c, 1.0, *k); });
    fails("1/(m−1)", [](auto& g) {
      for (double& x : g.theta()) x *= 7.0 / 6;
    });
    fails("the sign", [](auto& g) {
      for (double& x : g.theta()) x = -x;
    });
    fails("nothing", [](auto& g) {
      for (double& x : g.theta()) x = 0;
    });
    fails("NaN", [](auto& g) { g.W[1].data[0] = std::numeric_limits<double>::quiet_NaN(); });
    fails("infinity", [](auto& g) { g.b[2].data[0] = std::numeric_limits<double>::infinity(); });
    fails("L2 on the biases", [&](auto& g) { k->add_scaled(0.5 / 7, c.p.b[1], g.b[1]); });
  }
}

// All true gradients are zero, and the given one is not.
TEST(GradientCheck, AGradientWhereThereIsNoneFails) {
  Case c(architecture(4, {{6, Activation::tanh}}, Loss::binary_cross_entropy), 9);
  for (double& theta : c.p.theta()) theta = 0;
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  Parameters<double> wrong = gradient_of(c, 0, *k);
  wrong.W[1](2, 2) = 1e-6;
  const GradientCheck check = compare(c, 0, *k, wrong);
  EXPECT_FALSE(check.passed);
  EXPECT_EQ(block(check, "W[1]").where, "W[1](3, 3)");
  // and the reverse: there is one, and zeros are given
  Case d(architecture(4, {{6, Activation::tanh}}, Loss::binary_cross_entropy), 9);
  const GradientCheck none = compare(d, 0, *k, Parameters<double>(d.net));
  EXPECT_FALSE(none.passed);
  EXPECT_EQ(block(none, "W[1]").relative_error, std::numeric_limits<double>::infinity());
}

TEST(GradientCheck, TheSameForAnyNumberOfThreads) {
  for (const std::string_view kernels : {std::string_view("reference"), chosen_kernels()}) {
    Case c(architecture(9, {{17, Activation::relu}, {8, Activation::gelu}}, Loss::categorical_cross_entropy), 70);
    ThreadPool alone(1);
    const auto k = make_kernels<double>(kernels, alone);
    const Parameters<double> gradient = gradient_of(c, 0.2, *k);
    const GradientCheck one = compare(c, 0.2, *k, gradient, 1);
    for (const int threads : {2, 3, 8}) {
      const GradientCheck many = compare(c, 0.2, *k, gradient, threads);
      ASSERT_EQ(many.blocks.size(), one.blocks.size());
      EXPECT_EQ(many.passed, one.passed);
      for (std::size_t b = 0; b < one.blocks.size(); ++b) {
        EXPECT_EQ(many.blocks[b].largest_error, one.blocks[b].largest_error);
        EXPECT_EQ(many.blocks[b].allowed_error, one.blocks[b].allowed_error);
        EXPECT_EQ(many.blocks[b].difference, one.blocks[b].difference);
        EXPECT_EQ(many.blocks[b].where, one.blocks[b].where);
        ASSERT_EQ(many.blocks[b].kinks.size(), one.blocks[b].kinks.size());
        for (std::size_t x = 0; x < one.blocks[b].kinks.size(); ++x) {
          EXPECT_EQ(many.blocks[b].kinks[x].where, one.blocks[b].kinks[x].where);
          EXPECT_EQ(many.blocks[b].kinks[x].difference, one.blocks[b].kinks[x].difference);
        }
      }
    }
  }
}

TEST(GradientCheck, AnInfiniteCostIsAnError) {
  Case c(architecture(2, {}, Loss::squared_error), 3);
  c.p.W[1].data[0] = 1e200;
  try {
    static_cast<void>(compare(c));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::diverged);
    EXPECT_NE(std::string(error.what()).find("inf"), std::string::npos) << error.what();
  }
}

// The definition of every difference, and the short way to it: the same verdict, the same figures but for rounding, for
// right and for wrong gradients.
TEST(GradientCheck, ComesToTheSameEndByDefinition) {
  ThreadPool pool(1);
  const auto k = make_kernels<double>(chosen_kernels(), pool);
  const auto expect_same = [&](Case& c, const Parameters<double>& gradient) {
    const GradientCheck fast = compare_gradients(c.net, c.p, c.batch(), 0.4, *k, pool, gradient);
    const GradientCheck slow = compare_gradients(c.net, c.p, c.batch(), 0.4, *k, pool, gradient, Way::definition);
    EXPECT_EQ(fast.passed, slow.passed);
    ASSERT_EQ(fast.blocks.size(), slow.blocks.size());
    for (std::size_t x = 0; x < fast.blocks.size(); ++x) {
      const BlockCheck &a = fast.blocks[x], &b = slow.blocks[x];
      EXPECT_EQ(a.passed, b.passed) << a.name;
      EXPECT_EQ(a.parameters, b.parameters) << a.name;
      EXPECT_EQ(a.largest_gradient, b.largest_gradient) << a.name;
      EXPECT_NEAR(a.largest_error, b.largest_error, 1e-9) << a.name;
      ASSERT_EQ(a.kinks.size(), b.kinks.size()) << a.name;
      for (std::size_t y = 0; y < a.kinks.size(); ++y) EXPECT_EQ(a.kinks[y].where, b.kinks[y].where);
    }
  };
  for (const Activation g : all_activations()) {
    for (const Loss loss : kLosses) {
      SCOPED_TRACE(std::string(name(g)) + " " + std::string(name(loss)));
      Case c(architecture(4, {{6, g}, {5, g}}, loss), 300);  // more examples than a block
      Parameters<double> gradient = gradient_of(c, 0.4, *k);
      expect_same(c, gradient);
      gradient.W[2](1, 2) += 1e-3;
      expect_same(c, gradient);
    }
  }
  Case wide({1, {}, 1, Loss::binary_cross_entropy}, 1);  // a step across the whole sigmoid
  wide.X = {1e7};
  wide.p.W[1].data[0] = 3e-7;
  expect_same(wide, gradient_of(wide, 0.4, *k));
}

}  // namespace
}  // namespace strata
