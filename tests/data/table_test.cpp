#include <algorithm>
#include <cmath>
#include <limits>

#include "base/huge_pages.hpp"
#include "base/sanitizers.hpp"
#include "data/table_storage.hpp"
#include "data_test.hpp"

namespace strata::testing {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

Table small_table() {
  Table table;
  table.add_numbers("pixels", {2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  table.add_text("animal", std::vector<std::string>{"cat", "dog"});
  table.add_numbers("age", {}, std::vector<double>{3, 14});
  return table;
}

TEST(Table, is_empty_at_first) {
  const Table table;
  EXPECT_EQ(table.rows(), 0U);
  EXPECT_TRUE(table.fields().empty());
  EXPECT_EQ(table.source(), "the table");
  EXPECT_EQ(Table::named("mine").source(), "mine");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.field("age"); }),
            "the table has no field 'age' (it is empty)");
}

TEST(Table, gives_numbers_and_texts_back) {
  const Table table = small_table();
  EXPECT_EQ(table.rows(), 2U);
  const Field& pixels = table.field("pixels");
  EXPECT_EQ(pixels.width(), 6U);
  EXPECT_EQ(pixels.rows, 2U);
  EXPECT_FALSE(pixels.is_text());
  EXPECT_FALSE(pixels.is_bytes);
  EXPECT_EQ(table.number(pixels, 1, 4), 11.0);
  EXPECT_EQ(texts(table, "animal"), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_TRUE(table.field("animal").is_text());
  EXPECT_EQ(table.field("age").width(), 1U);
  EXPECT_EQ(table.find("nothing"), nullptr);
  EXPECT_EQ(table.find("age"), &table.fields()[2]);
}

TEST(Table, reads_rows_of_any_choice_of_fields) {
  const Table table = small_table();
  const Field *pixels = table.find("pixels"), *animal = table.find("animal"), *age = table.find("age");
  std::vector<double> row(8, -1);
  table.read_row(std::vector{pixels, animal, age}, 1, row.data());
  EXPECT_EQ(row, (std::vector<double>{7, 8, 9, 10, 11, 12, 1, 14}));
  table.read_row(std::vector{age, pixels, age}, 0, row.data());
  EXPECT_EQ(row, (std::vector<double>{3, 1, 2, 3, 4, 5, 6, 3}));
}

TEST(Table, refuses_rows_and_numbers_that_are_not_there) {
  const Table table = small_table();
  const Field* age = table.find("age");
  double out = 0;
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.number(*age, 2); }),
            "the table: there is no number 0 of example 2 in 'age' of 2 examples of 1 numbers (counted from 0)");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.number(*age, 0, 1); }),
            "the table: there is no number 1 of example 0 in 'age' of 2 examples of 1 numbers (counted from 0)");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.read_row({&age, 1}, 2, &out), 0; }),
            "the table has 2 examples; there is no example 2 (counted from 0)");
}

TEST(Table, a_copy_of_a_field_serves_as_the_field_and_a_strange_one_does_not) {
  const Table table = small_table();
  const Field copy = table.field("age");
  EXPECT_EQ(table.number(copy, 1), 14.0);
  Field strange = copy;
  strange.name = "weight";
  EXPECT_EQ(error_of(ErrorCode::internal, [&] { return table.number(strange, 1); }),
            "the field 'weight' is not one of the table");
}

TEST(Table, a_wrong_name_gets_the_nearest_one) {
  const Table table = small_table();
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.field("animla"); }),
            "the table has no field 'animla'; did you mean 'animal'? (it has: pixels, animal, age)");
}

