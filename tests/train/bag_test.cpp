// A bag is the networks that trainings on all folds but one leave, each stopped on that one, and what they say
// together.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bag.hpp"

namespace strata {
using namespace bags;
namespace {

const std::vector<std::pair<const char*, std::function<Options()>>> kCases = {
    {"regression", [] { return asked({"y"}); }},
    {"two classes", [] { return asked({"kind"}); }},
    {"three classes", [] { return asked({"level"}); }},
    {"two targets", [] { return asked({"y", "y2"}); }},
    {"float64",
     [] {
       auto o = asked({"y"});
       o.precision = Precision::float64;
       return o;
     }},
    {"bf16",
     [] {
       auto o = asked({"level"});
       o.precision = Precision::bf16;
       return o;
     }},
    {"repeats", [] { return asked({"kind"}, {3, 2}); }},
    {"weights",
     [] {
       auto o = asked({"kind"});
       o.weight_column = "w";
       return o;
     }},
    {"class weights",
     [] {
       auto o = asked({"kind"});
       o.class_weights.each = {{"up", 3}};
       return o;
     }},
    {"groups",
     [] {
       auto o = asked({"kind"});
       o.group_column = "group";
       return o;
     }},
    {"AUC",
     [] {
       auto o = asked({"kind"});
       o.monitor = Metric::roc_auc;
       return o;
     }},
    {"dropout",
     [] {
       auto o = asked({"y"});
       o.dropout = {0.2};
       return o;
     }},
    {"all epochs",
     [] {
       auto o = asked({"y"});
       o.patience = 0;
       return o;
     }},
};

TEST(Bag, EachNetworkIsTheOneThatATrainingStoppedOnItsFoldLeaves) {
  for (const auto& [what, options_of_case] : kCases) {
    SCOPED_TRACE(what);
    const Options options = options_of_case();
    const Fit fit = train(data(), options);
    const auto folds = static_cast<std::size_t>(options.folds.parts * options.folds.repeats);
    ASSERT_EQ(fit.parts.size(), folds);
    ASSERT_EQ(fit.model.networks(), folds);
    EXPECT_EQ(fit.model.shares(), std::vector<double>(folds, 1 / static_cast<double>(folds)));
    const TrainingRecord& record = fit.model.record();
    ASSERT_EQ(record.networks.size(), folds);
    EXPECT_FALSE(record.validation);
    EXPECT_EQ(record.ended, "done");
    std::vector<int> seen(kRows);
    std::int64_t iterations = 0;
    for (std::size_t f = 0; f < folds; ++f) {
      const Fit single = alone(options, fit.parts[f], f);
      expect_network(fit.model, f, single.model);
      iterations = std::max(iterations, single.model.record().iterations);
      const NetworkRecord& told = record.networks[f];
      EXPECT_EQ(told.fold, static_cast<std::int64_t>(f + 1));
      EXPECT_EQ(told.member, 1);
      EXPECT_EQ(told.seed, internal::seed_of_network(7, f));
      EXPECT_EQ(told.epochs, single.model.record().epochs);
      EXPECT_EQ(told.epochs_tried, single.model.record().epochs_tried);
      if (options.class_weights == ClassWeights()) expect_same(fit.parts[f].metrics, *single.model.record().validation);
      EXPECT_EQ(fit.parts[f].train_rows, single.model.record().rows);
      for (const std::size_t row : fit.parts[f].rows) ++seen[row];
    }
    EXPECT_EQ(record.iterations, iterations);
    const auto counted = [&](std::size_t row) { return options.weight_column.empty() || row % 4 != 0; };
    for (std::size_t row = 0; row < kRows; ++row) EXPECT_EQ(seen[row], counted(row) ? options.folds.repeats : 0);
  }
}

TEST(Bag, SaysTheMeanOfItsNetworksAndOfEachRowWhatThoseSayThatWereNotTrainedOnIt) {
  for (const auto& [what, options_of_case] : kCases) {
    SCOPED_TRACE(what);
    Options options = options_of_case();
    options.metrics.clear();
    const Fit fit = train(data(), options);
    ASSERT_TRUE(fit.out_of_fold);
    const OutOfFold& told = *fit.out_of_fold;
    const Table table = data();
    const Predictions whole = fit.model.predict(table);
    const std::size_t columns = whole.columns;
    const double near = options.precision == Precision::float64 ? 1e-15 : 3e-7;
    std::vector<double> mean(whole.values.size()), kept(whole.values.size());
    const auto networks = static_cast<double>(fit.parts.size());
    for (std::size_t f = 0; f < fit.parts.size(); ++f) {
      const Predictions own = alone(options, fit.parts[f], f).model.predict(table);
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += own.values[i] / networks;
      for (const std::size_t row : fit.parts[f].rows)
        for (std::size_t k = 0; k < columns; ++k)
          kept[row * columns + k] += own.values[row * columns + k] / options.folds.repeats;
    }
    for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(whole.values[i], mean[i], near);
    const bool weighs = !options.weight_column.empty();
    ASSERT_EQ(told.predictions.examples, kRows - (weighs ? 23 : 0));
    EXPECT_EQ(told.predictions.header, whole.header);
    EXPECT_FALSE(told.are_lines);
    EXPECT_EQ(told.numbers, told.rows);  // of an array
    EXPECT_TRUE(told.files.empty());
    const std::size_t targets = told.targets.size() / told.rows.size();
    double loss = 0, weight = 0, rmse = 0;
    std::vector<double> squares(columns);
    std::size_t correct = 0;
    for (std::size_t i = 0; i < told.predictions.examples; ++i) {
      const std::size_t row = told.rows[i];
      const double* const a = told.predictions.values.data() + i * columns;
      for (std::size_t k = 0; k < columns; ++k) EXPECT_NEAR(a[k], kept[row * columns + k], near);
      const double w = weighs ? static_cast<double>(row % 4) : 1;
      weight += w;
      if (told.predictions.classes.empty()) {
        for (std::size_t k = 0; k < columns; ++k) squares[k] += std::pow(told.targets[i * targets + k] - a[k], 2);
        continue;
      }
      const auto truth = static_cast<std::size_t>(told.targets[i]);
      loss -= w * std::log(a[truth]);
      correct += told.predictions.label[i] == truth ? 1 : 0;
    }
    for (const double sum : squares) rmse += std::sqrt(sum / weight) / static_cast<double>(columns);
    const Metrics& figures = *fit.model.record().out_of_fold;
    EXPECT_EQ(figures.examples, told.predictions.examples);
    EXPECT_EQ(figures.correct, correct);
    if (told.predictions.classes.empty())
      EXPECT_NEAR(figures.rmse, rmse, 1e-6);
    else
      EXPECT_NEAR(figures.loss, loss / weight, 1e-6);
    if (options.class_weights == ClassWeights()) {
      const Metrics all = fit.model.evaluate(table, 1, {}, options.weight_column);
      EXPECT_EQ(fit.model.record().train.examples, all.examples);
      EXPECT_NEAR(fit.model.record().train.loss, all.loss, 1e-12);
      EXPECT_NEAR(fit.model.record().cost, all.loss, 1e-12);
    }
  }
}

TEST(Bag, IsTheSameForAnyNumberOfThreads) {
  for (const auto& [what, options_of_case] : kCases) {
    SCOPED_TRACE(what);
    Options options = options_of_case();
    options.threads = 1;
    const std::string one = bytes_of(train(data(), options).model);
    for (const int threads : {2, 3}) {
      options.threads = threads;
      EXPECT_EQ(bytes_of(train(data(), options).model), one);
    }
  }
}

TEST(Bag, PartsTheRowsAnewEachTime) {
  for (const char* group : {"", "group"}) {
    Options options = asked({"y"}, {3, 2});
    options.epochs = 1, options.group_column = group;
    const Fit twice = train(data(), options);
    options.folds.repeats = 1;
    const Fit once = train(data(), options);
    for (std::size_t f = 0; f < 3; ++f) {
      EXPECT_EQ(twice.parts[f].rows, once.parts[f].rows);
      for (std::size_t other = 3; other < 6; ++other) EXPECT_NE(twice.parts[f].rows, twice.parts[other].rows);
    }
  }
}

TEST(Bag, DecidesAsForRowsThatAreHeldBack) {
  Options options = asked({"y"}, {Folds::kAutomatic, 1});
  options.patience.reset();
  const TrainingPlan plan = plan_training(data(), options);
  EXPECT_EQ(plan.options.folds, (Folds{5, 5}));
  EXPECT_EQ(plan.options.patience, 20);
  EXPECT_EQ(plan.options.validation, "none");
  EXPECT_EQ(plan.folds, std::vector<std::size_t>(25, 18));
  EXPECT_EQ(plan.rows, kRows);
  EXPECT_EQ(plan.batches, 9);
  EXPECT_EQ(plan.iterations, 25 * 12 * 9);
}

}  // namespace
}  // namespace strata
