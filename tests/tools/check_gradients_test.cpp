// check_gradients on models and on the networks that options describe.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "model_for_tests.hpp"
#include "network/parameters.hpp"
#include "shared_data.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::architecture;
using testing::Case;
using testing::kLosses;
using testing::model_of;
using testing::table_of;

Table breast_cancer() { return read_table(std::string(STRATA_SOURCE_DIR) + "/data/breast_cancer.csv"); }

TEST(CheckGradients, ModelsOfBothPrecisionsPass) {
  for (const Loss loss : kLosses) {
    const Case c(architecture(3, {{4, Activation::gelu}, {5, Activation::relu}}, loss), 8);
    for (const Model& model : {model_of<double>(c), model_of<float>(c)}) {
      const GradientCheck check = check_gradients(model, table_of(c));
      EXPECT_TRUE(check.passed);
      EXPECT_EQ(check.examples, 8U);
      ASSERT_EQ(check.blocks.size(), 6U);
      EXPECT_EQ(check.blocks[0].name, "W[1]");
      EXPECT_EQ(check.blocks[1].name, "b[1]");
      EXPECT_EQ(check.blocks[5].name, "b[3]");
      for (const BlockCheck& block : check.blocks) EXPECT_LT(block.relative_error, 1e-7) << block.name;
    }
  }
}

TEST(CheckGradients, OfSeveralNetworksTheOneThatIsNamed) {
  const Case c(architecture(3, {{4, Activation::gelu}}, Loss::categorical_cross_entropy), 8);
  const Model model = testing::several_of<float>(c, {0.5, 0.25, 0.25});
  for (std::size_t i = 0; i < 3; ++i) {
    Model alone = model_of<float>(c);
    alone.data().first<float>() = std::get<Networks<float>>(model.data().networks)[i];
    const GradientCheck found = check_gradients(model, table_of(c), 0, i);
    EXPECT_TRUE(found.passed);
    EXPECT_EQ(found.blocks[0].gradient, check_gradients(alone, table_of(c)).blocks[0].gradient);
  }
  EXPECT_EQ(check_gradients(model, table_of(c)).blocks[0].gradient,
            check_gradients(model, table_of(c), 0, 0).blocks[0].gradient);
  EXPECT_THROW(static_cast<void>(check_gradients(model, table_of(c), 0, 3)), Error);
}

TEST(CheckGradients, OnSomeExamples) {
  const Case c(architecture(3, {{4, Activation::gelu}}, Loss::squared_error), 8);
  const Model model = model_of<double>(c);
  EXPECT_EQ(check_gradients(model, table_of(c), 3).examples, 3U);
  EXPECT_EQ(check_gradients(model, table_of(c), 8).examples, 8U);
  EXPECT_EQ(check_gradients(model, table_of(c), 100).examples, 8U);
  EXPECT_NE(check_gradients(model, table_of(c), 3).blocks[0].largest_gradient,
            check_gradients(model, table_of(c)).blocks[0].largest_gradient);
}

TEST(CheckGradients, TheModelsL2Counts) {
  const Case c(architecture(3, {{4, Activation::tanh}}, Loss::binary_cross_entropy), 8);
  const GradientCheck without = check_gradients(model_of<double>(c), table_of(c));
  const GradientCheck with = check_gradients(model_of<double>(c, 100), table_of(c));
  EXPECT_TRUE(with.passed);
  EXPECT_GT(with.blocks[0].largest_gradient, 5 * without.blocks[0].largest_gradient);
  EXPECT_EQ(with.blocks[1].largest_gradient, without.blocks[1].largest_gradient);  // not on the biases
}

TEST(CheckGradients, ATrainedModelPasses) {
  Options options;
  options.target = {"target"};
  options.hidden_layers = {8, 4};
  options.epochs = 200;  // until the gradient is small
  const Fit fit = train(breast_cancer(), options);
  const GradientCheck check = check_gradients(fit.model, breast_cancer(), 50);
  EXPECT_TRUE(check.passed);
}

