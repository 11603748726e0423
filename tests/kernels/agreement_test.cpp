// Agreement: every implementation gives the same bits for any number of threads, and the reference's numbers within a
// bound that its sums allow; an example gives the same bits alone and at any place of
// any batch; in-place calls give the bits of calls with separate memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "kernels/bf16_reference.hpp"
#include "kernels/reference.hpp"
#include "kernels/support.hpp"
#include "support/updates.hpp"

namespace strata {
namespace {

using namespace testing;

struct Shape {
  Index n, n_prev, m;
};
// Small edges, and sizes at which work is cut into blocks and shared over threads, with odd rests.
const Shape kShapes[] = {{1, 1, 1},       {3, 5, 1},      {1, 257, 33},   {7, 9, 31},     {33, 65, 63},
                         {65, 33, 127},   {257, 3, 8},    {20, 700, 209}, {7, 12289, 35}, {300, 129, 257},
                         {129, 1030, 65}, {513, 2, 1025}, {20, 2100, 70}};  // columns of inputs on pages of their own

template <class T>
class Agreement : public ::testing::Test {};
TYPED_TEST_SUITE(Agreement, Scalars);

// All that a layer computes, its matrices with this gap between their columns.
template <class T>
std::vector<std::vector<T>> with_gaps(const Kernels<T>& k, const Shape& s, Index gap) {
  std::mt19937_64 random(12);
  Guarded<T> W(s.n, s.n_prev, 1, gap), b(s.n, 1), A_prev(s.n_prev, s.m, 3, gap), Z(s.n, s.m, 1, gap),
      dZ(s.n, s.m, 3, gap), dW(s.n, s.n_prev, 1, gap), db(s.n, 1), dA_prev(s.n_prev, s.m, 2, gap),
      dZ_prev(s.n_prev, s.m, 1, gap);
  fill_normal(W, random, 0.3), fill_normal(b, random), fill_normal(A_prev, random), fill_normal(dZ, random);
  k.linear_forward(W.view(), b.view(), A_prev.view(), Z.view());
  k.linear_backward_params(dZ.view(), A_prev.view(), 1.0 / static_cast<double>(s.m), dW.view(), db.view());
  k.linear_backward_input(W.view(), dZ.view(), dA_prev.view());
  k.linear_activation_backward(Activation::relu, W.view(), dZ.view(), A_prev.view(), A_prev.view(), dZ_prev.view());
  return {Z.values(), dW.values(), db.values(), dA_prev.values(), dZ_prev.values()};
}

TYPED_TEST(Agreement, GapsBetweenColumnsChangeNoBits) {
  const char* const names[] = {"Z", "dW", "db", "dA_prev", "dZ_prev"};
  for (const auto& implementation : implementations<TypeParam>()) {
    for (const Shape& s :
         {Shape{1, 64, 419}, {1, 7, 33}, {1, 257, 2}, {7, 1030, 65}, {20, 31, 70}, {65, 33, 127}, {1400, 41, 200}}) {
      const auto tight = with_gaps(*implementation.kernels, s, 0), loose = with_gaps(*implementation.kernels, s, 5);
      for (std::size_t i = 0; i < tight.size(); ++i) {
        EXPECT_TRUE(same_bits(tight[i], loose[i])) << implementation.label << ": " << names[i] << " of n = " << s.n
                                                   << ", n_prev = " << s.n_prev << ", m = " << s.m;
      }
    }
  }
}

// Everything that a layer computes, matrix by matrix, and how far each may be from the reference.
template <class T>
struct Everything {
  std::vector<std::vector<T>> values;
  std::vector<double> bounds;
};

template <class T>
double largest(const Guarded<T>& M) {
  double most = 0;
  for (const T v : M.values()) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

template <class T>
Everything<T> everything(const Kernels<T>& k, const Shape& s, Activation g) {
  std::mt19937_64 random(11);
  Guarded<T> W(s.n, s.n_prev, 1, 0), b(s.n, 1, 2), A_prev(s.n_prev, s.m, 3, 1), Z(s.n, s.m, 1, 2), A(s.n, s.m, 2, 0),
      dA(s.n, s.m, 1, 1), dZ(s.n, s.m, 3, 3), dW(s.n, s.n_prev, 1, 1), db(s.n, 1), dA_prev(s.n_prev, s.m, 2, 2),
      Z_fused(s.n, s.m), A_fused(s.n, s.m), Z_prev(s.n_prev, s.m), G_prev(s.n_prev, s.m), dZ_prev(s.n_prev, s.m),
      dZ_composed(s.n_prev, s.m), in_place(s.n, s.m);
  fill_normal(W, random, 0.3), fill_normal(b, random), fill_normal(A_prev, random), fill_normal(dA, random),
      fill_normal(Z_prev, random);
  k.linear_forward(W.view(), b.view(), A_prev.view(), Z.view());
  k.activation_forward(g, Z.view(), A.view());
  // Both from the reference: a kink of g is on one side or the other, and dA is compared for its product alone.
  const ReferenceKernels<T> reference;
  Guarded<T> G(s.n, s.m);
  reference.activation_forward(g, dA.view(), G.view());
  k.activation_backward(g, dA.view(), dA.view(), G.view(), dZ.view());
  k.linear_backward_params(dA.view(), A_prev.view(), 1.0 / static_cast<double>(s.m), dW.view(), db.view());
  k.linear_backward_input(W.view(), dA.view(), dA_prev.view());
  k.linear_activation_forward(g, W.view(), b.view(), A_prev.view(), Z_fused.view(), A_fused.view());
  k.linear_activation_forward(g, W.view(), b.view(), A_prev.view(), in_place.view(), in_place.view());
  reference.activation_forward(g, Z_prev.view(), G_prev.view());
  k.linear_activation_backward(g, W.view(), dA.view(), Z_prev.view(), G_prev.view(), dZ_prev.view());
  k.activation_backward(g, dA_prev.view(), Z_prev.view(), G_prev.view(), dZ_composed.view());
  for (const auto* M : {&W, &b, &A_prev, &Z, &A, &dA, &dZ, &dW, &db, &dA_prev, &Z_fused, &A_fused, &dZ_prev, &in_place})
    EXPECT_TRUE(M->intact());
  EXPECT_TRUE(same_bits(Z, Z_fused) && same_bits(A, A_fused)) << "the fused sentence is not its composition";
  EXPECT_TRUE(same_bits(A, in_place)) << "A over Z is not A beside Z";
  EXPECT_EQ(dZ_prev.values(), dZ_composed.values()) << "the fused way back is not its composition";
  // A sum of K products rounds at most K + 1 times, each time by half a unit in the last place of a partial sum, and
  // partial sums of random signs stay below √K times a few largest products.
  const auto sum_bound = [](Index K, double product) {
    const auto terms = static_cast<double>(K);
    return (terms + 2) * std::sqrt(terms) * 4 * product * std::numeric_limits<T>::epsilon();
  };
  const double slope = 1.2;  // the largest |g'| of all activations, but SELU's: 1.76
  const double of_Z =
      sum_bound(s.n_prev, largest(W) * largest(A_prev)) + largest(b) * std::numeric_limits<T>::epsilon();
  const double of_dA = sum_bound(s.n, largest(W) * largest(dA));
  const double ulps = 16 * std::numeric_limits<T>::epsilon();
  return {{Z.values(), A.values(), dZ.values(), dW.values(), db.values(), dA_prev.values(), dZ_prev.values()},
          {of_Z, 1.8 * of_Z + ulps * (1 + largest(Z)), ulps * (1 + slope * largest(dA)),
           sum_bound(s.m, largest(dA) * largest(A_prev)) / static_cast<double>(s.m),
           sum_bound(s.m, largest(dA)) / static_cast<double>(s.m), of_dA, 1.8 * of_dA + ulps * (1 + largest(dA_prev))}};
}

template <class T>
::testing::AssertionResult within(const std::vector<T>& found, const std::vector<T>& expected, double bound) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (!(difference <= bound)) {
      return ::testing::AssertionFailure() << "number " << i << " is " << found[i] << ", not " << expected[i] << ": "
                                           << difference << " apart, more than " << bound;
    }
  }
  return ::testing::AssertionSuccess();
}

template <class T>
Everything<T> in_bf16(const Shape& s, Activation g) {
  if constexpr (std::is_same_v<T, float>) return everything<T>(Bf16ReferenceKernels(), s, g);
  return {};
}

TYPED_TEST(Agreement, EveryImplementationGivesTheNumbersOfTheReference) {
  using T = TypeParam;
  const char* names[] = {"Z", "A", "dZ", "dW", "db", "dA_prev", "dZ_prev"};
  const auto all = implementations_and_bf16<T>();
  const auto activations = all_activations();
  std::size_t turn = 0;
  for (const Shape& s : kShapes) {
    if (too_slow(s.n, s.n_prev, s.m)) continue;
    const Activation g = activations[turn++ % activations.size()];
    const auto of_numbers = everything<T>(ReferenceKernels<T>(), s, g), of_bf16 = in_bf16<T>(s, g);
    Everything<T> on_one_thread;
    for (const auto& [label, pool, k, bf16] : all) {
      const auto& expected = bf16 ? of_bf16 : of_numbers;
      const auto found = everything<T>(*k, s, g);
      if (pool->threads() == 1) on_one_thread = found;
      const bool exact = k->name() == "reference";
      for (std::size_t i = 0; i < found.values.size(); ++i) {
        EXPECT_TRUE(within(found.values[i], expected.values[i], exact ? 0 : expected.bounds[i]))
            << label << ": " << names[i] << " differs, n = " << s.n << ", n_prev = " << s.n_prev << ", m = " << s.m
            << ", " << name(g);
        EXPECT_TRUE(same_bits(found.values[i], on_one_thread.values[i]))
            << label << ": " << names[i] << " depends on the number of threads, n = " << s.n
            << ", n_prev = " << s.n_prev << ", m = " << s.m;
      }
    }
  }
}

TYPED_TEST(Agreement, HeadsLossesAndUpdates) {
  using T = TypeParam;
  const auto all = implementations<T>();
  const double epsilon = std::numeric_limits<T>::epsilon();
  for (const Loss loss : {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error}) {
    for (const Index m : {1, 33, 5000}) {
      const auto run = [&](const Kernels<T>& k) {
        std::mt19937_64 random(12);
        Guarded<T> Z(5, m), Y(5, m), A(5, m), dZ(5, m), H(5, m);
        fill_normal(Z, random, 3), fill_normal(Y, random);
        double sum = -1;
        k.loss_head(loss, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
        k.head_forward(head_of(loss), Z.view(), H.view());
        EXPECT_TRUE(A.intact() && dZ.intact() && H.intact());
        EXPECT_TRUE(same_bits(A, H)) << "head_forward and loss_head differ";
        std::vector<T> values = A.values();
        for (const T v : dZ.values()) values.push_back(v);
        return std::pair(values, sum);
      };
      const auto expected = run(ReferenceKernels<T>());
      for (const auto& [label, pool, k, bf16] : all) {
        const auto found = run(*k);
        const bool exact = k->name() == "reference";
        EXPECT_TRUE(within(found.first, expected.first, exact ? 0 : 16 * epsilon)) << label << ", " << name(loss);
        EXPECT_NEAR(found.second, expected.second,
                    exact ? 0 : 1e-12 * std::abs(expected.second) * (1 + 0.01 * static_cast<double>(m)))
            << label << ", " << name(loss) << ", m = " << m;
      }
    }
  }
  for (const std::size_t size : {1U, 3U, 1000U, 32768U, 32769U, 600001U}) {
    const auto run = [&](const Kernels<T>& k) {
      std::mt19937_64 random(13);
      std::normal_distribution<double> draw;
      std::vector<T> theta(size), d(size), m(size), v(size), w(size);
      for (std::size_t i = 0; i < size; ++i)
        theta[i] = static_cast<T>(draw(random)), d[i] = static_cast<T>(draw(random));
      const std::span<T> t(theta);
      const std::span<const T> grad(d);
      update_gradient_descent(k, t, grad, 0.01);
      for (long long step = 1; step <= 3; ++step) {
        update_momentum(k, t, grad, std::span<T>(w), 0.01, 0.9);
        update_adam(k, t, grad, std::span<T>(m), std::span<T>(v), {0.001, 0.9, 0.999, 1e-8, step});
      }
      std::vector<T> values = theta;
      for (const auto* state : {&m, &v, &w}) values.insert(values.end(), state->begin(), state->end());
      return values;
    };
    const auto expected = run(ReferenceKernels<T>());
    std::vector<T> on_one_thread;
    for (const auto& [label, pool, k, bf16] : all) {
      const auto found = run(*k);
      if (pool->threads() == 1) on_one_thread = found;
      const bool exact = k->name() == "reference";
      EXPECT_TRUE(within(found, expected, exact ? 0 : 32 * epsilon)) << label << ", " << size << " parameters";
      EXPECT_TRUE(same_bits(found, on_one_thread)) << label << ", " << size << " parameters";
    }
  }
}

// The gradient used at once leaves the bits of the gradient kept and then used, for every rule, with L2 and without.
TYPED_TEST(Agreement, AGradientUsedAtOnceGivesTheBitsOfOneKept) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations_and_bf16<T>()) {
    for (const Shape& s : {Shape{1, 33, 9}, Shape{7, 1030, 100}, Shape{300, 65, 70}, Shape{64, 30, 32}, Shape{20, 5, 1},
                           Shape{130, 700, 900}}) {
      if (too_slow(s.n, s.n_prev, s.m)) continue;
      for (const auto kind :
           {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::adam, OptimizerKind::nesterov}) {
        for (const std::pair<double, double>& drawn : {std::pair(0.0, 0.0), {0.25, 0.0}, {0.0, 0.125}}) {
          const double c = drawn.first, decay = drawn.second;
          if (decay != 0 && kind == OptimizerKind::gradient_descent) continue;  // for it a penalty is the same
          const UpdateRule rule{kind, 0.9, {0.01, 0.9, 0.999, 1e-8, 3}};
          const auto run = [&](bool at_once) {
            std::mt19937_64 random(17);
            Guarded<T> W(s.n, s.n_prev, 1, 0), b(s.n, 1, 1, 0), A_prev(s.n_prev, s.m), dZ(s.n, s.m),
                W1(s.n, s.n_prev, 2, 0), W2(s.n, s.n_prev, 3, 0), b1(s.n, 1, 1, 0), b2(s.n, 1, 2, 0),
                dW(s.n, s.n_prev, 1, 0), db(s.n, 1, 1, 0);
            fill_normal(W, random), fill_normal(b, random), fill_normal(A_prev, random), fill_normal(dZ, random);
            fill_normal(W1, random), fill_normal(b1, random);
            const double scale = 1.0 / static_cast<double>(s.m);
            if (at_once) {
              const GradientTarget<T> weights{
                  .d = dW.view(), .rule = &rule, .block = {W.view(), W1.view().data, W2.view().data, c, decay, 2}};
              const GradientTarget<T> biases{
                  .d = db.view(), .rule = &rule, .block = {b.view(), b1.view().data, b2.view().data}};
              k->linear_backward(dZ.view(), A_prev.view(), scale, weights, biases);
            } else {
              k->linear_backward(dZ.view(), A_prev.view(), scale,
                                 GradientTarget<T>{.d = dW.view(), .penalty = c, .theta = W.view()},
                                 GradientTarget<T>{.d = db.view()});
              k->update(rule, {W.view(), W1.view().data, W2.view().data, 0, decay, 2}, dW.view().data);
              k->update(rule, {b.view(), b1.view().data, b2.view().data}, db.view().data);
            }
            std::vector<std::vector<T>> all;
            for (const auto* M : {&W, &b, &W1, &W2, &b1, &b2}) {
              EXPECT_TRUE(M->intact());
              all.push_back(M->values());
            }
            EXPECT_TRUE(dW.intact() && db.intact());
            return all;
          };
          const auto found = run(true), expected = run(false);
          for (std::size_t i = 0; i < found.size(); ++i) {
            ASSERT_TRUE(same_bits(found[i], expected[i]))
                << label << ", matrix " << i << ", n = " << s.n << ", n_prev = " << s.n_prev << ", m = " << s.m
                << ", c = " << c << ", rule " << static_cast<int>(kind);
          }
        }
      }
    }
  }
}

