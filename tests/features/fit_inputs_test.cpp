// What is learned of the inputs, from the training rows alone.
#include "features/fit_inputs.hpp"

#include <cmath>
#include <limits>

#include "features/quantiles.hpp"
#include "model/support.hpp"

namespace strata::internal {
namespace {

using testing::error_of;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

FittedInput fit(const Table& table, ColumnType type, const DataOptions& options, const Rows& rows) {
  const TypedField field{&table.fields()[0], type};
  return fit_inputs(table, std::span(&field, 1), rows, options).front();
}

DataOptions scaled(ScaleKind scale, Impute impute = Impute::mean) {
  DataOptions options;
  options.scale = scale;
  options.impute = impute;
  return options;
}

FittedInput fit_number(const std::vector<double>& values, const DataOptions& options) {
  Table table;
  table.add_numbers("x", {}, values);
  return fit(table, ColumnType::number, options, Rows(values.size()));
}

FittedInput fit_words(const std::vector<std::string>& words, const DataOptions& options = scaled(ScaleKind::none)) {
  Table table;
  table.add_text("c", words);
  return fit(table, ColumnType::category, options, Rows(words.size()));
}

TEST(FitInputs, MissingNumbersTakeNoPart) {
  const FittedInput x = fit_number({1, kNaN, 3, kNaN, 8}, scaled(ScaleKind::standard));
  EXPECT_TRUE(x.input.missing);
  EXPECT_EQ(x.missing, 2U);
  EXPECT_EQ(x.scaling.offset, (std::vector<double>{4, 0}));
  EXPECT_EQ(x.scaling.divisor, (std::vector<double>{std::sqrt(26.0 / 3), 1}));
  EXPECT_FALSE(x.input.fill) << "the offset is the mean";
  EXPECT_FALSE(x.constant);
  EXPECT_EQ(fit_number({1, kNaN, 3, kNaN, 8}, scaled(ScaleKind::standard, Impute::median)).input.fill, 3);
  EXPECT_EQ(fit_number({1, 3, 8, 100}, scaled(ScaleKind::none, Impute::median)).input.fill, 5.5);
  EXPECT_EQ(fit_number({1, kNaN, 8}, scaled(ScaleKind::none)).input.fill, 4.5);
  EXPECT_TRUE(fit_number({1, kNaN, 8}, scaled(ScaleKind::none)).scaling.offset.empty());
  EXPECT_EQ(fit_number({kNaN, kNaN}, scaled(ScaleKind::standard)).missing, 2U);
}

TEST(FitInputs, OnlyTheTrainingRowsMatter) {
  Table table;
  table.add_text("c", std::vector<std::string>{"a", "z", "b", "", "a"});
  table.add_numbers("x", {}, std::vector<double>{1, 1e9, 3, kNaN, 5});
  const Rows rows(std::vector<std::size_t>{0, 2, 4});
  const std::vector<TypedField> fields{{&table.field("c"), ColumnType::category},
                                       {&table.field("x"), ColumnType::number}};
  const std::vector<FittedInput> both = fit_inputs(table, fields, rows, scaled(ScaleKind::standard));
  EXPECT_EQ(both[0].input.levels, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(both[0].input.missing);
  EXPECT_EQ(both[1].scaling.offset, (std::vector<double>{3}));
  EXPECT_FALSE(both[1].input.missing);
  const Features joined = features_of(both, ScaleKind::standard);
  EXPECT_EQ(joined.scaling.offset, (std::vector<double>{0, 0, 3}));
  EXPECT_EQ(joined.inputs[1].name, "x");
}

TEST(FitInputs, LevelsAreThoseOfTheRows) {
  const FittedInput words = fit_words({"u", "", "t", "u", "s"});
  EXPECT_EQ(words.input.levels, (std::vector<std::string>{"s", "t", "u"}));
  EXPECT_TRUE(words.input.missing);
  EXPECT_EQ(words.missing, 1U);
  EXPECT_EQ(words.levels, 3U);
  EXPECT_FALSE(words.input.pooled);
  EXPECT_EQ(fit_words({"10", "9", "9"}).input.levels, (std::vector<std::string>{"9", "10"}));
  EXPECT_TRUE(fit_words({"a", "a"}).constant);
  EXPECT_FALSE(fit_words({"a", ""}).constant);
}

TEST(FitInputs, RareLevelsArePooled) {
  DataOptions options = scaled(ScaleKind::standard);
  options.one_hot_limit = 2;
  const FittedInput words = fit_words({"d", "b", "c", "b", "a", "c", "", "c"}, options);
  EXPECT_EQ(words.input.levels, (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(words.input.pooled);
  EXPECT_EQ(words.levels, 4U);
  EXPECT_EQ(words.pooled_rows, 2U);
  EXPECT_EQ(words.scaling.offset, std::vector<double>(4, 0.0));
  EXPECT_EQ(words.scaling.divisor, std::vector<double>(4, 1.0));
  options.one_hot_limit = 1;  // of equally frequent ones, the first
  EXPECT_EQ(fit_words({"y", "x"}, options).input.levels, (std::vector<std::string>{"x"}));
  options.one_hot_limit = 4;
  EXPECT_FALSE(fit_words({"d", "b", "c", "b", "a"}, options).input.pooled);
}

TEST(FitInputs, NumbersMayBeCategories) {
  Table table;
  table.add_numbers("c", {}, std::vector<double>{3, 10, 3, kNaN, -0.0, 0.0});
  const FittedInput c = fit(table, ColumnType::category, scaled(ScaleKind::none), Rows(6));
  EXPECT_EQ(c.input.levels, (std::vector<std::string>{"0", "3", "10"}));
  EXPECT_EQ(c.missing, 1U);
}

TEST(FitInputs, TheYesOfAPairIsKnown) {
  const auto levels = [](const std::vector<std::string>& words) {
    Table table;
    table.add_text("c", words);
    return yes_no_levels(table.field("c"));
  };
  using Pair = std::vector<std::string>;
  EXPECT_EQ(levels({"yes", "", "no"}), (Pair{"no", "yes"}));
  EXPECT_EQ(levels({"Yes", "no"}), (Pair{"no", "Yes"}));
  EXPECT_EQ(levels({"ON", "OFF"}), (Pair{"OFF", "ON"}));
  EXPECT_EQ(levels({"F", "T"}), (Pair{"F", "T"}));
  EXPECT_EQ(levels({"y", "n"}), (Pair{"n", "y"}));
  EXPECT_EQ(levels({"true", "false"}), (Pair{"false", "true"}));
  EXPECT_EQ(levels({"yes", ""}), Pair{});
  EXPECT_EQ(levels({"Yes", "NO", "yes", "no", "", "YES"}), (Pair{"NO", "Yes"}));
  EXPECT_EQ(levels({"yes", "no", "maybe"}), Pair{});
  EXPECT_EQ(levels({"yes", "Yes"}), Pair{});
}

TEST(FitInputs, AnAnswerInSeveralCasesIsOneLevel) {
  Table table;
  const std::vector<std::string> words{"Yes", "yes", "no", "", "NO"};
  table.add_text("c", words);
  const FittedInput all = fit(table, ColumnType::yes_no, scaled(ScaleKind::none), Rows(5));
  EXPECT_EQ(all.input.levels, (std::vector<std::string>{"no", "Yes"}));
  EXPECT_EQ(all.levels, 2U);
  EXPECT_EQ(all.missing, 1U);
  EXPECT_FALSE(all.constant);
  EXPECT_TRUE(fit(table, ColumnType::yes_no, scaled(ScaleKind::none), Rows(2)).constant);
}

TEST(FitInputs, DatesHaveThePartsThatVary) {
  Table table;  // 1970-01-01, 1970-02-01 and 1971-01-01, all at midnight and the first of a month
  table.add_numbers("when", {}, std::vector<double>{0, 31, kNaN, 365});
  const FittedInput when = fit(table, ColumnType::date, scaled(ScaleKind::standard), Rows(4));
  EXPECT_EQ(when.input.parts, (std::vector<DatePart>{DatePart::year, DatePart::month, DatePart::weekday}));
  EXPECT_EQ(when.input.fill, 132);
  EXPECT_EQ(when.input.earliest, 0);
  EXPECT_TRUE(when.input.missing);
  ASSERT_EQ(when.scaling.offset.size(), 5U);
  EXPECT_EQ(when.scaling.offset[3], 132);
  EXPECT_EQ(when.scaling.offset[4], 0);
  Table wrong;
  wrong.add_numbers("when", {}, std::vector<double>{0, 1e8});
  EXPECT_ERROR(fit(wrong, ColumnType::date, scaled(ScaleKind::none), Rows(2)), "value",
               "the input 'when' holds 1e+08, which is no date of the years 1 to 9999");
}

TEST(FitInputs, RobustIsMedianAndQuartiles) {
  const auto of = [](const std::vector<double>& values) {
    const FittedInput x = fit_number(values, scaled(ScaleKind::robust));
    return std::pair(x.scaling.offset[0], x.scaling.divisor[0]);
  };
  EXPECT_EQ(of({1, 2, 3, 4, 1000}), std::pair(3.0, 2.0));
  EXPECT_EQ(of({5, 0, 0, 0, 0, 0, 0, 0, 0}), std::pair(0.0, 2.5)) << "no quartiles apart: half the range";
  EXPECT_EQ(of({4, 4, 4}), std::pair(4.0, 0.0));
  EXPECT_EQ(fit_number({1, kNaN, 3}, scaled(ScaleKind::robust)).input.fill, 2) << "the median is no mean";
}

TEST(FitInputs, QuantilesAreNotTakenOfAFewWholeNumbers) {
  std::vector<double> whole, fractions;
  for (int i = 0; i < 300; ++i) {
    whole.push_back(i % 20);
    fractions.push_back(i % 20 + 0.5);
  }
  const FittedInput few = fit_number(whole, scaled(ScaleKind::quantile));
  ASSERT_EQ(few.scaling.quantiles.size(), 1U);
  EXPECT_TRUE(few.scaling.quantiles[0].empty());
  EXPECT_EQ(few.scaling.offset[0], 9.5);
  const FittedInput many = fit_number(fractions, scaled(ScaleKind::quantile));
  EXPECT_EQ(many.scaling.quantiles[0].size(), 10U);
  EXPECT_EQ(many.scaling.quantiles[0].front(), 0.5);
  whole.push_back(21);
  EXPECT_EQ(fit_number(whole, scaled(ScaleKind::quantile)).scaling.quantiles[0].size(), 10U);
}

// Read in groups of columns, an array of any width gives what each of its columns gives alone.
TEST(FitInputs, ColumnsAreFittedAloneHoweverManyThereAre) {
  constexpr std::size_t kRows = 5, kWidth = 7;
  std::vector<double> numbers(kRows * kWidth);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<double>(i));
  Table table;
  table.add_numbers("x", {kWidth}, numbers);
  table.add_text("c", std::vector<std::string>{"a", "b", "a", "b", "b"});
  const std::vector<TypedField> fields{{&table.field("c"), ColumnType::category},
                                       {&table.field("x"), ColumnType::number}};
  for (const std::size_t at_a_time : {1UL, 2 * kRows, 3 * kRows, 1000UL}) {
    const auto both = fit_inputs(table, fields, Rows(kRows), scaled(ScaleKind::standard), Weights(), at_a_time);
    EXPECT_EQ(both[0].input.levels.size(), 2U);
    for (std::size_t k = 0; k < kWidth; ++k) {
      std::vector<double> column;
      for (std::size_t row = 0; row < kRows; ++row) column.push_back(numbers[row * kWidth + k]);
      const FittedInput alone = fit_number(column, scaled(ScaleKind::standard));
      EXPECT_EQ(both[1].scaling.offset[k], alone.scaling.offset[0]);
      EXPECT_EQ(both[1].scaling.divisor[k], alone.scaling.divisor[0]);
    }
  }
}

TEST(FitInputs, NumbersThatAreTooLargeAreNamed) {
  EXPECT_ERROR(fit_number({1e308, 1e308, kNaN, -1e307}, scaled(ScaleKind::standard)), "value",
               "cannot standardise the input 'x': its mean or standard deviation over 3 examples is not a finite");
  EXPECT_ERROR(fit_number({1, HUGE_VAL}, scaled(ScaleKind::none)), "value", "the input 'x' holds inf");
}

}  // namespace
}  // namespace strata::internal