TEST(Table, refuses_sizes_that_do_not_fit) {
  Table table = small_table();
  const std::vector<double> five(5, 0.0);
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return table.add_numbers("x", {2}, five), 0; }),
            "field 'x': 5 numbers do not make 2 examples of shape (2,)");
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return table.add_numbers("x", {}, five), 0; }),
            "field 'x': 5 numbers do not make 2 examples of shape ()");
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return Table().add_numbers("x", {2, 3}, five), 0; }),
            "field 'x': 5 numbers do not make whole examples of shape (2, 3)");
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return Table().add_numbers("x", {0}, five), 0; }),
            "field 'x': 5 numbers do not make whole examples of shape (0,)");
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return Table().add_numbers("x", {}, {}), 0; }),
            "field 'x': 0 numbers do not make whole examples of shape ()");
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return table.add_text("x", std::vector<std::string>{"a"}), 0; }),
            "field 'x': 1 texts for 2 examples");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.add_text("age", std::vector<std::string>{"a", "b"}), 0; }),
            "the table already has a field named 'age'");
  EXPECT_EQ(table.fields().size(), 3U);
}

TEST(Table, renames) {
  Table table = small_table();
  table.rename("age", "years");
  EXPECT_EQ(names(table), (std::vector<std::string>{"pixels", "animal", "years"}));
  EXPECT_EQ(table.number(table.field("years"), 1), 14.0);
  table.rename("years", "years");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.rename("years", "animal"), 0; }),
            "the table already has a field named 'animal'");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.rename("agee", "x"), 0; }),
            "the table has no field 'agee' (it has: pixels, animal, years)");
  // Messages go on naming what stands in the file.
  EXPECT_EQ(table.where(table.field("years"), 1), "the table: age, example 1 (counted from 0)");
}

TEST(Table, appends_the_fields_of_another) {
  Table table = small_table();
  Table more;
  more.add_numbers("weight", {}, std::vector<double>{4, 30});
  more.add_text("colour", std::vector<std::string>{"black", "brown"});
  table.append(std::move(more));
  EXPECT_EQ(names(table), (std::vector<std::string>{"pixels", "animal", "age", "weight", "colour"}));
  EXPECT_EQ(numbers(table, "weight"), (std::vector<double>{4, 30}));
  EXPECT_EQ(texts(table, "colour"), (std::vector<std::string>{"black", "brown"}));
  EXPECT_EQ(numbers(table, "age"), (std::vector<double>{3, 14}));
  table.append(Table());
  EXPECT_EQ(table.fields().size(), 5U);

  Table empty;
  empty.append(small_table());
  EXPECT_EQ(numbers(empty, "age"), (std::vector<double>{3, 14}));
}

TEST(Table, refuses_to_append_other_rows_or_the_same_names) {
  Table table = small_table();
  Table three;
  three.add_numbers("x", {}, std::vector<double>{1, 2, 3});
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return table.append(std::move(three)), 0; }),
            "the table has 3 examples, but the table has 2; they must belong together row by row");
  Table same;
  same.add_numbers("age", {}, std::vector<double>{1, 2});
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.append(std::move(same)), 0; }),
            "the table already has a field named 'age'");
  EXPECT_EQ(table.fields().size(), 3U);
  EXPECT_EQ(numbers(table, "age"), (std::vector<double>{3, 14}));
}

TEST(Table, moves_keep_fields_where_they_are) {
  Table table = small_table();
  const Field* age = table.find("age");
  Table moved = std::move(table);
  EXPECT_EQ(moved.find("age"), age);
  EXPECT_EQ(moved.number(*age, 0), 3.0);
}

std::string refusal(const Table& table, const std::vector<const Field*>& fields) {
  return error_of(ErrorCode::value, [&] { return table.require_numbers(fields), 0; });
}

TEST(RequireNumbers, passes_over_finite_numbers) {
  const Table table = small_table();
  EXPECT_NO_THROW(table.require_numbers(std::vector{table.find("age"), table.find("pixels")}));
  EXPECT_NO_THROW(table.require_numbers({}));
}

TEST(RequireNumbers, finds_one_bad_number_anywhere) {
  // Every place of a field, so that no loop may leave one out.
  for (const double bad : {kNan, kInf, -kInf}) {
    for (std::size_t at = 0; at < 3 * 5; ++at) {
      std::vector<double> values(3 * 5, 1.5);
      values[at] = bad;
      Table table;
      table.add_numbers("good", {}, std::vector<double>{1, 2, 3});
      table.add_numbers("x", {5}, values);
      const std::string word = std::isnan(bad) ? "nan" : bad > 0 ? "inf" : "-inf";
      EXPECT_EQ(refusal(table, {table.find("good"), table.find("x")}),
                "the table: x, example " + std::to_string(at / 5) + " (counted from 0), number " +
                    std::to_string(at % 5) + " is " + word + "; every number must be finite");
      EXPECT_NO_THROW(table.require_numbers(std::vector{table.find("good")}));
    }
  }
}

