// The element-wise operations on every instruction set that this processor has, against the reference: all shapes that
// leave ragged ends, with gaps between the columns and without, and each element against itself alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/reference.hpp"
#include "kernels/support.hpp"
#include "kernels/vector_functions.hpp"
#include "support/updates.hpp"

namespace strata {
namespace {

using namespace testing;

constexpr Index kSizes[] = {1, 2, 3, 7, 8, 9, 15, 17, 31, 33, 63, 65};
constexpr Loss kLosses[] = {Loss::binary_cross_entropy,
                            Loss::categorical_cross_entropy,
                            Loss::squared_error,
                            Loss::absolute_error,
                            Loss::huber,
                            Loss::quantile};

// Smoothed where it can be, and every output with a δ of its own.
Objective objective_of(Loss loss) {
  static const std::vector<double> delta = [] {
    std::vector<double> all;
    for (int i = 0; i < 5000; ++i) all.push_back(0.25 * (1 + i % 5));
    return all;
  }();
  Objective of(loss);
  of.delta = delta.data();
  of.quantile = 0.3;
  if (head_of(loss) != Head::identity) of.smoothing = 0.1;
  return of;
}

template <class T>
class VectorElementwise : public ::testing::Test {};
TYPED_TEST_SUITE(VectorElementwise, Scalars);

// run(rows, cols, gap, label): every shape, its columns side by side and with gaps
template <class F>
void for_each_shape(const F& run) {
  for (const Index rows : kSizes) {
    for (const Index cols : kSizes) {
      for (const Index gap : {Index{0}, Index{3}}) {
        run(rows, cols, gap, std::to_string(rows) + " x " + std::to_string(cols) + ", gap " + std::to_string(gap));
      }
    }
  }
}

// Equal to a few roundings, or both NaN, or the same infinity
template <class T>
bool close(T found, T expected, double roundings) {
  if (std::isnan(expected)) return std::isnan(found);
  if (std::isinf(expected)) return found == expected;
  const double allowed = roundings * std::numeric_limits<T>::epsilon();
  return std::abs(static_cast<double>(found) - static_cast<double>(expected)) <=
         allowed * (1 + std::abs(static_cast<double>(expected)));
}

template <class T>
void expect_close(const Guarded<T>& found, const Guarded<T>& expected, double roundings, const std::string& label) {
  const std::vector<T> a = found.values(), b = expected.values();
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_TRUE(close(a[i], b[i], roundings)) << label << ", element " << i << ": " << a[i] << ", not " << b[i];
  }
  EXPECT_TRUE(found.intact()) << label << ": written beside the matrix";
}

TYPED_TEST(VectorElementwise, ActivationsAreTheReferencesOnEveryShape) {
  using T = TypeParam;
  for (const auto& target : vector_targets<T>()) {
    const VectorFunctions<T>& f = target.functions;
    for_each_shape([&](Index rows, Index cols, Index gap, const std::string& shape) {
      std::mt19937_64 random(1);
      Guarded<T> Z(rows, cols, 1, gap), A(rows, cols, 2, gap), expected(rows, cols), dA(rows, cols, 3, gap);
      Guarded<T> dZ(rows, cols, 1, gap);
      fill_normal(Z, random, 3);
      fill_normal(dA, random);
      for (const Activation g : all_activations()) {
        const std::string label = target.name + ", " + std::string(name(g)) + ", " + shape;
        f.activation_forward(g, Z.view(), A.view());
        reference::activation_forward<T>(g, Z.view(), expected.view());
        expect_close(A, expected, 16, label);
        // Where g' comes from A, Z need not exist.
        const View<const T> input = derivative_from_output(g) ? View<const T>() : Z.view();
        f.activation_backward(g, dA.view(), input, A.view(), dZ.view());
        reference::activation_backward<T>(g, dA.view(), Z.view(), A.view(), expected.view());
        expect_close(dZ, expected, 64, label + ", backward");
        // In place
        Guarded<T> in_place = Z;
        f.activation_forward(g, in_place.view(), in_place.view());
        EXPECT_TRUE(same_bits(in_place, A)) << label;
        in_place = dA;
        f.activation_backward(g, in_place.view(), input, A.view(), in_place.view());
        EXPECT_TRUE(same_bits(in_place, dZ)) << label;
      }
    });
  }
}

// The same bits in a full vector, in a ragged end, and alone
TYPED_TEST(VectorElementwise, AnElementDoesNotDependOnItsPlace) {
  using T = TypeParam;
  const Index n = 65;
  std::mt19937_64 random(2);
  Guarded<T> Z(n, 1), A(n, 1), slope(n, 1), ones(n, 1);
  fill_normal(Z, random, 5);
  for (Index i = 0; i < n; ++i) ones.view()(i, 0) = 1;
  for (const auto& target : vector_targets<T>()) {
    const VectorFunctions<T>& f = target.functions;
    for (const Activation g : all_activations()) {
      f.activation_forward(g, Z.view(), A.view());
      f.activation_backward(g, ones.view(), Z.view(), A.view(), slope.view());
      for (const Index size : {1, 2, 3, 5, 13}) {
        for (Index begin = 0; begin + size <= n; ++begin) {
          std::vector<T> a(static_cast<std::size_t>(size)), s(a);
          const View<T> some(a.data(), size, 1), some_slopes(s.data(), size, 1);
          f.activation_forward(g, Z.view().row_block(begin, size), some);
          f.activation_backward(g, ones.view().row_block(begin, size), Z.view().row_block(begin, size), some,
                                some_slopes);
          const auto first = static_cast<std::size_t>(begin);
          const std::vector<T> all = A.values(), slopes = slope.values();
          ASSERT_TRUE(std::equal(a.begin(), a.end(), all.begin() + static_cast<Index>(first)))
              << target.name << ", " << name(g) << ": " << size << " from " << begin;
          ASSERT_TRUE(std::equal(s.begin(), s.end(), slopes.begin() + static_cast<Index>(first)))
              << target.name << ", " << name(g) << "': " << size << " from " << begin;
        }
      }
    }
  }
}

// One class is right in each example; targets of the other losses are any numbers.
template <class T>
void fill_targets(Guarded<T>& Y, Loss loss, std::mt19937_64& random) {
  for (Index j = 0; j < Y.view().cols; ++j) {
    const auto right = static_cast<Index>(random() % static_cast<std::uint64_t>(Y.view().rows));
    for (Index i = 0; i < Y.view().rows; ++i) {
      const auto any = static_cast<T>(random() % 1000) / T(1000);
      Y.view()(i, j) = loss == Loss::categorical_cross_entropy ? T(i == right) : any;
    }
  }
}

TYPED_TEST(VectorElementwise, HeadsAndLossesAreTheReferencesOnEveryShape) {
  using T = TypeParam;
  for (const auto& target : vector_targets<T>()) {
    const VectorFunctions<T>& f = target.functions;
    for_each_shape([&](Index rows, Index cols, Index gap, const std::string& shape) {
      std::mt19937_64 random(3);
      Guarded<T> Z(rows, cols, 1, gap), Y(rows, cols, 3, gap), A(rows, cols, 2, gap), dZ(rows, cols, 5, gap);
      Guarded<T> expected_A(rows, cols), expected_dZ(rows, cols), alone(rows, 1), head(rows, cols, 1, gap);
      fill_normal(Z, random, 4);
      for (const Loss loss : kLosses) {
        const std::string label = target.name + ", " + std::string(name(loss)) + ", " + shape;
        fill_targets(Y, loss, random);
        const Objective of = objective_of(loss);
        const double sum = f.loss_head(of, Z.view(), Y.view(), A.view(), dZ.view());
        const double expected = reference::loss_head<T>(of, Z.view(), Y.view(), expected_A.view(), expected_dZ.view());
        ASSERT_NEAR(sum, expected, 2e-14 * (1 + std::abs(expected))) << label;
        expect_close(A, expected_A, 16, label);
        expect_close(dZ, expected_dZ, 16, label);
        f.head_forward(head_of(loss), Z.view(), head.view());
        expect_close(head, expected_A, 16, label + ", head");
        for (Index j = 0; j < cols; ++j) {
          f.head_forward(head_of(loss), Z.view().columns(j, 1), alone.view());
          for (Index i = 0; i < rows; ++i) {
            ASSERT_EQ(alone(i, 0), head(i, j)) << label << ": example " << j << " alone has other bits";
          }
        }
        Guarded<T> in_place = Z;
        f.head_forward(head_of(loss), in_place.view(), in_place.view());
        EXPECT_TRUE(same_bits(in_place, head)) << label;
      }
    });
  }
}

TYPED_TEST(VectorElementwise, ExtremeLogitsGiveWhatTheReferenceGives) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> extremes = {0, 1, -1, T(1e3), T(-1e3), T(1e30), T(-1e30), nan, inf, -inf};
  for (const auto& target : vector_targets<T>()) {
    const VectorFunctions<T>& f = target.functions;
    for (const Index rows : {1, 2, 3, 10, 40}) {
      for (const T first : extremes) {
        for (const T last : extremes) {
          for (const Loss loss : kLosses) {
            Guarded<T> Z(rows, 2), Y(rows, 2), A(rows, 2), dZ(rows, 2), expected_A(rows, 2), expected_dZ(rows, 2);
            Z.view()(0, 0) = first;
            Z.view()(rows - 1, 0) = last;
            Y.view()(0, 0) = 1;
            Y.view()(0, 1) = 1;
            const std::string label = target.name + ", " + std::string(name(loss)) + ", " + std::to_string(rows) +
                                      " logits from " + std::to_string(first) + " to " + std::to_string(last);
            const double sum = f.loss_head(objective_of(loss), Z.view(), Y.view(), A.view(), dZ.view());
            const double expected =
                reference::loss_head<T>(objective_of(loss), Z.view(), Y.view(), expected_A.view(), expected_dZ.view());
            EXPECT_TRUE(close(sum, expected, 200)) << label << ": " << sum << ", not " << expected;
            expect_close(A, expected_A, 16, label);
            expect_close(dZ, expected_dZ, 16, label);
          }
        }
      }
    }
  }
}

