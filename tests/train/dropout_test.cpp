// Trainings with dropout: the same bits for any number of threads, in memory and from a mapped file, and from rows that
// are seen in another order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "network/initialize.hpp"
#include "network/step.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"
#include "support/weights.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::weights_of;

Table table(std::size_t rows) {
  std::vector<double> x, z, y;
  for (std::size_t i = 0; i < rows; ++i) {
    x.push_back(std::sin(static_cast<double>(3 * i + 1)));
    z.push_back(std::cos(static_cast<double>(i * i)));
    y.push_back(x.back() * z.back() + 0.1 * std::sin(static_cast<double>(7 * i)));
  }
  Table data;
  data.add_numbers("x", {}, x);
  data.add_numbers("z", {}, z);
  data.add_numbers("y", {}, y);
  return data;
}

Options dropping(std::vector<double> rates) {
  Options options;
  options.task = Task::regression;
  options.hidden_layers = {300, 200};
  options.dropout = std::move(rates);
  options.batch_size = 64;
  options.iterations = 40;
  return options;
}

TEST(DropoutTraining, HasTheSameBitsForAnyNumberOfThreads) {
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    std::vector<std::vector<double>> expected;
    for (const int threads : {1, 2, 5}) {
      Options options = dropping({0.5, 0.2});
      options.threads = threads;
      options.precision = precision;
      const auto found = weights_of(train(table(256), options).model);
      if (expected.empty()) expected = found;
      EXPECT_TRUE(found == expected) << threads << " threads";
    }
  }
}

TEST(DropoutTraining, ItsRatesAreThoseOfTheLayersAndOfTheRecord) {
  const Fit fit = train(table(100), dropping({0.5, 0}));
  EXPECT_EQ(fit.model.architecture().layer(1).dropout, 0.5);
  EXPECT_EQ(fit.model.architecture().layer(2).dropout, 0);
  EXPECT_TRUE(Model::from_bytes(fit.model.to_bytes()).architecture() == fit.model.architecture());
  const std::pair<std::string, std::string> expected{"dropout", "0.5,0"};
  EXPECT_EQ(std::ranges::count(fit.model.record().options, expected), 1);
  for (const std::vector<double>& other : {std::vector{0.5}, {0.0, 0.5}, {0.4, 0.0}}) {
    EXPECT_FALSE(weights_of(train(table(100), dropping(other)).model) == weights_of(fit.model));
  }
  Options another = dropping({0.5, 0});
  another.seed = 2;
  EXPECT_FALSE(weights_of(train(table(100), another).model) == weights_of(fit.model));
}

TEST(DropoutTraining, WithoutItNothingChanges) {
  Options none = dropping({0});
  none.dropout = Options().dropout;
  const Fit plain = train(table(100), none), zeros = train(table(100), dropping({0, 0}));
  EXPECT_TRUE(weights_of(plain.model) == weights_of(zeros.model));
  for (const auto& [option, value] : plain.model.record().options) EXPECT_NE(option, "dropout");
  EXPECT_EQ(plain.model.record().options, zeros.model.record().options) << "the same training, the same record";
  none.weight_decay = PerKind{};
  EXPECT_EQ(train(table(100), none).model.record().options, plain.model.record().options);
}

// Prediction uses all units: the figures of the record are those of the model that is kept.
TEST(DropoutTraining, PredictionUsesAllUnits) {
  const Fit fit = train(table(100), dropping({0.5}));
  const Metrics metrics = fit.model.evaluate(table(100));
  EXPECT_EQ(metrics.loss, fit.model.record().train.loss);
  EXPECT_EQ(fit.model.predict(table(100)).values, fit.model.predict(table(100), 1).values);
}

// One step each: the gradient of a batch is that of its rows, in whatever order they come.
TEST(DropoutTraining, AMaskBelongsToARowOfTheTable) {
  const Architecture net{2, {{70, Activation::relu, 0.5}}, 1, Loss::squared_error};
  Parameters<double> p = initialize<double>(net, {}, RandomStream::strata, 3), gradient(net), other(net);
  ThreadPool pool(1);
  const auto k = make_kernels<double>("reference", pool);
  const std::vector<double> X{1, 2, -3, 0.5, 1, 1}, Y{1, 0, 2};
  const std::vector<double> X_turned{1, 1, -3, 0.5, 1, 2}, Y_turned{2, 0, 1};
  const std::vector<std::size_t> rows{7, 1000, 3}, rows_turned{3, 1000, 7};
  Workspace<double> ws(net, 3, Keep::backward);
  const auto step = [&](const auto& x, const auto& y, const auto& at, std::int64_t number, Parameters<double>& d) {
    const Pass pass{.training = true, .seed = 9, .step = number, .rows = at.data()};
    return train_step(net, p, Batch<double>{{x.data(), 2, 3}, {y.data(), 1, 3}, pass}, 0, ws, *k, d);
  };
  const double J = step(X, Y, rows, 4, gradient), turned = step(X_turned, Y_turned, rows_turned, 4, other);
  EXPECT_NEAR(J, turned, 1e-14 * J);
  for (std::size_t i = 0; i < p.theta().size(); ++i) EXPECT_NEAR(gradient.theta()[i], other.theta()[i], 1e-14);
  EXPECT_NE(J, step(X, Y, rows_turned, 4, other)) << "of other rows";
  EXPECT_NE(J, step(X, Y, rows, 5, other)) << "of another step";
  EXPECT_EQ(J, step(X, Y, rows, 4, other));
}

TEST(DropoutTraining, TheGradientCheckHoldsItsMasks) {
  Options options = dropping({0.5, 0.25});
  options.hidden_layers = {7, 5};
  options.activation = {Activation::gelu, Activation::tanh};
  options.l2 = 0.5;
  const GradientCheck check = check_gradients(table(30), options);
  EXPECT_TRUE(check.passed);
  Options without = options;
  without.dropout = {0};
  EXPECT_NE(check.blocks[0].largest_gradient, check_gradients(table(30), without).blocks[0].largest_gradient);
  // Of inputs that are 0, where masked and unmasked outputs are the same.
  Table zeros;
  for (const char* name : {"x", "z"}) zeros.add_numbers(name, {}, std::vector<double>{0, 0, 0});
  zeros.add_numbers("y", {}, std::vector<double>{1, 2, 3});
  options.scale = ScaleKind::none;
  EXPECT_TRUE(check_gradients(zeros, options, 1).passed);
  const Fit fit = train(table(30), options);
  EXPECT_TRUE(check_gradients(fit.model, table(30)).passed);
}

}  // namespace
}  // namespace strata
