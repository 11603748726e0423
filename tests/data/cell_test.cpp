// What a cell says: a number in every written form, a missing value, yes or no.
#include "data/cell.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include "base/text.hpp"

namespace strata::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string forms_of(std::string_view cell) {
  const NumberCell number = read_number(cell);
  std::string forms;
  for (std::size_t i = 0; i < kNumberForms.size(); ++i) forms += (number.forms >> i & 1U) != 0 ? std::to_string(i) : "";
  return forms;
}

// The value in a form; NaN when the form does not read the cell.
double in(const NumberForm& form, std::string_view cell) {
  double value = std::numeric_limits<double>::quiet_NaN();
  const bool read = parse_number_as(cell, form, value);
  EXPECT_EQ(read, !std::isnan(value)) << cell;
  return value;
}

TEST(Cell, is_read_by_every_form_that_suits) {
  EXPECT_EQ(forms_of("0"), "0123456");
  EXPECT_EQ(forms_of("1234"), "0123456");
  EXPECT_EQ(forms_of("1e-3"), "0123456");
  EXPECT_EQ(forms_of("1234.5"), "0246");
  EXPECT_EQ(forms_of("1234,5"), "135");
  EXPECT_EQ(forms_of("1,234.5"), "2");
  EXPECT_EQ(forms_of("1.234,5"), "3");
  EXPECT_EQ(forms_of("1 234.5"), "4");
  EXPECT_EQ(forms_of("1 234,5"), "5");
  EXPECT_EQ(forms_of("1'234.5"), "6");
  EXPECT_EQ(forms_of("1\u2019234.5"), "6");
  EXPECT_EQ(forms_of("1\u00A0234"), "45");
  EXPECT_EQ(forms_of("1\u202F234,5"), "5");
  EXPECT_EQ(forms_of("1,234"), "1235");  // 1.234 or 1234
  EXPECT_EQ(forms_of("1.234"), "02346");
  EXPECT_EQ(forms_of("0.234"), "0246");  // no group begins with 0
  EXPECT_EQ(forms_of("0,234"), "135");
  EXPECT_EQ(forms_of("1234,567"), "135");  // nor has four digits
  EXPECT_EQ(forms_of("1,234,567"), "2");
  EXPECT_EQ(forms_of("1.234.567"), "3");
  EXPECT_EQ(forms_of("1.5e3"), "0246");
  EXPECT_EQ(forms_of("1,5e3"), "135");
  EXPECT_EQ(forms_of("1.234e3"), "0246");  // groups have no exponent
  EXPECT_EQ(forms_of("1,234e3"), "135");
  EXPECT_EQ(forms_of("1 234e3"), "");
  for (const char* cell :
       {"1,23,456", "1,2345.5", "0,123,456", "1,234,56", "1 23", "1  234", "1,234 567", "1.2.3", "1,,234",   ",", ".",
        "",         "-",        "+",         "e5",       "1e",   "1e+",    ".e5",       "1e5.5", "1,234e5,5"}) {
    EXPECT_EQ(forms_of(cell), "") << cell;
  }
}

TEST(Cell, brackets_make_a_number_negative) {
  for (const char* cell : {"(97.64)", "( 97.64 )", "($97.64)"}) {
    const NumberCell number = read_number(cell);
    EXPECT_EQ(number.by_point, -97.64) << cell;
    double value = 0;
    NumberForm form;
    form.affix = number.affix;
    EXPECT_TRUE(parse_number_as(cell, form, value)) << cell;
    EXPECT_EQ(value, -97.64) << cell;
  }
}

TEST(Cell, no_number_of_another_language) {
  for (const char* cell :
       {"0x1F",  "1_000",    "1d3",  "1f",    "5L",     "NaN", "nan", "inf",  "twelve", "1 2", "12a",   "a12",
        "--5",   "+-5",      "5-",   "1/2",   "5 $ 3",  "%5",  "$",   "%",    "$%",     "$5%", "5 EUR", "\xFF",
        "1\xFF", "\xE2\x80", "\xC2", "1\xC2", "\u2019", "1'",  "'1",  "(-3)", "(3",     "3)",  "()",    "1:30"}) {
    EXPECT_EQ(forms_of(cell), "") << cell;
  }
  EXPECT_EQ(forms_of(std::string_view("1\0", 2)), "");
  EXPECT_EQ(forms_of(std::string_view("\0001", 2)), "");
  EXPECT_EQ(forms_of(std::string(1 << 20, 'x')), "");
  EXPECT_EQ(forms_of("1" + std::string(1 << 20, ' ') + "2"), "");
  EXPECT_EQ(forms_of(std::string(1 << 20, '\xE2')), "");
  EXPECT_EQ(forms_of(std::string(300, '9')), "0123456");
}

