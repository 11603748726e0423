// Activations against their formulas in long double, over the whole range of the type.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "kernels/support.hpp"
#include "math/formulas.hpp"

namespace strata {
namespace {

using namespace testing;

// One unit in the last place of T at x, never smaller than the smallest subnormal.
template <class T>
Real ulp(Real x) {
  const T rounded = std::abs(static_cast<T>(x));
  if (std::isinf(rounded)) return std::numeric_limits<Real>::max();
  return std::max<Real>(std::nextafter(rounded, std::numeric_limits<T>::infinity()) - rounded,
                        std::numeric_limits<T>::denorm_min());
}

// Errors that g(z) may have, in ulps of the exact value. exp, tanh, erfc, log1p and expm1 of the C library are good to
// one or two; what is multiplied or added after them costs half each. erfc(−z/√2) loses what the rounding of its
// argument costs: a relative error of up to z² ε, which is up to 2z² ulps.
Real allowed_ulps(Activation g, Real z) {
  switch (g) {
    case Activation::identity:
    case Activation::relu: return 0;
    case Activation::leaky_relu: return 1;
    case Activation::sigmoid: return 3;
    case Activation::tanh: return 2;
    case Activation::elu: return 2;
    case Activation::selu: return 4;
    case Activation::softplus: return 3;
    case Activation::silu: return 4;
    case Activation::mish: return 8;
    case Activation::gelu: return 6 + 2 * z * z;
  }
  return 0;
}

template <class T>
std::vector<T> inputs() {
  std::vector<T> z = {T(0), -T(0)};
  for (const double size : {1e-45, 1e-30, 1e-10, 1e-5, 1e-3, 0.01, 0.1,  0.5,  1.0,   2.0,   3.0,   5.0, 8.0, 10.0,
                            15.0,  20.0,  30.0,  37.0, 50.0, 80.0, 88.0, 90.0, 100.0, 500.0, 700.0, 1e3, 1e4, 1e30}) {
    z.push_back(static_cast<T>(size)), z.push_back(static_cast<T>(-size));
  }
  std::mt19937_64 random(21);
  std::normal_distribution<double> draw(0, 4);
  for (int i = 0; i < part_of(20000); ++i) z.push_back(static_cast<T>(draw(random)));
  return z;
}

template <class T>
class Activations : public ::testing::Test {};
TYPED_TEST_SUITE(Activations, Scalars);

TYPED_TEST(Activations, ForwardIsTheFormulaToAFewUlps) {
  using T = TypeParam;
  const std::vector<T> z = inputs<T>();
  const auto m = static_cast<Index>(z.size());
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Activation g : all_activations()) {
      Guarded<T> Z(1, m), A(1, m);
      for (Index j = 0; j < m; ++j) Z.view()(0, j) = z[static_cast<std::size_t>(j)];
      k->activation_forward(g, Z.view(), A.view());
      for (Index j = 0; j < m; ++j) {
        const Real x = Z(0, j), exact = activate(g, x), error = std::abs(A(0, j) - exact);
        // Below the smallest normal number there are no ulps to speak of.
        const Real floor =
            allowed_ulps(g, x) == 0 ? 0 : 4 * std::max<Real>(1, std::abs(x)) * std::numeric_limits<T>::min();
        ASSERT_LE(error, std::max(allowed_ulps(g, x) * ulp<T>(exact), floor))
            << label << ": " << name(g) << '(' << Z(0, j) << ") = " << A(0, j) << ", not " << exact << "; "
            << error / ulp<T>(exact) << " ulps";
      }
    }
  }
}

// g' is a number of the size of one: its error is measured in ε. SiLU and Mish have the factor z(1−σ(z)), where the
// rounding of σ near one is multiplied by z.
TYPED_TEST(Activations, BackwardIsTheFormula) {
  using T = TypeParam;
  const std::vector<T> z = inputs<T>();
  const auto m = static_cast<Index>(z.size());
  const Real epsilon = std::numeric_limits<T>::epsilon();
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Activation g : all_activations()) {
      Guarded<T> Z(1, m), A(1, m), dA(1, m), dZ(1, m);
      for (Index j = 0; j < m; ++j)
        Z.view()(0, j) = z[static_cast<std::size_t>(j)], dA.view()(0, j) = T(j % 3) - T(1.5);
      k->activation_forward(g, Z.view(), A.view());
      k->activation_backward(g, dA.view(), Z.view(), A.view(), dZ.view());
      for (Index j = 0; j < m; ++j) {
        const Real x = Z(0, j);
        Real exact = dA(0, j) * slope(g, x);
        const Real factor = g == Activation::silu || g == Activation::mish ? std::min<Real>(std::abs(x), 100) : 0;
        const Real allowed = (6 + 2 * factor) * epsilon;
        // A kink within rounding of 0: an output of 0 cannot tell on which side z was.
        if (has_kink(g) && A(0, j) == 0) exact = dA(0, j) * slope(g, 0);
        ASSERT_NEAR(static_cast<double>(dZ(0, j)), static_cast<double>(exact), static_cast<double>(allowed))
            << label << ": " << name(g) << "' at " << Z(0, j);
      }
    }
  }
}

