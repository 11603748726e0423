// What the tests of bags share: a table, small trainings on it, and what each network of a bag must be.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "refusal.hpp"
#include "strata/trainer.hpp"
#include "train/members.hpp"

namespace strata::bags {

inline constexpr std::size_t kRows = 90;

/// y follows x and z; kind is of two classes, level of three; w is how much a row counts, group in fives.
inline Table data(const std::vector<std::size_t>& held = {}) {
  std::vector<double> x, z, y, y2, w, group, flag(kRows);
  std::vector<std::string> kind, level;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto at = static_cast<double>(i);
    x.push_back(std::sin(3 * at + 1));
    z.push_back(std::cos(at * at));
    y.push_back(x.back() - 0.5 * z.back() + 0.3 * std::sin(97 * at));
    y2.push_back(x.back() * z.back());
    w.push_back(static_cast<double>(i % 4));
    group.push_back(std::floor(at / 5));
    kind.emplace_back(y.back() > 0.2 ? "up" : "down");
    level.emplace_back(y.back() > 0.5 ? "high" : y.back() > -0.3 ? "mid" : "low");
  }
  for (const std::size_t row : held) flag[row] = 1;
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("z", {}, z);
  table.add_numbers("y", {}, y);
  table.add_numbers("y2", {}, y2);
  table.add_numbers("w", {}, w);
  table.add_numbers("group", {}, group);
  table.add_numbers("held", {}, flag);
  table.add_text("kind", kind);
  table.add_text("level", level);
  return table;
}

/// Nothing of the features depends on which rows are trained on.
inline Options asked(std::vector<std::string> target, Folds folds = {.parts = 4}) {
  Options options;
  options.target = std::move(target);
  options.inputs = {"x", "z"};
  options.scale = ScaleKind::none;
  options.scale_target = false;
  options.hidden_layers = {6, 5};
  options.batch_size = 8;
  options.epochs = 12;
  options.patience = 3;
  options.learning_rate = 0.02;
  options.folds = folds;
  options.seed = 7;
  return options;
}

/// The training that a network of a bag is.
inline Fit alone(Options options, const PartReport& fold, std::size_t network) {
  options.folds = {};
  options.group_column.clear();
  options.validation_column = "held";
  options.seed = internal::seed_of_network(options.seed, network);
  return train(data(fold.rows), options);
}

inline std::string bytes_of(const Model& model) {
  const std::vector<std::byte> bytes = model.to_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void expect_network(const Model& bag, std::size_t network, const Model& single) {
  for (int l = 1; l <= single.architecture().depth(); ++l) {
    EXPECT_EQ(bag.weights(l, network), single.weights(l));
    EXPECT_EQ(bag.biases(l, network), single.biases(l));
  }
}

inline void expect_same(const Metrics& a, const Metrics& b) {
  EXPECT_EQ(a.examples, b.examples);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.correct, b.correct);
  EXPECT_EQ(a.rmse, b.rmse);
  EXPECT_TRUE(a.roc_auc == b.roc_auc || (std::isnan(a.roc_auc) && std::isnan(b.roc_auc)));
}

/// Of everything that a training of a bag gives but the time.
inline void expect_same(const Fit& a, const Fit& b) {
  EXPECT_EQ(bytes_of(a.model), bytes_of(b.model));
  EXPECT_EQ(a.ending, b.ending);
  EXPECT_EQ(a.explanation, b.explanation);
  EXPECT_EQ(a.iterations, b.iterations);
  EXPECT_EQ(a.folds, b.folds);
  ASSERT_EQ(a.parts.size(), b.parts.size());
  for (std::size_t f = 0; f < a.parts.size(); ++f) {
    const PartReport &one = a.parts[f], &other = b.parts[f];
    EXPECT_EQ(one.part, other.part);
    EXPECT_EQ(one.rows, other.rows);
    EXPECT_EQ(one.train_rows, other.train_rows);
    EXPECT_EQ(one.ending, other.ending);
    EXPECT_EQ(std::pair(one.epochs, one.epochs_tried), std::pair(other.epochs, other.epochs_tried));
    expect_same(one.metrics, other.metrics);
  }
  ASSERT_TRUE(a.out_of_fold && b.out_of_fold);
  EXPECT_EQ(a.out_of_fold->rows, b.out_of_fold->rows);
  EXPECT_EQ(a.out_of_fold->targets, b.out_of_fold->targets);
  EXPECT_EQ(a.out_of_fold->predictions.values, b.out_of_fold->predictions.values);
  EXPECT_EQ(a.out_of_fold->predictions.label, b.out_of_fold->predictions.label);
}

/// All that is warned of, or noted.
inline Callbacks telling(std::string& warnings, std::string* notes = nullptr) {
  Callbacks callbacks;
  callbacks.warning = [&](std::string_view text) { warnings += std::string(text) + "\n"; };
  if (notes != nullptr) callbacks.note = [notes](std::string_view text) { *notes += std::string(text) + "\n"; };
  return callbacks;
}

inline std::string warnings_of(const Table& table, const Options& options) {
  std::string all;
  static_cast<void>(train(table, options, telling(all)));
  return all;
}

}  // namespace strata::bags