// Each form writes these numbers, with every affix on every side.
TEST(Cell, every_form_and_affix) {
  struct Written {
    const char* cell;
    double value;
  };
  const std::vector<std::vector<Written>> by_form = {
      {{"1234.5", 1234.5}, {"0.25", 0.25}, {".5", 0.5}, {"5.", 5}, {"1e-3", 1e-3}, {"1.E+2", 100}, {"17", 17}},
      {{"1234,5", 1234.5}, {"0,25", 0.25}, {",5", 0.5}, {"5,", 5}, {"1,234", 1.234}, {"2,5e2", 250}, {"17", 17}},
      {{"1,234.5", 1234.5}, {"12,345,678", 12345678}, {"1,234", 1234}, {"1234.5", 1234.5}, {".5", 0.5}},
      {{"1.234,5", 1234.5}, {"12.345.678", 12345678}, {"1.234", 1234}, {"1234,5", 1234.5}, {",5", 0.5}},
      {{"1 234.5", 1234.5}, {"12 345 678", 12345678}, {"1\u00A0234", 1234}, {"1\u202F234.25", 1234.25}, {"0.5", 0.5}},
      {{"1 234,5", 1234.5}, {"12 345 678", 12345678}, {"1\u00A0234", 1234}, {"1\u202F234,25", 1234.25}, {"0,5", 0.5}},
      {{"1'234.5", 1234.5}, {"12'345'678", 12345678}, {"1\u2019234", 1234}, {"1234.5", 1234.5}}};
  const std::vector<std::string> currencies = {"$", "\u20AC", "\u00A3", "\u00A5"};
  ASSERT_EQ(by_form.size(), kNumberForms.size());
  for (std::size_t f = 0; f < by_form.size(); ++f) {
    const auto check = [&](const std::string& cell, Affix affix, double value) {
      NumberForm form = kNumberForms[f];
      form.affix = affix;
      EXPECT_EQ(in(form, cell), value) << cell;
      const NumberCell number = read_number(cell);
      EXPECT_NE(number.forms >> f & 1U, 0U) << cell;
      EXPECT_EQ(number.affix, affix) << cell;
      EXPECT_EQ(form.decimal == '.' ? number.by_point : number.by_comma, value) << cell;
    };
    for (const auto& [digits, value] : by_form[f]) {
      const std::string text = digits;
      for (const auto& [sign, factor] : {std::pair<std::string, double>{"", 1}, {"+", 1}, {"-", -1}, {"\u2212", -1}}) {
        check(sign + text, Affix::none, factor * value);
        check(fmt::format(" {}{}\u00A0\t", sign, text), Affix::none, factor * value);
        check(sign + text + "%", Affix::percent, factor * value);
        check(sign + text + " %", Affix::percent, factor * value);
        for (std::size_t c = 0; c < currencies.size(); ++c) {
          const auto affix = static_cast<Affix>(c + 2);
          for (const std::string blank : {"", " ", "\u00A0"}) {
            check(fmt::format("{}{}{}{}", sign, currencies[c], blank, text), affix, factor * value);
            check(fmt::format("{}{}{}{}", currencies[c], blank, sign, text), affix, factor * value);
            check(fmt::format("{}{}{}{}", sign, text, blank, currencies[c]), affix, factor * value);
          }
        }
      }
    }
  }
}

TEST(Cell, an_affix_must_suit) {
  EXPECT_EQ(in({.affix = Affix::dollar}, "12"), 12);
  EXPECT_TRUE(std::isnan(in({.affix = Affix::percent}, "12")));
  EXPECT_TRUE(std::isnan(in({.affix = Affix::percent}, "0.5")));
  EXPECT_TRUE(std::isnan(in({.affix = Affix::euro}, "$12")));
  EXPECT_TRUE(std::isnan(in({}, "$12")));
  EXPECT_TRUE(std::isnan(in({}, "12%")));
  EXPECT_TRUE(std::isnan(in({}, "1,234")));
  EXPECT_TRUE(std::isnan(in({}, "nan")));
  EXPECT_TRUE(std::isnan(in({}, "")));
}

