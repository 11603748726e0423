// What a description says of types, ranges, words, and what is probably not meant.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "data/data_test.hpp"
#include "data/zip_writer.hpp"
#include "strata/tools.hpp"

namespace strata {
namespace {

using namespace testing;
using Describe = InFolder;

const FieldDescription& of(const Description& made, const std::string& name) {
  const auto found = std::ranges::find_if(made.fields, [&](const auto& each) { return each.field.name == name; });
  if (found == made.fields.end()) throw std::runtime_error("no field " + name);
  return *found;
}

bool warns(const Description& made, const std::string& text) {
  return std::ranges::any_of(made.warnings, [&](const std::string& each) { return each.find(text) != each.npos; });
}

std::string how(const Description& made, const std::string& name) {
  const auto found = std::ranges::find(made.giveaways, name, &Giveaway::name);
  return found == made.giveaways.end() ? "" : found->how;
}

/// `rows` lines of what `line` gives.
template <class Line>
std::string lines(const std::string& header, int rows, const Line& line) {
  std::string text = header + "\n";
  for (int i = 0; i < rows; ++i) text += line(i) + "\n";
  return text;
}

std::string number(double value) { return std::to_string(value); }

std::string written(const std::string& text) {
  write_file("a.csv", text);
  return "a.csv";
}

TEST_F(Describe, EveryColumnOfATextWithItsTypeRangeAndWords) {
  const auto file = written(lines("id,age,port,when,answer", 60, [](int i) {
    const std::string age = i % 6 == 0 ? "NA" : std::to_string(20 + i % 7);
    return std::to_string(i + 1) + "," + age + "," + (i % 3 == 0 ? "S" : "C") + ",2024-03-0" +
           std::to_string(1 + i % 5) + "," + (i % 2 == 0 ? "yes" : "no");
  }));
  const Description made = describe(file, Options());
  EXPECT_EQ(made.rows, 60U);
  EXPECT_EQ(made.target, "answer");
  EXPECT_TRUE(made.target_is_guessed);
  ASSERT_EQ(made.classes.size(), 2U);
  EXPECT_EQ(made.classes[0].text, "no");  // as frequent as yes: by bytes
  EXPECT_EQ(made.classes[0].count, 30U);
  EXPECT_EQ(of(made, "id").field.type, ColumnType::identifier);
  const FieldDescription age = of(made, "age");
  EXPECT_EQ(age.field.type, ColumnType::number);
  EXPECT_EQ(age.field.missing, 10U);
  EXPECT_EQ(age.distinct, 7U);
  EXPECT_EQ(age.least, 20);
  EXPECT_EQ(age.greatest, 26);
  EXPECT_NE(age.field.why.find("50 of 60 cells are numbers"), std::string::npos) << age.field.why;
  EXPECT_EQ(of(made, "port").levels[0].text, "C");
  EXPECT_EQ(of(made, "port").levels[0].count, 40U);
  EXPECT_FALSE(of(made, "port").least);
  EXPECT_EQ(of(made, "when").field.type, ColumnType::date);
  EXPECT_EQ(date_text(*of(made, "when").greatest), "2024-03-05");
  EXPECT_EQ(of(made, "when").distinct, 5U);
  EXPECT_EQ(made.warnings, (std::vector<std::string>{"5 of 60 rows are the same as one before, identifiers left out"}));
}

TEST_F(Describe, DatesWithATime) {
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(0.5), "1970-01-01 12:00:00");
  EXPECT_EQ(date_text(0.9999999999), "1970-01-02");
  EXPECT_EQ(date_text(-0.25), "1969-12-31 18:00:00");
  EXPECT_EQ(date_text(1e9), "1e+09");
}

TEST_F(Describe, ColumnsAndRowsThatComeTwiceAndThatSayNothing) {
  const auto file = written(lines("Unnamed: 0,a,b,same,none,word,c,y", 40, [](int i) {
    const std::string a = std::to_string(i / 2 % 9);  // rows 2i and 2i + 1 are alike
    return std::to_string(i) + "," + a + "," + a + ",7,,x," + std::to_string(i / 2 % 4) + "," +
           std::to_string(i / 2 % 5);
  }));
  const Description made = describe(file, Options());
  EXPECT_EQ(of(made, "b").same_as, "a");
  EXPECT_EQ(of(made, "c").same_as, "");
  EXPECT_EQ(of(made, "word").same_as, "");
  EXPECT_TRUE(warns(made, "like another field in every row: b (as a)"));
  EXPECT_TRUE(warns(made, "the same in every row: same, word"));
  EXPECT_TRUE(warns(made, "without any value: none"));
  EXPECT_EQ(made.repeated_rows, 20U);  // the row number does not count
  EXPECT_TRUE(warns(made, "20 of 40 rows are the same as one before, identifiers left out"));
}

TEST_F(Describe, ConstantsAreNotLikeEachOther) {
  const auto file = written(lines("a,b,y", 12, [](int i) { return "1,1," + std::to_string(i); }));
  EXPECT_FALSE(warns(describe(file, Options()), "like another field"));
}

TEST_F(Describe, CellsOfAnotherType) {
  const auto file = written(lines("a,\"b, c\",y", 60, [](int i) {
    return (i == 7 ? "oops" : std::to_string(i)) + "," +
           (i % 3 == 0 ? "w" + std::to_string(i % 4) : std::to_string(i % 9)) + "," + std::to_string(i % 2);
  }));
  const Description made = describe(file, Options());
  EXPECT_EQ(of(made, "a").wrong, 1U);
  EXPECT_EQ(of(made, "a").field.missing, 0U);
  EXPECT_TRUE(warns(made,
                    "'a' is taken for numbers: 59 of 60 cells are numbers, 1 is not, the first in line 9: 'oops'; "
                    "--bad-cells missing lets such cells count as missing, --categorical a takes it for words"));
  EXPECT_TRUE(warns(made, "'b, c' is taken for a category, though most of its values are numbers"));
  EXPECT_TRUE(warns(made, "--numeric '\"b, c\"' says otherwise"));
  Options options;
  options.bad_cells = BadCells::missing;
  const Description lenient = describe(file, options);
  EXPECT_EQ(of(lenient, "a").field.missing, 1U);
  EXPECT_EQ(of(lenient, "a").wrong, 0U);
}

TEST_F(Describe, DatesThatCanBeReadInTwoWays) {
  const auto file = written(lines("when,y", 60, [](int i) {
    return "0" + std::to_string(i % 9 + 1) + "/0" + std::to_string(i % 7 + 1) + "/2024," + std::to_string(i % 2);
  }));
  EXPECT_TRUE(warns(describe(file, Options()),
                    "in 'when' every date can be read as day and month or as month and day; "
                    "--date-order dmy or --date-order mdy says which"));
  Options options;
  options.date_order = DateOrder::mdy;
  EXPECT_FALSE(warns(describe(file, options), "'when'"));
}

// --- what gives the target away ---

TEST_F(Describe, AValueForEachValueOfTheTarget) {
  const auto rows = [](int wrong) {
    return lines("code,free,y", 400, [=](int i) {
      const int kind = i % 4 == 0 ? 1 : 0, told = i < wrong ? 1 - kind : kind;
      return std::string(told == 1 ? (i % 8 == 0 ? "p" : "q") : "r") + "," + std::to_string(i * 7919 % 13) + "," +
             (kind == 1 ? "sick" : "well");
    });
  };
  Description made = describe(written(rows(0)), Options());
  EXPECT_EQ(how(made, "code"), "each of its 3 values goes with one value of the target");
  EXPECT_EQ(made.giveaways.size(), 1U);
  EXPECT_TRUE(warns(made, "may give the target 'y' away: code (each of its 3 values"));
  made = describe(written(rows(1)), Options());  // guessing makes 100 mistakes
  EXPECT_EQ(how(made, "code"), "its 3 values tell the target in 399 of 400 rows");
  made = describe(written(rows(2)), Options());
  EXPECT_EQ(how(made, "code"), "");
}

TEST_F(Describe, ThatItIsMissingIsAValueToo) {
  const auto file = written(lines("boat,y", 200, [](int i) {
    return (i % 3 == 0 ? "b" + std::to_string(i % 5) : "") + "," + (i % 3 == 0 ? "yes" : "no");
  }));
  EXPECT_EQ(how(describe(file, Options()), "boat"), "each of its 6 values goes with one value of the target");
}

TEST_F(Describe, ValuesThatHardlyRepeatSayNothing) {
  const auto file = written(
      lines("code,y", 60, [](int i) { return "k" + std::to_string(i / 3) + "," + (i / 3 % 2 == 0 ? "yes" : "no"); }));
  EXPECT_EQ(how(describe(file, Options()), "code"), "");
}

TEST_F(Describe, ALineThroughBoth) {
  const auto file = written(lines("f,same,noisy,rare,c", 100, [](int i) {
    const double c = std::sin(i) * 30, noise = std::sin(i * 37.0) * 4;
    return number(c * 1.8 + 32) + "," + number(c) + "," + number(c + noise) + "," + (i < 5 ? number(c) : "") + "," +
           number(c);
  }));
  const Description made = describe(file, Options());
  EXPECT_EQ(how(made, "f"), "the target is 0.555556 times it - 17.7778");
  EXPECT_EQ(how(made, "same"), "it is the same in every row");
  EXPECT_EQ(how(made, "noisy"), "");
  EXPECT_EQ(how(made, "rare"), "");  // of 5 rows
  EXPECT_EQ(made.giveaways.size(), 2U);
}

TEST_F(Describe, RangesThatDoNotTouch) {
  const auto rows = [](double of_third) {
    return lines("score,other,y", 90, [=](int i) {
      const double within = std::fmod(i * 0.618, 1.0);
      return number(i % 3 == 0   ? 10 + within
                    : i % 3 == 1 ? 20 + within
                                 : of_third + within) +
             "," + number(within) + "," + std::string(1, static_cast<char>('a' + i % 3));
    });
  };
  EXPECT_EQ(how(describe(written(rows(30)), Options()), "score"),
            "its ranges in the classes of the target do not touch");
  const Description touching = describe(written(rows(20.5)), Options());
  EXPECT_TRUE(touching.giveaways.empty()) << touching.giveaways[0].name;
}

TEST_F(Describe, IdentifiersAndTextGiveNothingAway) {
  const auto file = written(lines("id,y", 100, [](int i) { return std::to_string(i) + "," + std::to_string(i); }));
  Options options;
  options.numeric = {"y"};
  EXPECT_TRUE(describe(file, options).giveaways.empty());
}

TEST_F(Describe, ATargetByName) {
  const auto file = written(lines("y,x", 60, [](int i) { return std::to_string(i % 3) + ",1." + std::to_string(i); }));
  Options options;
  options.target = {"y"};
  const Description made = describe(file, options);
  EXPECT_FALSE(made.target_is_guessed);
  ASSERT_EQ(made.classes.size(), 3U);
  EXPECT_EQ(made.classes[2].text, "2");
  EXPECT_EQ(made.classes[2].count, 20U);
  options.target = {"z1"};
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return describe(file, options); }),
            "--target z1: a.csv has no such field (it has: y, x)");
  options.target = {"x", "y"};
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return describe(file, options); }),
            "--target names 2 targets; what is described has one");
}

