#include "base/text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace strata {
using namespace internal;
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> options = {"learning-rate", "hidden-layers", "batch-size", "epochs", "seed", "l2"};
  EXPECT_EQ(nearest("learning-rte", options), "learning-rate");
  EXPECT_EQ(nearest("learnign-rate", options), "learning-rate");
  EXPECT_EQ(nearest("LEARNING_RATE", options), "learning-rate");
  EXPECT_EQ(nearest("epoch", options), "epochs");
  EXPECT_EQ(nearest("sede", options), "seed") << "two neighbours swapped are one mistake";
  EXPECT_EQ(nearest("l3", options), "l2");
  EXPECT_EQ(nearest("zzz", options), "");
  EXPECT_EQ(nearest("xy", options), "") << "everything replaced is not a mistyped word";
  EXPECT_EQ(nearest("", options), "");
  EXPECT_EQ(nearest("seed", {}), "");
  EXPECT_EQ(nearest(std::string(100000, 'a'), options), "");
  EXPECT_EQ(nearest("abd", std::vector<std::string>{"abx", "abd", "aby"}), "abd") << "the same word is the nearest";
}

TEST(Nearest, SuggestionIsAPieceOfASentence) {
  const std::vector<std::string> names = {"target", "bad\x1b[31m"};
  EXPECT_EQ(suggestion("targt", names), "; did you mean 'target'?");
  EXPECT_EQ(suggestion("qqqqq", names), "");
  EXPECT_EQ(suggestion("bad\x1b[32m", names).find('\x1b'), std::string::npos);
}

TEST(Joined, ListsAndCutsLongLists) {
  std::vector<std::string> names;
  EXPECT_EQ(joined(names), "");
  names = {"a"};
  EXPECT_EQ(joined(names), "a");
  names = {"a", "b", "c"};
  EXPECT_EQ(joined(names), "a, b, c");
  EXPECT_EQ(joined(names, 3), "a, b, c");
  EXPECT_EQ(joined(names, 2), "a, b, … (1 more)");
  for (char c = 'd'; c <= 'z'; ++c) names.emplace_back(1, c);
  EXPECT_EQ(joined(names), "a, b, c, d, e, f, g, h, i, j, k, l, … (14 more)");
}

TEST(Split, KeepsEmptyParts) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(split("20,7,5", ','), (Parts{"20", "7", "5"}));
  EXPECT_EQ(split("", ','), (Parts{""}));
  EXPECT_EQ(split(",", ','), (Parts{"", ""}));
  EXPECT_EQ(split("a,,b,", ','), (Parts{"a", "", "b", ""}));
}

struct NumberCase {
  const char* text;
  double value;
};

TEST(ParseNumber, AcceptsNumbersAsPeopleWriteThem) {
  const NumberCase cases[] = {{"0", 0},
                              {"1", 1},
                              {"-1", -1},
                              {"+1.5", 1.5},
                              {" 3 ", 3},
                              {"\t3\t", 3},
                              {".5", 0.5},
                              {"5.", 5},
                              {"1e3", 1000},
                              {"1E+3", 1000},
                              {"-2.5e-3", -0.0025},
                              {"00012", 12},
                              {"1e400", kInf},
                              {"-1e400", -kInf},
                              {"+1e400", kInf},
                              {"1e-400", 0},
                              {"1e99999999999999999999", kInf},
                              {"1e-99999999999999999999", 0},
                              {"0e99999", 0},
                              {"inf", kInf},
                              {"-inf", -kInf},
                              {"Infinity", kInf},
                              {"5e-324", 5e-324},
                              {"1.7976931348623157e308", 1.7976931348623157e308},
                              {"1.7976931348623159e308", kInf},
                              {"123456789012345678901234567890", 1.2345678901234568e29}};
  for (const NumberCase& c : cases) {
    double value = -777;
    EXPECT_TRUE(parse_number(c.text, value)) << c.text;
    EXPECT_EQ(value, c.value) << c.text;
  }
  double value = 0;
  EXPECT_TRUE(parse_number("nan", value));
  EXPECT_TRUE(std::isnan(value));
  EXPECT_TRUE(parse_number("-0", value));
  EXPECT_TRUE(std::signbit(value));
  EXPECT_TRUE(parse_number("-1e-400", value));
  EXPECT_EQ(value, 0);
  EXPECT_TRUE(std::signbit(value));
  // Out of range without an exponent, and with one that points the other way than the digits.
  EXPECT_TRUE(parse_number("1" + std::string(400, '0'), value));
  EXPECT_EQ(value, kInf);
  EXPECT_TRUE(parse_number("-1" + std::string(400, '0') + ".5e1", value));
  EXPECT_EQ(value, -kInf);
  EXPECT_TRUE(parse_number("0." + std::string(400, '0') + "1", value));
  EXPECT_EQ(value, 0);
  EXPECT_TRUE(parse_number("1" + std::string(400, '0') + "e-800", value));
  EXPECT_EQ(value, 0);
  EXPECT_TRUE(parse_number("0." + std::string(400, '0') + "1e800", value));
  EXPECT_EQ(value, kInf);
  EXPECT_TRUE(parse_number("1" + std::string(400, '0') + "e-400", value));
  EXPECT_EQ(value, 1);
}

