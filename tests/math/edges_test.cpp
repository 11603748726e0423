// At the edges: an absent class, one example, duplicates, permuted examples, halves of a batch, single precision, NaN.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "kernels/reference.hpp"
#include "math/problem.hpp"

namespace strata {
namespace {

using namespace testing;

const ReferenceKernels<double> kKernels;

struct Result {
  double J = 0;
  Parameters<double> gradient;
};

Result step(Problem<double>& problem, double lambda = 0) {
  Workspace<double> ws(problem.net, problem.m, Keep::backward);
  Result result{0, Parameters<double>(problem.net)};
  result.J = train_step(problem.net, problem.p, problem.batch(), lambda, ws, kKernels, result.gradient);
  return result;
}

double largest_difference(const Parameters<double>& a, const Parameters<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.theta().size(); ++i) {
    const double error = std::abs(a.theta()[i] - b.theta()[i]);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

const Architecture kNets[] = {
    {4, {{6, Activation::relu}, {5, Activation::tanh}}, 3, Loss::categorical_cross_entropy},
    {4, {{6, Activation::gelu}}, 1, Loss::binary_cross_entropy},
    {4, {{6, Activation::selu}}, 2, Loss::squared_error},
};

TEST(Edges, PermutedExamplesGiveTheSameGradient) {
  std::mt19937_64 random(1);
  for (const Architecture& net : kNets) {
    Problem<double> problem = make_problem(net, 41, 1), permuted = problem;
    std::vector<Index> order(41);
    std::iota(order.begin(), order.end(), Index{0});
    std::shuffle(order.begin(), order.end(), random);
    for (Index j = 0; j < 41; ++j) {
      const Index from = order[static_cast<std::size_t>(j)];
      std::copy_n(problem.X.begin() + from * net.inputs, net.inputs, permuted.X.begin() + j * net.inputs);
      std::copy_n(problem.Y.begin() + from * net.outputs, net.outputs, permuted.Y.begin() + j * net.outputs);
    }
    const Result a = step(problem, 0.7), b = step(permuted, 0.7);
    EXPECT_NEAR(a.J, b.J, 1e-13);
    EXPECT_LT(largest_difference(a.gradient, b.gradient), 1e-13);
  }
}

TEST(Edges, DuplicatesCountTwice) {
  for (const Architecture& net : kNets) {
    Problem<double> problem = make_problem(net, 9, 2), twice = problem;
    twice.m = 18;
    twice.X.insert(twice.X.end(), problem.X.begin(), problem.X.end());
    twice.Y.insert(twice.Y.end(), problem.Y.begin(), problem.Y.end());
    const Result a = step(problem), b = step(twice);
    EXPECT_NEAR(a.J, b.J, 1e-14 * (1 + a.J));
    EXPECT_LT(largest_difference(a.gradient, b.gradient), 1e-14);
  }
}

TEST(Edges, ABatchIsTheWeightedMeanOfItsParts) {
  for (const Architecture& net : kNets) {
    Problem<double> whole = make_problem(net, 40, 3), first = whole, second = whole;
    first.m = 33, second.m = 7;
    second.X.erase(second.X.begin(), second.X.begin() + 33 * net.inputs);
    second.Y.erase(second.Y.begin(), second.Y.begin() + 33 * net.outputs);
    const Result all = step(whole), a = step(first), b = step(second);
    EXPECT_NEAR(all.J, (33 * a.J + 7 * b.J) / 40, 1e-14 * (1 + all.J));
    for (std::size_t i = 0; i < all.gradient.theta().size(); ++i) {
      EXPECT_NEAR(all.gradient.theta()[i], (33 * a.gradient.theta()[i] + 7 * b.gradient.theta()[i]) / 40, 1e-14);
    }
  }
}

// The loss and its gradient do not care that a class never occurs; its probability is only pushed down.
TEST(Edges, AClassThatNeverOccurs) {
  Problem<double> problem = make_problem(kNets[0], 20, 4);
  for (Index j = 0; j < 20; ++j) {
    for (Index i = 0; i < 3; ++i) problem.Y[static_cast<std::size_t>(3 * j + i)] = i == j % 2 ? 1 : 0;
  }
  const Result result = step(problem);
  const Plain plain = plain_step(problem, 0);
  EXPECT_NEAR(result.J, static_cast<double>(plain.cost), 1e-13);
  for (std::size_t i = 0; i < plain.gradient.size(); ++i) {
    EXPECT_NEAR(result.gradient.theta()[i], static_cast<double>(plain.gradient[i]), 1e-14);
  }
  EXPECT_GT(result.gradient.b[3](2, 0), 0);

  Problem<double> one_class = make_problem(kNets[1], 20, 5);
  std::fill(one_class.Y.begin(), one_class.Y.end(), 1.0);
  const Result only = step(one_class);
  EXPECT_TRUE(std::isfinite(only.J));
  EXPECT_LT(only.gradient.b[2](0, 0), 0);
}

TEST(Edges, OneExampleIsTheFormulaForOne) {
  for (const Architecture& net : kNets) {
    Problem<double> problem = make_problem(net, 1, 6);
    const Result result = step(problem, 0.7);
    const Plain plain = plain_step(problem, 0.7);
    EXPECT_NEAR(result.J, static_cast<double>(plain.cost), 1e-13 * (1 + result.J));
    for (std::size_t i = 0; i < plain.gradient.size(); ++i) {
      EXPECT_NEAR(result.gradient.theta()[i], static_cast<double>(plain.gradient[i]), 1e-13);
    }
  }
}

TEST(Edges, ZeroWeightsGiveEvenOddsAndAnExactGradient) {
  Problem<double> problem = make_problem({3, {}, 4, Loss::categorical_cross_entropy}, 8, 7);
  for (double& x : problem.p.theta()) x = 0;
  const Result result = step(problem, 5);
  EXPECT_NEAR(result.J, std::log(4.0), 1e-15);
  double sum = 0;
  for (Index i = 0; i < 4; ++i) sum += result.gradient.b[1](i, 0);
  EXPECT_NEAR(sum, 0, 1e-16);
}

TEST(Edges, SinglePrecisionFollowsDouble) {
  const ReferenceKernels<float> kernels;
  for (const Architecture& net : kNets) {
    for (const Index m : {1, 64}) {
      Problem<double> exact = make_problem(net, m, 8);
      Problem<float> problem = converted<float>(exact);
      for (std::size_t i = 0; i < exact.X.size(); ++i) exact.X[i] = problem.X[i];  // the same numbers, rounded to float
      for (std::size_t i = 0; i < exact.Y.size(); ++i) exact.Y[i] = problem.Y[i];
      for (std::size_t i = 0; i < exact.p.theta().size(); ++i) exact.p.theta()[i] = problem.p.theta()[i];
      Workspace<float> ws(net, m, Keep::backward);
      Parameters<float> gradient(net);
      const double J = train_step(net, problem.p, problem.batch(), 0.7, ws, kernels, gradient);
      const Result result = step(exact, 0.7);
      EXPECT_NEAR(J, result.J, 1e-5 * (1 + result.J));
      double largest = 0;
      for (const double g : result.gradient.theta()) largest = std::max(largest, std::abs(g));
      for (std::size_t i = 0; i < result.gradient.theta().size(); ++i) {
        EXPECT_NEAR(gradient.theta()[i], result.gradient.theta()[i], 1e-5 * largest) << describe(net);
      }
    }
  }
}

TEST(Edges, NaNAnywhereIsSeenInTheCost) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Architecture& net : kNets) {
    Problem<double> healthy = make_problem(net, 5, 9);
    Problem<double> x = healthy, w = healthy, y = healthy;
    x.X[3] = nan;
    EXPECT_TRUE(std::isnan(step(x).J)) << describe(net) << ", in X";
    w.p.b[1](2, 0) = nan;
    EXPECT_TRUE(std::isnan(step(w).J)) << describe(net) << ", in b[1]";
    y.Y[0] = nan;
    EXPECT_TRUE(std::isnan(step(y).J)) << describe(net) << ", in Y";
  }
}

TEST(Edges, InfiniteWeightsAreSeenInTheCost) {
  for (const Architecture& net : kNets) {
    Problem<double> problem = make_problem(net, 5, 10);
    problem.p.W[1](0, 0) = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(std::isfinite(step(problem, 0.5).J)) << describe(net);
  }
}

}  // namespace
}  // namespace strata
