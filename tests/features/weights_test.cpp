// How much rows count: what is fitted on weighted rows is what is fitted on each row so many times.
#include "features/weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "features/fit_inputs.hpp"
#include "features/quantiles.hpp"
#include "features/scaling.hpp"
#include "model/support.hpp"

namespace strata::internal {
namespace {

using testing::error_of;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Table table_of(const std::vector<double>& w) {
  Table table;
  table.add_numbers("w", {}, w);
  return table;
}

Sample repeated(const Sample& sample) {
  Sample all;
  for (std::size_t i = 0; i < sample.size(); ++i)
    all.x.insert(all.x.end(), static_cast<std::size_t>(sample.w[i]), sample.x[i]);
  all.sort();
  return all;
}

TEST(Weights, QuantilesAreThoseOfRepeatedNumbersBitByBit) {
  for (int n = 1; n < 60; ++n) {
    Sample sample;
    for (int i = 0; i < n; ++i) {
      sample.x.push_back(i % 5 == 0 ? 7.3 : 10 * std::sin(i * n));
      sample.w.push_back(1 + (i * 7 + n) % 4);
    }
    sample.sort();
    const Sample all = repeated(sample);
    const Quantiles weighted(sample), plain(all);
    EXPECT_EQ(weighted.rows(), all.size());
    for (int k = 0; k <= 1000; ++k) EXPECT_EQ(weighted(k / 1000.0), plain(k / 1000.0)) << n << " numbers, " << k;
    EXPECT_EQ(quantiles_of(sample), quantiles_of(all));
  }
}

TEST(Weights, QuantilesOfFractionsChangeWithoutAJump) {
  const auto median = [](double w) {
    const Sample sample{.x = {1, 4, 9, 16}, .w = {1, w, 1, 0.5}, .unit = 1};
    return Quantiles(sample)(0.5);
  };
  for (double w = 0.25; w < 6; w += 0.01) EXPECT_NEAR(median(w), median(w + 1e-9), 1e-7) << w;
  // In units of theirs, weights are what they are beside each other, however small.
  const Sample small{.x = {1, 4, 9, 16}, .w = {1e-12, 3e-12, 1e-12, 2e-12}, .unit = 1e-12};
  const Sample whole{.x = {1, 4, 9, 16}, .w = {1, 3, 1, 2}};
  for (double p = 0; p <= 1; p += 0.01) EXPECT_NEAR(Quantiles(small)(p), Quantiles(whole)(p), 1e-12);
  // Less than a row in all: their mean.
  const Sample less{.x = {2, 4}, .w = {0.25, 0.25}};
  EXPECT_EQ(Quantiles(less)(0), 3);
  EXPECT_EQ(Quantiles(less)(1), 3);
  EXPECT_EQ(Quantiles(less).rows(), 1U);
}

TEST(Weights, MeanAndDeviationCountThem) {
  StandardFit fit(1);
  const std::vector<double> x{1, 5, 9}, w{2, 1, 1};
  for (std::size_t i = 0; i < x.size(); ++i) fit.add(&x[i], w[i]);
  EXPECT_EQ(fit.mean(0), 4);
  std::vector<std::size_t> constant;
  const Scaling scaling = fit.finish(
      3, [&](std::size_t r, double* out) { *out = x[r]; }, [](std::size_t) { return std::string("x"); }, constant, w);
  EXPECT_EQ(scaling.offset[0], 4);
  EXPECT_EQ(scaling.divisor[0], std::sqrt(11.0));  // (2·9 + 1 + 25) / 4
  EXPECT_TRUE(constant.empty());
}

// Columns of every type, some cells missing, and each row twice to four times in the second table.
class Doubled {
 public:
  explicit Doubled(bool whole, double times = 1) {
    const std::vector<std::string> words{"a", "b", "c", "d", "e", ""}, answers{"no", "yes", ""};
    for (int i = 0; i < 47; ++i) {
      const int w = 1 + (i * i + i / 3) % 4;
      const double number = i % 6 == 2 ? kNaN
                            : whole    ? i * i % 13
                                       : std::sin(i) * 40,
                   date = i % 9 == 5 ? kNaN : 19000 + 37 * i;
      weights_.push_back(w * times);
      add(once_, number, date, words[static_cast<std::size_t>(i * i % 6)], answers[static_cast<std::size_t>(i % 3)]);
      for (int k = 0; k < w; ++k)
        add(often_, number, date, words[static_cast<std::size_t>(i * i % 6)], answers[static_cast<std::size_t>(i % 3)]);
    }
  }

