#include "base/checked.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

constexpr std::size_t kSizes[] = {0,          1,          2,          3,          2147483647,       2147483648,
                                  4294967296, 4294967297, 3037000500, 1ULL << 62, (1ULL << 63) - 1, 1ULL << 63,
                                  ~0ULL};
constexpr std::size_t kLargest = (1ULL << 63) - 1;

__extension__ typedef unsigned __int128 Wide;

// The result where it fits 63 bits, else an error of the file that gave the sizes, naming the thing and both numbers.
template <class Operation>
void expect_checked(std::size_t a, std::size_t b, Wide exact, char sign, const Operation& operation) {
  const std::string pair = std::to_string(a) + ' ' + sign + ' ' + std::to_string(b);
  // A size that is itself beyond any memory is refused even where the product would be zero.
  const bool fits = exact <= kLargest && a <= kLargest && b <= kLargest;
  try {
    const std::size_t result = operation(a, b);
    EXPECT_TRUE(fits) << pair << " gave " << result;
    EXPECT_EQ(Wide{result}, exact) << pair;
  } catch (const Error& error) {
    EXPECT_FALSE(fits) << pair;
    EXPECT_EQ(error.code(), ErrorCode::format);
    EXPECT_NE(std::string(error.what()).find("the header"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(pair), std::string::npos) << error.what();
  }
}

TEST(Checked, EveryPairOfSizes) {
  for (const std::size_t a : kSizes) {
    for (const std::size_t b : kSizes) {
      expect_checked(a, b, Wide{a} * b, '*', [](auto x, auto y) { return checked_multiply(x, y, "the header"); });
      expect_checked(a, b, Wide{a} + b, '+', [](auto x, auto y) { return checked_add(x, y, "the header"); });
    }
  }
}

TEST(Checked, Products) {
  EXPECT_EQ(checked_product({}, "x"), 1U);
  EXPECT_EQ(checked_product(std::vector<std::size_t>{7, 0, 3}, "x"), 0U);
  EXPECT_EQ(checked_product(std::vector<std::size_t>{209, 64, 64, 3}, "x"), 2568192U);
  EXPECT_EQ(checked_product(std::vector<std::size_t>{2147483648, 2147483648}, "x"), 1ULL << 62);
  EXPECT_THROW((void)checked_product(std::vector<std::size_t>{2147483648, 2147483648, 2}, "x"), Error);
  // The product of 2³² and 2³² is 0 in 64 bits.
  EXPECT_THROW((void)checked_product(std::vector<std::size_t>{4294967296, 4294967296, 1}, "x"), Error);
}

}  // namespace
}  // namespace strata
