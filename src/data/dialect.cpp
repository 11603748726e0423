#include "data/dialect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "data/array.hpp"
#include "data/csv_header.hpp"
#include "data/csv_scanner.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kLook = std::size_t{1} << 20;
constexpr std::size_t kFarthestLook = std::size_t{128} << 20;     // for two records of 64 MiB
constexpr std::size_t kSampled = 1'000, kSampledForNumbers = 50;  // records
constexpr std::string_view kNever("\"\n\r\0", 4);                 // is a separator, or in the sign of comments
constexpr std::string_view kSeparators = ",\t;|";

// The beginning of the text, and whether that is all of it.
struct Head {
  std::string_view text;
  bool complete = false;
};

Head look_at(Input& input, std::size_t size) {
  const auto bytes = input.peek(size);
  return {{reinterpret_cast<const char*>(bytes.data()), bytes.size()}, bytes.size() < size};
}

struct Line {
  std::string_view text;  // without its end
  std::size_t next = 0;   // where the next one begins
};

Line line_at(std::string_view text, std::size_t at) {
  const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
  const bool two = text.substr(end).starts_with("\r\n");
  return {text.substr(at, end - at), std::min(end + (two ? 2 : 1), text.size())};
}

// "sep=;" as Excel reads it: the separator, or nothing.
std::optional<char> separator_line(std::string_view line) {
  if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
  const auto is = [&](std::size_t i, char c) { return (line[i] | 0x20) == c; };
  if (line.size() != 5 || !is(0, 's') || !is(1, 'e') || !is(2, 'p') || line[3] != '=' ||
      kNever.find(line[4]) != std::string_view::npos)
    return std::nullopt;
  return line[4];
}

void require_wishes(const DialectWishes& wishes) {
  if (wishes.separator && kNever.find(*wishes.separator) != std::string_view::npos) {
    throw Error(ErrorCode::usage, "the separator of cells can be no quote, no end of a line and no NUL");
  }
  if (wishes.comment.find_first_of(kNever) != std::string::npos) {
    throw Error(ErrorCode::usage, "the sign of comments can hold no quote, no end of a line and no NUL");
  }
}

// How a text falls into records with a separator.
struct Sample {
  std::size_t first = 0;  // cells of the first record
  std::size_t width = 0;  // of most records below it; without any, of the first
  std::size_t rows = 0;   // below it
  double share = 0;       // of them that have the width
  double numbers = 0;     // share of their cells
  bool fault = false;

  // The larger, the better: several cells, as many in all records (the first may lack the name of the row names), many
  // of them numbers.
  [[nodiscard]] auto merit() const {
    const std::size_t off = std::max(first, width) - std::min(first, width);
    const double fits = off == 0 ? 1.0 : off == 1 ? 0.9 : 0.5;
    return std::tuple(width > 1, static_cast<int>(20 * share * fits * (fault ? 0.5 : 1.0)), numbers,
                      rows > 0 ? 0 : first);
  }
};

class Finder {
 public:
  Finder(const Head& head, std::string name, const DialectWishes& wishes)
      : name_(std::move(name)), wishes_(wishes), head_(head) {
    dialect_.skip_bad_rows = wishes.skip_bad_rows;
  }

  // Nothing where the head does not hold the first line and a row.
  std::optional<Dialect> find() {
    begin_ = head_.text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    find_encoding();
    find_separator_line();
    if (!pass_comments()) return std::nullopt;
    find_separator();
    judge_comments();
    if (!find_names()) return std::nullopt;
    return std::move(dialect_);
  }

 private:
  void note(std::string what) { dialect_.notes.push_back(std::move(what)); }
  // There is more of the text, and reason to look at it.
  [[nodiscard]] bool may_go_on() const { return !head_.complete && head_.text.size() < kFarthestLook; }
  [[nodiscard]] std::string_view rest() const { return head_.text.substr(begin_); }

  void find_encoding() {
    std::string_view text = head_.text;
    // The last line may be cut inside of a letter.
    if (!head_.complete) text = text.substr(0, text.find_last_of("\r\n"));
    dialect_.is_utf8 = is_utf8(text);
    if (!dialect_.is_utf8) note("the text is not UTF-8: what is none is read as Windows-1252");
    text.remove_prefix(std::min(text.find_first_of("\r\n"), text.size()));
    if (text.starts_with('\r') && text.size() > 1 && text[1] != '\n') note("the lines end with CR alone");
  }

  void find_separator_line() {
    const Line line = line_at(head_.text, begin_);
    const auto separator = separator_line(line.text);
    if (!separator) return;
    dialect_.separator = *separator;
    has_separator_ = true;
    begin_ = line.next;
    ++line_;
    note(fmt::format("the first line says that the separator is '{}'", printable(std::string(1, *separator))));
  }

