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

Records scan(const std::string& text, char delimiter = ',', std::size_t piece = 1 << 20,
             std::vector<std::size_t>* lines = nullptr) {
  Slow source(text, piece);
  CsvScanner scanner(source, "x.csv");
  scanner.set_delimiter(delimiter);
  Records records;
  while (!scanner.at_end()) {
    if (lines != nullptr) lines->push_back(scanner.line());
    records.emplace_back();
    while (true) {
      const CsvScanner::Cell cell = scanner.next();
      records.back().emplace_back(cell.text);
      if (cell.ends_record) break;
    }
  }
  return records;
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
            "x.csv:2: a cell is longer than 16 MiB");
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a\nb,\"" + std::string(most + 1, 'x') + "\",c"); }),
            "x.csv:2: a cell is longer than 16 MiB");
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a\nb,\"" + std::string(2 * most, 'x')); }),
            "x.csv:2: a cell is longer than 16 MiB; is its quote never closed?");
}

TEST(CsvScanner, says_where_a_quote_opened) {
  EXPECT_EQ(error_of(ErrorCode::format, [] { return scan("a,b\n1,2\n3,\"4\n5,6\n7,8\n"); }),
            "x.csv:3: the quote that opens here is never closed");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return scan("a,b\n\"x\"y,2\n"); }),
            "x.csv:2: expected ',' or the end of the line behind the closing quote, found 'y'; a quote inside a quoted "
            "cell is "
            "written twice");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return scan("a\tb\n\"x\n\ny\"z\t2\n", '\t'); }),
            "x.csv:4: expected 'tab' or the end of the line behind the closing quote, found 'z'; a quote inside a "
            "quoted cell is "
            "written twice");
}

TEST(CsvScanner, refuses_nul_bytes) {
  const std::string nul(1, '\0');
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a,b\n1," + nul + "2\n"); }),
            "x.csv:2: a NUL byte; this is not a text file (UTF-16 text must be saved as UTF-8)");
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return scan("a,b\n1,\"" + nul + "\"\n"); }),
            "x.csv:2: a NUL byte in a quoted cell; this is not a text file");
}

char sniffed(const std::string& text) {
  Slow source(text, 3);
  CsvScanner scanner(source, "x.csv");
  return scanner.sniff_delimiter();
}

TEST(CsvScanner, finds_the_delimiter_outside_quotes) {
  EXPECT_EQ(sniffed("a,b,c;d\n"), ',');
  EXPECT_EQ(sniffed("a;b;c,d\n"), ';');
  EXPECT_EQ(sniffed("a\tb\n1,2,3,4\n"), '\t');
  EXPECT_EQ(sniffed("\"a,b,c\";d\n"), ';');
  EXPECT_EQ(sniffed("\"a\n,,,\";d\n"), ';');
  EXPECT_EQ(sniffed("\r\n\n\na;b"), ';');
  EXPECT_EQ(sniffed("alone"), ',');
  EXPECT_EQ(sniffed(""), ',');
}

}  // namespace
}  // namespace strata::testing
