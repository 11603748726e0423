// What the columns of a text are, judged by all of their cells, what the cells are then, and what the user may say.
#include <cmath>
#include <limits>

#include "data_test.hpp"
#include "strata/features.hpp"
#include "zip_writer.hpp"

namespace strata::testing {
namespace {

struct CsvTypes : InFolder {
  static Table read(const std::string& text, const ReadingOptions& reading = {}) {
    write_file("t.csv", text);
    return read_table("t.csv", {}, reading);
  }
  static std::string refused(ErrorCode code, const std::string& text, const ReadingOptions& reading) {
    return error_of(code, [&] { return read(text, reading); });
  }
};

// A table of one column beside one of numbers that are no matter.
std::string column(const std::vector<std::string>& cells, const std::string& name = "x") {
  std::string text = "n;" + name + "\n";
  for (std::size_t i = 0; i < cells.size(); ++i) text += std::to_string(i % 3) + ";" + cells[i] + "\n";
  return text;
}

// "number (all 3 cells are numbers), 0 missing, written 1234,5"
std::string told(const Field& field) {
  return std::string(name(field.type)) + " (" + field.why + "), " + std::to_string(field.missing) + " missing" +
         (field.written.empty() ? "" : ", written " + field.written);
}
std::string told(const Table& table, const std::string& name = "x") { return told(table.field(name)); }

std::vector<double> values(const Table& table, const std::string& name = "x") {
  std::vector<double> all = numbers(table, name);
  for (double& value : all) value = std::isnan(value) ? -999 : value;  // NaN equals nothing
  return all;
}
constexpr double kMissing = -999;

TEST_F(CsvTypes, numbers_in_every_form) {
  struct Case {
    std::vector<std::string> cells;
    std::vector<double> values;
    std::string written;
  };
  const Case cases[] = {
      {{"1.5", "-2", "+3e2", " 4 "}, {1.5, -2, 300, 4}, ""},
      {{"1,5", "2", "-0,25"}, {1.5, 2, -0.25}, "1234,5"},
      {{"1.234,5", "2,5", "1.000.000"}, {1234.5, 2.5, 1e6}, "1.234,5"},
      {{"\"1,234.5\"", "\"12,000\"", "3"}, {1234.5, 12000, 3}, "1,234.5"},
      {{"1 234,5", "2", "3"}, {1234.5, 2, 3}, "1 234,5"},
      {{"1'234.5", "2", "3"}, {1234.5, 2, 3}, "1'234.5"},
      {{"12 %", "7.5%", "-1 %"}, {12, 7.5, -1}, "1234.5 %"},
      {{"12,5 %", "7%", "1%"}, {12.5, 7, 1}, "1234,5 %"},
      {{"$1,200", "-$3", "5.5"}, {1200, -3, 5.5}, "$1,234.5"},
      {{"1.200,50 €", "3 €", "4 €"}, {1200.5, 3, 4}, "€1.234,5"},
  };
  for (const Case& each : cases) {
    const Table table = read(column(each.cells));
    EXPECT_EQ(numbers(table, "x"), each.values) << each.written;
    EXPECT_EQ(told(table), "number (all " + std::to_string(each.cells.size()) + " cells are numbers" +
                               (each.written.empty() ? "" : " written like " + each.written) + "), 0 missing" +
                               (each.written.empty() ? "" : ", written " + each.written));
  }
}

// 1,234 alone is a thousand and more; where the file shows decimal commas, semicolons part its cells, or the user says
// so, it is 1.234.
TEST_F(CsvTypes, a_comma_is_what_the_file_shows_or_the_user_says) {
  const std::string alone = "x\ty\n1,234\t1\n5,678\t2\n", parted = "x;y\n1,234;1\n5,678;2\n";
  EXPECT_EQ(numbers(read(alone), "x"), (std::vector<double>{1234, 5678}));
  EXPECT_EQ(numbers(read(parted), "x"), (std::vector<double>{1.234, 5.678}));
  EXPECT_EQ(numbers(read(parted, {.decimal = DecimalSign::point}), "x"), (std::vector<double>{1234, 5678}));
  EXPECT_EQ(numbers(read("x;y\n1.234;1\n5.678;2\n"), "x"), (std::vector<double>{1.234, 5.678})) << "as programs write";
  EXPECT_EQ(numbers(read(alone, {.decimal = DecimalSign::comma}), "x"), (std::vector<double>{1.234, 5.678}));
  const std::string beside = "x;y\n1,234;0,5\n5,678;1,25\n";
  EXPECT_EQ(numbers(read(beside), "x"), (std::vector<double>{1.234, 5.678}));
  EXPECT_EQ(numbers(read(beside, {.decimal = DecimalSign::point}), "x"), (std::vector<double>{1234, 5678}));
}

TEST_F(CsvTypes, dates) {
  const Table iso = read(column({"2024-03-01", "", "1969-12-31", "2024-03-01T12:00:00Z"}));
  EXPECT_EQ(values(iso), (std::vector<double>{19783, kMissing, -1, 19783.5}));
  EXPECT_EQ(told(iso),
            "date (3 of 4 cells are dates written year-month-day, 1 is empty), 1 missing, "
            "written year-month-day");
  const Table german = read(column({"01.03.2024", "31.12.1969", "NA"}));
  EXPECT_EQ(values(german), (std::vector<double>{19783, -1, kMissing}));
  EXPECT_EQ(german.field("x").type, ColumnType::date);
  EXPECT_EQ(german.field("x").written, "day.month.year");
  // A cell that is none makes them words, unless the user says that they are dates.
  EXPECT_EQ(read(column({"2024-03-01", "2024-03-02", "soon"})).field("x").type, ColumnType::category);
  EXPECT_EQ(numbers(read(column({"20240301", "19691231"}), {.date = {"x"}}), "x"), (std::vector<double>{19783, -1}));
  EXPECT_EQ(read(column({"20240301", "19691231"})).field("x").type, ColumnType::number);
}

TEST_F(CsvTypes, words) {
  const Table answers = read(column({"Yes", "no", "", "YES"}));
  EXPECT_EQ(texts(answers, "x"), (std::vector<std::string>{"Yes", "no", "", "YES"}));
  EXPECT_EQ(told(answers), "yes/no (2 of 4 cells say yes, 1 no, 1 is empty), 1 missing");
  const Table colours = read(column({"red", "NA", "blue", "N/A", "red"}));
  EXPECT_EQ(texts(colours, "x"), (std::vector<std::string>{"red", "", "blue", "", "red"}));
  EXPECT_EQ(told(colours), "category (2 different words in 3 cells, 2 are missing (N/A, NA)), 2 missing");
  const Table codes = read(column({"007", "7", "12", "012"}));
  EXPECT_EQ(texts(codes, "x"), (std::vector<std::string>{"007", "7", "12", "012"}));
  EXPECT_EQ(told(codes), "category (4 different values in 4 cells, codes such as 007), 0 missing");
  const Table large = read(column({"9007199254740993", "1", "2"}));
  EXPECT_EQ(texts(large, "x").front(), "9007199254740993");
  EXPECT_EQ(large.field("x").type, ColumnType::category);
}

TEST_F(CsvTypes, what_says_nothing_of_a_row_but_its_name) {
  std::vector<std::string> rows, keys, notes;
  for (int i = 60; i > 0; --i) {
    rows.push_back(std::to_string(i));
    keys.push_back("key" + std::to_string(i));
    notes.push_back("note " + std::to_string(i));
  }
  const Table counted = read(column(rows, "PassengerId"));
  EXPECT_EQ(told(counted, "PassengerId"), "identifier (the whole numbers from 1 to 60, each once), 0 missing");
  EXPECT_EQ(counted.number(counted.field("PassengerId"), 0), 60);
  EXPECT_EQ(read(column(rows, "age")).field("age").type, ColumnType::number);
  const Table keyed = read(column(keys));
  EXPECT_EQ(told(keyed), "identifier (60 of 60 cells differ), 0 missing");
  EXPECT_EQ(texts(keyed, "x"), keys);
  EXPECT_EQ(told(read(column(notes))), "text (60 of 60 cells differ, 60 hold blanks), 0 missing");
}

TEST_F(CsvTypes, constants) {
  const Table table = read("a,b,c,d,n\n2,u,,1,1\n2.0,u,NA,,2\n2,u,,1,3\n");
  EXPECT_EQ(told(table, "a"), "constant (all 3 cells are 2), 0 missing");
  EXPECT_EQ(numbers(table, "a"), (std::vector<double>{2, 2, 2}));
  EXPECT_EQ(told(table, "b"), "constant (all 3 cells are 'u'), 0 missing");
  EXPECT_EQ(told(table, "c"), "constant (none of 3 cells is filled, 2 are empty, 1 is missing (NA)), 3 missing");
  EXPECT_EQ(values(table, "c"), (std::vector<double>{kMissing, kMissing, kMissing}));
  // One value in some of the cells: that the others lack it says something.
  EXPECT_EQ(told(table, "d"), "category (2 of 3 cells are '1', 1 is empty), 1 missing");
}

TEST_F(CsvTypes, the_first_cell_decides_nothing) {
  const Table missing = read(column({"NA", "1", "2", "?"}));
  EXPECT_EQ(values(missing), (std::vector<double>{kMissing, 1, 2, kMissing}));
  EXPECT_EQ(told(missing), "number (2 of 4 cells are numbers, 2 are missing (?, NA)), 2 missing");
  // A line of units below the names.
  const Table units = read("t,p\n°C,hPa\n1,990\n2,991\n3,992\n4,993\n");
  EXPECT_EQ(values(units, "t"), (std::vector<double>{kMissing, 1, 2, 3, 4}));
  EXPECT_EQ(told(units, "p"), "number (4 of 5 cells are numbers, 1 is not, the first in line 2: 'hPa'), 0 missing");
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return units.require_numbers(std::vector{units.find("p")}), 0; }),
            "t.csv:2:2: expected a number in column 'p', found 'hPa'" + ways_out("p", "°C,hPa"));
  const Table most = read(column({"1", "2", "3", "u"}));
  EXPECT_EQ(told(most),
            "category (4 different values in 4 cells, 3 are numbers, the first other in line 5: 'u'), 0 missing");
  EXPECT_EQ(texts(most, "x"), (std::vector<std::string>{"1", "2", "3", "u"}));
}