TYPED_TEST(Activations, LimitsAndZeros) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity();
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    const auto at = [&](Activation g, T z) {
      Guarded<T> Z(1, 1), A(1, 1);
      Z.view()(0, 0) = z;
      k->activation_forward(g, Z.view(), A.view());
      return A(0, 0);
    };
    EXPECT_EQ(at(Activation::sigmoid, 0), T(0.5));
    EXPECT_EQ(at(Activation::sigmoid, inf), T(1));
    EXPECT_EQ(at(Activation::sigmoid, -inf), T(0));
    EXPECT_EQ(at(Activation::tanh, inf), T(1));
    EXPECT_EQ(at(Activation::tanh, -inf), T(-1));
    EXPECT_EQ(at(Activation::relu, inf), inf);
    EXPECT_EQ(at(Activation::relu, -inf), T(0));
    EXPECT_EQ(at(Activation::leaky_relu, -inf), -inf);
    EXPECT_EQ(at(Activation::elu, -inf), T(-1));
    EXPECT_EQ(at(Activation::elu, inf), inf);
    EXPECT_NEAR(at(Activation::selu, -inf), -1.7580993408473766, 1e-6);
    EXPECT_EQ(at(Activation::softplus, -inf), T(0));
    EXPECT_EQ(at(Activation::softplus, inf), inf);
    EXPECT_NEAR(at(Activation::softplus, 0), 0.6931471805599453, 1e-7);
    for (const Activation g : {Activation::gelu, Activation::silu, Activation::mish}) {
      EXPECT_EQ(at(g, inf), inf) << name(g);
      EXPECT_EQ(at(g, 0), T(0)) << name(g);
      EXPECT_EQ(at(g, T(-1e4)), T(0)) << name(g);
    }
    // A training that blows up must be seen: no activation turns NaN into a number.
    for (const Activation g : all_activations()) {
      EXPECT_TRUE(std::isnan(at(g, std::numeric_limits<T>::quiet_NaN()))) << label << ", " << name(g);
    }
  }
}

TYPED_TEST(Activations, DerivativesAreFiniteEverywhere) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Activation g : all_activations()) {
      for (const T z :
           {T(-1e30), T(-1e4), T(-1e3), T(-100), T(-1e-30), -T(0), T(0), T(1e-30), T(100), T(1e3), T(1e4), T(1e30)}) {
        Guarded<T> Z(1, 1), A(1, 1), dA(1, 1), dZ(1, 1);
        Z.view()(0, 0) = z, dA.view()(0, 0) = 1;
        k->activation_forward(g, Z.view(), A.view());
        k->activation_backward(g, dA.view(), Z.view(), A.view(), dZ.view());
        EXPECT_TRUE(std::isfinite(A(0, 0)) && std::isfinite(dZ(0, 0))) << label << ", " << name(g) << " at " << z;
        EXPECT_NEAR(static_cast<double>(dZ(0, 0)),
                    static_cast<double>(slope(g, has_kink(g) && A(0, 0) == 0 ? T(0) : z)), 1e-6)
            << label << ", " << name(g) << " at " << z;
      }
    }
  }
}

// The identities that tie an activation to another: what a misplaced constant breaks.
TEST(ActivationIdentities, HoldInDouble) {
  ThreadPool pool(1);
  const auto k = make_kernels<double>("reference", pool);
  const auto at = [&](Activation g, double z) {
    Guarded<double> Z(1, 1), A(1, 1);
    Z.view()(0, 0) = z;
    k->activation_forward(g, Z.view(), A.view());
    return A(0, 0);
  };
  for (const double z : {-20.0, -3.0, -0.7, -1e-8, 1e-8, 0.1, 1.0, 5.0, 30.0}) {
    EXPECT_NEAR(at(Activation::sigmoid, z) + at(Activation::sigmoid, -z), 1, 1e-15);
    EXPECT_NEAR(at(Activation::tanh, z), 2 * at(Activation::sigmoid, 2 * z) - 1, 1e-15);
    EXPECT_NEAR(at(Activation::softplus, z) - at(Activation::softplus, -z), z, 1e-14);
    EXPECT_NEAR(at(Activation::gelu, z) - at(Activation::gelu, -z), z, 1e-14);
    EXPECT_NEAR(at(Activation::silu, z) - at(Activation::silu, -z), z, 1e-14);
    EXPECT_NEAR(at(Activation::relu, z) - at(Activation::relu, -z), z, 0);
  }
  // SELU's fixed point: E[selu(x)] = 0 and E[selu(x)²] = 1 for normal x; the constants are chosen for it.
  double mean = 0, square = 0, weight = 0;
  for (double x = -12; x <= 12; x += 1e-3) {
    const double w = std::exp(-x * x / 2), a = at(Activation::selu, x);
    weight += w, mean += w * a, square += w * a * a;
  }
  EXPECT_NEAR(mean / weight, 0, 1e-6);
  EXPECT_NEAR(square / weight, 1, 1e-6);
}

TEST(DerivativeFromOutput, IsTrueOnlyWhereGCanBeInverted) {
  for (const Activation g : all_activations()) {
    const bool needs_z = g == Activation::gelu || g == Activation::silu || g == Activation::mish;
    EXPECT_EQ(derivative_from_output(g), !needs_z) << name(g);
  }
  EXPECT_EQ(all_activations().size(), 11U);
}

}  // namespace
}  // namespace strata
