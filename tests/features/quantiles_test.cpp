#include "features/quantiles.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace strata::internal {
namespace {

TEST(Quantiles, LieBetweenTwoNumbersByTheirDistance) {
  const std::vector<double> four{1, 2, 4, 8};
  EXPECT_EQ(quantile(four, 0), 1);
  EXPECT_EQ(quantile(four, 1), 8);
  EXPECT_EQ(quantile(four, 0.5), 3);
  EXPECT_EQ(quantile(four, 0.25), 1.75);  // numpy.quantile says so
  EXPECT_EQ(quantile(std::vector{7.0}, 0.3), 7);
  const double huge = std::numeric_limits<double>::max();
  EXPECT_EQ(quantile(std::vector{-huge, huge}, 0.5), 0);
}

TEST(Quantiles, AreAsManyAsTheRowsAllow) {
  const auto count = [](std::size_t rows) {
    std::vector<double> sorted(rows);
    for (std::size_t i = 0; i < rows; ++i) sorted[i] = static_cast<double>(i);
    return quantiles_of({sorted}).size();
  };
  EXPECT_EQ(count(1), 1U);
  EXPECT_EQ(count(7), 7U);
  EXPECT_EQ(count(250), 10U);
  EXPECT_EQ(count(600), 20U);
  EXPECT_EQ(count(60'000), 1000U);
}

// Values of scipy.special.ndtri.
TEST(Quantiles, OfTheNormalDistribution) {
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-15);
  EXPECT_NEAR(normal_quantile(0.2), -0.8416212335729142, 1e-15);
  EXPECT_NEAR(normal_quantile(1e-7), -5.199337582192817, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-12), -7.034483825301132, 1e-13);
  for (double p = 1e-7; p < 1; p += 0.00097)
    EXPECT_NEAR(std::erfc(-normal_quantile(p) / std::sqrt(2.0)) / 2, p, 4e-16) << p;
}

TEST(Quantiles, AShareBecomesANormalNumber) {
  const std::vector<double> quantiles{0, 1, 2, 10};
  EXPECT_EQ(normal_of_share(quantiles, 1), normal_quantile(1.0 / 3));
  EXPECT_EQ(normal_of_share(quantiles, 6), normal_quantile(2.5 / 3));
  EXPECT_EQ(normal_of_share(quantiles, -5), normal_quantile(1e-7));
  EXPECT_EQ(normal_of_share(quantiles, 0), normal_quantile(1e-7));
  EXPECT_EQ(normal_of_share(quantiles, 10), normal_quantile(1 - 1e-7));
  EXPECT_EQ(normal_of_share(quantiles, 1e300), normal_quantile(1 - 1e-7));
  // Where several are x, the middle of them.
  const std::vector<double> many{0, 0, 0, 1, 2};
  EXPECT_EQ(normal_of_share(many, 0), normal_quantile(0.25));
  EXPECT_EQ(normal_of_share(std::vector{3.0}, 3), 0);
  const double huge = std::numeric_limits<double>::max();
  EXPECT_EQ(normal_of_share(std::vector{-huge, huge}, 0), 0);
}

TEST(Quantiles, ASmoothClipStaysWithin3) {
  EXPECT_EQ(smoothly_clipped(0), 0);
  EXPECT_NEAR(smoothly_clipped(0.01), 0.01, 1e-7);
  EXPECT_EQ(smoothly_clipped(3), 3 / std::sqrt(2.0));
  EXPECT_LE(smoothly_clipped(1e10), 3);
  EXPECT_EQ(smoothly_clipped(1e300), 3);
  EXPECT_EQ(smoothly_clipped(-1e300), -3);
}

}  // namespace
}  // namespace strata::internal
