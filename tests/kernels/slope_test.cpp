// Learned slopes by every implementation: the reference's numbers, the same bits for any number of threads and at any
// place of a batch, and derivatives that are those of the differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/reference.hpp"
#include "kernels/support.hpp"

namespace strata {
namespace {

using namespace testing;

template <class T>
class SlopeKernels : public ::testing::Test {};
TYPED_TEST_SUITE(SlopeKernels, Scalars);

template <class T>
::testing::AssertionResult within(const std::vector<T>& found, const std::vector<T>& expected, double bound) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    const double allowed = bound * (1 + std::abs(static_cast<double>(expected[i])));
    if (!(difference <= allowed)) {
      return ::testing::AssertionFailure() << "number " << i << " is " << found[i] << ", not " << expected[i];
    }
  }
  return ::testing::AssertionSuccess();
}

// What a layer of n units computes for m examples: A, dZ and da.
template <class T>
struct SlopedLayer {
  SlopedLayer(Index n_, Index m_, Index gap) : n(n_), m(m_), a(n, 1, 2), Z(n, m, 1, gap), dA(n, m, 3, gap) {
    std::mt19937_64 random(static_cast<std::uint64_t>(n * 1000 + m));
    fill_normal(a, random), fill_normal(Z, random, 3), fill_normal(dA, random);
  }
  [[nodiscard]] std::vector<std::vector<T>> by(const Kernels<T>& k, Activation g) const {
    Guarded<T> A(n, m, 1, 2), in_place = Z, dZ = dA, da(n, 1, 3);
    k.slope_forward(g, a.view(), Z.view(), A.view());
    k.slope_forward(g, a.view(), in_place.view(), in_place.view());
    k.slope_backward(g, a.view(), Z.view(), 1.0 / static_cast<double>(m), dZ.view(), da.view());
    EXPECT_TRUE(A.intact() && in_place.intact() && dZ.intact() && da.intact()) << "written beside a matrix";
    EXPECT_TRUE(same_bits(A, in_place)) << "A over Z is not A beside Z";
    return {A.values(), dZ.values(), da.values()};
  }
  Index n, m;
  Guarded<T> a, Z, dA;
};

TYPED_TEST(SlopeKernels, GiveTheNumbersOfTheReferenceOnAnyNumberOfThreads) {
  using T = TypeParam;
  const double epsilon = std::numeric_limits<T>::epsilon();
  const char* const names[] = {"A", "dZ", "da"};
  const auto all = implementations<T>();
  std::size_t turn = 0;
  for (const auto& [n, m] :
       {std::pair<Index, Index>{1, 1}, {1, 300}, {7, 5}, {17, 1}, {16, 33}, {33, 9}, {257, 300}, {2100, 40}}) {
    if (too_slow(n, 16, m)) continue;
    const SlopedLayer<T> layer(n, m, n % 3);
    const auto every = all_activations();
    std::vector<Activation> activations(every.begin(), every.end());
    if (n * m > 70000) activations = {Activation::selu, Activation::mish, every[turn++ % every.size()]};
    for (const Activation g : activations) {
      const auto expected = layer.by(ReferenceKernels<T>(), g);
      std::vector<std::vector<T>> on_one_thread;
      for (const auto& [label, pool, k, bf16] : all) {
        const auto found = layer.by(*k, g);
        if (pool->threads() == 1) on_one_thread = found;
        const double bounds[] = {32 * epsilon, 128 * epsilon, (128 + 2 * std::sqrt(static_cast<double>(m))) * epsilon};
        for (std::size_t i = 0; i < found.size(); ++i) {
          EXPECT_TRUE(within(found[i], expected[i], k->name() == "reference" ? 0 : bounds[i]))
              << label << ": " << names[i] << ", " << name(g) << ", n = " << n << ", m = " << m;
          EXPECT_TRUE(same_bits(found[i], on_one_thread[i]))
              << label << ": " << names[i] << " depends on the number of threads, " << name(g) << ", n = " << n;
        }
      }
    }
  }
}

// The threads do share a large layer.
TYPED_TEST(SlopeKernels, CallTheThreadsForALargeLayer) {
  using T = TypeParam;
  const SlopedLayer<T> small(64, 100, 0), large(257, 300, 0);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    if (pool->threads() == 1) continue;
    const std::uint64_t before = pool->rounds();
    (void)small.by(*k, Activation::mish);
    EXPECT_EQ(pool->rounds(), before) << label;
    (void)large.by(*k, Activation::mish);
    EXPECT_GT(pool->rounds(), before) << label;
  }
}