  // Blank lines, and lines that may be comments, before the first that is neither.
  bool pass_comments() {
    sign_ = wishes_.comment.empty() ? "#" : wishes_.comment;
    std::size_t plain_begin = begin_, plain_line = line_;  // of the first line that is not blank
    bool any = false;
    while (begin_ < head_.text.size()) {
      const Line line = line_at(head_.text, begin_);
      const bool blank = line.text.find_first_not_of(" \t\x1A") == std::string_view::npos && !is_row_of_tabs(line.text);
      if (!blank && !line.text.starts_with(sign_)) break;
      if (!blank) comments_.push_back({line.text, begin_, line_});
      if (!any && !blank) {
        any = true;
        plain_begin = begin_;
        plain_line = line_;
      }
      begin_ = line.next;
      ++line_;
    }
    if (begin_ == head_.text.size()) {
      if (may_go_on()) return false;
      const bool only_comments = !comments_.empty() && !wishes_.comment.empty();
      if (!any || only_comments) {
        throw Error(ErrorCode::format,
                    fmt::format("{} holds nothing but blank lines{}", name_, only_comments ? " and comments" : ""));
      }
      // Every line begins so: it is no sign of comments.
      comments_.clear();
      begin_ = plain_begin;
      line_ = plain_line;
    }
    dialect_.comment = comments_.empty() ? wishes_.comment : sign_;
    dialect_.comment_found = wishes_.comment.empty();
    return true;
  }

  // Tabs can be empty cells where they part cells.
  [[nodiscard]] bool is_row_of_tabs(std::string_view line) const {
    const bool tabs = wishes_.separator ? *wishes_.separator == '\t' : has_separator_ && dialect_.separator == '\t';
    return tabs && line.find('\t') != std::string_view::npos;
  }

  [[nodiscard]] Dialect with(char separator, bool escapes) const {
    Dialect other;
    other.separator = separator;
    other.escapes = escapes;
    other.line = line_;
    return other;
  }

  [[nodiscard]] Sample sample(char separator, bool escapes) const {
    TextSource source(rest());
    CsvScanner scanner(source, name_, with(separator, escapes));
    Sample found;
    std::map<std::size_t, std::size_t> widths;
    std::size_t numbers = 0, cells = 0;
    if (!next_sample(scanner, dialect_.comment, head_.complete, &found.fault)) return found;
    found.first = found.width = scanner.cells().size();
    while (found.rows < kSampled && next_sample(scanner, dialect_.comment, head_.complete, &found.fault)) {
      ++widths[scanner.cells().size()];
      if (found.rows++ >= kSampledForNumbers) continue;
      cells += scanner.cells().size();
      for (const CsvScanner::Cell& cell : scanner.cells()) numbers += looks_like_number(cell.text) ? 1 : 0;
    }
    if (widths.empty()) {
      found.share = 1;
      return found;
    }
    const auto most = std::ranges::max_element(
        widths, {}, [&](const auto& entry) { return std::pair(entry.second, entry.first == found.first); });
    found.width = most->first;
    found.share = static_cast<double>(most->second) / static_cast<double>(found.rows);
    found.numbers = static_cast<double>(numbers) / static_cast<double>(cells);
    return found;
  }

  // The text with quotes written twice, or where that fails and \" occurs, with that.
  [[nodiscard]] std::pair<Sample, bool> best_quotes(char separator) const {
    Sample doubled = sample(separator, false);
    if (!doubled.fault || rest().find("\\\"") == std::string_view::npos) return {doubled, false};
    const Sample escaped = sample(separator, true);
    return !escaped.fault || escaped.rows > doubled.rows ? std::pair(escaped, true) : std::pair(doubled, false);
  }

  void find_separator() {
    const bool said = wishes_.separator || has_separator_;
    if (wishes_.separator) dialect_.separator = *wishes_.separator;
    std::optional<Sample> best;
    std::optional<char> broken;  // a separator with which not even the first record can be read
    for (const char separator : said ? std::string_view(&dialect_.separator, 1) : kSeparators) {
      const auto [found, escapes] = best_quotes(separator);
      if (found.first == 0 && !broken) broken = separator;
      if (best && !(found.merit() > best->merit())) continue;
      best = found;
      dialect_.separator = separator;
      dialect_.escapes = escapes;
    }
    if (!said && best->width < 2 && is_parted_by_blanks()) {
      dialect_.separator = ' ';
      broken.reset();
      best = sample(' ', false);
    }
    // One column, or a fault that is to be told?
    if (best->width < 2 && broken) dialect_.separator = *broken;
    if (dialect_.separator != ',' && !has_separator_ && std::max(best->first, best->width) > 1)
      note(fmt::format("the separator is a {}", separator_name(dialect_.separator)));
    if (dialect_.escapes) note("a quote in a quoted cell is written \\\"");
  }