TYPED_TEST(VectorElementwise, SumsAndScaledSumsAreTheReferencesOnEveryShape) {
  using T = TypeParam;
  for (const auto& target : vector_targets<T>()) {
    const VectorFunctions<T>& f = target.functions;
    for_each_shape([&](Index rows, Index cols, Index gap, const std::string& shape) {
      std::mt19937_64 random(4);
      Guarded<T> X(rows, cols, 1, gap), Y(rows, cols, 3, gap), expected(rows, cols);
      fill_integers(X, random, 9);
      fill_integers(Y, random, 9);
      for (Index j = 0; j < cols; ++j) {
        for (Index i = 0; i < rows; ++i) expected.view()(i, j) = Y(i, j);
      }
      EXPECT_EQ(f.sum_of_squares(X.view()), reference::sum_of_squares<T>(X.view())) << target.name << ", " << shape;
      f.add_scaled(3, X.view(), Y.view());
      reference::add_scaled<T>(3, X.view(), expected.view());
      EXPECT_TRUE(same_bits(Y, expected)) << target.name << ", " << shape;
      EXPECT_TRUE(Y.intact());
    });
    // A float's square may overflow and its sum lose digits; a double's does not.
    std::vector<T> big(1000, T(1e25)), small(100000, T(0.1));
    EXPECT_NEAR(f.sum_of_squares(View<const T>(big.data(), 1000, 1)) / 1e53, 1, 1e-6) << target.name;
    const double each = static_cast<double>(T(0.1)) * static_cast<double>(T(0.1));
    EXPECT_NEAR(f.sum_of_squares(View<const T>(small.data(), 10, 10000)), 1e5 * each, 1e-9) << target.name;
  }
}

