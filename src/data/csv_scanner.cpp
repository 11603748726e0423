#include "data/csv_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "data/array.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kFirstPiece = std::size_t{8} << 10, kUsualPiece = std::size_t{256} << 10;
constexpr std::size_t kLongestCell = std::size_t{16} << 20;
constexpr std::size_t kLongestRecord = std::size_t{64} << 20;
constexpr std::size_t kMostCells = 1'000'000;
constexpr std::size_t kBlock = 64;
constexpr std::size_t kNoBlock = std::size_t{0} - kBlock;  // far from every index
constexpr char kEndOfFile = '\x1A';                        // Ctrl-Z, as programs of DOS write it

}  // namespace

std::string CsvScanner::shown_record() const {
  constexpr std::size_t kMost = 80;
  std::string room;
  const std::string_view line = as_utf8(record().substr(0, std::min(length_, 4 * kMost)), room);
  std::size_t letters = 0, end = 0;
  for (; end < line.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(line[end]) & 0xC0U) != 0x80U;
    if (begins && ++letters > kMost) return printable(line.substr(0, end)) + "…";
  }
  return printable(line);
}

CsvScanner::CsvScanner(ByteSource& source, std::string name, const Dialect& dialect)
    : CsvScanner(source, std::move(name), dialect, dialect.line) {
  for (std::size_t left = dialect.begin; left > 0;) {
    const std::size_t got = source_.read(std::as_writable_bytes(std::span(buffer_)).first(std::min(left, kFirstPiece)));
    if (got == 0) break;
    left -= got;
  }
  buffer_[0] = '\0';
}

CsvScanner::CsvScanner(ByteSource& source, std::string name, const Dialect& dialect, std::size_t line)
    : source_(source),
      name_(std::move(name)),
      separator_(dialect.separator),
      escape_(dialect.escapes ? '\\' : '"'),
      blank_(separator_ == ' ' ? '\t' : ' '),
      other_blank_(separator_ == '\t' ? ' ' : '\t'),
      comment_(dialect.comment),
      comment_found_(dialect.comment_found),
      skip_bad_rows_(dialect.skip_bad_rows),
      columns_(dialect.names.size()),
      empty_columns_(dialect.empty_columns),
      finder_(separator_, escape_),
      buffer_(kFirstPiece + kBlock),
      line_(line),
      next_line_(line),
      block_(kNoBlock) {
  buffer_[0] = '\0';
}

void CsvScanner::fail(std::size_t line, const std::string& what) const {
  throw Error(ErrorCode::format, fmt::format("{}:{}: {}", name_, line, what));
}

void CsvScanner::fail_in_cell(const std::string& what) const {
  throw Error(ErrorCode::format, fmt::format("{}:{}:{}: {}", name_, cell_line_, count_ + 1, what));
}

// What belongs to the record, and what follows, moves to the front of a buffer, this one or a larger one.
void CsvScanner::move_to_front_of(std::vector<char>& room) {
  const char* const old = buffer_.data() + begin_;
  for (Cell& cell : std::span(cells_).first(count_))
    cell.text = {room.data() + (cell.text.empty() ? 0 : cell.text.data() - old), cell.text.size()};
  std::memmove(room.data(), old, end_ - begin_);
  dropped_ += begin_;
  end_ -= begin_;
  position_ -= begin_;
  cell_ -= begin_;
  begin_ = 0;
}

// Reads on. All indices may change.
bool CsvScanner::more() {
  if (finished_) return false;
  if (end_ - cell_ > kLongestCell + 4) {
    fail_in_cell(buffer_[cell_] == '"' ? "a cell is longer than 16 MiB; is its quote never closed?"
                                       : "a cell is longer than 16 MiB");
  }
  if (end_ - begin_ > kLongestRecord) fail(line_, "a record is longer than 64 MiB");
  if (begin_ > 0) move_to_front_of(buffer_);
  const std::size_t size = buffer_.size() - kBlock;
  if (end_ == size || (filled_ && size < kUsualPiece)) {
    std::vector<char> larger(2 * size + kBlock);
    move_to_front_of(larger);
    buffer_ = std::move(larger);
  }
  const std::size_t room = buffer_.size() - kBlock - end_;
  const std::size_t got = source_.read(std::as_writable_bytes(std::span(buffer_)).subspan(end_, room));
  end_ += got;
  finished_ = got == 0;
  filled_ = got == room;
  while (finished_ && end_ > cell_ && buffer_[end_ - 1] == kEndOfFile) --end_;
  buffer_[end_] = '\0';
  block_ = kNoBlock;
  return got > 0;
}

