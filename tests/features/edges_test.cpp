// Between which edges an embedding of numbers is linear: quantiles of the columns of X.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "features/examples.hpp"
#include "features/stage_rows.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

using Kind = RowEmbedding::Kind;

std::vector<double> edges_of_numbers(std::vector<double> x, std::vector<double> w = {}) {
  Sample sample{std::move(x), std::move(w), 1};
  sample.sort();
  return edges_of(sample);
}

std::vector<double> normal(std::size_t m, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> draw;
  std::vector<double> x(m);
  for (double& each : x) each = draw(engine);
  return x;
}

TEST(Edges, AreTheQuantiles) {
  std::vector<double> x;
  for (int i = 480; i >= 0; --i) x.push_back(i);
  const std::vector<double> edges = edges_of_numbers(x);
  ASSERT_EQ(edges.size(), 49U);
  for (int t = 0; t <= 48; ++t) EXPECT_NEAR(edges[static_cast<std::size_t>(t)], 10 * t, 1e-12);
  EXPECT_EQ(edges_of_numbers({4, 1, 2}), (std::vector<double>{1, 1 + 2.0 / 3, 2 + 2.0 / 3, 4}));
}

TEST(Edges, OfFewNumbersAreFew) {
  EXPECT_EQ(edges_of_numbers({7}), (std::vector<double>{7}));
  EXPECT_EQ(edges_of_numbers(std::vector<double>(1000, -2.5)), (std::vector<double>{-2.5}));
  std::vector<double> halves(500, 0.0);
  halves.resize(1000, 1.0);
  EXPECT_EQ(edges_of_numbers(halves), (std::vector<double>{0, 1}));
  EXPECT_FALSE(std::signbit(edges_of_numbers({-0.0, -0.0}).front())) << "a file would not keep it";
}

// 0 in nine of ten rows, as gains, payments and counts are: one edge, and 47 pieces for the rest.
TEST(Edges, OfANumberInManyRowsIsOne) {
  std::vector<double> x(4230, 0.0);
  for (int i = 0; i <= 470; ++i) x.push_back(100 + i);
  std::vector<double> wanted = {0};
  for (int t = 0; t <= 47; ++t) wanted.push_back(100 + 10 * t);
  const std::vector<double> edges = edges_of_numbers(x);
  ASSERT_EQ(edges.size(), wanted.size());
  for (std::size_t t = 0; t < wanted.size(); ++t) EXPECT_NEAR(edges[t], wanted[t], 1e-9) << t;

  // The same by weights, and where the number lies between the others.
  std::vector<double> once(x.end() - 471, x.end()), w(471, 1.0);
  once.push_back(0), w.push_back(4230);
  EXPECT_EQ(edges_of_numbers(once, w), edges);
  for (double& each : x) each = each == 0 ? 205.5 : each;
  std::vector<double> between = edges_of_numbers(x);
  EXPECT_EQ(std::erase(between, 205.5), 1);
  ASSERT_EQ(between.size(), 48U);
  for (std::size_t t = 0; t < 48; ++t) EXPECT_NEAR(between[t], wanted[t + 1], 1e-9) << t;

  // As many rows as a piece has are not many.
  x = normal(480, 5);
  std::fill(x.begin(), x.begin() + 10, 9.0);
  EXPECT_LT(edges_of_numbers(x)[47], 9.0);
  EXPECT_EQ(edges_of_numbers(x).size(), 49U);
}

TEST(Edges, LeaveRoomForABin) {
  for (const double wide : {1e-300, 1e-12, 1e-9, 9e-7}) {
    std::vector<double> x = normal(1000, 3);
    for (double& each : x) each = 1 + wide * std::clamp(each / 8, -0.5, 0.5);
    EXPECT_EQ(edges_of_numbers(x).size(), 1U) << wide;
  }
  EXPECT_EQ(edges_of_numbers({0, 1e-6}).size(), 2U);
  EXPECT_EQ(edges_of_numbers({1e9, 1e9 + 900}).size(), 1U) << "float32 knows every 64th number there";
  EXPECT_EQ(edges_of_numbers({1e9, 1e9 + 1100}).size(), 2U);
  // A narrow middle, and a wide rest
  std::vector<double> x = normal(1000, 4);
  for (std::size_t i = 0; i < 500; ++i) x[i] *= 1e-9;
  const std::vector<double> edges = edges_of_numbers(x);
  EXPECT_GT(edges.size(), 20U);
  EXPECT_LT(edges.size(), 30U);
  for (std::size_t t = 1; t < edges.size(); ++t) EXPECT_GE(edges[t] - edges[t - 1], 1e-6);
  const auto [least, largest] = std::ranges::minmax(x);
  EXPECT_EQ(edges.front(), least);
  EXPECT_EQ(edges.back(), largest);
}

