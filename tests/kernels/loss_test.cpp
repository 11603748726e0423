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

struct Tested {
  Loss loss;
  LossParameters parameters;
  std::string label;
  [[nodiscard]] Objective objective(const double* w = nullptr) const {
    Objective of(loss, w);
    of.delta = parameters.delta.data();
    of.quantile = parameters.quantile;
    of.smoothing = parameters.smoothing;
    return of;
  }
};

// Every loss, with every parameter, for so many outputs.
std::vector<Tested> losses(Index outputs) {
  std::vector<double> delta;
  for (Index i = 0; i < outputs; ++i) delta.push_back(0.3 + 0.5 * static_cast<double>(i % 4));
  std::vector<Tested> all = {{Loss::binary_cross_entropy, {}, {}},
                             {Loss::categorical_cross_entropy, {}, {}},
                             {Loss::squared_error, {}, {}},
                             {Loss::absolute_error, {}, {}},
                             {Loss::huber, {.delta = delta}, {}},
                             {Loss::quantile, {.quantile = 0.2}, {}},
                             {Loss::binary_cross_entropy, {.smoothing = 0.1}, "smoothed "},
                             {Loss::categorical_cross_entropy, {.smoothing = 0.3}, "smoothed "}};
  for (Tested& each : all) each.label += name(each.loss);
  return all;
}

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
    for (std::size_t which = 0; which < losses(1).size(); ++which) {
      for (const double size : {0.0, 1e-3, 1.0, 10.0, 100.0, 1000.0}) {
        for (const Index rows : {2, 3, 10, 65}) {
          const Index m = 40;
          const Tested tested = losses(rows)[which];
          const Loss loss = tested.loss;
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
          k->loss_head(tested.objective(), Z.view(), Y.view(), A.view(), dZ.view(), &sum);
          Real exact = 0;
          for (Index j = 0; j < m; ++j) {
            const auto z = column(Z, j), y = column(Y, j), a = head(head_of(loss), z);
            exact += loss_of(loss, z, y, tested.parameters);
            const std::vector<Real> found = column(A, j);
            const Real largest = *std::max_element(z.begin(), z.end());
            Real total = 0;
            for (Index i = 0; i < rows; ++i) {
              // The rounding of z − max costs softmax |z − max|·ε relative; below the smallest normal number all is
              // zero.
              const Real expected = a[static_cast<std::size_t>(i)];
              const Real relative = head_of(loss) == Head::identity
                                        ? 0
                                        : (8 + std::abs(z[static_cast<std::size_t>(i)] - largest)) * epsilon;
              ASSERT_LE(std::abs(A(i, j) - expected),
                        std::max<Real>(relative * expected, std::numeric_limits<T>::min()))
                  << label << ", " << name(loss) << ", logits of " << size;
              const Real error = error_of(loss, found, y, static_cast<std::size_t>(i), tested.parameters);
              ASSERT_LE(std::abs(dZ(i, j) - error), 2 * epsilon * (std::abs(A(i, j)) + std::abs(Y(i, j)) + 1))
                  << label << ", " << tested.label << ", logits of " << size;
              if (tested.parameters.smoothing == 0 && (loss < Loss::absolute_error)) {
                ASSERT_EQ(dZ(i, j), A(i, j) - Y(i, j)) << label << ": dZ = A − Y";
              }
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
    const auto run = [&](const Objective& of, std::vector<T> z, std::vector<T> y) {
      for (Index i = 0; i < 3; ++i)
        Z.view()(i, 0) = z[static_cast<std::size_t>(i)], Y.view()(i, 0) = y[static_cast<std::size_t>(i)];
      double sum = 0;
      k->loss_head(of, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
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
    EXPECT_EQ(run(Loss::absolute_error, {3, -1, 0}, {1, -1, 4}), 2 + 0 + 4);
    EXPECT_EQ(A.values(), (std::vector<T>{3, -1, 0}));
    EXPECT_EQ(dZ.values(), (std::vector<T>{1, 0, -1}));
    const std::vector<double> delta = {1, 1, 5};
    Objective huber(Loss::huber);
    huber.delta = delta.data();
    EXPECT_EQ(run(huber, {3, -1, 0}, {1, -1, 4}), 1 * (2 - 0.5) + 0 + 0.5 * 16);
    EXPECT_EQ(dZ.values(), (std::vector<T>{1, 0, -4}));
    Objective quantile(Loss::quantile);
    quantile.quantile = 0.75;
    EXPECT_EQ(run(quantile, {3, -1, 0}, {1, -1, 4}), 0.25 * 2 + 0 + 0.75 * 4);
    EXPECT_EQ(dZ.values(), (std::vector<T>{T(0.25), 0, T(-0.75)}));
    Objective smoothed(Loss::categorical_cross_entropy);
    smoothed.smoothing = 0.75;  // ¼ more for each, of ¼ for the right one
    EXPECT_EQ(run(smoothed, {1000, 0, -1000}, {1, 0, 0}), 0.25 * 1000 + 0.25 * 2000);
    EXPECT_EQ(dZ.values(), (std::vector<T>{T(0.5), T(-0.25), T(-0.25)}));
    smoothed.loss = Loss::binary_cross_entropy;  // 3/8 of yes for a no, 5/8 for a yes
    EXPECT_EQ(run(smoothed, {1000, -1000, 1000}, {1, 0, 0}), 375 + 375 + 625);
    EXPECT_EQ(dZ.values(), (std::vector<T>{T(0.375), T(-0.375), T(0.625)}));
  }
}

// A hundred thousand losses of about 0.7: a float sum is off in the third digit, a double sum in the fourteenth.
TEST(Losses32, AreSummedInDouble) {
  const Index m = 100000;
  const auto all = implementations<float>();
  Guarded<float> Z(2, m), Y(2, m), A(2, m), dZ(2, m);
  for (Index j = 0; j < m; ++j)
    Z.view()(0, j) = 0.01F * static_cast<float>(j % 7), Z.view()(1, j) = 0.1F, Y.view()(j % 2, j) = 1;
  for (const Tested& tested : losses(2)) {
    const auto loss_at = [&](Index j) { return loss_of(tested.loss, column(Z, j), column(Y, j), tested.parameters); };
    Real exact = 0;
    for (Index j = 0; j < 14; ++j) exact += loss_at(j);  // the examples repeat after 14
    exact *= static_cast<Real>(m / 14);
    for (Index j = m / 14 * 14; j < m; ++j) exact += loss_at(j);
    for (const auto& [label, pool, k, bf16] : all) {
      double sum = 0;
      k->loss_head(tested.objective(), Z.view(), Y.view(), A.view(), dZ.view(), &sum);
      EXPECT_NEAR(sum / static_cast<double>(exact), 1, 1e-12) << label << ", " << tested.label;
    }
  }
}

// With weights: Σ w L, and each error times its weight. A does not depend on them, and weights of 1 change no bit.
TYPED_TEST(Losses, WeightsMultiplyTheLossAndTheError) {
  using T = TypeParam;
  const Index m = 37;
  std::mt19937_64 random(32);
  std::vector<double> w, ones(static_cast<std::size_t>(m), 1.0);
  for (Index j = 0; j < m; ++j) w.push_back(0.3 + static_cast<double>(random() % 100) / 7);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (std::size_t which = 0; which < losses(1).size(); ++which) {
      for (const Index rows : {1, 2, 3, 10, 65}) {
        for (const Index gap : {0, 3}) {
          const Tested tested = losses(rows)[which];
          const Loss loss = tested.loss;
          if (rows == 1 && head_of(loss) == Head::softmax) continue;
          const std::string where = label + ", " + tested.label + ", rows " + std::to_string(rows);
          Guarded<T> Z(rows, m, 1, gap), Y(rows, m, 3, gap), A(rows, m, 2, gap), dZ(rows, m, 1, gap),
              A1(rows, m, 2, gap), dZ1(rows, m, 1, gap), A0(rows, m, 2, gap), dZ0(rows, m, 1, gap);
          fill_normal(Z, random, 2);
          fill_targets(Y, loss, random);
          double sum = -1, sum1 = -1, sum0 = -1;
          k->loss_head(tested.objective(w.data()), Z.view(), Y.view(), A.view(), dZ.view(), &sum);
          k->loss_head(tested.objective(ones.data()), Z.view(), Y.view(), A1.view(), dZ1.view(), &sum1);
          k->loss_head(tested.objective(), Z.view(), Y.view(), A0.view(), dZ0.view(), &sum0);
          Real exact = 0, exact0 = 0;
          for (Index j = 0; j < m; ++j) {
            const Real of_example = loss_of(loss, column(Z, j), column(Y, j), tested.parameters);
            exact += w[static_cast<std::size_t>(j)] * of_example, exact0 += of_example;
            for (Index i = 0; i < rows; ++i)
              ASSERT_EQ(dZ(i, j), static_cast<T>(w[static_cast<std::size_t>(j)]) * dZ0(i, j)) << where;
          }
          ASSERT_NEAR(sum, static_cast<double>(exact), 1e-13 * (1 + static_cast<double>(exact))) << where;
          ASSERT_NEAR(sum1, static_cast<double>(exact0), 1e-13 * (1 + static_cast<double>(exact0))) << where;
          if (gap > 0 || rows == 1) {  // else without weights all columns are one run
            ASSERT_EQ(sum1, sum0) << where;
          }
          ASSERT_TRUE(same_bits(A, A0) && same_bits(A1, A0) && same_bits(dZ1, dZ0)) << where;
          ASSERT_TRUE(A.intact() && dZ.intact()) << where;
        }
      }
    }
  }
}

// Huber's loss whose lines begin beyond every error is the squared one, to the bit, and the median's is half the
// absolute one.
TYPED_TEST(Losses, AreKin) {
  using T = TypeParam;
  std::mt19937_64 random(33);
  const std::vector<double> far(5, 1e30);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    Guarded<T> Z(5, 21), Y(5, 21), A(5, 21), dZ(5, 21), dZ2(5, 21);
    fill_normal(Z, random, 2), fill_normal(Y, random, 2);
    Objective huber(Loss::huber);
    huber.delta = far.data();
    double sum = 0, sum2 = 0;
    k->loss_head(huber, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
    k->loss_head(Loss::squared_error, Z.view(), Y.view(), A.view(), dZ2.view(), &sum2);
    EXPECT_TRUE(same_bits(dZ, dZ2)) << label;
    EXPECT_NEAR(sum, sum2, 1e-14 * sum) << label;
    k->loss_head(Loss::quantile, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
    k->loss_head(Loss::absolute_error, Z.view(), Y.view(), A.view(), dZ2.view(), &sum2);
    EXPECT_NEAR(sum, sum2 / 2, 1e-14 * sum) << label;
    for (Index j = 0; j < 21; ++j)
      for (Index i = 0; i < 5; ++i) EXPECT_EQ(dZ(i, j), dZ2(i, j) / 2) << label;
  }
}

TYPED_TEST(Losses, NaNIsSeen) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Tested& tested : losses(3)) {
      for (Index where = 0; where < 3; ++where) {
        Guarded<T> Z(3, 2), Y(3, 2), A(3, 2), dZ(3, 2);
        Z.view()(where, 1) = std::numeric_limits<T>::quiet_NaN();
        Y.view()(0, 0) = Y.view()(1, 1) = 1;
        double sum = 0;
        k->loss_head(tested.objective(), Z.view(), Y.view(), A.view(), dZ.view(), &sum);
        EXPECT_TRUE(std::isnan(sum)) << label << ", " << tested.label << ", logit " << where;
        EXPECT_TRUE(std::isnan(dZ(where, 1))) << label << ", " << tested.label;
        EXPECT_TRUE(std::isfinite(dZ(0, 0))) << "the other example is not touched";
      }
    }
  }
}

}  // namespace
}  // namespace strata
