#include "features/encode.hpp"

#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

// The fields, and then whether they hold numbers, as training and prediction ask.
std::vector<const Field*> match_inputs(std::span<const InputField> inputs, const Table& table) {
  const std::vector<const Field*> fields = find_inputs(inputs, table);
  table.require_numbers(fields);
  return fields;
}

using testing::TemporaryFolder;

Table csv(const std::string& text, const ReadingOptions& reading = {}) {
  const TemporaryFolder folder;
  return read_table(folder.write("test.csv", text), {}, reading);
}

Target classes(std::vector<std::string> names, Task task = Task::classes) {
  return {.names = {"y"}, .task = task, .classes = std::move(names), .offset = {}, .divisor = {}};
}

std::vector<std::size_t> labels(const Target& target, const Table& table) {
  const TargetEncoder encoder(target, table);
  std::vector<std::size_t> all;
  for (std::size_t row = 0; row < table.rows(); ++row) all.push_back(encoder.label(row));
  return all;
}

template <class T>
std::vector<T> encoded(const Target& target, const Table& table, std::size_t row, int n_y) {
  std::vector<T> y(static_cast<std::size_t>(n_y), T{-7});
  TargetEncoder(target, table).encode(row, y.data(), n_y);
  return y;
}

TEST(MatchInputs, FieldsInTheModelsOrder) {
  const Table table = csv("b,extra,a\n1,x,2\n3,y,4\n");
  const std::vector<InputField> inputs = {{"a", {}}, {"b", {}}};
  const std::vector<const Field*> fields = match_inputs(inputs, table);
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0]->name, "a");
  EXPECT_EQ(fields[1]->name, "b");
}

TEST(MatchInputs, MissingNamesAreListedWithTheNearest) {
  const Table table = csv("mean_radius,area\n1,2\n");
  const std::vector<InputField> one = {{"mean radius", {}}},
                                many = {{"mean radius", {}}, {"area", {}}, {"texture", {}}};
  EXPECT_ERROR(
      match_inputs(one, table), "usage",
      "test.csv lacks the model's input: 'mean radius' (did you mean 'mean_radius'?); it has: mean_radius, area");
  EXPECT_ERROR(
      match_inputs(many, table), "usage",
      "test.csv lacks 2 of the model's 3 inputs: 'mean radius' (did you mean 'mean_radius'?), 'texture'; it has: ");
  EXPECT_ERROR(match_inputs(testing::columns(40), table), "usage",
               "'x10', 'x11', … (28 more); it has: mean_radius, area");
}

TEST(MatchInputs, ShapesMustAgree) {
  Table table;
  table.add_numbers("x", {2, 3}, std::vector<double>(12, 1.0));
  table.add_numbers("one", {1}, std::vector<double>{1, 2});
  const std::vector<InputField> wrong = {{"x", {3, 2}}}, number = {{"x", {}}}, right = {{"x", {2, 3}}},
                                one = {{"one", {}}};
  EXPECT_ERROR(match_inputs(wrong, table), "shape",
               "the table: an example of 'x' has the shape 2×3; the model's input 'x' has the shape 3×2");
  EXPECT_ERROR(match_inputs(number, table), "shape",
               "has the shape 2×3; the model's input 'x' has the shape one number");
  EXPECT_EQ(match_inputs(right, table).size(), 1U);
  EXPECT_EQ(match_inputs(one, table).size(), 1U);  // a column of shape (m, 1) is a column
}

TEST(MatchInputs, WordsAndGapsAreFoundWithTheirPlace) {
  const std::vector<InputField> inputs = {{"a", {}}, {"b", {}}};
  const ReadingOptions numeric{.numeric = {"*"}};
  EXPECT_ERROR(match_inputs(inputs, csv("a,b\n1,2\n3,four\n", numeric)), "value",
               "test.csv:3:2: expected a number in column 'b', found 'four'");
  // A column of words says the same of its first.
  EXPECT_ERROR(match_inputs(inputs, csv("a,b\nx,2\n3,4\n")), "value",
               "test.csv:2:1: expected a number in column 'a', found 'x'");
  EXPECT_ERROR(match_inputs(inputs, csv("a,b\n1,2\n,4\n", numeric)), "value",
               "test.csv:3:1: the cell of column 'a' is empty");
  EXPECT_ERROR(match_inputs(inputs, csv("a,b\n1,nan\n3,4\n", numeric)), "value",
               "test.csv:2:2: the cell of column 'b' holds 'nan', which counts as missing");
}

