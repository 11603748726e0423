#include "data/csv_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::size_t kLongestCell = std::size_t{16} << 20;
constexpr std::size_t kLongestHeader = std::size_t{64} << 20;

}  // namespace

CsvScanner::CsvScanner(ByteSource& source, std::string name)
    : source_(source), name_(std::move(name)), buffer_(kPiece), longest_(kLongestCell + 4) {
  set_delimiter(',');
}

void CsvScanner::set_delimiter(char delimiter) {
  delimiter_ = delimiter;
  special_.fill(false);
  for (const char c : {delimiter, '\n', '\r', '\0'}) special_[static_cast<unsigned char>(c)] = true;
}

void CsvScanner::fail(std::size_t line, const std::string& what) const {
  throw Error(ErrorCode::format, fmt::format("{}:{}: {}", name_, line, what));
}

// Reads on behind what is not yet scanned, which moves to the front of the buffer.
bool CsvScanner::more() {
  if (finished_) return false;
  if (position_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + position_, end_ - position_);
    end_ -= position_;
    position_ = 0;
  }
  if (end_ > longest_) {
    fail(line_, buffer_.front() == '"' ? "a cell is longer than 16 MiB; is its quote never closed?"
                                       : "a cell is longer than 16 MiB");
  }
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const std::size_t got = source_.read(std::as_writable_bytes(std::span(buffer_).subspan(end_)));
  end_ += got;
  finished_ = got == 0;
  return got > 0;
}

char CsvScanner::sniff_delimiter() {
  while (has(0) && (at(0) == '\n' || at(0) == '\r')) {
    if (!(at(0) == '\r' && has(1) && at(1) == '\n')) ++line_;
    ++position_;
  }
  longest_ = kLongestHeader;  // the whole line is looked at before its first cell is taken
  std::array<std::size_t, 3> counts{};
  constexpr std::string_view kDelimiters = ",;\t";
  bool quoted = false;
  for (std::size_t i = 0; has(i); ++i) {
    const char c = at(i);
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    const std::size_t which = kDelimiters.find(c);
    if (which != std::string_view::npos) ++counts[which];
  }
  longest_ = std::max(kLongestCell + 4, end_ - position_);
  return kDelimiters[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

CsvScanner::Cell CsvScanner::next() {
  if (has(0) && at(0) == '"') return next_quoted();
  Cell cell{.line = line_};
  std::size_t length = 0;
  do {
    const char* const begin = buffer_.data() + position_;
    const char* const end = buffer_.data() + end_;
    const char* c = begin + length;
    while (c != end && !special_[static_cast<unsigned char>(*c)]) ++c;
    length = static_cast<std::size_t>(c - begin);
    if (c != end) break;
  } while (more());
  if (length > kLongestCell) fail(line_, "a cell is longer than 16 MiB");
  if (has(length) && at(length) == '\r') static_cast<void>(has(length + 1));  // before the cell's text has its place
  cell.text = ahead().substr(0, length);
  cell.ends_record = end_cell(length);
  return cell;
}

CsvScanner::Cell CsvScanner::next_quoted() {
  Cell cell{.quoted = true, .line = line_};
  unquoted_.clear();
  bool doubled = false;
  std::size_t begin = 1;  // of the piece that is not yet in unquoted_
  std::size_t i = 1;
  while (true) {
    const std::size_t quote = ahead().find('"', i);
    if (quote == std::string_view::npos) {
      i = end_ - position_;
      if (!more()) fail(line_, "the quote that opens here is never closed");
      continue;
    }
    if (!has(quote + 1) || at(quote + 1) != '"') {
      i = quote;
      break;
    }
    doubled = true;  // a quote written twice is one quote
    unquoted_ += ahead().substr(begin, quote + 1 - begin);
    begin = i = quote + 2;
  }
  if (i - 1 > kLongestCell) fail(line_, "a cell is longer than 16 MiB");
  std::size_t length = i + 1;
  while (has(length) && (at(length) == ' ' || at(length) == '\t') && at(length) != delimiter_) ++length;
  if (has(length) && !special_[static_cast<unsigned char>(at(length))]) {
    count_lines(ahead().substr(1, i - 1));
    fail(line_,
         fmt::format("expected '{}' or the end of the line behind the closing quote, found '{}'; a quote inside a "
                     "quoted cell is written twice",
                     delimiter_ == '\t' ? "tab" : std::string(1, delimiter_), printable(ahead().substr(length, 1))));
  }
  if (has(length) && at(length) == '\r') static_cast<void>(has(length + 1));
  const std::string_view raw = ahead().substr(1, i - 1);
  if (std::memchr(raw.data(), '\0', raw.size()) != nullptr)
    fail(line_, "a NUL byte in a quoted cell; this is not a text file");
  count_lines(raw);
  if (doubled) {
    unquoted_ += ahead().substr(begin, i - begin);
    cell.text = unquoted_;
  } else {
    cell.text = raw;
  }
  cell.ends_record = end_cell(length);
  return cell;
}

void CsvScanner::count_lines(std::string_view text) {
  for (std::size_t i = text.find_first_of("\r\n"); i != std::string_view::npos; i = text.find_first_of("\r\n", i + 1)) {
    if (text[i] == '\n' || i + 1 == text.size() || text[i + 1] != '\n') ++line_;
  }
}

// Steps over the cell and what ends it; true when that is the end of the record.
bool CsvScanner::end_cell(std::size_t length) {
  if (position_ + length == end_) {
    position_ = end_;
    return true;
  }
  const char c = at(length);
  if (c == '\0') fail(line_, "a NUL byte; this is not a text file (UTF-16 text must be saved as UTF-8)");
  const bool two = c == '\r' && position_ + length + 1 < end_ && at(length + 1) == '\n';
  position_ += length + (two ? 2 : 1);
  if (c == delimiter_) return false;
  ++line_;
  return true;
}

}  // namespace strata::internal