TYPED_TEST(SlopeKernels, AnExampleAloneGivesTheSameBits) {
  using T = TypeParam;
  const SlopedLayer<T> layer(37, 11, 2);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Activation g : all_activations()) {
      const auto all = layer.by(*k, g);
      for (Index j = 0; j < layer.m; ++j) {
        Guarded<T> A(layer.n, 1), dZ(layer.n, 1), da(layer.n, 1);
        std::copy_n(layer.dA.view().col(j), layer.n, dZ.view().data);
        k->slope_forward(g, layer.a.view(), layer.Z.view().columns(j, 1), A.view());
        k->slope_backward(g, layer.a.view(), layer.Z.view().columns(j, 1), 1, dZ.view(), da.view());
        const auto bytes = static_cast<std::size_t>(layer.n) * sizeof(T);
        ASSERT_EQ(std::memcmp(A.view().data, &all[0][static_cast<std::size_t>(j * layer.n)], bytes), 0)
            << label << ": A of example " << j << ", " << name(g);
        ASSERT_EQ(std::memcmp(dZ.view().data, &all[1][static_cast<std::size_t>(j * layer.n)], bytes), 0)
            << label << ": dZ of example " << j << ", " << name(g);
      }
    }
  }
}

// Each alone at its place in a vector, so that nothing comes from a neighbour. Where g(z) is flushed to zero below the
// smallest normal number, that is what may be missing.
TYPED_TEST(SlopeKernels, ExtremeNumbersGiveWhatTheReferenceGives) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> z = {0, -T(0), 1, -1, nan, -nan};
  for (const double size :
       {1e-30, 1e-3, 5.0, 15.0, 19.9, 20.1, 30.0, 39.9, 40.1, 87.0, 89.0, 700.0, 720.0, 1e4, 1e30}) {
    z.push_back(static_cast<T>(size)), z.push_back(static_cast<T>(-size));
  }
  const auto n = static_cast<Index>(z.size());
  Guarded<T> Z(n, 1), a(n, 1), ones(n, 1);
  for (Index i = 0; i < n; ++i) {
    Z.view()(i, 0) = z[static_cast<std::size_t>(i)];
    a.view()(i, 0) = T(0.75);
    ones.view()(i, 0) = 1;
  }
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Activation g : all_activations()) {
      Guarded<T> A(n, 1), A_expected(n, 1), dZ = ones, dZ_expected = ones, da(n, 1), da_expected(n, 1);
      k->slope_forward(g, a.view(), Z.view(), A.view());
      k->slope_backward(g, a.view(), Z.view(), 0.5, dZ.view(), da.view());
      reference::slope_forward<T>(g, a.view(), Z.view(), A_expected.view());
      reference::slope_backward<T>(g, a.view(), Z.view(), 0.5, dZ_expected.view(), da_expected.view());
      for (Index i = 0; i < n; ++i) {
        const auto close = [&](T found, T expected) {
          if (std::isnan(expected)) return std::isnan(found);
          const double off = std::abs(static_cast<double>(found) - static_cast<double>(expected));
          return off <= 64 * std::numeric_limits<T>::epsilon() * (1 + std::abs(static_cast<double>(expected)));
        };
        const std::string at = label + ", " + std::string(name(g)) + " at " + std::to_string(Z(i, 0));
        EXPECT_TRUE(close(A(i, 0), A_expected(i, 0))) << at << ": " << A(i, 0) << ", not " << A_expected(i, 0);
        EXPECT_TRUE(close(dZ(i, 0), dZ_expected(i, 0))) << at << ": " << dZ(i, 0) << ", not " << dZ_expected(i, 0);
        EXPECT_TRUE(close(da(i, 0), da_expected(i, 0))) << at << ": " << da(i, 0) << ", not " << da_expected(i, 0);
      }
    }
  }
}

// J = Σ G * A: its differences by each z and each a are dZ and m times da, where dA = G.
TEST(SlopeKernels, DerivativesAreThoseOfTheDifferences) {
  const Index n = 5, m = 7;
  const SlopedLayer<double> layer(n, m, 1);
  for (const Activation g : all_activations()) {
    const auto cost = [&](const Guarded<double>& a, const Guarded<double>& Z) {
      Guarded<double> A(n, m);
      reference::slope_forward<double>(g, a.view(), Z.view(), A.view());
      double sum = 0;
      for (Index j = 0; j < m; ++j) {
        for (Index i = 0; i < n; ++i) sum += layer.dA(i, j) * A(i, j);
      }
      return sum;
    };
    const auto results = layer.by(ReferenceKernels<double>(), g);
    const double h = 1e-5;
    for (Index i = 0; i < n; ++i) {
      Guarded<double> more = layer.a, less = layer.a;
      more.view()(i, 0) += h, less.view()(i, 0) -= h;
      const double difference = (cost(more, layer.Z) - cost(less, layer.Z)) / (2 * h);
      EXPECT_NEAR(results[2][static_cast<std::size_t>(i)] * m, difference, 1e-8) << name(g) << ", a of unit " << i;
      for (Index j = 0; j < m; ++j) {
        if (std::abs(layer.Z(i, j)) < 2 * h) continue;  // a kink
        Guarded<double> Z_more = layer.Z, Z_less = layer.Z;
        Z_more.view()(i, j) += h, Z_less.view()(i, j) -= h;
        EXPECT_NEAR(results[1][static_cast<std::size_t>(i + j * n)],
                    (cost(layer.a, Z_more) - cost(layer.a, Z_less)) / (2 * h), 1e-8)
            << name(g) << ", z of unit " << i << ", example " << j;
      }
    }
  }
}

