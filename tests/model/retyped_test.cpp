// A table that was read without the model: what its own cells made of its columns becomes what the model takes.
#include <cmath>

#include "strata/trainer.hpp"
#include "support.hpp"

namespace strata {
namespace {

using testing::error_of;
using testing::TemporaryFolder;

struct Retyped : ::testing::Test {
  TemporaryFolder folder;

  /// Trained on 60 rows of the columns that `line` writes, with a number to predict.
  template <class Line>
  Model trained(const std::string& column, const Line& line, const ReadingOptions& reading = {}) {
    std::string text = column + ",y\n";
    for (int i = 0; i < 60; ++i) text += line(i) + "," + std::to_string(i) + ".5\n";
    Options options;
    static_cast<ReadingOptions&>(options) = reading;
    options.epochs = 3;
    return train(folder.write("train.csv", text), options).model;
  }

  /// The predictions of the cells, read for the model and read by themselves.
  void expect_same(const Model& model, const std::string& column, const std::vector<std::string>& cells) {
    std::string text = column + ",other\n";
    for (const std::string& cell : cells) text += cell + ",1\n";
    const auto file = folder.write("new.csv", text);
    const auto expected = model.predict(read_for(model, {file}, false)).values;
    EXPECT_EQ(model.predict(read_table(file)).values, expected) << text;
    EXPECT_EQ(expected.size(), cells.size());
  }

  std::string refusal(const Model& model, const std::string& column, const std::vector<std::string>& cells) {
    std::string text = column + ",other\n";
    for (const std::string& cell : cells) text += cell + ",1\n";
    const Table table = read_table(folder.write("new.csv", text));
    std::string said = error_of([&] { static_cast<void>(model.predict(table)); });
    const std::string path = folder.path().string() + "/";
    for (std::size_t at = said.find(path); at != std::string::npos; at = said.find(path)) said.erase(at, path.size());
    return said;
  }
};

TEST_F(Retyped, NumbersThatLookLikeCodesWordsOrNothing) {
  const Model model = trained("x", [](int i) { return i % 5 == 0 ? "" : std::to_string(i); });
  expect_same(model, "x", {"007", "012", "3"});  // codes
  expect_same(model, "x", {"", "", ""});         // constant
  expect_same(model, "x", {"5", "5", ""});       // one value and nothing
  expect_same(model, "x", {"1", "2", "3"});      // numbers
  EXPECT_EQ(refusal(model, "x", {"red", "12", "blue"}),
            "value: new.csv:2:1: expected a number in column 'x', found 'red' (to let such cells count as missing: "
            "--bad-cells missing; to leave such rows out: --bad-rows skip; for a column of words: --categorical x)");
  EXPECT_EQ(
      refusal(model, "x", {"2024-03-01", "2024-03-02", "2024-03-03"}),
      "value: new.csv: the column 'x' was read as dates, and the model takes it for numbers: read the file for the "
      "model, with strata::read_for or strata::TableReader");
}

TEST_F(Retyped, PercentSigns) {
  const Model shares = trained("x", [](int i) { return std::to_string(i) + " %"; });
  expect_same(shares, "x", {"1 %", "7 %"});
  EXPECT_EQ(
      refusal(shares, "x", {"0.12", "0.13"}),
      "value: new.csv: the column 'x' was read as plain numbers, and the model takes it for numbers written 1234.5 "
      "%: read the file for the model, with strata::read_for or strata::TableReader");
  const Model numbers = trained("x", [](int i) { return std::to_string(i); });
  EXPECT_EQ(refusal(numbers, "x", {"12 %", "13 %"}),
            "value: new.csv: the column 'x' was read as numbers written 1234.5 %, and the model takes it for numbers: "
            "read the file for the model, with strata::read_for or strata::TableReader");
  Table table;  // numbers of the caller's are in the model's own units
  table.add_numbers("x", {}, std::vector<double>{12, 13});
  EXPECT_EQ(shares.predict(table).examples, 2U);
}

TEST_F(Retyped, CategoriesThatLookLikeNumbers) {
  const Model model = trained("x", [](int i) { return std::string(i % 3 == 0 ? "1" : i % 3 == 1 ? "2" : "other"); });
  expect_same(model, "x", {"1", "2", "1"});
  expect_same(model, "x", {"1", "2", "7"});
  expect_same(model, "x", {"2", "2", "2"});
  const Model codes = trained("x", [](int i) { return "00" + std::to_string(i % 3); });
  expect_same(codes, "x", {"002", "001"});
  EXPECT_EQ(
      refusal(codes, "x", {"2", "1", "0"}),
      "value: new.csv: the column 'x' was read as numbers, which do not tell '000' from '0', and the model takes it "
      "for a category: read the file for the model, with strata::read_for or strata::TableReader");
  const Model words = trained("x", [](int i) { return std::string(i % 3 == 0 ? "a" : "2024-03-01"); });
  EXPECT_EQ(
      refusal(words, "x", {"2024-03-01", "2024-03-02", "2024-03-03"}),
      "value: new.csv: the column 'x' was read as dates, and the model takes it for a category: read the file for "
      "the model, with strata::read_for or strata::TableReader");
}

TEST_F(Retyped, YesAndNo) {
  const Model model = trained("x", [](int i) { return std::string(i % 3 == 0 ? "yes" : "no"); });
  expect_same(model, "x", {"yes", "yes", "yes"});
  expect_same(model, "x", {"yes", "", "maybe"});
}

TEST_F(Retyped, Dates) {
  const Model model =
      trained("x", [](int i) { return std::to_string(i % 28 + 1) + ".3." + std::to_string(2020 + i % 4); });
  expect_same(model, "x", {"1.3.2021", "1.3.2021"});  // constant
  expect_same(model, "x", {"14.3.2021", "", "15.4.2022"});
  EXPECT_EQ(refusal(model, "x", {"soon", "1.3.2021", "later"}),
            "value: new.csv:2:1 (column 'x'): expected a date, found 'soon'");
  EXPECT_EQ(refusal(model, "x", {"1", "2", "3"}),
            "value: new.csv: the column 'x' was read as numbers, and the model takes it for a date written "
            "day.month.year: read the file for the model, with strata::read_for or strata::TableReader");
  const Model digits = trained("x", [](int i) { return "202403" + std::to_string(i % 19 + 10); }, {.date = {"x"}});
  expect_same(digits, "x", {"20240311", "20240319"});
  const Model months = trained("x", [](int i) { return "3/" + std::to_string(i % 28 + 1) + "/2024"; });
  expect_same(months, "x", {"3/14/2024", "4/20/2024"});
  EXPECT_EQ(
      refusal(months, "x", {"14/3/2024", "20/4/2024"}),
      "value: new.csv: the column 'x' was read as dates written day/month/year, and the model takes it for a date "
      "written month/day/year: read the file for the model, with strata::read_for or strata::TableReader");
}

TEST_F(Retyped, EvaluatesAndLeavesTheTableAsItIs) {
  const Model model = trained("x", [](int i) { return std::to_string(i); });
  const auto file = folder.write("new.csv", "x,y\n007,1\n012,2.5\n");
  const Table table = read_table(file);
  EXPECT_EQ(model.evaluate(table).rmse, model.evaluate(read_for(model, {file}, true)).rmse);
  EXPECT_TRUE(table.field("x").is_text());
}

}  // namespace
}  // namespace strata
