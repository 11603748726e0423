// Which recipe a table gets where nobody says how to train.
#include "train/default_recipe.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/option_values.hpp"
#include "strata/options.hpp"
#include "strata/trainer.hpp"
#include "train/defaults.hpp"

namespace strata::internal {
namespace {

Options decided(std::size_t rows, const TypedOptions& typed, std::size_t inputs = 10) {
  Options options;
  for (const auto& [name, value] : typed) set_option(options, name, value);
  validate(options);
  decide_defaults({.columns = true, .rows = rows, .inputs = inputs}, options);
  return options;
}

bool is_realmlp(const Options& options) { return options.parametrization == Parametrization::ntp; }

TEST(DefaultRecipe, BySizeAndClasses) {
  const auto of = [](std::size_t rows, std::size_t inputs, bool two_classes = false) {
    return default_recipe({.columns = true, .rows = rows, .inputs = inputs, .two_classes = two_classes});
  };
  const auto realmlp = [](int members, std::int64_t epochs) {
    return DefaultRecipe{.is_realmlp = true, .in_pieces = true, .members = members, .epochs = epochs};
  };
  EXPECT_EQ(of(200, 10), (DefaultRecipe{.is_realmlp = true, .members = 4, .epochs = 256}));
  EXPECT_EQ(of(1'999, 10), (DefaultRecipe{.is_realmlp = true, .members = 4, .epochs = 150}));
  EXPECT_EQ(of(200, 10, true), (DefaultRecipe{.members = 4}));
  EXPECT_EQ(of(1'999, 10, true), (DefaultRecipe{.members = 4}));
  EXPECT_EQ(of(2'000, 10, true), realmlp(4, 150));
  EXPECT_EQ(of(5'000, 10), realmlp(4, 64));
  EXPECT_EQ(of(20'640, 8), realmlp(4, 64)) << "california";
  EXPECT_EQ(of(32'561, 14, true), realmlp(4, 64)) << "adult";
  // More work than anybody would wait for: fewer networks, then fewer epochs, then a small network.
  EXPECT_EQ(of(100'000, 10), realmlp(2, 64));
  EXPECT_EQ(of(200'000, 10), realmlp(1, 64));
  EXPECT_EQ(of(500'000, 10), realmlp(1, 16));
  EXPECT_EQ(of(2'000'000, 10), DefaultRecipe());
  EXPECT_EQ(of(300, 10'000), DefaultRecipe()) << "more weights than rows could tell";
}

// Which rows, figures, numbers and seed there are belongs to every recipe; all else of the network and its training is
// the user's, who then gets what is chosen for it.
TEST(DefaultRecipe, WhatLeavesItOpen) {
  for (const auto& typed : {TypedOptions{},
                            {{"seed", "2"}},
                            {{"members", "2"}},
                            {{"precision", "bf16"}},
                            {{"monitor", "accuracy"}},
                            {{"metrics", "mcc"}},
                            {{"patience", "9"}},
                            {{"min-delta", "0.1"}},
                            {{"validation", "0.3"}},
                            {{"validation", "none"}},
                            {{"validation-column", "part"}},
                            {{"folds", "4"}},
                            {{"threads", "1"}},
                            {{"time-limit", "5s"}},
                            {{"scale", "standard"}},
                            {{"numeric-embedding", "none"}},
                            {{"one-hot-limit", "3"}}})
    EXPECT_TRUE(is_realmlp(decided(20'000, typed))) << (typed.empty() ? "" : typed.front().first);
  // Also what is the default, once it is typed.
  for (const auto& typed : {TypedOptions{{"hidden-layers", "auto"}},
                            {{"hidden-layers", "8"}},
                            {{"optimizer", "adam"}},
                            {{"epochs", "5"}},
                            {{"patience", "none"}},
                            {{"batch-size", "32"}},
                            {{"loss", "huber"}},
                            {{"dropout", "0"}},
                            {{"learning-rate", "0.1"}}})
    EXPECT_FALSE(is_realmlp(decided(20'000, typed))) << typed.front().first;
  Options by_member;
  by_member.batch_size = 64;
  EXPECT_FALSE(leaves_recipe_open(by_member));
  Options arrays;
  decide_defaults({.rows = 20'000, .inputs = 10}, arrays);
  EXPECT_FALSE(is_realmlp(arrays));
  EXPECT_EQ(arrays.members, 1);
}

TEST(DefaultRecipe, WhatIsTypedOverridesIt) {
  const Options all = decided(20'000, {});
  EXPECT_EQ(all.validation, "0.2");
  EXPECT_EQ(all.numeric_embedding, NumericEmbedding::piecewise);
  EXPECT_EQ(all.scale, ScaleKind::robust);
  EXPECT_EQ(all.epochs, default_recipe({.columns = true, .rows = 20'000, .inputs = 10}).epochs);
  EXPECT_EQ(all.members, default_recipe({.columns = true, .rows = 20'000, .inputs = 10}).members);
  EXPECT_EQ(decided(20'000, {{"members", "1"}}).members, 1);
  EXPECT_EQ(decided(5'000, {{"members", "1"}}).members, 1);
  EXPECT_EQ(decided(5'000, {}).members, 4);
  EXPECT_EQ(decided(20'000, {{"folds", "8"}}).members, 4);
  EXPECT_EQ(decided(20'000, {{"folds", "10"}}).members, 3);
  EXPECT_EQ(decided(20'000, {{"folds", "5x7"}}).members, 1);
  EXPECT_EQ(decided(400, {{"folds", "auto"}}).members, 1);
  EXPECT_EQ(decided(20'000, {{"folds", "4"}, {"members", "2"}}).members, 2);
  EXPECT_EQ(decided(20'000, {{"scale", "standard"}}).scale, ScaleKind::standard);
  EXPECT_EQ(decided(20'000, {{"scale", "auto"}}).scale, ScaleKind::quantile) << "as it is for tables";
  EXPECT_EQ(decided(20'000, {{"numeric-embedding", "none"}}).numeric_embedding, NumericEmbedding::none);
  EXPECT_EQ(decided(20'000, {{"numeric-embedding", "pbld"}}).numeric_embedding, NumericEmbedding::pbld);
  EXPECT_EQ(decided(20'000, {{"one-hot-limit", "3"}}).one_hot_limit, 3);
  EXPECT_EQ(decided(20'000, {{"monitor", "accuracy"}}).monitor, Metric::accuracy);
  EXPECT_EQ(decided(20'000, {}).monitor, Metric::log_loss);
  Options numbers;
  decide_defaults({.columns = true, .rows = 20'000, .inputs = 10, .numbers = true}, numbers);
  EXPECT_EQ(numbers.monitor, std::nullopt) << "by the loss, once that is known";
  EXPECT_EQ(decided(20'000, {{"validation", "0.3"}}).validation, "0.3");
  EXPECT_EQ(decided(20'000, {{"patience", "9"}}).patience, 9);
  EXPECT_EQ(decided(20'000, {}).patience, 256);
  EXPECT_EQ(decided(5'000, {{"validation", "0.3"}}).hidden_layers, decided(5'000, {}).hidden_layers);
}

// Nothing is held back: the same network to the last epoch.
TEST(DefaultRecipe, OnAllRows) {
  for (const std::size_t rows : {300, 5'000, 20'000}) {
    Options on_all = decided(rows, {{"validation", "none"}}), held = decided(rows, {});
    EXPECT_EQ(on_all.patience, std::nullopt) << rows;
    EXPECT_EQ(on_all.validation, kNoValidation);
    on_all.validation = held.validation, on_all.patience = held.patience, on_all.monitor = held.monitor;
    on_all.named.clear(), on_all.inherited.clear(), held.inherited.clear();
    EXPECT_EQ(on_all, held) << rows;
  }
}

// Weights of one's own are those of one network.
TEST(DefaultRecipe, OwnWeightsAreOneNetwork) {
  std::vector<double> x;
  for (int i = 0; i < 240; ++i) x.push_back(i % 12);
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, x);
  Options options;
  options.target = {"y"};
  options.task = Task::regression;
  options.patience = 1;
  const std::vector<Layer> own = {
      {Matrix(64, 1), Matrix(64, 1)}, {Matrix(64, 64), Matrix(64, 1)}, {Matrix(1, 64), Matrix(1, 1)}};
  EXPECT_EQ(train(std::move(table), options, {}, own).model.networks(), 1U);
}

TEST(DefaultRecipe, ALimitOfTimeIsTheLengthThen) {
  const Options limited = decided(20'000, {{"time-limit", "5s"}});
  EXPECT_EQ(limited.time_limit, 5);
  EXPECT_EQ(limited.epochs, 64) << "the most that it may be";
}

}  // namespace
}  // namespace strata::internal
