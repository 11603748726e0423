// Every row is measured once, by a network that has seen nothing of its part.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// y follows x, with noise; label says whether it is high, in groups of four rows.
Table measured(std::size_t rows = 90) {
  std::vector<double> x, z, y, group;
  std::vector<std::string> label, kind;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto at = static_cast<double>(i);
    x.push_back(100 * std::sin(3 * at + 1));
    z.push_back(i % 11 == 4 ? kNaN : std::cos(at * at));
    y.push_back(x.back() / 100 + 0.3 * std::sin(997 * at * at));
    group.push_back(std::floor(at / 4));
    label.emplace_back(y.back() > 0.3 ? "up" : "down");
    kind.emplace_back(i % 7 == 0 ? "rare" : i % 2 == 0 ? "one" : "two");
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("z", {}, z);
  table.add_text("kind", kind);
  table.add_numbers("group", {}, group);
  table.add_numbers("y", {}, y);
  table.add_text("label", label);
  return table;
}

Options small(const char* target) {
  Options options;
  options.target = {target};
  options.inputs = {"x", "z"};
  if (options.target.front() != "kind") options.inputs.emplace_back("kind");
  options.hidden_layers = {8};
  options.epochs = 12;
  options.threads = 1;
  return options;
}

void expect_same(const Metrics& a, const Metrics& b) {
  EXPECT_EQ(a.examples, b.examples);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.correct, b.correct);
  EXPECT_EQ(a.rmse, b.rmse);
  EXPECT_EQ(a.mae, b.mae);
}

std::vector<std::size_t> others(std::size_t rows, const std::vector<std::size_t>& part) {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < rows; ++i)
    if (!std::ranges::binary_search(part, i)) list.push_back(i);
  return list;
}

TEST(CrossValidation, EveryRowIsMeasuredOnceByATrainingOnTheOthers) {
  const Table table = measured();
  for (const char* target : {"y", "label"}) {
    for (const bool grouped : {false, true}) {
      Options options = small(target);
      if (grouped) options.group_column = "group";
      const CrossValidation found = cross_validate(table, options, 4);
      ASSERT_EQ(found.parts.size(), 4U);
      std::set<std::size_t> all;
      for (const PartReport& part : found.parts) {
        EXPECT_EQ(part.part, static_cast<std::size_t>(&part - found.parts.data()) + 1);
        EXPECT_TRUE(std::ranges::is_sorted(part.rows));
        EXPECT_NEAR(static_cast<double>(part.rows.size()), 22.5, grouped ? 4 : 1);
        for (const std::size_t row : part.rows) EXPECT_TRUE(all.insert(row).second);
        const std::vector<std::size_t> rest = others(90, part.rows);
        EXPECT_EQ(part.train_rows, rest.size());
        Options known = options;  // what is found of the whole table
        known.task = found.options.task;
        const Fit fit = train(table.select_rows(rest), known);
        expect_same(part.metrics, fit.model.evaluate(table.select_rows(part.rows), 1));
        if (!grouped) continue;
        for (const std::size_t row : part.rows)
          for (const std::size_t other : rest) EXPECT_NE(row / 4, other / 4);
      }
      EXPECT_EQ(all.size(), 90U);
    }
  }
}

// Nothing that is fitted has seen the part: not the scale, not what stands for what is missing, not the levels.
TEST(CrossValidation, FeaturesAreFittedOnTheOthersAlone) {
  const Table table = measured();
  std::vector<Features> fitted;
  bool wants = true;
  Callbacks callbacks;
  callbacks.wants_model = [&] { return std::exchange(wants, false); };
  callbacks.model = [&](const Model& model) { fitted.push_back(model.features()); };
  callbacks.part = [&](const PartReport&) { wants = true; };
  const CrossValidation found = cross_validate(table, small("y"), 5, callbacks);
  ASSERT_EQ(fitted.size(), 5U);
  const Field &x = table.field("x"), &z = table.field("z");
  for (std::size_t k = 0; k < 5; ++k) {
    double sum = 0, sum_z = 0, count = 0, count_z = 0;
    for (const std::size_t row : others(90, found.parts[k].rows)) {
      sum += table.number(x, row), ++count;
      if (!std::isnan(table.number(z, row))) sum_z += table.number(z, row), ++count_z;
    }
    EXPECT_NEAR(fitted[k].scaling.offset[0], sum / count, 1e-12);
    EXPECT_NEAR(fitted[k].scaling.offset[1], sum_z / count_z, 1e-12);  // what stands for a missing one
  }
}

TEST(CrossValidation, EachPartHasItsShareOfEveryClass) {
  const Table table = measured();
  const CrossValidation found = cross_validate(table, small("kind"), 5);
  EXPECT_EQ(found.how, "drawn by the seed, each with its share of every class");
  for (const PartReport& part : found.parts) {
    std::size_t rare = 0;
    for (const std::size_t row : part.rows) rare += row % 7 == 0 ? 1 : 0;
    EXPECT_NEAR(static_cast<double>(rare), 13 / 5.0, 1);
  }
}