  // Blanks stand in cells as well: they part them where nothing else does, in all rows alike, and many cells are
  // numbers.
  [[nodiscard]] bool is_parted_by_blanks() const {
    const Sample found = sample(' ', false);
    return found.first > 1 && found.width > 1 && found.rows > 0 && found.share == 1 && !found.fault &&
           std::max(found.first, found.width) - std::min(found.first, found.width) <= 1 && 3 * found.numbers >= 1;
  }

  struct Comment {
    std::string_view text;
    std::size_t begin = 0, line = 0;
  };

  // The cells behind the sign.
  [[nodiscard]] std::vector<std::string> cells_of(const Comment& comment) const {
    std::string_view text = comment.text.substr(sign_.size());
    while (text.starts_with(sign_)) text.remove_prefix(sign_.size());
    TextSource source(text);
    CsvScanner scanner(source, name_, with(dialect_.separator, dialect_.escapes));
    std::vector<std::string> cells;
    if (!next_sample(scanner, {}, true)) return {};
    for (const CsvScanner::Cell& cell : scanner.cells()) cells.emplace_back(cell.text);
    return cells;
  }

  // The last of the comments may be the header; where several have as many cells as a row, they are rows.
  void judge_comments() {
    if (comments_.empty()) return;
    behind_sign_ = cells_of(comments_.back());
    const std::size_t width = sample(dialect_.separator, dialect_.escapes).width;
    const auto is_row = [&](const Comment& comment) { return width > 1 && cells_of(comment).size() == width; };
    const bool several = comments_.size() > 1 && is_row(comments_.back()) && is_row(comments_[comments_.size() - 2]);
    const bool named_so = is_row(comments_.back()) && behind_sign_.front().empty();  // a column called '#'
    if (wishes_.comment.empty() && (several || named_so)) {
      const Comment& first = several ? comments_.front() : comments_.back();
      begin_ = first.begin;
      line_ = first.line;
      dialect_.comment.clear();
      behind_sign_.clear();
    }
    if (wishes_.comment.empty() && !dialect_.comment.empty())
      note(fmt::format("lines that begin with '{}' are comments", printable(sign_)));
  }

  bool find_names() {
    TextSource source(rest());
    CsvScanner scanner(source, name_, with(dialect_.separator, dialect_.escapes));
    try {
      static_cast<void>(scanner.next());
    } catch (const Error&) {
      if (may_go_on() && scanner.source_ended()) return false;
      throw;
    }
    if (may_go_on() && scanner.at_end()) return false;
    std::vector<std::string> first;
    for (const CsvScanner::Cell& cell : scanner.cells()) first.emplace_back(cell.text);
    const std::size_t behind_first = begin_ + scanner.position(), line_behind = scanner.next_line();
    const HeaderLook look = look_at_header(first, scanner, dialect_.comment, head_.complete);
    if (may_go_on() && !look.any_rows) return false;

    const bool is_expected = !wishes_.expected.empty() && std::ranges::all_of(wishes_.expected, [&](const auto& name) {
      return std::ranges::find(first, name) != first.end();
    });
    const bool fits = behind_sign_.size() == look.width;
    const bool behind_sign = wishes_.header != Header::no && fits &&
                             (look.width > 1 ? look.verdict != FirstLine::names : look.verdict == FirstLine::row);
    dialect_.header_found = behind_sign || wishes_.header == Header::yes ||
                            (wishes_.header == Header::automatic && (is_expected || look.verdict != FirstLine::row));
    if (dialect_.header_found && !behind_sign) {
      dialect_.begin = behind_first;
      dialect_.line = line_behind;
    } else {
      dialect_.begin = begin_;
      dialect_.line = line_;
    }
    if (behind_sign) note(fmt::format("the names of the columns stand behind '{}'", printable(sign_)));
    if (!dialect_.header_found) dialect_.first_row = joined(first, 4);
    set_names(behind_sign ? behind_sign_ : first, look);
    return true;
  }

  void set_names(std::vector<std::string> header, const HeaderLook& look) {
    const std::size_t width = look.width;
    std::size_t blank_last = 0;  // names
    while (blank_last < header.size() && header[header.size() - 1 - blank_last].empty()) ++blank_last;
    bool has_row_names = false;
    if (header.size() > width) {
      const std::size_t more = header.size() - width;
      if (blank_last >= more) header.resize(width);
    } else if (header.size() < width) {
      const std::size_t more = width - header.size();
      if (look.empty_last >= more) {
        dialect_.empty_columns = more;
      } else {
        has_row_names = more == 1 && dialect_.header_found;
      }
    } else if (look.any_rows) {
      dialect_.empty_columns = std::min({blank_last, look.empty_last, width - 1});
      header.resize(width - dialect_.empty_columns);
    }
    if (dialect_.empty_columns > 0) {
      note(fmt::format("a separator ends the lines; the {} behind it {} left out",
                       dialect_.empty_columns == 1 ? "empty column" : "empty columns",
                       dialect_.empty_columns == 1 ? "is" : "are"));
    }
    if (dialect_.header_found) {
      dialect_.names = name_columns(std::move(header), has_row_names, dialect_.notes);
      return;
    }
    for (std::size_t i = 0; i < width - dialect_.empty_columns; ++i)
      dialect_.names.push_back(fmt::format("c{}", i + 1));
    note(fmt::format(
        "{}the columns are called c1 to c{}",
        wishes_.header == Header::no ? "" : "the first line looks like the rows below it: ", dialect_.names.size()));
  }

