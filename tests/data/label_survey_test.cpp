// What a survey knows of a column that is to be predicted: words that are not missing after all, spellings of numbers.
#include <algorithm>
#include <random>

#include "data/column_survey.hpp"
#include "data_test.hpp"
#include "strata/features.hpp"

namespace strata::testing {
namespace {

using Strings = std::vector<std::string>;

const Strings kCells{"none", "low", "NA", "", "high", "none", "-99", "?", "low", "null", "", "none"};

std::string told(const ColumnVerdict& verdict) {
  std::string text = std::string(name(verdict.type)) + ": " + verdict.why + "; " + std::to_string(verdict.filled) +
                     "+" + std::to_string(verdict.missing) + ", " + std::to_string(verdict.distinct);
  for (const Level& level : verdict.levels) text += " " + level.text + "×" + std::to_string(level.count);
  return text;
}

// As if these had been the only words from the beginning, whatever the order and the parts.
TEST(LabelSurvey, keeping_fewer_missing_words_is_as_never_having_had_them) {
  const MissingWords usual(Strings{"-99"}), named = MissingWords::only(Strings{"-99"});
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < kCells.size(); ++i) order.push_back(i);
  ColumnSurvey expected(named);
  for (const std::size_t i : order) expected.add(kCells[i], i, i + 2);
  const std::string wanted = told(expected.decide("y"));
  EXPECT_EQ(wanted,
            "category: 6 different words in 9 cells, 2 are empty, 1 is missing (-99); 9+3, 6 none×3 low×2 ?×1 NA×1 "
            "high×1 null×1");
  std::mt19937 random(1);
  for (int repeat = 0; repeat < 20; ++repeat) {
    ColumnSurvey survey(usual);
    for (const std::size_t i : order) survey.add(kCells[i], i, i + 2);
    survey.keep_missing(named);
    EXPECT_EQ(told(survey.decide("y")), wanted);
    const std::size_t middle = random() % kCells.size();
    ColumnSurvey first(usual), second(usual);
    for (std::size_t i = 0; i < kCells.size(); ++i)
      i < middle ? first.add(kCells[i], i, i + 2) : second.add(kCells[i], i - middle, i - middle);
    first.append(second, middle, middle + 2);
    first.keep_missing(named);
    EXPECT_EQ(told(first.decide("y")), wanted);
    std::ranges::shuffle(order, random);
  }
}

// The first cell of its kind is that of the file, and not the one that was met first.
TEST(LabelSurvey, the_place_of_a_word_is_remembered) {
  const MissingWords usual, named = MissingWords::only({});
  for (const bool backwards : {false, true}) {
    ColumnSurvey survey(usual);
    const Strings cells{"1", "2", "3", "4", "NA", "5", "none"};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t at = backwards ? cells.size() - 1 - i : i;
      survey.add(cells[at], at, at + 2);
    }
    survey.keep_missing(named);
    EXPECT_EQ(survey.decide("y").why, "7 different values in 7 cells, 5 are numbers, the first other in line 6: 'NA'");
  }
}

TEST(LabelSurvey, only_these_words_are_missing) {
  const MissingWords words = MissingWords::only(Strings{" -99 ", "none"});
  for (const char* cell : {"", "  ", "-99", "none", " none "}) EXPECT_TRUE(words.contains(cell)) << cell;
  for (const char* cell : {"NA", "None", "?", "-", "99"}) EXPECT_FALSE(words.contains(cell)) << cell;
}

TEST(LabelSurvey, numbers_that_have_one_spelling_keep_it) {
  const MissingWords missing;
  const auto spelled = [&](const Strings& cells, const NumberForm& form = {}) {
    ColumnSurvey survey(missing);
    for (std::size_t i = 0; i < cells.size(); ++i) survey.add(cells[i], i, i);
    std::string text;
    for (const SpelledNumber& each : survey.spelled_numbers(form))
      text += each.text + "=" + std::to_string(each.value) + " ";
    return text;
  };
  EXPECT_EQ(spelled({"2.0", "1.0", " 2.0 ", "NA", "x"}), "1.0=1.000000 2.0=2.000000 ");
  EXPECT_EQ(spelled({"+1", "-1", "+1"}), "+1=1.000000 ");
  EXPECT_EQ(spelled({"1,5", "2"}, {.decimal = ','}), "1,5=1.500000 ");
  EXPECT_EQ(spelled({"1", "1.0", "2"}), "");
  Strings many;
  for (int i = 0; i < 1001; ++i) many.push_back(std::to_string(i));
  EXPECT_EQ(spelled(many), "");
}

}  // namespace
}  // namespace strata::testing
