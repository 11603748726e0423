// Dropout by every implementation: which units are kept is a function of key, row and unit, and the rest is one
// product.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "base/random.hpp"
#include "kernels/support.hpp"

namespace strata {
namespace {

using namespace testing;

// Word by word, as kernels.hpp has it.
bool is_kept(std::array<std::uint32_t, 2> key, std::uint64_t row, std::uint32_t unit, double p) {
  const std::array<std::uint32_t, 4> counter{8 * (unit / 64) + unit % 32 / 4, static_cast<std::uint32_t>(row),
                                             static_cast<std::uint32_t>(row >> 32), 0};
  const std::uint32_t word = philox4x32(counter, key)[unit % 64 / 32 * 2 + unit % 4 / 2];
  return (unit % 2 == 0 ? word & 0xFFFF : word >> 16) >= std::round(p * 65536);
}

template <class T>
struct Drop {
  Drop(Index n, Index m, double rate) : H(n, m, 3, 1), kept(static_cast<std::size_t>((n + 63) / 64 * m)) {
    std::mt19937_64 random(static_cast<std::uint64_t>(n * m));
    fill_normal(H, random);
    for (Index j = 0; j < m; ++j) rows.push_back(static_cast<std::size_t>(j * 0x2'0000'0003 + 5));
    by.rate = rate;
    by.key = {0xDEADBEEF, 17};
    by.rows = rows.data();
    by.H = H.view();
    by.kept = kept.data();
    by.words = (n + 63) / 64;
  }
  Guarded<T> H;
  std::vector<std::size_t> rows;
  std::vector<std::uint64_t> kept;
  Dropout<T> by;
};

template <class T>
class DropoutKernels : public ::testing::Test {};
TYPED_TEST_SUITE(DropoutKernels, Scalars);

TYPED_TEST(DropoutKernels, KeepTheUnitsOfTheDefinition) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Index n : {1, 7, 15, 16, 17, 63, 64, 65, 130, 257}) {
      for (const Index m : {1, 5, 300}) {
        if (n * m > 9000 && n != 257) continue;
        const double p = n % 2 == 0 ? 0.5 : n == 7 ? 1e-12 : n == 65 ? 0.999 : 0.1;
        Drop<T> drop(n, m, p);
        Guarded<T> A(n, m, 1, 2), dA(n, m, 2, 3);
        std::mt19937_64 random(3);
        fill_normal(dA, random);
        const Guarded<T> before = dA;
        k->dropout_forward(drop.by, A.view());
        k->dropout_backward(drop.by, dA.view());
        EXPECT_TRUE(A.intact() && dA.intact() && drop.H.intact()) << label;
        const T scale = static_cast<T>(1 / (1 - std::round(p * 65536) / 65536));
        Index wrong = 0;
        for (Index j = 0; j < m; ++j) {
          for (Index i = 0; i < n; ++i) {
            const bool kept =
                is_kept(drop.by.key, drop.rows[static_cast<std::size_t>(j)], static_cast<std::uint32_t>(i), p);
            wrong += A(i, j) != (kept ? drop.H(i, j) * scale : T(0));
            wrong += dA(i, j) != (kept ? before(i, j) * scale : T(0));
          }
        }
        EXPECT_EQ(wrong, 0) << label << ", n = " << n << ", m = " << m;
      }
    }
  }
}

TYPED_TEST(DropoutKernels, FusedSentencesAreTheirComposition) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Activation g : {Activation::relu, Activation::tanh, Activation::gelu}) {
      for (const Index n : {9, 70, 300}) {
        const Index n_prev = 33, n_next = 20, m = 130;
        Drop<T> drop(n, m, 0.25);
        Guarded<T> W(n, n_prev, 1, 0), b(n, 1), A_prev(n_prev, m), Z(n, m), A(n, m), Z2(n, m), H2(n, m), A2(n, m),
            W_next(n_next, n, 1, 0), dZ_next(n_next, m), dZ(n, m), dZ2(n, m);
        std::mt19937_64 random(5);
        fill_normal(W, random), fill_normal(b, random), fill_normal(A_prev, random), fill_normal(W_next, random),
            fill_normal(dZ_next, random);
        // Where g' is read from g(Z), a workspace has Z and H in one place.
        const bool in_place = derivative_from_output(g);
        Pointwise<T> layer(g);
        layer.dropout = drop.by;
        layer.dropout.H = in_place ? Z.view() : A.view();
        k->linear_activation_forward(layer, W.view(), b.view(), A_prev.view(), Z.view(), A.view());
        k->linear_forward(W.view(), b.view(), A_prev.view(), Z2.view());
        k->activation_forward(g, Z2.view(), H2.view());
        Dropout<T> alone = drop.by;
        alone.H = H2.view();
        k->dropout_forward(alone, A2.view());
        EXPECT_TRUE(same_bits(A, A2)) << label << ", " << name(g) << ", n = " << n;
        EXPECT_TRUE(same_bits(Z, in_place ? H2 : Z2)) << label << ", " << name(g) << ", n = " << n;

        k->linear_activation_backward(layer, W_next.view(), dZ_next.view(), Z.view(), A.view(), dZ.view());
        k->linear_backward_input(W_next.view(), dZ_next.view(), dZ2.view());
        k->dropout_backward(drop.by, dZ2.view());
        k->activation_backward(g, dZ2.view(), Z2.view(), H2.view(), dZ2.view());
        EXPECT_EQ(dZ.values(), dZ2.values()) << label << ", " << name(g) << ", n = " << n;
      }
    }
  }
}

}  // namespace
}  // namespace strata
