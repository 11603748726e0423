#include <cmath>

#include "base/file_reader.hpp"
#include "data/formats.hpp"
#include "data_test.hpp"

namespace strata::testing {
namespace {

class Csv : public InFolder {
 protected:
  static Table read(const std::string& text, const FieldChooser& choose = {}, const ReadingOptions& reading = {}) {
    write_file("houses.csv", text);
    return read_table("houses.csv", choose, reading);
  }
  static std::string refused(const std::string& text) { return reading_error(ErrorCode::format, "houses.csv", text); }
  static std::string not_numbers(const Table& table) {
    std::vector<const Field*> fields;
    for (const Field& field : table.fields()) fields.push_back(&field);
    return error_of(ErrorCode::value, [&] { return table.require_numbers(fields), 0; });
  }
};

TEST_F(Csv, reads_numbers_and_texts) {
  const Table table = read("rooms,kind,price\n3,flat,12.5\n4,house,-1e3\n 5 ,flat,+7\n");
  EXPECT_EQ(table.rows(), 3U);
  EXPECT_EQ(table.source(), "houses.csv");
  EXPECT_EQ(names(table), (std::vector<std::string>{"rooms", "kind", "price"}));
  EXPECT_EQ(numbers(table, "rooms"), (std::vector<double>{3, 4, 5}));
  EXPECT_EQ(numbers(table, "price"), (std::vector<double>{12.5, -1000, 7}));
  EXPECT_EQ(texts(table, "kind"), (std::vector<std::string>{"flat", "house", "flat"}));
  EXPECT_EQ(table.field("kind").categories, (std::vector<std::string>{"flat", "house"}));
  EXPECT_EQ(table.field("rooms").rows, 3U);
  EXPECT_TRUE(table.field("rooms").shape.empty());
  std::vector<double> row(3);
  std::vector<const Field*> fields = {table.find("price"), table.find("rooms"), table.find("kind")};
  table.read_row(fields, 1, row.data());
  EXPECT_EQ(row, (std::vector<double>{-1000, 4, 1}));
}

TEST_F(Csv, reads_all_kinds_of_lines_and_delimiters) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    for (const std::string delimiter : {",", ";", "\t"}) {
      for (const bool mark : {false, true}) {
        const Table table = read((mark ? "\xEF\xBB\xBF" : "") + ("a" + delimiter + "b" + end) + "1" + delimiter + "2" +
                                 end + "3" + delimiter + "4" + end);
        EXPECT_EQ(names(table), (std::vector<std::string>{"a", "b"}));
        EXPECT_EQ(numbers(table, "b"), (std::vector<double>{2, 4}));
      }
    }
  }
}

TEST_F(Csv, quoted_numbers_are_numbers) {
  const Table table = read("\"a\",\"b, c\"\n\"1.5\",\"x \"\"y\"\"\"\n2,\"u\nv\"\n3,\"\n\"\n");
  EXPECT_EQ(names(table), (std::vector<std::string>{"a", "b, c"}));
  EXPECT_EQ(numbers(table, "a"), (std::vector<double>{1.5, 2, 3}));
  EXPECT_EQ(texts(table, "b, c"), (std::vector<std::string>{"x \"y\"", "u\nv", ""}));  // blanks alone say nothing
}

TEST_F(Csv, blank_lines_are_passed_over_and_counted) {
  const Table table = read("\n\na,b\n\n1,2\n   \n3,4\n\n\n");
  EXPECT_EQ(numbers(table, "a"), (std::vector<double>{1, 3}));
  EXPECT_EQ(table.where(table.field("b"), 0), "houses.csv:5:2 (column 'b')");
  EXPECT_EQ(table.where(table.field("a"), 1), "houses.csv:7:1 (column 'a')");
  // In a file of one column, a blank line is an empty cell.
  const Table column = read("a\n1\n\n\"\"\n2\n\n");
  EXPECT_EQ(column.rows(), 4U);
  EXPECT_TRUE(std::isnan(column.number(column.field("a"), 1)));
  EXPECT_TRUE(std::isnan(column.number(column.field("a"), 2)));
  EXPECT_EQ(column.where(column.field("a"), 3), "houses.csv:5:1 (column 'a')");
}

