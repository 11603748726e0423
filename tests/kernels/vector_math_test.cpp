// The vector exponentials and activations, on every instruction set that this processor has, against the C library in
// the next larger type.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "kernels/activations.hpp"
#include "kernels/support.hpp"
#include "kernels/vector_functions.hpp"
#include "math/formulas.hpp"

namespace strata {
namespace {

using namespace testing;

template <class T>
using Larger = std::conditional_t<sizeof(T) == 4, double, long double>;

// A function, where it is asked for, what it may be off by in ulps: a part of them grows with x² where x² is rounded.
template <class R>
struct MathCase {
  VectorMath f;
  const char* name;
  R from, to;
  R (*exact)(R);
  double ulps, ulps_per_square;
};

template <class R>
std::vector<MathCase<R>> math_cases() {
  const R all = 1000;
  return {
      {VectorMath::exp, "exp", -all, all, [](R x) { return std::exp(x); }, 1.1, 0},
      {VectorMath::exp_nonpositive, "exp_nonpositive", -all, 0, [](R x) { return std::exp(x); }, 1.1, 0},
      {VectorMath::expm1_nonpositive, "expm1_nonpositive", -all, 0, [](R x) { return std::expm1(x); }, 1.2, 0},
      {VectorMath::tanh, "tanh", -all, all, [](R x) { return std::tanh(x); }, 2, 0},
      {VectorMath::sigmoid, "sigmoid", -all, all, [](R x) { return R(1) / (R(1) + std::exp(-x)); }, 2.3, 0},
      {VectorMath::softplus, "softplus", -all, all, [](R x) { return reference::softplus(x); }, 2.5, 0},
      {VectorMath::log1p_fraction, "log1p_fraction", 0, 1, [](R x) { return std::log1p(x); }, 1.5, 0},
      {VectorMath::normal_cdf, "normal_cdf", -all, all, [](R x) { return std::erfc(-x / std::sqrt(R(2))) / 2; }, 5.5,
       0.6},
  };
}

// The error of `found` in units in the last place of T at `exact`; errors below the smallest normal number count as 0.
template <class T, class R>
double ulps_off(T found, R exact) {
  const T rounded = std::abs(static_cast<T>(exact));
  if (std::isinf(rounded)) return std::isinf(found) && (found > 0) == (exact > 0) ? 0 : 1e30;
  const R error = std::abs(static_cast<R>(found) - exact);
  if (std::isnan(found)) return 1e30;
  if (error <= std::numeric_limits<T>::min()) return 0;
  const R unit = static_cast<R>(std::nextafter(rounded, std::numeric_limits<T>::infinity())) - static_cast<R>(rounded);
  return static_cast<double>(error / unit);
}

// Numbers from the whole range of the type: bit patterns a prime apart, or random ones, and normal random numbers.
template <class T>
std::vector<T> numbers() {
  std::vector<T> all;
  std::mt19937_64 random(5);
  if constexpr (sizeof(T) == 4) {
    for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += kSlowBuild ? 12821 : 641) {
      all.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
  } else {
    for (int i = 0; i < part_of(200000); ++i) all.push_back(std::bit_cast<double>(std::uint64_t{random()}));
  }
  for (const double size : {0.01, 1.0, 10.0, 100.0, 400.0}) {
    std::normal_distribution<double> draw(0, size);
    for (int i = 0; i < part_of(100000); ++i) all.push_back(static_cast<T>(draw(random)));
  }
  return all;
}

template <class T>
class VectorMathOf : public ::testing::Test {};
TYPED_TEST_SUITE(VectorMathOf, Scalars);

TEST(VectorTargets, ThereAreSome) {
  ASSERT_FALSE(vector_targets<float>().empty());
  ASSERT_EQ(vector_targets<float>().size(), vector_targets<double>().size());
}

TYPED_TEST(VectorMathOf, IsWithinItsUlps) {
  using T = TypeParam;
  using R = Larger<T>;
  const std::vector<T> candidates = numbers<T>();
  for (const MathCase<R>& c : math_cases<R>()) {
    std::vector<T> x;
    for (const T value : candidates) {
      if (value >= c.from && value <= c.to) x.push_back(value);
    }
    ASSERT_GT(x.size(), static_cast<std::size_t>(part_of(100000))) << c.name;
    std::vector<R> exact;
    for (const T value : x) exact.push_back(c.exact(value));
    for (const auto& [target, functions] : vector_targets<T>()) {
      std::vector<T> y(x.size());
      functions.map(c.f, x, y);
      double worst = 0;
      std::size_t where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double square = static_cast<double>(x[i]) * static_cast<double>(x[i]);
        const double off = ulps_off(y[i], exact[i]) / (c.ulps + c.ulps_per_square * square);
        if (off > worst) worst = off, where = i;
      }
      EXPECT_LE(worst, 1) << target << ": " << c.name << '(' << x[where] << ") = " << y[where] << ", not "
                          << exact[where] << ": " << ulps_off(y[where], exact[where]) << " ulps";
    }
  }
}

TEST(VectorMathOfDoubles, TheLogarithmIsWithinItsUlps) {
  std::vector<double> x = {1, std::nextafter(1.0, 2.0), 2, 1e300, std::numeric_limits<double>::max()};
  std::mt19937_64 random(6);
  for (int i = 0; i < part_of(100000); ++i) {
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    x.insert(x.end(), {1 + u, 1 + 10 * u, 1 + u * u * u * u * 1e-6, std::exp(700 * u)});
  }
  for (const auto& [target, functions] : vector_targets<double>()) {
    std::vector<double> y(x.size());
    functions.log_above_one(x, y);
    EXPECT_EQ(y[0], 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_LE(ulps_off(y[i], std::log(static_cast<long double>(x[i]))), 1.5) << target << ": ln " << x[i];
    }
    const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> edges = {inf, nan};
    std::vector<double> results(2);
    functions.log_above_one(edges, results);
    EXPECT_EQ(results[0], inf) << target;
    EXPECT_TRUE(std::isnan(results[1])) << target;
  }
}

// Near a zero what is left of the argument has the error of π/2's parts; beyond 1e4 that of an argument whose last
// place is off.
TYPED_TEST(VectorMathOf, SineAndCosineAreWithinTheirBounds) {
  using T = TypeParam;
  using R = Larger<T>;
  const bool is_float = sizeof(T) == 4;
  const double largest = is_float ? 6e6 : 3e15;
  std::vector<T> u = numbers<T>();
  std::mt19937_64 random(9);
  for (const double size : {0.8, 3.2, 100.0, 1e4, 1e6, largest, 100 * largest}) {
    std::uniform_real_distribution<double> draw(-size, size);
    for (int i = 0; i < part_of(100000); ++i) u.push_back(static_cast<T>(draw(random)));
  }
  for (int n = -13000; n <= 13000; ++n) {  // the zeros and the ends of the quarters
    const auto at = static_cast<T>(n * 0.25L * 3.14159265358979323846264338327950288L);
    for (const T near : {at, std::nextafter(at, T(1e30)), std::nextafter(at, T(-1e30))}) u.push_back(near);
  }
  for (const auto& [target, functions] : vector_targets<T>()) {
    for (const VectorMath f : {VectorMath::sin, VectorMath::cos}) {
      std::vector<T> y(u.size());
      functions.map(f, u, y);
      for (std::size_t i = 0; i < u.size(); ++i) {
        const double size = std::abs(static_cast<double>(u[i]));
        if (!std::isfinite(u[i])) {
          ASSERT_TRUE(std::isnan(y[i])) << target;
          continue;
        }
        ASSERT_LE(std::abs(y[i]), T(1)) << target << ": of " << u[i];
        if (size > largest) {
          ASSERT_EQ(y[i], f == VectorMath::sin ? T(0) : T(1)) << target << ": of " << u[i];
          continue;
        }
        const R exact = f == VectorMath::sin ? std::sin(static_cast<R>(u[i])) : std::cos(static_cast<R>(u[i]));
        const double epsilon = std::numeric_limits<T>::epsilon();
        const double off = static_cast<double>(std::abs(static_cast<R>(y[i]) - exact));
        const double in_place = size <= 1e4 ? size * (is_float ? 1e-14 : 1e-30) : (1 + size) * epsilon;
        ASSERT_LE(off, 2 * epsilon * std::abs(static_cast<double>(exact)) + in_place + std::numeric_limits<T>::min())
            << target << ": " << (f == VectorMath::sin ? "sin " : "cos ") << u[i] << " = " << y[i] << ", not " << exact;
      }
    }
  }
}

TYPED_TEST(VectorMathOf, IsExactAtTheEdges) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), least = std::numeric_limits<T>::denorm_min();
  const T ln2 = static_cast<T>(0.69314718055994530942L);
  struct Edge {
    VectorMath f;
    T x, y;
  };
  const Edge edges[] = {
      {VectorMath::exp, 0, 1},
      {VectorMath::exp, -T(0), 1},
      {VectorMath::exp, -inf, 0},
      {VectorMath::exp, inf, inf},
      {VectorMath::exp, T(1e30), inf},
      {VectorMath::exp, T(-1e30), 0},
      {VectorMath::exp, least, 1},
      {VectorMath::exp, T(800), inf},
      {VectorMath::exp, T(-800), 0},
      {VectorMath::exp_nonpositive, 0, 1},
      {VectorMath::exp_nonpositive, -T(0), 1},
      {VectorMath::exp_nonpositive, -inf, 0},
      {VectorMath::exp_nonpositive, T(-1e30), 0},
      {VectorMath::expm1_nonpositive, 0, 0},
      {VectorMath::expm1_nonpositive, -inf, -1},
      {VectorMath::expm1_nonpositive, T(-1e30), -1},
      {VectorMath::expm1_nonpositive, -least, -least},
      {VectorMath::tanh, 0, 0},
      {VectorMath::tanh, -T(0), -T(0)},
      {VectorMath::tanh, inf, 1},
      {VectorMath::tanh, -inf, -1},
      {VectorMath::tanh, T(1e30), 1},
      {VectorMath::tanh, T(-1e30), -1},
      {VectorMath::tanh, least, least},
      {VectorMath::tanh, -least, -least},
      {VectorMath::sigmoid, 0, T(0.5)},
      {VectorMath::sigmoid, inf, 1},
      {VectorMath::sigmoid, -inf, 0},
      {VectorMath::sigmoid, T(-1e30), 0},
      {VectorMath::sigmoid, T(1e30), 1},
      {VectorMath::sigmoid, least, T(0.5)},
      {VectorMath::softplus, -inf, 0},
      {VectorMath::softplus, inf, inf},
      {VectorMath::softplus, T(1e30), T(1e30)},
      {VectorMath::softplus, T(-1e30), 0},
      {VectorMath::softplus, 0, ln2},
      {VectorMath::softplus, least, ln2},
      {VectorMath::log1p_fraction, 0, 0},
      {VectorMath::log1p_fraction, least, least},
      {VectorMath::log1p_fraction, 1, ln2},
      {VectorMath::sin, 0, 0},
      {VectorMath::sin, least, least},
      {VectorMath::cos, 0, 1},
      {VectorMath::cos, -T(0), 1},
      {VectorMath::cos, least, 1},
      {VectorMath::normal_cdf, 0, T(0.5)},
      {VectorMath::normal_cdf, inf, 1},
      {VectorMath::normal_cdf, -inf, 0},
      {VectorMath::normal_cdf, T(-1e30), 0},
      {VectorMath::normal_cdf, T(1e30), 1},
  };
  for (const auto& [target, functions] : vector_targets<T>()) {
    for (const Edge& edge : edges) {
      T y = 99;
      functions.map(edge.f, std::span<const T>(&edge.x, 1), std::span<T>(&y, 1));
      const bool equal = edge.y == ln2 ? ulps_off(y, static_cast<Larger<T>>(edge.y)) <= 1 : y == edge.y;
      EXPECT_TRUE(equal && (edge.f != VectorMath::tanh || std::signbit(y) == std::signbit(edge.y)))
          << target << ": function " << static_cast<int>(edge.f) << " of " << edge.x << " is " << y << ", not "
          << edge.y;
    }
    for (const VectorMath f : kAllVectorMath) {
      for (const T sign : {T(1), T(-1)}) {
        const T nan = std::copysign(std::numeric_limits<T>::quiet_NaN(), sign);
        T y = 0;
        functions.map(f, std::span<const T>(&nan, 1), std::span<T>(&y, 1));
        EXPECT_TRUE(std::isnan(y)) << target << ": function " << static_cast<int>(f) << " turns NaN into " << y;
      }
    }
    const T hundred = -100;
    T y = 0;
    functions.map(VectorMath::sigmoid, std::span<const T>(&hundred, 1), std::span<T>(&y, 1));
    EXPECT_NEAR(static_cast<double>(y), 3.720075976020836e-44, sizeof(T) == 4 ? 1.2e-38 : 1e-58) << target;
  }
}

