// Categories whose levels are embedded, levels that are scaled, and what the stage in front makes of columns of X.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "features/fit_inputs.hpp"
#include "features/inputs.hpp"
#include "features/quantiles.hpp"
#include "features/scaling.hpp"
#include "features/stage_rows.hpp"
#include "model/support.hpp"

namespace strata::internal {
namespace {

using Kind = RowEmbedding::Kind;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

DataOptions embedding(int one_hot_limit, ScaleKind scale = ScaleKind::none) {
  DataOptions options;
  options.scale = scale;
  options.one_hot_limit = one_hot_limit;
  options.embedding_size = 8;
  return options;
}

FittedInput fit(const Table& table, ColumnType type, const DataOptions& options, const Weights& weights = Weights()) {
  const TypedField field{&table.fields()[0], type};
  return fit_inputs(table, std::span(&field, 1), Rows(table.rows()), options, weights).front();
}

FittedInput fit_words(const std::vector<std::string>& words, const DataOptions& options) {
  Table table;
  table.add_text("c", words);
  return fit(table, ColumnType::category, options);
}

InputField category(std::vector<std::string> levels, bool embedded, bool missing = false) {
  return {.name = "c",
          .shape = {},
          .type = ColumnType::category,
          .levels = std::move(levels),
          .embedded = embedded,
          .missing = missing};
}

std::vector<double> encode(const Features& features, const std::vector<double>& raw) {
  const InputEncoder encoder(features, 0);
  std::vector<double> x(encoder.width());
  encoder.encode(raw.data(), x.data());
  return x;
}

TEST(Embedded, ACategoryOfMoreLevelsThanTheLimitIsOneColumn) {
  const std::vector<std::string> words{"d", "b", "c", "b", "a", "", "d"};
  for (const ScaleKind scale : {ScaleKind::none, ScaleKind::standard, ScaleKind::robust, ScaleKind::quantile}) {
    const FittedInput c = fit_words(words, embedding(3, scale));
    EXPECT_TRUE(c.input.embedded);
    EXPECT_FALSE(c.input.pooled);
    EXPECT_EQ(c.pooled_rows, 0U);
    EXPECT_EQ(c.input.levels, (std::vector<std::string>{"a", "b", "c", "d"}));
    EXPECT_TRUE(c.input.missing);
    EXPECT_EQ(encoded_width(c.input), 1U) << "without a column for what is missing";
    if (scale == ScaleKind::none) continue;
    EXPECT_EQ(c.scaling.offset, std::vector<double>{0});
    EXPECT_EQ(c.scaling.divisor, std::vector<double>{1});
    EXPECT_EQ(c.scaling.quantiles.size(), scale == ScaleKind::quantile ? 1U : 0U);
    EXPECT_FALSE(c.scaling.levels);
  }
  EXPECT_FALSE(fit_words(words, embedding(4)).input.embedded) << "as many levels as have a column of their own";
  DataOptions without = embedding(3);
  without.embedding_size = 0;
  EXPECT_FALSE(fit_words(words, without).input.embedded);
  EXPECT_TRUE(fit_words(words, without).input.pooled);
}

TEST(Embedded, AnyOtherWordAndAMissingOneShareACode) {
  Features features;
  features.inputs = {category({"a", "b", "c"}, true, true), {.name = "x", .shape = {}}};
  for (const ScaleKind scale : {ScaleKind::none, ScaleKind::robust}) {
    features.scaling = {scale, {0, 5}, {1, 0}, {}, true};
    const double x = scale == ScaleKind::none ? 7 : 0;
    EXPECT_EQ(encode(features, {0, 7}), (std::vector<double>{0, x}));
    EXPECT_EQ(encode(features, {2, 7}), (std::vector<double>{2, x}));
    EXPECT_EQ(encode(features, {3, 7}), (std::vector<double>{3, x}));
    EXPECT_EQ(encode(features, {kNaN, 7}), (std::vector<double>{3, x}));
    for (const double wrong : {-1.0, 0.5, 4.0, 1e300}) EXPECT_TRUE(std::isnan(encode(features, {wrong, 7})[0]));
  }
  Table table;
  table.add_text("c", std::vector<std::string>{"b", "z", "", "c"});
  const LevelCodes codes(features.inputs[0], table.fields()[0]);
  std::vector<double> found;
  for (std::size_t row = 0; row < 4; ++row) found.push_back(codes.code(table.number(table.fields()[0], row)));
  EXPECT_EQ(found[0], 1);
  EXPECT_EQ(found[1], 3);
  EXPECT_TRUE(std::isnan(found[2]));
  EXPECT_EQ(found[3], 2);
}

TEST(Embedded, WhatNoTrainingRowHadIsCounted) {
  Features features;
  features.inputs = {category({"a", "b"}, true)};
  std::vector<Seen> seen(1);
  const InputEncoder encoder(features, 0);
  for (const double raw : {0.0, 2.0, kNaN, 2.0}) encoder.look(&raw, seen, [](std::size_t) { return std::string("z"); });
  EXPECT_EQ(seen[0].unknown, 2U);
  EXPECT_EQ(seen[0].missing, 1U);
  EXPECT_EQ(seen[0].first_unknown, "z");
}

TEST(Embedded, TheColumnSaysWhatItsCodesMean) {
  Features features;
  features.inputs = {category({"a", "b", "c"}, true), category({"only"}, true)};
  features.inputs[1].name = "d";
  const std::vector<EncodedColumn> columns = encoded_columns(features);
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[0].name, "c");
  EXPECT_EQ(columns[0].equation, "code 0 … 2, 3 for any other");
  EXPECT_EQ(columns[1].equation, "code 0, 1 for any other");
}

// In time that grows hardly faster than their number.
TEST(Embedded, AMillionLevels) {
  constexpr std::size_t kLevels = 1'000'000;
  std::vector<std::string> words;
  for (std::size_t l = 0; l < kLevels; ++l) words.push_back("w" + std::to_string(l * 7919 % kLevels));
  Table table;
  table.add_text("c", words);
  const auto begin = std::chrono::steady_clock::now();
  Features features;
  features.inputs = {fit(table, ColumnType::category, embedding(8)).input};
  ASSERT_TRUE(features.inputs[0].embedded);
  ASSERT_EQ(features.inputs[0].levels.size(), kLevels);
  const LevelCodes codes(features.inputs[0], table.fields()[0]);
  for (std::size_t row = 0; row < kLevels; row += 99'991) {
    const auto code = static_cast<std::size_t>(codes.code(table.number(table.fields()[0], row)));
    EXPECT_EQ(features.inputs[0].levels[code], words[row]);
    EXPECT_EQ(encode(features, {static_cast<double>(code)}), std::vector<double>{static_cast<double>(code)});
  }
  EXPECT_EQ(stage_rows_of(features, NumericEmbedding::none), (std::vector<RowEmbedding>{{Kind::levels, 1'000'001}}));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(taken.count(), 60) << "seconds; one comparison of each with each would take hours";
}

TEST(Embedded, OfMoreThanAMillionTheRareOnesArePooled) {
  std::vector<double> numbers;
  for (int i = 0; i < 1'000'001; ++i) numbers.push_back(i);
  Table table;
  table.add_numbers("c", {}, numbers);
  const InputField input = fit(table, ColumnType::category, embedding(8)).input;
  EXPECT_FALSE(input.embedded);
  EXPECT_TRUE(input.pooled);
  EXPECT_EQ(input.levels.size(), 8U);
}

// --- columns of levels, scaled as numbers are ---

// The median and the quartiles of the columns themselves, each number of them in as many rows as it counts.
void expect_scaled_as_numbers(const FittedInput& found, const Table& table, const std::vector<int>& repeats) {
  Features features;
  features.inputs = {found.input};
  const Field* const field = &table.fields()[0];
  InputEncoder encoder(features, std::span(&field, 1));
  std::vector<std::vector<double>> columns(encoder.width());
  std::vector<double> x(encoder.width());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    double raw = table.number(*field, row);
    encoder.to_codes(&raw);
    encoder.encode(&raw, x.data());
    for (std::size_t j = 0; j < x.size(); ++j) columns[j].insert(columns[j].end(), repeats[row], x[j]);
  }
  if (found.input.missing && found.input.type == ColumnType::category) {
    EXPECT_EQ(found.scaling.offset.back(), 0);
    EXPECT_EQ(found.scaling.divisor.back(), 1);
    columns.pop_back();
  }
  EXPECT_TRUE(found.scaling.levels);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    std::vector<double>& column = columns[j];
    std::ranges::sort(column);
    double divisor = quantile(column, 0.75) - quantile(column, 0.25);
    if (divisor == 0) divisor = (column.back() - column.front()) / 2;
    EXPECT_NEAR(found.scaling.offset[j], quantile(column, 0.5), 1e-12) << j;
    EXPECT_NEAR(found.scaling.divisor[j], divisor, 1e-12) << j;
  }
}