TEST_F(Csv, lines_are_true_after_quoted_line_ends) {
  const Table table = read("id,note\n1,\"two\nlines\"\n2,plain\n3,\"a\r\n\r\nb\"\n4,x\n");
  const Field& note = table.field("note");
  EXPECT_EQ(table.where(note, 0), "houses.csv:2:2 (column 'note')");
  EXPECT_EQ(table.where(note, 1), "houses.csv:4:2 (column 'note')");
  EXPECT_EQ(table.where(note, 2), "houses.csv:5:2 (column 'note')");
  EXPECT_EQ(table.where(note, 3), "houses.csv:8:2 (column 'note')");
}

TEST_F(Csv, a_word_among_numbers_has_its_place) {
  const ReadingOptions numeric{.numeric = {"rooms"}};
  EXPECT_EQ(not_numbers(read("id,kind,rooms\n1,2,3\n1,2,abc\n1,2,def\n", {}, numeric)),
            "houses.csv:3:3: expected a number in column 'rooms', found 'abc'" + ways_out("rooms", "1,2,abc"));
  EXPECT_EQ(not_numbers(read("note,rooms\n1,2\n\"a\nb\",\"x\"\n", only({"rooms"}), numeric)),
            "houses.csv:4:2: expected a number in column 'rooms', found 'x'" + ways_out("rooms", R"("a\x0ab","x")"));
  const Table table = read("rooms\n1\nabc\n", {}, numeric);
  EXPECT_FALSE(table.fields()[0].is_text());
  EXPECT_TRUE(std::isnan(table.number(table.fields()[0], 1)));
  // Nobody said what it is: four numbers of five cells are enough.
  EXPECT_EQ(not_numbers(read("rooms\n1\n2\n3\nabc\n4\n")),
            "houses.csv:5:1: expected a number in column 'rooms', found 'abc'" + ways_out("rooms", "abc"));
  EXPECT_EQ(texts(read("rooms\n1\n2\n3\nabc\n"), "rooms"), (std::vector<std::string>{"1", "2", "3", "abc"}));
}

TEST_F(Csv, an_empty_cell_has_its_place) {
  EXPECT_EQ(not_numbers(read("a,rooms\n1,2\n3,\n4,\n5,6\n")), "houses.csv:3:2: the cell of column 'rooms' is empty");
  EXPECT_EQ(not_numbers(read("a,rooms\n1,\n3,7\n4,8\n")), "houses.csv:2:2: the cell of column 'rooms' is empty");
  EXPECT_EQ(not_numbers(read("a,rooms\n1,\n3,  \n")), "houses.csv:2:2: the cell of column 'rooms' is empty");
  const ReadingOptions numeric{.numeric = {"rooms"}};
  EXPECT_EQ(not_numbers(read("a,rooms\n1,2\n3,\n4,abc\n", {}, numeric)),
            "houses.csv:3:2: the cell of column 'rooms' is empty");
}

TEST_F(Csv, nan_is_missing_and_infinity_has_its_place) {
  const Table nan = read("a,rooms\n1,2\n3,nan\n4,5\n");
  EXPECT_TRUE(std::isnan(nan.number(nan.field("rooms"), 1)));
  EXPECT_EQ(nan.field("rooms").missing, 1U);
  EXPECT_EQ(not_numbers(nan), "houses.csv:3:2: the cell of column 'rooms' holds 'nan', which counts as missing");
  EXPECT_EQ(not_numbers(read("a,rooms\n1,2\n3,inf\n")),
            "houses.csv:3:2: column 'rooms' holds inf; every number must be finite (to let it count as missing: "
            "--missing inf)");
  EXPECT_EQ(not_numbers(read("a,rooms\n1,2\n3,-1e999\n")),
            "houses.csv:3:2: column 'rooms' holds -inf; every number must be finite (to let it count as missing: "
            "--missing -inf)");
  // The first record of a missing cell is a later one than the infinity.
  EXPECT_EQ(not_numbers(read("a,rooms\n1,inf\n3,\n4,5\n")),
            "houses.csv:2:2: column 'rooms' holds inf; every number must be finite (to let it count as missing: "
            "--missing inf)");
}

TEST_F(Csv, only_the_fields_that_are_asked_for_must_be_numbers) {
  const Table table = read("a,b,c\n1,x,3\n4,,nan\n");
  EXPECT_NO_THROW(table.require_numbers(std::vector{table.find("a")}));
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("b")}), 0; }),
            "houses.csv:2:2: expected a number in column 'b', found 'x'" + ways_out("b", ""));
}

