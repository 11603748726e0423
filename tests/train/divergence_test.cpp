// A training that blows up keeps the very bits of the weights of its last good step, wherever that step lies.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "optim/optimizer.hpp"
#include "strata/trainer.hpp"
#include "support/weights.hpp"
#include "train/initial.hpp"
#include "train/loader.hpp"
#include "train/prepare.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::weights_of;

// `poisoned`: one example, somewhere in the middle, overflows with weights that have grown to 1 or so.
Table table(std::size_t rows = 20, bool poisoned = false) {
  std::vector<double> x, z, y;
  for (std::size_t i = 0; i < rows; ++i) {
    x.push_back(std::sin(static_cast<double>(3 * i + 1)));
    z.push_back(std::cos(static_cast<double>(i * i)));
    y.push_back(x.back() - 0.5 * z.back() + 0.1 * std::sin(static_cast<double>(7 * i)));
  }
  std::vector<std::string> label;
  for (std::size_t i = 0; i < rows; ++i) label.emplace_back(i * i % 7 < 3 ? "yes" : "no");  // there is no rule in it
  if (poisoned) x[rows / 2] = z[rows / 2] = 3.4e38;
  Table data;
  data.add_numbers("x", {}, x);
  data.add_numbers("z", {}, z);
  data.add_numbers("y", {}, y);
  data.add_text("label", label);
  return data;
}

Options options_of(OptimizerKind optimizer, double learning_rate, std::int64_t batch_size) {
  Options options;
  options.inputs = {"x", "z"};
  options.target = {"y"};
  options.optimizer = optimizer;
  options.learning_rate = learning_rate;
  options.batch_size = batch_size;
  options.iterations = 3000;
  options.hidden_layers = {5, 4};
  options.activation = {Activation::leaky_relu};
  options.threads = 1;
  return options;
}

// Every step looked at, as a report of its cost demands.
Fit careful(Table data, Options options, std::vector<std::int64_t>& told) {
  options.report_every = 1;
  Callbacks callbacks;
  callbacks.cost = [&](const CostReport& report) { told.push_back(report.iteration); };
  return train(std::move(data), options, callbacks);
}

struct Kept {
  std::int64_t updates = 0;
  std::vector<std::vector<double>> weights;
};

// The definition: a copy of all weights before every update, a look at every number of every step.
template <class T>
Kept by_definition(const Table& data, const Options& options) {
  const auto ignore = [](std::string_view) {};
  const Problem problem = define_problem(data, options, {ignore, ignore});
  Examples<T> examples(data, problem, problem.train_rows, problem.architecture.outputs, Checked::no);
  examples.keep();
  const Architecture& net = problem.architecture;
  ThreadPool alone(1);
  const auto kernels = make_kernels<T>(chosen_kernels(), alone);
  Loader<T> loader(examples, options, options.seed, true);
  auto p = initial_parameters<T>(net, options);
  Parameters<T> kept = p, gradient(net);
  Workspace<T> ws(net, loader.batch_size(), Keep::backward);
  Optimizer<T> optimizer(problem.options, p.theta().size());
  const auto finite = [](T value) { return std::isfinite(value); };
  Kept result;
  for (std::int64_t i = 0; i < *options.iterations; ++i) {
    const StepFactors at = factors_of(options, i, *options.iterations);
    Batch<T> batch = loader.next(i);
    batch.pass.dropout = at.dropout;
    const double J = train_step(net, p, batch, options.l2, ws, *kernels, gradient);
    if (!std::isfinite(J) || !std::ranges::all_of(gradient.theta(), finite) ||
        !std::ranges::all_of(p.theta(), finite)) {
      result.updates = std::max<std::int64_t>(i - 1, 0);
      for (int l = 1; l <= net.depth(); ++l) {
        result.weights.emplace_back(kept.W[l].data, kept.W[l].data + kept.W[l].size());
        result.weights.emplace_back(kept.b[l].data, kept.b[l].data + kept.b[l].size());
      }
      break;
    }
    kept = p;
    optimizer.update(p.blocks(), p.theta(), std::as_const(gradient).theta(), *kernels, at);
  }
  return result;
}

