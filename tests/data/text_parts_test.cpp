// Texts of several parts: whatever the number of threads, and wherever the parts begin, the table is the same, and so
// is the error.
#include "data/text_parts.hpp"

#include <random>

#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "data_test.hpp"
#include "zip_writer.hpp"

namespace strata::testing {
namespace {

constexpr std::size_t kPart = std::size_t{2} << 20;

Table read_with(const std::string& name, int threads, const ReadingOptions& reading = {}, TextReport* report = nullptr,
                const std::vector<KnownColumn>* known = nullptr) {
  FileReader file(name);
  return read_table(file,
                    Request{.choose = {}, .reading = reading, .known = known, .threads = threads, .report = report});
}

// All that a table says, in short.
std::string told(const Table& table) {
  std::uint64_t hash = 0;
  const auto add = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  };
  std::string text = std::to_string(table.rows());
  for (const Field& field : table.fields()) {
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const double number = table.number(field, row);
      add({reinterpret_cast<const char*>(&number), sizeof number});
      if (row % 1000 == 7) add(table.where(field, row));
    }
    for (const std::string& word : field.categories) add(word + "\n");
    text += "|" + field.name + "," + std::to_string(static_cast<int>(field.type)) + "," + field.why + "," +
            std::to_string(field.missing) + "," + field.written;
    const Place& place = table.storage().place(field);
    for (const BadCell& bad : place.bad)
      text += ";" + std::to_string(bad.row) + "," + std::to_string(bad.line) + "," + bad.text + "," + bad.record;
  }
  return text + "|" + std::to_string(hash);
}

class TextParts : public InFolder {
 protected:
  static void expect_the_same(const std::string& name, const ReadingOptions& reading = {}) {
    TextReport report;
    const std::string expected = told(read_with(name, 1, reading, &report));
    for (const int threads : {2, 3, 7}) {
      TextReport another;
      EXPECT_EQ(told(read_with(name, threads, reading, &another)), expected) << name << ", threads: " << threads;
      EXPECT_EQ(notes_of(another), notes_of(report));
    }
  }
  static void expect_error(const std::string& name, const std::string& message, const ReadingOptions& reading = {}) {
    for (const int threads : {1, 2, 3, 7})
      EXPECT_EQ(error_of(ErrorCode::format, [&] { return read_with(name, threads, reading); }), message) << threads;
  }
};

