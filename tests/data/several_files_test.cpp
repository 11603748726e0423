// Several files that are one table.
#include "data/dialect.hpp"
#include "data_test.hpp"
#include "zip_writer.hpp"

namespace strata::testing {
namespace {

namespace fs = std::filesystem;

class SeveralFiles : public InFolder {
 protected:
  static Table read(const std::vector<fs::path>& files, const ReadingOptions& reading = {},
                    std::vector<std::string>* notes = nullptr) {
    return read_table(files, {}, reading, notes);
  }
};

TEST_F(SeveralFiles, are_one_table_with_the_types_of_all_cells) {
  write_file("a.csv", "x,kind,when\n1,red,2024-01-02\n2,NA,2024-01-03\n");
  write_file("b.csv", "kind;when;x\nblue;2024-01-04;3\n\"re\nd\";;4,5\n");
  write_file("c.csv.gz", gzipped("when,x,kind\n2024-02-01,5,red\n"));
  ASSERT_EQ(::system("mkfifo pipe && (printf 'x,kind,when\\n6,green,\\n' > pipe &)"), 0);
  std::vector<std::string> notes;
  const Table table = read({"a.csv", "b.csv", "c.csv.gz", "pipe"}, {.decimal = DecimalSign::comma}, &notes);
  EXPECT_EQ(table.rows(), 6U);
  EXPECT_EQ(table.source(), "a.csv and 3 more");
  EXPECT_EQ(notes, (std::vector<std::string>{"b.csv: the separator is a semicolon"}));
  EXPECT_EQ(numbers(table, "x"), (std::vector<double>{1, 2, 3, 4.5, 5, 6}));
  EXPECT_EQ(texts(table, "kind"), (std::vector<std::string>{"red", "", "blue", "re\nd", "red", "green"}));
  EXPECT_EQ(table.field("when").type, ColumnType::date);
  EXPECT_EQ(table.field("when").missing, 2U);
  EXPECT_EQ(table.where(table.field("x"), 1), "a.csv:3:1 (column 'x')");
  EXPECT_EQ(table.where(table.field("x"), 3), "b.csv:3:3 (column 'x')");
  EXPECT_EQ(table.where(table.field("kind"), 4), "c.csv.gz:2:3 (column 'kind')");
  EXPECT_EQ(table.where(table.field("kind"), 5), "pipe:2:2 (column 'kind')");
  EXPECT_EQ(table.slice_rows(3, 3).where(table.field("x"), 0), "b.csv:3:3 (column 'x')");
}

TEST_F(SeveralFiles, name_the_file_in_every_message) {
  write_file("a.csv", "x,y\n1,2\n2,3\n3,4\n4,5\n");
  write_file("b.csv", "y,x\n1,2\nword,3\n4,5\n");
  const Table table = read({"a.csv", "b.csv"});
  EXPECT_EQ(table.field("y").why, "6 of 7 cells are numbers, 1 is not, the first in line 3 of b.csv: 'word'");
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("y")}), 0; }),
            "b.csv:3:1: expected a number in column 'y', found 'word'" + ways_out("y", "word,3"));
  write_file("d.csv", "x,y\n1,2\n1\n");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read({"a.csv", "d.csv"}); }),
            "d.csv:3: expected 2 cells, found 1 (separator: comma; to leave such lines out: --bad-rows skip): 1");
  std::vector<std::string> notes;
  const Table some = read({"a.csv", "b.csv", "d.csv", "a.csv"}, {.bad_rows = BadRows::skip}, &notes);
  EXPECT_EQ(some.rows(), 11U);
  EXPECT_EQ(notes, (std::vector<std::string>{
                       "b.csv: 1 line is left out, with a word in a column of numbers or dates; the first is line 3",
                       "d.csv: 1 line is left out, with too many cells or too few; the first is line 3"}));
  EXPECT_EQ(some.where(some.field("x"), 5), "b.csv:4:2 (column 'x')");
  EXPECT_EQ(some.where(some.field("x"), 7), "a.csv:2:1 (column 'x')");
  EXPECT_EQ(error_of(ErrorCode::value, [] { return read({"a.csv", "b.csv"}, {.date = {"y"}}); }).substr(0, 7),
            "a.csv:2");
}

TEST_F(SeveralFiles, have_the_same_columns_or_are_refused) {
  write_file("a.csv", "age,size\n1,2\n");
  write_file("less.csv", "age\n1\n");
  write_file("other.csv", "size,Age\n1,2\n");
  write_file("more.csv", "size,age,place\n1,2,3\n");
  write_file("none.csv", "size,age\n");
  write_file("x.npy", "\x93NUMPY");
  EXPECT_EQ(error_of(ErrorCode::shape, [] { return read({"a.csv", "less.csv"}); }),
            "less.csv: there is no column 'size', which a.csv has; the files of one table have the same columns");
  EXPECT_EQ(
      error_of(ErrorCode::shape, [] { return read({"a.csv", "other.csv"}); }),
      "other.csv: there is no column 'age', which a.csv has; the files of one table have the same columns; did you "
      "mean 'Age'?");
  EXPECT_EQ(error_of(ErrorCode::shape, [] { return read({"a.csv", "more.csv"}); }),
            "more.csv: there is a column 'place', which a.csv has not; the files of one table have the same columns");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read({"a.csv", "none.csv"}); }),
            "none.csv has a header but no rows");
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return read({"a.csv", "x.npy"}); }),
            "'x.npy' is no text (CSV); several files are one table where all are; of others, give one");
  EXPECT_EQ(error_of(ErrorCode::not_found, [] { return read({"a.csv", "b.csv"}); }).substr(0, 26),
            "there is no file 'b.csv'; ");
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return read({}); }), "there is no file to read");
  EXPECT_EQ(read({"a.csv"}).source(), "a.csv");
}

}  // namespace
}  // namespace strata::testing
