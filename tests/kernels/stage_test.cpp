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
#include "kernels/support.hpp"

namespace strata {
namespace {

using namespace testing;
using Kind = RowEmbedding::Kind;

/// What a stage is made of: its rows by a letter each (n: none, p: periodic, c: a code of `levels` levels).
struct StageShape {
  std::string rows;
  Index k, q, d, levels;
  bool scales;
  [[nodiscard]] std::string text() const {
    return rows + ", k = " + std::to_string(k) + ", q = " + std::to_string(q) + ", d = " + std::to_string(d) +
           (scales ? ", s" : "");
  }
};

const StageShape kShapes[] = {{"p", 1, 1, 1, 2, false},     {"n", 1, 1, 1, 2, true},      {"c", 1, 1, 1, 1, false},
                              {"ppnpc", 16, 3, 8, 5, true}, {"cpcn", 7, 3, 17, 3, false}, {"npp", 33, 1, 3, 2, true},
                              {"pcnp", 16, 5, 2, 9, true},  {"cc", 16, 3, 5, 40, true},   {"ppp", 17, 9, 1, 1, true},
                              {"nnpnncn", 8, 4, 4, 7, true}};

/// A stage with numbers of its own, and m examples.
template <class T>
struct StageCase {
  StageCase(const StageShape& shape, Index m_)
      : m(m_),
        numbers(std::max<Index>(1, count(shape, 'p'))),
        levels(std::max<Index>(1, count(shape, 'c') * shape.levels)),
        has_numbers(count(shape, 'p') > 0),
        has_levels(count(shape, 'c') > 0),
        scales(shape.scales),
        F(shape.k, numbers, 1, 0),
        phi(shape.k, numbers, 2, 0),
        V(shape.k, numbers * shape.q, 3, 0),
        c(shape.q, numbers, 1, 0),
        E(shape.d, levels, 2, 0),
        s(count(shape, 'n') + count(shape, 'p') * (1 + shape.q) + count(shape, 'c') * shape.d, 1, 1, 0),
        X(static_cast<Index>(shape.rows.size()), m, 2, 3) {
    std::mt19937_64 random(shape.rows.size() + static_cast<std::size_t>(m));
    for (Guarded<T>* part : {&F, &phi, &V, &c, &E, &s, &X}) fill_normal(*part, random);
    Index to = 0, number = 0, level = 0;
    for (std::size_t i = 0; i < shape.rows.size(); ++i) {
      const Kind kind = shape.rows[i] == 'n' ? Kind::none : shape.rows[i] == 'p' ? Kind::periodic : Kind::levels;
      rows.push_back({kind, to, kind == Kind::levels ? level : number, kind == Kind::levels ? shape.levels : 0});
      to += kind == Kind::none ? 1 : kind == Kind::periodic ? 1 + shape.q : shape.d;
      number += kind == Kind::periodic, level += kind == Kind::levels ? shape.levels : 0;
      for (Index j = 0; kind == Kind::levels && j < m; ++j) {
        X.view()(static_cast<Index>(i), j) = static_cast<T>(random() % static_cast<std::uint64_t>(shape.levels));
      }
    }
  }
  static Index count(const StageShape& shape, char row) {
    return static_cast<Index>(std::ranges::count(shape.rows, row));
  }
  [[nodiscard]] Index n() const { return s.view().rows; }
  [[nodiscard]] Stage<T> stage() const {
    Stage<T> by;
    by.rows = rows;
    if (has_numbers) by.p.F = F.view(), by.p.phi = phi.view(), by.p.V = V.view(), by.p.c = c.view();
    if (has_levels) by.p.E = E.view();
    if (scales) by.p.s = s.view();
    return by;
  }
  /// Z, A
  [[nodiscard]] std::vector<std::vector<T>> forward(const Kernels<T>& k) const {
    Guarded<T> Z(n(), m, 1, 2), A(n(), m, 3, 1), in_place(n(), m, 2, 0);
    k.stage_forward(stage(), X.view(), Z.view(), A.view());
    k.stage_forward(stage(), X.view(), in_place.view(), in_place.view());
    EXPECT_TRUE(Z.intact() && A.intact() && in_place.intact()) << "written beside a matrix";
    EXPECT_TRUE(same_bits(A, in_place)) << "A over Z is not A beside Z";
    return {Z.values(), A.values()};
  }
  /// dZ, dF, dφ, dV, dc, dE, ds from dA; those that there are not stay as they were.
  [[nodiscard]] std::vector<std::vector<T>> backward(const Kernels<T>& k, const Guarded<T>& dA, double r) const {
    Guarded<T> Z(n(), m, 1, 2), A(n(), m), dZ = dA, dF = F, dphi = phi, dV = V, dc = c, dE = E, ds = s;
    ReferenceKernels<T>().stage_forward(stage(), X.view(), Z.view(), A.view());
    StageParts<T> d;
    if (has_numbers) d.F = dF.view(), d.phi = dphi.view(), d.V = dV.view(), d.c = dc.view();
    if (has_levels) d.E = dE.view();
    if (scales) d.s = ds.view();
    k.stage_backward_params(stage(), X.view(), scales ? Z.view() : View<T>(), dZ.view(), r, d);
    std::vector<std::vector<T>> all;
    for (const Guarded<T>* M : {&dZ, &dF, &dphi, &dV, &dc, &dE, &ds}) {
      EXPECT_TRUE(M->intact()) << "written beside a matrix";
      all.push_back(M->values());
    }
    return all;
  }
  [[nodiscard]] Guarded<T> any_dA() const {
    Guarded<T> dA(n(), m, 1, 3);
    std::mt19937_64 random(8);
    fill_normal(dA, random);
    return dA;
  }

