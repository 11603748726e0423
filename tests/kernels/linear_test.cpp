// Exactness: on small whole numbers every floating-point sum is exact, so the linear kernels are compared at tolerance
// zero with integer arithmetic, on the shapes that hurt blocked and vectorised loops.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/support.hpp"

namespace strata {
namespace {

using namespace testing;

struct Shape {
  Index n, n_prev, m;
};

// All triples of the small edges, and every edge in each place with the others held.
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = [] {
    std::vector<Shape> list;
    const std::vector<Index> small = {1, 2, 3, 8, 9, 33}, edges = {1, 2, 3, 7, 8, 9, 15, 17, 31, 33, 63, 65, 127, 257};
    for (const Index a : small) {
      for (const Index b : small) {
        for (const Index c : small) list.push_back({a, b, c});
      }
    }
    for (const Index edge : edges) {
      for (const Index other : {5, 65}) {
        list.push_back({edge, other, other});
        list.push_back({other, edge, other});
        list.push_back({other, other, edge});
      }
      list.push_back({edge, edge, edge});
      list.push_back({edge, 257, 1});
      list.push_back({1, 257, edge});
    }
    for (Index narrow = 10; narrow <= 25; ++narrow) {  // what one tile may hold, in either place
      list.push_back({narrow, 70, 11});
      list.push_back({65, narrow, 11});
    }
    list.push_back({20, 12288, 9});  // as wide as a picture
    list.push_back({130, 70, 1030});
    list.push_back({20, 37, 6600});   // more examples than a block has
    list.push_back({1400, 41, 200});  // columns that a second-level cache does not keep
    list.push_back({33, 512, 1100});  // more columns than a block has
    std::erase_if(list, [](const Shape& s) { return too_slow(s.n, s.n_prev, s.m); });
    return list;
  }();
  return all;
}

std::string text(const Shape& s) {
  return "n = " + std::to_string(s.n) + ", n_prev = " + std::to_string(s.n_prev) + ", m = " + std::to_string(s.m);
}

// A matrix of whole numbers for the oracle, row by row, with nothing of View in it.
struct Whole {
  Index rows = 0, cols = 0;
  std::vector<std::int64_t> values;
  std::int64_t& operator()(Index i, Index j) { return values[static_cast<std::size_t>(i * cols + j)]; }
  std::int64_t operator()(Index i, Index j) const { return values[static_cast<std::size_t>(i * cols + j)]; }
};

template <class T>
Whole whole(const Guarded<T>& M) {
  const auto view = M.view();
  Whole w{view.rows, view.cols, std::vector<std::int64_t>(static_cast<std::size_t>(view.size()))};
  for (Index i = 0; i < w.rows; ++i) {
    for (Index j = 0; j < w.cols; ++j) w(i, j) = static_cast<std::int64_t>(M(i, j));
  }
  return w;
}

Whole transposed(const Whole& a) {
  Whole t{a.cols, a.rows, std::vector<std::int64_t>(a.values.size())};
  for (Index i = 0; i < a.rows; ++i) {
    for (Index j = 0; j < a.cols; ++j) t(j, i) = a(i, j);
  }
  return t;
}

// Integer arithmetic: (a b)(i, j) = Σ_k a(i, k)·b(k, j)
Whole product(const Whole& a, const Whole& b) {
  const Whole bt = transposed(b);
  Whole c{a.rows, b.cols, std::vector<std::int64_t>(static_cast<std::size_t>(a.rows * b.cols))};
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.cols; ++j) {
      std::int64_t sum = 0;
      for (Index k = 0; k < a.cols; ++k) sum += a(i, k) * bt(j, k);
      c(i, j) = sum;
    }
  }
  return c;
}

template <class T>
void expect_equal(const Guarded<T>& found, const Whole& expected, double scale, const std::string& what) {
  for (Index j = 0; j < expected.cols; ++j) {
    for (Index i = 0; i < expected.rows; ++i) {
      ASSERT_EQ(found(i, j), static_cast<T>(scale * static_cast<double>(expected(i, j))))
          << what << " at (" << i << ", " << j << ')';
    }
  }
  ASSERT_TRUE(found.intact()) << what << " wrote outside";
}

template <class T>
class Linear : public ::testing::Test {};
TYPED_TEST_SUITE(Linear, Scalars);

TYPED_TEST(Linear, ForwardIsExact) {
  using T = TypeParam;
  const auto all = implementations_and_bf16<T>();
  std::mt19937_64 random(1);
  for (const Shape& s : shapes()) {
    Guarded<T> W(s.n, s.n_prev, 1, 2), b(s.n, 1, 3), A(s.n_prev, s.m, 2, 5);
    fill_integers(W, random, 4), fill_integers(b, random, 100), fill_integers(A, random, 4);
    const auto before = std::tuple(W.values(), b.values(), A.values());
    Whole expected = product(whole(W), whole(A));
    for (Index i = 0; i < s.n; ++i) {
      for (Index j = 0; j < s.m; ++j) expected(i, j) += static_cast<std::int64_t>(b(i, 0));
    }
    for (const auto& [label, pool, k, bf16] : all) {
      Guarded<T> Z(s.n, s.m, 1, 1);
      fill_integers(Z, random, 9);  // what was there before does not count
      k->linear_forward(W.view(), b.view(), A.view(), Z.view());
      expect_equal(Z, expected, 1, label + ": Z, " + text(s));
      if (this->HasFatalFailure()) return;
    }
    ASSERT_TRUE(W.intact() && b.intact() && A.intact()) << text(s);
    ASSERT_EQ(before, std::tuple(W.values(), b.values(), A.values())) << "an input was written to, " << text(s);
  }
}