// Is there a byte with this index? Reads on for it; the index then follows its byte.
bool CsvScanner::reach(std::size_t& index) {
  while (index >= end_) {
    const std::size_t ahead = index - begin_;
    const bool got = more();
    index = begin_ + ahead;
    if (!got) return index < end_;
  }
  return true;
}

// The first special byte from here on, or end_. The NUL behind the end stops it.
std::size_t CsvScanner::find_special(std::size_t from) noexcept {
  if (from - block_ < kBlock) {
    const std::uint64_t left = marks_ >> (from - block_);
    if (left != 0) return from + static_cast<std::size_t>(std::countr_zero(left));
    from = block_ + kBlock;
  }
  while (true) {
    const std::uint64_t marks = mark(from);
    if (marks != 0) return from + static_cast<std::size_t>(std::countr_zero(marks));
    from += kBlock;
  }
}

inline std::uint64_t CsvScanner::mark(std::size_t block) noexcept {
  const MarkFinder::Marks marks = finder_(buffer_.data() + block);
  block_ = block;
  marks_ = marks.special;
  block_high_ = marks.beyond_ascii;
  high_ = high_ || block_high_;
  return marks_;
}

inline void CsvScanner::add(const Cell& cell) {
  if (count_ == cells_.size()) cells_.resize(2 * count_ + 16);
  cells_[count_++] = cell;
}

// What nearly all cells are, quickly: without quotes, and whole in the buffer. False where the cell at position_ may be
// another.
bool CsvScanner::read_plain_cells() {
  const char* const text = buffer_.data();
  const char separator = separator_;
  std::size_t start = position_, block = block_;
  std::uint64_t left = start - block < kBlock ? marks_ & (~std::uint64_t{0} << (start - block)) : mark(block = start);
  while (true) {
    while (left == 0) left = mark(block += kBlock);
    const std::size_t end = block + static_cast<std::size_t>(std::countr_zero(left));
    const char c = text[end], first = text[start];
    const bool plain = (c == separator || c == '\n') && first != '"' && !is_blank(first) &&
                       end - start <= kLongestCell && count_ + 1 < kMostCells;
    if (!plain) break;
    left &= left - 1;
    std::size_t last = end;
    while (last > start && is_blank(text[last - 1])) --last;
    add({.text = {text + start, last - start}, .at = static_cast<std::uint32_t>(start - begin_)});
    start = end + 1;
    if (c == separator) continue;
    length_ = end - begin_;
    position_ = start;
    ++next_line_;
    return true;
  }
  position_ = start;
  return false;
}

bool CsvScanner::next() {
  count_ = 0;
  begin_ = cell_ = position_;
  length_ = 0;
  any_escaped_ = false;
  high_ = block_high_;
  if (position_ == end_ && !more()) return false;
  line_ = next_line_;
  while (!read_plain_cells() && read_cell()) continue;
  if (position_ == begin_) {  // nothing but a Ctrl-Z
    count_ = 0;
    return false;
  }
  if (separator_ == ' ') drop_empty_cells();
  if (high_ || any_escaped_) settle();
  return true;
}

// Blanks that follow each other part two cells, and those around a record none.
void CsvScanner::drop_empty_cells() {
  count_ -= std::ranges::remove_if(std::span(cells_).first(count_), &Cell::is_blank).size();
  if (count_ == 0) count_ = 1;  // a blank line
}

