// The stage in front of the layers by every implementation: the reference's numbers, the same bits for any number of
// threads and at any place of a batch, and derivatives that are those of the differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "kernels/reference.hpp"
#include "kernels/stage.hpp"

namespace strata {
namespace {

using namespace testing;
using Kind = RowEmbedding::Kind;

template <class T>
class StageKernels : public ::testing::Test {};
TYPED_TEST_SUITE(StageKernels, Scalars);

template <class T>
::testing::AssertionResult within(const std::vector<T>& found, const std::vector<T>& expected, double bound) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (!(difference <= bound)) {
      return ::testing::AssertionFailure()
             << "number " << i << " is " << found[i] << ", not " << expected[i] << ", more than " << bound << " apart";
    }
  }
  return ::testing::AssertionSuccess();
}

TYPED_TEST(StageKernels, GiveTheNumbersOfTheReferenceOnAnyNumberOfThreads) {
  using T = TypeParam;
  const double epsilon = std::numeric_limits<T>::epsilon();
  const auto all = implementations<T>();
  for (const StageShape& shape : kShapes) {
    for (const Index m : {1, 7, 70, 1500}) {
      if (m > 100 && (kSlowBuild || shape.rows.size() < 4)) continue;
      const StageCase<T> one(shape, m);
      const Guarded<T> dA = one.any_dA();
      const ReferenceKernels<T> reference;
      const auto forward = one.forward(reference), backward = one.backward(reference, dA, 0.25);
      // A phase of up to some 30 is rounded by some 4 epsilons, which its sine and cosine take over; each is multiplied
      // by numbers up to 4. Sums over examples, of products up to 4 and 2π x = 25 times that, round √m times as much.
      const double of_sum = 4 * 64 * epsilon * static_cast<double>(shape.k);
      const double of_gradient = 25 * 64 * epsilon * 4 * static_cast<double>(m + 8);
      std::vector<std::vector<T>> forward1, backward1;
      for (const auto& [label, pool, k, bf16] : all) {
        const auto Z = one.forward(*k), d = one.backward(*k, dA, 0.25);
        if (pool->threads() == 1) forward1 = Z, backward1 = d;
        const bool exact = k->name() == "reference";
        const std::string where = label + ": " + shape.text() + ", m = " + std::to_string(m);
        for (std::size_t i = 0; i < 2; ++i) {
          EXPECT_TRUE(within(Z[i], forward[i], exact ? 0 : of_sum)) << where << (i == 0 ? ", Z" : ", A");
          EXPECT_TRUE(same_bits(Z[i], forward1[i])) << where << ": depends on the number of threads";
        }
        for (std::size_t i = 0; i < d.size(); ++i) {
          const double bound = i == 0 ? epsilon * 8 : of_gradient;
          EXPECT_TRUE(within(d[i], backward[i], exact ? 0 : bound)) << where << ", " << kGradients[i];
          EXPECT_TRUE(same_bits(d[i], backward1[i]))
              << where << ", " << kGradients[i] << ": depends on the number of threads";
        }
      }
    }
  }
}

TYPED_TEST(StageKernels, CallTheThreadsForALargeBatch) {
  using T = TypeParam;
  const StageCase<T> small({"ppnpc", 16, 3, 8, 5, true}, 20), large({"pppppppppppp", 16, 3, 8, 5, true}, 3000);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    if (pool->threads() == 1) continue;
    const std::uint64_t before = pool->rounds();
    (void)small.forward(*k);
    (void)small.backward(*k, small.any_dA(), 1);
    EXPECT_EQ(pool->rounds(), before) << label;
    (void)large.backward(*k, large.any_dA(), 1);
    EXPECT_GT(pool->rounds(), before) << label;
    const std::uint64_t after = pool->rounds();
    (void)large.forward(*k);
    EXPECT_GT(pool->rounds(), after) << label;
  }
}

TYPED_TEST(StageKernels, AnExampleAloneAndInAnyBatchGivesTheSameBits) {
  using T = TypeParam;
  for (const StageShape& shape : kShapes) {
    const StageCase<T> one(shape, 70);
    for (const auto& [label, pool, k, bf16] : implementations<T>()) {
      const auto all = one.forward(*k);
      for (Index j = 0; j < one.m; ++j) {
        for (const Index width : {Index{1}, Index{3}}) {
          if (j + 1 < width) continue;
          Guarded<T> Z(one.n(), width), A(one.n(), width);
          k->stage_forward(one.stage(), one.X.view().columns(j + 1 - width, width), Z.view(), A.view());
          ASSERT_EQ(std::memcmp(A.view().col(width - 1), &all[1][static_cast<std::size_t>(j * one.n())],
                                static_cast<std::size_t>(one.n()) * sizeof(T)),
                    0)
              << label << ": " << shape.text() << ", example " << j << " in a batch of " << width;
        }
      }
    }
  }
}

