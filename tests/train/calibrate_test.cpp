// The fitted temperature against a fine grid, and against probabilities whose temperature is known.
#include "train/calibrate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace strata::internal {
namespace {

struct Examples {
  Head head;
  Index n_y;
  std::vector<double> A, Y, w;

  [[nodiscard]] double fitted() const { return fit_temperature<double>({A.begin(), A.end()}, Y, w, head, n_y); }
};

// The weighted log-loss of the calibrated probabilities, from its definition.
double loss_of(const Examples& of, double temperature) {
  const auto n = static_cast<std::size_t>(of.n_y);
  double sum = 0;
  for (std::size_t i = 0; i < of.A.size() / n; ++i) {
    double powers = 0, own = 0;
    for (std::size_t k = 0; k < n; ++k) powers += std::pow(of.A[i * n + k], 1 / temperature);
    for (std::size_t k = 0; k < n; ++k) {
      const double a = of.A[i * n + k], y = of.Y[i * n + k], power = std::pow(a, 1 / temperature);
      if (of.head == Head::softmax) {
        if (y > 0) own -= y * std::log(power / powers);
      } else {
        const double p = power / (power + std::pow(1 - a, 1 / temperature));
        own -= y * std::log(p) + (1 - y) * std::log(1 - p);
      }
    }
    sum += (of.w.empty() ? 1.0 : of.w[i]) * own;
  }
  return sum;
}

double number(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

// Classes drawn by their probabilities, which are then told at `temperature`⁻¹: fitting must find `temperature`.
Examples drawn(Head head, Index n_y, std::size_t m, double temperature, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Examples of{head, n_y, {}, {}, {}};
  const auto n = static_cast<std::size_t>(n_y);
  for (std::size_t i = 0; i < m; ++i) {
    std::vector<double> z(n), y(n, 0.0);
    for (double& each : z) each = 4 * number(random) - 2;
    const double draw = number(random);
    if (head == Head::softmax) {
      double sum = 0, told = 0, below = 0;
      for (const double each : z) sum += std::exp(each), told += std::exp(each * temperature);
      std::size_t k = 0;
      while (k + 1 < n && (below += std::exp(z[k]) / sum) < draw) ++k;
      y[k] = 1;
      for (const double each : z) of.A.push_back(std::exp(each * temperature) / told);
    } else {
      for (std::size_t k = 0; k < n; ++k) {
        y[k] = (k == 0 ? draw : number(random)) < 1 / (1 + std::exp(-z[k])) ? 1 : 0;
        of.A.push_back(1 / (1 + std::exp(-z[k] * temperature)));
      }
    }
    of.Y.insert(of.Y.end(), y.begin(), y.end());
  }
  return of;
}

TEST(Calibrate, FindsTheTemperatureThatWasTaken) {
  for (const double temperature : {0.5, 1.0, 1.5, 3.0}) {
    EXPECT_NEAR(drawn(Head::sigmoid, 1, 40'000, temperature, 1).fitted() / temperature, 1, 0.03);
    EXPECT_NEAR(drawn(Head::sigmoid, 3, 20'000, temperature, 2).fitted() / temperature, 1, 0.03);
    EXPECT_NEAR(drawn(Head::softmax, 4, 40'000, temperature, 3).fitted() / temperature, 1, 0.03);
  }
}

TEST(Calibrate, IsTheLeastOfAFineGrid) {
  for (const Head head : {Head::sigmoid, Head::softmax}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      Examples of = drawn(head, head == Head::softmax ? 3 : 2, 60, 1.7, 10 + seed);
      for (const bool weighted : {false, true}) {
        std::mt19937_64 random(seed);
        for (std::size_t i = 0; weighted && i < 60; ++i) of.w.push_back(i % 5 == 0 ? 0.0 : 9 * number(random));
        double best = 1;
        for (double t = kLeastTemperature; t <= kLargestTemperature; t *= 1.001)
          if (loss_of(of, t) < loss_of(of, best)) best = t;
        const double fitted = of.fitted();
        EXPECT_NEAR(fitted / best, 1, 0.002) << "seed " << seed << (weighted ? ", weighted" : "");
        EXPECT_LE(loss_of(of, fitted), loss_of(of, best) + 1e-9);
      }
    }
  }
}

TEST(Calibrate, StopsAtItsBounds) {
  // All are right: the surer, the better.
  EXPECT_EQ((Examples{Head::sigmoid, 1, {0.9, 0.2}, {1, 0}, {}}.fitted()), kLeastTemperature);
  EXPECT_EQ((Examples{Head::softmax, 2, {0.9, 0.1}, {1, 0}, {}}.fitted()), kLeastTemperature);
  // All are wrong: the less sure, the better.
  EXPECT_EQ((Examples{Head::sigmoid, 1, {0.9, 0.2}, {0, 1}, {}}.fitted()), kLargestTemperature);
  EXPECT_EQ((Examples{Head::softmax, 2, {0.9, 0.1}, {0, 1}, {}}.fitted()), kLargestTemperature);
}

TEST(Calibrate, IsOneWhereNoTemperatureIsBetter) {
  EXPECT_EQ((Examples{Head::sigmoid, 1, {0.5, 0.5}, {0, 1}, {}}.fitted()), 1);
  EXPECT_EQ((Examples{Head::softmax, 4, {0.25, 0.25, 0.25, 0.25}, {0, 1, 0, 0}, {}}.fitted()), 1);
  EXPECT_EQ((Examples{Head::softmax, 2, {}, {}, {}}.fitted()), 1);
  EXPECT_EQ((Examples{Head::sigmoid, 1, {0.9}, {0}, {0}}.fitted()), 1);
  EXPECT_EQ((Examples{Head::identity, 1, {0.9}, {0}, {}}.fitted()), 1);
}

TEST(Calibrate, IsOneForNumbersThatAreNotFinite) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
  const Examples sigmoid{Head::sigmoid, 1, {0.9, 0.2, 0.6}, {1, 0, 0}, {1, 2, 1}};
  const Examples softmax{Head::softmax, 3, {0.7, 0.2, 0.1, 0.2, 0.2, 0.6}, {1, 0, 0, 0, 1, 0}, {1, 2}};
  for (const Examples& good : {sigmoid, softmax}) {
    EXPECT_NE(good.fitted(), 1);
    for (const double bad : {kNaN, kInfinity, -kInfinity}) {
      for (std::vector<double> Examples::* const of : {&Examples::Y, &Examples::w}) {
        Examples damaged = good;
        (damaged.*of)[1] = bad;
        EXPECT_EQ(damaged.fitted(), 1) << bad;
      }
    }
    Examples damaged = good;
    damaged.A[1] = kNaN;
    EXPECT_EQ(damaged.fitted(), 1);
  }
}

TEST(Calibrate, TakesProbabilitiesOfZeroAndOne) {
  // Nine of ten are right, and all are told as certain.
  Examples sigmoid{Head::sigmoid, 1, std::vector<double>(10, 1.0), std::vector<double>(10, 1.0), {}};
  sigmoid.Y[3] = 0;
  Examples softmax{Head::softmax, 2, {}, {}, {}};
  for (int i = 0; i < 10; ++i) {
    softmax.A.insert(softmax.A.end(), {0.0, 1.0});
    softmax.Y.insert(softmax.Y.end(), {i == 3 ? 1.0 : 0.0, i == 3 ? 0.0 : 1.0});
  }
  // The temperature makes of the nearest numbers of float32 what is right: odds of 9.
  EXPECT_NEAR(sigmoid.fitted(), 25 * std::log(2) / std::log(9), 1e-4);
  const double smallest = std::log(static_cast<double>(std::numeric_limits<float>::min()));
  EXPECT_EQ(softmax.fitted(), std::min(kLargestTemperature, -smallest / std::log(9)));
}

}  // namespace
}  // namespace strata::internal
