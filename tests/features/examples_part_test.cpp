// A part of examples: those that its numbers name, whether they are in memory or made when they are needed.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "features/examples.hpp"
#include "train/prepare.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kRows = 40;

Table some_table() {
  std::vector<double> x, y, z;
  std::vector<std::string> word;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto at = static_cast<double>(i);
    x.push_back(at), y.push_back(1000 + at), z.push_back(std::sin(at));
    word.emplace_back(i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c");
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, y);
  table.add_numbers("z", {}, z);
  table.add_text("word", word);
  return table;
}

Problem problem_of(const Table& table) {
  Options options;
  options.inputs = {"x", "word"}, options.target = {"y", "z"}, options.task = Task::regression;
  options.scale = ScaleKind::none, options.scale_target = false, options.validation = "none";
  const auto ignore = [](std::string_view) {};
  return define_problem(table, options, {ignore, ignore});
}

/// The example of a row as it must be.
template <class T>
void expect_row(const T* x, const T* y, std::size_t row) {
  EXPECT_EQ(x[0], static_cast<T>(row));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(x[1 + k], row % 3 == k ? 1 : 0) << row;
  EXPECT_EQ(y[0], static_cast<T>(1000 + row));
  EXPECT_EQ(y[1], static_cast<T>(std::sin(static_cast<double>(row))));
}

/// By all ways that lead to them.
template <class T>
void expect_rows(Examples<T>& part, const std::vector<std::size_t>& rows) {
  const auto m = static_cast<Index>(rows.size());
  ASSERT_EQ(part.m(), m);
  ASSERT_EQ(part.n_x(), 4);
  ASSERT_EQ(part.n_y(), 2);
  for (Index i = 0; i < m; ++i) EXPECT_EQ(part.row(i), rows[static_cast<std::size_t>(i)]);
  const auto expect_range = [&](const Columns<T>& columns, Index first, Index count) {
    ASSERT_EQ(columns.X.cols, count);
    ASSERT_EQ(columns.Y.cols, count);
    for (Index i = 0; i < count; ++i)
      expect_row(columns.X.col(i), columns.Y.col(i), rows[static_cast<std::size_t>(first + i)]);
  };
  expect_range(part.all(), 0, m);
  if (m > 3) expect_range(part.range(1, m - 3), 1, m - 3);
  std::vector<T> X(static_cast<std::size_t>(4 * m)), Y(static_cast<std::size_t>(2 * m));
  part.gather(m, [m](Index i) { return m - 1 - i; }, X.data(), Y.data());
  for (Index i = 0; i < m; ++i)
    expect_row(X.data() + 4 * i, Y.data() + 2 * i, rows[static_cast<std::size_t>(m - 1 - i)]);
}

template <class T>
class ExamplesPart : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ExamplesPart, Types);

TYPED_TEST(ExamplesPart, HasThoseThatItsNumbersName) {
  const Table table = some_table();
  const Problem problem = problem_of(table);
  ASSERT_EQ(problem.architecture.inputs, 4);
  for (const bool keeps : {false, true}) {
    for (const bool of_a_list : {false, true}) {  // of all rows, or of the odd ones
      std::vector<std::size_t> all;
      for (std::size_t row = of_a_list ? 1 : 0; row < kRows; row += of_a_list ? 2 : 1) all.push_back(row);
      Examples<TypeParam> examples(table, problem, of_a_list ? Rows(all) : Rows(kRows), 2, Checked::no);
      if (keeps) examples.keep();
      const auto rows_of = [&](const std::vector<std::size_t>& of, const std::vector<std::size_t>& numbers) {
        std::vector<std::size_t> rows;
        for (const std::size_t number : numbers) rows.push_back(of[number]);
        return rows;
      };
      const std::vector<std::size_t> numbers{3, 4, 9, 0, 17, 17, 2, 11}, inner{5, 1, 7, 0};
      Examples<TypeParam> part = examples.part(numbers);
      EXPECT_EQ(part.is_kept(), keeps);
      expect_rows(part, rows_of(all, numbers));
      Examples<TypeParam> part_of_part = part.part(inner);
      EXPECT_EQ(part_of_part.is_kept(), keeps);
      const std::vector<std::size_t> few = rows_of(rows_of(all, numbers), inner);
      expect_rows(part_of_part, few);
      part_of_part.keep();
      EXPECT_TRUE(part_of_part.is_kept());
      expect_rows(part_of_part, few);
      Examples<TypeParam> last = part_of_part.part({2, 1});
      expect_rows(last, rows_of(few, {2, 1}));
      Examples<TypeParam> none = examples.part({});
      EXPECT_EQ(none.m(), 0);
      expect_rows(examples, all);  // which stay what they were
      expect_rows(part, rows_of(all, numbers));
    }
  }
}

// A part in memory outlives what it is a part of.
TYPED_TEST(ExamplesPart, SharesWhatIsInMemory) {
  const Table table = some_table();
  const Problem problem = problem_of(table);
  Examples<TypeParam> part, copy;
  {
    Examples<TypeParam> examples(table, problem, Rows(kRows), 2, Checked::no);
    examples.keep();
    const TypeParam* const X = examples.all().X.data;
    part = examples.part({7, 3});
    copy = examples;
    EXPECT_EQ(copy.all().X.data, X);
  }
  expect_rows(part, {7, 3});
}

TYPED_TEST(ExamplesPart, HasWeightsOfItsOwn) {
  const Table table = some_table();
  const Problem problem = problem_of(table);
  for (const bool keeps : {false, true}) {
    Examples<TypeParam> examples(table, problem, Rows(kRows), 2, Checked::no);
    if (keeps) examples.keep();
    std::vector<double> weights(kRows);
    std::iota(weights.begin(), weights.end(), 0.5);
    std::vector<std::size_t> numbers(kRows, 99);
    examples.set_weights(weights, numbers);
    Examples<TypeParam> part = examples.part({8, 2, 5});
    EXPECT_TRUE(part.weights().empty());
    EXPECT_EQ(part.weight(), 3);
    EXPECT_EQ(part.all().w, nullptr);
    EXPECT_EQ(part.row(0), 8U);
    part.set_weights({2, 3, 4}, {1, 0, 2});
    EXPECT_EQ(part.weight(), 9);
    EXPECT_EQ(part.range(1, 2).w[0], 3);
    EXPECT_EQ(part.range(1, 2).w[1], 4);
    EXPECT_EQ(part.row(0), 1U);
    EXPECT_EQ(examples.weight(), std::accumulate(weights.begin(), weights.end(), 0.0));
    EXPECT_EQ(examples.row(3), 99U);
  }
}

}  // namespace
}  // namespace strata::internal