// A code is cut to a whole number; what is no level, NaN among it, is the last one.
TYPED_TEST(StageKernels, CodesThatAreNoLevelAreTheLast) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const std::pair<T, Index> codes[] = {{0, 0},   {-T(0), 0}, {1, 1},       {T(1.75), 1}, {2, 2},  {T(3.999), 3},
                                       {4, 3},   {5, 3},     {T(1e30), 3}, {T(-0.5), 3}, {-1, 3}, {T(-1e30), 3},
                                       {nan, 3}, {-nan, 3},  {inf, 3},     {-inf, 3}};
  const auto m = static_cast<Index>(std::size(codes));
  StageCase<T> one({"cc", 1, 1, 3, 4, false}, m);
  Guarded<T> dA(one.n(), m, 1, 3);
  for (Index j = 0; j < m; ++j) {
    one.X.view()(0, j) = 0;
    one.X.view()(1, j) = codes[j].first;
    for (Index i = 0; i < one.n(); ++i) dA.view()(i, j) = static_cast<T>(1 << j);
  }
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    const auto Z = one.forward(*k);
    const auto dE = one.backward(*k, dA, 0.5)[5];
    std::vector<T> expected(dE.size(), T(0));
    for (Index j = 0; j < m; ++j) {
      const Index level = 4 + codes[j].second;  // of the second row of X
      for (Index i = 0; i < 3; ++i) {
        EXPECT_EQ(Z[0][static_cast<std::size_t>(j * 6 + 3 + i)], one.E(i, level)) << label << ": " << codes[j].first;
        expected[static_cast<std::size_t>(level * 3 + i)] += T(0.5) * static_cast<T>(1 << j);
        expected[static_cast<std::size_t>(i)] += T(0.5) * static_cast<T>(1 << j);
      }
    }
    EXPECT_EQ(dE, expected) << label;
  }
}

// As many levels as a column of texts may have, of which a batch sees few: the others' gradients are zeros.
TYPED_TEST(StageKernels, ManyLevels) {
  using T = TypeParam;
  const StageCase<T> one({"c", 1, 1, 8, 100000, false}, 5);
  const Guarded<T> dA = one.any_dA();
  const auto expected = one.backward(ReferenceKernels<T>(), dA, 1);
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    EXPECT_EQ(one.forward(*k)[0], one.forward(ReferenceKernels<T>())[0]) << label;
    EXPECT_EQ(one.backward(*k, dA, 1)[5], expected[5]) << label;
  }
}

// A number that is none spoils its own example, and neither memory nor the others.
TYPED_TEST(StageKernels, NumbersThatAreNone) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const T x : {nan, inf, -inf, std::numeric_limits<T>::max()}) {
    StageCase<T> one({"ppc", 7, 3, 2, 3, true}, 9);
    const StageCase<T> before = one;
    one.X.view()(1, 4) = x;
    for (const auto& [label, pool, k, bf16] : implementations<T>()) {
      const auto found = one.forward(*k)[0], expected = before.forward(*k)[0];
      for (Index j = 0; j < 9; ++j) {
        for (Index i = 0; i < one.n(); ++i) {
          const T z = found[static_cast<std::size_t>(i + j * one.n())];
          const bool is_spoilt = j == 4 && i >= 5 && i < 8;
          EXPECT_TRUE(is_spoilt ? std::isnan(z)
                                : (j == 4 && i == 4) || z == expected[static_cast<std::size_t>(i + j * one.n())])
              << label << ", x = " << x << ": z(" << i << ", " << j << ") = " << z;
        }
      }
    }
  }
}

TYPED_TEST(StageKernels, TakeNoMemory) {
  using T = TypeParam;
  for (const char* rows : {"ppnpc", "wwnwc"}) {
    const StageCase<T> one({rows, 16, 5, 8, 5, true}, 3000);
    Guarded<T> Z(one.n(), one.m), A(one.n(), one.m), dA = one.any_dA(), dF = one.F, dphi = one.phi, dU = one.U,
                                                     dV = one.V, dc = one.c, dE = one.E, ds = one.s;
    for (const auto& [label, pool, k, bf16] : implementations<T>()) {
      const Kernels<T>& kernels = *k;
      const auto run = [&] {
        kernels.stage_forward(one.stage(), one.X.view(), Z.view(), A.view());
        kernels.stage_backward_params(one.stage(), one.X.view(), Z.view(), dA.view(), 1,
                                      {dF.view(), dphi.view(), dU.view(), dV.view(), dc.view(), dE.view(), ds.view()});
        kernels.slope_forward(Activation::mish, one.s.view(), Z.view(), A.view());
        kernels.slope_backward(Activation::mish, one.s.view(), Z.view(), 1, dA.view(), ds.view());
      };
      run();  // the threads are there
      const long long before = allocations();
      run();
      EXPECT_EQ(allocations(), before) << label;
    }
  }
}

