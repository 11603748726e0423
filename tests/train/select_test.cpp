// Greedy selection against brute force: over every next candidate at each step, and over every multiset.
#include "train/select.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace strata::internal {
namespace {

using Outputs = std::vector<std::vector<double>>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Outputs some_outputs(std::size_t candidates, std::size_t numbers, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Outputs outputs(candidates, std::vector<double>(numbers));
  for (auto& of_candidate : outputs)
    for (double& a : of_candidate) a = static_cast<double>(random() >> 11) * 0x1p-53;
  return outputs;
}

std::vector<double> mean_of(const Outputs& outputs, const std::vector<std::size_t>& counts) {
  std::vector<double> mean(outputs.front().size(), 0.0);
  const auto all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  for (std::size_t at = 0; at < mean.size(); ++at) {
    for (std::size_t c = 0; c < outputs.size(); ++c) mean[at] += static_cast<double>(counts[c]) * outputs[c][at];
    mean[at] /= all;
  }
  return mean;
}

double squared_error(std::span<const double> mean, std::span<const double> truth) {
  double sum = 0;
  for (std::size_t at = 0; at < mean.size(); ++at) sum += (mean[at] - truth[at]) * (mean[at] - truth[at]);
  return sum;
}

std::size_t sum_of(const std::vector<std::size_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

// Every way of counting `candidates` candidates `rounds` times in all.
void for_each_multiset(std::size_t candidates, std::size_t rounds,
                       const std::function<void(const std::vector<std::size_t>&)>& use) {
  std::vector<std::size_t> counts(candidates, 0);
  const std::function<void(std::size_t, std::size_t)> fill = [&](std::size_t c, std::size_t left) {
    if (c + 1 == candidates) {
      counts[c] = left;
      return use(counts);
    }
    for (counts[c] = 0; counts[c] <= left; ++counts[c]) fill(c + 1, left - counts[c]);
  };
  fill(0, rounds);
}

TEST(Select, EachRoundTakesTheBestNextCandidate) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Outputs outputs = some_outputs(4, 6, seed);
    const std::vector<double> truth = some_outputs(1, 6, 1000 + seed).front();
    const auto score = [&](std::span<const double> mean) { return squared_error(mean, truth); };
    std::vector<std::size_t> taken(4, 0), best_counts;
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t rounds = 1; rounds <= 7; ++rounds) {
      std::size_t next = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < 4; ++c) {
        std::vector<std::size_t> with = taken;
        ++with[c];
        const double found = score(mean_of(outputs, with));
        if (found < least) least = found, next = c;
      }
      ++taken[next];
      if (least < best) best = least, best_counts = taken;
      const Selection found = select_greedily(outputs, score, false, rounds);
      EXPECT_EQ(found.counts, best_counts) << "seed " << seed << ", " << rounds << " rounds";
      EXPECT_NEAR(found.score, best, 1e-12);
    }
  }
}

// Greedy is not optimal: it may not beat the best multiset of as many, and never loses to the best candidate.
TEST(Select, LiesBetweenTheBestCandidateAndTheBestMultiset) {
  std::size_t optimal = 0;
  constexpr std::uint64_t kCases = 30;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    const Outputs outputs = some_outputs(3, 5, seed);
    const std::vector<double> truth = some_outputs(1, 5, 2000 + seed).front();
    const auto score = [&](std::span<const double> mean) { return squared_error(mean, truth); };
    const Selection found = select_greedily(outputs, score, false, 8);
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t rounds = 1; rounds <= 8; ++rounds)
      for_each_multiset(3, rounds, [&](const auto& counts) { best = std::min(best, score(mean_of(outputs, counts))); });
    EXPECT_GE(found.score, best - 1e-12);
    for (const auto& each : outputs) EXPECT_LE(found.score, score(each));
    EXPECT_LE(sum_of(found.counts), 8U);
    if (found.score < best + 1e-12) ++optimal;
  }
  EXPECT_GT(optimal, kCases / 3);
}

TEST(Select, FindsTheSharesThatTheTruthWasMadeWith) {
  const Outputs outputs = some_outputs(5, 400, 3);
  const std::vector<double> truth = mean_of(outputs, {3, 0, 1, 0, 1});
  const auto error = [&](std::span<const double> mean) { return squared_error(mean, truth); };
  EXPECT_EQ(select_greedily(outputs, error, false).counts, (std::vector<std::size_t>{3, 0, 1, 0, 1}));
  // The same where more is better.
  const auto gain = [&](std::span<const double> mean) { return -squared_error(mean, truth); };
  const Selection found = select_greedily(outputs, gain, true);
  EXPECT_EQ(found.counts, (std::vector<std::size_t>{3, 0, 1, 0, 1}));
  EXPECT_NEAR(found.score, 0, 1e-20);
}

TEST(Select, UselessCandidatesCountNothing) {
  const std::vector<double> truth = some_outputs(1, 50, 5).front();
  Outputs outputs(3, truth);
  for (double& a : outputs[0]) a = 1 - a;
  for (double& a : outputs[2]) a += 10;
  const auto score = [&](std::span<const double> mean) { return squared_error(mean, truth); };
  EXPECT_EQ(select_greedily(outputs, score, false).counts, (std::vector<std::size_t>{0, 1, 0}));
}

// Ties go to the earlier candidate, and to fewer rounds.
TEST(Select, OfEqualCandidatesTheFirstIsTakenOnce) {
  Outputs outputs(4, some_outputs(1, 30, 6).front());
  for (auto& of_candidate : outputs)
    for (double& a : of_candidate) a = std::floor(0x1p20 * a);  // so that means of them are exact
  for (const bool higher : {false, true})
    for (const std::size_t rounds : {std::size_t{1}, std::size_t{2}, std::size_t{3}, kSelectionRounds}) {
      std::size_t calls = 0;
      const auto score = [&](std::span<const double> mean) {
        ++calls;
        return std::accumulate(mean.begin(), mean.end(), 0.0);
      };
      const Selection found = select_greedily(outputs, score, higher, rounds);
      EXPECT_EQ(found.counts, (std::vector<std::size_t>{1, 0, 0, 0}));
      EXPECT_EQ(calls, 4 * rounds);
      EXPECT_EQ(found.score, score(outputs.front()));
    }
}

TEST(Select, ScoresThatAreNotDefinedAreNeverBest) {
  const Outputs outputs{{3}, {1}, {2}};
  const auto score = [](std::span<const double> mean) { return mean[0] < 1.5 ? kNaN : mean[0]; };
  EXPECT_EQ(select_greedily(outputs, score, false, 1).counts, (std::vector<std::size_t>{0, 0, 1}));
  const auto none = [](std::span<const double>) { return kNaN; };
  const Selection found = select_greedily(outputs, none, false);
  EXPECT_EQ(found.counts, (std::vector<std::size_t>{1, 1, 1}));
  EXPECT_TRUE(std::isnan(found.score));
  EXPECT_TRUE(select_greedily({}, none, false).counts.empty());
}

TEST(Select, OneCandidateIsTakenOnce) {
  const auto score = [](std::span<const double> mean) { return mean[0]; };
  EXPECT_EQ(select_greedily(Outputs{{0.5}}, score, true).counts, (std::vector<std::size_t>{1}));
}

}  // namespace
}  // namespace strata::internal