// Parameters, gradients and state as a span inside a larger block, which must not change
template <class T>
struct Block {
  Block(Index size, std::mt19937_64& random, double scale) : matrix(size, 1, 1, 0) {
    fill_normal(matrix, random, scale);
  }
  [[nodiscard]] std::span<T> span() { return {matrix.view().data, static_cast<std::size_t>(matrix.view().rows)}; }
  [[nodiscard]] std::span<const T> read() { return span(); }
  Guarded<T> matrix;
};

TYPED_TEST(VectorElementwise, UpdatesAreTheReferencesOfEverySize) {
  using T = TypeParam;
  for (const auto& target : vector_targets<T>()) {
    const VectorFunctions<T>& f = target.functions;
    for (const Index size : kSizes) {
      const std::string label = target.name + ", " + std::to_string(size);
      std::mt19937_64 random(5);
      Block<T> gradient(size, random, 1), theta(size, random, 1), m(size, random, 0.1), v(size, random, 0.1);
      for (T& x : v.span()) x *= x;
      Block<T> theta0 = theta, m0 = m, v0 = v;
      update_gradient_descent(f, theta.span(), gradient.read(), 0.03);
      update_gradient_descent(ReferenceKernels<T>(), theta0.span(), gradient.read(), 0.03);
      expect_close(theta.matrix, theta0.matrix, 1, label + ", gradient descent");
      update_momentum(f, theta.span(), gradient.read(), m.span(), 0.03, 0.9);
      update_momentum(ReferenceKernels<T>(), theta0.span(), gradient.read(), m0.span(), 0.03, 0.9);
      expect_close(theta.matrix, theta0.matrix, 2, label + ", momentum");
      expect_close(m.matrix, m0.matrix, 2, label + ", velocity");
      for (const long long t : {1, 2, 1000, 1000000}) {
        const AdamStep step{0.01, 0.9, 0.999, 1e-8, t};
        update_adam(f, theta.span(), gradient.read(), m.span(), v.span(), step);
        update_adam(ReferenceKernels<T>(), theta0.span(), gradient.read(), m0.span(), v0.span(), step);
        expect_close(theta.matrix, theta0.matrix, 8, label + ", Adam");
        expect_close(m.matrix, m0.matrix, 8, label + ", Adam's m");
        expect_close(v.matrix, v0.matrix, 8, label + ", Adam's v");
      }
      // Each parameter alone: the same bits
      for (std::size_t i = 0; i < theta.span().size(); ++i) {
        Block<T> one(1, random, 1), one_m(1, random, 1), one_v(1, random, 1);
        one.span()[0] = theta.span()[i], one_m.span()[0] = m.span()[i], one_v.span()[0] = v.span()[i];
        Block<T> all = theta, all_m = m, all_v = v;
        const AdamStep step{0.01, 0.9, 0.999, 1e-8, 7};
        update_adam(f, all.span(), gradient.read(), all_m.span(), all_v.span(), step);
        update_adam(f, one.span(), gradient.read().subspan(i, 1), one_m.span(), one_v.span(), step);
        update_momentum(f, all.span(), gradient.read(), all_m.span(), 0.1, 0.9);
        update_momentum(f, one.span(), gradient.read().subspan(i, 1), one_m.span(), 0.1, 0.9);
        update_gradient_descent(f, all.span(), gradient.read(), 0.1);
        update_gradient_descent(f, one.span(), gradient.read().subspan(i, 1), 0.1);
        ASSERT_TRUE(all.span()[i] == one.span()[0] && all_m.span()[i] == one_m.span()[0] &&
                    all_v.span()[i] == one_v.span()[0])
            << label << ": parameter " << i << " alone has other bits";
      }
    }
  }
}

