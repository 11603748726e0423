// Early stopping on any figure, figures measured while it goes on, and the curves that are kept of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "strata/trainer.hpp"
#include "train/history.hpp"

namespace strata {
namespace {

/// Two inputs and noise; `words`: a label of three, else a number.
Table noisy(bool words, std::size_t rows = 240) {
  std::vector<double> x, z, y;
  std::vector<std::string> label;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto at = static_cast<double>(i);
    x.push_back(std::sin(3 * at + 1));
    z.push_back(std::cos(at * at));
    y.push_back(x.back() + std::sin(997 * at * at) + 10);
    label.emplace_back(y.back() > 10.5 ? "up" : y.back() < 9.5 ? "down" : "flat");
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

Options small() {
  Options options;
  options.hidden_layers = {20};
  options.target = {"y"};
  options.threads = 1;
  options.learning_rate = 0.02;
  options.validation = "0.25";
  options.epochs = 40;
  return options;
}

struct Told {
  std::vector<std::string> warnings, notes;
  std::vector<EpochReport> epochs;
  Callbacks callbacks;
  Told() {
    callbacks.warning = [this](std::string_view text) { warnings.emplace_back(text); };
    callbacks.note = [this](std::string_view text) { notes.emplace_back(text); };
    callbacks.epoch = [this](const EpochReport& report) { epochs.push_back(report); };
  }
};

std::string refusal(const std::function<void(Options&)>& set, bool words = true) {
  Options options = small();
  set(options);
  try {
    static_cast<void>(train(noisy(words), options));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "nothing";
}

TEST(Monitor, KeepsTheEpochThatIsBestByItsFigure) {
  std::int64_t ties = 0;
  for (const bool words : {true, false}) {
    for (const Metric metric : metrics_of(words ? Task::classes : Task::regression)) {
      Options options = small();
      options.patience = 6;
      options.monitor = metric;
      Told told;
      const Fit fit = train(noisy(words), options, told.callbacks);
      const auto value = [&](const EpochReport& report) {
        return (higher_is_better(metric) ? -1 : 1) * report.validation->value(metric);
      };
      const auto first = std::ranges::min_element(told.epochs, {}, value);
      const auto is_as_good = [&](const EpochReport& report) { return value(report) == value(*first); };
      const auto best = std::ranges::find_if(told.epochs.rbegin(), told.epochs.rend(), is_as_good);
      ties += best->epoch - first->epoch;
      const TrainingRecord& record = fit.model.record();
      EXPECT_EQ(record.epochs, best->epoch) << name(metric) << ": of those that do equally well the last";
      EXPECT_EQ(record.validation->value(metric), best->validation->value(metric)) << name(metric);
      EXPECT_EQ(record.epochs_tried, static_cast<std::int64_t>(told.epochs.size()));
      EXPECT_TRUE(best->best);
      EXPECT_TRUE(record.epochs_tried == 40 || record.epochs_tried == first->epoch + 6);
      // What says which epoch is the best is measured everywhere.
      EXPECT_TRUE(std::isfinite(record.train.value(metric))) << name(metric);
    }
  }
  EXPECT_GT(ties, 0) << "else no epochs did equally well";
}

// An epoch that does as well as the best so far is the one to keep, and is no sign that more epochs would do better.
TEST(Monitor, AsWellAsBeforeIsNotStillBetter) {
  std::vector<double> x;
  std::vector<std::string> y;
  for (int i = 0; i < 120; ++i) x.push_back(std::sin(3 * i + 1)), y.emplace_back(x.back() > 0 ? "up" : "down");
  Table table;
  table.add_numbers("x", {}, x);
  table.add_text("y", y);
  Options options = small();
  options.epochs.reset();
  options.patience = 1000;
  options.monitor = Metric::roc_auc;
  Told told;
  const Fit fit = train(std::move(table), options, told.callbacks);
  EXPECT_EQ(fit.model.record().validation->value(Metric::roc_auc), 1);
  EXPECT_EQ(fit.model.record().epochs, 100) << "the last of them";
  for (const std::string& note : told.notes) EXPECT_EQ(note.find("still becoming better"), std::string::npos) << note;
}

TEST(Monitor, LeastImprovement) {
  Options options = small();
  options.patience = 3;
  options.min_delta = 1000;
  const Fit fit = train(noisy(true), options);
  EXPECT_EQ(fit.model.record().epochs, 1);
  EXPECT_EQ(fit.model.record().epochs_tried, 4);
}

// --monitor alone stops early as --patience does.
TEST(Monitor, AloneWaitsTwentyEpochsOnAFifth) {
  Options options = small();
  options.validation.clear();
  options.monitor = Metric::f1;
  options.epochs = 300;
  Told told;
  const Fit fit = train(noisy(true, 100), options, told.callbacks);
  EXPECT_EQ(fit.model.record().validation->examples, 20U);
  EXPECT_EQ(fit.model.record().epochs_tried, fit.model.record().epochs + 20);
  // What a training without options gets is not said of this one.
  options.hidden_layers.reset();
  Told again;
  static_cast<void>(train(noisy(true), options, again.callbacks));
  for (const std::string& note : again.notes) EXPECT_FALSE(note.starts_with("network:")) << note;
}

// A network of zeros says the same of every example, of which the correlation is not defined.
TEST(Monitor, AnUndefinedFigureIsNeverTheBest) {
  Options options = small();
  options.monitor = Metric::mcc;
  options.patience = 4;
  options.initializer.kind = Initializer::Kind::zeros;
  Told told;
  const Fit fit = train(noisy(true), options, told.callbacks);
  EXPECT_EQ(fit.model.record().epochs, 4);
  EXPECT_EQ(fit.model.record().epochs_tried, 0);
  EXPECT_TRUE(std::isnan(fit.model.record().validation->mcc));
  EXPECT_TRUE(std::ranges::none_of(told.epochs, &EpochReport::best));
  ASSERT_EQ(told.warnings.size(), 1U);
  EXPECT_EQ(told.warnings[0],
            "mcc was not defined on the validation part after any epoch, so none was the best: the last weights are "
            "kept");
  const Curves& curves = fit.model.record().curves;
  EXPECT_TRUE(std::isnan(curves.validation.back().values.front()));
  const Model read = Model::from_bytes(fit.model.to_bytes());
  EXPECT_TRUE(std::isnan(read.record().curves.validation.back().values.front()));
  EXPECT_TRUE(std::isnan(read.record().validation->mcc));
}

// What no prediction of the rows held back could change is said before the first step.
TEST(Monitor, AFigureThatCannotBeDefinedIsForeseen) {
  constexpr std::size_t kRows = 60, kHeld = 12;
  std::vector<double> x, held, y, constant;
  std::vector<std::string> word, three;
  for (std::size_t i = 0; i < kRows; ++i) {
    x.push_back(std::sin(3.0 * static_cast<double>(i)));
    held.push_back(i < kHeld ? 1 : 0);
    y.push_back(i < kHeld ? 0 : x.back());
    constant.push_back(i < kHeld ? 7.25 : x.back());
    word.emplace_back(i < kHeld || i % 2 == 0 ? "no" : "yes");
    three.emplace_back(i % 3 == 0 && i > kHeld ? "rare" : i % 2 == 0 ? "no" : "yes");
  }
  const auto said = [&](const std::string& target, std::optional<Metric> metric, bool weighted = false,
                        const char* recipe = nullptr) -> std::string {
    Table table;
    table.add_numbers("x", {}, x);
    table.add_numbers("held", {}, held);
    if (target == "word" || target == "three")
      table.add_text(target, target == "word" ? word : three);
    else
      table.add_numbers(target, {}, target == "y" ? y : constant);
    std::vector<double> weights(kRows, 2.5);
    if (weighted) table.add_numbers("w", {}, weights);
    Options options = small();
    if (recipe != nullptr) options = {}, apply_recipe(options, recipe);
    if (weighted) options.weight_column = "w";
    options.target = {target};
    options.validation.clear();
    options.validation_column = "held";
    options.epochs = 2;
    if (recipe == nullptr) options.monitor = metric;
    bool stepped = false;
    Callbacks callbacks;
    callbacks.progress = [&](const Progress&) { stepped = true; };
    try {
      static_cast<void>(train(std::move(table), options, callbacks));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::value);
      EXPECT_FALSE(stepped);
      return error.what();
    }
    return "";
  };
  const std::string behind = "; hold back others, or choose another figure";
  const auto of = [&](const char* name, const char* why) {
    return std::string("--monitor ") + name + " is not defined on the 12 rows that are held back: " + why + behind;
  };
  for (const bool weighted : {false, true}) {
    EXPECT_EQ(said("word", Metric::roc_auc, weighted), of("roc-auc", "they lack a class"));
    EXPECT_EQ(said("three", Metric::roc_auc, weighted), of("roc-auc", "they lack a class"));
  }
  // What nobody named is told by what chose it, with a way out.
  const auto chosen = [](const std::string& by) {
    return "--monitor task" + by +
           " is roc-auc here, which is not defined on the 12 rows that are held back: they lack a class; hold back "
           "others, or choose --monitor log-loss or --monitor loss";
  };
  EXPECT_EQ(said("word", {}), chosen(""));
  EXPECT_EQ(said("word", {}, false, "realmlp"), chosen(" (from the recipe)"));
  EXPECT_EQ(said("word", Metric::pr_auc), of("pr-auc", "they lack a class"));
  EXPECT_EQ(said("word", Metric::f1), of("f1", "they lack a class"));
  EXPECT_EQ(said("word", Metric::mcc), of("mcc", "they are all of one class"));
  EXPECT_EQ(said("y", Metric::mape), of("mape", "a target among them is 0"));
  EXPECT_EQ(said("constant", Metric::r2), of("r2", "the target is the same in all of them"));
  // The others are defined there.
  for (const Metric metric : {Metric::accuracy, Metric::balanced_accuracy, Metric::log_loss, Metric::brier})
    EXPECT_EQ(said("word", metric), "") << name(metric);
  for (const Metric metric : {Metric::f1, Metric::mcc, Metric::balanced_accuracy})
    EXPECT_EQ(said("three", metric), "") << name(metric);
  EXPECT_EQ(said("constant", Metric::mape), "");
  for (const Metric metric : {Metric::rmse, Metric::mae, Metric::pinball}) EXPECT_EQ(said("constant", metric), "");
}

// All that is held back is looked at, however much it is.
TEST(Monitor, AClassMayComeLast) {
  constexpr int kRows = 2500, kHeld = 1200;
  std::vector<double> x, held;
  std::vector<std::string> label;
  for (int i = 0; i < kRows; ++i) {
    x.push_back(std::sin(3 * i));
    held.push_back(i < kHeld ? 1 : 0);
    label.emplace_back(i == kHeld - 1 || (i > kHeld && i % 2 == 0) ? "yes" : "no");
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("held", {}, held);
  table.add_text("y", label);
  Options options = small();
  options.validation.clear();
  options.validation_column = "held";
  options.epochs = 1;
  options.monitor = Metric::roc_auc;
  EXPECT_TRUE(std::isfinite(train(std::move(table), options).model.record().validation->roc_auc));
}

TEST(Monitor, Refusals) {
  EXPECT_EQ(refusal([](Options& o) { o.monitor = Metric::rmse; }),
            "--monitor rmse: the task is classes, which has no such figure\nit has: loss, accuracy, "
            "balanced-accuracy, f1, mcc, roc-auc, pr-auc, log-loss, brier");
  EXPECT_EQ(refusal([](Options& o) { o.metrics = {Metric::mae, Metric::accuracy}; }, false),
            "--metrics accuracy: the task is regression, which has no such figure\nit has: loss, rmse, mae, r2, mape, "
            "pinball");
  EXPECT_EQ(
      refusal([](Options& o) {
        o.monitor = Metric::f1;
        o.validation = "none";
      }),
      "--monitor f1 is about rows that are held back, and --validation none holds none back; leave one of them out "
      "(--metrics f1 measures on the rows trained on)");
  EXPECT_EQ(refusal([](Options& o) {
              o.monitor = Metric::f1;
              o.patience = 0;
            }),
            "--monitor f1 is about the best epoch, and --patience none looks for none; leave one of them out");
  EXPECT_EQ(refusal([](Options& o) {
              o.min_delta = 0.5;
              o.patience = 0;
            }),
            "--min-delta 0.5 is about the best epoch, and --patience none looks for none; leave one of them out");
  EXPECT_EQ(
      refusal([](Options& o) {
        o.min_delta = 0.5;
        o.validation = "none";
      }),
      "--min-delta 0.5 is about rows that are held back, and --validation none holds none back; leave one of them "
      "out");
  EXPECT_EQ(refusal([](Options& o) { o.min_delta = -1; }), "--min-delta: expected a number, at least 0, found '-1'");
  // As much as its whole range, no figure can become better.
  const auto too_much = [](Metric metric, double least) {
    return refusal([=](Options& o) { o.monitor = metric, o.min_delta = least; });
  };
  for (const Metric metric :
       {Metric::accuracy, Metric::balanced_accuracy, Metric::f1, Metric::roc_auc, Metric::pr_auc}) {
    EXPECT_EQ(too_much(metric, 1), "--min-delta 1: " + std::string(name(metric)) +
                                       " goes from 0 to 1 (1 % of that is 0.01), so no epoch can be better by more "
                                       "than this");
    EXPECT_EQ(too_much(metric, 0.99), "nothing");
  }
  EXPECT_EQ(too_much(Metric::mcc, 2),
            "--min-delta 2: mcc goes from -1 to 1 (1 % of that is 0.02), so no epoch can be "
            "better by more than this");
  EXPECT_EQ(too_much(Metric::mcc, 1.5), "nothing");
  EXPECT_EQ(too_much(Metric::brier, 2),
            "--min-delta 2: brier goes from 0 to 2 (1 % of that is 0.02), so no epoch can "
            "be better by more than this");
  EXPECT_EQ(too_much(Metric::log_loss, 5), "nothing");
}

// --- figures and curves ---

TEST(MeasuredMetrics, AfterEveryEpochAndAtTheEnd) {
  for (const bool held : {true, false}) {
    Options options = small();
    options.metrics = {Metric::brier, Metric::balanced_accuracy};
    if (!held) options.validation = "none";
    Told told;
    const Fit fit = train(noisy(true), options, told.callbacks);
    const TrainingRecord& record = fit.model.record();
    const std::vector<Metric> more = {Metric::balanced_accuracy, Metric::brier};
    EXPECT_EQ(record.train.more, more);
    EXPECT_EQ(record.validation.has_value(), held);
    ASSERT_EQ(told.epochs.size(), 40U);
    const Curves& curves = record.curves;
    ASSERT_EQ(curves.epochs.size(), 40U);
    EXPECT_EQ(curves.train.empty(), held);
    const std::vector<Curves::Line>& lines = held ? curves.validation : curves.train;
    ASSERT_EQ(lines.size(), 4U);
    for (std::size_t i = 0; i < 40; ++i) {
      const EpochReport& report = told.epochs[i];
      EXPECT_EQ(report.train.has_value(), !held);
      const Metrics& metrics = held ? *report.validation : *report.train;
      EXPECT_EQ(metrics.more, more);
      EXPECT_EQ(curves.epochs[i], report.epoch);
      EXPECT_EQ(curves.loss[i], report.mean_cost);
      for (const Curves::Line& line : lines) EXPECT_EQ(line.values[i], metrics.value(line.metric));
    }
    EXPECT_EQ(record.train.brier, held ? record.train.brier : told.epochs.back().train->brier);
    EXPECT_EQ(fit.model.evaluate(noisy(true)).examples, 240U);
    if (!held) {
      EXPECT_NEAR(fit.model.evaluate(noisy(true)).brier, record.train.brier, 1e-12);
    }
    const TrainingRecord read = Model::from_bytes(fit.model.to_bytes()).record();
    EXPECT_EQ(read.curves, curves);
    EXPECT_EQ(read.train.more, more);
    EXPECT_EQ(read.train.brier, record.train.brier);
  }
}

// The weights are those of a training that measures nothing, and so is the file but for what is new in it.
TEST(MeasuredMetrics, ChangeNothingOfTheTraining) {
  Options options = small();
  options.validation = "none";
  const Fit plain = train(noisy(true), options);
  EXPECT_TRUE(plain.model.record().curves.epochs.empty());
  options.metrics = {Metric::mcc};
  const Fit measured = train(noisy(true), options);
  EXPECT_EQ(plain.model.weights(1), measured.model.weights(1));
  EXPECT_EQ(plain.model.record().cost, measured.model.record().cost);
}

// Nobody need look on for the curves to be kept, and who looks on how often is no part of them.
TEST(MeasuredMetrics, DoNotDependOnWhoLooksOnOrTheThreads) {
  for (const std::int64_t batch : {0, 32}) {
    Options options = small();
    options.metrics = {Metric::roc_auc};
    options.l2 = 0.1;  // whose part of a reported cost depends on who looks on
    options.batch_size = batch;
    options.epochs = 90;
    const std::vector<std::byte> bytes = train(noisy(true), options).model.to_bytes();
    Told told;
    options.report_every = 7;
    for (const int threads : {1, 2, 3, 8}) {
      options.threads = threads;
      EXPECT_EQ(train(noisy(true), options, told.callbacks).model.to_bytes(), bytes) << batch << " " << threads;
    }
  }
}

TEST(MeasuredMetrics, OfWholeBatchesNowAndThen) {
  Options options = small();
  options.batch_size = 0;
  options.epochs = 401;
  const Curves curves = train(noisy(true), options).model.record().curves;
  ASSERT_EQ(curves.epochs.size(), 26U);
  EXPECT_EQ(curves.epochs[0], 16);
  EXPECT_EQ(curves.epochs[1], 32);
  EXPECT_EQ(curves.epochs[24], 400);
  EXPECT_EQ(curves.epochs[25], 401);
}

TEST(History, KeepsAtMostSoManyPoints) {
  for (const std::int64_t count : {1, 999, 1000, 1001, 2000, 2001, 4321, 10000}) {
    internal::History history(1000);
    for (std::int64_t epoch = 1; epoch <= count; ++epoch) {
      Metrics metrics{.task = Task::regression, .rmse = static_cast<double>(epoch)};
      if (history.wants(epoch) || epoch == count)
        history.add({epoch, epoch, 0, metrics, {}}, static_cast<double>(10 * epoch), epoch == count);
    }
    const Curves& curves = history.curves();
    std::int64_t stride = 1;
    while (count / stride > 1000) stride *= 2;
    ASSERT_EQ(curves.epochs.size(), static_cast<std::size_t>((count + stride - 1) / stride));
    for (std::size_t i = 0; i < curves.epochs.size(); ++i) {
      EXPECT_EQ(curves.epochs[i], std::min(static_cast<std::int64_t>(i + 1) * stride, count));
      EXPECT_EQ(curves.loss[i], static_cast<double>(10 * curves.epochs[i]));
      EXPECT_EQ(curves.validation[1].values[i], static_cast<double>(curves.epochs[i]));
    }
    EXPECT_EQ(curves.epochs.back(), count);
    const std::size_t points = curves.epochs.size();
    history.forget_last();  // of a training that goes on, unless it is one of the others
    EXPECT_EQ(history.curves().epochs.size(), points - (count % stride == 0 ? 0 : 1));
    EXPECT_EQ(history.curves().validation[1].values.size(), history.curves().epochs.size());
  }
}

}  // namespace
}  // namespace strata
