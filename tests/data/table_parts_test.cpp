// Copies and parts of tables: they share the numbers, and messages go on naming the place in the file.
#include <cmath>
#include <numeric>

#include "base/sanitizers.hpp"
#include "data/table_storage.hpp"
#include "data_test.hpp"

namespace strata::testing {
namespace {

using TableParts = InFolder;

Table read(const std::string& text, std::vector<std::string> numeric = {}) {
  write_file("x.csv", text);
  return read_table("x.csv", {}, {.numeric = std::move(numeric)});
}

Table letters() { return read("n,word,m\n0,b,10\n1,a,11\n\n2,c,12\n3,a,13\n4,b,14\n"); }

const std::byte* memory_of(const Table& table, const std::string& name) {
  return table.storage().blocks[table.storage().place(table.field(name)).block].numbers.get();
}

std::string refusal(const Table& table, const std::string& name) {
  const Field* field = table.find(name);
  return error_of(ErrorCode::value, [&] { return table.require_numbers({&field, 1}), 0; });
}

TEST_F(TableParts, a_copy_shares_the_numbers_and_goes_its_own_way) {
  Table table = letters();
  Table copy = table;
  EXPECT_EQ(memory_of(copy, "n"), memory_of(table, "n"));
  EXPECT_EQ(copy.source(), "x.csv");
  copy.rename("n", "renamed");
  copy.add_numbers("more", {}, std::vector<double>{1, 2, 3, 4, 5});
  EXPECT_EQ(names(copy), (std::vector<std::string>{"renamed", "word", "m", "more"}));
  EXPECT_EQ(names(table), (std::vector<std::string>{"n", "word", "m"}));
  EXPECT_EQ(texts(copy, "word"), texts(table, "word"));
  EXPECT_EQ(copy.where(copy.field("renamed"), 2), "x.csv:5:1 (column 'n')");
  table = Table();
  EXPECT_EQ(numbers(copy, "m"), (std::vector<double>{10, 11, 12, 13, 14}));
  const Table& same = copy;
  copy = same;
  EXPECT_EQ(numbers(copy, "more"), (std::vector<double>{1, 2, 3, 4, 5}));
  Table moved = std::move(copy);
  copy = Table(copy);  // NOLINT: of nothing, nothing
  copy = moved;
  EXPECT_EQ(names(copy), names(moved));
}

TEST_F(TableParts, take_rows_writes_over_numbers_that_a_table_alone_has) {
  Table table = letters();
  const std::byte* const memory = memory_of(table, "n");
  const std::vector<double> before = numbers(table, "m");
  const auto take = [](Table consumed) {
    const std::vector<const Field*> fields = {&consumed.field("n"), &consumed.field("m")};
    return take_rows<double>(std::move(consumed), fields, Rows(5), 3, [](const double* raw, double* out) {
      for (int k = 0; k < 3; ++k) out[k] = raw[0] - 100;
    });
  };
  const Buffer other = take(table);
  EXPECT_NE(other.data(), memory);
  EXPECT_EQ(numbers(table, "m"), before);
  const std::vector<std::size_t> first_two = {0, 1}, backwards = {4, 3, 2, 1, 0};
  EXPECT_NE(take(table.slice_rows(0, 5)).data(), memory);
  EXPECT_NE(take(table.select_fields(std::vector<std::string>{"n", "m"})).data(), memory);
  EXPECT_EQ(numbers(table, "m"), before);
  {
    // A part that outlives the whole is alone as well; only rows that ascend can be read before they are written over.
    Table turned = letters();
    turned = turned.select_rows(backwards);
    const std::byte* const there = memory_of(turned, "n");
    const Buffer taken = take(std::move(turned));
    EXPECT_NE(taken.data(), there);
    EXPECT_EQ(taken.as<double>()[0], -96);
  }
  const Buffer mine = take(std::move(table));
  EXPECT_EQ(mine.data(), memory);
  EXPECT_EQ(mine.as<double>()[14], -96);

  Table part = letters();
  part = part.select_rows(std::vector<std::size_t>{0, 2, 3, 4});
  [[maybe_unused]] const std::byte* const there = memory_of(part, "n");
  const std::vector<const Field*> fields = {&part.field("m")};
  const Buffer taken =
      take_rows<double>(std::move(part), fields, Rows(3, 1), 1, [](const double* raw, double* out) { *out = *raw; });
#if !STRATA_ADDRESS_SANITIZER  // whose allocator moves what shrinks
  EXPECT_EQ(taken.data(), there);
#endif
  EXPECT_EQ(std::vector<double>(taken.as<double>(), taken.as<double>() + 3), (std::vector<double>{12, 13, 14}));
}

TEST_F(TableParts, rows_in_any_order_and_twice) {
  const Table table = letters();
  const Table part = table.select_rows(std::vector<std::size_t>{3, 0, 3, 2});
  EXPECT_EQ(part.rows(), 4U);
  EXPECT_EQ(part.field("n").rows, 4U);
  EXPECT_EQ(numbers(part, "n"), (std::vector<double>{3, 0, 3, 2}));
  EXPECT_EQ(memory_of(part, "n"), memory_of(table, "n"));
  std::vector<double> row(3);
  part.read_row(std::vector{part.find("m"), part.find("word"), part.find("n")}, 3, row.data());
  EXPECT_EQ(row, (std::vector<double>{12, 2, 2}));
  EXPECT_EQ(part.where(part.field("m"), 0), "x.csv:6:3 (column 'm')");
  EXPECT_EQ(part.where(part.field("word"), 3), "x.csv:5:2 (column 'word')");
  EXPECT_THROW(static_cast<void>(part.where(part.field("word"), part.rows())), Error);
  // A part of a part, a range of a list, and a list of a range.
  const Table again = part.slice_rows(1, 3).select_rows(std::vector<std::size_t>{2, 0});
  EXPECT_EQ(numbers(again, "m"), (std::vector<double>{12, 10}));
  EXPECT_EQ(again.where(again.field("m"), 0), "x.csv:5:3 (column 'm')");
  const Table range = table.slice_rows(2, 3);
  EXPECT_EQ(numbers(range.select_rows(std::vector<std::size_t>{2, 0}), "n"), (std::vector<double>{4, 2}));
  EXPECT_EQ(numbers(range.slice_rows(1, 1), "n"), (std::vector<double>{3}));
  EXPECT_EQ(refusal(part, "word"), "x.csv:6:2: expected a number in column 'word', found 'a'" + ways_out("word", ""));
}

TEST_F(TableParts, blocks_of_several_origins_keep_their_own_rows) {
  Table table = letters().slice_rows(1, 3);
  Table more;
  more.add_numbers("x", {2}, std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7});
  table.append(more.select_rows(std::vector<std::size_t>{3, 1, 0}));
  const Table part = table.select_rows(std::vector<std::size_t>{2, 0});
  EXPECT_EQ(numbers(part, "n"), (std::vector<double>{3, 1}));
  EXPECT_EQ(numbers(part, "x"), (std::vector<double>{0, 1, 6, 7}));
  EXPECT_EQ(part.where(part.field("x"), 1, 1), "the table: x, example 3 (counted from 0), number 1");
  EXPECT_EQ(part.where(part.field("n"), 0), "x.csv:6:1 (column 'n')");
}

TEST_F(TableParts, texts_are_those_that_are_left) {
  const Table table = letters();
  EXPECT_EQ(table.field("word").categories, (std::vector<std::string>{"b", "a", "c"}));
  const Table part = table.slice_rows(1, 3);
  EXPECT_EQ(part.field("word").categories, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(texts(part, "word"), (std::vector<std::string>{"a", "c", "a"}));
  const Table one = part.select_rows(std::vector<std::size_t>{1, 1});
  EXPECT_EQ(one.field("word").categories, (std::vector<std::string>{"c"}));
  EXPECT_EQ(texts(one, "word"), (std::vector<std::string>{"c", "c"}));
  // Neighbours in the file are read as one piece, but for texts with new numbers.
  std::vector<double> row(3);
  one.read_row(std::vector{one.find("n"), one.find("word"), one.find("m")}, 1, row.data());
  EXPECT_EQ(row, (std::vector<double>{2, 0, 12}));
  const std::vector<const Field*> fields = {one.find("n"), one.find("word"), one.find("m")};
  const Buffer taken = take_rows<double>(Table(one), fields, Rows(2), 3,
                                         [](const double* raw, double* out) { std::copy(raw, raw + 3, out); });
  EXPECT_EQ(std::vector<double>(taken.as<double>(), taken.as<double>() + 6), (std::vector<double>{2, 0, 12, 2, 0, 12}));
  const Table none = table.slice_rows(5, 0);
  EXPECT_EQ(none.rows(), 0U);
  EXPECT_TRUE(none.field("word").is_text());
  EXPECT_TRUE(none.select_rows({}).field("word").is_text());
}

TEST_F(TableParts, refuse_rows_that_are_not_there) {
  const Table table = letters();
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.select_rows(std::vector<std::size_t>{4, 5}); }),
            "x.csv has 5 examples; there is no example 5 (counted from 0)");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.slice_rows(3, 3); }),
            "x.csv has 5 examples; there is no example 5 (counted from 0)");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.slice_rows(7, 0); }),
            "x.csv has 5 examples; there is no example 7 (counted from 0)");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.slice_rows(2, static_cast<std::size_t>(-1)); }),
            "x.csv has 5 examples; there is no example 5 (counted from 0)");
  const Table part = table.slice_rows(3, 2);
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return part.number(part.field("n"), 2); }),
            "x.csv: there is no number 0 of example 2 in 'n' of 2 examples of 1 numbers (counted from 0)");
}