// What is held back within a part to choose the epoch is of its training rows, in whole groups.
TEST(CrossValidation, EarlyStoppingHoldsBackOfTheOthers) {
  const Table table = measured(240);
  Options options;
  options.target = {"y"};
  options.inputs = {"x", "z"};
  options.group_column = "group";
  options.hidden_layers = {8};
  options.threads = 1;
  std::vector<std::size_t> examples;
  Callbacks callbacks;
  callbacks.epoch = [&](const EpochReport& report) { examples.push_back(report.validation->examples); };
  const CrossValidation found = cross_validate(table, options, 5, callbacks);
  EXPECT_EQ(found.options.patience, 10) << "decided by all 240 rows, though each training has 192";
  EXPECT_EQ(found.options.validation, "0.2");
  for (const PartReport& part : found.parts) {
    EXPECT_EQ(part.rows.size(), 48U);
    EXPECT_NEAR(static_cast<double>(part.train_rows), 192 * 0.8, 3);
  }
  for (const std::size_t each : examples) EXPECT_NEAR(static_cast<double>(each), 192 * 0.2, 3);
}

TEST(CrossValidation, TellsMeanAndSpreadOfEveryFigureAskedFor) {
  Options options = small("y");
  options.metrics = {Metric::pinball};
  const CrossValidation found = cross_validate(measured(), options, 3);
  EXPECT_EQ(figures_of(Task::regression, found.options),
            (std::vector{Metric::loss, Metric::rmse, Metric::mae, Metric::r2, Metric::pinball}));
  for (const Metric each : {Metric::rmse, Metric::pinball}) {
    double mean = 0, squares = 0;
    for (const PartReport& part : found.parts) mean += part.metrics.value(each) / 3;
    for (const PartReport& part : found.parts) squares += std::pow(part.metrics.value(each) - mean, 2) / 2;
    EXPECT_GT(mean, 0);
    EXPECT_DOUBLE_EQ(spread_of(found.parts, each).mean, mean);
    EXPECT_DOUBLE_EQ(spread_of(found.parts, each).deviation, std::sqrt(squares));
    EXPECT_TRUE(std::isnan(spread_of(std::span(found.parts).first(1), each).deviation));
  }
}

TEST(CrossValidation, MeasuresWithTheWeightsOfTheRows) {
  Table table = measured();
  std::vector<double> weights(90);
  for (std::size_t i = 0; i < 90; ++i) weights[i] = i % 10 == 0 ? 0 : 1 + static_cast<double>(i % 4);
  table.add_numbers("w", {}, weights);
  Options options = small("y");
  options.weight_column = "w";
  const CrossValidation found = cross_validate(table, options, 3);
  std::size_t rows = 0;
  for (const PartReport& part : found.parts) {
    rows += part.rows.size();
    Options others = options;
    std::vector<std::size_t> train_rows;
    for (std::size_t i = 0; i < 90; ++i)
      if (!std::ranges::binary_search(part.rows, i)) train_rows.push_back(i);
    const Fit fit = train(table.select_rows(train_rows), others);
    const Table held = table.select_rows(part.rows);
    expect_same(part.metrics, fit.model.evaluate(held, 0, {}, "w"));
    EXPECT_NE(part.metrics.rmse, fit.model.evaluate(held).rmse);
  }
  EXPECT_EQ(rows, 81U) << "a row of weight 0 is in no part";
}

TEST(CrossValidation, IsTheSameForAnyThreads) {
  const Table table = measured();
  const CrossValidation one = cross_validate(table, small("label"), 4);
  for (const int threads : {2, 3, 8}) {
    Options options = small("label");
    options.threads = threads;
    const CrossValidation other = cross_validate(table, options, 4);
    ASSERT_EQ(other.parts.size(), 4U);
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_EQ(other.parts[k].rows, one.parts[k].rows);
      expect_same(other.parts[k].metrics, one.parts[k].metrics);
    }
  }
}

TEST(CrossValidation, LeavesOutRowsWithoutTheTarget) {
  Table table = measured();
  std::vector<double> y(90);
  for (std::size_t i = 0; i < 90; ++i) y[i] = i % 9 == 0 ? kNaN : std::sin(static_cast<double>(i));
  table.add_numbers("lacking", {}, y);
  Options options = small("lacking");
  options.missing_target = MissingTarget::drop;
  const CrossValidation found = cross_validate(table, options, 4);
  std::size_t rows = 0;
  for (const PartReport& part : found.parts) {
    rows += part.rows.size();
    for (const std::size_t row : part.rows) EXPECT_NE(row % 9, 0U);
  }
  EXPECT_EQ(rows, 80U);
}

