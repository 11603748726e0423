// Which rows are held back, where a column, groups or time say it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "data/table_storage.hpp"
#include "strata/error.hpp"
#include "strata/trainer.hpp"
#include "train/prepare.hpp"

namespace strata {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// 60 rows: x, y of two words, 12 patients, who says which rows, and times backwards.
Table visits() {
  std::vector<double> x, when, day;
  std::vector<std::string> y, patient, fold;
  for (int i = 0; i < 60; ++i) {
    x.push_back(std::sin(i));
    when.push_back(100 - i);
    day.push_back(20 - i / 3);
    y.emplace_back(i % 3 == 0 ? "ill" : "well");
    patient.push_back("p" + std::to_string(i * 7 % 12));
    fold.emplace_back(i % 5 == 2 ? "Validation" : "train");
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_text("y", y);
  table.add_text("patient", patient);
  table.add_text("fold", fold);
  table.add_numbers("when", {}, when);
  table.add_numbers("day", {}, day);
  return table;
}

using Change = std::function<void(Options&)>;

struct Seen {
  std::set<std::size_t> held, trained;
  std::vector<std::string> inputs, notes, warnings;
};

Seen seen(const Table& table, const Change& change) {
  Options options;
  options.target = {"y"};
  options.epochs = 1;
  options.threads = 1;
  change(options);
  Seen seen;
  const internal::Problem problem =
      internal::define_problem(table, options,
                               {[&](std::string_view text) { seen.notes.emplace_back(text); },
                                [&](std::string_view text) { seen.warnings.emplace_back(text); }});
  for (std::size_t i = 0; i < problem.validation_rows.size(); ++i) seen.held.insert(problem.validation_rows[i]);
  for (std::size_t i = 0; i < problem.train_rows.size(); ++i) seen.trained.insert(problem.train_rows[i]);
  for (const InputField& input : problem.inputs) seen.inputs.push_back(input.name);
  return seen;
}

std::string refusal(const Table& table, const Change& change, ErrorCode code = ErrorCode::value) {
  try {
    static_cast<void>(seen(table, change));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

std::set<std::size_t> rows_where(const std::function<bool(std::size_t)>& holds, std::size_t rows = 60) {
  std::set<std::size_t> chosen;
  for (std::size_t i = 0; i < rows; ++i)
    if (holds(i)) chosen.insert(i);
  return chosen;
}

TEST(HoldBack, AColumnSaysWhichRows) {
  const Seen found = seen(visits(), [](Options& o) { o.validation_column = "fold"; });
  EXPECT_EQ(found.held, rows_where([](std::size_t i) { return i % 5 == 2; }));
  EXPECT_EQ(found.trained, rows_where([](std::size_t i) { return i % 5 != 2; }));
  EXPECT_EQ(found.inputs, (std::vector<std::string>{"x", "patient", "when", "day"}));
  EXPECT_EQ(found.notes.front(), "validation: 12 of 60 rows are held back, as 'fold' says");
  EXPECT_TRUE(found.warnings.empty());
}

TEST(HoldBack, AColumnOfTheUsualWords) {
  const auto held = [](const std::string& yes, const std::string& no) {
    Table table = visits();
    std::vector<std::string> say;
    for (int i = 0; i < 60; ++i) say.push_back(i % 4 == 1 ? yes : no);
    table.add_text("say", say);
    return seen(table, [](Options& o) { o.validation_column = "say"; }).held;
  };
  const std::set<std::size_t> expected = rows_where([](std::size_t i) { return i % 4 == 1; });
  for (const auto& [yes, no] : std::vector<std::pair<std::string, std::string>>{{"yes", "no"},
                                                                                {"Y", "N"},
                                                                                {"1", "0"},
                                                                                {"TRUE", "False"},
                                                                                {"test", "train"},
                                                                                {"val", "train"},
                                                                                {"valid", "train"},
                                                                                {"held", "no"},
                                                                                {"holdout", "train"}})
    EXPECT_EQ(held(yes, no), expected) << yes;
  Table numbers = visits();
  std::vector<double> say;
  for (int i = 0; i < 60; ++i) say.push_back(i % 4 == 1 ? 1 : 0);
  numbers.add_numbers("say", {}, say);
  EXPECT_EQ(seen(numbers, [](Options& o) { o.validation_column = "say"; }).held, expected);
}

TEST(HoldBack, AColumnOfOtherWordsIsRefused) {
  const auto with = [](const std::vector<std::string>& words) {
    Table table = visits();
    std::vector<std::string> say;
    for (std::size_t i = 0; i < 60; ++i) say.push_back(words[i % words.size()]);
    table.add_text("say", say);
    return refusal(table, [](Options& o) { o.validation_column = "say"; });
  };
  const std::string advice =
      "; it must hold two words: yes and no, true and false, 1 and 0, or train and one of validation, valid, val, "
      "test, holdout and held; those of no, false, 0 and train are trained on";
  EXPECT_EQ(with({"a", "b", "b"}), "--validation-column: 'say' holds 'a' (20 rows), 'b' (40 rows)" + advice);
  EXPECT_EQ(with({"train", "val", "test"}),
            "--validation-column: 'say' holds 'train' (20 rows), 'val' (20 rows), 'test' (20 rows)" + advice);
  EXPECT_EQ(with({"maybe"}), "--validation-column: 'say' holds 'maybe' (60 rows)" + advice);
  EXPECT_EQ(with({"yes"}), "--validation-column: 'say' holds 'yes' in every row, so none is left to train on");
  EXPECT_EQ(with({"no"}), "--validation-column: 'say' holds 'no' in every row, so none is held back");
  EXPECT_EQ(with({"yes", "", "no"}),
            "--validation-column: 'say' is missing in 20 of 60 rows, the first at the table: say, example 1 (counted "
            "from 0)");
}

TEST(HoldBack, GroupsAreNotSplit) {
  const Table table = visits();
  for (const char* column : {"patient", "day"}) {
    const Seen found = seen(table, [&](Options& o) {
      o.validation = "0.25";
      o.group_column = column;
    });
    std::set<double> held, trained;
    for (const std::size_t row : found.held) held.insert(table.number(table.field(column), row));
    for (const std::size_t row : found.trained) trained.insert(table.number(table.field(column), row));
    for (const double group : held) EXPECT_FALSE(trained.contains(group));
    EXPECT_EQ(found.held.size() + found.trained.size(), 60U);
    EXPECT_EQ(found.held.size(), 15U);
    EXPECT_EQ(std::ranges::count(found.inputs, column), 0);
    // 20 of 60 are ill.
    const auto ill = std::ranges::count_if(found.held, [](std::size_t row) { return row % 3 == 0; });
    EXPECT_NEAR(static_cast<double>(ill), 5, 1) << column;
  }
  EXPECT_EQ(seen(table, [](Options& o) { o.validation = "0.25", o.group_column = "patient"; }).notes.front(),
            "validation: 15 of 60 rows are held back, in 3 of the 12 groups of 'patient', drawn by the seed, of each "
            "class its share as far as groups allow");
}

TEST(HoldBack, GroupsNeedAGroupEach) {
  Table table = visits();
  std::vector<double> one(60, 7), some(60, 1);
  some[5] = some[9] = kNaN;
  std::vector<double> pairs(120, 1);
  table.add_numbers("one", {}, one);
  table.add_numbers("some", {}, some);
  table.add_numbers("pairs", {2}, pairs);
  const auto group = [](const char* name) {
    return [name](Options& o) {
      o.validation = "0.25";
      o.group_column = name;
      o.ignore = {"one", "some"};
    };
  };
  EXPECT_EQ(refusal(table, group("one")),
            "--group-column: 'one' is '7' in all 60 rows; one group cannot be parted, and it is not to be split");
  EXPECT_EQ(refusal(table, group("some")),
            "--group-column: 'some' is missing in 2 of 60 rows, the first at the table: some, example 5 (counted from "
            "0)");
  EXPECT_EQ(refusal(table, group("pairs"), ErrorCode::usage),
            "--group-column: 'pairs' has 2 numbers an example, and one number or word is needed");
  const std::string unknown = refusal(table, group("patients"), ErrorCode::usage);
  EXPECT_TRUE(unknown.starts_with("--group-column: there is no 'patients'; did you mean 'patient'?")) << unknown;
}

TEST(HoldBack, ColumnsOfRowsAreNeitherInputNorTarget) {
  EXPECT_EQ(refusal(
                visits(), [](Options& o) { o.group_column = "y"; }, ErrorCode::usage),
            "--group-column: 'y' is the target, and a column that says how rows are parted or how much they count is "
            "neither an input nor the "
            "target");
  EXPECT_EQ(refusal(
                visits(),
                [](Options& o) {
                  o.validation_column = "fold";
                  o.inputs = {"x", "fold"};
                },
                ErrorCode::usage),
            "--validation-column: 'fold' is an input, and a column that says how rows are parted or how much they "
            "count is neither an input "
            "nor the target");
  // Nor what is predicted where nobody says: the last of the others is.
  Table table = visits().select_fields(std::vector<std::string>{"x", "when", "y", "patient", "fold"});
  Options options;
  options.epochs = 1;
  options.group_column = "fold";
  options.validation = "0.2";
  options.ignore = {"patient"};
  EXPECT_EQ(internal::define_problem(table, options, {[](std::string_view) {}, [](std::string_view) {}})
                .options.target.front(),
            "patient");
}

TEST(HoldBack, TheLastRows) {
  const Seen found = seen(visits(), [](Options& o) { o.validation = "last:0.2"; });
  EXPECT_EQ(found.held, rows_where([](std::size_t i) { return i >= 48; }));
  EXPECT_EQ(found.notes.front(), "validation: 12 of 60 rows are held back, the last ones as they stand");
}

TEST(HoldBack, TheLastRowsByTime) {
  const auto by = [](const char* name) {
    return [name](Options& o) {
      o.validation = "last:0.2";
      o.time_column = name;
    };
  };
  const Seen found = seen(visits(), by("when"));
  EXPECT_EQ(found.held, rows_where([](std::size_t i) { return i < 12; }));
  EXPECT_EQ(found.notes.front(), "validation: 12 of 60 rows are held back, the last ones by 'when'");
  EXPECT_EQ(std::ranges::count(found.inputs, "when"), 1) << "a time may be learned from";
  // Three rows a day: a border within one moves.
  EXPECT_EQ(seen(visits(), [&](Options& o) { by("day")(o), o.validation = "last:0.17"; }).held,
            rows_where([](std::size_t i) { return i < 12; }));
  Table table = visits();
  std::vector<double> same(60, 3), late(60, 5), lacking(60, 5);
  late[7] = 9;
  for (std::size_t i = 20; i < 30; ++i) late[i] = 6;
  lacking[8] = kNaN;
  table.add_numbers("same", {}, same);
  table.add_numbers("late", {}, late);
  table.add_numbers("lacking", {}, lacking);
  // Most rows are of the first time, which is not held back.
  EXPECT_EQ(seen(table, [&](Options& o) { by("late")(o), o.validation = "last:0.9", o.ignore = {"lacking"}; }).held,
            rows_where([](std::size_t i) { return i == 7 || (i >= 20 && i < 30); }));
  EXPECT_EQ(refusal(table, by("same")),
            "--time-column: 'same' is the same in all 60 rows, so none of them is the last");
  EXPECT_EQ(refusal(table, by("lacking")),
            "--time-column: 'lacking' is missing in 1 of 60 rows, the first at the table: lacking, example 8 (counted "
            "from 0)");
  EXPECT_EQ(refusal(table, by("patient"), ErrorCode::usage),
            "--time-column: 'patient' holds words, for example 'p0', and numbers or dates are needed; --date patient "
            "takes it for dates");
}

// Rows that lack the target are neither trained on nor held back, and what they say is not asked for.
TEST(HoldBack, CountsRowsThatHaveTheTarget) {
  Table table;
  std::vector<double> x, y, say, group;
  for (int i = 0; i < 40; ++i) {
    x.push_back(std::cos(i));
    y.push_back(i % 8 == 3 ? kNaN : 0.5 * i);
    say.push_back(i < 10 ? 1 : 0);
    group.push_back(i / 4);
  }
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, y);
  table.add_numbers("say", {}, say);
  table.add_numbers("group", {}, group);
  const auto has = [](std::size_t i) { return i % 8 != 3; };
  const Change drops = [](Options& o) { o.missing_target = MissingTarget::drop; };
  EXPECT_EQ(seen(table, [&](Options& o) { drops(o), o.validation_column = "say"; }).held,
            rows_where([&](std::size_t i) { return i < 10 && has(i); }, 40));
  EXPECT_EQ(seen(table, [&](Options& o) { drops(o), o.validation = "last:0.2"; }).held,
            rows_where([&](std::size_t i) { return i > 31 && i != 35; }, 40));
  const Seen grouped = seen(table, [&](Options& o) { drops(o), o.validation = "0.2", o.group_column = "group"; });
  EXPECT_EQ(grouped.held.size(), 7U);
  EXPECT_EQ(grouped.trained.size(), 28U);
}

TEST(HoldBack, AClassThatIsNotTrainedOnOrNotMeasured) {
  Table table;
  std::vector<double> x;
  std::vector<std::string> y;
  for (int i = 0; i < 60; ++i) {
    x.push_back(std::cos(i));
    y.emplace_back(i < 20 ? "a" : i < 50 ? "b" : "c");
  }
  table.add_numbers("x", {}, x);
  table.add_text("y", y);
  EXPECT_EQ(refusal(table, [](Options& o) { o.validation = "last:0.2"; }),
            "validation: all rows of the class 'c' are held back (the last ones as they stand), so nothing could be "
            "learned of them; hold back others, or leave these rows out of the data");
  const Seen found = seen(table, [](Options& o) { o.validation = "last:0.1"; });
  EXPECT_EQ(found.warnings, (std::vector<std::string>{"validation: no row that is held back is of the classes 'a', "
                                                      "'b', so nothing is measured of them"}));
}

// Nothing is held back without being asked for where a column says which rows are.
TEST(HoldBack, DefaultsGoWithIt) {
  std::vector<double> x, say, group;
  for (int i = 0; i < 240; ++i) x.push_back(std::sin(3 * i)), say.push_back(i % 3 == 0 ? 1 : 0), group.push_back(i / 6);
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, x);
  table.add_numbers("say", {}, say);
  table.add_numbers("group", {}, group);
  Options options;
  options.target = {"y"};
  options.ignore = {"say", "group"};
  options.group_column = "group";
  const TrainingPlan groups = plan_training(table, options);
  EXPECT_EQ(groups.options.patience, 256);
  EXPECT_EQ(groups.held, 48U);
  EXPECT_EQ(groups.held_how, "in 8 of the 40 groups of 'group', drawn by the seed");
  options.group_column.clear();
  options.validation_column = "say";
  const TrainingPlan said = plan_training(table, options);
  EXPECT_EQ(said.options.patience, 256);
  EXPECT_EQ(said.options.validation, "none");
  EXPECT_EQ(said.held, 80U);
  EXPECT_EQ(plan_training(table, said.options).held, 80U) << "what is in force can be asked for";
  options.patience = 5;
  options.epochs = 30;
  EXPECT_EQ(plan_training(table, options).options.validation, "none");
  const Fit fit = train(table, options);
  EXPECT_EQ(fit.model.record().validation->examples, 80U);
  EXPECT_GT(fit.model.record().epochs_tried, 0);
  const auto& recorded = fit.model.record().options;
  EXPECT_NE(std::ranges::find(recorded, std::pair<std::string, std::string>("validation-column", "say")),
            recorded.end());
}

TEST(HoldBack, OneWayOnly) {
  const auto refused = [](const Change& change) { return refusal(visits(), change, ErrorCode::usage); };
  const auto validated = [&](const Change& change) {
    return refused([&](Options& o) {
      change(o);
      validate(o);
    });
  };
  EXPECT_EQ(validated([](Options& o) { o.validation_column = "fold", o.validation = "a b.csv"; }),
            "--validation-column and --validation 'a b.csv' both say which rows are held back; give one of them");
  EXPECT_EQ(validated([](Options& o) { o.validation_column = "fold", o.group_column = "patient"; }),
            "--validation-column and --group-column both say which rows are held back; give one of them");
  EXPECT_EQ(validated([](Options& o) { o.group_column = "patient", o.validation = "last:0.2"; }),
            "--group-column and --validation last:0.2 both say which rows are held back; give one of them");
  EXPECT_EQ(validated([](Options& o) { o.time_column = "when", o.validation = "0.2"; }),
            "--time-column when says which rows are the last ones, and --validation last:0.2 that these are held back; "
            "give both of them");
}

}  // namespace
}  // namespace strata
