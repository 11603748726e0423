// Weights of examples, from the batch to the weights of the network: a weight of two is the example twice.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "strata/data.hpp"
#include "train/descents.hpp"
#include "train/prepare.hpp"

namespace strata {
using namespace internal;
namespace {

struct Rows3 {
  std::vector<double> a, b, y, w;
  [[nodiscard]] std::size_t size() const { return y.size(); }
  void add(double a_, double b_, double y_, double w_) {
    a.push_back(a_), b.push_back(b_), y.push_back(y_), w.push_back(w_);
  }
};

// What is left of a training on these rows: the weights, and the costs of its epochs.
struct Trained2 {
  std::vector<double> theta, costs;
};

Trained2 trained(const Rows3& rows, Options options, int epochs, bool exactly = true) {
  Table table;
  table.add_numbers("a", {}, rows.a);
  table.add_numbers("b", {}, rows.b);
  table.add_numbers("y", {}, rows.y);
  options.task = Task::regression;
  options.scale = ScaleKind::none;
  options.scale_target = false;
  options.validation = "none";
  options.precision = Precision::float64;
  const auto ignore = [](std::string_view) {};
  const Problem problem = define_problem(table, options, {ignore, ignore});
  Examples<double> examples(table, problem, problem.train_rows, problem.architecture.outputs, Checked::no);
  examples.keep();
  if (!rows.w.empty()) examples.set_weights(rows.w);
  Descents<double> descent(problem.architecture, problem.options, examples);
  Trained2 result;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const auto steps = descent.loader().batches_per_epoch();
    for (std::int64_t step = 1; step <= steps; ++step) {
      EXPECT_TRUE(descent.step(exactly || step == steps));
      descent.update();
    }
    result.costs.push_back(descent.epoch_cost());
  }
  const Networks<double> networks = descent.take_weights();
  const auto theta = networks.front().theta();
  result.theta.assign(theta.begin(), theta.end());
  return result;
}

Rows3 repeated(const Rows3& rows) {
  Rows3 all;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (double count = rows.w[i]; count > 0; --count) all.add(rows.a[i], rows.b[i], rows.y[i], 1);
  all.w.clear();
  return all;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

Options plain(std::vector<int> hidden) {
  Options options;
  options.hidden_layers = std::move(hidden);
  options.activation = {Activation::tanh};
  if (options.hidden_layers->empty()) options.activation = {Activation::relu};
  options.batch_size = 0;
  options.threads = 1;
  return options;
}

// Whole numbers, and a rate and a Σ w that are powers of two: every sum is exact, in whatever order.
TEST(Weighted, WholeNumbersGiveTheBitsOfRepeatedRows) {
  Rows3 rows;
  for (int i = 0; i < 10; ++i) rows.add(i % 4 - 1, i % 3 - 1, i % 5, 1 + i % 3);
  rows.w.back() = 14;
  ASSERT_EQ(std::accumulate(rows.w.begin(), rows.w.end(), 0.0), 32);
  Options options = plain({});
  options.optimizer = OptimizerKind::gradient_descent;
  options.learning_rate = 0.0625;
  options.initializer.kind = Initializer::Kind::zeros;
  const Trained2 weighted = trained(rows, options, 2), twice = trained(repeated(rows), options, 2);
  EXPECT_TRUE(same_bits(weighted.theta, twice.theta));
  EXPECT_TRUE(same_bits(weighted.costs, twice.costs));
  EXPECT_NE(weighted.theta[0], 0);
}

TEST(Weighted, AnyNumbersGiveTheWeightsOfRepeatedRows) {
  Rows3 rows;
  for (int i = 0; i < 40; ++i) rows.add(std::sin(3 * i + 1), std::cos(i * i), std::sin(i), 1 + i % 4);
  for (const auto kind : {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::adam}) {
    for (const double l2 : {0.0, 3.0}) {
      Options options = plain({6, 5});
      options.optimizer = kind;
      options.l2 = l2;
      const Trained2 weighted = trained(rows, options, 50), twice = trained(repeated(rows), options, 50);
      ASSERT_EQ(weighted.theta.size(), twice.theta.size());
      for (std::size_t i = 0; i < twice.theta.size(); ++i)
        EXPECT_NEAR(weighted.theta[i], twice.theta[i], 1e-12 * (1 + std::abs(twice.theta[i])));
      for (std::size_t i = 0; i < twice.costs.size(); ++i)
        EXPECT_NEAR(weighted.costs[i], twice.costs[i], 1e-12 * twice.costs[i]);
      Rows3 alike = rows;
      alike.w.clear();
      EXPECT_NE(trained(alike, options, 50).theta, weighted.theta) << "the weights make no difference";
    }
  }
}

// All of one weight is no weights: in batches too, whose last is shorter, in each of which Σ w is another.
TEST(Weighted, OneWeightForAllChangesNothing) {
  Rows3 rows;
  for (int i = 0; i < 45; ++i) rows.add(std::sin(3 * i + 1), std::cos(i * i), std::sin(i), 4);
  Rows3 alike = rows;
  alike.w.clear();
  Options options = plain({6, 5});
  options.batch_size = 8;
  const Trained2 weighted = trained(rows, options, 7), without = trained(alike, options, 7);
  EXPECT_TRUE(same_bits(weighted.theta, without.theta)) << "4 is a power of two: nothing is rounded otherwise";
  EXPECT_TRUE(same_bits(weighted.costs, without.costs));
}

// The mean cost of an epoch is the mean of its batches' costs by their Σ w, and the same bits come of steps that update
// at once and of those that are looked at, for any number of threads.
TEST(Weighted, BatchesCarryTheirOwnWeights) {
  Rows3 rows;
  for (int i = 0; i < 45; ++i) rows.add(std::sin(3 * i + 1), std::cos(i * i), std::sin(i), 0.5 + i % 7);
  Options options = plain({6, 5});
  options.batch_size = 8;
  const Trained2 exact = trained(rows, options, 7);
  for (const int threads : {1, 2, 3, 8}) {
    options.threads = threads;
    const Trained2 at_once = trained(rows, options, 7, false);
    EXPECT_TRUE(same_bits(exact.theta, at_once.theta)) << threads << " threads";
    EXPECT_TRUE(same_bits(exact.costs, at_once.costs)) << threads << " threads";
  }
  // With a rate that moves nothing, the costs of all batches together are the cost of all examples.
  options.optimizer = OptimizerKind::gradient_descent;
  options.learning_rate = 1e-300;
  const double in_batches = trained(rows, options, 1).costs[0];
  options.batch_size = 0;
  EXPECT_NEAR(in_batches, trained(rows, options, 1).costs[0], 1e-14);
}

}  // namespace
}  // namespace strata