TEST(ScaledLevels, AreThoseOfTheColumnsWrittenOut) {
  const std::vector<std::vector<std::string>> tables{{"a", "b", "a", "a", "c", "", "b", "a", "d", "e"},
                                                     {"a", "b"},
                                                     {"a", "b", "b", ""},
                                                     {"a", "a", "a"},
                                                     {"a", "a", "b", "b", "c", "c", "c", "c", "d"}};
  for (const std::vector<std::string>& words : tables) {
    Table table;
    table.add_text("c", words);
    std::vector<double> w;
    std::vector<int> once(words.size(), 1), often;
    for (std::size_t i = 0; i < words.size(); ++i) often.push_back(1 + static_cast<int>(i * i % 4));
    w.assign(often.begin(), often.end());
    table.add_numbers("w", {}, w);
    for (const int limit : {2, 100}) {
      DataOptions options = embedding(limit, ScaleKind::robust);
      options.embedding_size = 0;
      expect_scaled_as_numbers(fit(table, ColumnType::category, options), table, once);
      expect_scaled_as_numbers(fit(table, ColumnType::category, options, Weights(table, "w")), table, often);
    }
  }
}

TEST(ScaledLevels, SoAreThoseOfYesAndNo) {
  const std::vector<std::vector<std::string>> tables{{"yes", "no", "yes", "yes"},
                                                     {"no", "yes", "", "No", "", ""},
                                                     {"no", "yes", "no", "no", "no", "no", "no", "no", "no"}};
  for (const std::vector<std::string>& words : tables) {
    Table table;
    table.add_text("c", words);
    const FittedInput found = fit(table, ColumnType::yes_no, embedding(8, ScaleKind::robust));
    expect_scaled_as_numbers(found, table, std::vector<int>(words.size(), 1));
  }
}

