// Training from a converted file: the very same bits as from the original.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/data_test.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"
#include "support/weights.hpp"

namespace strata {
namespace {

using testing::weights_of;

using namespace testing;
using Convert = InFolder;

Options options_of(std::int64_t batch_size, Precision precision) {
  Options options;
  options.hidden_layers = {7, 5};
  options.batch_size = batch_size;
  options.precision = precision;
  options.epochs = 4;
  options.validation = "0.25";
  options.threads = 1;
  return options;
}

/// Trains on `original` and, with the name that the target has there, on `cache`.
template <class Change>
void expect_same_training(const std::string& original, const std::string& cache, const Change& change,
                          const std::vector<std::string>& cached_target) {
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    for (const std::int64_t batch_size : {0, 1, 8, 1000}) {
      SCOPED_TRACE(original + ", batches of " + std::to_string(batch_size));
      Options options = options_of(batch_size, precision);
      change(options);
      std::vector<double> costs, validations;
      Callbacks callbacks;
      callbacks.cost = [&](const CostReport& report) { costs.push_back(report.cost); };
      callbacks.epoch = [&](const EpochReport& report) {
        if (report.validation) validations.push_back(report.validation->loss);
      };
      const Fit expected = train(original, options, callbacks);
      const auto expected_costs = std::exchange(costs, {}), expected_validations = std::exchange(validations, {});
      EXPECT_FALSE(expected_costs.empty());
      options.target = cached_target;
      const Fit fit = train(cache, options, callbacks);
      EXPECT_EQ(weights_of(fit.model), weights_of(expected.model));
      EXPECT_EQ(costs, expected_costs);
      EXPECT_EQ(validations, expected_validations);
      EXPECT_EQ(fit.model.record().train.loss, expected.model.record().train.loss);
      EXPECT_EQ(fit.model.record().cost, expected.model.record().cost);
      ASSERT_TRUE(fit.model.record().validation && expected.model.record().validation);
      EXPECT_EQ(fit.model.record().validation->loss, expected.model.record().validation->loss);
      EXPECT_EQ(fit.model.scaling().offset, expected.model.scaling().offset);
      EXPECT_EQ(fit.model.scaling().divisor, expected.model.scaling().divisor);
      EXPECT_EQ(fit.model.target().classes, expected.model.target().classes);
    }
  }
}

std::string csv() {
  std::string text = "a,b,skipped,word,y\n";
  for (int i = 0; i < 61; ++i) {
    text += std::to_string(0.37 * (i % 11)) + "," + std::to_string(i * i % 17) + "," +
            (i == 3   ? "gone"
             : i == 4 ? ""
                      : std::to_string(i)) +
            "," +
            (i % 3 == 0   ? "red"
             : i % 3 == 1 ? "green"
                          : "blue") +
            "," + std::to_string(0.01 * i - 3) + "\n";
  }
  return text;
}

TEST_F(Convert, CsvClasses) {
  write_file("t.csv", csv());
  const Conversion made = convert("t.csv", "t.sdata", {});
  EXPECT_EQ(made.rows, 61U);
  EXPECT_EQ(made.fields.size(), 5U);
  EXPECT_EQ(made.bytes, std::filesystem::file_size("t.sdata"));
  EXPECT_TRUE(made.notes.empty());
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_EQ(
      made.warnings[0],
      "t.csv:5:3 (column 'skipped'): the cell is 'gone'; it and others like it in column 'skipped' stay wrong cells");
  const auto change = [](Options& options) {
    options.inputs = {"b", "a"};
    options.target = {"word"};
  };
  expect_same_training("t.csv", "t.sdata", change, {"word"});
}

TEST_F(Convert, CsvRegression) {
  write_file("t.csv", csv());
  Options chosen;
  chosen.inputs = {"a", "b"};
  chosen.target = {"y"};
  EXPECT_EQ(convert("t.csv", "t.sdata", chosen).fields.size(), 3U);
  for (const bool scaled : {false, true}) {
    const auto change = [&](Options& options) {
      options.inputs = {"a", "b"};
      options.target = {"y"};
      options.scale_target = scaled;
    };
    expect_same_training("t.csv", "t.sdata", change, {"y"});
  }
}

TEST_F(Convert, PicturesWithLabelsInAFileOfTheirOwn) {
  std::string images("\0\0\x08\x03\0\0\0\x32\0\0\0\x03\0\0\0\x04", 16), labels("\0\0\x08\x01\0\0\0\x32", 8);
  for (int i = 0; i < 50; ++i) {
    for (int k = 0; k < 12; ++k) images += static_cast<char>((i * 37 + k * k * 11) % 256);
    labels += static_cast<char>(i * 7 % 4);
  }
  write_file("images.idx", images);
  write_file("labels.idx", labels);
  Options with_labels;
  with_labels.target = {"labels.idx"};
  static_cast<void>(convert("images.idx", "t.sdata", with_labels));
  static_cast<void>(convert("images.idx", "images.sdata", {}));  // the labels stay in their file
  for (const ScaleKind scale : {ScaleKind::automatic, ScaleKind::none, ScaleKind::standard}) {
    const auto change = [&](Options& options) {
      options.target = {"labels.idx"};
      options.scale = scale;
    };
    expect_same_training("images.idx", "t.sdata", change, {"target"});
    expect_same_training("images.idx", "images.sdata", change, {"labels.idx"});
  }
}

TEST_F(Convert, PredictsAndEvaluatesAlike) {
  write_file("t.csv", csv());
  static_cast<void>(convert("t.csv", "t.sdata", {}));
  Options options = options_of(8, Precision::float32);
  options.inputs = {"a", "b"};
  options.target = {"word"};
  const Fit fit = train("t.csv", options);
  EXPECT_EQ(fit.model.predict(read_table("t.sdata")).values, fit.model.predict(read_table("t.csv")).values);
  EXPECT_EQ(fit.model.evaluate(read_table("t.sdata")).loss, fit.model.evaluate(read_table("t.csv")).loss);
}

TEST_F(Convert, RefusesToOverwrite) {
  write_file("t.csv", "a,b\n1,2\n3,4\n");
  write_file("other", "precious");
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return convert("t.csv", "other", {}); }),
            "'other' is there and is no data cache, so it is not overwritten; choose another name, or remove it");
  EXPECT_EQ(read_file("other"), "precious");
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return convert("t.csv", "t.csv", {}); }),
            "'t.csv' is the data itself; give the new file another name");
  static_cast<void>(convert("t.csv", "t.sdata", {}));
  write_file("t.csv", "a,b\n5,6\n");
  EXPECT_EQ(convert("t.csv", "t.sdata", {}).rows, 1U);
  EXPECT_EQ(read_table("t.sdata").rows(), 1U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator("."), std::filesystem::directory_iterator()), 3);
}

}  // namespace
}  // namespace strata
