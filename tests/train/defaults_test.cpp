// What is decided where nobody says: by the rows, the optimizer, and what is given beside it.
#include "train/defaults.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "config/names.hpp"
#include "strata/options.hpp"

namespace strata::internal {
namespace {

enum class Data { columns, arrays, pixels };

Options decided(Data data, std::size_t rows, const std::function<void(Options&)>& ask = [](Options&) {}) {
  Options options;
  ask(options);
  decide_defaults({data == Data::columns, data == Data::pixels, rows, 10}, options);
  return options;
}

// Something is said of the training, so that the recipe is not open (see default_recipe_test.cpp).
void keep_plain(Options& options) { set_option(options, "beta1", "0.9"); }

const Schedule kCosine{Schedule::Kind::cosine};
const Schedule kStep{Schedule::Kind::step};

TEST(Defaults, ANetByTheRows) {
  for (const std::size_t rows : {200, 1999, 2000, 100'000}) {
    const Options options = decided(Data::columns, rows, keep_plain);
    EXPECT_EQ(options.hidden_layers, rows < 2000 ? (std::vector{64, 64}) : (std::vector{128, 128})) << rows;
    EXPECT_EQ(options.weight_decay, PerKind{rows < 2000 ? 0.5 : 0.1}) << rows;
    EXPECT_EQ(options.dropout, std::vector{0.1}) << rows;
  }
  const Options few = decided(Data::columns, 199);
  EXPECT_EQ(few.hidden_layers, (std::vector{64, 32}));
  EXPECT_FALSE(few.weight_decay || few.schedule || few.epochs || few.patience);
  const Options own = decided(Data::columns, 5000, [](Options& o) { o.hidden_layers = {7}; });
  EXPECT_TRUE(own.dropout.empty() && !own.weight_decay);
  EXPECT_EQ(own.schedule, kCosine);
}

// As many epochs as pass 500,000 rows, where the rate ends at 0.
TEST(Defaults, ALengthByTheRows) {
  const auto epochs = [](std::size_t rows) { return decided(Data::columns, rows, keep_plain).epochs.value_or(0); };
  EXPECT_EQ(epochs(200), 30);
  EXPECT_EQ(epochs(16'666), 30);
  EXPECT_EQ(epochs(16'667), 29);
  EXPECT_EQ(epochs(20'000), 25);
  EXPECT_EQ(epochs(50'000), 10);
  EXPECT_EQ(epochs(1'000'000), 10);
  const auto asked = [](const std::function<void(Options&)>& ask) { return decided(Data::arrays, 20'000, ask).epochs; };
  EXPECT_EQ(asked([](Options&) {}), std::nullopt);
  EXPECT_EQ(asked([](Options& o) { o.schedule = kCosine; }), 25);
  EXPECT_EQ(asked([](Options& o) { o.schedule = Schedule{Schedule::Kind::one_cycle}; }), 25);
  EXPECT_EQ(asked([](Options& o) { o.schedule = kStep; }), std::nullopt);
  EXPECT_EQ(asked([](Options& o) { o.schedule = kCosine, o.epochs = 7; }), 7);
  EXPECT_EQ(asked([](Options& o) { o.schedule = kCosine, o.iterations = 7; }), std::nullopt);
  EXPECT_EQ(asked([](Options& o) { o.schedule = kCosine, o.time_limit = 7; }), 25) << "the most that it may be";
}

// The rate and its schedule are decided together, for Adam, where neither is given.
TEST(Defaults, ARateThatFalls) {
  const auto with = [](const std::function<void(Options&)>& ask) {
    return decided(Data::columns, 5000, [&](Options& o) { keep_plain(o), ask(o); });
  };
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::adamw}) {
    const Options options = with([=](Options& o) { o.optimizer = kind; });
    EXPECT_EQ(options.schedule, kCosine);
    EXPECT_EQ(options.learning_rate, 0.005);
    EXPECT_EQ(options.patience, 10);
    EXPECT_EQ(options.validation, "0.2");
  }
  const auto expect_usual = [](const Options& options, double rate) {
    EXPECT_EQ(options.schedule, std::nullopt);
    EXPECT_EQ(options.learning_rate, rate);
    EXPECT_EQ(options.epochs, std::nullopt);
    EXPECT_NE(options.patience, 10);
  };
  expect_usual(with([](Options& o) { o.learning_rate = 0.002; }), 0.002);
  expect_usual(with([](Options& o) { o.schedule = Schedule(); }), 0.001);
  expect_usual(with([](Options& o) { o.optimizer = OptimizerKind::momentum; }), 0.01);
  expect_usual(with([](Options& o) { o.validation = "0.3"; }), 0.001);
  expect_usual(decided(Data::arrays, 5000), 0.001);
  const Options ntp = with([](Options& o) { o.parametrization = Parametrization::ntp; });
  EXPECT_FALSE(ntp.schedule || ntp.learning_rate) << "by the task, which is decided later";
  EXPECT_EQ(ntp.patience, 20);
  EXPECT_EQ(with([](Options& o) { o.schedule = kStep; }).schedule, kStep);
  EXPECT_EQ(with([](Options& o) { o.schedule = kStep; }).learning_rate, 0.001);
}

TEST(Defaults, AScaleByTheData) {
  const auto scale = [](Data data, ScaleKind asked) {
    return decided(data, 5000, [=](Options& o) { keep_plain(o), o.scale = asked; }).scale;
  };
  EXPECT_EQ(scale(Data::columns, ScaleKind::automatic), ScaleKind::quantile);
  EXPECT_EQ(scale(Data::arrays, ScaleKind::automatic), ScaleKind::standard);
  EXPECT_EQ(scale(Data::pixels, ScaleKind::automatic), ScaleKind::divide_255);
  EXPECT_EQ(scale(Data::columns, ScaleKind::automatic_quantile), ScaleKind::quantile);
  EXPECT_EQ(scale(Data::arrays, ScaleKind::automatic_quantile), ScaleKind::quantile);
  EXPECT_EQ(scale(Data::pixels, ScaleKind::automatic_quantile), ScaleKind::divide_255);
  EXPECT_EQ(scale(Data::pixels, ScaleKind::quantile), ScaleKind::quantile);
}

// The recipe is the training of a table of many rows, on all of them.
TEST(Defaults, TheRecipeIsTheDefault) {
  const auto plain = [](Options& o) { apply_recipe(o, "plain"); };
  for (const std::size_t rows : {5000, 40'000}) {
    Options recipe = decided(Data::columns, rows, plain);
    EXPECT_EQ(recipe.validation, kNoValidation);
    EXPECT_EQ(recipe.patience, std::nullopt);
    recipe.validation = "0.2", recipe.patience = 10, recipe.inherited.clear(), recipe.named = {"beta1"};
    EXPECT_EQ(recipe, decided(Data::columns, rows, keep_plain));
  }
  EXPECT_EQ(decided(Data::pixels, 60'000, plain).scale, ScaleKind::divide_255);
  EXPECT_EQ(decided(Data::pixels, 60'000, plain).epochs, 10);
}

// What a recipe set gives way to what is typed beside it.
TEST(Defaults, ARecipeIsTheSameOnAllRowsWithoutValidation) {
  Options asked;
  apply_recipe(asked, "realmlp");
  EXPECT_EQ(same_on_all_rows(asked, {.columns = true, .rows = 5000, .inputs = 10}), "--validation none");
  Options all;
  apply_recipe(all, "realmlp", {{"validation", "none"}});
  EXPECT_NO_THROW(validate(all));
  all.inherited = asked.inherited, all.named.clear();
  asked.validation = "none", asked.patience.reset(), asked.monitor = Metric::loss;
  EXPECT_EQ(all, asked);
  // What is typed does not give way, whatever it is.
  Options typed;
  apply_recipe(typed, "realmlp", {{"patience", "256"}});
  EXPECT_EQ(same_on_all_rows(typed, {.columns = true, .rows = 5000, .inputs = 10}),
            "--validation none without --patience");
  Options later;
  apply_recipe(later, "realmlp");
  set_option(later, "monitor", "task");
  EXPECT_EQ(same_on_all_rows(later, {.columns = true, .rows = 5000, .inputs = 10}),
            "--validation none without --monitor");
}

// What the note of the rows held back names: typed beside what was asked for, it leaves the network, the scale, the
// rate and the length as they were.
TEST(Defaults, WhatIsTheSameOnAllRows) {
  struct Case {
    std::size_t rows;
    TypedOptions asked;
    std::string expected;
  };
  const Case cases[] = {
      {5000, {}, "--validation none"},
      {20'000,
       {{"monitor", "accuracy"}},
       "--recipe realmlp --validation none --numeric-embedding piecewise --label-smoothing 0.1 --members 4 --epochs 64 "
       "without --monitor"},
      {5000, {{"beta1", "0.8"}}, "--recipe plain"},
      {1999, {{"beta1", "0.8"}}, "--recipe plain --hidden-layers 64,64 --weight-decay 0.5"},
      {1999, {{"hidden-layers", "64,64"}}, "--recipe plain --dropout auto --weight-decay auto"},
      {1999, {{"weight-decay", "0.2"}}, "--recipe plain --hidden-layers 64,64"},
      {5000, {{"scale", "robust"}, {"batch-size", "8"}, {"l2", "0.5"}}, "--recipe plain --weight-decay auto"},
      {5000, {{"learning-rate", "0.002"}}, "--recipe plain --schedule auto"},
      {5000, {{"optimizer", "momentum"}}, "--recipe plain --learning-rate 0.01 --schedule auto"},
      {5000, {{"patience", "7"}}, "--validation none without --patience"},
      {300, {{"monitor", "rmse"}, {"min-delta", "0.1"}}, "--validation none without --monitor, --min-delta"},
      {5000, {{"time-limit", "5s"}}, "--validation none"},
      {5000,
       {{"monitor", "accuracy"}, {"label-smoothing", "auto"}, {"patience", "9"}},
       "--recipe plain --label-smoothing 0.1 without --patience, --monitor"},
  };
  for (const Case& each : cases) {
    Options asked;
    for (const auto& [name, value] : each.asked) set_option(asked, name, value);
    const std::string text = same_on_all_rows(asked, {.columns = true, .rows = each.rows, .inputs = 10});
    EXPECT_EQ(text, each.expected);
    // As the command line takes them.
    TypedOptions typed;
    const std::size_t without = text.find(" without ");
    for (const auto& [name, value] : each.asked)
      if (without == std::string::npos || text.find("--" + std::string(name), without) == std::string::npos)
        typed.emplace_back(name, value);
    const std::vector<std::string> words = split(text.substr(0, without), ' ');
    std::string recipe;
    for (std::size_t i = 0; i < words.size(); i += 2) {
      if (words[i] == "--recipe")
        recipe = words[i + 1];
      else
        typed.emplace_back(std::string_view(words[i]).substr(2), words[i + 1]);
    }
    Options all;
    if (!recipe.empty())
      apply_recipe(all, recipe, typed);
    else
      for (const auto& [name, value] : typed) set_option(all, name, value);
    validate(all);
    decide_defaults({.columns = true, .rows = each.rows, .inputs = 10}, all);
    decide_by_task(Task::classes, Loss::categorical_cross_entropy, 3, all);
    EXPECT_EQ(all.validation, kNoValidation) << text;
    Options as_asked = asked;
    decide_defaults({.columns = true, .rows = each.rows, .inputs = 10}, as_asked);
    decide_by_task(Task::classes, Loss::categorical_cross_entropy, 3, as_asked);
    EXPECT_EQ(as_asked.validation, "0.2") << text;
    all.validation = as_asked.validation, all.patience = as_asked.patience;
    all.monitor = as_asked.monitor, all.min_delta = as_asked.min_delta;
    all.inherited.clear(), as_asked.inherited.clear(), all.named = as_asked.named;
    EXPECT_EQ(all, as_asked) << text;
  }
}

}  // namespace
}  // namespace strata::internal
