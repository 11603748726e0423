// What L2 adds to the costs that are shown: exact where a cost is shown alone, sampled in the mean of an epoch.
#include "train/penalty.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "strata/trainer.hpp"
#include "waves.hpp"

namespace strata {
using namespace internal;
namespace {

TEST(SquaresOfSteps, AStraightLineIsSummedExactly) {
  SquaresOfSteps squares;
  double expected = 0;
  int samples = 0;
  for (int step = 0; step < 100; ++step) {
    const double now = 7 - 0.0625 * step;
    if (squares.wants_sample()) squares.sample(now), ++samples;
    squares.step();
    expected += now;
  }
  squares.sample(7 - 0.0625 * 100);
  EXPECT_DOUBLE_EQ(squares.take(), expected);
  EXPECT_EQ(squares.take(), 0) << "the next sum begins at the last sample";
  EXPECT_EQ(samples, 7) << "every 16 steps";
}

// The mean cost of an epoch is that of the costs of its batches, weighted by their examples, when each of them is shown
// and so is exact; and nearly the same when none is.
TEST(Penalty, TheMeanOfAnEpochHasIt) {
  Options options;
  options.hidden_layers = {16, 8};
  options.precision = Precision::float64;
  options.batch_size = 7;  // the last batch of an epoch has six
  options.epochs = 4;
  options.l2 = 30;
  options.report_every = 1;
  std::vector<double> costs, exact, sampled;
  Callbacks callbacks;
  callbacks.cost = [&](const CostReport& report) { costs.push_back(report.cost); };
  callbacks.epoch = [&](const EpochReport& report) { exact.push_back(report.mean_cost); };
  const Fit shown = train(testing::waves(300), options, callbacks);
  callbacks.cost = {};
  callbacks.epoch = [&](const EpochReport& report) { sampled.push_back(report.mean_cost); };
  const Fit silent = train(testing::waves(300), options, callbacks);
  EXPECT_EQ(shown.model.weights(1), silent.model.weights(1)) << "the weights keep their bits";
  EXPECT_EQ(shown.model.record().cost, silent.model.record().cost);
  ASSERT_EQ(exact.size(), 4U);
  ASSERT_EQ(sampled.size(), 4U);
  ASSERT_EQ(costs.size(), 4U * 43);
  for (std::size_t epoch = 0; epoch < 4; ++epoch) {
    double mean = 0;
    for (std::size_t i = 0; i < 43; ++i) mean += costs[43 * epoch + i] * (i == 42 ? 6 : 7) / 300;
    EXPECT_NEAR(exact[epoch], mean, 1e-12 * mean) << "epoch " << epoch;
    EXPECT_NEAR(sampled[epoch], mean, 1e-3 * mean) << "epoch " << epoch;
    EXPECT_NE(sampled[epoch], mean) << "it was to be sampled";
  }
}

}  // namespace
}  // namespace strata
