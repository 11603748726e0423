// What one cell of a text table says: nothing, a number in one of several written forms, yes or no, or a word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strata::internal {

/// The text without blanks around: space, tab, line ends, and the no-break spaces U+00A0 and U+202F.
[[nodiscard]] std::string_view trimmed_in_full(std::string_view text) noexcept;
[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
  const auto is_plain = [](char c) { return c > ' ' && c <= '~'; };
  return text.empty() || (is_plain(text.front()) && is_plain(text.back())) ? text : trimmed_in_full(text);
}

/// What may stand before or behind a number. "12 %" is 12.
enum class Affix : std::uint8_t { none, percent, dollar, euro, pound, yen };
inline constexpr std::size_t kAffixes = 6;

/// How the numbers of a column are written. The digits before the decimal sign stand together, or in groups: one to
/// three without a leading 0, then always three. A form with a group sign or a currency sign also reads numbers
/// without; one with a percent sign does not, for 12 may be 1200 %.
struct NumberForm {
  char decimal = '.';
  char group = 0;  ///< , . ' or a blank (also U+00A0 and U+202F, and U+2019 for '); 0: none
  Affix affix = Affix::none;

  [[nodiscard]] bool operator==(const NumberForm&) const = default;
};

/// The forms but for the affix, the plainest first.
inline constexpr std::array<NumberForm, 7> kNumberForms{{
    {.decimal = '.', .group = 0},     // 1234.5
    {.decimal = ',', .group = 0},     // 1234,5
    {.decimal = '.', .group = ','},   // 1,234.5
    {.decimal = ',', .group = '.'},   // 1.234,5
    {.decimal = '.', .group = ' '},   // 1 234.5
    {.decimal = ',', .group = ' '},   // 1 234,5
    {.decimal = '.', .group = '\''},  // 1'234.5
}};
inline constexpr std::uint8_t kAllForms = (1U << kNumberForms.size()) - 1;
/// Those with a decimal point, and those with a decimal comma: a cell has one value at most for each sign.
inline constexpr std::uint8_t kPointForms = 0b1010101;
inline constexpr std::uint8_t kCommaForms = kAllForms & ~kPointForms;

/// "1.234,5 €": how the form writes, for messages.
[[nodiscard]] std::string example_of(const NumberForm& form);

/// The form that writes so, of all that there are.
[[nodiscard]] std::optional<NumberForm> number_form_of(std::string_view example);

/// A cell as a number. A sign + or − (also U+2212), an exponent where there are no groups, and blanks around belong to
/// every form; a currency sign stands before or behind, its blank may be missing: -$3, $-3, 3 €.
struct NumberCell {
  std::uint8_t forms = 0;  ///< bit i: kNumberForms[i] reads it; 0: it is no number
  Affix affix = Affix::none;
  double by_point = 0;    ///< its value where a form with a decimal point reads it; correctly rounded; too large: ±inf
  double by_comma = 0;    ///< the same for a decimal comma
  bool is_code = false;   ///< digits only, two or more, the first a 0: 007
  bool is_large = false;  ///< a whole number of digits only, beyond ±2^53: float64 cannot tell it from its neighbours
};

/// A number and how a table spells it.
struct SpelledNumber {
  double value = 0;
  std::string text;
};

/// All forms that read the cell. inf and nan are no numbers here, nor are 0x1F, 1_000 and 1d3.
[[nodiscard]] NumberCell read_number(std::string_view cell) noexcept;
/// The value in one form, correctly rounded. inf and infinity, in any case, are numbers; nan is none (it is missing).
/// False, and the value as it was, when the form does not read the cell.
[[nodiscard]] bool parse_number_as(std::string_view cell, const NumberForm& form, double& value) noexcept;
/// +1 or −1 for inf and infinity, in any case and with a sign or without; else 0.
[[nodiscard]] int infinite_sign(std::string_view cell) noexcept;

/// The words that stand for an unknown value.
class MissingWords {
 public:
  /// The empty cell; NA, N/A, #N/A, #NA, <NA>, ? and a lone - or . as they are; nan, -nan, null, none and n/a in lower
  /// case, upper case or with a capital first letter, and NaN. "Na" and "na" are words: sodium, and languages that say
  /// "in" so. `more`: words of the user's, compared letter by letter.
  explicit MissingWords(std::span<const std::string> more = {});
  /// The empty cell and these.
  [[nodiscard]] static MissingWords only(std::span<const std::string> words);

  /// Blanks around do not count, quotes neither.
  [[nodiscard]] bool contains(std::string_view cell) const noexcept {
    cell = trimmed(cell);
    return cell.empty() || (cell.size() <= longest_ && is_one(cell));
  }

 private:
  void take(std::span<const std::string> words);
  [[nodiscard]] bool is_one(std::string_view cell) const noexcept;

  std::vector<std::string> words_ = {};  // sorted
  std::size_t longest_ = 0;
  std::array<std::uint32_t, 257>
      first_with_{};  // by their first bytes: those with byte b end where those with b + 1 begin
};

/// A word that answers a question, and its pair: yes/no, y/n, true/false, t/f, on/off, in any case.
struct YesNo {
  std::uint8_t pair = 0;  ///< in kYesNoPairs
  bool yes = false;
};
inline constexpr std::array<std::array<std::string_view, 2>, 5> kYesNoPairs{
    {{"no", "yes"}, {"n", "y"}, {"false", "true"}, {"f", "t"}, {"off", "on"}}};

[[nodiscard]] std::optional<YesNo> yes_or_no(std::string_view cell) noexcept;

}  // namespace strata::internal
