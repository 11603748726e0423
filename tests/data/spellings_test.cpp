// Counting spellings in bounded memory.
#include "data/spellings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace strata::internal {
namespace {

std::map<std::string, std::size_t> counts(const Spellings& spellings) {
  std::map<std::string, std::size_t> all;
  for (std::size_t i = 0; i < spellings.distinct(); ++i) all[std::string(spellings.text(i))] = spellings.count(i);
  return all;
}

TEST(Spellings, counts) {
  Spellings spellings(100, 1000, 50);
  std::map<std::string, std::size_t> expected;
  std::mt19937 random(3);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = std::string(random() % 10, 'a') + std::to_string(random() % 9);
    spellings.add(text);
    ++expected[text];
  }
  EXPECT_TRUE(spellings.complete());
  EXPECT_TRUE(spellings.is_exact());
  EXPECT_EQ(counts(spellings), expected);
}

TEST(Spellings, forgets_what_is_too_much_and_still_counts) {
  Spellings few(3, 1000, 50);
  for (const char* text : {"a", "b", "c", "a"}) few.add(text);
  EXPECT_TRUE(few.complete());
  few.add("d");
  few.add("a");
  EXPECT_FALSE(few.complete());
  EXPECT_TRUE(few.is_exact());
  EXPECT_EQ(few.distinct(), 4U);

  Spellings small(100, 10, 50);
  small.add("12345");
  small.add("123456");
  EXPECT_FALSE(small.complete());
  EXPECT_EQ(small.distinct(), 2U);
}

TEST(Spellings, estimates_from_a_sample) {
  for (const std::size_t many : {1000, 20000, 300000}) {
    Spellings spellings(10, 1000, 1024);
    for (std::size_t i = 0; i < 2 * many; ++i) spellings.add("name " + std::to_string(i % many));
    EXPECT_EQ(spellings.is_exact(), many <= 1024);
    EXPECT_NEAR(static_cast<double>(spellings.distinct()), static_cast<double>(many),
                many <= 1024 ? 0 : 0.15 * static_cast<double>(many));
  }
}

// In any order, in any parts.
TEST(Spellings, the_set_alone_matters) {
  std::vector<std::string> texts;
  for (int i = 0; i < 4000; ++i) texts.push_back(std::to_string(i * i % 3001));
  const auto spelled = [](auto begin, auto end) {
    Spellings spellings(500, 100000, 256);
    for (auto i = begin; i != end; ++i) spellings.add(*i);
    return spellings;
  };
  const std::size_t whole = spelled(texts.begin(), texts.end()).distinct();
  std::mt19937 random(11);
  for (int i = 0; i < 50; ++i) {
    std::ranges::shuffle(texts, random);
    const auto middle = texts.begin() + static_cast<std::ptrdiff_t>(random() % texts.size());
    Spellings first = spelled(texts.begin(), middle);
    first.append(spelled(middle, texts.end()));
    EXPECT_EQ(first.distinct(), whole);
    EXPECT_FALSE(first.is_exact());
  }
}

}  // namespace
}  // namespace strata::internal