TEST(CrossValidation, StopsWithThePartsThatAreDone) {
  const Table table = measured();
  const CrossValidation whole = cross_validate(table, small("y"), 4);
  std::size_t parts = 0, updates = 0;
  Callbacks callbacks;
  callbacks.part = [&](const PartReport&) { ++parts; };
  callbacks.progress = [&](const Progress& progress) {
    updates += parts == 2 ? 1 : 0;
    EXPECT_EQ(progress.iterations % 4, 0);
    EXPECT_LE(progress.iteration, progress.iterations);
  };
  callbacks.stop = [&] { return updates == 3; };  // within the third
  const CrossValidation within = cross_validate(table, small("y"), 4, callbacks);
  callbacks.stop = [&] { return parts == 1; };  // seen after its first update
  parts = updates = 0;
  const CrossValidation between = cross_validate(table, small("y"), 4, callbacks);
  EXPECT_EQ(within.ending, Ending::interrupted);
  EXPECT_EQ(between.ending, Ending::interrupted);
  ASSERT_EQ(within.parts.size(), 2U);
  ASSERT_EQ(between.parts.size(), 1U);
  for (std::size_t k = 0; k < 2; ++k) expect_same(within.parts[k].metrics, whole.parts[k].metrics);
}

// Each part tells how its own training ended.
TEST(CrossValidation, TellsOfEarlyStopping) {
  Options options = small("y");
  options.epochs = 400;
  options.patience = 3;
  options.validation = "0.2";
  const CrossValidation found = cross_validate(measured(), options, 3);
  EXPECT_EQ(found.ending, Ending::done);
  for (const PartReport& part : found.parts) {
    EXPECT_EQ(part.ending, Ending::early_stopping);
    EXPECT_EQ(part.epochs_tried, part.epochs + 3);
  }
}

std::string refusal(const Table& table, const Options& options, std::size_t parts, ErrorCode code = ErrorCode::value) {
  try {
    static_cast<void>(cross_validate(table, options, parts));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(CrossValidation, RefusesPartsThatCannotBe) {
  const Table table = measured();
  EXPECT_EQ(refusal(table, small("y"), 1, ErrorCode::usage),
            "--cross-validate 1: there are at least 2 parts, one to measure on and one to train on");
  EXPECT_EQ(refusal(table, small("y"), 91), "--cross-validate 91: there are 90 rows, and every part has at least one");
  EXPECT_EQ(refusal(table, small("kind"), 60),
            "--cross-validate 60: no class has as many rows; the largest is 'two' (39 rows)");
  Options options = small("y");
  options.group_column = "group";
  EXPECT_EQ(refusal(table, options, 24), "--cross-validate 24: 'group' has 23 groups, and every part has at least one");
  options.group_column.clear();
  options.validation_column = "kind";
  options.inputs = {"x"};
  EXPECT_EQ(refusal(table, options, 3, ErrorCode::usage),
            "--cross-validate 3 and --validation-column both say which rows are measured on; give one of them");
}

// A class with fewer rows than there are parts is said, once; what a part warns of has its number.
// What chose the figure is told of a part, too.
TEST(CrossValidation, AFigureOfTheTaskThatIsNotDefined) {
  std::vector<double> x;
  std::vector<std::string> y;
  for (int i = 0; i < 60; ++i) x.push_back(std::sin(i)), y.emplace_back(i < 9 ? "rare" : "usual");
  Table table;
  table.add_numbers("x", {}, x);
  table.add_text("y", y);
  Options options;
  options.monitor.reset();
  options.validation = "last:0.2", options.epochs = 1;
  try {
    static_cast<void>(cross_validate(table, options, 3));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("part 1: --monitor task is roc-auc here, which is not defined"))
        << error.what();
  }
}

TEST(CrossValidation, SaysWhatIsDoubtful) {
  std::vector<std::string> warnings, notes;
  Callbacks callbacks;
  callbacks.warning = [&](std::string_view text) { warnings.emplace_back(text); };
  callbacks.note = [&](std::string_view text) { notes.emplace_back(text); };
  Options options = small("kind");
  options.inputs = {"x"};
  options.epochs = 1;
  static_cast<void>(cross_validate(measured(), options, 20, callbacks));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0],
            "--cross-validate 20: fewer rows than parts, so some parts have none of them: 'rare' (13 "
            "rows)");
  EXPECT_EQ(notes.back(),
            "cross-validation: 20 parts of 90 rows, drawn by the seed, each with its share of every class; each is "
            "predicted by a network that is trained on the others, as one would be on all rows");
  // What each training holds back is not what one on all rows would.
  notes.clear();
  Options held = options;
  held.validation = "last:0.2";
  static_cast<void>(cross_validate(measured(), held, 5, callbacks));
  EXPECT_EQ(notes.back(),
            "cross-validation: 5 parts of 90 rows, drawn by the seed, each with its share of every class; each is "
            "predicted by a network that is trained on the others, less what --validation last:0.2 holds back of them");
  for (const std::string& note : notes) EXPECT_FALSE(note.starts_with("validation:")) << note;
  warnings.clear();
  options.inputs = {"x"};
  options.batch_size = 70;
  static_cast<void>(cross_validate(measured(), options, 5, callbacks));
  EXPECT_TRUE(warnings.empty());
  options.batch_size = 75;  // more than the 72 rows of each training
  static_cast<void>(cross_validate(measured(), options, 5, callbacks));
  EXPECT_EQ(warnings, (std::vector<std::string>{"part 1: there are 72 rows to train on, fewer than --batch-size 75: "
                                                "every update uses all of them"}));
}

}  // namespace
}  // namespace strata
