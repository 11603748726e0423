// The best epoch is kept, and what a training does where the user leaves it open.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "strata/error.hpp"
#include "strata/trainer.hpp"
#include "train/early_stopping.hpp"

namespace strata {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// y is x and noise, so that a network soon learns the noise.
Table noisy(std::size_t rows = 240, bool words = false) {
  std::vector<double> x, z, y;
  std::vector<std::string> label;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto at = static_cast<double>(i);
    x.push_back(std::sin(3 * at + 1));
    z.push_back(std::cos(at * at));
    y.push_back(x.back() + std::sin(997 * at * at));
    label.emplace_back(y.back() > 0.3 ? "up" : "down");
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("z", {}, z);
  if (words)
    table.add_text("y", label);
  else
    table.add_numbers("y", {}, y);
  return table;
}

struct Told {
  std::vector<std::string> notes;
  std::vector<EpochReport> epochs;
  Callbacks callbacks;
  Told() {
    callbacks.note = [this](std::string_view text) { notes.emplace_back(text); };
    callbacks.epoch = [this](const EpochReport& report) { epochs.push_back(report); };
  }
  [[nodiscard]] std::size_t best() const {
    const auto loss = [](const EpochReport& report) { return report.validation->loss; };
    return static_cast<std::size_t>(std::ranges::min_element(epochs, {}, loss) - epochs.begin());
  }
};

Options small() {
  Options options;
  options.hidden_layers = {30};
  options.target = {"y"};
  options.threads = 1;
  options.learning_rate = 0.02;
  return options;
}

/// What is left is the best epoch, with its figures.
void expect_best(const Fit& fit, const Told& told) {
  const TrainingRecord& record = fit.model.record();
  ASSERT_FALSE(told.epochs.empty());
  const EpochReport& best = told.epochs[told.best()];
  EXPECT_EQ(record.epochs, best.epoch);
  EXPECT_EQ(record.iterations, best.iteration);
  EXPECT_EQ(record.epochs_tried, told.epochs.back().epoch);
  EXPECT_EQ(fit.iterations, told.epochs.back().iteration);
  EXPECT_EQ(record.validation->loss, best.validation->loss);
  EXPECT_LT(best.epoch, told.epochs.back().epoch) << "else nothing was put to the test";
}

TEST(EarlyStopping, WaitsForALowerLoss) {
  internal::EarlyStopping stopping(2, false, 0);
  EXPECT_FALSE(stopping.is_best(std::numeric_limits<double>::infinity())) << "nothing to keep";
  EXPECT_TRUE(stopping.is_best(3));
  EXPECT_TRUE(stopping.is_best(3)) << "of equal ones the last";
  EXPECT_EQ(stopping.waited(), 1) << "since the first";
  EXPECT_FALSE(stopping.gives_up());
  EXPECT_TRUE(stopping.is_best(2));
  EXPECT_FALSE(stopping.is_best(kNaN));
  EXPECT_FALSE(stopping.gives_up());
  EXPECT_FALSE(stopping.is_best(2.5));
  EXPECT_TRUE(stopping.gives_up());
}

TEST(EarlyStopping, WaitsForAHigherValue) {
  internal::EarlyStopping stopping(3, true, 0.1);
  EXPECT_FALSE(stopping.has_best());
  EXPECT_FALSE(stopping.is_best(kNaN));
  EXPECT_FALSE(stopping.has_best());
  EXPECT_TRUE(stopping.is_best(-0.5));
  EXPECT_TRUE(stopping.has_best());
  EXPECT_FALSE(stopping.is_best(-0.6));
  EXPECT_FALSE(stopping.is_best(-0.45)) << "not by enough";
  EXPECT_TRUE(stopping.is_best(-0.3));
  EXPECT_FALSE(stopping.is_best(-0.25));
  EXPECT_TRUE(stopping.is_best(-0.15)) << "from the best, not from the last";
  EXPECT_FALSE(stopping.is_best(-0.1));
  EXPECT_FALSE(stopping.is_best(-0.15)) << "one that was passed over did better";
  EXPECT_FALSE(stopping.gives_up());
  EXPECT_FALSE(stopping.is_best(-0.15));
  EXPECT_TRUE(stopping.gives_up()) << "equal is not better";
}

TEST(CostTrend, TellsWhatStillFalls) {
  const auto falls = [](double first, double late, double last, std::int64_t epochs = 100) {
    internal::CostTrend trend(epochs);
    for (const auto& [epoch, cost] : {std::pair<std::int64_t, double>{1, first}, {90, late}, {100, last}})
      if (trend.wants(epoch)) trend.add(epoch, cost);
    return trend.still_falls();
  };
  EXPECT_TRUE(falls(10, 5, 4));
  EXPECT_FALSE(falls(10, 5, 4.8)) << "a little";
  EXPECT_FALSE(falls(10, 0.2, 0.1)) << "as good as done";
  EXPECT_FALSE(falls(10, 5, 6));
  EXPECT_FALSE(falls(10, 5, 4, 0));
}

// Of a length that nobody asked for.
TEST(CostTrend, IsSaidAtTheEnd) {
  const auto said = [](const std::function<void(Options&)>& set) {
    Told told;
    Options options = small();
    options.hidden_layers = std::vector<int>{};
    options.validation = "none";
    options.learning_rate = 1e-4;
    set(options);
    static_cast<void>(train(noisy(), options, told.callbacks));
    return told.notes.back();
  };
  const std::string falling = said([](Options& o) { o.scale_target = false, o.learning_rate = 1e-3; });
  EXPECT_TRUE(falling.starts_with("the cost was still falling: ") &&
              falling.ends_with(" in the last one; more epochs may do better (--epochs 300)"))
      << falling;
  EXPECT_FALSE(said([](Options& o) { o.epochs = 100; }).starts_with("the cost was"));
  EXPECT_FALSE(said([](Options& o) { o.learning_rate = 0.1; }).starts_with("the cost was"));
  EXPECT_EQ(said([](Options& o) { o.validation.clear(); }),
            "the validation loss was still falling at the end; more epochs may do better (--epochs 300)");
}

TEST(EarlyStopping, KeepsTheBestEpoch) {
  for (const bool words : {false, true}) {
    Told told;
    const Fit fit = train(noisy(240, words), small(), told.callbacks);
    EXPECT_EQ(fit.ending, Ending::early_stopping);
    EXPECT_EQ(fit.model.record().ended, "early stopping");
    EXPECT_EQ(fit.explanation, "stopped after epoch " + std::to_string(fit.model.record().epochs_tried) +
                                   ": no better loss for 20 epochs");
    expect_best(fit, told);
    EXPECT_EQ(fit.model.record().epochs_tried, fit.model.record().epochs + 20);
    EXPECT_EQ(fit.model.record().rows, 192U);
    EXPECT_EQ(fit.model.record().validation->examples, 48U);
    EXPECT_EQ(told.notes[0], std::string("validation: 48 of 240 rows are held back, drawn by the seed") +
                                 (words ? ", of each class its share" : "") +
                                 ", and the epoch that does best on them is kept (--validation none --scale quantile "
                                 "trains the same network on all "
                                 "rows, to the last epoch)");
  }
}

// With the whole batch an epoch is one update.
TEST(EarlyStopping, OfWholeBatches) {
  Told told;
  Options options = small();
  options.batch_size = 0;
  options.patience = 3;
  options.epochs = 400;
  options.report_every = 1;
  const Fit fit = train(noisy(), options, told.callbacks);
  expect_best(fit, told);
  EXPECT_EQ(fit.model.record().epochs_tried, fit.model.record().epochs + 3);
  EXPECT_EQ(fit.ending, Ending::early_stopping);
  // The patience that runs out with the last update ends nothing; one update later it does.
  for (const std::int64_t more : {0, 1}) {
    options.epochs = fit.model.record().epochs_tried + more;
    const Fit again = train(noisy(), options);
    EXPECT_EQ(again.ending, more == 0 ? Ending::done : Ending::early_stopping);
    EXPECT_EQ(again.model.record().ended, more == 0 ? "done" : "early stopping");
    EXPECT_EQ(again.explanation.empty(), more == 0);
    EXPECT_EQ(again.model.weights(1), fit.model.weights(1));
  }
}

// What is decided can be asked for, and gives the same model.
TEST(EarlyStopping, WhatIsDecidedCanBeAskedFor) {
  Options open = small();
  open.hidden_layers.reset();
  open.learning_rate.reset();
  const auto typed = [](const Fit& fit) {
    Options asked;
    for (const auto& [option, text] : fit.model.record().options)
      if (!text.empty()) set_option(asked, option, text);
    return asked;
  };
  open.patience = 8;  // which belongs to every recipe
  const Fit large = train(noisy(), open);
  EXPECT_EQ(typed(large).parametrization, Parametrization::ntp);
  EXPECT_EQ(typed(large).members, 4);
  EXPECT_EQ(train(noisy(), typed(large)).model.to_bytes(), large.model.to_bytes());
  open.patience.reset();
  set_option(open, "beta1", "0.9");  // of the user's own training the recipe is not decided
  const Fit fit = train(noisy(), open);
  const Options asked = typed(fit);
  EXPECT_EQ(asked.validation, "0.2");
  EXPECT_EQ(asked.patience, 10);
  EXPECT_EQ(asked.hidden_layers, (std::vector{64, 64}));
  EXPECT_EQ(asked.dropout, std::vector{0.1});
  EXPECT_EQ(asked.weight_decay, PerKind{0.5});
  EXPECT_EQ(asked.scale, ScaleKind::quantile);
  EXPECT_EQ(asked.schedule, Schedule{Schedule::Kind::cosine});
  EXPECT_EQ(asked.learning_rate, 0.005);
  EXPECT_EQ(asked.epochs, 30);
  EXPECT_EQ(train(noisy(), asked).model.to_bytes(), fit.model.to_bytes());
}

TEST(EarlyStopping, HoldsNothingBackUnasked) {
  const auto held = [](Table table, const std::function<void(Options&)>& set) {
    Options options = small();
    options.hidden_layers.reset();
    set(options);
    const Fit fit = train(std::move(table), options);
    const TrainingRecord& record = fit.model.record();
    const std::size_t rows = record.validation ? record.validation->examples : 0;
    EXPECT_EQ(record.epochs_tried > 0, rows > 0 && options.validation.empty());
    if (!options.hidden_layers) {
      EXPECT_EQ(fit.model.architecture().hidden[1].units, record.epochs_tried > 0 && !options.patience ? 64 : 32);
    }
    return rows;
  };
  const auto nothing = [](Options&) {};
  EXPECT_EQ(held(noisy(200), nothing), 40U);
  EXPECT_EQ(held(noisy(199), nothing), 0U);
  EXPECT_EQ(held(noisy(), [](Options& o) { o.epochs = 2; }), 0U);
  EXPECT_EQ(held(noisy(), [](Options& o) { o.iterations = 2; }), 0U);
  EXPECT_EQ(held(noisy(), [](Options& o) { o.validation = "none"; }), 0U);
  EXPECT_EQ(held(noisy(), [](Options& o) { o.patience = 0; }), 0U);
  EXPECT_EQ(held(noisy(), [](Options& o) { o.validation = "0.5"; }), 120U);
  EXPECT_EQ(held(noisy(100), [](Options& o) { o.patience = 4; }), 20U);
  EXPECT_EQ(held(noisy(), [](Options& o) { apply_recipe(o, "plain"); }), 0U);
  EXPECT_EQ(held(noisy(),
                 [](Options& o) {
                   apply_recipe(o, "classic");
                   o.iterations = 3;
                   o.hidden_layers = {64};
                 }),
            0U);
  Table arrays;
  const std::vector<double> X(600, 0.5);
  std::vector<double> y(300, 1.5);
  y.front() = 2;
  arrays.add_numbers("X", {2}, X);
  arrays.add_numbers("y", {}, y);
  EXPECT_EQ(held(std::move(arrays), [](Options& o) { o.task = Task::regression; }), 0U);
}

TEST(EarlyStopping, RefusesToWaitForNothing) {
  Options options = small();
  options.patience = 3;
  options.validation = "none";
  try {
    static_cast<void>(train(noisy(), options));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_STREQ(
        error.what(),
        "--patience 3 waits for the validation loss to fall, and --validation none measures none; leave one of "
        "them out");
  }
}

// Whoever ends it early has the best so far.
TEST(EarlyStopping, InterruptedKeepsTheBest) {
  Told told;
  told.callbacks.stop = [&] { return told.epochs.size() >= told.best() + 5; };
  told.callbacks.wants_model = [&] { return told.epochs.size() > 3; };
  std::vector<double> unfinished;
  told.callbacks.model = [&](const Model& model) {
    EXPECT_EQ(model.record().epochs, told.epochs[told.best()].epoch);
    EXPECT_EQ(model.record().validation->loss, told.epochs[told.best()].validation->loss);
    unfinished = model.weights(1);
  };
  const Fit fit = train(noisy(), small(), told.callbacks);
  EXPECT_EQ(fit.ending, Ending::interrupted);
  expect_best(fit, told);
  EXPECT_EQ(unfinished, fit.model.weights(1));
}

// Weights that went bad are not what is kept, and the message says what is.
TEST(EarlyStopping, DivergedKeepsTheBest) {
  Told told;
  Options options = small();
  options.optimizer = OptimizerKind::momentum;
  options.scale = ScaleKind::none;
  options.validation = "0.2";
  options.patience = 1'000'000;
  options.epochs = 5'000;
  options.precision = Precision::float32;
  Fit fit = train(noisy(), options, told.callbacks);
  for (double rate = 0.05; fit.ending != Ending::diverged && rate < 1e6; rate *= 1.3) {
    told.epochs.clear();
    options.epochs = 30;
    options.learning_rate = rate;
    fit = train(noisy(), options, told.callbacks);
    if (told.epochs.empty()) break;
  }
  ASSERT_EQ(fit.ending, Ending::diverged);
  ASSERT_FALSE(told.epochs.empty());
  const TrainingRecord& record = fit.model.record();
  EXPECT_EQ(record.validation->loss, told.epochs[told.best()].validation->loss);
  const std::string kept =
      "The weights after update " + std::to_string(record.iterations) + " are kept, those of the best epoch. ";
  EXPECT_NE(fit.explanation.find(kept), std::string::npos) << fit.explanation;
}

TEST(Plateau, GivesUpAfterTenEpochsThatFallTooLittle) {
  internal::Plateau plateau(0.5, 10);
  plateau.add(10);
  for (int i = 0; i < 9; ++i) plateau.add(9.75);  // less than tol; after the first, no less at all
  EXPECT_FALSE(plateau.gives_up());
  plateau.add(9);                                // 0.75 below the lowest
  for (int i = 0; i < 9; ++i) plateau.add(8.5);  // just tol, which is not more
  EXPECT_FALSE(plateau.gives_up());
  plateau.add(kNaN);
  EXPECT_TRUE(plateau.gives_up());
  internal::Plateau none({}, 10);
  for (int i = 0; i < 99; ++i) none.add(1);
  EXPECT_FALSE(none.gives_up());
}

// By hand, from the costs of the same training without it.
TEST(Plateau, EndsATrainingAndKeepsItsLastWeights) {
  for (const std::int64_t batch : {16, 0}) {
    Options options = small();
    options.batch_size = batch;
    options.validation = "none";
    options.epochs = 400;
    std::vector<double> costs;
    Callbacks callbacks;
    options.report_every = 1;
    callbacks.epoch = [&](const EpochReport& report) { costs.push_back(report.mean_cost); };
    if (batch == 0) callbacks.cost = [&](const CostReport& report) { costs.push_back(report.cost); };
    static_cast<void>(train(noisy(), options, callbacks));
    ASSERT_EQ(costs.size(), 400U);
    const double tol = batch == 0 ? 2e-4 : 2e-3;
    std::size_t waited = 0, epochs = 0;
    for (double lowest = costs[0]; waited < 10 && ++epochs < costs.size(); lowest = std::min(lowest, costs[epochs]))
      waited = costs[epochs] < lowest - tol ? 0 : waited + 1;
    ASSERT_EQ(waited, 10U) << "else nothing is put to the test";
    options.tol = tol;
    Told told;
    const Fit fit = train(noisy(), options, told.callbacks);
    EXPECT_EQ(fit.ending, Ending::tolerance);
    EXPECT_EQ(fit.model.record().ended, "tolerance");
    EXPECT_EQ(fit.model.record().epochs, static_cast<std::int64_t>(epochs + 1));
    EXPECT_EQ(fit.model.record().epochs_tried, 0);
    EXPECT_EQ(fit.explanation, "stopped after epoch " + std::to_string(epochs + 1) +
                                   ": the cost fell by no more than " + internal::shortest(tol) + " for 10 epochs");
    // At its last update it is done, however that went.
    options.epochs = static_cast<std::int64_t>(epochs + 1);
    const Fit whole = train(noisy(), options);
    EXPECT_EQ(whole.ending, Ending::done);
    EXPECT_EQ(whole.explanation, "");
    EXPECT_EQ(whole.model.weights(1), fit.model.weights(1));
    options.tol.reset();
    EXPECT_EQ(train(noisy(), options).model.weights(1), fit.model.weights(1));
    const auto& recorded = fit.model.record().options;
    EXPECT_NE(std::ranges::find(recorded, std::pair<std::string, std::string>("tol", internal::shortest(tol))),
              recorded.end());
  }
}

TEST(EarlyStopping, IsTheSameForAnyThreads) {
  Options options = small();
  options.hidden_layers.reset();
  const Fit one = train(noisy(), options);
  options.threads = 3;
  EXPECT_EQ(train(noisy(), options).model.to_bytes(), one.model.to_bytes());
}

// Each class keeps a row to learn from.
TEST(EarlyStopping, ARareClassIsTrainedOn) {
  for (std::uint64_t seed = 1; seed < 12; ++seed) {
    Table table;
    std::vector<double> x;
    std::vector<std::string> part;
    for (int i = 0; i < 60; ++i) {
      x.push_back(i);
      part.emplace_back(i == 17 ? "washer" : i % 2 == 0 ? "bolt" : "nut");
    }
    table.add_numbers("x", {}, x);
    table.add_text("part", part);
    Options options;
    options.target = {"part"};
    options.hidden_layers = {8};
    options.validation = "0.2";
    options.epochs = 200;
    options.seed = seed;
    options.threads = 1;
    const Fit fit = train(table, options);
    const Predictions all = fit.model.predict(table);
    EXPECT_GT(all.values[17 * 3 + 2], 0.01) << seed;
  }
}

}  // namespace
}  // namespace strata
