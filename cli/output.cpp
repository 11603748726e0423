#include "output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "strata/error.hpp"

namespace strata::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(variable(name));
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

constexpr std::string_view kLineEnds = "\n\t";

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The second line and those after it stand a little to the right.
std::string indented(std::string text) {
  for (std::size_t at = text.find('\n'); at != std::string::npos && at + 1 < text.size(); at = text.find('\n', at + 1))
    text.insert(at + 1, "  ");
  return text;
}

}  // namespace

Output::Output(int descriptor) : descriptor_(descriptor) {
  is_terminal_ = ::isatty(descriptor) == 1;
  const std::string_view term = variable("TERM");
  animates_ = is_terminal_ && !term.empty() && term != "dumb";
  const bool forced = !variable("FORCE_COLOR").empty() && variable("FORCE_COLOR") != "0";
  colour_ = (animates_ || forced) && variable("NO_COLOR").empty();
  unicode_ = locale_is_utf8();
}

std::size_t Output::width() const noexcept {
  winsize size{};
  if (is_terminal_ && ::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

std::string Output::paint(Style style, std::string_view text) const {
  if (!colour_ || style == Style::plain) return std::string(text);
  const char* code = style == Style::bold   ? "1"
                     : style == Style::dim  ? "2"
                     : style == Style::good ? "32"
                     : style == Style::bad  ? "31"
                                            : "36";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Output::write(std::string_view text) {
  while (!text.empty() && !closed_) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      closed_ = true;
      // A training that saves what it has when its terminal is closed has nobody to tell.
      const bool reader_left = errno == EPIPE || (errno == EIO && is_terminal_ && outlives_failures_);
      if (!reader_left && descriptor_ != STDERR_FILENO) failure_ = errno;  // stderr: there is nobody to tell
      if (outlives_failures_) return;
      if (reader_left) std::_Exit(141);  // what a shell reports for a program that SIGPIPE ended
      require_written();
    }
  }
}

void Output::require_written() const {
  if (failure_ == 0) return;
  const char* advice =
      failure_ == EFBIG ? "; raise the limit on the size of files (in the shell: ulimit -f unlimited)" : "";
  throw Error(ErrorCode::io, fmt::format("cannot write to the standard output: {}{}", std::strerror(failure_), advice));
}

void Output::line(std::string_view text) { write(std::string(text) + '\n'); }

Output& out() {
  static Output stream(STDOUT_FILENO);
  return stream;
}

Output& err() {
  static Output stream(STDERR_FILENO);
  return stream;
}

void say_error(std::string_view message) {
  err().line(fmt::format("{} {}", err().paint(Style::bad, "strata: error:"), indented(printable(message, kLineEnds))));
}

void say_warning(std::string_view message) {
  err().line(
      fmt::format("{} {}", err().paint(Style::accent, "strata: warning:"), indented(printable(message, kLineEnds))));
}

void say(std::string_view message) { err().line(printable(message, kLineEnds)); }

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {  // a colour: ESC [ … m
      while (i < text.size() && text[i] != 'm') ++i;
    } else if (!continues(text[i])) {
      ++width;
    }
  }
  return width;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t column = indent;
  bool first = true;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (!first && column + 1 + display_width(word) > width) {
      result += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      result += ' ';
      ++column;
    }
    result += word;
    column += display_width(word);
    first = false;
  }
  return result;
}

std::string shortest(double value) { return fmt::format("{}", value); }

std::string shortest_of(double value, bool is_float32) {
  const auto single = static_cast<float>(value);
  return is_float32 && static_cast<double>(single) == value ? fmt::format("{}", single) : shortest(value);
}

std::string input_name(const std::string& file) { return file == "-" ? "standard input" : printable(file); }

std::string brief(double value) { return fmt::format("{:.6g}", value); }

std::string percent(std::size_t part, std::size_t whole) {
  if (whole == 0) return "-";
  if (part == 0) return "0 %";
  if (part == whole) return "100 %";
  const double exact = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (exact < 0.05) return "< 0.1 %";
  return fmt::format("{:.1f} %", std::min(exact, 99.9));
}

std::string with_commas(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string shape_text(std::span<const std::size_t> shape) {
  return shape.empty() ? "1" : fmt::format("{}", fmt::join(shape, "×"));
}

std::string counted(std::uint64_t n, std::string_view thing) {
  return fmt::format("{} {}{}", with_commas(n), thing, n == 1 ? "" : "s");
}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text(const Output& on, std::size_t indent) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = display_width(columns_[c].heading);
    for (const auto& row : rows_) width = std::max(width, display_width(row[c]));
    widths.push_back(width);
  }
  std::string text;
  const auto add_line = [&](const auto& cell_of, Style style) {
    std::string line(indent, ' ');
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string& cell = cell_of(c);
      const std::string blanks(widths[c] - display_width(cell), ' ');
      line += columns_[c].right ? blanks + cell : cell + blanks;
      if (c + 1 < columns_.size()) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += on.paint(style, line) + '\n';
  };
  add_line([&](std::size_t c) -> const std::string& { return columns_[c].heading; }, Style::dim);
  for (const auto& row : rows_) add_line([&](std::size_t c) -> const std::string& { return row[c]; }, Style::plain);
  return text;
}

}  // namespace strata::cli