  std::string name_;
  const DialectWishes& wishes_;
  Head head_;
  Dialect dialect_;
  std::size_t begin_ = 0, line_ = 1;  // of the first line that is neither blank nor, as it seems, a comment
  bool has_separator_ = false;        // a line says it
  std::string sign_;
  std::vector<Comment> comments_;         // before it
  std::vector<std::string> behind_sign_;  // the cells of the last of them
};

}  // namespace

Dialect find_dialect(Input& input, const DialectWishes& wishes) {
  require_wishes(wishes);
  for (std::size_t size = kLook;; size *= 2) {
    if (auto dialect = Finder(look_at(input, size), input.name(), wishes).find()) return std::move(*dialect);
  }
}

std::string separator_name(char separator) {
  switch (separator) {
    case ',': return "comma";
    case ';': return "semicolon";
    case '\t': return "tab";
    case '|': return "vertical bar";
    case ' ': return "blank";
    default: return "'" + printable(std::string(1, separator)) + "'";
  }
}

void TextCounts::append(const TextCounts& next, std::size_t lines) {
  const auto add = [&](std::size_t TextCounts::* count, std::size_t TextCounts::* first) {
    if (this->*count == 0 && next.*count > 0) this->*first = next.*first + lines;
    this->*count += next.*count;
  };
  add(&TextCounts::bad_rows_skipped, &TextCounts::first_bad_line);
  add(&TextCounts::not_utf8, &TextCounts::first_not_utf8_line);
  add(&TextCounts::bad_cells, &TextCounts::first_bad_cell_line);
  add(&TextCounts::bad_rows, &TextCounts::first_bad_row_line);
  comments += next.comments;
}

void require_all_rows(const std::string& source, const TextCounts& counts) {
  const std::size_t lines = counts.bad_rows_skipped + counts.bad_rows;
  if (lines == 0) return;
  const std::size_t first = counts.bad_rows == 0           ? counts.first_bad_line
                            : counts.bad_rows_skipped == 0 ? counts.first_bad_row_line
                                                           : std::min(counts.first_bad_line, counts.first_bad_row_line);
  throw Error(ErrorCode::usage,
              fmt::format("{}: {} leaves {} line{} out, the first is line {}, but inputs and target are in files of "
                          "their own and belong together row by row",
                          source, spelled("bad-rows", "skip"), lines, lines == 1 ? "" : "s", first));
}

std::vector<std::string> notes_of(const TextCounts& counts) {
  std::vector<std::string> notes;
  const auto lines = [](std::size_t count) {
    return fmt::format("{} line{} left out", count, count == 1 ? " is" : "s are");
  };
  if (counts.bad_rows_skipped > 0)
    notes.push_back(fmt::format("{}, with too many cells or too few; the first is line {}",
                                lines(counts.bad_rows_skipped), counts.first_bad_line));
  if (counts.bad_rows > 0)
    notes.push_back(fmt::format("{}, with a word in a column of numbers or dates; the first is line {}",
                                lines(counts.bad_rows), counts.first_bad_row_line));
  if (counts.bad_cells > 0)
    notes.push_back(fmt::format("{} word{} in columns of numbers or dates {} as missing; the first is in line {}",
                                counts.bad_cells, counts.bad_cells == 1 ? "" : "s",
                                counts.bad_cells == 1 ? "counts" : "count", counts.first_bad_cell_line));
  return notes;
}

std::vector<std::string> notes_of(const TextReport& report) {
  std::vector<std::string> notes = report.dialect.notes;
  for (const std::string* of_arrays : {&report.turned, &report.left_out})
    if (!of_arrays->empty()) notes.push_back(*of_arrays);
  std::ranges::move(notes_of(report.counts), std::back_inserter(notes));
  if (report.others.empty()) return notes;
  for (std::string& note : notes) note = fmt::format("{}: {}", report.name, note);
  for (const TextReport& other : report.others) {
    for (const std::string& note : notes_of(other)) notes.push_back(fmt::format("{}: {}", other.name, note));
  }
  return notes;
}

}  // namespace strata::internal
