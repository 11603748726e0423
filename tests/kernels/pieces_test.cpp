// Numbers whose embedding is piecewise, by every implementation: each piece its own, and none beyond the edges.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/stage.hpp"

namespace strata {
namespace {

using namespace testing;

template <class T>
class PiecesKernels : public ::testing::Test {};
TYPED_TEST_SUITE(PiecesKernels, Scalars);

// Between the edges of an embedding that is piecewise each piece is its own; beyond the outermost only u x goes on.
TYPED_TEST(PiecesKernels, PiecesAreLinearBetweenTheirEdgesAndEndThere) {
  using T = TypeParam;
  StageCase<T> one({"w", 3, 1, 1, 1, false}, 9);
  one.edges = {-1, 0, 2, 6};
  one.U.view()(0, 0) = T(0.5), one.c.view()(0, 0) = 10;
  for (Index t = 0; t < 3; ++t) one.V.view()(0, t) = std::vector<T>{100, 1000, -8}[static_cast<std::size_t>(t)];
  const std::vector<T> x = {-3, -1, T(-0.25), 0, 1, 2, 4, 6, 10};
  const std::vector<T> expected = {10 - T(1.5), 10 - T(0.5), 10 - T(0.125) + 75, 110,     110 + T(0.5) + 500,
                                   1111,        1112 - 4,    1113 - 8,           1115 - 8};
  for (Index j = 0; j < 9; ++j) one.X.view()(0, j) = x[static_cast<std::size_t>(j)];
  Guarded<T> dA(1, 9, 1, 3);
  for (Index j = 0; j < 9; ++j) dA.view()(0, j) = static_cast<T>(1 << j);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    EXPECT_EQ(one.forward(*k)[0], expected) << label;
    const auto d = one.backward(*k, dA, 0.5);
    EXPECT_EQ(d[4], (std::vector<T>{T(511) / 2})) << label << ": dc";
    EXPECT_EQ(d[7], (std::vector<T>{(-3 - 2 - 1 + 16 + 64 + 256 + 768 + 2560) / T(2)})) << label << ": dU";
    // e₁ is 0, 0, 3/4, 1, 1, …; e₂ 0, 0, 0, 0, 1/2, 1, 1, 1, 1; e₃ of the last 1/2, 1, 1
    EXPECT_EQ(d[3], (std::vector<T>{(3 + 504) / T(2), (8 + 480) / T(2), (32 + 128 + 256) / T(2)})) << label << ": dV";
  }
}

// An outermost piece that is as narrow as may be makes no number large: those that lie beyond it, however far, have
// the e(x) of its edge, and all of it, with nothing left for the piece before.
TYPED_TEST(PiecesKernels, NumbersBeyondANarrowPieceAreAsItsEdge) {
  using T = TypeParam;
  StageCase<T> one({"w", 3, 1, 1, 1, false}, 8);
  one.edges = {0, T(1e-6), 1, T(1.000001)};
  one.U.view()(0, 0) = T(0.5), one.c.view()(0, 0) = 10;
  for (Index t = 0; t < 3; ++t) one.V.view()(0, t) = static_cast<T>(1 + t);
  const std::vector<T> x = {T(-0.01), -1, T(-1e30), 0, T(1.01), 1000, T(1e30), 2};
  Guarded<T> dA(1, 8, 1, 3);
  for (Index j = 0; j < 8; ++j) one.X.view()(0, j) = x[static_cast<std::size_t>(j)], dA.view()(0, j) = 1;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    const auto z = one.forward(*k)[0];
    for (std::size_t j = 0; j < 8; ++j) {
      const T expected = 10 + T(0.5) * x[j] + (j < 4 ? 0 : 6);
      EXPECT_NEAR(z[j], expected, 8 * std::numeric_limits<T>::epsilon() * std::abs(expected)) << label << ", " << x[j];
    }
    EXPECT_EQ(one.backward(*k, dA, 0.5)[3], (std::vector<T>{2, 2, 2})) << label << ": dV";
  }
}

// The widest piece that may be and the narrowest, far out and near: how far x is through it is a number from 0 to 1.
TYPED_TEST(PiecesKernels, EveryPieceThatMayBeHasItsShare) {
  using T = TypeParam;
  using Row = RowEmbedding;
  const double far = Row::kLargestEdge, least = std::numeric_limits<T>::lowest(), most = -least;
  for (const auto& [from, to] : {std::pair(-far, far), {far * (1 - 1.01e-6), far}, {-1e-6, 0.0}, {1e6, 1e6 + 1.01}}) {
    ASSERT_TRUE(Row::is_bin(from, to)) << from;
    StageCase<T> one({"w", 1, 1, 1, 1, false}, 7);
    one.edges = {static_cast<T>(from), static_cast<T>(to)};
    one.U.view()(0, 0) = 0, one.c.view()(0, 0) = 0, one.V.view()(0, 0) = 1;
    const double x[] = {least, from, 0.75 * from + 0.25 * to, to / 2 + from / 2, to, far, most};
    for (Index j = 0; j < 7; ++j) one.X.view()(0, j) = static_cast<T>(x[j]);
    for (const auto& [label, pool, k, bf16] : implementations<T>()) {
      const auto z = one.forward(*k)[0];
      EXPECT_TRUE(z[0] == 0 && z[1] == 0 && z[4] == 1 && z[5] == 1 && z[6] == 1) << label << ", from " << from;
      EXPECT_NEAR(z[2], 0.25, 0.1) << label << ", from " << from;
      EXPECT_NEAR(z[3], 0.5, 0.1) << label << ", from " << from;
    }
  }
}

// Far out and where there is no number, its own rows alone are spoilt, and memory is not.
TYPED_TEST(PiecesKernels, PiecesOfNumbersThatAreNone) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const Index bins : {1, 2, 5, 8, 47, 128}) {
    for (const T x : {nan, inf, -inf, std::numeric_limits<T>::max()}) {
      StageCase<T> one({"wwc", bins, 3, 2, 3, true}, 9);
      const StageCase<T> before = one;
      one.X.view()(0, 4) = x;
      for (const auto& [label, pool, k, bf16] : implementations<T>()) {
        const auto found = one.forward(*k)[0], expected = before.forward(*k)[0];
        for (Index j = 0; j < 9; ++j) {
          for (Index i = 0; i < one.n(); ++i) {
            const auto at = static_cast<std::size_t>(i + j * one.n());
            const bool is_spoilt = j == 4 && i < 3;
            EXPECT_TRUE(is_spoilt ? !(std::abs(found[at]) < T(1e6)) : found[at] == expected[at])
                << label << ", x = " << x << ", " << bins << ": z(" << i << ", " << j << ") = " << found[at];
          }
        }
        (void)one.backward(*k, one.any_dA(), 1);
      }
    }
  }
}

}  // namespace
}  // namespace strata
