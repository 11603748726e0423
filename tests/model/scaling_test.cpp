#include "features/scaling.hpp"

#include <algorithm>
#include <limits>

#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::error_of;

// The fit of `rows` rows that read(r) gives.
Scaling fit_of(std::size_t n_x, std::size_t rows, const RowReader& read, std::vector<std::size_t>* constant) {
  StandardFit fit(n_x);
  std::vector<double> x(n_x);
  for (std::size_t r = 0; r < rows; ++r) {
    read(r, x.data());
    fit.add(x.data());
  }
  std::vector<std::size_t> unused;
  const auto name = [&](std::size_t i) { return "input " + std::to_string(i + 1) + " of " + std::to_string(n_x); };
  return fit.finish(rows, read, name, constant != nullptr ? *constant : unused);
}

Scaling fit(const std::vector<std::vector<double>>& rows, std::vector<std::size_t>* constant = nullptr) {
  const std::size_t n_x = rows.empty() ? 2 : rows[0].size();
  return fit_of(
      n_x, rows.size(), [&](std::size_t r, double* out) { std::copy(rows[r].begin(), rows[r].end(), out); }, constant);
}

TEST(Scaling, StandardIsMeanAndDeviationDividedByM) {
  const Scaling scaling = fit({{1, 10}, {3, 10.5}, {5, 14}, {7, 9.5}});
  EXPECT_EQ(scaling.kind, ScaleKind::standard);
  EXPECT_EQ(scaling.offset, (std::vector<double>{4, 11}));
  // Σ(x−mean)² = 9+1+1+9 = 20 and 1+0.25+9+2.25 = 12.5, divided by 4.
  EXPECT_EQ(scaling.divisor, (std::vector<double>{std::sqrt(5.0), std::sqrt(3.125)}));
}

TEST(Scaling, TwoPassesKeepTheDigitsOfNumbersFarFromZero) {
  // A one-pass E[x²]−E[x]² has lost everything here.
  const Scaling scaling = fit({{1e9 + 1, 0}, {1e9 + 2, 1}, {1e9 + 3, 2}});
  EXPECT_EQ(scaling.offset[0], 1e9 + 2);
  EXPECT_DOUBLE_EQ(scaling.divisor[0], std::sqrt(2.0 / 3));
}