/// Checks a training that diverges; the number of updates that are kept.
std::int64_t expect_last_good_weights(const Options& options, std::size_t rows = 20, bool poisoned = false) {
  const Fit fit = train(table(rows, poisoned), options);
  EXPECT_EQ(fit.ending, Ending::diverged);
  const Kept kept = options.precision == Precision::float32 ? by_definition<float>(table(rows, poisoned), options)
                                                            : by_definition<double>(table(rows, poisoned), options);
  EXPECT_EQ(fit.iterations, kept.updates);
  EXPECT_EQ(weights_of(fit.model), kept.weights) << fit.explanation;
  EXPECT_EQ(fit.model.record().iterations, kept.updates);

  // The same words, and not a cost told too much, when every cost is told.
  std::vector<std::int64_t> told;
  const Fit looked_at = careful(table(rows, poisoned), options, told);
  EXPECT_EQ(looked_at.explanation, fit.explanation);
  EXPECT_EQ(weights_of(looked_at.model), kept.weights);
  if (fit.iterations > 0) {
    EXPECT_EQ(told.size(), static_cast<std::size_t>(fit.iterations) + 1);
    EXPECT_NE(fit.explanation.find(fmt::format("diverged at iteration {}: ", fit.iterations + 1)), std::string::npos);
    EXPECT_NE(fit.explanation.find(fmt::format("before update {} are kept", fit.iterations)), std::string::npos);
  }
  return fit.iterations;
}

// 667 batches an epoch and a snapshot every 256 updates: the steps to be taken again begin in the middle of an epoch.
TEST(Divergence, AdamManyStepsAfterASnapshot) {
  std::set<std::int64_t> kept;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Options options = options_of(OptimizerKind::adam, 0.2, 3);
    options.target = {"label"};
    options.scale = ScaleKind::none;
    options.seed = seed;  // decides when the order of the examples comes to that one
    if (seed == 2) options.dropout = {0.25};
    kept.insert(expect_last_good_weights(options, 2000, true));
  }
  EXPECT_EQ(kept.size(), 6U);
  EXPECT_GT(*kept.rbegin(), 300) << "none after the second snapshot";
}

// What is done again is done with the rates, the masks and the clipping that it had.
TEST(Divergence, WithClippingAndSchedules) {
  std::set<std::int64_t> kept;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Options options = options_of(seed % 2 == 0 ? OptimizerKind::nesterov : OptimizerKind::adam, 0.2, 3);
    options.target = {"label"};
    options.scale = ScaleKind::none;
    options.seed = seed;
    options.dropout = {0.25};
    options.clip_norm = seed < 3 ? 1 : 0;
    options.warm_up = 0.01;
    options.schedule = Schedule{Schedule::Kind::cosine};
    options.dropout_schedule.kind = Schedule::Kind::one_cycle;
    options.rate_factor = {1, 0.5};
    kept.insert(expect_last_good_weights(options, 2000, true));
  }
  EXPECT_GT(kept.size(), 2U);
}

TEST(Divergence, GradientDescentAfterSeveralSnapshots) {
  std::set<std::int64_t> kept;
  for (const auto& [optimizer, factor] :
       {std::pair{OptimizerKind::gradient_descent, 1.0}, {OptimizerKind::momentum, 10.0}}) {
    for (const double rate : {1.5, 1.7, 2.0, 3.0, 1e6}) {
      for (const std::int64_t batch_size : {0, 3}) {
        Options options = options_of(optimizer, factor * rate, batch_size);
        options.hidden_layers = std::vector<int>{};
        if (train(table(), options).ending == Ending::diverged) kept.insert(expect_last_good_weights(options));
      }
    }
  }
  EXPECT_GE(kept.size(), 8U);
  EXPECT_GT(*kept.rbegin(), 512) << "all before the third snapshot";
}

// The last updates of a run go wrong: nothing after them notices but the look at the end, which finds the same step as
// a longer run.
TEST(Divergence, NoticedAtTheEnd) {
  Options options = options_of(OptimizerKind::gradient_descent, 2, 3);
  options.hidden_layers = std::vector<int>{};
  const Fit longer = train(table(), options);
  ASSERT_EQ(longer.ending, Ending::diverged);
  for (const std::int64_t more : {1, 2, 5}) {
    options.iterations = longer.iterations + more;
    const Fit fit = train(table(), options);
    ASSERT_EQ(fit.ending, Ending::diverged) << more;
    EXPECT_LE(fit.iterations, longer.iterations);
    EXPECT_GE(fit.iterations, longer.iterations - 1);
    if (fit.iterations == longer.iterations) {
      EXPECT_EQ(weights_of(fit.model), weights_of(longer.model));
    }
  }
}

// With ReLU a unit whose weights became −∞ is silent: the costs stay finite, only the weights are not.
TEST(Divergence, WithFiniteCosts) {
  Options options = options_of(OptimizerKind::gradient_descent, 1e39, 3);
  options.hidden_layers = {5};
  options.activation = {Activation::relu};
  std::int64_t found = 0;
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    options.seed = seed;
    const Fit fit = train(table(), options);
    if (fit.ending == Ending::diverged) ++found;
    for (const auto& block : weights_of(fit.model)) {
      for (const double value : block) ASSERT_TRUE(std::isfinite(value)) << seed;
    }
  }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace strata