TEST_F(TableParts, cells_that_are_no_numbers_say_what_they_were) {
  const Table table = read("a,b\n1,\n2,2\n\"\n\n3\",u\n4,x y\n5,inf\n6,\n", {"b"});
  const std::string empty = "the cell of column 'b' is empty", expected = "expected a number in column 'b', found ";
  EXPECT_EQ(refusal(table, "b"), "x.csv:2:2: " + empty);
  EXPECT_EQ(refusal(table.slice_rows(1, 2), "b"),
            "x.csv:6:2: " + expected + "'u'" + ways_out("b", "\"\\x0a\\x0a3\",u"));  // its record begins on line 4
  EXPECT_EQ(refusal(table.slice_rows(3, 3), "b"), "x.csv:7:2: " + expected + "'x y'" + ways_out("b", "4,x y"));
  EXPECT_EQ(refusal(table.slice_rows(4, 2), "b"),
            "x.csv:8:2: column 'b' holds inf; every number must be finite (to let it count as missing: --missing inf)");
  const Table last = table.select_rows(std::vector<std::size_t>{1, 5});
  EXPECT_EQ(refusal(last, "b"), "x.csv:9:2: " + empty);
  EXPECT_EQ(last.where(last.field("b"), 1), "x.csv:9:2 (column 'b')");
}

