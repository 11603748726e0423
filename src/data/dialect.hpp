// How a table of text is written: what parts its cells, how quotes are meant, whether it has a header, what the columns
// are called. Found in the first megabyte, or said by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/byte_source.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// What the caller says of a text; the rest is found.
struct DialectWishes {
  std::optional<char> separator = {};
  Header header = Header::automatic;
  /// Lines that begin so are comments. Empty: none, but where the text begins with lines that begin with '#'.
  std::string comment = {};
  bool skip_bad_rows = false;  // rows with another number of cells are left out and counted; else they are errors
  /// Columns that the caller looks for: a first line that has them all is a header, whatever it looks like.
  std::vector<std::string> expected = {};
};

struct Dialect {
  char separator = ',';
  bool escapes = false;  // \" in a quoted cell is a quote, and \\ a backslash; else a quote is written twice
  std::string comment;   // lines that begin so are comments; empty: there are none
  /// The sign was found, not wished for: a line that begins with it and has as many cells as a row is a row.
  bool comment_found = false;
  bool skip_bad_rows = false;
  bool header_found = true;  // false: the first line is a row, and the columns are c1, c2, …
  bool is_utf8 = true;       // the first megabyte; see CsvScanner for what is not
  /// Of the columns, UTF-8, no two alike, none empty.
  std::vector<std::string> names;
  std::size_t empty_columns = 0;   // that separators at the ends of the lines make behind the last column
  std::size_t begin = 0;           // the byte from which on there are rows
  std::size_t line = 1;            // on which it stands
  std::string first_row;           // where there is no header: the first cells, for messages
  std::vector<std::string> notes;  // what is not as usual, each a sentence without a full stop
};

/// What a reader met on the way and passed over, or read in another way than the rest.
struct TextCounts {
  std::size_t bad_rows_skipped = 0, first_bad_line = 0;
  std::size_t comments = 0;  // behind the header
  std::size_t not_utf8 = 0, first_not_utf8_line = 0;
  std::size_t bad_cells = 0, first_bad_cell_line = 0;  // no numbers where these are wanted, taken as missing
  std::size_t bad_rows = 0, first_bad_row_line = 0;    // left out, because they have such a cell

  /// Adds those of what follows; its line 1 is line `lines` + 1 here.
  void append(const TextCounts& next, std::size_t lines);
};

struct TextReport {
  Dialect dialect;
  TextCounts counts;
  std::string name = {};                // of the file
  std::vector<TextReport> others = {};  // of further files of one table
  std::string turned = {},
              left_out = {};  // of a file of arrays, and nothing else: sentences, where there is something to say
};

/// Throws Error(usage) where lines were left out of a text to whose rows those of another file belong.
void require_all_rows(const std::string& source, const TextCounts& counts);
/// A sentence on each thing that was left out, or taken as missing.
[[nodiscard]] std::vector<std::string> notes_of(const TextCounts& counts);
/// A sentence on each thing that is not plain.
[[nodiscard]] std::vector<std::string> notes_of(const TextReport& report);

/// Looks at the first megabyte (more where the header is longer) and takes nothing away.
/// Errors: usage (a separator or comment sign that cannot be one), format (nothing but blank lines and comments, a
/// header that cannot be read, more than 1,000,000 columns).
[[nodiscard]] Dialect find_dialect(Input& input, const DialectWishes& wishes = {});

/// "comma", "semicolon", "tab", "vertical bar", "blank", or the character in quotes.
[[nodiscard]] std::string separator_name(char separator);

}  // namespace strata::internal
