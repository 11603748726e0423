// Weights of rows and classes through a whole training: the features, the network and the record.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "model/support.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"
#include "support/weights.hpp"

namespace strata::testing {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Rows of a number that may be missing, another one, a word, a class, a number to predict, and a weight.
struct Data {
  std::vector<double> x, z, y, w;
  std::vector<std::string> word, label;

  void add(int i, double weight) {
    static const std::vector<std::string> words{"red", "green", "blue", "", "grey"};
    x.push_back(i % 7 == 3 ? kNaN : std::sin(i * 1.3) * 5);
    z.push_back(i * i % 11);
    y.push_back(std::cos(i * 0.7) * 20 + i % 3);
    word.push_back(words[static_cast<std::size_t>(i * i + i / 2) % words.size()]);
    label.emplace_back(i % 5 == 0 ? "rare" : i % 2 == 0 ? "even" : "odd");
    w.push_back(weight);
  }
  [[nodiscard]] Table table(const std::string& target, bool with_weights) const {
    Table table;
    if (with_weights) table.add_numbers("w", {}, w);
    table.add_numbers("x", {}, x);
    table.add_numbers("z", {}, z);
    table.add_text("word", word);
    if (target == "label") table.add_text("label", label);
    if (target == "y") table.add_numbers("y", {}, y);
    return table;
  }
};

int weight_of(int i) { return 1 + (i * 5 + i / 4) % 3; }

Options plain() {
  Options options;
  options.hidden_layers = {5};
  options.activation = {Activation::tanh};
  options.precision = Precision::float64;
  options.batch_size = 0;
  options.epochs = 30;
  options.validation = "none";
  options.one_hot_limit = 3;
  return options;
}

void expect_near(const Model& a, const Model& b) {
  const auto of_a = weights_of(a), of_b = weights_of(b);
  ASSERT_EQ(of_a.size(), of_b.size());
  for (std::size_t l = 0; l < of_a.size(); ++l) {
    ASSERT_EQ(of_a[l].size(), of_b[l].size());
    for (std::size_t i = 0; i < of_a[l].size(); ++i)
      EXPECT_NEAR(of_a[l][i], of_b[l][i], 1e-12 * (1 + std::abs(of_b[l][i])));
  }
}

TEST(RowWeights, TheRowTwiceIsTheSameTraining) {
  Data once, often;
  for (int i = 0; i < 60; ++i) {
    once.add(i, weight_of(i));
    for (int k = 0; k < weight_of(i); ++k) often.add(i, 1);
  }
  for (const std::string target : {"y", "label"}) {
    for (const ScaleKind scale : {ScaleKind::standard, ScaleKind::robust, ScaleKind::quantile}) {
      for (const ClassWeights& classes :
           {ClassWeights(), ClassWeights{.balanced = true}, ClassWeights{.each = {{"rare", 2.5}}}}) {
        if (target == "y" && classes != ClassWeights()) continue;
        Options options = plain();
        options.target = {target};
        options.scale = scale;
        options.class_weights = classes;
        options.l2 = 0.5;
        const Fit twice = train(often.table(target, false), options);
        options.weight_column = "w";
        const Fit weighted = train(once.table(target, true), options);
        EXPECT_EQ(weighted.model.features().inputs.size(), 3U) << "the weight is no input";
        expect_near(weighted.model, twice.model);
        const Features &a = weighted.model.features(), &b = twice.model.features();
        for (std::size_t k = 0; k < b.target.offset.size(); ++k) {
          EXPECT_NEAR(a.target.offset[k], b.target.offset[k], 1e-12);
          EXPECT_NEAR(a.target.divisor[k], b.target.divisor[k], 1e-12);
        }
        options.weight_column.clear();
        options.class_weights = {};
        EXPECT_NE(weights_of(train(once.table(target, false), options).model), weights_of(weighted.model));
      }
    }
  }
}

// Dropout, the split and the batches are drawn by the numbers that rows have without them.
TEST(RowWeights, RowsOfWeight0AreAsIfTheyWereNotThere) {
  Data with, without;
  for (int i = 0; i < 240; ++i) {
    const bool counts = i % 4 != 1;
    with.add(i, counts ? 0.5 + i % 3 : 0);
    if (counts) without.add(i, 0.5 + i % 3);
  }
  for (const std::string target : {"y", "label"}) {
    Options options = plain();
    options.target = {target};
    options.weight_column = "w";
    options.batch_size = 16;
    options.epochs = 4;
    options.dropout = {0.3};
    options.validation = "0.25";
    options.scale = ScaleKind::quantile;
    const Model a = train(with.table(target, true), options).model,
                b = train(without.table(target, true), options).model;
    EXPECT_EQ(weights_of(a), weights_of(b));
    EXPECT_EQ(a.features().scaling, b.features().scaling);
    EXPECT_EQ(a.features().inputs, b.features().inputs);
    EXPECT_EQ(a.record().weight_0, 60U);
    EXPECT_EQ(b.record().weight_0, 0U);
    EXPECT_EQ(a.record().rows, b.record().rows);
    for (const int threads : {1, 2, 3, 8}) {
      options.threads = threads;
      EXPECT_EQ(weights_of(train(with.table(target, true), options).model), weights_of(a)) << threads << " threads";
    }
  }
}

// A weight of 1 everywhere is the training without weights, bit by bit.
TEST(RowWeights, OneForAllChangesNothing) {
  Data data;
  for (int i = 0; i < 230; ++i) data.add(i, 1);
  Options options = plain();
  options.validation = "";
  options.epochs.reset();
  options.iterations = 50;
  options.batch_size = 32;
  options.target = {"label"};
  const Model without = train(data.table("label", false), options).model;
  options.weight_column = "w";
  const Model with = train(data.table("label", true), options).model;
  EXPECT_EQ(weights_of(with), weights_of(without));
  EXPECT_EQ(with.features().scaling, without.features().scaling);
}

TEST(RowWeights, TheRecordNamesWhatWasAskedFor) {
  Data data;
  for (int i = 0; i < 30; ++i) data.add(i, i == 0 ? 0 : 2);
  Options options = plain();
  options.target = {"label"};
  const auto recorded = [&](const std::string& option) -> std::string {
    const Model model = train(data.table("label", true), options).model;
    for (const auto& [name, value] : model.record().options)
      if (name == option) return value;
    return "not there";
  };
  EXPECT_EQ(recorded("weight-column"), "not there");
  EXPECT_EQ(recorded("class-weights"), "not there");
  options.weight_column = "w";
  options.class_weights.each = {{"rare", 2.5}, {"odd", 1}};
  EXPECT_EQ(recorded("weight-column"), "w");
  EXPECT_EQ(recorded("class-weights"), "rare:2.5,odd:1");
  const Model model = train(data.table("label", true), options).model;
  EXPECT_EQ(Model::from_bytes(model.to_bytes()).record().weight_0, 1U);
  EXPECT_EQ(plan_training(data.table("label", true), options).weight_0, 1U);
}

TEST(RowWeights, GradientsAgreeWithThem) {
  Data data;
  for (int i = 0; i < 30; ++i) data.add(i, i % 6 == 0 ? 0 : 0.25 + i % 3);
  for (const std::string target : {"y", "label"}) {
    Options options = plain();
    options.target = {target};
    options.weight_column = "w";
    options.l2 = 0.3;
    if (target == "label") options.class_weights.balanced = true;
    EXPECT_TRUE(check_gradients(data.table(target, true), options, 0).passed);
  }
}

TEST(ClassWeights, BalancedIsThatOfScikitLearn) {
  // 3 of a, 1 of b, 2 of c: m / (K m_k) = 6/9, 2, 1.
  Table table;
  std::vector<double> x, w;
  std::vector<std::string> label;
  for (const char c : {'a', 'b', 'a', 'c', 'c', 'a'}) {
    x.push_back(static_cast<double>(x.size()));
    w.push_back(c == 'b' ? 2.0 : c == 'c' ? 1.0 : 6.0 / 9);
    label.emplace_back(1, c);
  }
  table.add_numbers("x", {}, x);
  table.add_numbers("w", {}, w);
  table.add_text("label", label);
  Options options = plain();
  options.target = {"label"};
  options.inputs = {"x"};
  options.class_weights.balanced = true;
  const Model balanced = train(table, options).model;
  options.class_weights = {};
  options.weight_column = "w";
  const Model by_hand = train(table, options).model;
  expect_near(balanced, by_hand);
  options.weight_column.clear();
  EXPECT_NE(weights_of(train(table, options).model), weights_of(balanced));
}

TEST(ClassWeights, WhatDoesNotFitIsRefused) {
  Data data;
  for (int i = 0; i < 30; ++i) data.add(i, 1);
  Options options = plain();
  options.target = {"label"};
  options.class_weights.each = {{"rar", 2}};
  EXPECT_ERROR(
      train(data.table("label", true), options), "usage",
      "--class-weights rar:2: there is no class 'rar'; did you mean 'rare'?\nthe classes are: even, odd, rare");
  options.target = {"y"};
  EXPECT_ERROR(
      train(data.table("y", true), options), "usage",
      "--class-weights rar:2: a regression has no classes; --weight-column COLUMN says how much each row counts");
  Table two;
  two.add_numbers("x", {}, data.x = std::vector<double>(30, 1.5));
  two.add_numbers("a", {}, std::vector<double>(data.z.size(), 1));
  std::vector<double> zero_one;
  for (int i = 0; i < 30; ++i) zero_one.push_back(i % 2);
  two.add_numbers("b", {}, zero_one);
  options.target = {"a", "b"};
  options.task = Task::binary;
  EXPECT_ERROR(train(two, options), "usage", "needs one target with a label a row");
  options = plain();
  options.target = {"y"};
  options.weight_column = "y";
  EXPECT_ERROR(train(data.table("y", true), options), "usage",
               "--weight-column: 'y' is the target, and a column that says");
  options.weight_column = "x";
  options.inputs = {"x"};
  EXPECT_ERROR(train(data.table("y", true), options), "usage",
               "--weight-column: 'x' is an input, and a column that says");
}

}  // namespace
}  // namespace strata::testing
