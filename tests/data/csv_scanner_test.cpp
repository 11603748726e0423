// The grammar of CSV, cell by cell, whatever the size of the pieces in which the text comes.
#include "data/csv_scanner.hpp"

#include <algorithm>
#include <memory>
#include <random>

#include "data_test.hpp"

namespace strata::testing {
namespace {

// Gives at most `piece` bytes at a time.
class Slow final : public ByteSource {
 public:
  Slow(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t got = std::min({into.size(), piece_, text_.size() - at_});
    std::memcpy(into.data(), text_.data() + at_, got);
    at_ += got;
    return got;
  }

 private:
  std::string text_;
  std::size_t piece_, at_ = 0;
};

using Records = std::vector<std::vector<std::string>>;

Dialect parted_by(char separator) {
  Dialect dialect;
  dialect.separator = separator;
  return dialect;
}

Records scan(const std::string& text, const Dialect& dialect, std::size_t piece = 1 << 20,
             std::vector<std::size_t>* lines = nullptr) {
  Slow source(text, piece);
  CsvScanner scanner(source, "x.csv", dialect);
  Records records;
  while (scanner.next()) {
    if (lines != nullptr) lines->push_back(scanner.line());
    records.emplace_back();
    for (const CsvScanner::Cell& cell : scanner.cells()) records.back().emplace_back(cell.text);
  }
  return records;
}

Records scan(const std::string& text, char separator = ',', std::size_t piece = 1 << 20,
             std::vector<std::size_t>* lines = nullptr) {
  return scan(text, parted_by(separator), piece, lines);
}

TEST(CsvScanner, splits_cells_and_records) {
  EXPECT_EQ(scan("a,b\n1,2\n"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(scan("a,b\n1,2"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(scan("a,b\r\n1,2\r\n"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(scan("a,b\r1,2\r"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(scan("a,b\r\r\n1,2"), (Records{{"a", "b"}, {""}, {"1", "2"}}));
  EXPECT_EQ(scan(",,\n"), (Records{{"", "", ""}}));
  EXPECT_EQ(scan("a,"), (Records{{"a", ""}}));
  EXPECT_EQ(scan("\n\n"), (Records{{""}, {""}}));
  EXPECT_EQ(scan(""), Records{});
  EXPECT_EQ(scan("a;b,c\td", ';'), (Records{{"a", "b,c\td"}}));
  EXPECT_EQ(scan("a\tb", '\t'), (Records{{"a", "b"}}));
}

TEST(CsvScanner, reads_quotes) {
  EXPECT_EQ(scan("\"a,b\",\"c\nd\"\n"), (Records{{"a,b", "c\nd"}}));
  EXPECT_EQ(scan("\"say \"\"hi\"\"\",x"), (Records{{"say \"hi\"", "x"}}));
  EXPECT_EQ(scan("\"\"\"\",\"\""), (Records{{"\"", ""}}));
  EXPECT_EQ(scan("\"a\""), (Records{{"a"}}));
  EXPECT_EQ(scan("5\" pipe,it\"s"), (Records{{"5\" pipe", "it\"s"}}));  // a quote inside is a letter
  EXPECT_EQ(scan("\"a\" ,b"), (Records{{"a", "b"}}));
  EXPECT_EQ(scan("0, \"cat, big\",\t\"b\"\n"), (Records{{"0", "cat, big", "b"}}));  // a quote may open behind blanks
  EXPECT_EQ(scan("\"a\"\r\n\"b\"\r\"c\""), (Records{{"a"}, {"b"}, {"c"}}));
}

TEST(CsvScanner, the_pieces_of_the_stream_do_not_matter) {
  const std::string text = "a,\"b \"\"x\"\" \r\n y\",c\r\n\"\",\"\",\"\"\r\r\n1,2,\"3\n\n4\"\n5,6,7";
  std::vector<std::size_t> whole_lines;
  const Records whole = scan(text, ',', 1 << 20, &whole_lines);
  EXPECT_EQ(whole, (Records{{"a", "b \"x\" \r\n y", "c"}, {"", "", ""}, {""}, {"1", "2", "3\n\n4"}, {"5", "6", "7"}}));
  EXPECT_EQ(whole_lines, (std::vector<std::size_t>{1, 3, 4, 5, 8}));
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    std::vector<std::size_t> lines;
    EXPECT_EQ(scan(text, ',', piece, &lines), whole) << piece;
    EXPECT_EQ(lines, whole_lines) << piece;
  }
}

TEST(CsvScanner, reads_back_what_a_careful_writer_writes) {
  std::mt19937 random(1);
  const std::string letters = "ab,\"\n\r; \t";
  for (int round = 0; round < 300; ++round) {
    Records records(1 + random() % 4);
    std::string text;
    for (auto& record : records) {
      record.resize(1 + random() % 4);
      for (std::size_t i = 0; i < record.size(); ++i) {
        for (std::size_t n = random() % 6; n > 0; --n) record[i] += letters[random() % letters.size()];
        std::string quoted = "\"";
        for (const char c : record[i]) quoted += c == '"' ? "\"\"" : std::string(1, c);
        text += (i > 0 ? "," : "") + quoted + "\"";
      }
      text += std::vector<std::string>{"\n", "\r\n", "\r"}[static_cast<std::size_t>(round % 3)];
    }
    EXPECT_EQ(scan(text, ',', 1 + random() % 40), records) << text;
  }
}

TEST(CsvScanner, long_cells_pass_the_buffer) {
  const std::string longer(3'000'000, 'x');
  EXPECT_EQ(scan("a," + longer + ",\"" + longer + "\"\nb,c,d\n", ',', 100'000),
            (Records{{"a", longer, longer}, {"b", "c", "d"}}));
}

TEST(CsvScanner, a_cell_may_have_16_mebibytes_and_no_byte_more) {
  const std::size_t most = std::size_t{16} << 20;
  EXPECT_EQ(scan("a," + std::string(most, 'x'))[0][1].size(), most);
  EXPECT_EQ(scan("a,\"" + std::string(most, 'x') + "\"")[0][1].size(), most);
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a\nb," + std::string(most + 1, 'x') + ",c"); }),
            "x.csv:2:2: a cell is longer than 16 MiB");
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a\nb,\"" + std::string(most + 1, 'x') + "\",c"); }),
            "x.csv:2:2: a cell is longer than 16 MiB");
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a\nb,\"" + std::string(2 * most, 'x')); }),
            "x.csv:2:2: a cell is longer than 16 MiB; is its quote never closed?");
}

TEST(CsvScanner, a_record_has_its_limits_too) {
  const std::string part(10 << 20, 'x');
  EXPECT_EQ(scan("a\n" + part + "," + part + "," + part)[1].size(), 3U);
  std::string parts = "a\nb";
  for (int i = 0; i < 8; ++i) parts += "," + part;
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan(parts); }), "x.csv:2: a record is longer than 64 MiB");
  EXPECT_EQ(scan(std::string(999'999, ','))[0].size(), 1'000'000U);
  EXPECT_EQ(error_of(ErrorCode::format, [] { return scan("a\n" + std::string(1'000'000, ',')); }),
            "x.csv:2: more than 1,000,000 columns");
}

TEST(CsvScanner, says_where_a_quote_opened) {
  EXPECT_EQ(error_of(ErrorCode::format, [] { return scan("a,b\n1,2\n3,\"4\n5,6\n7,8\n"); }),
            "x.csv:3:2: the quote that opens here is never closed");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return scan("a,b\n\"x\"y,2\n"); }),
            "x.csv:2:1: expected a comma or the end of the line behind the closing quote, found 'y'; a quote inside a "
            "quoted cell is written twice");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return scan("a\tb\n\"x\n\ny\"z\t2\n", '\t'); }),
            "x.csv:4:1: expected a tab or the end of the line behind the closing quote, found 'z'; a quote inside a "
            "quoted cell is written twice");
}

