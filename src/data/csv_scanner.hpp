// A text of records into cells (RFC 4180), one after the other, from a stream: never the whole text in memory.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_source.hpp"

namespace strata::internal {

class CsvScanner {
 public:
  struct Cell {
    std::string_view text{};  // valid until the next call
    bool quoted = false;
    bool ends_record = false;
    std::size_t line = 0;  // where it begins, from 1
  };

  CsvScanner(ByteSource& source, std::string name);

  /// Skips blank lines and finds which of , ; and tab is most frequent in the next line outside quotes.
  [[nodiscard]] char sniff_delimiter();
  void set_delimiter(char delimiter);
  /// Is the text at its end? Only to be asked between records.
  [[nodiscard]] bool at_end() { return position_ == end_ && !more(); }
  /// Throws Error(format): a quote that is never closed, text behind one, a cell above 16 MiB, a NUL byte.
  [[nodiscard]] Cell next();
  /// The line that comes next, from 1. \n, \r\n and a lone \r end a line.
  [[nodiscard]] std::size_t line() const noexcept { return line_; }
  /// Throws Error(format) with the line.
  [[noreturn]] void fail(std::size_t line, const std::string& what) const;

 private:
  [[nodiscard]] bool more();
  [[nodiscard]] bool has(std::size_t ahead) { return position_ + ahead < end_ || (more() && has(ahead)); }
  [[nodiscard]] char at(std::size_t ahead) const { return buffer_[position_ + ahead]; }
  [[nodiscard]] std::string_view ahead() const { return {buffer_.data() + position_, end_ - position_}; }
  [[nodiscard]] Cell next_quoted();
  [[nodiscard]] bool end_cell(std::size_t length);
  void count_lines(std::string_view text);

  ByteSource& source_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t position_ = 0, end_ = 0;  // of what is not yet scanned, in the buffer
  bool finished_ = false;               // the source is at its end
  std::size_t line_ = 1;
  std::size_t longest_;  // of what may be looked at in one piece
  char delimiter_ = ',';
  std::array<bool, 256> special_{};
  std::string unquoted_;
};

}  // namespace strata::internal