// With a slope of 1 a layer is that without one, but for roundings; with 0 it is Z itself.
TYPED_TEST(SlopeKernels, OfOneAndOfZero) {
  using T = TypeParam;
  SlopedLayer<T> layer(33, 9, 0);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (Index i = 0; i < layer.n; ++i) layer.a.view()(i, 0) = static_cast<T>(i % 2);
    const auto found = layer.by(*k, Activation::mish);
    Guarded<T> A(layer.n, layer.m);
    k->activation_forward(Activation::mish, layer.Z.view(), A.view());
    for (Index j = 0; j < layer.m; ++j) {
      for (Index i = 0; i < layer.n; ++i) {
        const T expected = i % 2 == 0 ? layer.Z(i, j) : A(i, j),
                a = found[0][static_cast<std::size_t>(i + j * layer.n)];
        EXPECT_NEAR(a, expected, i % 2 == 0 ? 0 : 64 * std::numeric_limits<T>::epsilon()) << label;
        if (i % 2 == 0) {
          EXPECT_EQ(found[1][static_cast<std::size_t>(i + j * layer.n)], layer.dA(i, j)) << label;
        }
      }
    }
  }
}

// A layer's fused sentences with slopes, dropout between them and the next layer, and da used at once.
TYPED_TEST(SlopeKernels, FusedSentencesAreTheirComposition) {
  using T = TypeParam;
  const Index n = 70, n_prev = 33, n_next = 20, m = 130;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const bool drops : {false, true}) {
      for (const Activation g : {Activation::relu, Activation::selu, Activation::mish}) {
        const std::string where = label + ", " + std::string(name(g)) + (drops ? ", dropout" : "");
        Guarded<T> W(n, n_prev, 1, 0), b(n, 1), a(n, 1, 1, 0), A_prev(n_prev, m), Z(n, m), A(n, m), Z2(n, m), H2(n, m),
            A2(n, m), W_next(n_next, n, 1, 0), dZ_next(n_next, m), dZ(n, m), dZ2(n, m), da(n, 1, 1, 0), da2(n, 1, 1, 0);
        std::mt19937_64 random(5);
        for (Guarded<T>* M : {&W, &b, &a, &A_prev, &W_next, &dZ_next}) fill_normal(*M, random);
        std::vector<std::size_t> rows(static_cast<std::size_t>(m));
        for (std::size_t j = 0; j < rows.size(); ++j) rows[j] = 3 * j;
        std::vector<std::uint64_t> kept(static_cast<std::size_t>(m) * 2);
        Pointwise<T> layer(g);
        layer.slope = a.view();
        layer.dropout = {drops ? 0.25 : 0.0, {5, 6}, rows.data(), A.view(), kept.data(), 2};
        k->linear_activation_forward(layer, W.view(), b.view(), A_prev.view(), Z.view(), A.view());
        k->linear_forward(W.view(), b.view(), A_prev.view(), Z2.view());
        k->slope_forward(g, a.view(), Z2.view(), H2.view());
        Dropout<T> alone = layer.dropout;
        alone.H = H2.view();
        drops ? k->dropout_forward(alone, A2.view()) : static_cast<void>(A2 = H2);
        EXPECT_TRUE(A.values() == A2.values() && same_bits(Z, Z2)) << where;

        const UpdateRule rule{.step = {0.1, 0.9, 0.999, 1e-8, 1}};
        Guarded<T> a_after = a;
        const GradientTarget<T> kept_gradient{.d = da.view(), .penalty = 0.5, .theta = a.view()},
            used{.d = da2.view(), .rule = &rule, .block = {.theta = a_after.view()}};
        k->linear_activation_backward(layer, W_next.view(), dZ_next.view(), Z.view(), A.view(), dZ.view(), 0.125,
                                      kept_gradient);
        k->linear_activation_backward(layer, W_next.view(), dZ_next.view(), Z.view(), A.view(), dZ2.view(), 0.125,
                                      used);
        EXPECT_TRUE(same_bits(dZ, dZ2)) << where;
        Guarded<T> da3(n, 1);
        k->linear_backward_input(W_next.view(), dZ_next.view(), dZ2.view());
        if (drops) k->dropout_backward(alone, dZ2.view());
        k->slope_backward(g, a.view(), Z2.view(), 0.125, dZ2.view(), da3.view());
        EXPECT_EQ(dZ.values(), dZ2.values()) << where;
        for (Index i = 0; i < n; ++i) {
          const double near = 8 * std::numeric_limits<T>::epsilon() * (1 + std::abs(static_cast<double>(da3(i, 0))));
          EXPECT_NEAR(da(i, 0), da3(i, 0) + T(0.5) * a(i, 0), near) << where;
          EXPECT_NEAR(a_after(i, 0), a(i, 0) - T(0.1) * da3(i, 0), near) << where;
        }
      }
    }
  }
}

}  // namespace
}  // namespace strata