TEST_F(Describe, ATargetKeepsTheWordsForMissing) {
  const auto file = written(lines("ill,x,y", 60, [](int i) {
    return std::string(i % 2 == 0 ? "none" : "mild") + ",NA," + (i % 3 == 0 ? "NA" : i % 3 == 1 ? "low" : "");
  }));
  const Description guessed = describe(file, Options());
  EXPECT_EQ(guessed.classes.size(), 2U);
  EXPECT_EQ(of(guessed, "y").field.missing, 20U);  // the empty ones
  EXPECT_EQ(of(guessed, "ill").field.missing, 30U);
  Options options;
  options.target = {"ill"};
  const Description named = describe(file, options);
  EXPECT_EQ(named.classes.size(), 2U);
  EXPECT_EQ(of(named, "ill").field.missing, 0U);
  EXPECT_EQ(of(named, "x").field.missing, 60U);
  options.missing = {"none"};
  EXPECT_EQ(of(describe(file, options), "ill").field.missing, 30U);
}

TEST_F(Describe, OptionsOfReading) {
  const auto file = written(lines("a;b;c", 60, [](int i) { return std::to_string(i) + ",5;-99;x"; }));
  Options options;
  options.missing = {"-99"};
  options.ignore = {"c*"};
  options.categorical = {"a"};
  const Description made = describe(file, options);
  EXPECT_EQ(made.fields.size(), 2U);
  EXPECT_EQ(of(made, "b").field.missing, 60U);
  EXPECT_EQ(of(made, "a").field.type, ColumnType::category);
  EXPECT_EQ(made.notes.at(0), "the separator is a semicolon");
  options.ignore = {"d"};
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return describe(file, options); }),
            "--ignore d: a.csv has no such field (it has: a, b, c)");
}

