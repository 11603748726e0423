// A training that starts from the user's own arrays.
#include "train/initial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "network/initialize.hpp"
#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata {
using namespace internal;
namespace {

const Architecture kNet{2, {{3, Activation::tanh}}, 1, Loss::binary_cross_entropy};

std::vector<Layer> own() {
  return {{Matrix{{1, 2}, {3, 4}, {5, 6}}, Matrix{{7}, {8}, {9}}}, {Matrix{{10, 11, 12}}, Matrix{{13}}}};
}

std::string refusal(const std::vector<Layer>& initial) {
  try {
    static_cast<void>(initial_parameters<double>(kNet, Options(), {.layers = initial}));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(InitialParameters, AreTheUsersOwn) {
  const auto p = initial_parameters<float>(kNet, Options(), {.layers = own()});
  EXPECT_EQ(p.W[1](2, 1), 6.0F);
  EXPECT_EQ(p.b[1](1, 0), 8.0F);
  EXPECT_EQ(p.W[2](0, 2), 12.0F);
  EXPECT_EQ(p.b[2](0, 0), 13.0F);
}

TEST(InitialParameters, WithoutThemAreDrawn) {
  const Options options;
  const auto p = initial_parameters<double>(kNet, options);
  const auto drawn = initialize<double>(kNet, options.initializer, options.random, options.seed);
  EXPECT_TRUE(std::equal(p.theta().begin(), p.theta().end(), drawn.theta().begin()));
}

TEST(InitialParameters, OfAnotherShapeAreRefusedWithBothShapes) {
  std::vector<Layer> wrong = own();
  wrong[0].W = Matrix(2, 3);
  EXPECT_EQ(refusal(wrong), "the initial W[1] is (2, 3), and in this network it must be (3, 2)");
  wrong = own();
  wrong[1].b = Matrix(1, 2);
  EXPECT_EQ(refusal(wrong), "the initial b[2] is (1, 2), and in this network it must be (1, 1)");
  wrong = own();
  wrong.pop_back();
  EXPECT_EQ(refusal(wrong), "the initial weights have 1 layers, and the network has 2");
  wrong = own();
  wrong[0].W(1, 0) = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal(wrong), "the initial W[1](2, 1) is inf; expected a finite number");
}

// With a learning rate of nearly nothing the model is what it started from.
TEST(InitialParameters, AreWhereTrainStarts) {
  Table table;
  table.add_numbers("a", {}, std::vector<double>{0, 1, 0, 1});
  table.add_numbers("b", {}, std::vector<double>{0, 0, 1, 1});
  table.add_numbers("y", {}, std::vector<double>{0, 1, 1, 0});
  Options options;
  options.hidden_layers = {3};
  options.precision = Precision::float64;
  options.learning_rate = 1e-300;
  options.iterations = 1;
  const Fit fit = train(std::move(table), options, {}, own());
  EXPECT_EQ(fit.model.weights(1), (std::vector<double>{1, 3, 5, 2, 4, 6}));  // column-major
  EXPECT_EQ(fit.model.biases(2), std::vector<double>{13});
  for (const auto& [name, value] : fit.model.record().options) {
    if (name == "initializer") {
      EXPECT_EQ(value, "own arrays");
    }
  }
}

}  // namespace
}  // namespace strata