TEST_F(CsvTypes, no_order_of_the_rows_changes_anything) {
  const std::vector<std::string> a = {"NA", "1,5", "2", "-3,25", "1.000", "7"}, b = {"x", "", "y", "x", "NA", "007"},
                                 c = {"1.2.2024", "", "3.4.2024", "5.6.2023", "7.8.2022", "9.10.2021"};
  std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5};
  const auto text = [&] {
    std::string all = "a;b;c\n";
    for (const std::size_t i : order) all += a[i] + ";" + b[i] + ";" + c[i] + "\n";
    return all;
  };
  const Table first = read(text());
  EXPECT_EQ(first.field("a").type, ColumnType::number);
  EXPECT_EQ(first.field("c").type, ColumnType::date);
  int count = 0;
  do {
    const Table table = read(text());
    for (const char* name : {"a", "b", "c"}) ASSERT_EQ(told(table, name), told(first, name));
    for (std::size_t row = 0; row < order.size(); ++row) {
      ASSERT_EQ(values(table, "a")[row], values(first, "a")[order[row]]);
      ASSERT_EQ(texts(table, "b")[row], texts(first, "b")[order[row]]);
      ASSERT_EQ(values(table, "c")[row], values(first, "c")[order[row]]);
    }
  } while (std::next_permutation(order.begin(), order.end()) && ++count < 720);
}

