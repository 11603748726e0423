#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.hpp"
#include "shared_data.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::sha256;

std::string sha256_of(std::string_view text) { return sha256(std::as_bytes(std::span(text))); }

TEST(Sha256, KnownAnswers) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_of(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// The known answers that Random123 publishes (kat_vectors, philox 4x32 10).
TEST(Philox, KnownAnswersOfRandom123) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

constexpr RandomPurpose kWeights = RandomPurpose::weights;

// Worked out apart from this code, with Python integers, from: counter (n/2 low, n/2 high, index, purpose), key = seed,
// u = ((w0 << 21 ^ w1 >> 11) + ½)/2⁵³ and Box-Muller. A change of any of these changes every model of a seed.
TEST(CounterRandom, NumbersOfTheStreamAreFixed) {
  EXPECT_NEAR(CounterRandom(1, kWeights, 1).normal(0), -1.3109387081789932, 1e-15);
  EXPECT_NEAR(CounterRandom(1, kWeights, 1).normal(1), 0.5093249314613983, 1e-15);
  EXPECT_NEAR(CounterRandom(1, kWeights, 1).normal(2), 1.3611499378011984, 1e-15);
  EXPECT_NEAR(CounterRandom(1, kWeights, 1).normal(3), -0.7032087381415231, 1e-15);
  EXPECT_NEAR(CounterRandom(1, kWeights, 1).normal(8589934593ULL), 0.39001552921605004, 1e-15);
  EXPECT_NEAR(CounterRandom(1, kWeights, 2).normal(0), 1.1355686304062047, 1e-15);
  EXPECT_NEAR(CounterRandom(1, RandomPurpose::shuffle, 1).normal(0), -1.0053452172622348, 1e-15);
  EXPECT_NEAR(CounterRandom(4294967301ULL, kWeights, 1).normal(0), 0.33527838088539813, 1e-15);

  CounterRandom below(7, RandomPurpose::shuffle, 3);
  for (const std::uint64_t expected : {7U, 7U, 2U, 9U, 2U, 0U, 8U, 7U}) EXPECT_EQ(below.below(10), expected);
}

TEST(CounterRandom, ANumberDependsOnItsPlaceAndNotOnTheOrder) {
  const CounterRandom random(42, kWeights, 3);
  std::vector<double> forward(1000);
  for (std::size_t n = 0; n < forward.size(); ++n) forward[n] = random.normal(n);
  for (std::size_t n = forward.size(); n-- > 0;) EXPECT_EQ(random.normal(n), forward[n]) << n;
  CounterRandom used(42, kWeights, 3);
  for (int i = 0; i < 17; ++i) (void)used.below(10);
  EXPECT_EQ(used.normal(5), forward[5]) << "the sequential draws disturb the numbered ones";
}

TEST(CounterRandom, NormalNumbersHaveTheMomentsOfTheNormalDistribution) {
  constexpr std::size_t kCount = 400000;
  const CounterRandom random(2024, kWeights, 1);
  double s1 = 0, s2 = 0, s3 = 0, s4 = 0, neighbours = 0, pairs = 0, last = 0;
  std::size_t beyond_two = 0;
  for (std::size_t n = 0; n < kCount; ++n) {
    const double x = random.normal(n);
    ASSERT_TRUE(std::isfinite(x));
    s1 += x, s2 += x * x, s3 += x * x * x, s4 += x * x * x * x;
    if (std::abs(x) > 2) ++beyond_two;
    if (n > 0) (n % 2 == 1 ? pairs : neighbours) += x * last;
    last = x;
  }
  const double N = kCount, sigma = 1 / std::sqrt(N);  // of the mean; the others follow from the moments of N(0, 1)
  EXPECT_NEAR(s1 / N, 0, 5 * sigma);
  EXPECT_NEAR(s2 / N, 1, 5 * sigma * std::sqrt(2.0));
  EXPECT_NEAR(s3 / N, 0, 5 * sigma * std::sqrt(15.0));
  EXPECT_NEAR(s4 / N, 3, 5 * sigma * std::sqrt(96.0));
  EXPECT_NEAR(static_cast<double>(beyond_two) / N, 0.04550026389635842, 5 * sigma * std::sqrt(0.0455));
  EXPECT_NEAR(pairs / (N / 2), 0, 5 * sigma * std::sqrt(2.0));
  EXPECT_NEAR(neighbours / (N / 2), 0, 5 * sigma * std::sqrt(2.0));
}

TEST(CounterRandom, StreamsDoNotResembleEachOther) {
  const CounterRandom a(1, kWeights, 1);
  for (const CounterRandom& b : {CounterRandom(2, kWeights, 1), CounterRandom(1, kWeights, 2),
                                 CounterRandom(1, RandomPurpose::split, 1), CounterRandom(1ULL << 32, kWeights, 1)}) {
    double product = 0;
    constexpr int kCount = 20000;
    for (std::uint64_t n = 0; n < kCount; ++n) product += a.normal(n) * b.normal(n);
    EXPECT_NEAR(product / kCount, 0, 5 / std::sqrt(kCount));
  }
}

TEST(CounterRandom, BelowIsEvenForSmallAndHugeBounds) {
  CounterRandom random(5, RandomPurpose::split, 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0U);
  for (const std::uint64_t bound : {2U, 3U, 10U}) {
    std::vector<double> count(bound, 0.0);
    const double expected = 20000;
    for (std::uint64_t i = 0; i < bound * 20000; ++i) count.at(random.below(bound)) += 1;
    for (const double n : count) EXPECT_NEAR(n, expected, 5 * std::sqrt(expected)) << "bound " << bound;
  }
  // Of 3·2⁶² values a multiply-shift without the correction would give a third of them twice as often as the others.
  const std::uint64_t bound = 3ULL << 62;
  std::array<double, 3> third{};
  for (int i = 0; i < 60000; ++i) {
    const std::uint64_t x = random.below(bound);
    ASSERT_LT(x, bound);
    third.at(x % 3) += 1;
  }
  for (const double n : third) EXPECT_NEAR(n, 20000, 5 * std::sqrt(20000.0));
}

std::vector<std::size_t> permutation(std::uint64_t seed, RandomPurpose purpose, std::uint32_t index, std::size_t size) {
  std::vector<std::size_t> order(size, 12345);
  shuffled(seed, purpose, index, std::span(order));
  std::vector<std::uint32_t> in_32_bits(size, 12345);
  shuffled(seed, purpose, index, std::span(in_32_bits));
  EXPECT_TRUE(std::equal(order.begin(), order.end(), in_32_bits.begin(), in_32_bits.end()));
  return order;
}

TEST(Shuffled, IsAPermutationFixedBySeedPurposeAndIndex) {
  EXPECT_EQ(permutation(7, RandomPurpose::shuffle, 3, 10), (std::vector<std::size_t>{5, 4, 2, 3, 0, 9, 8, 1, 6, 7}));
  for (const std::size_t size : {0U, 1U, 2U, 3U, 10U, 1000U}) {
    auto order = permutation(9, RandomPurpose::shuffle, 1, size);
    EXPECT_EQ(order, permutation(9, RandomPurpose::shuffle, 1, size));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(order[i], i);
  }
  const auto order = permutation(9, RandomPurpose::shuffle, 1, 1000);
  EXPECT_NE(order, permutation(10, RandomPurpose::shuffle, 1, 1000));
  EXPECT_NE(order, permutation(9, RandomPurpose::shuffle, 2, 1000));
  EXPECT_NE(order, permutation(9, RandomPurpose::split, 1, 1000));
}

TEST(Shuffled, EveryPermutationIsEquallyLikely) {
  std::vector<double> count(24, 0.0);
  constexpr std::uint32_t kRuns = 24 * 2000;
  for (std::uint32_t epoch = 0; epoch < kRuns; ++epoch) {
    const auto order = permutation(1, RandomPurpose::shuffle, epoch, 4);
    std::size_t rank = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      std::size_t smaller = 0;
      for (std::size_t j = i + 1; j < 4; ++j) smaller += order[j] < order[i] ? 1 : 0;
      rank = rank * (4 - i) + smaller;
    }
    count.at(rank) += 1;
  }
  double chi2 = 0;
  for (const double n : count) chi2 += (n - 2000) * (n - 2000) / 2000;
  EXPECT_LT(chi2, 23 + 5 * std::sqrt(2 * 23.0));
}