// Every kind of column, cells of several lines, missing ones.
std::string mixed_text(std::size_t bytes, const char* end = "\n") {
  std::string text = std::string("id,x,whole,when,word,note,few") + end;
  std::uint64_t state = 1;
  const auto next = [&](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % below;
  };
  for (std::size_t row = 0; text.size() < bytes; ++row) {
    text += std::to_string(row) + "," + std::to_string(next(1000)) + "." + std::to_string(next(1'000'000'000)) + "," +
            (next(10) == 0 ? "" : std::to_string(next(100000))) + ",2024-0" + std::to_string(1 + next(9)) + "-1" +
            std::to_string(next(10)) + ",word" + std::to_string(next(3000)) + ",\"a \"\"note\"\"" +
            (next(3) == 0 ? "\n of two lines, " : " ") + std::to_string(next(1'000'000'000)) + "\"," +
            (next(50) == 0 ? "NA" : std::to_string(next(5))) + end;
    if (next(400) == 0) text += end;
  }
  return text;
}

TEST_F(TextParts, are_the_same_table_for_any_number_of_threads) {
  write_file("t.csv", mixed_text(3 * kPart));
  write_file("crlf.csv", mixed_text(2 * kPart, "\r\n"));
  write_file("cr.csv", mixed_text(2 * kPart, "\r"));
  for (const char* name : {"t.csv", "crlf.csv", "cr.csv"}) expect_the_same(name);
  // Nor does it matter whether the columns are known, and all is read in one stream.
  const Table table = read_with("t.csv", 2);
  std::vector<KnownColumn> known;
  for (const Field& field : table.fields()) known.push_back({field.name, field.type, field.written});
  const Table stream = read_with("t.csv", 1, {}, nullptr, &known);
  ASSERT_EQ(stream.rows(), table.rows());
  for (const Field& field : table.fields()) {
    const Field& other = stream.field(field.name);
    EXPECT_EQ(other.missing, field.missing) << field.name;
    if (field.type == ColumnType::identifier && !field.is_text()) continue;  // known identifiers are words
    EXPECT_EQ(other.categories, field.categories) << field.name;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const double a = table.number(field, row), b = stream.number(other, row);
      ASSERT_EQ(std::memcmp(&a, &b, sizeof a), 0) << field.name << " " << row;
      if (row % 5000 == 0) {
        EXPECT_EQ(table.where(field, row), stream.where(other, row));
      }
    }
  }
}

TEST_F(TextParts, begin_inside_of_a_quoted_cell_and_at_stray_quotes) {
  // Quotes that mean nothing, lines in quotes, a cell longer than a part.
  std::string text = "a,b\n1,5\" wide\n";
  while (text.size() < kPart + 100) text += "2,\"x\n\"\n3,6\" long\n";
  text += "4,\"";
  for (std::size_t i = 0; i < 6 * kPart / 4; ++i) text += i % 9 == 0 ? "\n" : i % 31 == 0 ? "\"\"" : ",";
  text += "\"\n";
  while (text.size() < 4 * kPart) text += "5,\"y\n\n\"\n";
  write_file("t.csv", text);
  expect_the_same("t.csv");
  const Table table = read_with("t.csv", 2);
  EXPECT_EQ(table.number(table.field("a"), table.rows() - 1), 5);
}

TEST_F(TextParts, blank_lines_of_one_column_are_cells_unless_they_end_the_text) {
  std::string text = "a\n";
  while (text.size() < kPart - 500) text += "1.5\n";
  text += std::string(1000, '\n');  // over the end of a part
  while (text.size() < 2 * kPart) text += "2.5\n";
  write_file("t.csv", text + std::string(1000, '\n'));
  expect_the_same("t.csv");
  const Table table = read_with("t.csv", 2);
  EXPECT_EQ(table.field("a").missing, 1000U);
  EXPECT_EQ(table.number(table.field("a"), table.rows() - 1), 2.5);
}

TEST_F(TextParts, tell_the_first_error_of_the_text) {
  const std::string good = mixed_text(kPart + kPart / 2);
  const auto lines = static_cast<std::size_t>(std::ranges::count(good, '\n'));
  std::string more = good.substr(good.find('\n') + 1);
  const std::string at = "t.csv:" + std::to_string(lines + 1);
  // The first fault takes longest to come to: others begin behind it.
  write_file("t.csv", good + "1,2\n" + more + "1,2,3\n" + more + '\0' + more);
  expect_error("t.csv",
               at + ": expected 7 cells, found 2 (separator: comma; to leave such lines out: --bad-rows skip): 1,2");
  write_file("t.csv", good + "1,\"2" + std::string(100, '\n') + "3,4");
  expect_error("t.csv", at + ":2: the quote that opens here is never closed");
  write_file("t.csv", good + "1,\"2" + std::string(9 * kPart, 'x'));
  expect_error("t.csv", at + ":2: a cell is longer than 16 MiB; is its quote never closed?");
  write_file("t.csv", good + "1,2,3," + std::string(9 * kPart, 'x') + "\n" + more);
  expect_error("t.csv", at + ":4: a cell is longer than 16 MiB");
  write_file("t.csv", good + std::string("1,2\0", 4) + more);
  expect_error("t.csv", at + ": a NUL byte; this is not a text file (UTF-16 text must be saved as UTF-8)");
  write_file("t.csv", "# made up\n" + good + "#" + std::string(50 * kPart, 'x') + "\n" + more);
  expect_error("t.csv", "t.csv:" + std::to_string(lines + 2) + ":1: a cell is longer than 16 MiB");
  expect_error("t.csv", "t.csv:" + std::to_string(lines + 2) + ": a line is longer than 64 MiB", {.comment = '#'});
}

TEST_F(TextParts, count_what_is_left_out_and_where) {
  const std::string good = mixed_text(kPart + kPart / 2), more = good.substr(good.find('\n') + 1);
  const auto lines = static_cast<std::size_t>(std::ranges::count(good, '\n'));
  write_file("t.csv", good + "1,2\n" + more + "1,2,3\n" + "1,2,three,2024-01-01,w,n,1\n" + more);
  expect_the_same("t.csv", {.bad_rows = BadRows::skip});
  expect_the_same("t.csv", {.bad_cells = BadCells::missing, .bad_rows = BadRows::skip});
  TextReport report;
  static_cast<void>(read_with("t.csv", 2, {.bad_rows = BadRows::skip}, &report));
  const std::string third = std::to_string(2 * lines + 2);
  EXPECT_EQ(notes_of(report.counts),
            (std::vector<std::string>{
                "2 lines are left out, with too many cells or too few; the first is line " + std::to_string(lines + 1),
                "1 line is left out, with a word in a column of numbers or dates; the first is "
                "line " +
                    third}));
  expect_the_same("t.csv", {.bad_cells = BadCells::missing, .bad_rows = BadRows::skip});
  write_file("w.csv", good + "1,2,three,2024-01-01,w,n,1\n" + more + "1,2,four,2024-01-01,w,n,1\n");
  expect_the_same("w.csv");
  const Table table = read_with("w.csv", 3);
  const std::vector<BadCell>& bad = table.storage().place(table.field("whole")).bad;
  ASSERT_EQ(bad.size(), 2U);
  EXPECT_EQ(bad[0].line, lines + 1);
  EXPECT_EQ(bad[0].text, "three");
  EXPECT_EQ(bad[1].line, 2 * lines + 1);
  EXPECT_EQ(bad[1].record, "1,2,four,2024-01-01,w,n,1");
}

TEST_F(TextParts, a_damaged_gzip_file_is_an_error_behind_its_rows) {
  const std::string packed = gzipped(mixed_text(3 * kPart));
  write_file("t.csv.gz", packed.substr(0, packed.size() / 2));
  expect_error("t.csv.gz",
               "t.csv.gz: damaged gzip file: it ends in the middle of the compressed data; is the download complete?");
  write_file("bad.csv.gz", gzipped(mixed_text(kPart) + "1,2\n" + mixed_text(kPart)).substr(0, packed.size() / 2));
  const std::string message = error_of(ErrorCode::format, [] { return read_with("bad.csv.gz", 2); });
  EXPECT_NE(message.find("expected 7 cells, found 2"), std::string::npos) << "what comes first is told: " << message;
}

// The records of a text, or of its beginning and the error behind it.
class Listed final : public TextPart {
 public:
  void add(const CsvScanner& row) override {
    std::string text;
    for (const CsvScanner::Cell& cell : row.cells()) text += "[" + std::string(cell.text) + "]";
    records.push_back({row.line(), text});
  }
  std::vector<std::pair<std::size_t, std::string>> records;
};

TEST(TextPartsOfAnySize, have_the_records_of_the_text) {
  const std::vector<std::string> pieces = {"a",
                                           ",",
                                           ",",
                                           "\n",
                                           "\n",
                                           "\n",
                                           "\"",
                                           "\"",
                                           "\"\"",
                                           "\r\n",
                                           "\r",
                                           " ",
                                           "#",
                                           "1",
                                           "b,c\n",
                                           "\"x\ny\",z\n",
                                           std::string(1, '\0'),
                                           "\x1A"};
  std::mt19937 random(3);
  std::size_t errors = 0, compared = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t left = random() % 40; left > 0; --left)
      text += pieces[random() % (i % 4 == 0 ? pieces.size() : pieces.size() - 2)];
    Dialect dialect;
    dialect.names.assign(1 + random() % 3, "x");
    dialect.skip_bad_rows = i % 3 != 0;
    if (i % 5 == 0) dialect.comment = "#";
    dialect.line = 2;
    const auto told = [](const std::vector<std::pair<std::size_t, std::string>>& records, const TextCounts& counts) {
      std::string all;
      for (const auto& [line, record] : records) all += std::to_string(line) + record + ";";
      return all + std::to_string(counts.bad_rows_skipped) + "," + std::to_string(counts.first_bad_line) + "," +
             std::to_string(counts.comments);
    };
    std::string expected, error;
    try {
      TextSource source(text);
      CsvScanner scanner(source, "t", dialect);
      Listed whole;
      while (scanner.next_row()) whole.add(scanner);
      expected = told(whole.records, scanner.counts());
    } catch (const Error& thrown) {
      error = thrown.what();
      ++errors;
    }
    for (const std::size_t part_bytes : {std::size_t{1}, 1 + random() % 9, 1 + random() % 40}) {
      std::vector<std::pair<std::size_t, std::string>> records;
      const TextLook look{.begin = [] { return std::make_unique<Listed>(); },
                          .join =
                              [&](std::unique_ptr<TextPart> part, std::size_t lines) {
                                for (auto& [line, record] : static_cast<Listed&>(*part).records)
                                  records.push_back({line + lines, record});
                              }};
      std::string found, thrown;
      try {
        Input input(std::make_unique<TextSource>(text), "t");
        const TextCounts counts = read_in_parts(input, dialect, 1 + i % 2, look, part_bytes);
        found = told(records, counts);
      } catch (const Error& fault) {
        thrown = fault.what();
      }
      ASSERT_EQ(thrown, error) << ::testing::PrintToString(text) << " in parts of " << part_bytes;
      ++compared;
      ASSERT_EQ(found, expected) << ::testing::PrintToString(text) << " in parts of " << part_bytes;
    }
  }
  EXPECT_GT(errors, 1000U);
  EXPECT_GT(compared, 50'000U);
}

// Words keep the order of their first appearance, the missing one among them, in which part ever they come first.
TEST_F(TextParts, words_are_numbered_as_they_come) {
  std::string text = "a,late,early,mixed,none\n";
  std::vector<std::string> late, early;
  for (std::size_t row = 0; text.size() < 3 * kPart; ++row) {
    const bool behind = text.size() > 2 * kPart + kPart / 2;
    late.push_back(row % 9 == 5 && behind ? "" : "w" + std::to_string(row % 7 + (behind ? 3 : 0)));
    early.push_back(row == 1 ? "" : "v" + std::to_string(row % (behind ? 11 : 5)));
    text += std::to_string(row) + "," + (late.back().empty() ? "NA" : late.back()) + "," + early.back() + "," +
            (behind && row % 3 == 0 ? "7" : "u") + ",\n";
  }
  write_file("t.csv", text);
  expect_the_same("t.csv");
  const Table table = read_with("t.csv", 3);
  EXPECT_EQ(texts(table, "late"), late);
  EXPECT_EQ(texts(table, "early"), early);
  const auto as_they_come = [](const std::vector<std::string>& cells) {
    std::vector<std::string> words;
    for (const std::string& cell : cells)
      if (std::ranges::find(words, cell) == words.end()) words.push_back(cell);
    return words;
  };
  EXPECT_EQ(table.field("late").categories, as_they_come(late));
  EXPECT_EQ(table.field("early").categories, as_they_come(early));
  EXPECT_EQ(table.field("mixed").categories, (std::vector<std::string>{"u", "7"}));
}

// The chooser is asked between the two looks.
TEST_F(TextParts, a_file_that_changes_meanwhile_is_not_a_table) {
  for (const std::string more : {"7,x\n", "seven,x,y\n"}) {
    write_file("t.csv", "a,b\n1,x\n2,8\n3,x\n");  // words and numbers need the second
    const auto change = [&](std::span<const Field>) {
      std::ofstream("t.csv", std::ios::app) << more;
      return std::vector<std::string>{"a", "b"};
    };
    const std::string message =
        error_of(more.size() == 4 ? ErrorCode::io : ErrorCode::format, [&] { return read_table("t.csv", change); });
    EXPECT_EQ(message.substr(0, 23), more.size() == 4 ? "t.csv changed while it " : "t.csv:5: expected 2 cel");
  }
  // Also where one look is enough.
  write_file("n.csv", "a\n1\n2\n");
  const auto touch = [&](std::span<const Field>) {
    std::ofstream("n.csv", std::ios::app) << "3\n";
    return std::vector<std::string>{"a"};
  };
  EXPECT_EQ(error_of(ErrorCode::io, [&] { return read_table("n.csv", touch); }),
            "'n.csv' changed while it was read; read it again when nothing writes to it");
}

TEST_F(TextParts, cells_that_nobody_wants_are_not_read) {
  write_file("t.csv", "a,note,n\n1,x,1\n2,8,2\n");
  FileReader file("t.csv");
  const Table table =
      read_table(file, Request{.choose = {}, .without_cells = [](const Field& field) { return field.name != "a"; }});
  EXPECT_EQ(table.field("note").categories, (std::vector<std::string>{""}));
  EXPECT_EQ(texts(table, "note"), (std::vector<std::string>{"", ""}));
  EXPECT_EQ(numbers(table, "n"), (std::vector<double>{1, 2})) << "numbers cost nothing";
}

}  // namespace
}  // namespace strata::testing