TEST_F(CsvTypes, words_for_missing_cells) {
  const std::string text = column({"1", "-99", "unknown", "Unknown", "2", "3", "4", "5", "6"});
  const Table table = read(text, {.missing = {"-99", "unknown"}});
  EXPECT_EQ(values(table), (std::vector<double>{1, kMissing, kMissing, kMissing, 2, 3, 4, 5, 6}));
  EXPECT_EQ(
      told(table),
      "number (6 of 9 cells are numbers, 1 is not, the first in line 5: 'Unknown', 2 are missing (-99, unknown)), "
      "2 missing");
  const Table words = read(column({"a", "b", "unknown", "a"}), {.missing = {"unknown"}});
  EXPECT_EQ(texts(words, "x"), (std::vector<std::string>{"a", "b", "", "a"}));
  EXPECT_EQ(words.field("x").missing, 1U);
}

TEST_F(CsvTypes, the_user_says_what_columns_are) {
  const std::string text = "x1,x2,zip,born\n1,u,1234,2001\n2,2,1234,2002\nv,3,5678,2003\n";
  const Table found = read(text);
  EXPECT_EQ(found.field("x1").type, ColumnType::category);
  EXPECT_EQ(found.field("zip").type, ColumnType::number);
  const Table said = read(text, {.numeric = {"x?"}, .categorical = {"z*"}, .date = {"born"}});
  EXPECT_EQ(values(said, "x1"), (std::vector<double>{1, 2, kMissing}));
  EXPECT_EQ(values(said, "x2"), (std::vector<double>{kMissing, 2, 3}));
  EXPECT_EQ(said.field("x1").missing, 0U);  // a wrong cell is none
  EXPECT_EQ(said.field("zip").type, ColumnType::category);
  EXPECT_EQ(texts(said, "zip"), (std::vector<std::string>{"1234", "1234", "5678"}));
  EXPECT_EQ(said.field("born").type, ColumnType::date);
  EXPECT_EQ(numbers(said, "born"), (std::vector<double>{11323, 11688, 12053}));
  // Whatever is said to be a category stays one, and what is said to be a number is no constant and no identifier.
  EXPECT_EQ(read("x,id\nyes,1\nno,2\n", {.categorical = {"x"}}).field("x").type, ColumnType::category);
  EXPECT_EQ(read("x,id\nyes,1\nno,2\n", {.numeric = {"id"}}).field("id").type, ColumnType::number);
  EXPECT_EQ(read("x,id\nyes,1\nno,2\n").field("id").type, ColumnType::identifier);
}

