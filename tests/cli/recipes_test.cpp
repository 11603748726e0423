// Recipes: what they set, and what overrides it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/effects.hpp"
#include "options_for_tests.hpp"
#include "strata/error.hpp"
#include "strata/options.hpp"

namespace strata {
namespace {

TEST(Recipes, ClassicIsTheNetworkOfTheNotes) {
  Options options;
  options.activation = {Activation::tanh};
  options.loss = Loss::squared_error;
  options.l2 = 1;
  options.epochs = 5;
  apply_recipe(options, "classic");
  EXPECT_EQ(options.activation, std::vector{Activation::relu});
  EXPECT_EQ(options.loss, std::nullopt);
  EXPECT_EQ(options.optimizer, OptimizerKind::gradient_descent);
  EXPECT_EQ(options.batch_size, 0);
  EXPECT_EQ(options.initializer.kind, Initializer::Kind::lecun);
  EXPECT_EQ(options.effective_learning_rate(), 0.0075);
  EXPECT_EQ(options.l2, 0);
  EXPECT_EQ(options.iterations, 2500);
  EXPECT_EQ(options.report_every, 100);
  EXPECT_EQ(options.epochs, std::nullopt);
  EXPECT_EQ(options.hidden_layers, Options{}.hidden_layers) << "the notes leave the layers to the reader";
}

TEST(Recipes, EachSettingOfRealmlpCanBeOverridden) {
  const auto all = std::ranges::find(all_recipes(), "realmlp", &Recipe::name)->settings;
  const TypedOptions others = {{"scale", "standard"},
                               {"one-hot-limit", "5"},
                               {"embedding-size", "none"},
                               {"numeric-embedding", "none"},
                               {"scale-target", "none"},
                               {"clamp-target", "none"},
                               {"dropout", "0"},
                               {"weight-decay", "0"},
                               {"hidden-layers", "none"},
                               {"activation", "relu"},
                               {"slopes", "fixed"},
                               {"input-scale", "none"},
                               {"label-smoothing", "0"},
                               {"initializer", "he"},
                               {"optimizer", "sgd"},
                               {"learning-rate", "0.1"},
                               {"rate-factor", "weights:1"},
                               {"parametrization", "standard"},
                               {"schedule", "constant"},
                               {"beta1", "0.5"},
                               {"beta2", "0.5"},
                               {"epsilon", "1e-3"},
                               {"decay-schedule", "constant"},
                               {"dropout-schedule", "constant"},
                               {"batch-size", "full"},
                               {"last-batch", "keep"},
                               {"epochs", "7"},
                               {"validation", "none"},
                               {"patience", "none"},
                               {"monitor", "loss"},
                               {"l2", "0.5"},
                               {"iterations", "70"},
                               {"time-limit", "9s"}};
  Options plain;
  apply_recipe(plain, "realmlp");
  EXPECT_NO_THROW(validate(plain));
  for (const auto& [option, text] : all) {
    const std::string set = shown(plain, option);
    EXPECT_EQ(std::ranges::count(others, option, &TypedOptions::value_type::first), 1) << option;
    Options alone;
    set_option(alone, option, text);
    EXPECT_EQ(shown(alone, option), set) << option;
  }
  for (const auto& other : others) {
    Options options;
    apply_recipe(options, "realmlp", TypedOptions{other});
    EXPECT_NO_THROW(validate(options)) << other.first;
    EXPECT_NO_THROW(static_cast<void>(internal::without_effect(options))) << other.first;
    Options alone;
    set_option(alone, other.first, other.second);
    EXPECT_EQ(shown(options, other.first), shown(alone, other.first)) << other.first;
  }
}

// What gives way takes along what belongs to it.
TEST(Recipes, ASettingGivesWayWithWhatBelongsToIt) {
  const auto with = [](std::string_view option, std::string_view text) {
    Options options;
    apply_recipe(options, "realmlp", TypedOptions{{option, text}});
    return options;
  };
  EXPECT_EQ(with("l2", "0.5").weight_decay, std::nullopt);
  EXPECT_EQ(with("l2", "0.5").decay_schedule, Schedule());
  EXPECT_EQ(with("weight-decay", "auto").decay_schedule, Schedule());
  EXPECT_EQ(with("dropout", "0").dropout_schedule, Schedule());
  EXPECT_EQ(with("dropout", "0").decay_schedule.kind, Schedule::Kind::flat_cosine);
  EXPECT_TRUE(with("hidden-layers", "none").dropout.empty());
  EXPECT_EQ(with("hidden-layers", "none").dropout_schedule, Schedule());
  EXPECT_FALSE(with("hidden-layers", "none").learned_slopes);
  EXPECT_EQ(with("optimizer", "sgd").beta2, Options().beta2);
  EXPECT_EQ(with("batch-size", "full").last_batch, LastBatch::keep);
  EXPECT_EQ(with("validation", "none").patience, std::nullopt);
  EXPECT_EQ(with("validation", "none").monitor, Metric::loss);
  EXPECT_EQ(with("decay-schedule", "cosine").hidden_layers, (std::vector{256, 256, 256}));
  EXPECT_EQ(with("decay-schedule", "cosine").decay_schedule.kind, Schedule::Kind::cosine);
  EXPECT_EQ(with("time-limit", "9s").epochs, std::nullopt);
}

TEST(Recipes, OptionsSetAfterARecipeOverrideIt) {
  Options options;
  apply_recipe(options, "classic");
  set_option(options, "epochs", "4");
  set_option(options, "initializer", "he");
  EXPECT_EQ(options.epochs, 4);
  EXPECT_EQ(options.iterations, std::nullopt);
  EXPECT_EQ(options.initializer.kind, Initializer::Kind::he);
}

// Who tells of options knows which ones nobody asked for.
TEST(Recipes, WhatARecipeSetIsInheritedUntilSomebodySetsIt) {
  Options options;
  apply_recipe(options, "realmlp", {{"patience", "256"}, {"l2", "0.5"}});
  const auto inherited = [&](std::string_view option) { return std::ranges::count(options.inherited, option) == 1; };
  EXPECT_TRUE(inherited("monitor") && inherited("slopes"));
  EXPECT_FALSE(inherited("patience")) << "typed, though the same";
  EXPECT_FALSE(inherited("weight-decay") || inherited("decay-schedule")) << "gave way";
  set_option(options, "--Monitor", "task");
  EXPECT_FALSE(inherited("monitor"));
}

TEST(Recipes, AMistypedRecipeGetsTheNearestRightOne) {
  Options options;
  try {
    apply_recipe(options, "clasic");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_EQ(std::string(error.what()),
              "--recipe: expected one of plain, realmlp, classic, found 'clasic'; did you mean 'classic'?");
  }
  EXPECT_TRUE(options == Options{});
}

}  // namespace
}  // namespace strata