// As float32 holds them, and their distances.
TEST(Edges, AreNoLargerThanTheLargest) {
  EXPECT_EQ(edges_of_numbers({-1e300, 1e300}), (std::vector<double>{-1e38, 0, 1e38}));
  EXPECT_EQ(edges_of_numbers({1e200, 1e300}), (std::vector<double>{1e38}));
}

TEST(Edges, AWeightOf2IsTheRowTwice) {
  const std::vector<double> x = normal(300, 5);
  std::vector<double> twice, weights;
  for (std::size_t i = 0; i < x.size(); ++i) {
    weights.push_back(i % 3 == 0 ? 2 : 1);
    twice.insert(twice.end(), i % 3 == 0 ? 2 : 1, x[i]);
  }
  const std::vector<double> found = edges_of_numbers(x, weights), expected = edges_of_numbers(twice);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t t = 0; t < found.size(); ++t) EXPECT_NEAR(found[t], expected[t], 1e-12) << t;
}

// A number that is scaled and sometimes missing, a word, an array and a number that is the same in all rows.
TEST(Edges, AreThoseOfTheColumnsOfXAndOfTheTrainingRows) {
  constexpr std::size_t kRows = 500;
  std::vector<double> x = normal(kRows, 6);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kRows; ++i) words.push_back(i % 2 == 0 ? "a" : "b");
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < kRows; ++i)
    if (i % 5 != 0) some.push_back(i);
  x[1] = std::nan("");
  for (std::size_t i = 0; i < kRows; i += 5) x[i] = 1e6;  // no training row
  Table table;
  table.add_numbers("x", {}, x);
  table.add_text("c", words);
  table.add_numbers("p", {2}, normal(2 * kRows, 7));
  table.add_numbers("same", {}, std::vector<double>(kRows, 3.0));
  Features features;
  features.inputs = {{.name = "x", .shape = {}, .missing = true, .fill = 8},
                     {.name = "c", .shape = {}, .type = ColumnType::category, .levels = {"a", "b"}},
                     {.name = "p", .shape = {2}},
                     {.name = "same", .shape = {}}};
  features.scaling = {ScaleKind::standard, {8, 0, 0, 0, 0, 0, 3}, {2, 1, 1, 1, 1, 1, 1}, {}, false};
  std::vector<RowEmbedding> rows = stage_rows_of(features, NumericEmbedding::piecewise);
  ASSERT_EQ(rows.size(), 7U);
  const Rows train(some);
  fit_edges(table, features, train, Weights(), rows);
  for (std::size_t j = 0; j < rows.size(); ++j) {
    EXPECT_EQ(rows[j].kind, j == 0 || j == 6 ? Kind::piecewise : Kind::none) << j;
    EXPECT_EQ(rows[j].edges.empty(), rows[j].kind == Kind::none) << j;
  }
  std::vector<double> scaled;
  for (const std::size_t i : some) scaled.push_back(std::isnan(x[i]) ? 0 : (x[i] - 8) / 2);
  EXPECT_EQ(rows[0].edges, edges_of_numbers(scaled));
  EXPECT_EQ(rows[6].edges, (std::vector<double>{0}));
  // As much as the rows count
  std::vector<double> counts;
  for (std::size_t i = 0; i < kRows; ++i) counts.push_back(1 + static_cast<double>(i % 3));
  table.add_numbers("w", {}, counts);
  std::vector<RowEmbedding> weighted = stage_rows_of(features, NumericEmbedding::piecewise);
  fit_edges(table, features, train, Weights(table, "w"), weighted);
  counts.clear();
  for (const std::size_t i : some) counts.push_back(1 + static_cast<double>(i % 3));
  EXPECT_EQ(weighted[0].edges, edges_of_numbers(scaled, counts));
  EXPECT_NE(weighted[0].edges, rows[0].edges);
}