TEST_F(Describe, ATextWithoutAHeader) {
  const auto file = written(lines("5.1,a", 30, [](int i) { return "5." + std::to_string(i) + ",a"; }));
  const Description made = describe(file, Options());
  EXPECT_EQ(made.rows, 31U);
  EXPECT_EQ(made.fields[1].field.name, "c2");
  EXPECT_EQ(made.notes.at(0), "the first line looks like the rows below it: the columns are called c1 to c2");
}

TEST_F(Describe, ALargeFileGivesTheSameInBlocks) {
  const auto file = written(lines("a,b,y", 40000, [](int i) {
    return std::to_string(i % 30011) + ",w" + std::to_string(i % 17000) + "," + std::to_string(i % 2);
  }));
  const Description in_blocks = describe(file, Options());
  const Description whole = describe(read_table(file));
  ASSERT_EQ(in_blocks.fields.size(), whole.fields.size());
  EXPECT_EQ(in_blocks.rows, 40000U);
  EXPECT_EQ(in_blocks.repeated_rows, whole.repeated_rows);
  for (std::size_t f = 0; f < whole.fields.size(); ++f) {
    EXPECT_EQ(in_blocks.fields[f].distinct, whole.fields[f].distinct);
    EXPECT_EQ(in_blocks.fields[f].least, whole.fields[f].least);
  }
  EXPECT_FALSE(of(in_blocks, "a").distinct_is_exact);
  EXPECT_NEAR(static_cast<double>(of(in_blocks, "a").distinct), 30011, 1500);
  EXPECT_TRUE(of(in_blocks, "b").levels.empty());
}