TEST(Scaling, ConstantInputKeepsDivisorOne) {
  // The mean of 0.1 three times is not 0.1 in float64; the deviation must not be made of that rounding error.
  std::vector<std::size_t> constant;
  const Scaling scaling = fit({{0.1, 1, 7}, {0.1, 2, 7}, {0.1, 4, 7}}, &constant);
  EXPECT_EQ(constant, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(scaling.offset[0], 0.1);
  EXPECT_EQ(scaling.divisor[0], 1);
  EXPECT_EQ(scaling.offset[2], 7);
  EXPECT_EQ(scaling.divisor[2], 1);
  EXPECT_NE(scaling.divisor[1], 1);
  double x[3];
  apply_scaling(scaling, std::vector<double>{0.1, 1, 7}, x);
  EXPECT_EQ(x[0], 0);
  EXPECT_EQ(x[2], 0);
}

TEST(Scaling, OneRowIsConstant) {
  std::vector<std::size_t> constant;
  const Scaling scaling = fit({{3, 4}}, &constant);
  EXPECT_EQ(constant.size(), 2U);
  EXPECT_EQ(scaling.divisor, (std::vector<double>{1, 1}));
}

TEST(Scaling, NumbersWhoseSquaredDistancesVanishAreConstantToo) {
  std::vector<std::size_t> constant;
  const Scaling scaling = fit({{1e-200, 0}, {2e-200, 1}}, &constant);
  EXPECT_EQ(constant, (std::vector<std::size_t>{0}));
  EXPECT_EQ(scaling.divisor[0], 1);
}

// `rows` rows that take turns in these numbers.
Scaling fit_turns(const std::vector<double>& numbers, std::size_t rows, std::vector<std::size_t>* constant) {
  return fit_of(1, rows, [&](std::size_t r, double* out) { *out = numbers[r % numbers.size()]; }, constant);
}

double next(double x) { return std::nextafter(x, std::numeric_limits<double>::infinity()); }

// Numbers that differ by rounding must not become ±1: that would be a signal made of nothing.
TEST(Scaling, NumbersThatDifferByRoundingAreConstant) {
  const std::vector<std::vector<double>> columns = {{1e9, 1e9 + 1e-8},  // the same double
                                                    {0.1},
                                                    {0.1, 0.3 - 0.2},  // 0.1 and its neighbour
                                                    {0.1, 0.1, 0.1, next(0.1)},
                                                    {1e9, next(1e9)},
                                                    {-1e9, -next(1e9), -next(next(1e9))},
                                                    {1e300, next(1e300)},  // whose squared distances overflow
                                                    {1e18, next(1e18)},
                                                    {1e-300, next(1e-300)},
                                                    {1e9, 1e9, 1e9 + 1e-6}};
  for (const std::vector<double>& numbers : columns) {
    for (const std::size_t rows : {3UL, 10UL, 1000UL, 100'000UL}) {
      if (rows < numbers.size()) continue;
      std::vector<std::size_t> constant;
      const Scaling scaling = fit_turns(numbers, rows, &constant);
      EXPECT_EQ(constant.size(), 1U) << numbers[0] << ", " << numbers.back() << ", " << rows << " rows";
      for (const double number : numbers) {
        float x = 7;
        apply_scaling(scaling, {&number, 1}, &x);
        EXPECT_LT(std::abs(x), 1e-4) << number << " of " << rows << " rows";
      }
    }
  }
}

TEST(Scaling, NumbersThatDifferByMoreVary) {
  const std::vector<std::vector<double>> columns = {
      {1e6, 1e6 + 1e-3}, {1e6, 1e6, 1e6, 1e6 + 1e-3}, {1e9, 1e9 + 1e-3}, {1, 1 + 1e-12}, {-1e-12, 1e-12},
      {1e-160, 3e-140},  {1.7e18, 1.7e18 + 1e9}};
  for (const std::vector<double>& numbers : columns) {
    for (const std::size_t rows : {10UL, 1000UL, 1'000'000UL}) {
      std::vector<std::size_t> constant;
      const Scaling scaling = fit_turns(numbers, rows, &constant);
      EXPECT_TRUE(constant.empty()) << numbers[0] << ", " << numbers.back() << ", " << rows << " rows";
      double mean_square = 0;
      for (std::size_t r = 0; r < rows; ++r) {
        double x = 0;
        apply_scaling(scaling, {&numbers[r % numbers.size()], 1}, &x);
        mean_square += x * x / static_cast<double>(rows);
      }
      EXPECT_NEAR(mean_square, 1, 0.01);
    }
  }
}

// The bits of the mean and of the deviation, where they are used, are those of the two sums.
TEST(Scaling, ALookAtRoundingChangesNoOtherColumn) {
  const std::vector<std::vector<double>> rows = {{1e9, 0.3}, {next(1e9), 0.1}, {1e9, 0.7}};
  const Scaling both = fit(rows);
  const Scaling alone = fit({{0.3}, {0.1}, {0.7}});
  EXPECT_EQ(both.offset[1], alone.offset[0]);
  EXPECT_EQ(both.divisor[1], alone.divisor[0]);
  const double mean = (0.3 + 0.1 + 0.7) / 3;
  double squares = 0;
  for (const double x : {0.3, 0.1, 0.7}) squares += (x - mean) * (x - mean);
  EXPECT_EQ(both.divisor[1], std::sqrt(squares / 3));
}

TEST(Scaling, TooLargeNumbersAreAnError) {
  EXPECT_ERROR(fit({{0, 1e308}, {1, 1e308}, {2, -1e307}}), "value",
               "cannot standardise input 2 of 2: its mean or standard deviation over 3 examples is not a finite "
               "number; its values are "
               "too large (or not finite themselves)");
}

TEST(Scaling, NoRowsAreAnError) {
  EXPECT_ERROR(fit({}), "value", "cannot standardise the inputs: there are no examples to take the mean of");
}

TEST(Scaling, DividesBy255Truly) {
  std::vector<double> pixels(256), x(256);
  for (std::size_t i = 0; i < 256; ++i) pixels[i] = static_cast<double>(i);
  apply_scaling({ScaleKind::divide_255, {}, {}}, pixels, x.data());
  int differences = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(x[i], pixels[i] / 255.0);
    if (x[i] != pixels[i] * (1 / 255.0)) ++differences;
  }
  EXPECT_GT(differences, 0) << "these numbers do not show the difference to a product";
}

TEST(Scaling, ComputesInFloat64AndRoundsOnce) {
  // In float32 throughout, 16777217 would already be 16777216 before the subtraction.
  float x[2];
  apply_scaling({ScaleKind::standard, {16777216, 0.1}, {2, 3}}, std::vector<double>{16777217, 0.7}, x);
  EXPECT_EQ(x[0], 0.5F);
  EXPECT_EQ(x[1], static_cast<float>((0.7 - 0.1) / 3));
  apply_scaling({ScaleKind::none, {}, {}}, std::vector<double>{16777217, 0.1}, x);
  EXPECT_EQ(x[0], 16777216.0F);
  EXPECT_EQ(x[1], 0.1F);
}

}  // namespace
}  // namespace strata