// In ulps; Φ's argument is rounded before it is squared.
double allowed_ulps(Activation g, double z) {
  switch (g) {
    case Activation::identity:
    case Activation::relu: return 0;
    case Activation::leaky_relu: return 1;
    case Activation::tanh: return 2;
    case Activation::elu: return 1.2;
    case Activation::sigmoid:
    case Activation::softplus: return 2.5;
    case Activation::selu: return 3;
    case Activation::silu: return 3.5;
    case Activation::mish: return 5;
    case Activation::gelu: return 6 + 0.6 * z * z;
  }
  return 0;
}

template <class T>
std::vector<T> activation_inputs() {
  std::vector<T> z = {0, -T(0)};
  for (const double size : {1e-45, 1e-30, 1e-10, 1e-3, 0.5, 1.0, 17.0, 30.0, 87.0, 100.0, 700.0, 1e4, 1e30}) {
    z.push_back(static_cast<T>(size)), z.push_back(static_cast<T>(-size));
  }
  std::mt19937_64 random(7);
  for (const double size : {0.1, 1.0, 4.0, 20.0}) {
    std::normal_distribution<double> draw(0, size);
    for (int i = 0; i < part_of(20000); ++i) z.push_back(static_cast<T>(draw(random)));
  }
  return z;
}