  [[nodiscard]] std::vector<FittedInput> once(const DataOptions& options) const {
    Table table = table_of(once_);
    table.add_numbers("w", {}, weights_);
    return fit(table, options, weights_of(table, "w"));
  }
  [[nodiscard]] std::vector<FittedInput> often(const DataOptions& options) const {
    const Table table = table_of(often_);
    return fit(table, options, Weights(table.rows()));
  }

 private:
  struct Columns {
    std::vector<double> number, date;
    std::vector<std::string> word, answer;
  };
  static void add(Columns& to, double number, double date, const std::string& word, const std::string& answer) {
    to.number.push_back(number), to.date.push_back(date), to.word.push_back(word), to.answer.push_back(answer);
  }
  static Table table_of(const Columns& columns) {
    Table table;
    table.add_numbers("number", {}, columns.number);
    table.add_numbers("date", {}, columns.date);
    table.add_text("word", columns.word);
    table.add_text("answer", columns.answer);
    return table;
  }
  static std::vector<FittedInput> fit(const Table& table, const DataOptions& options, const Weights& weights) {
    const std::vector<TypedField> fields{{&table.field("number"), ColumnType::number},
                                         {&table.field("date"), ColumnType::date},
                                         {&table.field("word"), ColumnType::category},
                                         {&table.field("number"), ColumnType::category},
                                         {&table.field("answer"), ColumnType::yes_no}};
    return fit_inputs(table, fields, Rows(table.rows()), options, weights);
  }

  Columns once_, often_;
  std::vector<double> weights_;
};

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double relative, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], relative * (1 + std::abs(b[i]))) << what;
}

TEST(Weights, WhatIsFittedIsThatOfRepeatedRows) {
  for (const bool whole : {true, false}) {
    const Doubled rows(whole);
    for (const ScaleKind scale : {ScaleKind::standard, ScaleKind::robust, ScaleKind::quantile, ScaleKind::none}) {
      for (const Impute impute : {Impute::mean, Impute::median}) {
        DataOptions options;
        options.scale = scale;
        options.impute = impute;
        options.one_hot_limit = 3;
        const auto once = rows.once(options), often = rows.often(options);
        for (std::size_t i = 0; i < once.size(); ++i) {
          InputField a = once[i].input, b = often[i].input;
          const std::string what =
              a.name + ", scale " + std::string(name(scale)) + ", impute " + std::string(name(impute));
          ASSERT_EQ(a.fill.has_value(), b.fill.has_value()) << what;
          if (a.fill) {
            EXPECT_NEAR(*a.fill, *b.fill, whole ? 0 : 1e-12 * std::abs(*b.fill)) << what;
            a.fill = b.fill;
          }
          EXPECT_EQ(a, b) << what;
          expect_near(once[i].scaling.offset, often[i].scaling.offset, whole ? 0 : 1e-12, what);
          expect_near(once[i].scaling.divisor, often[i].scaling.divisor, 1e-13, what);
          ASSERT_EQ(once[i].scaling.quantiles.size(), often[i].scaling.quantiles.size()) << what;
          EXPECT_EQ(once[i].scaling.quantiles, often[i].scaling.quantiles) << what;
        }
      }
    }
  }
}