TEST_F(Csv, a_column_is_what_its_cells_say_and_not_the_first) {
  const Table table = read("a,b,c\n,,x\n,x,1\n1,,\n2,2,x\n");
  EXPECT_FALSE(table.field("a").is_text());
  EXPECT_TRUE(std::isnan(table.number(table.field("a"), 0)));
  EXPECT_EQ(table.number(table.field("a"), 2), 1.0);
  EXPECT_EQ(texts(table, "b"), (std::vector<std::string>{"", "x", "", "2"}));
  EXPECT_EQ(texts(table, "c"), (std::vector<std::string>{"x", "1", "", "x"}));
  // A column of words that begins empty is told by its first word.
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("b")}), 0; }),
            "houses.csv:3:2: expected a number in column 'b', found 'x'" + ways_out("b", ""));
}

TEST_F(Csv, named_columns_are_text_whatever_they_hold) {
  const Table table = read("zip,b\n01,1\n1,2\n01,3\n", {}, {.categorical = {"zip"}});
  EXPECT_EQ(texts(table, "zip"), (std::vector<std::string>{"01", "1", "01"}));
  EXPECT_FALSE(table.field("b").is_text());
}

TEST_F(Csv, only_chosen_columns_are_kept_in_the_order_of_the_choice) {
  std::vector<std::string> offered;
  std::size_t calls = 0;
  const Table table = read("a,b,c\n1,x,3\n4,y,6\n", [&](std::span<const Field> fields) {
    ++calls;
    for (const Field& field : fields) offered.push_back(field.name);
    EXPECT_EQ(fields[0].rows, 0U);
    EXPECT_EQ(fields[0].type, ColumnType::number);
    EXPECT_EQ(fields[1].type, ColumnType::category);
    return std::vector<std::string>{"c", "a", "c"};
  });
  EXPECT_EQ(calls, 1U);
  EXPECT_EQ(offered, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(names(table), (std::vector<std::string>{"c", "a"}));
  EXPECT_EQ(numbers(table, "c"), (std::vector<double>{3, 6}));
  EXPECT_EQ(table.where(table.field("c"), 1), "houses.csv:3:3 (column 'c')");
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return table.field("b"); }),
            "houses.csv has no column 'b' (it has: c, a)");
}

TEST_F(Csv, a_choice_must_exist) {
  write_file("houses.csv", "price,rooms\n1,2\n");
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return read_table("houses.csv", only({"room"})); }),
            "houses.csv has no 'room'; did you mean 'rooms'? (it has: price, rooms)");
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return read_table("houses.csv", only({})); }),
            "houses.csv: no field was chosen (it has: price, rooms)");
}

TEST_F(Csv, ragged_rows_are_refused_even_where_nothing_is_chosen) {
  const std::string way_out = " (separator: comma; to leave such lines out: --bad-rows skip): ";
  EXPECT_EQ(refused("a,b,c\n1,2,3\n1,2\n"), "houses.csv:3: expected 3 cells, found 2" + way_out + "1,2");
  EXPECT_EQ(refused("a,b,c\n\n1,2,3,4,5\n"), "houses.csv:3: expected 3 cells, found 5" + way_out + "1,2,3,4,5");
  EXPECT_EQ(refused("a,b\n\"x\ny\",2\n1,2,3\n"), "houses.csv:4: expected 2 cells, found 3" + way_out + "1,2,3");
  write_file("houses.csv", "a,b,c\n1,2,3\n1,2\n");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("houses.csv", only({"a"})); }),
            "houses.csv:3: expected 3 cells, found 2" + way_out + "1,2");
}

// Reads by what is said of the text.
Table read_by(const std::string& text, const ReadingOptions& reading, TextReport& report) {
  write_file("houses.csv", text);
  FileReader file("houses.csv");
  Request request{{}};
  request.reading = reading;
  request.report = &report;
  return read_table(file, request);
}

TEST_F(Csv, rows_that_do_not_fit_can_be_left_out) {
  TextReport report;
  const Table table = read_by("a,kind\n1,x\n2\n3,y,z\n4,w\n", {.bad_rows = BadRows::skip}, report);
  EXPECT_EQ(numbers(table, "a"), (std::vector<double>{1, 4}));
  EXPECT_EQ(table.field("kind").categories, (std::vector<std::string>{"x", "w"}));
  EXPECT_EQ(report.counts.bad_rows_skipped, 2U);
  EXPECT_EQ(report.counts.first_bad_line, 3U);
  EXPECT_EQ(table.where(table.field("a"), 1), "houses.csv:5:1 (column 'a')");
}