// --- tables that a program made, and arrays ---

TEST_F(Describe, ATableOfAProgram) {
  Table table;
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  table.add_numbers("x", {}, std::vector<double>{1, nan, inf, 3});
  table.add_numbers("picture", {2}, std::vector<double>{1, 2, nan, 4, 5, 6, 7, 8});
  const std::string words[] = {"a", "b", "a", ""};
  table.add_text("w", words);
  const Description made = describe(table, "w");
  EXPECT_EQ(made.source, "the table");
  EXPECT_EQ(of(made, "x").field.missing, 1U);
  EXPECT_EQ(of(made, "x").infinite, 1U);
  EXPECT_EQ(of(made, "x").greatest, 3);
  EXPECT_EQ(of(made, "picture").field.missing, 1U);
  EXPECT_EQ(of(made, "picture").least, 1);
  EXPECT_EQ(of(made, "picture").greatest, 8);
  EXPECT_EQ(of(made, "w").field.missing, 1U);
  EXPECT_EQ(of(made, "w").distinct, 2U);
  EXPECT_TRUE(warns(made, "infinite numbers, which cannot be learned from: x"));
  EXPECT_EQ(describe(table).target, "");  // not all are columns
}

TEST_F(Describe, ArraysOfSeveralLengths) {
  const std::string pair = npy_file("<f8", "(3, 2)", packed(std::vector<double>{1, 2, 3, 4, 5, 6}), false);
  const std::string two = npy_file("<f8", "(2,)", packed(std::vector<double>{7, 9}), false);
  write_file("a.npz", zip_file({{.name = "X.npy", .bytes = pair},
                                {.name = "names.npy", .bytes = two},
                                {.name = "again.npy", .bytes = pair}}));
  const Description made = describe("a.npz", Options());
  EXPECT_EQ(made.rows, 3U);
  ASSERT_EQ(made.fields.size(), 3U);
  EXPECT_EQ(made.fields[0].field.shape, (std::vector<std::size_t>{2}));
  EXPECT_EQ(made.fields[0].greatest, 6);
  EXPECT_EQ(made.fields[1].field.rows, 2U);
  EXPECT_EQ(made.fields[1].greatest, 9);
  EXPECT_EQ(made.fields[2].same_as, "X");
  EXPECT_EQ(made.target, "");
}

}  // namespace
}  // namespace strata
