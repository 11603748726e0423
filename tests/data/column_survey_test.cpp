// The type of a whole column: each rule, and that neither the order of the rows nor a split of the file changes it.
#include "data/column_survey.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <random>

#include "shared_data.hpp"

namespace strata::internal {
namespace {

using Cells = std::vector<std::string>;
using As = ColumnWishes::As;

const MissingWords& usual() {
  static const MissingWords words;
  return words;
}

// Row i stands in line i + 2, behind the header.
ColumnSurvey survey_of(const Cells& cells, std::size_t first = 0,
                       std::size_t last = std::numeric_limits<std::size_t>::max()) {
  ColumnSurvey survey(usual());
  for (std::size_t row = first; row < std::min(last, cells.size()); ++row) survey.add(cells[row], row, row + 2);
  return survey;
}

ColumnVerdict judge(const Cells& cells, const std::string& name = "x", const ColumnWishes& wishes = {}) {
  return survey_of(cells).decide(name, wishes);
}

// `count` cells of `make`, by their number.
template <class Make>
Cells cells_of(int count, Make make) {
  Cells cells;
  for (int i = 0; i < count; ++i) cells.push_back(make(i));
  return cells;
}

Cells joined(Cells cells, const Cells& more) {
  cells.insert(cells.end(), more.begin(), more.end());
  return cells;
}

// All that a verdict says; with the places of cells, or without.
std::string text_of(const ColumnVerdict& v, bool with_places = true) {
  std::string why = v.why;
  if (const std::size_t place = why.find(" the first "); !with_places && place != std::string::npos) why.erase(place);
  std::string text = fmt::format("{} {} {} {} {} {} {} {} {}{} {} {} {} {} {} {} {}", static_cast<int>(v.type),
                                 static_cast<int>(v.held_as), example_of(v.number_form), example_of(v.date_form),
                                 v.date_has_time, v.date_is_ambiguous, v.is_no_date, v.filled, v.missing, v.distinct,
                                 v.distinct_is_exact, v.least, v.greatest, v.infinite, v.is_whole, v.wrong, why);
  for (const Level& level : v.levels) text += fmt::format("|{} {}", level.text, level.count);
  if (with_places && v.first_wrong)
    text += fmt::format("|{} {} {}", v.first_wrong->row, v.first_wrong->line, v.first_wrong->text);
  return text;
}

TEST(ColumnSurvey, numbers) {
  const ColumnVerdict v = judge({"1.5", "", "-2", "1e3", "NA", " 7 "});
  EXPECT_EQ(v.type, ColumnType::number);
  EXPECT_EQ(v.held_as, HeldAs::numbers);
  EXPECT_EQ(v.why, "4 of 6 cells are numbers, 1 is empty, 1 is missing (NA)");
  EXPECT_EQ(v.filled, 4U);
  EXPECT_EQ(v.missing, 2U);
  EXPECT_EQ(v.distinct, 4U);
  EXPECT_EQ(v.least, -2);
  EXPECT_EQ(v.greatest, 1000);
  EXPECT_FALSE(v.is_whole);
  EXPECT_EQ(v.number_form, NumberForm{});
  EXPECT_EQ(judge({"1", "2"}).why, "all 2 cells are numbers");
  EXPECT_EQ(judge({"1", "x"}).why, "2 different values in 2 cells, 1 is a number, the first other in line 3: 'x'");
  EXPECT_EQ(judge({"1", ""}, "x", {.as = As::number}).why, "1 of 2 cells is a number, 1 is empty");
  EXPECT_EQ(judge({"n/a", "6.40", "9.33"}).type, ColumnType::number);  // the first cell decides nothing
  EXPECT_EQ(judge({"1", "1.0", "2"}).distinct, 2U);                    // as numbers
  EXPECT_EQ(judge({"a", "1"}).type, ColumnType::category);
}

TEST(ColumnSurvey, numbers_written_in_other_ways) {
  const auto form = [](const Cells& cells, char decimal = 0) {
    const ColumnVerdict v = judge(cells, "x", {.decimal = decimal});
    EXPECT_EQ(v.type, ColumnType::number) << v.why;
    EXPECT_EQ(v.wrong, 0U) << v.why;
    return fmt::format("{}: {} to {}", example_of(v.number_form), v.least, v.greatest);
  };
  EXPECT_EQ(form({"1,5", "2,25", "3"}), "1234,5: 1.5 to 3");
  EXPECT_EQ(form({"68,641.00", "1", "1,234"}), "1,234.5: 1 to 68641");
  EXPECT_EQ(form({"1.234,5", "7", "1.234"}), "1.234,5: 7 to 1234.5");
  EXPECT_EQ(form({"1 234", "17.5"}), "1 234.5: 17.5 to 1234");
  EXPECT_EQ(form({"1\u00A0234", "17,5"}), "1 234,5: 17.5 to 1234");
  EXPECT_EQ(form({"1'234.5", "2"}), "1'234.5: 2 to 1234.5");
  EXPECT_EQ(form({"$32,458", "$5", "-$1.50"}), "$1,234.5: -1.5 to 32458");
  EXPECT_EQ(form({"3 \u20AC", "2,5 \u20AC", "0"}), "\u20AC1234,5: 0 to 3");
  EXPECT_EQ(form({"12 %", "7.5%"}), "1234.5 %: 7.5 to 12");
  EXPECT_EQ(judge({"12 %", "7.5%"}).why, "all 2 cells are numbers written like 1234.5 %");
  // What could be both.
  EXPECT_EQ(form({"1,234", "5,678", "9"}), "1,234.5: 9 to 5678");
  EXPECT_EQ(form({"1,234", "5,678", "9"}, ','), "1234,5: 1.234 to 9");
  EXPECT_EQ(form({"1,234", "5,67"}), "1234,5: 1.234 to 5.67");
  EXPECT_EQ(form({"1,234", "0,678"}), "1234,5: 0.678 to 1.234");
  EXPECT_EQ(form({"1.234", "5.678"}), "1234.5: 1.234 to 5.678");
  EXPECT_EQ(form({"1.234", "5.678"}, ','), "1.234,5: 1234 to 5678");
  EXPECT_EQ(form({"1 234", "5 678"}, ','), "1 234,5: 1234 to 5678");
  EXPECT_EQ(form({"1", "2"}, ','), "1234,5: 1 to 2");
  EXPECT_EQ(form({"1.5", "2"}, ','), "1234.5: 1.5 to 2");
}

TEST(ColumnSurvey, the_decimal_sign_of_a_file) {
  const auto sign = [](const std::vector<Cells>& columns) {
    std::vector<ColumnSurvey> surveys;
    for (const Cells& cells : columns) surveys.push_back(survey_of(cells));
    return decimal_sign_of(surveys);
  };
  EXPECT_EQ(sign({{"1,5", "2"}, {"1,234", "2,345"}, {"a", "b"}}), ',');
  EXPECT_EQ(sign({{"1.5", "2"}, {"1,234", "2,345"}}), '.');
  EXPECT_EQ(sign({{"1", "2"}, {"1,234", "2,345"}, {"1.234", "2.345"}}), 0);
  EXPECT_EQ(sign({{"1.5", "2"}, {"1,5", "2"}}), 0);
  EXPECT_EQ(sign({{"1,5", "a", "b"}}), 0);
  EXPECT_EQ(sign({}), 0);
}

TEST(ColumnSurvey, wrong_cells_among_numbers) {
  Cells cells = cells_of(8, [](int i) { return std::to_string(i); });
  cells.insert(cells.begin() + 3, "5 %");
  cells.insert(cells.begin() + 6, "x\033y");
  const ColumnVerdict v = judge(cells);
  EXPECT_EQ(v.type, ColumnType::number);
  EXPECT_EQ(v.why, "8 of 10 cells are numbers, 2 are not, the first in line 5: '5 %'");
  EXPECT_EQ(v.wrong, 2U);
  ASSERT_TRUE(v.first_wrong.has_value());
  EXPECT_EQ(v.first_wrong->row, 3U);
  EXPECT_EQ(v.first_wrong->line, 5U);
  EXPECT_EQ(v.first_wrong->text, "5 %");
  EXPECT_EQ(v.greatest, 7);
  cells.emplace_back("one more");  // 8 of 11
  EXPECT_EQ(judge(cells).type, ColumnType::category);
  EXPECT_EQ(judge(cells).why, "11 different values in 11 cells, 8 are numbers, the first other in line 5: '5 %'");
  EXPECT_EQ(judge({"Hz", "4.61", "6.40", "9.33", "1", "2"}).first_wrong->line, 2U);  // a line of units
  EXPECT_EQ(judge({"x\033y", "1", "2", "3", "4"}).why,
            "4 of 5 cells are numbers, 1 is not, the first in line 2: 'x\\x1by'");
}

TEST(ColumnSurvey, infinities_decide_nothing) {
  const ColumnVerdict v = judge({"inf", "1", "-Infinity", "2.5", "1e999"});
  EXPECT_EQ(v.type, ColumnType::number);
  EXPECT_EQ(v.why, "all 5 cells are numbers");
  EXPECT_EQ(v.infinite, 3U);
  EXPECT_EQ(v.least, 1);
  EXPECT_EQ(v.greatest, 2.5);
  EXPECT_EQ(judge({"inf", "Inf", "a"}).type, ColumnType::category);
  EXPECT_EQ(judge({"inf", "-inf"}).type, ColumnType::category);
  EXPECT_EQ(judge({"1", "inf", "1"}).type, ColumnType::number);
  EXPECT_EQ(judge({"nan", "1", "NaN", "2"}).missing, 2U);
}

TEST(ColumnSurvey, codes_are_no_numbers) {
  const ColumnVerdict zip = judge({"90210", "02134", "10001", "90210"});
  EXPECT_EQ(zip.type, ColumnType::category);
  EXPECT_EQ(zip.held_as, HeldAs::words);
  EXPECT_EQ(zip.why, "3 different values in 4 cells, codes such as 02134");
  EXPECT_EQ(zip.levels.front().text, "90210");
  EXPECT_EQ(zip.levels.front().count, 2U);
  EXPECT_EQ(judge({"0", "0.5", "1"}).type, ColumnType::number);

  const ColumnVerdict large = judge({"7301444403301945345", "7301444403301945346", "7301444403301945346"});
  EXPECT_EQ(large.type, ColumnType::category);
  EXPECT_EQ(large.distinct, 2U);
  EXPECT_EQ(large.why, "2 different values in 3 cells, whole numbers beyond 2^53 such as 7301444403301945345");
  EXPECT_EQ(judge({"12345678901234567890", "0.5"}).type, ColumnType::number);  // one that lost its point
  const Cells keys = cells_of(60, [](int i) { return "73014444033019453" + std::to_string(10 + i); });
  EXPECT_EQ(judge(keys).type, ColumnType::identifier);
  EXPECT_EQ(judge(cells_of(60, [](int i) { return fmt::format("{:05}", i * 7); })).type, ColumnType::identifier);
  EXPECT_EQ(judge(keys, "x", {.as = As::number}).type, ColumnType::number);
}

TEST(ColumnSurvey, constants) {
  EXPECT_EQ(judge({}).why, "there is no cell");
  EXPECT_EQ(judge({"", "NA", " "}).why, "none of 3 cells is filled, 2 are empty, 1 is missing (NA)");
  for (const Cells& cells : {Cells{}, Cells{"", ""}, Cells{"5", "5"}, Cells{"1", "1.0"}, Cells{"x"},
                             Cells{"007", "007"}, Cells{"2024-03-01", "2024-03-01"}}) {
    EXPECT_EQ(judge(cells).type, ColumnType::constant) << judge(cells).why;
  }
  EXPECT_EQ(judge({"5", "5"}).held_as, HeldAs::numbers);
  EXPECT_EQ(judge({"5", "5"}).why, "all 2 cells are 5");
  EXPECT_EQ(judge({"x", "x"}).held_as, HeldAs::words);
  EXPECT_EQ(judge({"x", "x"}).why, "all 2 cells are 'x'");
  // One value or none is an answer.
  for (const Cells& cells : {Cells{"x", "", "x"}, Cells{"5", "", "5"}, Cells{"", "2024-03-01"}}) {
    EXPECT_EQ(judge(cells).type, ColumnType::category) << judge(cells).why;
    EXPECT_EQ(judge(cells).held_as, HeldAs::words);
  }
  EXPECT_EQ(judge({"x", "", "x"}).why, "2 of 3 cells are 'x', 1 is empty");
}

TEST(ColumnSurvey, yes_and_no) {
  const ColumnVerdict v = judge({"Yes", "no", "YES", "", "no"});
  EXPECT_EQ(v.type, ColumnType::yes_no);
  EXPECT_EQ(v.why, "2 of 5 cells say yes, 2 no, 1 is empty");
  EXPECT_EQ(judge({"t", "F"}).type, ColumnType::yes_no);
  EXPECT_EQ(judge({"True", "False", "maybe"}).type, ColumnType::category);
  EXPECT_EQ(judge({"yes", "false"}).type, ColumnType::category);
  EXPECT_EQ(judge({"yes", "n"}).type, ColumnType::category);
  EXPECT_EQ(judge({"Yes", "yes"}).type, ColumnType::category);
  EXPECT_EQ(judge({"yes", "yes"}).type, ColumnType::constant);
  EXPECT_EQ(judge({"0", "1"}).type, ColumnType::number);
}

TEST(ColumnSurvey, dates) {
  const ColumnVerdict v = judge({"24.12.2024", "01.02.2023", ""});
  EXPECT_EQ(v.type, ColumnType::date);
  EXPECT_EQ(v.held_as, HeldAs::dates);
  EXPECT_EQ(v.date_form, (DateForm{.order = DateParts::dmy, .separator = '.'}));
  EXPECT_EQ(v.why, "2 of 3 cells are dates written day.month.year, 1 is empty");
  EXPECT_FALSE(v.date_has_time);
  EXPECT_TRUE(judge({"2024-03-01T12:30:00Z", "2024-03-02"}).date_has_time);
  EXPECT_EQ(judge({"2024-03", "2024-04"}).date_form.order, DateParts::ym);
  EXPECT_EQ(judge({"1 Mar 2024", "2 May 2024"}).type, ColumnType::date);
  // Not in one form, or not all of them.
  EXPECT_EQ(judge({"2024-03-01", "01.03.2024"}).type, ColumnType::category);
  const ColumnVerdict one = judge({"2024-03-01", "2024-03-02", "2024-02-30", "2024-03-04"});
  EXPECT_EQ(one.type, ColumnType::category);
  EXPECT_EQ(one.why, "4 different words in 4 cells, 3 are dates, the first other in line 4: '2024-02-30'");
  EXPECT_EQ(judge({"1999", "2004", "2013"}).type, ColumnType::number);
  EXPECT_EQ(judge({"20240301", "20240302"}).type, ColumnType::number);
}

TEST(ColumnSurvey, day_and_month_that_could_change_places) {
  const Cells both = {"01/02/2024", "03/04/2024", "05/05/2024"};
  ColumnVerdict v = judge(both);
  EXPECT_EQ(v.type, ColumnType::date);
  EXPECT_TRUE(v.date_is_ambiguous);
  EXPECT_EQ(v.why, "all 3 cells are dates written day/month/year, day and month could change places in every one");
  v = judge(both, "x", {.date_order = DateParts::mdy});
  EXPECT_FALSE(v.date_is_ambiguous);
  EXPECT_EQ(v.date_form.order, DateParts::mdy);
  v = judge(both, "x", {.date_order = DateParts::dmy});
  EXPECT_FALSE(v.date_is_ambiguous);
  EXPECT_EQ(v.date_form.order, DateParts::dmy);
  EXPECT_FALSE(judge({"05/05/2024", "06/06/2024"}).date_is_ambiguous);
  EXPECT_EQ(judge({"01/02/2024", "13/02/2024"}).date_form.order, DateParts::dmy);
  v = judge({"01/02/2024", "02/13/2024"}, "x", {.date_order = DateParts::dmy});  // the cells know better
  EXPECT_EQ(v.date_form.order, DateParts::mdy);
  EXPECT_FALSE(v.date_is_ambiguous);
  EXPECT_FALSE(judge({"01.02.2024", "03.04.2024"}).date_is_ambiguous);
  EXPECT_TRUE(judge(both, "x", {.as = As::date}).date_is_ambiguous);
}

TEST(ColumnSurvey, words) {
  const ColumnVerdict category = judge({"red", "blue", "red", "NULL"});
  EXPECT_EQ(category.type, ColumnType::category);
  EXPECT_EQ(category.why, "2 different words in 3 cells, 1 is missing (NULL)");
  ASSERT_EQ(category.levels.size(), 2U);
  EXPECT_EQ(category.levels[0].text, "red");
  EXPECT_EQ(category.levels[1].count, 1U);

  const auto key = [](int i) { return "key" + std::to_string(i); };
  EXPECT_EQ(judge(cells_of(50, key)).type, ColumnType::category);
  EXPECT_EQ(judge(cells_of(51, key)).type, ColumnType::identifier);
  EXPECT_EQ(judge(cells_of(51, key)).why, "51 of 51 cells differ");
  EXPECT_EQ(judge(joined(cells_of(51, key), cells_of(50, key))).type, ColumnType::identifier);  // 51 of 101
  EXPECT_EQ(judge(joined(cells_of(51, key), cells_of(51, key))).type, ColumnType::category);    // a half

  const ColumnVerdict names = judge(cells_of(60, [](int i) { return "Mr. No " + std::to_string(i); }));
  EXPECT_EQ(names.type, ColumnType::text);
  EXPECT_EQ(names.why, "60 of 60 cells differ, 60 hold blanks");
  const ColumnVerdict addresses =
      judge(cells_of(60, [](int i) { return std::string(100, '/') + std::to_string(100 + i); }));
  EXPECT_EQ(addresses.type, ColumnType::text);
  EXPECT_EQ(addresses.why, "60 of 60 cells differ, of 103 bytes in the mean");
  const auto digest = [](int i) { return fmt::format("{:064x}", i + 0xA0000); };
  EXPECT_EQ(judge(cells_of(60, digest)).type, ColumnType::identifier);
  const auto ticket = [](int i) { return (i % 3 == 0 ? "A/5 " : "PC") + std::to_string(1000 + i); };
  EXPECT_EQ(judge(cells_of(60, ticket)).type, ColumnType::identifier);  // a third with blanks
}

TEST(ColumnSurvey, numbers_of_rows) {
  for (const char* name : {"", " ", "id", "ID", "index", "Unnamed: 0", "row", "rownames", "row_names", "No", "Nr", "#",
                           "PassengerId", "customer_id", "Provider Id", "userID", "x.id"}) {
    EXPECT_TRUE(names_rows(name)) << name;
  }
  for (const char* name : {"x", "paid", "covid", "Madrid", "COVID", "idea", "number", "nob", "unnamed", "di"}) {
    EXPECT_FALSE(names_rows(name)) << name;
  }
  const ColumnVerdict run = judge({"3", "1", "4", "2"}, "PassengerId");
  EXPECT_EQ(run.type, ColumnType::identifier);
  EXPECT_EQ(run.held_as, HeldAs::numbers);
  EXPECT_EQ(run.why, "the whole numbers from 1 to 4, each once");
  EXPECT_EQ(judge({"-1", "0", "1", ""}, "id").type, ColumnType::identifier);
  EXPECT_EQ(judge({"1.0", "2.0"}, "id").type, ColumnType::identifier);
  EXPECT_EQ(judge({"3", "1", "4", "2"}, "width").type, ColumnType::number);
  for (const Cells& cells : {Cells{"1", "2", "4"}, Cells{"1", "1", "3"}, Cells{"1", "4", "4", "1"},
                             Cells{"1", "2.5", "3"}, Cells{"1", "2", "inf"}}) {
    EXPECT_EQ(judge(cells, "id").type, ColumnType::number) << judge(cells, "id").why;
  }
  EXPECT_EQ(judge({"3", "1", "4", "2"}, "id", {.as = As::number}).type, ColumnType::number);
}

TEST(ColumnSurvey, wishes) {
  ColumnVerdict v = judge({"007", "x", "1.5", "y"}, "x", {.as = As::number});
  EXPECT_EQ(v.type, ColumnType::number);
  EXPECT_EQ(v.why, "2 of 4 cells are numbers, 2 are not, the first in line 3: 'x'");
  EXPECT_EQ(v.wrong, 2U);
  EXPECT_EQ(judge({"x", "y"}, "x", {.as = As::number}).wrong, 2U);
  EXPECT_EQ(judge({"5", "5"}, "x", {.as = As::number}).type, ColumnType::number);

  v = judge({"3", "1", "3"}, "x", {.as = As::category});
  EXPECT_EQ(v.type, ColumnType::category);
  EXPECT_EQ(v.held_as, HeldAs::words);
  EXPECT_EQ(v.levels.front().text, "3");
  EXPECT_EQ(judge(cells_of(60, [](int i) { return std::to_string(i); }), "x", {.as = As::category}).type,
            ColumnType::category);

  v = judge({"20240301", "20240302"}, "x", {.as = As::date});
  EXPECT_EQ(v.type, ColumnType::date);
  EXPECT_EQ(v.date_form.separator, 0);
  EXPECT_EQ(judge({"1999", "2004"}, "x", {.as = As::date}).date_form.order, DateParts::y);
  EXPECT_FALSE(judge({"1999", "2004"}, "x", {.as = As::date}).is_no_date);
  v = judge({"2024-03-01", "2024-03-02", "soon", "2024-13-01"}, "x", {.as = As::date});
  EXPECT_TRUE(v.is_no_date);
  EXPECT_EQ(v.wrong, 2U);
  EXPECT_EQ(v.first_wrong->text, "soon");
  EXPECT_EQ(v.why, "2 of 4 cells are dates written year-month-day, 2 are not, the first in line 4: 'soon'");
  EXPECT_TRUE(judge({"a", "1.5"}, "x", {.as = As::date}).is_no_date);
  EXPECT_EQ(judge({"2024-03-01", "2024-03-01"}, "x", {.as = As::date}).type, ColumnType::date);
  EXPECT_EQ(judge({"", ""}, "x", {.as = As::date}).type, ColumnType::constant);
}

// Columns of every kind, each with something rare in it.
std::vector<Cells> samples() {
  std::mt19937 random(17);
  const auto some = [&](const std::vector<std::string>& words) {
    return cells_of(120, [&](int) { return words[random() % words.size()]; });
  };
  return {
      some({"1", "2.5", "", "NA", "-3e2"}),
      joined(some({"1,234", "5", "9,876"}), {"1,5"}),
      joined(some({"1", "2", "3"}), {"x", "y", "1,234", "z"}),
      joined(some({"1", "2"}), {"007"}),
      joined(some({"10", "20"}), {"9007199254740993"}),
      joined(some({"$5", "7", "$1,234"}), {"5 %"}),
      joined(some({"01/02/2024", "03/04/2024"}), {"13/02/2024"}),
      some({"01/02/2024", "03/04/2024 12:30"}),
      joined(some({"Yes", "no", "NO", "n/a"}), {"yes"}),
      some({"x", ""}),
      some({"2024", "1999", "20240301"}),
      some({"inf", "1", "-Infinity", "nan"}),
      cells_of(150, [](int i) { return std::to_string(i * 7 % 151); }),
      cells_of(150, [](int i) { return i % 2 == 0 ? "word " + std::to_string(i) : std::to_string(i); }),
      cells_of(3000, [](int i) { return std::to_string(i * i % 2003) + ".25"; }),
      cells_of(60, [](int i) { return std::string(i < 30 ? 120 : 20, 'u') + std::to_string(i); }),
      some({std::string(1000, 'x'), std::string("\0a\0", 3), "\xFF\xFE", "\xC3", "\r\n", "\u00A0"}),
  };
}

TEST(ColumnSurvey, the_order_of_the_rows_does_not_matter) {
  std::mt19937 random(23);
  for (Cells cells : samples()) {
    for (const As as : {As::found, As::number, As::category, As::date}) {
      const std::string expected = text_of(judge(cells, "id", {.as = as}), false);
      for (int i = 0; i < 10; ++i) {
        std::ranges::shuffle(cells, random);
        // A constant or a code is shown as it comes first.
        ASSERT_EQ(text_of(judge(cells, "id", {.as = as}), false), expected);
      }
    }
  }
}

TEST(ColumnSurvey, every_split_of_the_file_gives_the_same) {
  for (const Cells& cells : samples()) {
    const std::string expected = text_of(judge(cells, "id"));
    for (std::size_t cut = 0; cut <= cells.size(); cut += 1 + cells.size() / 200) {
      ColumnSurvey survey = survey_of(cells, 0, cut);
      survey.append(survey_of(cells, cut));
      ASSERT_EQ(text_of(survey.decide("id")), expected) << cut;
      // Parts that know nothing of those before them, as threads read them.
      ColumnSurvey parts = survey_of(cells, 0, cut);
      ColumnSurvey behind(usual());
      for (std::size_t row = cut; row < cells.size(); ++row) behind.add(cells[row], row - cut, row - cut);
      parts.append(behind, cut, cut + 2);
      ASSERT_EQ(text_of(parts.decide("id")), expected) << cut;
    }
  }
}

TEST(ColumnSurvey, looks_at_cells_in_any_order) {
  const Cells cells = {"1", "2", "3", "4", "x", "5", "y", "6 %", "6", "7", "8", "9", "10"};
  ColumnSurvey backwards(usual());
  for (std::size_t row = cells.size(); row-- > 0;) backwards.add(cells[row], row, row + 2);
  EXPECT_EQ(text_of(backwards.decide("x")), text_of(judge(cells)));
}

TEST(ColumnSurvey, columns_of_any_length_and_width) {
  ColumnSurvey many(usual());
  const std::string much(1 << 20, 'w');
  for (std::size_t row = 0; row < 40; ++row) many.add(much + std::to_string(row % 20), row, row);
  ColumnVerdict v = many.decide("x");
  EXPECT_EQ(v.type, ColumnType::category);
  EXPECT_EQ(v.distinct, 20U);
  EXPECT_TRUE(v.distinct_is_exact);
  EXPECT_TRUE(v.levels.empty());
  EXPECT_LT(v.why.size(), 200U);

  ColumnSurvey keys(usual());
  for (std::size_t row = 0; row < 300'000; ++row) keys.add("k" + std::to_string(row), row, row);
  v = keys.decide("x");
  EXPECT_EQ(v.type, ColumnType::identifier);
  EXPECT_FALSE(v.distinct_is_exact);
  EXPECT_NEAR(static_cast<double>(v.distinct), 300'000, 6000);
  EXPECT_TRUE(v.why.starts_with("about ")) << v.why;

  ColumnSurvey numbers(usual());
  for (std::size_t row = 0; row < 300'000; ++row) numbers.add(std::to_string(row), row, row);
  EXPECT_EQ(numbers.decide("id").type, ColumnType::identifier);
  EXPECT_EQ(numbers.decide("x").type, ColumnType::number);
}

// Tables as people published them, taken apart here in the plainest way.
std::vector<std::vector<std::string>> records_of(const std::string& name, char separator) {
  std::ifstream file(testing::shared_data("tables/" + name), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<std::vector<std::string>> records(1);
  std::string cell;
  bool quoted = false;
  for (std::size_t i = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"')
        cell += text[i++];
      else
        quoted = !quoted;
    } else if (!quoted && (c == separator || c == '\n')) {
      records.back().push_back(std::move(cell));
      cell.clear();
      if (c == '\n') records.emplace_back();
    } else if (quoted || c != '\r') {
      cell += c;
    }
  }
  if (!cell.empty() || !records.back().empty()) records.back().push_back(cell);
  if (records.back().empty()) records.pop_back();
  return records;
}

std::map<std::string, ColumnVerdict> judge_table(const std::string& name, char separator = ',') {
  const auto records = records_of(name, separator);
  std::vector<ColumnSurvey> columns(records.front().size(), ColumnSurvey(usual()));
  for (std::size_t row = 1; row < records.size(); ++row) {
    for (std::size_t c = 0; c < std::min(columns.size(), records[row].size()); ++c)
      columns[c].add(records[row][c], row - 1, row + 1);
  }
  std::map<std::string, ColumnVerdict> verdicts;
  for (std::size_t c = 0; c < columns.size(); ++c)
    verdicts[records.front()[c]] = columns[c].decide(records.front()[c], {.decimal = decimal_sign_of(columns)});
  return verdicts;
}

TEST(PublishedTables, titanic) {
  STRATA_NEEDS_SHARED_DATA();
  auto table = judge_table("messy/titanic_raw.csv");
  const auto type = [&](const char* name) { return table.at(name).type; };
  EXPECT_EQ(type("PassengerId"), ColumnType::identifier);
  EXPECT_EQ(type("Survived"), ColumnType::number);
  EXPECT_EQ(type("Name"), ColumnType::text);
  EXPECT_EQ(type("Sex"), ColumnType::category);
  EXPECT_EQ(type("Age"), ColumnType::number);
  EXPECT_EQ(table.at("Age").why, "714 of 891 cells are numbers, 177 are empty");
  EXPECT_EQ(type("Ticket"), ColumnType::identifier);
  EXPECT_EQ(type("Embarked"), ColumnType::category);
}

TEST(PublishedTables, others) {
  STRATA_NEEDS_SHARED_DATA();
  auto medicare = judge_table("messy/medicare_cost.csv");
  EXPECT_EQ(medicare.at("Average Covered Charges ").number_form, (NumberForm{.group = ',', .affix = Affix::dollar}));
  EXPECT_EQ(medicare.at("Average Covered Charges ").type, ColumnType::number);
  EXPECT_EQ(medicare.at("Average Covered Charges ").wrong, 0U);
  auto animals = judge_table("messy/animals_dirty_semicolon.csv", ';');
  EXPECT_EQ(animals.at("Country").type, ColumnType::category);
  auto coffee = judge_table("messy/coffee_ratings.csv");
  EXPECT_EQ(coffee.at("rownames").type, ColumnType::identifier);
  auto news = judge_table("messy/fake_news.csv");
  EXPECT_EQ(news.at("text").type, ColumnType::text);
  auto adult = judge_table("adult.csv");
  for (const char* name : {"age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"})
    EXPECT_EQ(adult.at(name).type, ColumnType::number) << adult.at(name).why;
  for (const char* name : {"workclass", "occupation", "sex", "native_country", "income"})
    EXPECT_EQ(adult.at(name).type, ColumnType::category) << adult.at(name).why;
}

}  // namespace
}  // namespace strata::internal