// Forward and backward alike: column j of the result is a function of column j of the input.
TYPED_TEST(Agreement, AnExampleAloneAndInAnyBatchGivesTheSameBits) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations_and_bf16<T>()) {
    for (const Shape& s : {Shape{7, 33, 9}, Shape{20, 1030, 100}, Shape{300, 65, 70}, Shape{1, 257, 33}}) {
      std::mt19937_64 random(14);
      Guarded<T> W(s.n, s.n_prev), b(s.n, 1), A_prev(s.n_prev, s.m), Z(s.n, s.m), A(s.n, s.m), H(s.n, s.m),
          dA(s.n_prev, s.m);
      fill_normal(W, random, 0.3), fill_normal(b, random), fill_normal(A_prev, random);
      k->linear_activation_forward(Activation::gelu, W.view(), b.view(), A_prev.view(), Z.view(), A.view());
      k->head_forward(Head::softmax, Z.view(), H.view());
      k->linear_backward_input(W.view(), Z.view(), dA.view());
      for (Index j = 0; j < s.m; ++j) {
        for (const Index width : {Index{1}, Index{2}, Index{5}}) {  // alone, and as the last of a short batch elsewhere
          if (j + 1 < width) continue;
          Guarded<T> z(s.n, width, 2, 4), a(s.n, width, 3, 0), h(s.n, width), da(s.n_prev, width);
          const Index first = j + 1 - width;
          k->linear_activation_forward(Activation::gelu, W.view(), b.view(), A_prev.view().columns(first, width),
                                       z.view(), a.view());
          k->head_forward(Head::softmax, z.view(), h.view());
          k->linear_backward_input(W.view(), z.view(), da.view());
          const auto same = [&](const Guarded<T>& batch, const Guarded<T>& alone, Index rows) {
            return std::memcmp(batch.view().col(j), alone.view().col(width - 1),
                               static_cast<std::size_t>(rows) * sizeof(T)) == 0;
          };
          ASSERT_TRUE(same(Z, z, s.n)) << label << ": Z of example " << j << " of " << s.m << " in a batch of "
                                       << width;
          ASSERT_TRUE(same(A, a, s.n)) << label << ": A of example " << j;
          ASSERT_TRUE(same(H, h, s.n)) << label << ": softmax of example " << j;
          ASSERT_TRUE(same(dA, da, s.n_prev)) << label << ": dA_prev of example " << j;
        }
      }
    }
  }
}

