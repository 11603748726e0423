// The figures of predictions, beside scikit-learn's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "metrics_cases.hpp"
#include "model/metrics.hpp"
#include "model/score.hpp"
#include "strata/options.hpp"

namespace strata::testing {
namespace {

using namespace internal;

Architecture net_of(const MetricsCase& c, bool softmax) {
  return {2,
          {},
          c.outputs,
          c.task == Task::regression ? Loss::squared_error
          : softmax                  ? Loss::categorical_cross_entropy
                                     : Loss::binary_cross_entropy};
}

bool is_softmax(const MetricsCase& c) { return c.task == Task::classes || c.name == "softmax_of_two"; }

Target target_of(const MetricsCase& c) {
  Target target;
  target.task = c.task;
  return target;
}

/// All figures of the task, scored in batches of `batch`.
template <class T>
Metrics metrics_of(const MetricsCase& c, Index batch = 7) {
  const Architecture net = net_of(c, is_softmax(c));
  const Target target = target_of(c);
  Score<T> score(net, target, beside_the_usual(c.task, strata::metrics_of(c.task)));
  const std::vector<T> a(c.a.begin(), c.a.end()), y(c.y.begin(), c.y.end());
  const Index n = c.outputs, m = std::ssize(a) / n;
  for (Index j = 0; j < m; j += batch) {
    const Index count = std::min(batch, m - j);
    score.add(View<const T>(a.data() + j * n, n, count), View<const T>(y.data() + j * n, n, count), 0,
              c.w.empty() ? nullptr : c.w.data() + j);
  }
  return score.metrics();
}

Metric metric_of(std::string key) {
  for (const Task task : {Task::classes, Task::regression})
    for (const Metric each : strata::metrics_of(task)) {
      std::string own(name(each));
      std::ranges::replace(own, '-', '_');
      if (own == key) return each;
    }
  ADD_FAILURE() << key;
  return Metric::loss;
}

TEST(Metrics, AreThoseOfScikitLearn) {
  std::size_t compared = 0;
  for (const MetricsCase& c : kMetricsCases) {
    const Metrics metrics = metrics_of<double>(c);
    EXPECT_EQ(c.figures.size() + 1, strata::metrics_of(c.task).size()) << c.name;  // all but the loss
    for (const auto& [key, expected] : c.figures) {
      const double found = metrics.value(metric_of(key));
      EXPECT_EQ(std::isnan(found), std::isnan(expected)) << c.name << " " << key << ": " << found;
      if (!std::isnan(expected)) {
        EXPECT_NEAR(found, expected, 1e-12 * std::max(1.0, std::abs(expected))) << c.name << " " << key;
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 90U);
}

TEST(Metrics, DoNotDependOnTheBatches) {
  for (const MetricsCase& c : kMetricsCases) {
    const Metrics a = metrics_of<float>(c, 1), b = metrics_of<float>(c, 1000);
    for (const Metric each : strata::metrics_of(c.task)) {
      if (std::isnan(a.value(each)))
        EXPECT_TRUE(std::isnan(b.value(each))) << c.name << " " << name(each);
      else
        EXPECT_EQ(a.value(each), b.value(each)) << c.name << " " << name(each);
    }
  }
}

// A weight of 2 is the example twice; one of 0 is none.
TEST(Metrics, AWeightCountsExamples) {
  for (const MetricsCase& c : kMetricsCases) {
    MetricsCase weighted = c, repeated = c;
    const auto n = static_cast<std::size_t>(c.outputs), m = c.a.size() / n;
    weighted.w.clear();
    repeated.w.clear();
    repeated.a.clear();
    repeated.y.clear();
    for (std::size_t i = 0; i < m; ++i) {
      const std::size_t times = (i + 1) % 3;
      weighted.w.push_back(static_cast<double>(times));
      for (std::size_t t = 0; t < times; ++t) {
        for (std::size_t k = 0; k < n; ++k) {
          repeated.a.push_back(c.a[i * n + k]);
          repeated.y.push_back(c.y[i * n + k]);
        }
      }
    }
    const Metrics a = metrics_of<double>(weighted), b = metrics_of<double>(repeated);
    for (const Metric each : strata::metrics_of(c.task).subspan(1)) {
      if (std::isnan(a.value(each)) || std::isnan(b.value(each)))
        EXPECT_EQ(std::isnan(a.value(each)), std::isnan(b.value(each))) << c.name << " " << name(each);
      else
        EXPECT_NEAR(a.value(each), b.value(each), 1e-12 * std::max(1.0, b.value(each))) << c.name << " " << name(each);
    }
  }
}

TEST(Metrics, WhatIsNotAskedForIsNotMeasured) {
  const MetricsCase& c = kMetricsCases.front();
  const Architecture net = net_of(c, false);
  const Target target = target_of(c);
  const std::vector<double> a(c.a.begin(), c.a.end());
  Score<double> usual(net, target), one(net, target, {Metric::roc_auc});
  for (Score<double>* each : {&usual, &one})
    each->add(View<const double>(c.a.data(), 1, 40), View<const double>(c.y.data(), 1, 40), 20, nullptr);
  EXPECT_EQ(usual.metrics().loss, 0.5);
  EXPECT_TRUE(usual.metrics().more.empty());
  EXPECT_TRUE(std::isnan(usual.metrics().roc_auc));
  EXPECT_NEAR(one.metrics().roc_auc, c.figures.at("roc_auc"), 1e-12);
  EXPECT_TRUE(std::isnan(one.metrics().pr_auc));
}

// A target of 0 that the scale of the target has rounded away is still one.
TEST(Metrics, MapeOfAScaledZeroIsNotDefined) {
  const Architecture net{1, {}, 1, Loss::squared_error};
  Target target;
  target.task = Task::regression;
  target.offset = {5.3};
  target.divisor = {2.1};
  const std::vector<float> a = {0.1F, 0.2F}, zero = {static_cast<float>(-5.3 / 2.1), 0.3F}, other = {-2.5F, 0.3F};
  for (const auto* y : {&zero, &other}) {
    Score<float> score(net, target, {Metric::mape});
    score.add(View<const float>(a.data(), 1, 2), View<const float>(y->data(), 1, 2), 0, nullptr);
    EXPECT_EQ(std::isnan(score.metrics().mape), y == &zero);
  }
}

// Weights that went bad give outputs that are no numbers.
TEST(Metrics, OfWhatIsNoNumberAreNotDefined) {
  MetricsCase c{"bad", Task::binary, 1, {0.5, Metrics::kNone, 0.25, Metrics::kNone}, {0, 1, 1, 0}, {}, {}};
  const Metrics metrics = metrics_of<double>(c);
  for (const Metric each : {Metric::roc_auc, Metric::pr_auc, Metric::log_loss, Metric::brier})
    EXPECT_TRUE(std::isnan(metrics.value(each))) << name(each);
  EXPECT_EQ(metrics.correct, 2U);
}

TEST(Metrics, KnowWhichWayIsBetter) {
  for (const Task task : {Task::binary, Task::classes, Task::regression})
    for (const Metric each : strata::metrics_of(task)) {
      const std::string own(name(each));
      const bool higher = own == "accuracy" || own == "balanced-accuracy" || own == "f1" || own == "mcc" ||
                          own == "roc-auc" || own == "pr-auc" || own == "r2";
      EXPECT_EQ(higher_is_better(each), higher) << own;
    }
}

Bootstrap bootstrap(int resamples, std::uint64_t seed = 1) { return {resamples, seed}; }

template <class T>
std::vector<Interval> intervals(const MetricsCase& c, const Bootstrap& by, int threads,
                                const std::vector<double>& unseen = {}) {
  const Architecture net = net_of(c, is_softmax(c));
  const Target target = target_of(c);
  Outcomes outcomes(net, target);
  const Index n = c.outputs, m = std::ssize(c.a) / n;
  outcomes.add(target, net.head(), View<const double>(c.a.data(), n, m), View<const double>(c.y.data(), n, m),
               c.w.empty() ? nullptr : c.w.data());
  for (Index i = 0; i < m; ++i) outcomes.losses.push_back(static_cast<double>(i % 5));
  outcomes.unseen = unseen;
  Metrics point = metrics_of<T>(c);
  point.unseen = unseen.size();
  return intervals_of(outcomes, point, 0.5, by, threads);
}

TEST(Intervals, AreTheSameForAnyThreads) {
  for (const MetricsCase& c : kMetricsCases) {
    const std::vector<Interval> one = intervals<double>(c, bootstrap(200), 1);
    for (const int threads : {2, 3, 8}) {
      const std::vector<Interval> more = intervals<double>(c, bootstrap(200), threads);
      ASSERT_EQ(one.size(), more.size());
      for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].metric, more[i].metric);
        EXPECT_EQ(one[i].low, more[i].low) << c.name << " " << name(one[i].metric);
        EXPECT_EQ(one[i].high, more[i].high) << c.name << " " << name(one[i].metric);
      }
    }
  }
}

TEST(Intervals, HoldTheFigureOfWhatIsDefined) {
  for (const MetricsCase& c : kMetricsCases) {
    const Metrics metrics = metrics_of<double>(c);
    std::size_t defined = 0;
    for (const Metric each : strata::metrics_of(c.task)) defined += std::isfinite(metrics.value(each)) ? 1 : 0;
    const std::vector<Interval> all = intervals<double>(c, bootstrap(1000), 0);
    EXPECT_EQ(all.size(), defined) << c.name;
    for (const Interval& each : all) {
      EXPECT_LE(each.low, each.high) << c.name << " " << name(each.metric);
      if (each.metric == Metric::loss) continue;  // made up above
      EXPECT_LE(each.low, metrics.value(each.metric) + 1e-12) << c.name << " " << name(each.metric);
      EXPECT_GE(each.high, metrics.value(each.metric) - 1e-12) << c.name << " " << name(each.metric);
    }
  }
  EXPECT_TRUE(intervals<double>(kMetricsCases.front(), bootstrap(0), 1).empty());
}

TEST(Intervals, DependOnTheSeed) {
  const MetricsCase& c = kMetricsCases.front();
  const auto low = [&](std::uint64_t seed) { return intervals<double>(c, bootstrap(50, seed), 1)[7].low; };
  EXPECT_EQ(low(1), low(1));
  EXPECT_NE(low(1), low(2));
  EXPECT_NE(low(1), low((std::uint64_t{1} << 32) + 1)) << "the upper half of the seed";
}

// Of a share p of m examples, the interval is p ± 1.96 √(p(1−p)/m); of a mean, ± 1.96 s/√m.
TEST(Intervals, AreAsWideAsTheTheorySays) {
  MetricsCase c{"share", Task::binary, 1, {}, {}, {}, {}};
  constexpr std::size_t kM = 900;
  for (std::size_t i = 0; i < kM; ++i) {
    c.a.push_back(0.25);
    c.y.push_back(i % 10 < 3 ? 1 : 0);  // 0.7 are right
  }
  for (const auto& each : intervals<double>(c, bootstrap(2000), 0)) {
    if (each.metric == Metric::accuracy) {
      const double half = 1.96 * std::sqrt(0.7 * 0.3 / kM);
      EXPECT_NEAR(each.low, 0.7 - half, 0.1 * half);
      EXPECT_NEAR(each.high, 0.7 + half, 0.1 * half);
    }
    if (each.metric == Metric::loss) {  // 0 … 4, as often each
      const double half = 1.96 * std::sqrt(2.0 / kM);
      EXPECT_NEAR(each.low, 2 - half, 0.1 * half);
      EXPECT_NEAR(each.high, 2 + half, 0.1 * half);
    }
  }
}

// Examples of unknown classes are drawn too, and are wrong.
TEST(Intervals, CountTheUnseenAsWrong) {
  MetricsCase c{"unseen", Task::binary, 1, std::vector<double>(50, 0.9), std::vector<double>(50, 1.0), {}, {}};
  const auto of_accuracy = [&](std::size_t unseen, double weight = 1) {
    for (const Interval& each : intervals<double>(c, bootstrap(500), 1, std::vector(unseen, weight)))
      if (each.metric == Metric::accuracy) return each;
    return Interval{};
  };
  EXPECT_EQ(of_accuracy(0).low, 1);
  EXPECT_NEAR(of_accuracy(50).low, 0.4, 0.05);
  EXPECT_NEAR(of_accuracy(50).high, 0.6, 0.05);
  EXPECT_NEAR(of_accuracy(10, 5).low, 0.35, 0.08) << "as much by weight, and fewer of them";
}

}  // namespace
}  // namespace strata::testing