TEST(RequireNumbers, tells_the_first_row_of_all_fields) {
  Table table;
  table.add_numbers("a", {}, std::vector<double>{1, 2, kNan});
  table.add_numbers("b", {}, std::vector<double>{1, kInf, 3});
  EXPECT_EQ(refusal(table, {table.find("a"), table.find("b")}),
            "the table: b, example 1 (counted from 0) is inf; every number must be finite");
}

TEST(RequireNumbers, refuses_text) {
  const Table table = small_table();
  EXPECT_EQ(refusal(table, {table.find("age"), table.find("animal")}),
            "the table: animal, example 0 (counted from 0) is the text 'cat'; expected a number");
}

TEST(RequireNumbers, large_finite_numbers_pass) {
  Table table;
  table.add_numbers("x", {}, std::vector<double>{1e308, -1e308, 5e-324, 0.0, -0.0});
  EXPECT_NO_THROW(table.require_numbers(std::vector{table.find("x")}));
}

TEST(LineNumbers, keeps_only_the_jumps) {
  LineNumbers lines;
  const std::vector<std::size_t> expected = {2, 3, 4, 9, 10, 12, 13, 14, 15, 40};
  for (std::size_t row = 0; row < expected.size(); ++row) lines.add(row, expected[row]);
  for (std::size_t row = 0; row < expected.size(); ++row) EXPECT_EQ(lines.line(row), expected[row]) << row;
  EXPECT_EQ(lines.line(10), 41U);
}

TEST(Buffer, asks_for_huge_pages) {
  if (!lends_huge_pages()) GTEST_SKIP() << "this kernel lends no huge pages to those who ask";
  Buffer buffer(3'000'000);
  EXPECT_TRUE(asked_for_huge_pages(buffer.data()));
  buffer.resize(50'000'000);
  EXPECT_TRUE(asked_for_huge_pages(buffer.data()));
}

TEST(Buffer, grows_and_shrinks_without_losing_bytes) {
  Buffer buffer(10);
  std::memcpy(buffer.data(), "0123456789", 10);
  for (const std::size_t size : {100'000U, 3'000'000U, 50'000'000U}) {  // the last two in pages of their own
    buffer.resize(size);
    EXPECT_EQ(std::memcmp(buffer.data(), "0123456789", 10), 0) << size;
    EXPECT_GE(buffer.capacity(), size);
    buffer.data()[size - 1] = std::byte{1};
  }
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);  // where a cache line begins
  const std::size_t capacity = buffer.capacity();
  buffer.resize(capacity + 1);
  EXPECT_GE(buffer.capacity(), capacity + capacity / 2);  // by halves, so that growing is cheap on the whole
  for (const std::size_t size : {2'000'000U, 5U}) {
    buffer.resize(size);
    buffer.shrink_to_fit();
    EXPECT_EQ(buffer.capacity(), size);
    EXPECT_EQ(std::memcmp(buffer.data(), "01234", 5), 0) << size;
  }
  Buffer moved = std::move(buffer);
  EXPECT_EQ(buffer.size(), 0U);  // NOLINT: a moved buffer is empty
  EXPECT_EQ(moved.size(), 5U);
  EXPECT_EQ(std::memcmp(moved.data(), "01234", 5), 0);
}

#if !STRATA_ADDRESS_SANITIZER && !STRATA_THREAD_SANITIZER  // these end the program instead
TEST(Buffer, says_how_much_memory_is_missing) {
  const std::string message = error_of(ErrorCode::memory, [] { return Buffer(std::size_t{1} << 62); });
  EXPECT_EQ(message, "the data need 4611686018427387904 bytes in one piece, more than there are free");
}
#endif

}  // namespace
}  // namespace strata::testing