TEST_F(CsvTypes, what_the_user_says_must_fit) {
  const std::string text = "price,rooms,day\n1,2,01/02/2024\n3,4,03/04/2024\n";
  EXPECT_EQ(refused(ErrorCode::usage, text, {.numeric = {"room"}}),
            "--numeric room: t.csv has no such column; did you mean 'rooms'? (it has: price, rooms, day)");
  EXPECT_EQ(refused(ErrorCode::usage, text, {.categorical = {"rooms", "z*"}}),
            "--categorical 'z*': t.csv has no such column (it has: price, rooms, day)");
  EXPECT_EQ(refused(ErrorCode::usage, text, {.date = {"dya"}}),
            "--date dya: t.csv has no such column; did you mean 'day'? (it has: price, rooms, day)");
  EXPECT_EQ(refused(ErrorCode::usage, text, {.numeric = {"r*"}, .categorical = {"rooms"}}),
            "--numeric and --categorical both name the column 'rooms'; name it with one of them");
  EXPECT_EQ(refused(ErrorCode::usage, text, {.categorical = {"day"}, .date = {"day"}}),
            "--categorical and --date both name the column 'day'; name it with one of them");
  EXPECT_EQ(refused(ErrorCode::usage, text, {.numeric = {"*"}, .date = {"day"}}),
            "--numeric and --date both name the column 'day'; name it with one of them");
  EXPECT_EQ(refused(ErrorCode::usage, text, {.date = {"day"}}),
            "t.csv: in column 'day' every date can be read as day and month or as month and day; say which with "
            "--date-order dmy or --date-order mdy");
  EXPECT_EQ(refused(ErrorCode::value, "day,x\n2024-01-02,1\n\nsoon,2\n", {.date = {"day"}}),
            "t.csv:4: column 'day': expected a date, found 'soon'");
}

TEST_F(CsvTypes, the_order_of_day_and_month) {
  const std::string text = column({"01/02/2024", "03/04/2024"});
  EXPECT_EQ(numbers(read(text, {.date_order = DateOrder::dmy}), "x"), (std::vector<double>{19754, 19816}));
  EXPECT_EQ(numbers(read(text, {.date_order = DateOrder::mdy}), "x"), (std::vector<double>{19724, 19786}));
  EXPECT_EQ(read(text, {.date_order = DateOrder::mdy}).field("x").written, "month/day/year");
  EXPECT_EQ(numbers(read(text, {.date = {"x"}, .date_order = DateOrder::mdy}), "x"),
            (std::vector<double>{19724, 19786}));
  // One that can be read one way only decides for all.
  EXPECT_EQ(numbers(read(column({"01/02/2024", "03/24/2024"})), "x"), (std::vector<double>{19724, 19806}));
}