TYPED_TEST(Agreement, InPlaceGivesTheSameBits) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const Index m : {1, 9, 700}) {
      std::mt19937_64 random(15);
      Guarded<T> Z0(33, m), dA0(33, m), Y(33, m);
      fill_normal(Z0, random, 2), fill_normal(dA0, random), fill_normal(Y, random);
      for (const Activation g : all_activations()) {
        Guarded<T> A(33, m), ZA = Z0;
        k->activation_forward(g, Z0.view(), A.view());
        k->activation_forward(g, ZA.view(), ZA.view());  // A is Z
        ASSERT_TRUE(same_bits(A, ZA)) << label << ", " << name(g);

        Guarded<T> dZ(33, m), in_place = dA0;
        k->activation_backward(g, dA0.view(), Z0.view(), A.view(), dZ.view());
        k->activation_backward(g, in_place.view(), Z0.view(), A.view(), in_place.view());  // dZ is dA
        ASSERT_TRUE(same_bits(dZ, in_place)) << label << ", " << name(g);
        if (derivative_from_output(g)) {  // Z has been overwritten by A
          Guarded<T> from_output(33, m);
          k->activation_backward(g, dA0.view(), ZA.view(), ZA.view(), from_output.view());
          ASSERT_TRUE(same_bits(dZ, from_output)) << label << ", " << name(g);
        }
      }
      const std::vector<double> delta(33, 0.7);
      for (const Loss loss : {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error,
                              Loss::absolute_error, Loss::huber, Loss::quantile}) {
        Objective of(loss);
        of.delta = delta.data();
        Guarded<T> A(33, m), dZ(33, m), ZA = Z0, dZ2(33, m), H = Z0;
        double sum = 0, sum2 = 1;
        k->loss_head(of, Z0.view(), Y.view(), A.view(), dZ.view(), &sum);
        k->loss_head(of, ZA.view(), Y.view(), ZA.view(), dZ2.view(), &sum2);  // A is Z
        k->head_forward(head_of(loss), H.view(), H.view());
        ASSERT_TRUE(same_bits(A, ZA) && same_bits(dZ, dZ2) && same_bits(A, H) && sum == sum2)
            << label << ", " << name(loss);
      }
    }
  }
}

// The derivative may be read from A alone, or from Z alone: the other view may then hold anything.
TYPED_TEST(Agreement, TheDerivativeIsReadFromWhereItShouldBe) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    std::mt19937_64 random(16);
    Guarded<T> Z(9, 17), A(9, 17), dA(9, 17), dZ(9, 17), dZ2(9, 17), garbage(9, 17);
    fill_normal(Z, random, 2), fill_normal(dA, random);
    for (Index j = 0; j < 17; ++j) {
      for (Index i = 0; i < 9; ++i) garbage.view()(i, j) = std::numeric_limits<T>::quiet_NaN();
    }
    for (const Activation g : all_activations()) {
      k->activation_forward(g, Z.view(), A.view());
      k->activation_backward(g, dA.view(), Z.view(), A.view(), dZ.view());
      const bool from_output = derivative_from_output(g);
      k->activation_backward(g, dA.view(), (from_output ? garbage : Z).view(), (from_output ? A : garbage).view(),
                             dZ2.view());
      EXPECT_TRUE(same_bits(dZ, dZ2)) << label << ", " << name(g);
    }
  }
}

}  // namespace
}  // namespace strata
