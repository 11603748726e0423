// What goes to the terminal, to a pipe or to a JSON reader, and how it looks there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace strata::cli {
using namespace internal;

enum class Style { plain, bold, dim, good, bad, accent };

/// A stream of the process: the results on stdout, the messages on stderr.
class Output {
 public:
  explicit Output(int descriptor);

  [[nodiscard]] bool is_terminal() const noexcept { return is_terminal_; }
  /// May a line be drawn again and again here? Not in a pipe and not on a terminal that cannot move its cursor.
  [[nodiscard]] bool animates() const noexcept { return animates_; }
  [[nodiscard]] bool has_colour() const noexcept { return colour_; }
  [[nodiscard]] bool has_unicode() const noexcept { return unicode_; }
  /// Columns, asked anew each time: a window may change its size. 100 where nobody knows.
  [[nodiscard]] std::size_t width() const noexcept;
  [[nodiscard]] std::string paint(Style style, std::string_view text) const;

  /// Writes all of it, at once. A reader that went away ends the program quietly; a full disk is an Error(io).
  void write(std::string_view text);
  void line(std::string_view text);
  /// From here on a failure to write ends nothing: there is something more important to finish and to save.
  void outlive_failures() noexcept { outlives_failures_ = true; }
  /// Throws the Error(io) that was put off.
  void require_written() const;
  void no_colour() noexcept { colour_ = false; }

 private:
  int descriptor_;
  bool is_terminal_ = false, animates_ = false, colour_ = false, unicode_ = false;
  bool outlives_failures_ = false, closed_ = false;
  int failure_ = 0;  // errno
};

Output& out();  ///< stdout
Output& err();  ///< stderr

/// "strata: error: …", with text that came from files made harmless.
void say_error(std::string_view message);
void say_warning(std::string_view message);
/// A sentence for people, on stderr.
void say(std::string_view message);

/// The name of a file that is read, or "standard input".
[[nodiscard]] std::string input_name(const std::string& file);
/// How many columns the text takes, colours not counted.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Broken at blanks into lines of at most `width` columns; all but the first begin with `indent` blanks.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

/// The shortest digits that read back as the same number; a power of ten only where they would be many.
[[nodiscard]] std::string shortest(double value);
/// As `shortest`, but of a float where the value is one: what a float32 network computed.
[[nodiscard]] std::string shortest_of(double value, bool is_float32);
/// Six significant digits, for people.
[[nodiscard]] std::string brief(double value);
/// "98.2 %"; 100 % only when all are right, 0 % only when none is ("< 0.1 %").
[[nodiscard]] std::string percent(std::size_t part, std::size_t whole);
/// "12,345"
[[nodiscard]] std::string with_commas(std::uint64_t value);
/// "64×64×3", "1" for a single number.
[[nodiscard]] std::string shape_text(std::span<const std::size_t> shape);
/// "1 row", "2 rows"
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view thing);

/// Rows of cells in aligned columns.
class TextTable {
 public:
  struct Column {
    std::string heading;
    bool right = false;
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells);
  [[nodiscard]] std::string text(const Output& on, std::size_t indent = 2) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace strata::cli