TEST(ParseNumber, RefusesWhatIsNotANumber) {
  for (const char* text : {"",    " ",  "\t",  "+",  "-",   "++1",   "+-1",   "-+1",  "--1",     "0x10", "1_000", "1,5",
                           "1 2", "1e", "e5",  ".",  "-.",  "1.2.3", "12abc", "abc",  "1e5x",    "\n3",  "3\r",   "+ 1",
                           "- 1", "１", "1d0", "1f", "0b1", "NULL",  "?",     "nanx", "infinit", "$3",   "3%"}) {
    double value = 0;
    EXPECT_FALSE(parse_number(text, value)) << '"' << text << '"';
  }
  double value = 0;
  EXPECT_FALSE(parse_number(std::string_view("3\0", 2), value));
  EXPECT_FALSE(parse_number(std::string_view("\0", 1), value));
}

template <class T>
T parsed(const std::string& text) {
  if constexpr (std::is_same_v<T, float>) {
    return std::strtof(text.c_str(), nullptr);
  } else {
    return std::strtod(text.c_str(), nullptr);
  }
}

// The reader is the C library's, not ours.
template <class T, class Bits>
void round_trips() {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    T value = std::bit_cast<T>(static_cast<Bits>(random()));
    if (i % 4 == 0) value = std::ldexp(static_cast<T>(static_cast<Bits>(random()) >> 8), -20);  // of an everyday size
    if (!std::isfinite(value)) continue;
    const std::string text = shortest(value);
    ASSERT_EQ(std::bit_cast<Bits>(parsed<T>(text)), std::bit_cast<Bits>(value)) << text;
  }
}

TEST(Shortest, ReadsBackAsTheSameBits) {
  round_trips<double, std::uint64_t>();
  round_trips<float, std::uint32_t>();
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(0.1F), "0.1");
  EXPECT_EQ(shortest(1.0), "1");
  EXPECT_EQ(shortest(-0.0), "-0");
  EXPECT_EQ(shortest(1e300), "1e+300");
  EXPECT_EQ(shortest(5e-324), "5e-324");
  EXPECT_EQ(shortest(1.0 / 3), "0.3333333333333333");
}

TEST(ParseNumber, ReadsBackTheSameBits) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    double back = 0;
    ASSERT_TRUE(parse_number(i % 2 == 0 ? shortest(value) : digits17(value), back));
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value));
  }
}

TEST(Digits17, AreEnoughForEveryDoubleAndValidJson) {
  EXPECT_EQ(digits17(0.1), "0.10000000000000001");
  EXPECT_EQ(digits17(209), "209");
  EXPECT_EQ(digits17(0.693049735659989), "0.69304973565998895");
  EXPECT_EQ(digits17(std::nan("")), "null");
  EXPECT_EQ(digits17(kInf), "null");
  EXPECT_EQ(digits17(-kInf), "null");
  std::mt19937_64 random(3);
  for (int i = 0; i < 100000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::strtod(digits17(value).c_str(), nullptr), value);
    ASSERT_EQ(nlohmann::json::parse(digits17(value)).get<double>(), value);
  }
}

TEST(JsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(json_string("plain"), "\"plain\"");
  EXPECT_EQ(json_string("a\"b\\c\n\r\t"), "\"a\\\"b\\\\c\\n\\r\\t\"");
  EXPECT_EQ(json_string(std::string_view("\0\x1b\x7f", 3)), "\"\\u0000\\u001b\\u007f\"");
  EXPECT_EQ(json_string("naïve 猫 😀"), "\"naïve 猫 😀\"");
}

TEST(JsonString, InvalidUtf8BecomesTheReplacementCharacter) {
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            "\"a" + replaced + "b\"");
  EXPECT_EQ(json_string("\xc3"), "\"" + replaced + "\"") << "cut short";
  EXPECT_EQ(json_string("\xc0\xaf"), "\"" + replaced + replaced + "\"") << "overlong";
  EXPECT_EQ(json_string("\xe0\x80\xaf"), "\"" + replaced + replaced + replaced + "\"") << "overlong";
  EXPECT_EQ(json_string("\xf0\x80\x80\xaf").find('\xf0'), std::string::npos) << "overlong";
  EXPECT_EQ(json_string("\xed\xa0\x80").find('\xed'), std::string::npos) << "a surrogate";
  EXPECT_EQ(json_string("\xf4\x90\x80\x80").find('\xf4'), std::string::npos) << "beyond U+10FFFF";
  EXPECT_EQ(json_string("\xf5\x80\x80\x80").find('\xf5'), std::string::npos);
}

// Whatever the bytes, a strict parser accepts the literal; and valid text comes back as it was.
TEST(JsonString, AnyBytesGiveAValidLiteral) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 12, ' ');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string literal = json_string(bytes);
    ASSERT_TRUE(nlohmann::json::accept(literal)) << literal;
  }
  for (char32_t c = 1; c < 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
               static_cast<char>(0x80 | (c & 63))};
    } else {
      text += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
               static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
    ASSERT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), text) << static_cast<unsigned>(c);
  }
}

TEST(Printable, NothingReachesTheTerminalButText) {
  EXPECT_EQ(printable("naïve 猫 😀"), "naïve 猫 😀");
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable("a\nb\r\x07"), "a\\x0ab\\x0d\\x07");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\xEF\xBF\xBD"
            "31m")
      << "the one-byte form of ESC [";
  EXPECT_EQ(printable("\xff"), "\xEF\xBF\xBD");
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 12, ' ');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string text = printable(bytes);
    for (const char c : text) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    ASSERT_EQ(printable(text), text) << "once is enough";
  }
}

TEST(ShapeText, IsAsInTheNotes) { EXPECT_EQ(shape_text(7, 12288), "(7, 12288)"); }

}  // namespace
}  // namespace strata
