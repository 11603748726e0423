// The gradients of the stage in front and of learned slopes, held against differences; and what a fault of each looks
// like.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/reference.hpp"
#include "kernels/registry.hpp"
#include "network_for_tests.hpp"
#include "tools/gradient_check.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::architecture;
using testing::Case;
using testing::gradient_of;

using Kind = RowEmbedding::Kind;

// A number, two that are embedded, and a code of five levels.
Architecture staged(Activation g, Loss loss, bool scales) {
  Architecture net = architecture(4, {{6, g, 0, true}, {5, g, 0, true}}, loss);
  net.stage = {.rows = {{Kind::periodic}, {Kind::none}, {Kind::levels, 5}, {Kind::periodic}},
               .frequencies = 4,
               .periodic_units = 2,
               .level_units = 3,
               .scales = scales};
  return net;
}

// The same in pieces: of the second number none.
Architecture in_pieces(Activation g, Loss loss, bool scales) {
  Architecture net = staged(g, loss, scales);
  net.stage.rows[0] = {Kind::piecewise, 0, {-1, -0.5, 0, 0.25, 1}};
  net.stage.rows[3] = {Kind::piecewise, 0, {0.5}};
  net.stage.piecewise_units = 5;
  return net;
}

Case make_case(const Architecture& net, Index m) {
  Case c(net, m);
  std::mt19937 engine(5);
  std::normal_distribution<double> normal;
  for (const ParameterBlock& block : c.p.blocks()) {
    if (block.kind == ParameterBlock::Kind::weights || block.kind == ParameterBlock::Kind::biases) continue;
    for (double& each : Case::matrix(c.p.view(block))) each = 0.3 * normal(engine) + (block.is_vector() ? 1 : 0);
  }
  c.X[0] = -3;  // beyond the edges
  if (m > 1) c.X[static_cast<std::size_t>(net.inputs)] = 4;
  for (Index j = 0; j < m; ++j) c.X[static_cast<std::size_t>(j * net.inputs + 2)] = static_cast<double>(j % 6);
  return c;
}

GradientCheck compare(Case& c, const Kernels<double>& k) {
  ThreadPool pool(2);
  return compare_gradients(c.net, c.p, c.batch(), 0.3, k, pool, gradient_of(c, 0.3, k));
}

std::string failing(const GradientCheck& check) {
  std::string names;
  for (const BlockCheck& block : check.blocks)
    if (!block.passed) names += block.name + " ";
  return names;
}

TEST(StageCheck, EveryBlockPasses) {
  ThreadPool alone(1);
  const auto k = make_kernels<double>(chosen_kernels(), alone);
  for (const Activation g : {Activation::selu, Activation::mish, Activation::relu, Activation::tanh}) {
    for (const Loss loss : testing::kLosses) {
      for (const bool scales : {false, true}) {
        for (const Index m : {1, 13}) {
          SCOPED_TRACE(std::string(name(g)) + " " + std::string(name(loss)) + (scales ? " scaled" : "") +
                       " m = " + std::to_string(m));
          for (const bool pieces : {false, true}) {
            Case c = make_case((pieces ? in_pieces : staged)(g, loss, scales), m);
            const GradientCheck check = compare(c, *k);
            EXPECT_TRUE(check.passed) << failing(check);
            ASSERT_EQ(check.blocks.size(), (scales ? 14U : 13U) - (pieces ? 1U : 0U));
            std::size_t parameters = 0;
            for (const BlockCheck& block : check.blocks) parameters += block.parameters + block.kinks.size();
            EXPECT_EQ(parameters, c.net.parameter_count());
          }
        }
      }
    }
  }
}

// The reference with one thing wrong.
struct Faulty : ReferenceKernels<double> {
  using Stage = internal::Stage<double>;
  using Parts = StageParts<double>;
  std::function<void(const Stage&, View<const double>, View<const double>, View<double>, const Parts&)> spoil = {};
  double slope = 1;  // what da is multiplied by

  void stage_backward_params(const Stage& by, View<const double> X, View<const double> Z, View<double> dA, double r,
                             const Parts& d) const noexcept override {
    ReferenceKernels::stage_backward_params(by, X, Z, dA, r, d);
    if (spoil) spoil(by, X, Z, dA, d);
  }
  void slope_backward(Activation g, View<const double> a, View<const double> Z, double s, View<double> dA,
                      View<double> da) const noexcept override {
    ReferenceKernels::slope_backward(g, a, Z, s, dA, da);
    for (Index i = 0; i < da.rows; ++i) da.data[i] *= slope;
  }
};

TEST(StageCheck, AFaultOfEachIsFoundInItsBlock) {
  const auto found = [&](const Faulty& k, bool pieces = false) {
    Case c = make_case((pieces ? in_pieces : staged)(Activation::mish, Loss::squared_error, true), 9);
    return failing(compare(c, k));
  };
  const auto spoiled = [&](View<double> Faulty::Parts::* part) {
    Faulty k;
    k.spoil = [part](const auto&, auto, auto, auto, const Faulty::Parts& d) {
      View<double> of = d.*part;
      for (Index x = 0; x < of.size(); ++x) of.data[x] *= 1.001;
    };
    return k;
  };
  EXPECT_EQ(found(Faulty()), "");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::F)), "F ");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::phi)), "φ ");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::V)), "V ");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::c)), "c ");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::E)), "E ");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::s)), "s ");
  EXPECT_EQ(found(Faulty(), true), "");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::U), true), "U ");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::V), true), "V ");
  EXPECT_EQ(found(spoiled(&Faulty::Parts::c), true), "c ");
  Faulty slopes;
  slopes.slope = 1.001;
  EXPECT_EQ(found(slopes), "a[1] a[2] ");
}

}  // namespace
}  // namespace strata