TEST(CsvScanner, refuses_nul_bytes) {
  const std::string nul(1, '\0');
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a,b\n1," + nul + "2\n"); }),
            "x.csv:2: a NUL byte; this is not a text file (UTF-16 text must be saved as UTF-8)");
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a,b\n1,\"" + nul + "\"\n"); }),
            "x.csv:2:2: a NUL byte in a quoted cell; this is not a text file");
}

TEST(CsvScanner, ignores_the_end_of_file_that_dos_writes) {
  for (std::size_t piece = 1; piece < 9; ++piece) {
    EXPECT_EQ(scan("a,b\n1,2\n\x1A", ',', piece), (Records{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(scan("a,b\n1,2\x1A\x1A", ',', piece), (Records{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(scan("a,b\n1,\"2\" \x1A", ',', piece), (Records{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(scan("a,b\n1, \x1A", ',', piece), (Records{{"a", "b"}, {"1", ""}}));
    EXPECT_EQ(scan("\x1A", ',', piece), Records{});
    EXPECT_EQ(scan("a\x1A,b\n", ',', piece), (Records{{"a\x1A", "b"}}));
  }
}

TEST(CsvScanner, trims_what_is_not_quoted) {
  EXPECT_EQ(scan(" a ,\tb\t, \"c \" ,\" d\"\n  \n"), (Records{{"a", "b", "c ", " d"}, {""}}));
  EXPECT_EQ(scan(" a \t \tb", '\t'), (Records{{"a", "", "b"}}));
  EXPECT_EQ(scan("a \t b  c", ' '), (Records{{"a", "b", "c"}}));
}

TEST(CsvScanner, reads_quotes_behind_backslashes) {
  Dialect dialect;
  dialect.escapes = true;
  const std::string text = R"("say \"hi\", twice","C:\\dir\n","\\",a\"b,"x ""y""",\N)";
  for (std::size_t piece = 1; piece < 20; ++piece) {
    EXPECT_EQ(scan(text, dialect, piece),
              (Records{{R"(say "hi", twice)", R"(C:\dir\n)", R"(\)", R"(a\"b)", R"(x "y")", R"(\N)"}}));
  }
}

TEST(CsvScanner, what_is_not_utf8_is_windows_1252_cell_by_cell) {
  const std::string text = "K\xF6ln,K\xC3\xB6ln,\"\x80 \"\"5\"\"\",\x93x\x94,\x81\n1,2\n";
  for (std::size_t piece = 1; piece < 20; ++piece) {
    EXPECT_EQ(scan(text, ',', piece), (Records{{"Köln", "Köln", "€ \"5\"", "“x”", "\xC2\x81"}, {"1", "2"}}));
  }
  Slow source("a\nb\n\"\n\xE4\"\n\xE5", 3);
  CsvScanner scanner(source, "x.csv", {});
  while (scanner.next()) continue;
  EXPECT_EQ(scanner.counts().not_utf8, 2U);
  EXPECT_EQ(scanner.counts().first_not_utf8_line, 3U);
}

TEST(CsvScanner, knows_the_lines_of_cells) {
  Slow source("a,\"b\r\nc\rd\",e,f\n1,2\n", 2);
  CsvScanner scanner(source, "x.csv", {});
  ASSERT_TRUE(scanner.next());
  EXPECT_EQ(scanner.line_of(0), 1U);
  EXPECT_EQ(scanner.line_of(1), 1U);
  EXPECT_EQ(scanner.line_of(2), 3U);
  EXPECT_EQ(scanner.line_of(3), 3U);
  EXPECT_EQ(scanner.record(), "a,\"b\r\nc\rd\",e,f");
  ASSERT_TRUE(scanner.next());
  EXPECT_EQ(scanner.line(), 4U);
  EXPECT_EQ(scanner.record(), "1,2");
  EXPECT_FALSE(scanner.next());
}

// All pieces of a text with every special byte at every place of a block of 64.
TEST(CsvScanner, finds_what_is_special_wherever_it_stands) {
  for (std::size_t at = 0; at < 200; ++at) {
    const std::string before(at, 'x'), behind(70, 'y');
    EXPECT_EQ(scan(before + "," + behind), (Records{{before, behind}}));
    EXPECT_EQ(scan(before + "\n" + behind), (Records{{before}, {behind}}));
    EXPECT_EQ(scan(before + "\r\n" + behind), (Records{{before}, {behind}}));
    EXPECT_EQ(scan(before + ",\"\"\"" + behind + "\"\n"), (Records{{before, "\"" + behind}}));
    EXPECT_EQ(scan(before + "\xE4," + behind), (Records{{before + "ä", behind}}));
    EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan(before + std::string(1, '\0') + behind); }),
              "x.csv:1: a NUL byte; this is not a text file (UTF-16 text must be saved as UTF-8)");
  }
}

Records rows(const std::string& text, const Dialect& dialect, TextCounts* counts = nullptr, std::size_t piece = 3) {
  Slow source(text, piece);
  CsvScanner scanner(source, "x.csv", dialect);
  Records found;
  while (scanner.next_row()) {
    found.emplace_back();
    for (const CsvScanner::Cell& cell : scanner.cells()) found.back().emplace_back(cell.text);
  }
  if (counts != nullptr) *counts = scanner.counts();
  return found;
}

Dialect with_columns(std::size_t columns) {
  Dialect dialect;
  dialect.names.resize(columns);
  return dialect;
}

TEST(CsvRows, begin_where_the_dialect_says) {
  Dialect dialect = with_columns(2);
  dialect.begin = 4;
  dialect.line = 2;
  EXPECT_EQ(rows("a,b\n1,2\n\n \n3,4\n", dialect), (Records{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return rows("a,b\n1,2\n3\n", dialect); }),
            "x.csv:3: expected 2 cells, found 1 (separator: comma; to leave such lines out: --bad-rows skip): 3");
  dialect.begin = 4000;
  EXPECT_EQ(rows("a,b\n", dialect), Records{});
}

TEST(CsvRows, of_one_column_may_be_blank_lines) {
  const Dialect one = with_columns(1);
  for (std::size_t piece = 1; piece < 9; ++piece) {
    EXPECT_EQ(rows("1\n\n2\n \n\r\n3\n", one, nullptr, piece), (Records{{"1"}, {""}, {"2"}, {""}, {""}, {"3"}}));
    EXPECT_EQ(rows("1\n\n\n \n\x1A", one, nullptr, piece), (Records{{"1"}}));
    EXPECT_EQ(rows("1\n\n\n\x1A\n", one, nullptr, piece), (Records{{"1"}, {""}, {""}, {"\x1A"}}));
    EXPECT_EQ(rows("1\n\n\"\"\n\n", one, nullptr, piece), (Records{{"1"}, {""}, {""}}));
  }
  EXPECT_EQ(rows("1\n" + std::string(2'000'000, '\n') + "2", one, nullptr, 4096).size(), 2'000'002U);
}

TEST(CsvRows, show_the_line_that_does_not_fit) {
  const auto refused = [](const std::string& text, const Dialect& dialect) {
    return error_of(ErrorCode::format, [&] { return rows(text, dialect); });
  };
  Dialect tabs = with_columns(2);
  tabs.separator = '\t';
  const std::string letters(79, 'x');
  EXPECT_EQ(refused(letters + "\xC3\xA4y,,\n", tabs),
            "x.csv:1: expected 2 cells, found 1 (separator: tab; to leave such lines out: --bad-rows skip): " +
                letters + "ä…");
  EXPECT_EQ(refused("1\t2\n\n\"\x1B[2J\n\"\tK\xF6ln\t3", tabs),
            "x.csv:3: expected 2 cells, found 3 (separator: tab; to leave such lines out: --bad-rows skip): "
            "\"\\x1b[2J\\x0a\"\\x09Köln\\x093");
}

TEST(CsvRows, that_do_not_fit_may_be_left_out) {
  Dialect dialect = with_columns(2);
  dialect.skip_bad_rows = true;
  TextCounts counts;
  EXPECT_EQ(rows("1,2\n3\n4,5,6\n\n7,8\n9", dialect, &counts), (Records{{"1", "2"}, {"7", "8"}}));
  EXPECT_EQ(counts.bad_rows_skipped, 3U);
  EXPECT_EQ(counts.first_bad_line, 2U);
}

TEST(CsvRows, may_end_with_separators) {
  Dialect dialect = with_columns(2);
  dialect.empty_columns = 2;
  EXPECT_EQ(rows("1,2,,\n3,4\n5,, , \n6,7,\n", dialect), (Records{{"1", "2"}, {"3", "4"}, {"5", ""}, {"6", "7"}}));
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return rows("1,2,,3\n", dialect); }),
            "x.csv:1: expected 2 cells, found 4 (separator: comma; to leave such lines out: --bad-rows skip): 1,2,,3");
}

TEST(CsvRows, pass_over_comments) {
  Dialect dialect = with_columns(2);
  dialect.comment = "//";
  TextCounts counts;
  const std::string text = "// a \"quote, and a comma\n1,2\r\n//3,4\r\n\n/5,6\n//";
  for (std::size_t piece = 1; piece < 9; ++piece) {
    EXPECT_EQ(rows(text, dialect, &counts, piece), (Records{{"1", "2"}, {"/5", "6"}}));
    EXPECT_EQ(counts.comments, 3U);
  }
  EXPECT_EQ(rows("//" + std::string(70'000'000, 'x') + "\n1,2", dialect, nullptr, 1 << 20), (Records{{"1", "2"}}));
  // Where nobody asked for them, what can be a row is one.
  dialect.comment_found = true;
  EXPECT_EQ(rows("// done\n//1,2\n3,4\n//,,\n", dialect, &counts), (Records{{"//1", "2"}, {"3", "4"}}));
  EXPECT_EQ(counts.comments, 2U);
}

}  // namespace
}  // namespace strata::testing
