// A model remembers how its file wrote numbers and dates, and what stood for missing cells: a new file of the same form
// is read in one look, in a stream, with any number of rows, and a cell alone means what it means among all.
#include <limits>

#include "strata/trainer.hpp"
#include "support.hpp"

namespace strata {
namespace {

using testing::expect_equal;
using testing::TemporaryFolder;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kHeader = "size;share;seen;colour;fresh;price\n";

// 60 rows as a spreadsheet in German writes them.
std::string german() {
  std::string text = kHeader;
  for (int i = 0; i < 60; ++i) {
    const std::string digit = std::to_string(i % 10), day = std::to_string(10 + i % 17);
    text += (i % 9 == 4 ? "k.A." : "1." + std::to_string(100 + 7 * i) + "," + digit) + ";";
    text += std::to_string(i) + "," + digit + " %;";
    text += (i % 7 == 3 ? "" : day + "/0" + std::to_string(1 + i % 9) + "/2023") + ";";
    text += std::string(i % 5 == 0 ? "k.A." : i % 2 == 0 ? "rot" : "blau") + ";";
    text += std::string(i % 3 == 0 ? "yes" : "no") + ";";
    text += std::to_string(2 * i) + "," + digit + "\n";
  }
  return text;
}

// Three rows of which each, by itself, could be read otherwise.
const std::string kNew = std::string(kHeader) +
                         "1,234;5 %;01/02/2023;rot;no;3,5\nk.A.;2,5 %;;k.A.;yes;1000\n2.000;1 %;03/04/2023;blau;no;2\n";

Table meant() {
  Table table;
  table.add_numbers("size", {}, std::vector<double>{1.234, kNaN, 2000});
  table.add_numbers("share", {}, std::vector<double>{5, 2.5, 1});
  table.add_numbers("seen", {}, std::vector<double>{19389, kNaN, 19450});  // 1 February, 3 April
  table.add_text("colour", std::vector<std::string>{"rot", "", "blau"});
  table.add_text("fresh", std::vector<std::string>{"no", "yes", "no"});
  table.add_numbers("price", {}, std::vector<double>{3.5, 1000, 2});
  return table;
}

class WrittenForms : public ::testing::Test {
 protected:
  static Options options() {
    Options options;
    options.target = {"price"};
    options.missing = {"k.A."};
    options.hidden_layers = {4};
    options.epochs = 2;
    options.threads = 1;
    return options;
  }
  [[nodiscard]] Model trained() const { return train(folder_.write("old.csv", german()), options()).model; }
  [[nodiscard]] static std::vector<double> streamed(const Model& model, const Source& source, std::size_t rows) {
    TableReader reader(model.features(), source, false);
    std::vector<double> values;
    while (const auto block = reader.next(rows)) {
      EXPECT_LE(block->rows(), rows);
      const std::vector<double> more = model.predict(*block, 1).values;
      values.insert(values.end(), more.begin(), more.end());
    }
    return values;
  }
  TemporaryFolder folder_;
};

TEST_F(WrittenForms, AreInTheModelAndItsFile) {
  const Model model = trained();
  const std::vector<InputField>& inputs = model.inputs();
  ASSERT_EQ(inputs.size(), 5U);
  EXPECT_EQ(inputs[0].written, "1.234,5");
  EXPECT_EQ(inputs[1].written, "1234,5 %");
  EXPECT_EQ(inputs[2].type, ColumnType::date);
  EXPECT_EQ(inputs[2].written, "day/month/year");
  EXPECT_EQ(inputs[3].levels, (std::vector<std::string>{"blau", "rot"}));
  EXPECT_EQ(inputs[4].type, ColumnType::yes_no);
  EXPECT_EQ(model.target().written, (std::vector<std::string>{"1234,5"}));
  EXPECT_EQ(model.features().missing, (std::vector<std::string>{"k.A."}));
  model.save(folder_ / "model");
  const Model loaded = Model::load(folder_ / "model");
  expect_equal<float>(loaded, model);
  EXPECT_EQ(loaded.features().missing, model.features().missing);
}

TEST_F(WrittenForms, ANewFileIsReadAsTheOldOneWas) {
  trained().save(folder_ / "model");
  const Model model = Model::load(folder_ / "model");
  const Source source{folder_.write("new.csv", kNew)};
  const std::vector<double> expected = model.predict(meant(), 1).values;
  for (const std::size_t rows : {1, 2, 3, 100}) EXPECT_EQ(streamed(model, source, rows), expected) << rows;
  EXPECT_EQ(model.predict(read_for(model, source, false), 1).values, expected);
  TableReader reader(model.features(), source, true);
  expect_equal(model.evaluate(reader, 1), model.evaluate(meant(), 1));
  // Row by row the cells mean the same.
  const std::size_t end = std::string(kHeader).size(), second = kNew.find('\n', end) + 1;
  const Source one{folder_.write("one.csv", kHeader + kNew.substr(end, second - end))};
  EXPECT_EQ(streamed(model, one, 100), (std::vector<double>{expected.front()}));
}

TEST_F(WrittenForms, APipeIsReadInAStream) {
  const Model model = trained();
  const std::string pipe = (folder_ / "pipe").string(), file = folder_.write("new.csv", kNew).string();
  ASSERT_EQ(::system(("mkfifo " + pipe + " && (cat " + file + " > " + pipe + " &)").c_str()), 0);
  EXPECT_EQ(streamed(model, {pipe}, 2), model.predict(meant(), 1).values);
}

TEST_F(WrittenForms, WhatIsWrittenOtherwiseIsAnError) {
  const Model model = trained();
  const auto predict = [&](const std::string& row, const ReadingOptions& reading = {}) {
    Source source{folder_.write("new.csv", kHeader + std::string("1,5;1 %;01/02/2023;rot;no;1\n") + row)};
    source.reading = reading;
    return streamed(model, source, 1);
  };
  EXPECT_ERROR(predict("1234.56;1 %;01/02/2023;rot;no;1\n"), "value",
               "new.csv:3:1: expected a number written like 1.234,5 in column 'size', found '1234.56'");
  EXPECT_ERROR(predict("1,5;0,01;01/02/2023;rot;no;1\n"), "value",
               "new.csv:3:2: expected a number written like 1234,5 % in column 'share', found '0,01'");
  EXPECT_ERROR(predict("1,5;1 %;2023-02-01;rot;no;1\n"), "value",
               "new.csv:3:3: expected a date written like day/month/year in column 'seen', found '2023-02-01'");
  EXPECT_ERROR(predict("1,5;1 %;13/13/2023;rot;no;1\n"), "value",
               "new.csv:3:3: expected a date written like day/month/year in column 'seen', found '13/13/2023'");
  // The user may call them missing, all or by their words.
  const std::vector<double> missing = predict("k.A.;1 %;;rot;no;1\n");
  EXPECT_EQ(predict("1234.56;1 %;2023-02-01;rot;no;1\n", {.bad_cells = BadCells::missing}), missing);
  EXPECT_EQ(predict("unknown;1 %;unknown;rot;no;1\n", {.missing = {"unknown"}}), missing);
}

// A number may stand for what is missing, in training and in prediction.
TEST_F(WrittenForms, ANumberThatStandsForAMissingCell) {
  std::string text = "x,y\n";
  for (int i = 0; i < 40; ++i) text += (i % 8 == 3 ? "-99" : std::to_string(i % 5)) + "," + std::to_string(i) + "\n";
  Options asked = options();
  asked.target = {"y"};
  asked.missing = {"-99"};
  const Model model = train(folder_.write("old.csv", text), asked).model;
  EXPECT_TRUE(model.inputs()[0].missing);
  Table table;
  table.add_numbers("x", {}, std::vector<double>{1, kNaN});
  EXPECT_EQ(streamed(model, {folder_.write("new.csv", "x\n1\n-99\n")}, 1), model.predict(table, 1).values);
}

}  // namespace
}  // namespace strata