TEST_F(CsvTypes, wrong_cells_may_count_as_missing) {
  const ReadingOptions missing{.bad_cells = BadCells::missing};
  const Table table = read(column({"1", "2", "u", "3", "4", ""}), missing);
  EXPECT_EQ(values(table), (std::vector<double>{1, 2, kMissing, 3, 4, kMissing}));
  EXPECT_EQ(table.field("x").missing, 2U);
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("x")}), 0; }),
            "t.csv:4:2: the cell of column 'x' holds 'u', which counts as missing");
  // Words stay words.
  EXPECT_EQ(texts(read(column({"1", "u", "v"}), missing), "x"), (std::vector<std::string>{"1", "u", "v"}));
  // What an infinity is, is clear.
  const Table infinite = read(column({"1", "2", "inf", "3"}), missing);
  EXPECT_EQ(infinite.number(infinite.field("x"), 2), std::numeric_limits<double>::infinity());
}

TEST_F(CsvTypes, rows_with_wrong_cells_may_be_left_out) {
  std::vector<std::string> notes;
  write_file("t.csv", "a,c,b,word\n1,1,5,x\n2,,u,y\n3,3,7,z\n4,,8,x\n5,5,9,\n6,v,9,w\n7,7,10,x\n8,8,11,y\n");
  const Table table = read_table("t.csv", {}, {.bad_rows = BadRows::skip}, &notes);
  EXPECT_EQ(notes, (std::vector<std::string>{
                       "2 lines are left out, with a word in a column of numbers or dates; the first is line 3"}));
  EXPECT_EQ(numbers(table, "a"), (std::vector<double>{1, 3, 4, 5, 7, 8}));
  EXPECT_EQ(values(table, "c"), (std::vector<double>{1, 3, kMissing, 5, 7, 8}));
  EXPECT_EQ(numbers(table, "b"), (std::vector<double>{5, 7, 8, 9, 10, 11}));
  EXPECT_EQ(texts(table, "word"), (std::vector<std::string>{"x", "z", "x", "", "x", "y"}));
  EXPECT_EQ(table.field("c").missing, 1U) << "not that of a row that is left out";
  EXPECT_EQ(table.field("word").missing, 1U);
  EXPECT_EQ(table.where(table.field("a"), 3), "t.csv:6:1 (column 'a')");
  EXPECT_EQ(table.where(table.field("a"), 4), "t.csv:8:1 (column 'a')");
  // Columns that are not read have no wrong cells.
  EXPECT_EQ(read_table("t.csv", only({"a", "word"}), {.bad_rows = BadRows::skip}).rows(), 8U);
}

TEST_F(CsvTypes, compressed_and_through_a_pipe_it_is_the_same) {
  const std::string text =
      "a;b;c;d\nNA;1,5;01.02.2024;yes\n3;2;13.02.2024;no\n4;wrong;01.03.2024;\n5;2;;no\n6;3;;no\n7;4;;no\n";
  write_file("t.csv", text);
  write_file("t.csv.gz", gzipped(text));
  ASSERT_EQ(::system("mkfifo pipe packed && (cat t.csv > pipe &) && (cat t.csv.gz > packed &)"), 0);
  std::vector<std::string> notes;
  const Table file = read_table("t.csv", {}, {}, &notes);
  EXPECT_EQ(file.field("a").type, ColumnType::number);
  EXPECT_EQ(file.field("b").written, "1234,5");
  EXPECT_EQ(file.field("c").type, ColumnType::date);
  EXPECT_EQ(file.field("d").type, ColumnType::yes_no);
  EXPECT_EQ(notes, (std::vector<std::string>{"the separator is a semicolon"}));
  for (const char* name : {"t.csv.gz", "pipe", "packed"}) {
    std::vector<std::string> those;
    const Table table = read_table(name, {}, {}, &those);
    EXPECT_EQ(those, notes) << name;
    ASSERT_EQ(names(table), names(file)) << name;
    for (const Field& field : file.fields()) {
      EXPECT_EQ(told(table, field.name), told(field)) << name;
      EXPECT_EQ(values(table, field.name), values(file, field.name)) << name;
      EXPECT_EQ(table.field(field.name).categories, field.categories) << name;
    }
    const std::string wrong =
        error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("b")}), 0; });
    EXPECT_EQ(wrong, std::string(name) + ":4:2: expected a number in column 'b', found 'wrong'" +
                         ways_out("b", "4;wrong;01.03.2024;"));
  }
}

}  // namespace
}  // namespace strata::testing