  Index m, numbers, levels;
  bool has_numbers, has_levels, scales;
  Guarded<T> F, phi, V, c, E, s, X;
  std::vector<StageRow> rows;
};
constexpr const char* kGradients[] = {"dZ", "dF", "dφ", "dV", "dc", "dE", "ds"};

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
  const StageCase<T> one({"ppnpc", 16, 5, 8, 5, true}, 3000);
  Guarded<T> Z(one.n(), one.m), A(one.n(), one.m), dA = one.any_dA(), dF = one.F, dphi = one.phi, dV = one.V,
                                                   dc = one.c, dE = one.E, ds = one.s;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    const Kernels<T>& kernels = *k;
    const auto run = [&] {
      kernels.stage_forward(one.stage(), one.X.view(), Z.view(), A.view());
      kernels.stage_backward_params(one.stage(), one.X.view(), Z.view(), dA.view(), 1,
                                    {dF.view(), dphi.view(), dV.view(), dc.view(), dE.view(), ds.view()});
      kernels.slope_forward(Activation::mish, one.s.view(), Z.view(), A.view());
      kernels.slope_backward(Activation::mish, one.s.view(), Z.view(), 1, dA.view(), ds.view());
    };
    run();  // the threads are there
    const long long before = allocations();
    run();
    EXPECT_EQ(allocations(), before) << label;
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
    Guarded<double>* const parts[] = {&one.F, &one.phi, &one.V, &one.c, &one.E, &one.s};
    for (std::size_t p = 0; p < std::size(parts); ++p) {
      if (p < 4 ? !one.has_numbers : p == 4 ? !one.has_levels : !one.scales) continue;
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
  const StageCase<T> one({"ppnpc", 16, 3, 8, 5, true}, 33);
  const Guarded<T> dA = one.any_dA();
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    const auto expected = one.backward(*k, dA, 0.25);
    const UpdateRule rule{.step = {0.5, 0.9, 0.999, 1e-8, 1}};
    Guarded<T> Z(one.n(), one.m), A(one.n(), one.m), dZ = dA;
    ReferenceKernels<T>().stage_forward(one.stage(), one.X.view(), Z.view(), A.view());
    const Guarded<T>* const before[] = {&one.F, &one.phi, &one.V, &one.c, &one.E, &one.s};
    std::vector<Guarded<T>> theta, d;
    for (const Guarded<T>* part : before) theta.push_back(*part), d.push_back(*part);
    std::vector<GradientTarget<T>> targets;
    for (std::size_t p = 0; p < 6; ++p) {
      targets.push_back({.d = d[p].view(), .rule = &rule, .block = {.theta = theta[p].view()}});
    }
    targets[1] = {.d = d[1].view(), .penalty = 2, .theta = one.phi.view()};
    k->stage_backward(one.stage(), one.X.view(), Z.view(), dZ.view(), 0.25,
                      {targets[0], targets[1], targets[2], targets[3], targets[4], targets[5]});
    EXPECT_TRUE(same_bits(dZ.values(), expected[0])) << label;
    for (std::size_t p = 0; p < 6; ++p) {
      const auto found = p == 1 ? d[p].values() : theta[p].values();
      for (std::size_t i = 0; i < found.size(); ++i) {
        const T gradient = expected[p + 1][i], own = before[p]->values()[i];
        const double right = static_cast<double>(p == 1 ? gradient + 2 * own : own - T(0.5) * gradient);
        EXPECT_NEAR(static_cast<double>(found[i]), right, 8 * std::numeric_limits<T>::epsilon() * (1 + std::abs(right)))
            << label << ", " << kGradients[p + 1];
      }
    }
  }
}

}  // namespace
}  // namespace strata