TEST(MatchTarget, MissingAndWrongTargets) {
  const Table table = csv("x,Y\n1,2\n");
  EXPECT_ERROR(find_target(classes({"1", "2"}), table), "usage",
               "test.csv lacks the model's target: 'y' (did you mean 'Y'?)");
  Table wide;
  wide.add_numbers("y", {3}, std::vector<double>{1, 0, 0});
  EXPECT_ERROR(find_target(classes({"0", "1"}), wide), "shape",
               "the table: the target 'y' has the shape 3 an example; classes take one label each");
  const Target number{.names = {"y"}, .task = Task::regression, .classes = {}, .offset = {}, .divisor = {}};
  const auto encode_all = [&](const Table& of) {
    const TargetEncoder encoder(number, of);
    double y = 0;
    for (std::size_t row = 0; row < of.rows(); ++row) encoder.encode(row, &y, 1);
    return y;
  };
  EXPECT_EQ(encode_all(csv("y\n1\n2\n")), 2);
  EXPECT_ERROR(encode_all(csv("y\n1\nx\n", {.numeric = {"y"}})), "value", "test.csv:3:1");
  EXPECT_ERROR(encode_all(csv("y\nx\n1\n")), "value", "test.csv:2:1");
  const Target numbers{.names = {"y", "z", "w"}, .task = Task::regression, .classes = {}, .offset = {}, .divisor = {}};
  EXPECT_ERROR(find_target(numbers, csv("y,a\n1,2\n")), "usage", "lacks 2 of the model's 3 targets: 'z', 'w'");
}

TEST(Labels, TextAgainstText) {
  EXPECT_EQ(labels(classes({"cat", "dog", "owl"}), csv("y\ndog\ncat\nowl\ndog\n")),
            (std::vector<std::size_t>{1, 0, 2, 1}));
}

TEST(Labels, NumbersAgainstNumbersByValue) {
  EXPECT_EQ(labels(classes({"0", "1", "7"}), csv("y\n7.0\n1e0\n0\n-0\n")), (std::vector<std::size_t>{2, 1, 0, 0}));
  EXPECT_EQ(labels(classes({"0.1", "-3"}), csv("y\n-3\n0.1\n")), (std::vector<std::size_t>{1, 0}));
}