// Reads the cell that begins at position_; true where another one of the record follows it.
bool CsvScanner::read_cell() {
  cell_ = position_;
  cell_line_ = next_line_;
  std::size_t i = position_;
  if (i == end_) static_cast<void>(reach(i));
  while (is_blank(buffer_[i])) {
    ++i;
    if (i == end_) static_cast<void>(reach(i));
  }
  if (buffer_[i] == '"') return read_quoted(i);
  std::size_t first = i - begin_;
  while (true) {
    i = find_special(i);
    const char c = buffer_[i];
    if (i == end_) {
      if (!reach(i)) break;
    } else if (c == separator_ || (c != '"' && c != escape_)) {
      break;
    } else {
      ++i;  // inside of a cell, a quote is a letter
    }
  }
  i = std::min(i, end_);
  if (i - cell_ > kLongestCell) fail_in_cell("a cell is longer than 16 MiB");
  first = std::min(begin_ + first, i);
  std::size_t last = i;
  while (last > first && is_blank(buffer_[last - 1])) --last;
  add({.text = {buffer_.data() + first, last - first}, .at = static_cast<std::uint32_t>(cell_ - begin_)});
  return end_cell(i);
}

bool CsvScanner::read_quoted(std::size_t open) {
  Cell cell{.text = {}, .at = static_cast<std::uint32_t>(cell_ - begin_), .quoted = true};
  std::size_t first = open + 1 - begin_, i = open + 1;
  while (true) {
    i = find_special(i);
    if (i == end_) {
      if (!reach(i)) fail_in_cell("the quote that opens here is never closed");
      continue;
    }
    const char c = buffer_[i];
    if (c == separator_) {
      ++i;
      continue;
    }
    if (c == '\0') fail_in_cell("a NUL byte in a quoted cell; this is not a text file");
    std::size_t behind = i + 1;
    const bool any = reach(behind);
    i = behind - 1;
    const char next = any ? buffer_[behind] : '\0';
    if (c == '\n' || c == '\r') {
      if (c == '\n' || next != '\n') ++next_line_;
    } else if (next == '"' || (c != '"' && next == c)) {
      cell.escaped = any_escaped_ = true;
      ++i;
    } else if (c == '"') {
      break;
    }
    ++i;
  }
  const std::size_t length = i - begin_ - first;
  if (length > kLongestCell) fail_in_cell("a cell is longer than 16 MiB");
  for (++i; reach(i) && is_blank(buffer_[i]); ++i) continue;
  if (i < end_ && buffer_[i] == kEndOfFile && i + 1 == end_) {
    std::size_t behind = i + 1;
    static_cast<void>(reach(behind));
    i = behind - 1;
  }
  if (i < end_ && buffer_[i] != separator_ && buffer_[i] != '\n' && buffer_[i] != '\r' && buffer_[i] != '\0') {
    cell_line_ = next_line_;
    fail_in_cell(
        fmt::format("expected a {} or the end of the line behind the closing quote, found '{}'; a "
                    "quote inside a quoted cell is written twice",
                    separator_name(separator_), printable(std::string_view(buffer_.data() + i, 1))));
  }
  cell.text = {buffer_.data() + begin_ + first, length};
  add(cell);
  return end_cell(std::min(i, end_));
}

// Steps over what ends a cell; true where it is the separator.
bool CsvScanner::end_cell(std::size_t end) {
  length_ = end - begin_;
  if (end == end_) {
    position_ = end_;
    return false;
  }
  const char c = buffer_[end];
  position_ = end + 1;
  if (c == separator_) {
    if (count_ == kMostCells) fail(line_, "more than 1,000,000 columns");
    return true;
  }
  if (c == '\0') fail(next_line_, "a NUL byte; this is not a text file (UTF-16 text must be saved as UTF-8)");
  ++next_line_;
  cell_ = position_;
  if (c == '\r' && reach(position_) && buffer_[position_] == '\n') ++position_;
  return false;
}

// A cell with quotes written twice or behind backslashes, as it is meant.
void CsvScanner::unescape(std::string_view text) {
  plain_.clear();
  const auto is_mark = [&](std::size_t k) { return text[k] == '"' || text[k] == escape_; };
  std::size_t begin = 0;
  for (std::size_t k = 0; k + 1 < text.size(); ++k) {
    // What stands before a quote, or before a backslash as itself, only says that it is one.
    if (!is_mark(k) || (text[k + 1] != '"' && text[k + 1] != text[k])) continue;
    plain_ += text.substr(begin, k - begin);
    begin = ++k;
  }
  plain_ += text.substr(begin);
}

