// A difference by its definition, and the short way to it.
#include "tools/differences.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/reference.hpp"
#include "kernels/registry.hpp"
#include "network_for_tests.hpp"
#include "tools/gradient_check.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::architecture;
using testing::Case;
using testing::gradient_of;
using testing::kLosses;

TEST(Differences, TheRankOneWayIsTheDefinitionUpToRounding) {
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  for (const Activation g : all_activations()) {
    for (const Loss loss : kLosses) {
      Case c(architecture(3, {{5, g}, {4, g}, {3, g}}, loss), 11);
      const Differences fast(c.net, c.p, c.batch(), 0.4, *k, Way::rank_one);
      const Differences slow(c.net, c.p, c.batch(), 0.4, *k, Way::definition);
      ASSERT_TRUE(fast.fast()) << name(g);
      ASSERT_FALSE(slow.fast());
      Differences::Worker a(fast), b(slow);
      for (const ParameterBlock& block : c.p.blocks()) {
        for (std::size_t j = 0; j < block.cols; ++j) {
          a.select(block, j);
          b.select(block, j);
          for (std::size_t i = 0; i < block.rows; ++i) {
            const Difference x = a.at(i), y = b.at(i);
            EXPECT_NEAR(x.value, y.value, fast.rounding(block.layer) + slow.rounding(block.layer))
                << name(g) << block.name();
            EXPECT_NEAR(x.value, y.value, 1e-9);
            EXPECT_EQ(x.kinked, y.kinked);
          }
        }
      }
    }
  }
}

// The definition: the cost of the step, computed twice for every parameter, written down once more.
TEST(Differences, TheDefinitionIsTheCostOnBothSides) {
  const ReferenceKernels<double> k;
  Case c(architecture(3, {{4, Activation::relu}, {3, Activation::tanh}}, Loss::categorical_cross_entropy), 9);
  const Differences differences(c.net, c.p, c.batch(), 0.4, k, Way::definition);
  Differences::Worker worker(differences);
  Workspace<double> ws(c.net, c.m, Keep::backward);
  Parameters<double> moved(c.p);
  for (const ParameterBlock& block : c.p.blocks()) {
    for (std::size_t x = 0; x < block.size(); ++x) {
      double& theta = moved.theta()[block.offset + x];
      const double here = theta;
      const auto cost_at = [&](double value) {
        theta = value;
        return cost(c.net, moved, c.batch(), 0.4, ws, k);
      };
      const double plus = cost_at(here + 1e-5), minus = cost_at(here - 1e-5);
      theta = here;
      worker.select(block, x / block.rows);
      EXPECT_EQ(worker.at(x % block.rows).value, (plus - minus) / 2e-5) << block.element(x);
    }
  }
}

TEST(Differences, TheRoundingThatIsAllowedIsSmall) {
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  Case c(architecture(30, {{64, Activation::relu}, {32, Activation::relu}}, Loss::binary_cross_entropy), 64);
  const Differences differences(c.net, c.p, c.batch(), 0, *k, Way::rank_one);
  for (int l = 1; l <= 3; ++l) {
    EXPECT_GT(differences.rounding(l), 1e-13);
    EXPECT_LT(differences.rounding(l), 1e-7);
  }
}

// Kernels with a fault in what the short way takes for granted. Each must be noticed, and each must fail the check.
class Faulty : public ReferenceKernels<double> {};

class ForgetsTheBias final : public Faulty {
  void linear_forward(View<const double> W, View<const double> b, View<const double> A,
                      View<double> Z) const noexcept override {
    ReferenceKernels::linear_forward(W, b, A, Z);
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) Z(i, j) -= b.data[i];
    }
  }
};

class ForgetsTheLastInput final : public Faulty {
  void linear_forward(View<const double> W, View<const double> b, View<const double> A,
                      View<double> Z) const noexcept override {
    ReferenceKernels::linear_forward(W.columns(0, W.cols - 1), b, A.row_block(0, A.rows - 1), Z);
  }
};

class ForgetsTheLastExample final : public Faulty {
  void loss_head(const Objective& of, View<const double> Z, View<const double> Y, View<double> A, View<double> dZ,
                 double* sum) const noexcept override {
    ReferenceKernels::loss_head(of, Z, Y, A, dZ, sum);
    if (Z.cols > 1)
      *sum = reference::loss_head(of, Z.columns(1, Z.cols - 1), Y.columns(1, Z.cols - 1), A.columns(1, Z.cols - 1),
                                  dZ.columns(1, Z.cols - 1));
  }
};

class FusesAnotherActivation final : public Faulty {
  void linear_activation_forward(const Pointwise<double>&, View<const double> W, View<const double> b,
                                 View<const double> A, View<double> Z, View<double> out) const noexcept override {
    linear_forward(W, b, A, Z);
    activation_forward(Activation::sigmoid, Z, out);
  }
};

class DoublesThePenalty final : public Faulty {
  double sum_of_squares(View<const double> X) const noexcept override {
    return 2 * ReferenceKernels::sum_of_squares(X);
  }
};

TEST(Differences, FaultyForwardKernelsAreCaught) {
  const auto caught = [](const char* fault, const Faulty& k) {
    Case c(architecture(4, {{5, Activation::tanh}}, Loss::binary_cross_entropy), 6);
    const Differences differences(c.net, c.p, c.batch(), 0.5, k, Way::rank_one);
    EXPECT_FALSE(differences.fast()) << fault;
    ThreadPool pool(1);
    const Parameters<double> gradient = gradient_of(c, 0.5, k);
    EXPECT_FALSE(compare_gradients(c.net, c.p, c.batch(), 0.5, k, pool, gradient).passed) << fault;
  };
  caught("forgets the bias", ForgetsTheBias());
  caught("forgets the last input", ForgetsTheLastInput());
  caught("forgets the last example", ForgetsTheLastExample());
  caught("fuses another activation", FusesAnotherActivation());
  caught("doubles the penalty", DoublesThePenalty());
}

}  // namespace
}  // namespace strata