TYPED_TEST(VectorMathOf, ActivationsAreTheReferences) {
  using T = TypeParam;
  using R = Larger<T>;
  const std::vector<T> z = activation_inputs<T>();
  const auto n = static_cast<Index>(z.size());
  for (const auto& [target, functions] : vector_targets<T>()) {
    for (const Activation activation : all_activations()) {
      std::vector<T> a(z.size()), slope(z.size());
      functions.activation_forward(activation, View<const T>(z.data(), 1, n), View<T>(a.data(), 1, n));
      functions.derivative(activation, z, a, slope);
      reference::with_activation(activation, [&](auto g) {
        for (std::size_t i = 0; i < z.size(); ++i) {
          const R x = z[i];
          const Real exact = activate(activation, x);
          // What is flushed below the smallest normal number is multiplied by z.
          const R floor = 2 * std::max<R>(1, std::abs(x)) * std::numeric_limits<T>::min();
          if (std::abs(a[i] - exact) > floor || std::isnan(a[i])) {
            ASSERT_LE(ulps_off(a[i], exact), allowed_ulps(activation, static_cast<double>(x)))
                << target << ": " << name(activation) << '(' << z[i] << ") = " << a[i] << ", not " << exact;
          }
          const R exact_slope = g.derivative(x, static_cast<R>(a[i]));
          const R allowed = (4 + (derivative_from_output(activation) ? 0 : std::min<R>(std::abs(x), 40))) *
                            std::numeric_limits<T>::epsilon();
          ASSERT_LE(std::abs(slope[i] - exact_slope), allowed)
              << target << ": " << name(activation) << "' at " << z[i] << " is " << slope[i] << ", not " << exact_slope;
        }
      });
    }
  }
}

TYPED_TEST(VectorMathOf, ActivationsKeepNaN) {
  using T = TypeParam;
  const std::vector<T> z = {1, std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::quiet_NaN(), -1};
  for (const auto& [target, functions] : vector_targets<T>()) {
    for (const Activation g : all_activations()) {
      std::vector<T> a(4);
      functions.activation_forward(g, View<const T>(z.data(), 4, 1), View<T>(a.data(), 4, 1));
      EXPECT_TRUE(std::isnan(a[1]) && std::isnan(a[2])) << target << ", " << name(g);
      EXPECT_TRUE(std::isfinite(a[0]) && std::isfinite(a[3]))
          << target << ", " << name(g) << ": a neighbour is touched";
    }
  }
}

}  // namespace
}  // namespace strata
