// Small things about text that several rooms and the program need.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strata::internal {

// Of ASCII alone, whatever the locale.
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The candidate with the smallest edit distance, when it is near enough to be what was meant; else empty. The
/// beginning of a name, five letters or more, is as good as the whole.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);
/// "; did you mean 'x'?" or nothing.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// "a, b, c"; after `most` names: "a, b, … (12 more)".
[[nodiscard]] std::string joined(std::span<const std::string> words, std::size_t most = 12);
/// A name as an option takes it in a list: in quotes where it has a comma.
[[nodiscard]] std::string name_text(const std::string& name);
/// `joined`, of names as they can be typed: "size, cm", mass.
[[nodiscard]] std::string joined_names(std::span<const std::string> names, std::size_t most = 12);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

/// The whole text as a number (surrounding blanks and one leading '+' allowed); false when it is not one.
/// "nan" and "inf" are numbers here; the caller decides whether they are welcome. Out of range: ±inf, or 0.
[[nodiscard]] bool parse_number(std::string_view text, double& value) noexcept;

/// The shortest digits that read back as the same number.
[[nodiscard]] std::string shortest(double value);
[[nodiscard]] std::string shortest(float value);
/// 17 significant digits: enough for any reader to get the same double. NaN and infinities become "null" for JSON.
[[nodiscard]] std::string digits17(double value);
/// A JSON string literal with its quotes; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);
/// Control characters (terminal escapes) made harmless, for text from a file that goes to a terminal; but for those
/// that are `kept`.
[[nodiscard]] std::string printable(std::string_view text, std::string_view kept = {});
/// Does the name fit the pattern: * is any text, ? any byte? And does it fit one of them?
[[nodiscard]] bool fits_pattern(std::string_view name, std::string_view pattern) noexcept;
[[nodiscard]] bool fits_any(std::string_view name, std::span<const std::string> patterns) noexcept;
/// 'so', and printable.
[[nodiscard]] inline std::string in_quotes(std::string_view text) { return "'" + printable(text) + "'"; }

/// A word as a shell reads it back.
[[nodiscard]] std::string quoted_for_shell(std::string_view word);

/// How messages name an option, and an option with a value: "--batch-size", "--scale standard"; or as `how` says.
[[nodiscard]] std::string spelled(std::string_view option, std::string_view value = {});
void spell_with(std::string (*how)(std::string_view option, std::string_view value)) noexcept;

/// "(7, 12288)".
[[nodiscard]] std::string shape_text(std::size_t rows, std::size_t cols);

}  // namespace strata::internal