// Cells whose text is not as it stands in the buffer: with escaped quotes, or not in UTF-8.
void CsvScanner::settle() {
  settled_.clear();
  changes_.clear();
  for (std::size_t i = 0; i < count_; ++i) {
    const Cell& cell = cells_[i];
    std::string_view text = cell.text;
    if (cell.escaped) {
      unescape(text);
      text = plain_;
    }
    const std::string_view decoded = high_ ? as_utf8(text, room_) : text;
    if (decoded.data() != text.data() && counts_.not_utf8++ == 0) counts_.first_not_utf8_line = line_of(i);
    if (decoded.data() == cell.text.data()) continue;
    changes_.push_back({i, settled_.size(), decoded.size()});
    settled_ += decoded;
  }
  for (const Change& change : changes_) {
    cells_[change.cell].text = std::string_view(settled_).substr(change.begin, change.length);
  }
}

std::size_t CsvScanner::line_of(std::size_t cell) const {
  const std::string_view text = record();
  std::size_t line = line_;
  for (std::size_t i = 0; i < cells_[cell].at; ++i) {
    if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n')) ++line;
  }
  return line;
}

bool CsvScanner::next_row() {
  while (true) {
    if (!comment_.empty() && at_comment()) {
      skip_line();
      ++counts_.comments;
      continue;
    }
    if (!next()) return false;
    if (count_ == 1 && cells_[0].is_blank()) {
      if (columns_ == 1 && anything_follows()) return true;
      continue;
    }
    if (fits()) return true;
  }
}

// Has the record a cell for every column? Takes away the empty ones behind the last column.
bool CsvScanner::fits() {
  const std::size_t found = count_;
  if (found == columns_) return true;
  if (found > columns_ && found <= columns_ + empty_columns_ &&
      std::ranges::all_of(cells().subspan(columns_), &Cell::is_blank)) {
    count_ = columns_;
    return true;
  }
  if (!skip_bad_rows_) {
    fail(line_, fmt::format("expected {} cell{}, found {} (separator: {}; to leave such lines out: {}): {}", columns_,
                            columns_ == 1 ? "" : "s", found, separator_name(separator_), spelled("bad-rows", "skip"),
                            shown_record()));
  }
  if (counts_.bad_rows_skipped++ == 0) counts_.first_bad_line = line_;
  return false;
}

bool CsvScanner::at_comment() {
  count_ = 0;
  begin_ = cell_ = position_;
  line_ = cell_line_ = next_line_;
  std::size_t i = position_ + comment_.size() - 1;
  if (!reach(i) || !std::string_view(buffer_.data() + begin_, end_ - begin_).starts_with(comment_)) return false;
  if (!comment_found_ || columns_ == 1) return true;
  // Nobody asked for comments: what can be a row is one.
  std::size_t cells = 1;
  for (i = position_; reach(i) && buffer_[i] != '\n' && buffer_[i] != '\r'; ++i) cells += buffer_[i] == separator_;
  return cells != columns_;
}

void CsvScanner::skip_line() {
  while (reach(position_) && buffer_[position_] != '\n' && buffer_[position_] != '\r') {
    begin_ = cell_ = ++position_;  // a comment may be as long as it likes
  }
  if (position_ == end_) return;
  ++next_line_;
  const bool lone = buffer_[position_++] == '\r';
  if (lone && reach(position_) && buffer_[position_] == '\n') ++position_;
}

// Is anything but blank lines left?
bool CsvScanner::anything_follows() {
  constexpr std::size_t kFar = std::size_t{1} << 20;  // nobody has so many blank lines at the end
  if (position() < solid_) return true;
  cells_[0].text = {};
  begin_ = cell_ = position_;
  length_ = 0;
  std::size_t i = position_;
  while (reach(i) && i - position_ < kFar) {
    const char c = buffer_[i];
    if (!is_blank(c) && c != '\n' && c != '\r') {
      std::size_t behind = i + 1;
      if (c == kEndOfFile && !reach(behind)) return false;
      i = behind - 1;
      break;
    }
    ++i;
  }
  if (i >= end_) return false;
  solid_ = dropped_ + i + 1;
  return true;
}

}  // namespace strata::internal