TEST(ScaledLevels, AreBentLikeNumbers) {
  Features features;
  features.inputs = {category({"u", "v"}, false, true),
                     {.name = "q", .shape = {}, .type = ColumnType::yes_no, .levels = {"n", "y"}}};
  features.scaling = {ScaleKind::robust, {0, 1, 0, -1}, {0.5, 0, 1, 1}, {}, true};
  const std::vector<double> x = encode(features, {0, 1});
  EXPECT_DOUBLE_EQ(x[0], 2 / std::sqrt(1 + 4 / 9.0));
  EXPECT_EQ(x[1], 0) << "the same in all training rows";
  EXPECT_EQ(x[2], 0);
  EXPECT_DOUBLE_EQ(x[3], 2 / std::sqrt(1 + 4 / 9.0));
  EXPECT_EQ(encode(features, {kNaN, kNaN})[2], 1) << "the column for what is missing stays as it is";
  const std::vector<EncodedColumn> columns = encoded_columns(features);
  EXPECT_EQ(columns[0].equation, "t / √(1 + (t/3)²), t = x / 0.5, x = 1 for u, else 0");
  EXPECT_EQ(columns[1].equation, "0");
  EXPECT_EQ(columns[2].equation, "1 where it is missing, else 0");
  EXPECT_EQ(columns[3].equation, "t / √(1 + (t/3)²), t = x + 1, x = +1 for y, −1 for n, else 0");
  features.scaling.levels = false;  // as models were that know nothing of it
  EXPECT_EQ(encode(features, {0, 1}), (std::vector<double>{1, 0, 0, 1}));
}