// J = Σ G * A: its differences by every parameter are the gradients, where dA = G.
TEST(StageKernels, DerivativesAreThoseOfTheDifferences) {
  for (const StageShape& shape : kShapes) {
    StageCase<double> one(shape, 6);
    const Guarded<double> dA = one.any_dA();
    const double r = 0.5, h = 1e-5;
    const ReferenceKernels<double> k;
    const auto found = one.backward(k, dA, r);
    const auto cost = [&] {
      Guarded<double> Z(one.n(), one.m), A(one.n(), one.m);
      k.stage_forward(one.stage(), one.X.view(), Z.view(), A.view());
      double sum = 0;
      for (Index j = 0; j < one.m; ++j) {
        for (Index i = 0; i < one.n(); ++i) sum += dA(i, j) * A(i, j);
      }
      return sum;
    };
    Guarded<double>* const parts[] = {&one.F, &one.phi, &one.V, &one.c, &one.E, &one.s, &one.U};
    for (std::size_t p = 0; p < std::size(parts); ++p) {
      const bool is_there = p < 2   ? one.has_numbers
                            : p < 4 ? one.has_numbers || one.is_piecewise
                            : p < 5 ? one.has_levels
                            : p < 6 ? one.scales
                                    : one.is_piecewise;
      if (!is_there) continue;
      double* const theta = parts[p]->view().data;
      for (Index i = 0; i < parts[p]->view().size(); ++i) {
        const double before = theta[i];
        theta[i] = before + h;
        const double more = cost();
        theta[i] = before - h;
        const double less = cost();
        theta[i] = before;
        EXPECT_NEAR(found[p + 1][static_cast<std::size_t>(i)], r * (more - less) / (2 * h), 2e-6)
            << shape.text() << ", " << kGradients[p + 1] << ", number " << i;
      }
    }
  }
}

// Each gradient goes to its target: kept with its penalty, or used at once.
TYPED_TEST(StageKernels, GradientsGoToTheirTargets) {
  using T = TypeParam;
  for (const bool piecewise : {false, true}) {
    const StageCase<T> one({piecewise ? "wwnwc" : "ppnpc", 16, 3, 8, 5, true}, 33);
    const Guarded<T> dA = one.any_dA();
    for (const auto& [label, pool, k, bf16] : implementations<T>()) {
      const auto expected = one.backward(*k, dA, 0.25);
      const UpdateRule rule{.step = {0.5, 0.9, 0.999, 1e-8, 1}};
      Guarded<T> Z(one.n(), one.m), A(one.n(), one.m), dZ = dA;
      ReferenceKernels<T>().stage_forward(one.stage(), one.X.view(), Z.view(), A.view());
      const Guarded<T>* const before[] = {&one.F, &one.phi, &one.V, &one.c, &one.E, &one.s, &one.U};
      std::vector<Guarded<T>> theta, d;
      for (const Guarded<T>* part : before) theta.push_back(*part), d.push_back(*part);
      std::vector<GradientTarget<T>> targets;
      const auto is_there = [&](std::size_t p) { return p < 2 ? !piecewise : p < 6 || piecewise; };
      for (std::size_t p = 0; p < 7; ++p) {
        targets.push_back(
            !is_there(p) ? GradientTarget<T>()
                         : GradientTarget<T>{.d = d[p].view(), .rule = &rule, .block = {.theta = theta[p].view()}});
      }
      const std::size_t kept = piecewise ? 3 : 1;  // dc or dφ
      targets[kept] = {.d = d[kept].view(), .penalty = 2, .theta = before[kept]->view()};
      k->stage_backward(one.stage(), one.X.view(), Z.view(), dZ.view(), 0.25,
                        {targets[0], targets[1], targets[6], targets[2], targets[3], targets[4], targets[5]});
      EXPECT_TRUE(same_bits(dZ.values(), expected[0])) << label;
      for (std::size_t p = 0; p < 7; ++p) {
        if (!is_there(p)) continue;
        const auto found = p == kept ? d[p].values() : theta[p].values();
        for (std::size_t i = 0; i < found.size(); ++i) {
          const T gradient = expected[p + 1][i], own = before[p]->values()[i];
          const double right = static_cast<double>(p == kept ? gradient + 2 * own : own - T(0.5) * gradient);
          EXPECT_NEAR(static_cast<double>(found[i]), right,
                      8 * std::numeric_limits<T>::epsilon() * (1 + std::abs(right)))
              << label << ", " << kGradients[p + 1];
        }
      }
    }
  }
}

}  // namespace
}  // namespace strata