TEST(Cell, infinities) {
  EXPECT_EQ(in({}, "inf"), kInfinity);
  EXPECT_EQ(in({}, " -Infinity"), -kInfinity);
  EXPECT_EQ(in({.decimal = ',', .affix = Affix::percent}, "+INF"), kInfinity);
  EXPECT_EQ(in({}, "1e999"), kInfinity);
  EXPECT_EQ(in({.decimal = ','}, "-1,5e999"), -kInfinity);
  EXPECT_EQ(in({}, "1e-999"), 0);
  EXPECT_EQ(infinite_sign("-inf"), -1);
  EXPECT_EQ(infinite_sign("Info"), 0);
  EXPECT_EQ(infinite_sign("1e999"), 0);
  EXPECT_TRUE(std::signbit(in({}, "-0")));
}

TEST(Cell, codes_and_large_numbers) {
  for (const char* cell : {"007", "02134", "00", " 01 ", "00000000000000000000001"})
    EXPECT_TRUE(read_number(cell).is_code) << cell;
  for (const char* cell : {"0", "0.5", "00.5", "-07", "1e05", "10", "07%", "$07"})
    EXPECT_FALSE(read_number(cell).is_code) << cell;
  for (const char* cell : {"9007199254740993", "-9007199254740993", "7301444403301945345", "99999999999999999999999"}) {
    EXPECT_TRUE(read_number(cell).is_large) << cell;
  }
  for (const char* cell :
       {"9007199254740992", "-9007199254740992", "9007199254740993.0", "1e30", "0000000000000000000000009"}) {
    EXPECT_FALSE(read_number(cell).is_large) << cell;
  }
}

// Against from_chars, which rounds correctly; in both spellings of the decimal sign.
TEST(Cell, values_are_correctly_rounded) {
  std::mt19937_64 random(5);
  const auto digits = [&](std::size_t most) {
    std::string text;
    for (std::size_t left = random() % (most + 1); left > 0; --left) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (int i = 0; i < 20000; ++i) {
    std::string cell = (i % 3 == 0 ? "-" : "") + digits(21) + "." + digits(24);
    if (i % 5 == 0) cell += "e" + std::to_string(static_cast<int>(random() % 640) - 330);
    double expected = 0;
    if (!parse_number(cell, expected)) continue;
    EXPECT_EQ(in({}, cell), expected) << cell;
    EXPECT_EQ(read_number(cell).by_point, expected) << cell;
    std::ranges::replace(cell, '.', ',');
    EXPECT_EQ(in({.decimal = ','}, cell), expected) << cell;
  }
}

// Digits of every number, on both sides of where float64 holds them all, where 64 bits do, and of its range.
TEST(Cell, numbers_have_the_bits_of_from_chars) {
  std::mt19937_64 random(11);
  const auto digits = [&](std::size_t count) {
    std::string text;
    for (; count > 0; --count) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (int i = 0; i < 3'000'000; ++i) {
    std::string text = digits(i % 3 == 0 ? random() % 21 : 1 + random() % 4);
    if (i % 4 != 0) text += "." + digits(i % 3 == 1 ? 15 + random() % 6 : random() % 20);
    if (i % 7 == 0) {  // doubles in their shortest digits, and in 17
      const double value = std::bit_cast<double>(random());
      std::array<char, 40> room{};
      const auto end = i % 2 == 0 ? std::to_chars(room.data(), room.data() + room.size(), std::abs(value))
                                  : std::to_chars(room.data(), room.data() + room.size(), std::abs(value),
                                                  std::chars_format::scientific, 16);
      text.assign(room.data(), end.ptr);
    } else if (i % 5 == 0) {
      text += "e" + std::to_string(static_cast<int>(random() % 700) - 350);
    }
    double expected = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), expected);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(expected)) continue;
    double number = 0;
    ASSERT_TRUE(parse_number_as(text, {}, number)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(number), std::bit_cast<std::uint64_t>(expected)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read_number(text).by_point), std::bit_cast<std::uint64_t>(expected)) << text;
    ASSERT_TRUE(parse_number(text, number)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(number), std::bit_cast<std::uint64_t>(expected)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read_number("-" + text).by_point), std::bit_cast<std::uint64_t>(-expected));
  }
}