TYPED_TEST(Linear, BackwardParametersAreExact) {
  using T = TypeParam;
  const auto all = implementations_and_bf16<T>();
  std::mt19937_64 random(2);
  for (const Shape& s : shapes()) {
    Guarded<T> dZ(s.n, s.m, 3, 1), A(s.n_prev, s.m, 1, 2);
    fill_integers(dZ, random, 4), fill_integers(A, random, 4);
    const auto before = std::tuple(dZ.values(), A.values());
    const double scale = s.m % 2 == 0 ? 0.25 : 1;  // powers of two keep it exact
    const Whole dW_expected = product(whole(dZ), transposed(whole(A)));
    Whole ones{s.m, 1, std::vector<std::int64_t>(static_cast<std::size_t>(s.m), 1)};
    const Whole db_expected = product(whole(dZ), ones);
    for (const auto& [label, pool, k, bf16] : all) {
      Guarded<T> dW(s.n, s.n_prev, 2, 3), db(s.n, 1, 1);
      fill_integers(dW, random, 9), fill_integers(db, random, 9);
      k->linear_backward_params(dZ.view(), A.view(), scale, dW.view(), db.view());
      expect_equal(dW, dW_expected, scale, label + ": dW, " + text(s));
      expect_equal(db, db_expected, scale, label + ": db, " + text(s));
      if (this->HasFatalFailure()) return;
    }
    ASSERT_TRUE(dZ.intact() && A.intact()) << text(s);
    ASSERT_EQ(before, std::tuple(dZ.values(), A.values())) << "an input was written to, " << text(s);
  }
}

TYPED_TEST(Linear, BackwardInputIsExact) {
  using T = TypeParam;
  const auto all = implementations_and_bf16<T>();
  std::mt19937_64 random(3);
  for (const Shape& s : shapes()) {
    Guarded<T> W(s.n, s.n_prev, 1, 3), dZ(s.n, s.m, 1, 2);
    fill_integers(W, random, 4), fill_integers(dZ, random, 4);
    const auto before = std::tuple(W.values(), dZ.values());
    const Whole expected = product(transposed(whole(W)), whole(dZ));
    for (const auto& [label, pool, k, bf16] : all) {
      Guarded<T> dA(s.n_prev, s.m, 3, 4);
      fill_integers(dA, random, 9);
      k->linear_backward_input(W.view(), dZ.view(), dA.view());
      expect_equal(dA, expected, 1, label + ": dA_prev, " + text(s));
      if (this->HasFatalFailure()) return;
    }
    ASSERT_TRUE(W.intact() && dZ.intact()) << text(s);
    ASSERT_EQ(before, std::tuple(W.values(), dZ.values())) << "an input was written to, " << text(s);
  }
}

TYPED_TEST(Linear, AddScaledAndSumOfSquaresAreExact) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations_and_bf16<T>()) {
    std::mt19937_64 random(4);
    for (const Index rows : {1, 2, 7, 33, 257}) {
      for (const Index cols : {1, 3, 65, 300}) {
        Guarded<T> X(rows, cols, 1, 2), Y(rows, cols, 3, 1);
        fill_integers(X, random, 50), fill_integers(Y, random, 50);
        const std::vector<T> before = Y.values(), x = X.values();
        k->add_scaled(-1.5, X.view(), Y.view());
        const std::vector<T> after = Y.values();
        double squares = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          ASSERT_EQ(after[i], before[i] - T(1.5) * x[i]) << label;
          squares += static_cast<double>(x[i] * x[i]);
        }
        ASSERT_EQ(k->sum_of_squares(X.view()), squares) << label;
        ASSERT_TRUE(X.intact() && Y.intact());
      }
    }
  }
}

// 2²⁴ + 1 is no float: the sum must run in float64.
TEST(Linear32, SumOfSquaresRunsInDouble) {
  for (const auto& [label, pool, k, bf16] : implementations_and_bf16<float>()) {
    Guarded<float> X(3, 1000);
    for (Index j = 0; j < 1000; ++j) {
      for (Index i = 0; i < 3; ++i) X.view()(i, j) = j == 0 && i == 0 ? 4097.0F : 1.0F;
    }
    EXPECT_EQ(k->sum_of_squares(X.view()), 4097.0 * 4097.0 + 2999) << label;
  }
}

// A column of zeros in A_prev does not hide an infinite weight: 0·∞ is NaN and must be seen.
TYPED_TEST(Linear, InfinitiesAndNaNAreNotHidden) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations_and_bf16<T>()) {
    Guarded<T> W(2, 2), b(2, 1), A(2, 2), Z(2, 2), dW(2, 2), db(2, 1), dA(2, 2);
    W.view()(0, 0) = std::numeric_limits<T>::infinity();
    k->linear_forward(W.view(), b.view(), A.view(), Z.view());
    EXPECT_TRUE(std::isnan(Z(0, 0)) && Z(1, 0) == 0) << label;
    Guarded<T> dZ(2, 2);
    dZ.view()(0, 1) = std::numeric_limits<T>::quiet_NaN();
    k->linear_backward_params(dZ.view(), A.view(), 1, dW.view(), db.view());
    EXPECT_TRUE(std::isnan(dW(0, 0)) && std::isnan(dW(0, 1)) && dW(1, 0) == 0 && std::isnan(db(0, 0)) && db(1, 0) == 0)
        << label;
    k->linear_backward_input(W.view(), dZ.view(), dA.view());
    EXPECT_TRUE(std::isnan(dA(0, 0)) && std::isnan(dA(0, 1))) << label;
  }
}

}  // namespace
}  // namespace strata