TEST(ScaledLevels, OnlyWhereThereAreAny) {
  Table table;
  table.add_numbers("x", {}, std::vector<double>{1, 2, 4});
  table.add_text("c", std::vector<std::string>{"a", "b", "b"});
  const std::vector<TypedField> fields{{&table.field("x"), ColumnType::number},
                                       {&table.field("c"), ColumnType::category}};
  for (const ScaleKind scale : {ScaleKind::standard, ScaleKind::quantile, ScaleKind::robust}) {
    const auto of = [&](std::span<const TypedField> some) {
      return features_of(fit_inputs(table, some, Rows(3), embedding(8, scale)), scale).scaling.levels;
    };
    EXPECT_EQ(of(fields), scale == ScaleKind::robust);
    EXPECT_FALSE(of(std::span(fields).first(1)));
  }
}

// --- the stage ---

TEST(StageRows, OneForEachColumnOfX) {
  Features features;
  const InputField number{.name = "x", .shape = {}, .missing = true}, array{.name = "p", .shape = {2}};
  const InputField date{.name = "d",
                        .shape = {},
                        .type = ColumnType::date,
                        .missing = true,
                        .fill = 0,
                        .parts = {DatePart::year, DatePart::month}};
  const InputField answer{.name = "q", .shape = {}, .type = ColumnType::yes_no, .levels = {"n", "y"}, .missing = true};
  features.inputs = {number, category({"a", "b"}, true, true), array, date, answer, category({"u", "v"}, false, true)};
  const RowEmbedding none, periodic{Kind::periodic, 0}, levels{Kind::levels, 3};
  EXPECT_EQ(stage_rows_of(features, NumericEmbedding::pbld),
            (std::vector<RowEmbedding>{periodic, none, levels, none, none, periodic, periodic, periodic, none, none,
                                       none, none, none}));
  std::vector<RowEmbedding> in_pieces = stage_rows_of(features, NumericEmbedding::piecewise);
  ASSERT_EQ(in_pieces.size(), 13U);
  for (RowEmbedding& row : in_pieces)
    if (row.kind == Kind::piecewise) row.kind = Kind::periodic;
  EXPECT_EQ(in_pieces, stage_rows_of(features, NumericEmbedding::pbld)) << "the same columns";
  const std::vector<RowEmbedding> codes = stage_rows_of(features, NumericEmbedding::none);
  ASSERT_EQ(codes.size(), 13U);
  for (std::size_t j = 0; j < codes.size(); ++j) EXPECT_EQ(codes[j], j == 2 ? levels : none) << j;
}

TEST(StageRows, NoneWhereEachColumnIsItself) {
  Features features;
  features.inputs = {{.name = "p", .shape = {3}}, category({"u", "v"}, false)};
  EXPECT_TRUE(stage_rows_of(features, NumericEmbedding::pbld).empty());
  features.inputs.push_back({.name = "x", .shape = {}});
  EXPECT_TRUE(stage_rows_of(features, NumericEmbedding::none).empty());
  EXPECT_EQ(stage_rows_of(features, NumericEmbedding::pbld).size(), 6U);
  EXPECT_TRUE(stage_rows_of(Features(), NumericEmbedding::pbld).empty());
}

}  // namespace
}  // namespace strata::internal