// Cells of signs that numbers are made of: all forms at once and one form at a time must agree.
TEST(Cell, the_two_ways_to_read_a_number_agree) {
  const std::vector<std::string> pieces = {"0",  "1",  "23",     "456",    "789",    ".", ",",    " ",
                                           "\t", "'",  "\u2019", "\u00A0", "\u202F", "-", "+",    "\u2212",
                                           "e",  "E5", "%",      "$",      "\u20AC", "x", "\xC2", "\xE2"};
  std::mt19937 random(29);
  std::size_t numbers = 0;
  for (int i = 0; i < 300000; ++i) {
    std::string cell;
    for (std::size_t left = 1 + random() % 7; left > 0; --left)
      cell += pieces[random() % (i % 2 == 0 ? 16 : pieces.size())];
    const NumberCell number = read_number(cell);
    numbers += number.forms != 0 ? 1 : 0;
    for (std::size_t f = 0; f < kNumberForms.size(); ++f) {
      for (std::size_t a = 0; a < kAffixes; ++a) {
        NumberForm form = kNumberForms[f];
        form.affix = static_cast<Affix>(a);
        const bool bare = number.affix == Affix::none && form.affix != Affix::percent;
        const bool reads = (number.forms >> f & 1U) != 0 && (number.affix == form.affix || bare);
        double value = 0.125;
        ASSERT_EQ(parse_number_as(cell, form, value), reads) << "'" << cell << "' " << example_of(form);
        const double expected = form.decimal == '.' ? number.by_point : number.by_comma;
        ASSERT_EQ(value, reads ? expected : 0.125) << "'" << cell << "' " << example_of(form);
      }
    }
  }
  EXPECT_GT(numbers, 30000U);
}

TEST(Cell, examples_of_forms_are_read_by_them) {
  for (NumberForm form : kNumberForms) {
    for (std::size_t affix = 0; affix < kAffixes; ++affix) {
      form.affix = static_cast<Affix>(affix);
      EXPECT_EQ(in(form, example_of(form)), 1234.5) << example_of(form);
    }
  }
  EXPECT_EQ(example_of(NumberForm{.decimal = ',', .group = '.', .affix = Affix::percent}), "1.234,5 %");
  EXPECT_EQ(example_of(NumberForm{.decimal = '.', .group = ',', .affix = Affix::dollar}), "$1,234.5");
}

TEST(MissingWords, as_people_write_them) {
  const MissingWords missing;
  for (const char* cell :
       {"",     " ",    "\t",   "\u00A0", "NA",   "N/A", "n/a",  "N/a", "NaN",  "nan", "NAN", "-nan", "null",
        "NULL", "Null", "None", "none",   "NONE", "?",   "#N/A", "#NA", "<NA>", "-",   ".",   " NA "}) {
    EXPECT_TRUE(missing.contains(cell)) << cell;
  }
  for (const char* cell :
       {"Na", "na", "0", "-1", "--", "..", "nANA", "nil", "N", "unknown", "-999", "??", "N.A.", "\xFF"}) {
    EXPECT_FALSE(missing.contains(cell)) << cell;
  }
  EXPECT_FALSE(missing.contains(std::string_view("\0", 1)));
}

TEST(MissingWords, of_the_user) {
  const std::vector<std::string> more = {"-999", " unknown ", "", "\xFF"};
  const MissingWords missing(more);
  for (const char* cell : {"-999", " -999 ", "unknown", "NA", "", "\xFF"}) EXPECT_TRUE(missing.contains(cell)) << cell;
  for (const char* cell : {"-999.0", "999", "Unknown", "-9"}) EXPECT_FALSE(missing.contains(cell)) << cell;
}

TEST(YesNo, pairs) {
  for (std::size_t pair = 0; pair < kYesNoPairs.size(); ++pair) {
    for (const std::size_t yes : {0, 1}) {
      std::string word(kYesNoPairs[pair][yes]);
      for (int i = 0; i < 3; ++i) {
        const std::optional<YesNo> answer = yes_or_no(word);
        ASSERT_TRUE(answer.has_value()) << word;
        EXPECT_EQ(answer->pair, pair) << word;
        EXPECT_EQ(answer->yes, yes == 1) << word;
        if (i == 0) word.front() = static_cast<char>(std::toupper(word.front()));
        if (i == 1)
          std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
      }
    }
  }
  for (const char* cell : {"", "1", "yess", "ye", "nope", "truely", "x"})
    EXPECT_FALSE(yes_or_no(cell).has_value()) << cell;
  EXPECT_TRUE(yes_or_no(" yes ")->yes);
}

}  // namespace
}  // namespace strata::internal