TEST_F(Csv, says_what_it_found) {
  TextReport report;
  EXPECT_EQ(names(read_by("a;b\n1;2\n3;K\xF6ln\n", {}, report)), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(report.dialect.separator, ';');
  EXPECT_EQ(report.dialect.notes,
            (std::vector<std::string>{"the text is not UTF-8: what is none is read as Windows-1252",
                                      "the separator is a semicolon"}));
  EXPECT_EQ(report.counts.not_utf8, 1U);
  EXPECT_EQ(report.counts.first_not_utf8_line, 3U);
}

TEST_F(Csv, a_header_of_numbers_is_no_header) {
  const std::string ways_out =
      "; put a line of names before it, or let the columns be c1, c2, … with --header no; if these are names: --header "
      "yes";
  EXPECT_EQ(refused("5.1,3.5,1.4\n4.9,3.0,1.4\n"),
            "houses.csv:1: the first line must name the columns, but it looks like a row (5.1, 3.5, 1.4)" + ways_out);
  EXPECT_EQ(refused("\n2,1,?,7,8\n4.9,3.0,1.4,1,1\n"),
            "houses.csv:2: the first line must name the columns, but it looks like a row (2, 1, ?, 7, … (1 more))" +
                ways_out);
  EXPECT_EQ(refused("0\n1\n0\n"),
            "houses.csv:1: the first line must name the columns, but it looks like a row (0)" + ways_out);
  EXPECT_EQ(names(read("0,1,2\n4,5,6\n")), (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(names(read(",0,1\n0,5,6\n")), (std::vector<std::string>{"index", "0", "1"}));
  EXPECT_EQ(names(read("1990,kind\n4,5\n")), (std::vector<std::string>{"1990", "kind"}));
}

TEST_F(Csv, a_header_can_be_said_to_be_none_and_to_be_one) {
  TextReport report;
  ReadingOptions wishes;
  wishes.header = Header::no;
  const Table none = read_by("5.1,a\n4.9,b\n", wishes, report);
  EXPECT_EQ(names(none), (std::vector<std::string>{"c1", "c2"}));
  EXPECT_EQ(numbers(none, "c1"), (std::vector<double>{5.1, 4.9}));
  wishes.header = Header::yes;
  EXPECT_EQ(names(read_by("2019,2020\n4.9,3.0\n", wishes, report)), (std::vector<std::string>{"2019", "2020"}));
  // A reader that can do without one takes it as it is.
  write_file("houses.csv", "5.1,3.5\n4.9,3.0\n");
  FileReader file("houses.csv");
  Request request{{}};
  request.takes_headerless = true;
  request.report = &report;
  EXPECT_EQ(numbers(read_table(file, request), "c1"), (std::vector<double>{5.1, 4.9}));
  EXPECT_FALSE(report.dialect.header_found);
}

TEST_F(Csv, every_column_has_a_name_of_its_own) {
  EXPECT_EQ(names(read("a,b,c,b\n1,2,3,4\n")), (std::vector<std::string>{"a", "b", "c", "b_2"}));
  EXPECT_EQ(names(read("a,,c\n1,2,3\n")), (std::vector<std::string>{"a", "c2", "c"}));
  EXPECT_EQ(names(read("a,b,\n1,2,\n")), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(names(read(",index\n1,2\n")), (std::vector<std::string>{"index_2", "index"}));
  EXPECT_EQ(names(read(" a , \"b\"\n1,2\n")), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Csv, words_are_trimmed_where_they_are_not_quoted) {
  const Table table = read("len, kind\n1, a \n2,\ta\n3,\"a \"\n");
  EXPECT_EQ(texts(table, "kind"), (std::vector<std::string>{"a", "a", "a "}));
}

TEST_F(Csv, says_what_is_missing) {
  EXPECT_EQ(refused(""), "houses.csv is empty");
  EXPECT_EQ(refused("\n\r\n\n"), "houses.csv holds nothing but blank lines");
  EXPECT_EQ(refused("a,b\n"), "houses.csv has a header but no rows");
  EXPECT_EQ(refused("a,b\n\n  \n"), "houses.csv has a header but no rows");
  EXPECT_EQ(refused("a,\"b\n1,2\n"), "houses.csv:1:2: the quote that opens here is never closed");
}

TEST_F(Csv, says_what_a_file_is_instead) {
  const std::string html = "houses.csv is an HTML page, not data: the download probably failed";
  EXPECT_EQ(refused("<!DOCTYPE html>\n<p>404"), html);
  EXPECT_EQ(refused("\xEF\xBB\xBF \n<HTML lang=en>"), html);
  EXPECT_EQ(refused("<?xml version='1.0'?>"), "houses.csv is XML, not a table; write it as CSV");
  EXPECT_EQ(refused("{\n  \"a\": 1}"), "houses.csv is JSON, not a table; write it as CSV");
  EXPECT_EQ(refused("[[1, 2], [3, 4]]"), "houses.csv is JSON, not a table; write it as CSV");
  const auto utf16 = [](const std::string& encoding) {
    return "houses.csv is UTF-16 text; convert it first: iconv -f " + encoding + " -t UTF-8 FILE > NEW.csv";
  };
  EXPECT_EQ(refused(std::string("\xFF\xFE") + std::string("a\0,\0", 4)), utf16("UTF-16"));
  EXPECT_EQ(refused(std::string("\xFE\xFF\0a", 4)), utf16("UTF-16"));
  EXPECT_EQ(refused(std::string("a\0,\0b\0", 6)), utf16("UTF-16LE"));
  EXPECT_EQ(refused(std::string("\0a\0,\0b\0\n", 8)), utf16("UTF-16BE"));
  EXPECT_EQ(refused(std::string("a\0,b\nc", 6)),
            "houses.csv is not a table that can be read: neither text (byte 1 is 0x00), nor HDF5, NPY, NPZ, IDX, PNG "
            "or JPEG");
  EXPECT_EQ(refused("a,b\n1,\x01\n"),
            "houses.csv is not a table that can be read: neither text (byte 6 is 0x01), nor HDF5, NPY, NPZ, IDX, PNG "
            "or JPEG");
  EXPECT_EQ(refused("a,b\n" + std::string(5000, '1') + std::string("\0", 1) + ",2"),
            "houses.csv:2: a NUL byte; this is not a text file (UTF-16 text must be saved as UTF-8)");
  EXPECT_EQ(refused("%PDF-1.7 …"), "houses.csv is a PDF document, not data");
  EXPECT_EQ(refused("BZh91AY&SY1"), "houses.csv is compressed with bzip2; decompress it first: bunzip2 --keep FILE");
  EXPECT_EQ(refused(std::string("\xFD\x37zXZ\0", 6)),
            "houses.csv is compressed with xz; decompress it first: unxz --keep FILE");
  EXPECT_EQ(refused("GIF89a"), "houses.csv is a GIF picture; only PNG and JPEG can be read");
}

TEST_F(Csv, says_how_tables_of_other_programs_become_csv) {
  const std::string workbook = "convert a sheet of it first: libreoffice --headless --convert-to csv FILE";
  EXPECT_EQ(refused("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "houses.csv is an old Excel workbook (.xls); " + workbook);
  const auto by_pandas = [](const std::string& call) {
    return "convert it first: python3 -c \"import pandas; pandas." + call + ".to_csv('NEW.csv', index=False)\"";
  };
  EXPECT_EQ(refused("PAR1\x15\x04"), "houses.csv is a Parquet file; " + by_pandas("read_parquet('FILE')"));
  EXPECT_EQ(refused(std::string("ARROW1\0\0", 8)), "houses.csv is an Arrow file; " + by_pandas("read_feather('FILE')"));
  EXPECT_EQ(refused("FEA1"), "houses.csv is a Feather file; " + by_pandas("read_feather('FILE')"));
  EXPECT_EQ(refused("<stata_dta><header>"), "houses.csv is a Stata file; " + by_pandas("read_stata('FILE')"));
  EXPECT_EQ(refused(std::string("\x72\x02\x01\0", 4)),
            "houses.csv is a Stata file; " + by_pandas("read_stata('FILE')"));
  EXPECT_EQ(refused("$FL2@(#) SPSS"), "houses.csv is an SPSS file; " + by_pandas("read_spss('FILE')"));
  EXPECT_EQ(refused(std::string(12, '\0') + "\xC2\xEA\x81\x60"),
            "houses.csv is a SAS file; " + by_pandas("read_sas('FILE', format='sas7bdat', encoding='infer')"));
  EXPECT_EQ(refused("HEADER RECORD*******LIBRARY"),
            "houses.csv is a SAS transport file; " + by_pandas("read_sas('FILE', format='xport')"));
  EXPECT_EQ(refused(std::string("X\n\0\0\0\3", 6)),
            "houses.csv is an object of R; convert it first: Rscript -e \"write.csv(readRDS('FILE'), 'NEW.csv')\"");
  for (const std::string first : {"", "% by hand\n%\n\n"}) {
    EXPECT_EQ(refused(first + "@RELATION iris\n@attribute a numeric\n@data\n1\n").substr(0, 50),
              "houses.csv is an ARFF file; convert it first: pyth");
  }
}

TEST_F(Csv, text_that_is_no_utf8_is_windows_1252) {
  const Table table = read(
      "Gr\xF6\xDF"
      "e,town\n1,K\xF6ln\n2,K\xC3\xB6ln\n3,\x80\n");
  EXPECT_EQ(names(table), (std::vector<std::string>{"Größe", "town"}));
  EXPECT_EQ(texts(table, "town"), (std::vector<std::string>{"Köln", "Köln", "€"}));
  EXPECT_EQ(table.field("town").categories.size(), 2U);
}

TEST_F(Csv, messages_are_safe_for_a_terminal_and_short) {
  const std::string long_word(500, 'x');
  EXPECT_EQ(not_numbers(read("a\n1\n" + long_word + "\n", {}, {.numeric = {"a"}})),
            "houses.csv:3:1: expected a number in column 'a', found '" + long_word.substr(0, 60) + "…'" +
                ways_out("a", long_word.substr(0, 80) + "…"));
  const std::string padding(5000, '1');  // what is near the beginning is refused as binary
  EXPECT_EQ(not_numbers(read("a,b\n1,2\n" + padding + ",3\n1,\x1B[31mred\n", only({"b"}), {.numeric = {"b"}})),
            "houses.csv:4:2: expected a number in column 'b', found '\\x1b[31mred'" + ways_out("b", "1,\\x1b[31mred"));
}

TEST_F(Csv, a_million_columns_and_no_more) {
  std::string header = "c0", row = "0";
  for (int i = 1; i < 1'000'000; ++i) {
    header += ",c" + std::to_string(i);
    row += ",1";
  }
  const Table last = read(header + "\n" + row + "\n", only({"c999999"}));
  EXPECT_EQ(numbers(last, "c999999"), (std::vector<double>{1}));
  const Table all = read_table("houses.csv", [](std::span<const Field> fields) {
    std::vector<std::string> every;
    for (const Field& field : fields) every.push_back(field.name);
    return every;
  });
  EXPECT_EQ(all.fields().size(), 1'000'000U);
  EXPECT_EQ(all.number(all.fields()[999'999], 0), 1.0);
  EXPECT_EQ(refused(header + ",more\n"), "houses.csv:1: more than 1,000,000 columns");
}

TEST_F(Csv, missing_files_and_folders_are_told_apart) {
  write_file("houses.csv", "a\nx\n");
  std::filesystem::create_directory("folder");
  EXPECT_EQ(error_of(ErrorCode::not_found, [] { return read_table("house.csv"); }),
            "there is no file 'house.csv'; did you mean 'houses.csv'?");
  EXPECT_EQ(error_of(ErrorCode::not_found, [] { return read_table("nowhere"); }), "there is no file 'nowhere'");
  EXPECT_EQ(error_of(ErrorCode::not_found, [] { return read_table("fold/houses.csv"); }),
            "there is no file 'fold/houses.csv': its folder does not exist");
  EXPECT_EQ(error_of(ErrorCode::io, [] { return read_table("folder"); }),
            "'folder' is a folder; give the name of a file in it");
}

TEST_F(Csv, reads_from_a_pipe) {
  ASSERT_EQ(::system("mkfifo pipe && (printf 'a,b\\n1,2\\n3,4\\n' > pipe &)"), 0);
  const Table table = read_table("pipe");
  EXPECT_EQ(numbers(table, "b"), (std::vector<double>{2, 4}));
}

}  // namespace
}  // namespace strata::testing