TEST(Labels, TextCellsAgainstNumericClassesByTextThenByValue) {
  EXPECT_EQ(labels(classes({"0", "1", "7"}), csv("y\n7.0\n1\n+1\n", {.categorical = {"y"}})),
            (std::vector<std::size_t>{2, 1, 1}));
  // Classes that are words too are compared as texts only: "01" is not "1".
  const ReadingOptions words{.categorical = {"y"}};
  EXPECT_EQ(labels(classes({"01", "1", "nil"}), csv("y\n01\n1\nnil\n", words)), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_ERROR(labels(classes({"01", "nil"}), csv("y\n1\n", words)), "value", "label '1' is not one of the classes");
}

TEST(Labels, NumbersAgainstMixedClassesByValue) {
  EXPECT_EQ(labels(classes({"1", "2", "unknown"}), csv("y\n2\n1\n")), (std::vector<std::size_t>{1, 0}));
}

TEST(Labels, UnknownLabelsAreNamedWithTheirPlace) {
  EXPECT_ERROR(labels(classes({"cat", "dog"}), csv("x,y\n1,cat\n2,lion\n")), "value",
               "test.csv:3:2 (column 'y'): label 'lion' is not one of the classes that the model knows: cat, dog");
  EXPECT_ERROR(labels(classes({"0", "1"}), csv("x,y\n1,1\n2,3\n")), "value",
               "test.csv:3:2 (column 'y'): label '3' is not one of the classes that the model knows: 0, 1");
  EXPECT_ERROR(labels(classes({"cat", "dog"}), csv("x,y\n1,0\n")), "value", "label '0' is not one of the classes");
  EXPECT_ERROR(labels(classes({"cat", "dog"}), csv("x,y\n1,cat\n2,\n")), "value",
               "test.csv:3:2 (column 'y'): the label is missing");
  const ReadingOptions numeric{.numeric = {"y"}};
  EXPECT_ERROR(labels(classes({"0", "1"}), csv("x,y\n1,1\n2,\n", numeric)), "value",
               "test.csv:3:2: the cell of column 'y' is empty");
  EXPECT_ERROR(labels(classes({"0", "1"}), csv("x,y\n1,1\n2,lion\n", numeric)), "value",
               "test.csv:3:2: expected a number in column 'y', found 'lion'");
  EXPECT_ERROR(labels(classes({"0", "1"}), csv("x,y\n1,1\n2,lion\n")), "value",
               "test.csv:3:2 (column 'y'): label 'lion' is not one of the classes that the model knows: 0, 1");
  EXPECT_ERROR(labels(classes({"0", "1"}), csv("x,y\n1,1\n2,inf\n")), "value", "test.csv:3:2");
}

TEST(Encode, OneOutputForEachClass) {
  const Table table = csv("y\ndog\ncat\nowl\n");
  EXPECT_EQ(encoded<float>(classes({"cat", "dog", "owl"}), table, 0, 3), (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(encoded<double>(classes({"cat", "dog", "owl"}), table, 2, 3), (std::vector<double>{0, 0, 1}));
}

TEST(Encode, BinaryIsOneNumberOrTwo) {
  const Table table = csv("y\nbenign\nmalignant\n");
  const Target target = classes({"malignant", "benign"}, Task::binary);
  EXPECT_EQ(encoded<float>(target, table, 0, 1), (std::vector<float>{1}));
  EXPECT_EQ(encoded<float>(target, table, 1, 1), (std::vector<float>{0}));
  EXPECT_EQ(encoded<float>(target, table, 0, 2), (std::vector<float>{0, 1}));  // softmax
}

TEST(Encode, SeveralYesNoQuestions) {
  Target target = classes({"0", "1"}, Task::binary);
  target.names = {"a", "b", "c"};
  const Table table = csv("c,b,a\n1,0,0\n0,1,1\n");
  EXPECT_EQ(encoded<float>(target, table, 0, 3), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(encoded<float>(target, table, 1, 3), (std::vector<float>{1, 1, 0}));
  Table array;
  array.add_numbers("y", {2}, std::vector<double>{0, 1, 1, 2});
  const Target one = classes({"0", "1"}, Task::binary);
  EXPECT_EQ(encoded<double>(one, array, 0, 2), (std::vector<double>{0, 1}));
  EXPECT_ERROR(encoded<double>(one, array, 1, 2), "value",
               "example 1 (counted from 0), number 1: label '2' is not one of the classes");
}

TEST(Encode, RegressionScalesInFloat64) {
  Target target{.names = {"a", "b"}, .task = Task::regression, .classes = {}, .offset = {}, .divisor = {}};
  const Table table = csv("a,b\n16777217,0.3\n");
  EXPECT_EQ(encoded<double>(target, table, 0, 2), (std::vector<double>{16777217, 0.3}));
  target.offset = {16777216, 0.1};
  target.divisor = {2, 3};
  EXPECT_EQ(encoded<float>(target, table, 0, 2), (std::vector<float>{0.5F, static_cast<float>((0.3 - 0.1) / 3)}));
  EXPECT_ERROR(encoded<float>(target, table, 0, 3), "shape",
               "test.csv: the target has 2 numbers an example; the network has 3 outputs");
  EXPECT_ERROR(encoded<float>(target, table, 0, 1), "shape",
               "test.csv: the target has 2 numbers an example; the network has 1 output");
}

}  // namespace
}  // namespace strata
