// What a training starts from where it is drawn from the training rows, and what the stage in front starts from.
#include "network/initialize.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "network/step.hpp"

namespace strata {
using namespace internal;
namespace {

using Kind = RowEmbedding::Kind;

Architecture staged() {
  Architecture net{40, {{30, Activation::selu, 0.5, true}, {20, Activation::mish, 0, true}}, 2, Loss::squared_error};
  net.stage.rows.assign(40, {Kind::periodic});
  net.stage.rows[3] = {};
  net.stage.rows[7] = {Kind::levels, 300};
  net.stage.scales = true;
  return net;
}

struct Examples {
  Index m;
  std::vector<double> X;
  explicit Examples(Index m_) : m(m_) {
    std::mt19937 engine(3);
    std::normal_distribution<double> normal;
    for (Index x = 0; x < 40 * m; ++x) X.push_back(x % 40 == 7 ? static_cast<double>(x % 300) : normal(engine));
  }
  [[nodiscard]] View<const double> view() const { return {X.data(), 40, m}; }
};

Parameters<double> started(const Architecture& net, const Examples& examples, int threads = 1, std::uint64_t seed = 9) {
  ThreadPool pool(threads);
  auto p = initialize<double>(net, {Initializer::Kind::data}, RandomStream::strata, seed);
  initialize_by<double>(examples.view(), net, seed, *make_kernels<double>(chosen_kernels(), pool), p);
  return p;
}

struct Moments {
  double mean = 0, deviation = 0, least = std::numeric_limits<double>::infinity(),
         largest = -std::numeric_limits<double>::infinity();
};
Moments moments(View<const double> of) {
  Moments found;
  const auto n = static_cast<double>(of.size());
  for (Index x = 0; x < of.size(); ++x) {
    found.mean += of.data[x] / n;
    found.least = std::min(found.least, of.data[x]);
    found.largest = std::max(found.largest, of.data[x]);
  }
  for (Index x = 0; x < of.size(); ++x) found.deviation += std::pow(of.data[x] - found.mean, 2) / n;
  found.deviation = std::sqrt(found.deviation);
  return found;
}

TEST(Start, TheStageAndTheSlopesAreDrawnAsPublished) {
  for (const Initializer::Kind kind : {Initializer::Kind::he, Initializer::Kind::zeros, Initializer::Kind::data}) {
    const auto p = initialize<double>(staged(), {kind}, RandomStream::strata, 4);
    const auto [F, phi, U, V, c, E, s] = p.stage();
    EXPECT_EQ(U.data, nullptr);
    EXPECT_NEAR(moments(F).deviation, 0.1, 0.01);
    EXPECT_NEAR(moments(F).mean, 0, 0.01);
    EXPECT_NEAR(moments(phi).deviation, std::numbers::pi / std::sqrt(3), 0.1);
    EXPECT_LT(moments(phi).largest, std::numbers::pi);
    EXPECT_GT(moments(phi).least, -std::numbers::pi);
    for (const View<const double>& each : {V, c}) {
      EXPECT_NEAR(moments(each).deviation, 0.25 / std::sqrt(3), 0.02);
      EXPECT_LT(moments(each).largest, 0.25);
      EXPECT_GT(moments(each).least, -0.25);
      EXPECT_GT(moments(each).largest, 0.2);
    }
    EXPECT_NEAR(moments(E).deviation, 1, 0.05);
    for (Index i = 0; i < E.rows; ++i) EXPECT_EQ(E(i, 299), 0) << "any other level";
    EXPECT_NE(E(0, 298), 0);
    EXPECT_EQ(moments(s).least, 1);
    EXPECT_EQ(moments(s).largest, 1);
    EXPECT_EQ(moments(p.a[2]).least, 1);
    EXPECT_EQ(moments(p.a[2]).largest, 1);
    EXPECT_EQ(p.a[3].data, nullptr) << "the last activation belongs to the loss";
  }
  const auto one = initialize<double>(staged(), {}, RandomStream::strata, 4),
             other = initialize<double>(staged(), {}, RandomStream::strata, 5);
  EXPECT_NE(one.stage().F(0, 0), other.stage().F(0, 0));
  EXPECT_NE(one.stage().V(0, 0), one.stage().c(0, 0)) << "each part has a stream of its own";
}

// At first they are linear: rtdl_num_embeddings 0.0.12, PiecewiseLinearEmbeddings of version B.
TEST(Start, PiecesBeginAsAStraightLine) {
  Architecture net = staged();
  net.stage.piecewise_units = 25;
  for (RowEmbedding& row : net.stage.rows)
    if (row.kind == Kind::periodic) row = {Kind::piecewise, 0, {-1, 0, 1}};
  const auto p = initialize<double>(net, {}, RandomStream::strata, 4);
  const auto [F, phi, U, V, c, E, s] = p.stage();
  EXPECT_TRUE(F.data == nullptr && phi.data == nullptr);
  EXPECT_EQ(V.size(), 25 * 2 * 38);
  EXPECT_EQ(moments(V).least, 0);
  EXPECT_EQ(moments(V).largest, 0);
  for (const View<const double>& each : {U, c}) {
    EXPECT_EQ(each.size(), 25 * 38);
    EXPECT_NEAR(moments(each).deviation, 0.2 / std::sqrt(3), 0.01);
    EXPECT_LT(moments(each).largest, 0.2);
    EXPECT_GT(moments(each).largest, 0.19);
    EXPECT_GT(moments(each).least, -0.2);
    EXPECT_LT(moments(each).least, -0.19);
  }
  EXPECT_NE(U(0, 0), c(0, 0)) << "each part has a stream of its own";
}

// Layer by layer: without its bias, a unit's pre-activations have deviation 1, and the bias lies among their negatives.
TEST(Start, EveryUnitHasDeviation1AndItsZeroAmongTheRows) {
  const Architecture net = staged();
  const Examples examples(500);
  const auto p = started(net, examples);
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  Workspace<double> ws(net, examples.m, Keep::all);
  forward(net, p, {examples.view(), {}}, ws, *k);
  for (int l = 1; l <= net.depth(); ++l) {
    for (Index i = 0; i < net.units(l); ++i) {
      std::vector<double> row;
      for (Index j = 0; j < examples.m; ++j) row.push_back(ws.Z[l](i, j));
      const Moments of = moments({row.data(), examples.m, 1});
      EXPECT_NEAR(of.deviation, 1, 1e-9) << l << " " << i;
      EXPECT_LT(of.least, 0) << l << " " << i;
      EXPECT_GT(of.largest, 0) << l << " " << i;
    }
    EXPECT_LT(std::abs(moments(p.W[l]).mean), 0.2) << l;
    EXPECT_GT(moments(p.b[l]).deviation, 0.1) << l;
  }
}

TEST(Start, IsTheSameWithAnyNumberOfThreadsAndAnotherWithAnotherSeed) {
  const Architecture net = staged();
  const Examples examples(333);
  const auto one = started(net, examples), three = started(net, examples, 3), other = started(net, examples, 1, 10);
  EXPECT_TRUE(std::ranges::equal(one.theta(), three.theta()));
  EXPECT_NE(one.b[1](0, 0), other.b[1](0, 0));
  EXPECT_NE(one.W[2](0, 0), other.W[2](0, 0));
}

// Rows that are all alike have no deviation to divide by, whatever the rounding of their mean.
template <class T>
void expect_tame(const std::vector<T>& X, Index m) {
  const Architecture net{2, {{4, Activation::selu}, {3, Activation::selu}}, 1, Loss::squared_error};
  ThreadPool alone(1);
  auto p = initialize<T>(net, {Initializer::Kind::data}, RandomStream::strata, 1);
  initialize_by<T>({X.data(), 2, m}, net, 1, *make_kernels<T>(chosen_kernels(), alone), p);
  for (int l = 1; l <= 3; ++l) {
    for (Index x = 0; x < p.W[l].size(); ++x) EXPECT_LT(std::abs(p.W[l].data[x]), 10) << "m = " << m;
    // b is −W[l] A[l−1], so that Z is 0.
    for (Index x = 0; x < p.b[l].size(); ++x) EXPECT_LT(std::abs(p.b[l].data[x]), 10000) << "m = " << m;
  }
}
TEST(Start, IsTameWithoutAnyDeviation) {
  for (const Index m : {1, 3, 7, 240, 256, 4096}) {
    std::vector<double> X;
    for (Index x = 0; x < 2 * m; ++x) X.push_back(x % 2 == 0 ? 0.1 : 1234.567);
    expect_tame<double>(X, m);
    expect_tame<float>({X.begin(), X.end()}, m);
  }
}

TEST(Start, LooksAtNoMoreThanItNeeds) {
  EXPECT_EQ(examples_for_start(staged(), 100), 100);
  EXPECT_EQ(examples_for_start(staged(), 1'000'000), 4096);
  EXPECT_EQ(examples_for_start({3000, {{3000, Activation::relu}}, 1, Loss::squared_error}, 1'000'000), 466);
  EXPECT_EQ(examples_for_start({1'000'000, {}, 1, Loss::squared_error}, 1'000'000), 256);
}

}  // namespace
}  // namespace strata
