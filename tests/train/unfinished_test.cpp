// The model in the middle of a training: whole, good, and without a trace in what comes after it.
#include <gtest/gtest.h>

#include <unistd.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "strata/trainer.hpp"
#include "support/weights.hpp"

namespace strata {
namespace {

using testing::weights_of;

namespace fs = std::filesystem;

Table table(std::size_t rows = 60) {
  std::vector<double> x, z, y;
  for (std::size_t i = 0; i < rows; ++i) {
    x.push_back(std::sin(static_cast<double>(3 * i + 1)));
    z.push_back(std::cos(static_cast<double>(i * i)));
    y.push_back(x.back() - 0.5 * z.back() + 0.1 * std::sin(static_cast<double>(7 * i)));
  }
  Table data;
  data.add_numbers("x", {}, x);
  data.add_numbers("z", {}, z);
  data.add_numbers("y", {}, y);
  return data;
}

Options small() {
  Options options;
  options.inputs = {"x", "z"};
  options.target = {"y"};
  options.task = Task::regression;
  options.hidden_layers = {5, 4};
  options.batch_size = 7;
  options.validation = "0.2";
  options.iterations = 700;
  options.threads = 1;
  return options;
}

/// The bytes of the model's file.
std::string bytes_of(const Model& model) {
  const fs::path file = fs::temp_directory_path() / ("strata-unfinished-" + std::to_string(::getpid()));
  model.save(file);
  std::ifstream stream(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  fs::remove(file);
  return bytes;
}

/// A training that is asked for its model after each of these updates; `given` gets it.
Fit asked(const Options& options, const std::set<std::int64_t>& after, const std::function<void(const Model&)>& given) {
  Callbacks callbacks;
  std::int64_t done = 0;
  callbacks.progress = [&](const Progress& progress) { done = progress.iteration; };
  callbacks.wants_model = [&] { return after.contains(done); };
  callbacks.model = given;
  return train(table(), options, callbacks);
}

// A model given after n updates is that of a training of n iterations, but for the words that say so.
TEST(Unfinished, IsTheModelOfAShorterTraining) {
  for (const Precision precision : {Precision::float32, Precision::float64, Precision::bf16}) {
    for (const OptimizerKind optimizer : {OptimizerKind::adam, OptimizerKind::momentum}) {
      Options options = small();
      options.precision = precision;
      options.optimizer = optimizer;
      options.l2 = 0.1;
      const std::string alone = bytes_of(train(table(), options).model);
      int given = 0;
      const Fit fit = asked(options, {1, 2, 300, 699}, [&](const Model& model) {
        ++given;
        const TrainingRecord& record = model.record();
        EXPECT_EQ(record.ended, "unfinished");
        Options shorter = options;
        shorter.iterations = record.iterations;
        const Fit same = train(table(), shorter);
        EXPECT_EQ(weights_of(model), weights_of(same.model)) << record.iterations;
        EXPECT_EQ(record.l2, 0.1);
        EXPECT_EQ(record.cost, same.model.record().cost);
        EXPECT_EQ(record.epochs, same.model.record().epochs);
        EXPECT_EQ(record.train.rmse, same.model.record().train.rmse);
        ASSERT_TRUE(record.validation);
        EXPECT_EQ(record.validation->rmse, same.model.record().validation->rmse);
        EXPECT_FALSE(bytes_of(model).empty());
      });
      EXPECT_EQ(given, 4);
      EXPECT_EQ(bytes_of(fit.model), alone);
    }
  }
}

TEST(Unfinished, AtEveryUpdateChangesNoBit) {
  for (const std::int64_t batch_size : {0, 7}) {
    Options options = small();
    options.batch_size = batch_size;
    options.iterations = 60;
    std::set<std::int64_t> all;
    for (std::int64_t i = 0; i <= 60; ++i) all.insert(i);
    std::vector<std::int64_t> iterations;
    const Fit fit = asked(options, all, [&](const Model& model) { iterations.push_back(model.record().iterations); });
    EXPECT_EQ(bytes_of(fit.model), bytes_of(train(table(), options).model));
    ASSERT_EQ(iterations.size(), 59U) << "not before the first update, and not after the last";
    EXPECT_EQ(iterations.front(), 1);
    EXPECT_EQ(iterations.back(), 59);
  }
}

TEST(Unfinished, AStopAtTheSameTimeIsTheFinalModel) {
  Callbacks callbacks;
  int given = 0;
  callbacks.stop = [] { return true; };
  callbacks.wants_model = [] { return true; };
  callbacks.model = [&](const Model&) { ++given; };
  const Fit fit = train(table(), small(), callbacks);
  EXPECT_EQ(fit.iterations, 1);
  EXPECT_EQ(fit.model.record().ended, "interrupted");
  EXPECT_EQ(given, 0);
  callbacks.stop = nullptr;
  callbacks.model = nullptr;  // nobody takes it
  EXPECT_EQ(train(table(), small(), callbacks).ending, Ending::done);
}

TEST(Unfinished, AnErrorOfTheReceiverEndsTheTraining) {
  EXPECT_THROW(asked(small(), {3}, [](const Model&) { throw 1; }), int);
}

// However the training diverges, and whenever the model was asked for: what is given is good, and what is kept in the
// end has the same bits and the same words.
TEST(Unfinished, IsGoodWhileTheTrainingDiverges) {
  int diverged = 0, at_the_last = 0;
  for (const double rate : {1.5, 2.0, 3.0, 1e6, 1e39}) {
    for (const Activation activation : {Activation::leaky_relu, Activation::relu}) {
      Options options = small();
      options.optimizer = OptimizerKind::gradient_descent;
      options.learning_rate = rate;
      options.activation = {activation};
      const Fit alone = train(table(), options);
      if (alone.ending != Ending::diverged) continue;
      ++diverged;
      std::set<std::int64_t> all;
      for (std::int64_t i = 0; i < 700; ++i) all.insert(i);
      std::optional<std::vector<std::vector<double>>> last;
      std::int64_t iterations = 0;
      const Fit fit = asked(options, all, [&](const Model& model) {
        last = weights_of(model);
        iterations = model.record().iterations;
        for (const auto& block : *last) {
          for (const double value : block) ASSERT_TRUE(std::isfinite(value)) << rate;
        }
      });
      EXPECT_EQ(fit.explanation, alone.explanation);
      EXPECT_EQ(weights_of(fit.model), weights_of(alone.model));
      EXPECT_LE(iterations, fit.iterations);
      if (last && iterations == fit.iterations) {
        ++at_the_last;
        EXPECT_EQ(*last, weights_of(fit.model));
      }
    }
  }
  EXPECT_GE(diverged, 4);
  EXPECT_GE(at_the_last, 2);
}

}  // namespace
}  // namespace strata