// Numbers of which some are missing, dates, words before them and between, each with its own scale; however many are
// encoded together.
TEST(Edges, AreTheSameWhateverIsEncodedTogether) {
  constexpr std::size_t kRows = 300;
  Table table;
  Features features;
  features.scaling = {.kind = ScaleKind::quantile};
  for (std::size_t i = 0; i < 12; ++i) {
    const std::string name = std::string("x") + std::to_string(i);
    InputField input{.name = name, .shape = {}};
    if (i % 3 == 0) {
      std::vector<std::string> words;
      for (std::size_t row = 0; row < kRows; ++row) words.push_back(row % 2 == 0 ? "a" : "b");
      table.add_text(name, words);
      input.type = ColumnType::category, input.levels = {"a", "b"};
    } else {
      std::vector<double> x = normal(kRows, static_cast<unsigned>(20 + i));
      for (double& each : x) each = std::round(1000 * each);
      if (i % 3 == 1) x[i] = std::nan(""), input.missing = true, input.fill = 7;
      if (i % 4 == 2) input.type = ColumnType::date, input.parts = {DatePart::month}, input.fill = 3;
      table.add_numbers(name, {}, x);
    }
    features.inputs.push_back(input);
    for (std::size_t k = 0; k < encoded_width(input); ++k) {
      const auto column = static_cast<double>(features.scaling.offset.size());
      features.scaling.offset.push_back(column), features.scaling.divisor.push_back(1 + column);
      features.scaling.quantiles.emplace_back();
      if (i == 7 && k == 0) features.scaling.quantiles.back() = {-900, -50, 0, 200, 1500};
    }
  }
  const Rows train(kRows);
  std::vector<RowEmbedding> together = stage_rows_of(features, NumericEmbedding::piecewise);
  EXPECT_TRUE(fit_edges(table, features, train, Weights(), together).empty());
  Examples<double> examples(table, features, train, 0, Checked::no);
  const View<const double> X = examples.all().X;
  for (std::size_t j = 0; j < together.size(); ++j) {
    if (together[j].kind != Kind::piecewise) continue;
    std::vector<double> x;
    for (Index i = 0; i < X.cols; ++i) x.push_back(X(static_cast<Index>(j), i));
    EXPECT_EQ(together[j].edges, edges_of_numbers(x)) << j;
  }
  for (const std::size_t numbers : {std::size_t{1}, kRows, 2 * kRows, 5 * kRows + 1}) {
    std::vector<RowEmbedding> rows = stage_rows_of(features, NumericEmbedding::piecewise);
    fit_edges(table, features, train, Weights(), rows, numbers);
    EXPECT_EQ(rows, together) << numbers;
  }
}

TEST(Edges, SaysWhichColumnsVaryAndHaveNoPiece) {
  Table table;
  std::vector<double> small = normal(100, 8), x = normal(100, 9);
  for (double& each : small) each *= 1e-8;
  table.add_numbers("small", {}, small);
  table.add_numbers("x", {}, x);
  table.add_numbers("same", {}, std::vector<double>(100, 1e-8));
  table.add_numbers("less", {}, small);
  Features features;
  for (const char* name : {"small", "x", "same", "less"}) features.inputs.push_back({.name = name, .shape = {}});
  std::vector<RowEmbedding> rows = stage_rows_of(features, NumericEmbedding::piecewise);
  EXPECT_EQ(fit_edges(table, features, Rows(100), Weights(), rows), (std::vector<std::size_t>{0, 3}));
}

// Before anything is read: none of these columns is in the table.
TEST(Edges, MoreThanAModelHoldsAreRefused) {
  const auto message = [](std::size_t columns, std::size_t count) {
    Features features;
    for (std::size_t j = 0; j < columns; ++j)
      features.inputs.push_back({.name = std::string("x") + std::to_string(j), .shape = {}});
    std::vector<RowEmbedding> rows = stage_rows_of(features, NumericEmbedding::piecewise);
    Table table;
    table.add_numbers("y", {}, std::vector<double>(count, 0.0));
    try {
      fit_edges(table, features, Rows(count), Weights(), rows);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(42'800, 100),
            "--numeric-embedding piecewise: 42800 columns of X have up to 49 edges each, together 2097200, and a model "
            "file holds 2097152\nleave out columns with --ignore, or choose --numeric-embedding pbld");
  for (const auto& [columns, rows] : {std::pair<std::size_t, std::size_t>(42'799, 100), {42'800, 40}})
    EXPECT_TRUE(message(columns, rows).find("lacks") != std::string::npos) << columns << " of " << rows;
}

}  // namespace
}  // namespace strata::internal