// Of weights that are no numbers of rows only the shares matter.
TEST(Weights, TheirScaleDoesNotMatter) {
  for (const ScaleKind scale : {ScaleKind::standard, ScaleKind::robust, ScaleKind::quantile}) {
    DataOptions options;
    options.scale = scale;
    options.one_hot_limit = 3;
    const auto small = Doubled(false, 0.001).once(options), large = Doubled(false, 0.37).once(options);
    for (std::size_t i = 0; i < small.size(); ++i) {
      EXPECT_EQ(small[i].input.levels, large[i].input.levels);
      expect_near(small[i].scaling.offset, large[i].scaling.offset, 1e-12, small[i].input.name);
      expect_near(small[i].scaling.divisor, large[i].scaling.divisor, 1e-12, small[i].input.name);
      for (std::size_t k = 0; k < small[i].scaling.quantiles.size(); ++k)
        expect_near(small[i].scaling.quantiles[k], large[i].scaling.quantiles[k], 1e-12, small[i].input.name);
    }
  }
}

TEST(Weights, RareLevelsAreThoseThatCountLeast) {
  Table table;
  table.add_text("c", std::vector<std::string>{"a", "a", "a", "b", "c", "c"});
  table.add_numbers("w", {}, std::vector<double>{1, 1, 1, 10, 2, 2});
  const TypedField field{&table.field("c"), ColumnType::category};
  DataOptions options;
  options.scale = ScaleKind::none;
  options.one_hot_limit = 2;
  const auto levels = [&](const Weights& weights) {
    return fit_inputs(table, std::span(&field, 1), Rows(6), options, weights).front().input.levels;
  };
  EXPECT_EQ(levels(Weights(6)), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(levels(weights_of(table, "w")), (std::vector<std::string>{"b", "c"}));
}

TEST(Weights, RowsOfWeight0AreNotThere) {
  const Table table = table_of({0, 2, 0, 0, 1.5, 4});
  const Weights weights = weights_of(table, "w");
  EXPECT_EQ(weights.of_weight_0(), 3U);
  ASSERT_EQ(weights.rows().size(), 3U);
  EXPECT_EQ(weights.of(weights.rows()), (std::vector<double>{2, 1.5, 4}));
  EXPECT_EQ(weights.numbers_of(Rows(std::vector<std::size_t>{1, 5})), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(weights.unit(), 2.5) << "of weights that are no counts, one row's is the mean";
  EXPECT_EQ(weights_of(table_of({3, 1, 2}), "w").unit(), 1);
  EXPECT_TRUE(weights_of(table_of({3, 1, 2}), "w").numbers_of(Rows(3)).empty());
  EXPECT_TRUE(Weights(4).of(Rows(4)).empty());
}

TEST(Weights, WhatIsNoneIsRefusedWithItsPlace) {
  EXPECT_ERROR(weights_of(table_of({1, -2, 3}), "w"), "value",
               "w, example 1 (counted from 0): the weight is -2; expected a number, 0 or greater");
  EXPECT_ERROR(weights_of(table_of({1, 2, kNaN}), "w"), "value",
               "w, example 2 (counted from 0): the weight is missing; expected a number, 0 or greater");
  EXPECT_ERROR(weights_of(table_of({HUGE_VAL, 2}), "w"), "value", "example 0");
  EXPECT_ERROR(weights_of(table_of({1e308, 1e308}), "w"), "value", "the weights are too large to be added up");
  EXPECT_ERROR(weights_of(table_of({0, 0}), "w"), "value", "--weight-column w: the weight is 0 in all 2 rows of");
  EXPECT_ERROR(weights_of(table_of({1}), "ww"), "usage", "has no such column; did you mean 'w'?");
  Table array;
  array.add_numbers("w", {2}, std::vector<double>{1, 2, 3, 4});
  EXPECT_ERROR(weights_of(array, "w"), "shape", "an example of it has the shape 2, and a weight is one number a row");
  Table text;
  text.add_text("w", std::vector<std::string>{"a", "b"});
  EXPECT_ERROR(weights_of(text, "w"), "value", "w");
}

}  // namespace
}  // namespace strata::internal
