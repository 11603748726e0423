// Heads and losses against long double, at logits from 0 to ±1e3.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/support.hpp"
#include "math/formulas.hpp"

namespace strata {
namespace {

using namespace testing;

constexpr Loss kLosses[] = {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error};

template <class T>
class Losses : public ::testing::Test {};
TYPED_TEST_SUITE(Losses, Scalars);

template <class T>
void fill_targets(Guarded<T>& Y, Loss loss, std::mt19937_64& random) {
  for (Index j = 0; j < Y.view().cols; ++j) {
    const auto right = static_cast<Index>(random() % static_cast<std::uint64_t>(Y.view().rows));
    for (Index i = 0; i < Y.view().rows; ++i) {
      const double any = static_cast<double>(random() % 2000) / 100 - 10;
      Y.view()(i, j) = loss == Loss::categorical_cross_entropy ? T(i == right)
                       : loss == Loss::binary_cross_entropy    ? T(any > 0)
                                                               : static_cast<T>(any);
    }
  }
}

template <class T>
std::vector<Real> column(const Guarded<T>& M, Index j) {
  std::vector<Real> values;
  for (Index i = 0; i < M.view().rows; ++i) values.push_back(M(i, j));
  return values;
}

TYPED_TEST(Losses, AreTheFormulasFromSmallToExtremeLogits) {
  using T = TypeParam;
  const Real epsilon = std::numeric_limits<T>::epsilon();
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    std::mt19937_64 random(31);
    for (const Loss loss : kLosses) {
      for (const double size : {0.0, 1e-3, 1.0, 10.0, 100.0, 1000.0}) {
        for (const Index rows : {2, 3, 10, 65}) {
          const Index m = 40;
          Guarded<T> Z(rows, m, 1, 2), Y(rows, m, 3, 1), A(rows, m, 2, 2), dZ(rows, m, 1, 4);
          fill_normal(Z, random, 1);
          fill_targets(Y, loss, random);
          for (Index j = 0; j < m; ++j) {
            for (Index i = 0; i < rows; ++i) {
              if (size == 1000.0) {
                Z.view()(i, j) = T(1000) * static_cast<T>(static_cast<int>(random() % 3) - 1);
              } else {
                Z.view()(i, j) *= static_cast<T>(size);
              }
            }
          }
          double sum = -1;
          k->loss_head(loss, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
          Real exact = 0;
          for (Index j = 0; j < m; ++j) {
            const auto z = column(Z, j), y = column(Y, j), a = head(head_of(loss), z);
            exact += loss_of(loss, z, y);
            const Real largest = *std::max_element(z.begin(), z.end());
            Real total = 0;
            for (Index i = 0; i < rows; ++i) {
              // The rounding of z − max costs softmax |z − max|·ε relative; below the smallest normal number all is
              // zero.
              const Real expected = a[static_cast<std::size_t>(i)];
              const Real relative =
                  loss == Loss::squared_error ? 0 : (8 + std::abs(z[static_cast<std::size_t>(i)] - largest)) * epsilon;
              ASSERT_LE(std::abs(A(i, j) - expected),
                        std::max<Real>(relative * expected, std::numeric_limits<T>::min()))
                  << label << ", " << name(loss) << ", logits of " << size;
              ASSERT_EQ(dZ(i, j), A(i, j) - Y(i, j)) << label << ": dZ = A − Y";
              total += A(i, j);
            }
            if (loss == Loss::categorical_cross_entropy) {
              ASSERT_LE(std::abs(total - 1), rows * epsilon) << label;
            }
          }
          ASSERT_TRUE(std::isfinite(sum)) << label << ", " << name(loss) << ", logits of " << size;
          ASSERT_NEAR(sum, static_cast<double>(exact), 1e-13 * (1 + static_cast<double>(exact) + size))
              << label << ", " << name(loss);
          ASSERT_TRUE(A.intact() && dZ.intact() && Z.intact() && Y.intact()) << label;
        }
      }
    }
  }
}

// By hand. σ(0) = ½: ln 2 each. Wrong by a logit of ±1000 costs 1000, right costs 0. softmax(1000, 0, −1000) = (1, 0,
// 0).
TYPED_TEST(Losses, ByHand) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    Guarded<T> Z(3, 1), Y(3, 1), A(3, 1), dZ(3, 1);
    const auto run = [&](Loss loss, std::vector<T> z, std::vector<T> y) {
      for (Index i = 0; i < 3; ++i)
        Z.view()(i, 0) = z[static_cast<std::size_t>(i)], Y.view()(i, 0) = y[static_cast<std::size_t>(i)];
      double sum = 0;
      k->loss_head(loss, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
      return sum;
    };
    const double ln2 = 0.6931471805599453094;
    EXPECT_NEAR(run(Loss::binary_cross_entropy, {0, 0, 0}, {0, 1, T(0.5)}), 3 * ln2, 1e-15);
    EXPECT_EQ(run(Loss::binary_cross_entropy, {1000, -1000, 1000}, {1, 0, 1}), 0);
    EXPECT_EQ(A.values(), (std::vector<T>{1, 0, 1}));
    EXPECT_EQ(run(Loss::binary_cross_entropy, {1000, -1000, 1000}, {0, 1, T(0.25)}), 1000 + 1000 + 750);
    EXPECT_EQ(dZ.values(), (std::vector<T>{1, -1, T(0.75)}));
    EXPECT_EQ(run(Loss::categorical_cross_entropy, {1000, 0, -1000}, {1, 0, 0}), 0);
    EXPECT_EQ(A.values(), (std::vector<T>{1, 0, 0}));
    EXPECT_EQ(run(Loss::categorical_cross_entropy, {1000, 0, -1000}, {0, 0, 1}), 2000);
    EXPECT_EQ(dZ.values(), (std::vector<T>{1, 0, -1}));
    EXPECT_NEAR(run(Loss::categorical_cross_entropy, {-1000, -1000, -1000}, {0, 1, 0}), std::log(3.0), 1e-15);
    EXPECT_EQ(run(Loss::squared_error, {3, -1, 0}, {1, -1, 4}), 0.5 * (4 + 0 + 16));
    EXPECT_EQ(A.values(), (std::vector<T>{3, -1, 0}));
    EXPECT_EQ(dZ.values(), (std::vector<T>{2, 0, -4}));
  }
}

// A hundred thousand losses of about 0.7: a float sum is off in the third digit, a double sum in the fourteenth.
TEST(Losses32, AreSummedInDouble) {
  const Index m = 100000;
  const auto all = implementations<float>();
  Guarded<float> Z(2, m), Y(2, m), A(2, m), dZ(2, m);
  for (Index j = 0; j < m; ++j)
    Z.view()(0, j) = 0.01F * static_cast<float>(j % 7), Z.view()(1, j) = 0.1F, Y.view()(j % 2, j) = 1;
  for (const Loss loss : kLosses) {
    Real exact = 0;
    for (Index j = 0; j < 14; ++j) exact += loss_of(loss, column(Z, j), column(Y, j));  // the examples repeat after 14
    exact *= static_cast<Real>(m / 14);
    for (Index j = m / 14 * 14; j < m; ++j) exact += loss_of(loss, column(Z, j), column(Y, j));
    for (const auto& [label, pool, k, bf16] : all) {
      double sum = 0;
      k->loss_head(loss, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
      EXPECT_NEAR(sum / static_cast<double>(exact), 1, 1e-12) << label << ", " << name(loss);
    }
  }
}

TYPED_TEST(Losses, NaNIsSeen) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Loss loss : kLosses) {
      for (Index where = 0; where < 3; ++where) {
        Guarded<T> Z(3, 2), Y(3, 2), A(3, 2), dZ(3, 2);
        Z.view()(where, 1) = std::numeric_limits<T>::quiet_NaN();
        Y.view()(0, 0) = Y.view()(1, 1) = 1;
        double sum = 0;
        k->loss_head(loss, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
        EXPECT_TRUE(std::isnan(sum)) << label << ", " << name(loss) << ", logit " << where;
        EXPECT_TRUE(std::isnan(dZ(where, 1))) << label << ", " << name(loss);
        EXPECT_TRUE(std::isfinite(dZ(0, 0))) << "the other example is not touched";
      }
    }
  }
}

}  // namespace
}  // namespace strata