// √v and the quotient at their ends: nothing moves without a gradient, a tiny v is not a large step, an overflow of v
// is no step, and NaN is seen.
TYPED_TEST(VectorElementwise, AdamAtTheEdges) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  const T inf = Limits::infinity();
  for (const auto& target : vector_targets<T>()) {
    const auto step = [&](T d, T m, T v) {
      std::vector<T> theta(33, T(1)), gradient(33, d), first(33, m), second(33, v);
      update_adam(target.functions, std::span<T>(theta), std::span<const T>(gradient), std::span<T>(first),
                  std::span<T>(second), {0.5, 0.5, 0.5, 1e-4, 1});
      EXPECT_TRUE(same_bits(std::vector<T>(32, theta[0]), std::vector<T>(theta.begin() + 1, theta.end())));
      return theta[0];
    };
    EXPECT_EQ(step(0, 0, 0), T(1)) << target.name;
    EXPECT_EQ(step(0, 0, Limits::denorm_min()), T(1)) << target.name;
    EXPECT_EQ(step(0, 0, Limits::min()), T(1)) << target.name;
    EXPECT_EQ(step(0, 1, inf), T(1)) << target.name;
    EXPECT_NEAR(static_cast<double>(step(T(1), 0, 0)), 1 - 0.5 / (1 + 1e-4), 1e-6) << target.name;
    EXPECT_NEAR(static_cast<double>(step(T(1e-30), 0, 0)), 1, 1e-6) << target.name;
    // The largest v: m̂ / √v̂ with v̂ = v (β₂ = ½, t = 1)
    EXPECT_NEAR(static_cast<double>(step(0, std::sqrt(Limits::max()), Limits::max())), 0.5, 1e-6) << target.name;
    EXPECT_TRUE(std::isnan(step(Limits::quiet_NaN(), 0, 0))) << target.name;
    EXPECT_TRUE(std::isnan(step(0, 0, Limits::quiet_NaN()))) << target.name;
  }
}

}  // namespace
}  // namespace strata