TEST_F(TableParts, no_more_of_those_cells_are_remembered_than_there_is_room_for) {
  std::string text = "a,b,c\n1,1,\n";
  for (int i = 0; i < 10'001; ++i) text += "word,1,\n";
  const Table table = read(text + "2,inf,x\nword,word,\n", {"a", "b"});
  EXPECT_EQ(refusal(table.slice_rows(1, 1), "a"),
            "x.csv:3:1: expected a number in column 'a', found 'word'" + ways_out("a", "word,1,"));
  EXPECT_EQ(refusal(table.slice_rows(10'003, 1), "a"),
            "x.csv:10005:1: column 'a' holds no number; every number must be finite");
  // The first of a column always is; a column of words has none.
  EXPECT_EQ(refusal(table.slice_rows(10'003, 1), "b"),
            "x.csv:10005:2: expected a number in column 'b', found 'word'" + ways_out("b", "word,word,"));
  EXPECT_EQ(
      refusal(table.slice_rows(10'002, 1), "b"),
      "x.csv:10004:2: column 'b' holds inf; every number must be finite (to let it count as missing: --missing inf)");
  EXPECT_TRUE(table.field("c").is_text());
}

TEST_F(TableParts, any_number_of_cells_may_be_missing) {
  std::string text = "a,b\n1,1\n";
  for (int i = 0; i < 10'001; ++i) text += ",1\n";
  const Table table = read(text + "2,2\nNA,\n,3\n");
  EXPECT_EQ(table.field("a").missing, 10'003U);
  // The first word is remembered: what is behind it may be another.
  for (const auto& [row, what] : {std::pair{std::size_t{1}, "is empty"},
                                  {std::size_t{10'001}, "is empty"},
                                  {std::size_t{10'003}, "holds 'NA', which counts as missing"},
                                  {std::size_t{10'004}, "is missing"}}) {
    EXPECT_EQ(refusal(table.slice_rows(row, 1), "a"),
              "x.csv:" + std::to_string(row + 2) + ":1: the cell of column 'a' " + what);
    EXPECT_FALSE(holds_word(table, table.field("a"), row)) << row;
  }
  EXPECT_FALSE(holds_word(table, table.field("b"), 10'003));
}

TEST_F(TableParts, fields_in_any_order) {
  Table table = letters();
  table.storage().is_picture = true;
  const Table part = table.select_fields(std::vector<std::string>{"m", "word"});
  EXPECT_EQ(names(part), (std::vector<std::string>{"m", "word"}));
  EXPECT_EQ(part.rows(), 5U);
  EXPECT_EQ(numbers(part, "m"), numbers(table, "m"));
  EXPECT_EQ(texts(part, "word"), texts(table, "word"));
  EXPECT_TRUE(part.is_picture());
  EXPECT_TRUE(part.slice_rows(0, 1).is_picture());
  EXPECT_EQ(part.source(), "x.csv");
  EXPECT_EQ(part.where(part.field("m"), 4), "x.csv:7:3 (column 'm')");
  EXPECT_EQ(part.storage().blocks.size(), 1U);
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.select_fields(std::vector<std::string>{"wort"}); }),
            "x.csv has no column 'wort'; did you mean 'word'? (it has: n, word, m)");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.select_fields(std::vector<std::string>{"n", "m", "n"}); }),
            "x.csv: the field 'n' is chosen twice");
}

}  // namespace
}  // namespace strata::testing