TEST(CheckGradients, TheNetworkThatOptionsDescribe) {
  Options options;
  options.target = {"target"};
  options.hidden_layers = {6, 3};
  options.activation = {Activation::silu, Activation::elu};
  options.initializer.kind = Initializer::Kind::glorot;
  options.l2 = 0.3;
  options.seed = 5;
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    options.precision = precision;
    const GradientCheck check = check_gradients(breast_cancer(), options, 40);
    EXPECT_TRUE(check.passed);
    EXPECT_EQ(check.examples, 40U);
    ASSERT_EQ(check.blocks.size(), 6U);
    EXPECT_EQ(check.blocks[0].parameters + check.blocks[0].kinks.size(), 180U);
    // In float64 whatever the precision of the options: the very same numbers.
    static double difference = 0;
    if (precision == Precision::float32) difference = check.blocks[0].difference;
    EXPECT_EQ(check.blocks[0].difference, difference);
  }
  EXPECT_EQ(check_gradients(breast_cancer(), options).examples, 569U);
}

TEST(CheckGradients, AFileIsReadAsTrainingReadsIt) {
  Options options;
  options.target = {"target"};
  options.inputs = {"mean radius", "mean area"};
  options.hidden_layers = {3};
  const GradientCheck check = check_gradients(std::string(STRATA_SOURCE_DIR) + "/data/breast_cancer.csv", options, 10);
  EXPECT_TRUE(check.passed);
  EXPECT_EQ(check.blocks[0].parameters + check.blocks[0].kinks.size(), 6U);
}

TEST(CheckGradients, RawInputsPass) {  // areas of thousands beside smoothnesses of hundredths
  for (const Activation g : {Activation::relu, Activation::tanh, Activation::sigmoid, Activation::gelu}) {
    Options options;
    options.target = {"target"};
    options.hidden_layers = {6, 3};
    options.activation = {g};
    options.scale = ScaleKind::none;
    const GradientCheck check = check_gradients(breast_cancer(), options, 64);
    EXPECT_TRUE(check.passed) << name(g);
  }
}

TEST(CheckGradients, ZeroWeightsPass) {
  Options options;
  options.target = {"target"};
  options.hidden_layers = {6};
  options.initializer.kind = Initializer::Kind::zeros;
  const GradientCheck check = check_gradients(breast_cancer(), options, 20);
  EXPECT_TRUE(check.passed);
  EXPECT_EQ(check.blocks[0].kinks.size(), 180U);  // every unit stands at its kink
  EXPECT_EQ(check.blocks[0].kinks[31].where, "W[1](2, 6)");
}

TEST(CheckGradients, TheSameForAnyNumberOfThreads) {
  Options options;
  options.target = {"target"};
  options.hidden_layers = {16, 8};
  options.threads = 1;
  const GradientCheck one = check_gradients(breast_cancer(), options, 64);
  for (const int threads : {2, 3, 8}) {
    options.threads = threads;
    const GradientCheck many = check_gradients(breast_cancer(), options, 64);
    ASSERT_EQ(one.blocks.size(), many.blocks.size());
    for (std::size_t b = 0; b < one.blocks.size(); ++b) {
      EXPECT_EQ(one.blocks[b].difference, many.blocks[b].difference);
      EXPECT_EQ(one.blocks[b].gradient, many.blocks[b].gradient);
      EXPECT_EQ(one.blocks[b].largest_error, many.blocks[b].largest_error);
      EXPECT_EQ(one.blocks[b].where, many.blocks[b].where);
    }
  }
}

TEST(CheckGradients, Errors) {
  const Case c(architecture(3, {{4, Activation::gelu}}, Loss::squared_error), 8);
  const Model model = model_of<double>(c);
  const auto expect_error = [](ErrorCode code, const std::string& part, const auto& call) {
    try {
      call();
      FAIL() << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  expect_error(ErrorCode::value, "has no rows", [&] { static_cast<void>(check_gradients(model, Table())); });
  expect_error(ErrorCode::usage, "y0", [&] { static_cast<void>(check_gradients(model, testing::inputs_of(c))); });
  Options options;
  options.target = {"traget"};
  expect_error(ErrorCode::usage, "did you mean 'target'",
               [&] { static_cast<void>(check_gradients(breast_cancer(), options)); });
}

}  // namespace
}  // namespace strata
