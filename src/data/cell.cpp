#include "data/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.hpp"

namespace strata::internal {
namespace {

constexpr std::string_view kNoBreakSpace = "\xC2\xA0", kNarrowNoBreakSpace = "\xE2\x80\xAF";
constexpr std::string_view kMinus = "\xE2\x88\x92", kApostrophe = "\xE2\x80\x99";
// By Affix. The percent sign stands behind only.
constexpr std::array<std::string_view, kAffixes> kAffixSigns{"", "%", "$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5"};

constexpr std::uint64_t kLargestExact = std::uint64_t{1} << std::numeric_limits<double>::digits;

// 10^0 … 10^22, all exact. A whole number up to 2^53 divided by one of these is rounded once, so correctly.
constexpr std::array<double, 23> kPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool take(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_back(std::string_view& text, std::string_view suffix) noexcept {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// The blank at the beginning, as it was written: nothing when there is none.
std::size_t blank_size(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (is_blank(text.front())) return 1;
  if (text.starts_with(kNoBreakSpace)) return kNoBreakSpace.size();
  return text.starts_with(kNarrowNoBreakSpace) ? kNarrowNoBreakSpace.size() : 0;
}

bool same_word(std::string_view text, std::string_view lower_case) noexcept {
  return std::ranges::equal(text, lower_case, {}, lower);
}

// Takes a sign away: −1, +1, or 0 for none.
int take_sign(std::string_view& text) noexcept {
  if (text.empty()) return 0;
  const char c = text.front();
  if (c == '+' || c == '-') text.remove_prefix(1);
  if (c == '-' || (c == kMinus.front() && take(text, kMinus))) return -1;
  return c == '+' ? 1 : 0;
}

double signed_value(double value, int sign) noexcept { return sign < 0 ? -value : value; }

std::size_t count_digits(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

// The size of the group sign at the beginning, 0 for none.
std::size_t group_size(std::string_view text, char group) noexcept {
  if (group == 0 || text.empty()) return 0;
  if (text.front() == group) return 1;
  if (is_digit(text.front())) return 0;
  if (group == ' ') return is_blank(text.front()) ? 0 : blank_size(text);
  return group == '\'' && text.starts_with(kApostrophe) ? kApostrophe.size() : 0;
}

// A number without sign and affix, as it is written in one form.
struct Body {
  std::string_view text;
  char decimal = '.', group = 0;
  bool is_number = false;
  bool has_decimal = false, has_groups = false, has_exponent = false;
  std::size_t whole = 0, behind = 0;  // digits before and behind the decimal sign
  std::uint64_t mantissa = 0;         // all of them, modulo 2^64
};

// Eight digits at once (Lemire, "Number parsing at a gigabyte per second", 2021). False where there are fewer.
bool take_eight(std::string_view& text, std::uint64_t& number) noexcept {
  if (std::endian::native != std::endian::little || text.size() < 8) return false;
  std::uint64_t x = 0;
  std::memcpy(&x, text.data(), sizeof x);
  constexpr std::uint64_t kHigh = 0xF0F0F0F0F0F0F0F0U, kZeros = 0x3030303030303030U;
  if ((x & kHigh) != kZeros || ((x + 0x0606060606060606U) & kHigh) != kZeros) return false;
  x -= kZeros;
  x = x * 10 + (x >> 8U);  // pairs, in every other byte
  x = ((x & 0x000000FF000000FFU) * 0x000F424000000064U + (x >> 16U & 0x000000FF000000FFU) * 0x0000271000000001U) >> 32U;
  number = 100'000'000 * number + x;
  text.remove_prefix(8);
  return true;
}

// Inline, for most calls know the signs.
[[gnu::always_inline]] inline Body scan(std::string_view text, char decimal, char group) noexcept {
  Body body{.text = text, .decimal = decimal, .group = group};
  const auto take_digits = [&] {
    const std::size_t before = text.size();
    while (take_eight(text, body.mantissa)) continue;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
      body.mantissa = 10 * body.mantissa + static_cast<std::uint64_t>(text.front() - '0');
    return before - text.size();
  };
  body.whole = take_digits();
  const bool may_have_groups = body.whole >= 1 && body.whole <= 3 && body.text.front() != '0';
  while (const std::size_t sign = group_size(text, group)) {
    text.remove_prefix(sign);
    if (!may_have_groups || take_digits() != 3) return body;
    body.has_groups = true;
    body.whole += 3;
  }
  if (!text.empty() && text.front() == decimal) {
    text.remove_prefix(1);
    body.has_decimal = true;
    body.behind = take_digits();
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E') && !body.has_groups) {
    text.remove_prefix(1);
    body.has_exponent = true;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    const std::size_t exponent = count_digits(text);
    if (exponent == 0) return body;
    text.remove_prefix(exponent);
  }
  body.is_number = text.empty() && body.whole + body.behind > 0;
  return body;
}

// Most numbers need neither a copy nor from_chars. False: a number with a comma or groups and of more than a thousand
// digits, which is none of any table.
bool value_of(const Body& body, double& value) noexcept {
  constexpr std::size_t most = 19;  // digits that 64 bits hold
  if (!body.has_exponent && body.whole + body.behind <= most) {
    if (body.behind == 0) {
      value = static_cast<double>(body.mantissa);
      return true;
    }
    if (body.mantissa <= kLargestExact) {
      value = static_cast<double>(body.mantissa) / kPowers[body.behind];
      return true;
    }
  }
  if (body.decimal == '.' && !body.has_groups) return parse_number(body.text, value);
  std::array<char, 1024> copy;
  std::size_t size = 0;
  for (const char c : body.text) {
    const bool is_kept = is_digit(c) || c == body.decimal || c == 'e' || c == 'E' || c == '-' || c == '+';
    if (!is_kept) continue;  // a part of a group sign
    if (size == copy.size()) return false;
    copy[size++] = c == body.decimal ? '.' : c;
  }
  return parse_number({copy.data(), size}, value);
}

// A cell's sign and affix, and what is between.
struct Parts {
  std::string_view body;
  int sign = 0;
  Affix affix = Affix::none;
  bool in_brackets = false;  // as accounts write -5
};

Parts parts_of(std::string_view text) noexcept {
  Parts parts;
  const auto take_blanks = [&] {
    while (const std::size_t size = blank_size(text)) text.remove_prefix(size);
  };
  parts.in_brackets = text.size() > 2 && text.front() == '(' && text.back() == ')';
  if (parts.in_brackets) text = trimmed(text.substr(1, text.size() - 2));
  parts.sign = take_sign(text);
  for (std::size_t i = 2; i < kAffixes; ++i) {
    if (!take(text, kAffixSigns[i])) continue;
    parts.affix = static_cast<Affix>(i);
    take_blanks();
    if (parts.sign == 0) parts.sign = take_sign(text);
    break;
  }
  for (std::size_t i = 1; i < kAffixes && parts.affix == Affix::none; ++i) {
    if (!take_back(text, kAffixSigns[i])) continue;
    parts.affix = static_cast<Affix>(i);
    text = trimmed(text);
  }
  parts.body = parts.in_brackets && parts.sign != 0 ? std::string_view() : text;
  if (parts.in_brackets) parts.sign = -1;
  return parts;
}

// No word and no date may cost much.
bool may_be_number(std::string_view text) noexcept {
  bool any_digit = false;
  char before = 0;
  for (const char c : text) {
    switch (c) {
      case '.':
      case ',':
      case '\'':
      case 'e':
      case 'E':
      case '%':
      case '(':
      case ')':
      case '$': break;
      case '+':
      case '-':
        if (is_digit(before)) return false;  // a sign stands before digits, or behind the e of an exponent
        break;
      default:
        any_digit = any_digit || is_digit(c);
        if (!is_digit(c) && !is_blank(c) && static_cast<unsigned char>(c) < 0x80) return false;
    }
    before = c;
  }
  return any_digit;
}

// The signs in a body that a form must know: bit 0 a comma, 1 a point, 2 a blank, 3 an apostrophe.
unsigned signs_in(std::string_view body) noexcept {
  unsigned signs = 0;
  for (const char c : body) {
    if (c == ',') signs |= 1U;
    if (c == '.') signs |= 2U;
    if (is_blank(c) || c == '\xC2') signs |= 4U;
    if (c == '\'') signs |= 8U;
    if (c == '\xE2') signs |= 12U;
  }
  return signs;
}

bool knows(const NumberForm& form, unsigned signs) noexcept {
  const auto has = [&](char sign) { return form.decimal == sign || form.group == sign; };
  return ((signs & 1U) == 0 || has(',')) && ((signs & 2U) == 0 || has('.')) &&
         ((signs & 12U) == 0 || (signs & 12U) == 12U || ((signs & 4U) != 0 ? has(' ') : has('\'')));
}

NumberCell read_any(std::string_view text) noexcept {
  NumberCell cell;
  const Parts parts = parts_of(text);
  const unsigned signs = signs_in(parts.body);
  for (std::size_t i = 0; i < kNumberForms.size(); ++i) {
    const NumberForm& form = kNumberForms[i];
    if (!knows(form, signs)) continue;
    const Body body = scan(parts.body, form.decimal, form.group);
    if (!body.is_number) continue;
    const bool has_value = (cell.forms & (form.decimal == '.' ? kPointForms : kCommaForms)) != 0;
    double value = 0;
    if (!has_value && !value_of(body, value)) continue;
    if (!has_value) (form.decimal == '.' ? cell.by_point : cell.by_comma) = signed_value(value, parts.sign);
    cell.forms = static_cast<std::uint8_t>(cell.forms | 1U << i);
  }
  cell.affix = cell.forms == 0 ? Affix::none : parts.affix;
  return cell;
}

}  // namespace

std::string_view trimmed_in_full(std::string_view text) noexcept {
  while (const std::size_t size = blank_size(text)) text.remove_prefix(size);
  while (!text.empty()) {
    if (is_blank(text.back())) {
      text.remove_suffix(1);
    } else if (!take_back(text, kNoBreakSpace) && !take_back(text, kNarrowNoBreakSpace)) {
      break;
    }
  }
  return text;
}

std::string example_of(const NumberForm& form) {
  const std::string group = form.group == 0 ? "" : std::string(1, form.group);
  std::string number = "1" + group + "234" + form.decimal + "5";
  switch (form.affix) {
    case Affix::none: return number;
    case Affix::percent: return number + " %";
    case Affix::dollar:
    case Affix::euro:
    case Affix::pound:
    case Affix::yen: break;
  }
  return fmt::format("{}{}", kAffixSigns[static_cast<std::size_t>(form.affix)], number);
}

std::optional<NumberForm> number_form_of(std::string_view example) {
  for (NumberForm form : kNumberForms) {
    for (std::size_t affix = 0; affix < kAffixes; ++affix) {
      form.affix = static_cast<Affix>(affix);
      if (example_of(form) == example) return form;
    }
  }
  return std::nullopt;
}

namespace {

// What most numbers are: at most 19 digits, perhaps a point among them. False for another
// cell, be it a number or not.
bool read_simple(std::string_view cell, NumberCell& number) noexcept {
  const bool negative = !cell.empty() && cell.front() == '-', has_sign = negative || cell.starts_with('+');
  std::string_view text = cell.substr(has_sign ? 1 : 0);
  constexpr std::size_t most = 19;  // digits that 64 bits hold
  if (text.empty() || text.size() > most + 1) return false;
  const char first = text.front();
  std::uint64_t mantissa = 0;
  const auto take_digits = [&] {
    const std::size_t before = text.size();
    while (take_eight(text, mantissa)) continue;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
      mantissa = 10 * mantissa + static_cast<std::uint64_t>(text.front() - '0');
    return before - text.size();
  };
  const std::size_t whole = take_digits();
  if (text.empty()) {
    const double value = signed_value(static_cast<double>(mantissa), negative ? -1 : 1);
    number = {.forms = kAllForms,
              .by_point = value,
              .by_comma = value,
              .is_code = !has_sign && whole > 1 && first == '0',
              .is_large = mantissa > kLargestExact};
    return whole <= most;
  }
  if (text.front() != '.') return false;
  text.remove_prefix(1);
  const std::size_t behind = take_digits();
  if (!text.empty() || whole + behind == 0 || whole + behind > most || behind == 3)
    return false;  // a point before three digits may part thousands
  double value = 0;
  if (mantissa <= kLargestExact) {
    value = static_cast<double>(mantissa) / kPowers[behind];
  } else if (!parse_number(cell.substr(has_sign ? 1 : 0), value)) {
    return false;
  }
  value = signed_value(value, negative ? -1 : 1);
  number = {.forms = kPointForms, .by_point = value, .by_comma = value};
  return true;
}

}  // namespace

NumberCell read_number(std::string_view cell) noexcept {
  cell = trimmed(cell);
  NumberCell simple;
  if (read_simple(cell, simple)) return simple;
  if (!cell.empty() && lower(cell.front()) >= 'a' && lower(cell.front()) <= 'z') return {};  // no form begins so
  std::string_view unsigned_cell = cell;
  const int sign = take_sign(unsigned_cell);
  const Body body = scan(unsigned_cell, '.', 0);
  NumberCell number;
  if (!body.is_number || !value_of(body, number.by_point)) return may_be_number(cell) ? read_any(cell) : NumberCell{};
  number.by_point = signed_value(number.by_point, sign);
  number.by_comma = number.by_point;
  if (body.has_decimal) {
    number.forms = kPointForms;
    // A point before three digits may part thousands.
    if (body.behind != 3 || body.whole < 1 || body.whole > 3 || body.has_exponent || body.text.front() == '0')
      return number;
    number.forms |= 1U << 3U;
    number.by_comma = signed_value(static_cast<double>(body.mantissa), sign);
    return number;
  }
  number.forms = kAllForms;
  if (body.has_exponent) return number;
  number.is_code = sign == 0 && body.whole > 1 && body.text.front() == '0';
  // More digits than 64 bits hold, or too many for float64.
  number.is_large = std::abs(number.by_point) > static_cast<double>(kLargestExact) ||
                    (body.whole <= 19 && body.mantissa > kLargestExact);
  return number;
}

bool parse_number_as(std::string_view cell, const NumberForm& form, double& value) noexcept {
  cell = trimmed(cell);
  std::string_view unsigned_cell = cell;
  const int sign = take_sign(unsigned_cell);
  const Body body = scan(unsigned_cell, form.decimal, form.group);
  double read = 0;
  if (body.is_number) {
    if (form.affix == Affix::percent || !value_of(body, read)) return false;
    value = signed_value(read, sign);
    return true;
  }
  if (const int infinity = infinite_sign(cell)) {
    value = signed_value(std::numeric_limits<double>::infinity(), infinity);
    return true;
  }
  const Parts parts = parts_of(cell);
  const bool has_affix = parts.affix != Affix::none;
  if (has_affix ? parts.affix != form.affix : !parts.in_brackets || form.affix == Affix::percent) return false;
  const Body inside = scan(parts.body, form.decimal, form.group);
  if (!inside.is_number || !value_of(inside, read)) return false;
  value = signed_value(read, parts.sign);
  return true;
}

int infinite_sign(std::string_view cell) noexcept {
  cell = trimmed(cell);
  const int sign = take_sign(cell);
  if (cell.empty() || lower(cell.front()) != 'i') return 0;
  if (!same_word(cell, "inf") && !same_word(cell, "infinity")) return 0;
  return sign < 0 ? -1 : 1;
}

MissingWords::MissingWords(std::span<const std::string> more) {
  std::vector<std::string> words{"NA", "N/A", "#N/A", "#NA", "<NA>", "?", "-", ".", "NaN", "-NaN"};
  for (const std::string_view word : {"nan", "-nan", "null", "none", "n/a"}) {
    std::string upper(word), capital(word);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    capital.front() = upper.front();
    words.insert(words.end(), {std::string(word), upper, capital});
  }
  words.insert(words.end(), more.begin(), more.end());
  take(words);
}

MissingWords MissingWords::only(std::span<const std::string> words) {
  MissingWords missing;
  missing.take(words);
  return missing;
}

void MissingWords::take(std::span<const std::string> words) {
  words_.clear();
  longest_ = 0;
  first_with_ = {};
  for (const std::string& word : words) words_.emplace_back(trimmed(word));
  std::erase(words_, "");  // always
  std::ranges::sort(words_);
  for (const std::string& word : words_) longest_ = std::max(longest_, word.size());
  for (const std::string& word : words_) ++first_with_[std::size_t{static_cast<unsigned char>(word.front())} + 1];
  for (std::size_t byte = 1; byte < first_with_.size(); ++byte) first_with_[byte] += first_with_[byte - 1];
}

bool MissingWords::is_one(std::string_view cell) const noexcept {
  const std::size_t byte = static_cast<unsigned char>(cell.front());
  const auto* const words = words_.data();
  return std::binary_search(words + first_with_[byte], words + first_with_[byte + 1], cell);
}

std::optional<YesNo> yes_or_no(std::string_view cell) noexcept {
  cell = trimmed(cell);
  if (cell.empty() || cell.size() > 5) return std::nullopt;
  for (std::size_t pair = 0; pair < kYesNoPairs.size(); ++pair) {
    for (const bool yes : {false, true}) {
      if (lower(cell.front()) != kYesNoPairs[pair][yes ? 1 : 0].front()) continue;
      if (same_word(cell, kYesNoPairs[pair][yes ? 1 : 0])) {
        return YesNo{.pair = static_cast<std::uint8_t>(pair), .yes = yes};
      }
    }
  }
  return std::nullopt;
}

}  // namespace strata::internal