TEST(NumpyRandom, PublishedNumbersOfSeedOne) {
  std::mt19937 words(1);
  EXPECT_EQ(words(), 1791095845U);
  EXPECT_EQ(words(), 4282876139U);
  NumpyRandom uniform(1);
  EXPECT_EQ(uniform.uniform(), 0.417022004702574);
  NumpyRandom normal(1);
  EXPECT_EQ(normal.normal(), 1.6243453636632417);
  EXPECT_EQ(normal.normal(), -0.6117564136500754);
  EXPECT_EQ(normal.normal(), -0.5281717522634557);
  EXPECT_EQ(normal.normal(), -1.0729686221561705);
}

// Every initial array of the two published runs, bit for bit: 332,003 numbers drawn row by row.
TEST(NumpyRandom, InitialArraysOfThePublishedRuns) {
  STRATA_NEEDS_SHARED_DATA();
  std::ifstream file(testing::shared_data("course/trajectories.json"));
  ASSERT_TRUE(file) << testing::shared_data("course/trajectories.json");
  const nlohmann::json runs = nlohmann::json::parse(file);
  std::size_t arrays = 0, numbers = 0;
  for (const std::string run : {"two_layer", "four_layer"}) {
    const auto dims = runs.at(run).at("layers_dims").get<std::vector<std::size_t>>();
    NumpyRandom random(1);
    for (std::size_t l = 1; l < dims.size(); ++l) {
      std::vector<double> W(dims[l] * dims[l - 1]), b(dims[l], 0.0);
      for (double& w : W) {
        w = run == "two_layer" ? random.normal() * 0.01 : random.normal() / std::sqrt(static_cast<double>(dims[l - 1]));
      }
      const auto& sums = runs.at(run).at("init_sha256");
      const std::string layer = std::to_string(l);
      EXPECT_EQ(sha256(W), sums.at("W" + layer).at("sha256_le_f64_rowmajor").get<std::string>()) << run << " W" << l;
      EXPECT_EQ(sha256(b), sums.at("b" + layer).at("sha256_le_f64_rowmajor").get<std::string>()) << run << " b" << l;
      EXPECT_EQ(W.front(), sums.at("W" + layer).at("first").at(0).get<double>());
      EXPECT_EQ(W.back(), sums.at("W" + layer).at("last").get<double>());
      arrays += 2, numbers += W.size();
    }
  }
  EXPECT_EQ(arrays, 12U);
  EXPECT_EQ(numbers, 86023U + 245760U + 140U + 35U + 5U);
}

}  // namespace
}  // namespace strata
