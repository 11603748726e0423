// A text of records into cells, one record after the other, from a stream: never the whole text in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_source.hpp"
#include "data/csv_marks.hpp"
#include "data/dialect.hpp"

namespace strata::internal {

/// Reads by the grammar of RFC 4180 and the dialect. A quote may open behind blanks; what is not quoted is trimmed of
/// blanks and tabs, what is quoted stays as it is. \n, \r\n and a lone \r end a line. A Ctrl-Z at the end is none of
/// the text. A cell that is not UTF-8 is taken for Windows-1252 whatever the others are, so that the same bytes are the
/// same word in every file.
class CsvScanner {
 public:
  struct Cell {
    std::string_view text;  // UTF-8
    std::uint32_t at = 0;   // where it begins in the record, with blanks and quotes
    bool quoted = false;
    bool escaped = false;  // only the scanner's

    /// Nothing is written there, not even quotes.
    [[nodiscard]] bool is_blank() const noexcept { return text.empty() && !quoted; }
  };

  /// Borrows the source, which is at its beginning; reading begins where the dialect's rows do. `name` is for messages.
  CsvScanner(ByteSource& source, std::string name, const Dialect& dialect);
  /// The same of a part of the rows, which begins with this line.
  CsvScanner(ByteSource& source, std::string name, const Dialect& dialect, std::size_t line);

  /// Goes to the next record, whatever its width; a blank line is a record of one blank cell, and nothing is a comment.
  /// False at the end. Throws Error(format): a quote that is never closed, text behind one, a NUL byte, a cell above
  /// 16 MiB, a record above 64 MiB or 1,000,000 cells.
  [[nodiscard]] bool next();
  /// Goes to the next row: a record with a cell for each of the dialect's names. Comments and blank lines are passed
  /// over; where there is one column, a blank line is an empty cell unless nothing follows it. Throws as next, and
  /// Error(format) for another number of cells unless such rows are to be skipped.
  [[nodiscard]] bool next_row();

  /// Of the record, valid until the next is read.
  [[nodiscard]] std::span<const Cell> cells() const noexcept { return {cells_.data(), count_}; }
  /// Where the record begins, from 1.
  [[nodiscard]] std::size_t line() const noexcept { return line_; }
  /// Where one of its cells does.
  [[nodiscard]] std::size_t line_of(std::size_t cell) const;
  /// The record as it is written, without the end of its line.
  [[nodiscard]] std::string_view record() const noexcept { return {buffer_.data() + begin_, length_}; }
  /// Its beginning, for a message.
  [[nodiscard]] std::string shown_record() const;
  [[nodiscard]] const TextCounts& counts() const noexcept { return counts_; }

  /// The byte of the source that comes next, counted from where the rows begin, and its line.
  [[nodiscard]] std::size_t position() const noexcept { return dropped_ + position_; }
  [[nodiscard]] std::size_t next_line() const noexcept { return next_line_; }
  /// The same for the record, or the one that a fault is in.
  [[nodiscard]] std::size_t record_position() const noexcept { return dropped_ + begin_; }
  /// The source is at its end; what it gave may not all be scanned.
  [[nodiscard]] bool source_ended() const noexcept { return finished_; }
  /// The source is known to be at its end, and all of it is scanned.
  [[nodiscard]] bool at_end() const noexcept { return finished_ && position_ == end_; }

 private:
  [[nodiscard]] bool more();
  void move_to_front_of(std::vector<char>& room);
  [[nodiscard]] bool reach(std::size_t& index);
  [[nodiscard]] std::size_t find_special(std::size_t from) noexcept;
  std::uint64_t mark(std::size_t block) noexcept;
  void add(const Cell& cell);
  [[nodiscard]] bool read_plain_cells();
  [[nodiscard]] bool read_cell();
  [[nodiscard]] bool read_quoted(std::size_t open);
  [[nodiscard]] bool end_cell(std::size_t end);
  void unescape(std::string_view text);
  void drop_empty_cells();
  void settle();
  [[nodiscard]] bool is_blank(char c) const noexcept { return c == blank_ || c == other_blank_; }
  [[nodiscard]] bool at_comment();
  void skip_line();
  [[nodiscard]] bool fits();
  [[nodiscard]] bool anything_follows();
  [[noreturn]] void fail(std::size_t line, const std::string& what) const;
  [[noreturn]] void fail_in_cell(const std::string& what) const;

  ByteSource& source_;
  std::string name_;
  // Of the dialect
  char separator_, escape_, blank_, other_blank_;
  std::string comment_;
  bool comment_found_, skip_bad_rows_;
  std::size_t columns_, empty_columns_;
  MarkFinder finder_;

  std::vector<char> buffer_;  // a NUL at end_, and room for a look at 64 bytes behind it
  // In the buffer: the record, its cell that is read, what is not scanned yet, the end of what the source gave.
  std::size_t begin_ = 0, cell_ = 0, position_ = 0, end_ = 0;
  std::size_t length_ = 0;   // of the record
  std::size_t dropped_ = 0;  // bytes that were in the buffer and are not any more
  std::size_t solid_ = 0;    // behind position(): up to here something is known to follow
  bool finished_ = false;    // the source is at its end
  bool filled_ = false;      // it gave all that there was room for
  std::size_t line_ = 1, cell_line_ = 1, next_line_ = 1;

  std::size_t block_;  // the 64 bytes from here on have been looked at
  std::uint64_t marks_ = 0;
  bool block_high_ = false, high_ = false;  // bytes beyond ASCII in the block; in all blocks of the record

  std::vector<Cell> cells_;  // of the record, and room for more
  std::size_t count_ = 0;
  bool any_escaped_ = false;
  // Texts of cells that are not as they stand in the buffer
  struct Change {
    std::size_t cell, begin, length;
  };
  std::vector<Change> changes_;
  std::string settled_, plain_, room_;
  TextCounts counts_;
};

}  // namespace strata::internal
