// Options that do nothing beside the others: which are refused, and which are said to have no effect.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata {
namespace {

using Change = std::function<void(Options&)>;

/// A word and a number to predict, from numbers and a site.
Table places() {
  std::vector<double> x, size, site;
  std::vector<std::string> kind;
  for (int i = 0; i < 60; ++i) {
    x.push_back(std::sin(3 * i + 1));
    size.push_back(x.back() * 5 + std::cos(i * i));
    kind.emplace_back(size.back() > 1 ? "up" : "down");
    site.push_back(i / 6);
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("site", {}, site);
  table.add_numbers("size", {}, size);
  table.add_text("kind", kind);
  return table;
}

Options of(const std::string& target) {
  Options options;
  options.target = {target};
  options.ignore = {target == "kind" ? "size" : "kind"};
  options.hidden_layers = {4};
  options.epochs = 1;
  options.threads = 1;
  return options;
}

std::string refusal(const std::string& target, const Change& change) {
  Options options = of(target);
  change(options);
  try {
    static_cast<void>(train(places(), options));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "";
}

/// What a training and its plan warn of.
std::vector<std::string> warnings(const std::string& target, const Change& change) {
  Options options = of(target);
  change(options);
  std::vector<std::string> trained, planned;
  Callbacks callbacks;
  callbacks.warning = [&](std::string_view text) { trained.emplace_back(text); };
  static_cast<void>(train(places(), options, callbacks));
  callbacks.warning = [&](std::string_view text) { planned.emplace_back(text); };
  static_cast<void>(plan_training(places(), options, callbacks));
  EXPECT_EQ(trained, planned);
  return trained;
}

constexpr const char* kLeave = "; leave it out, or choose the ";

TEST(Effects, TheOptionsOfARuleAreForThisRule) {
  struct Case {
    Change set;
    std::string option, rules;
    std::vector<OptimizerKind> fit;
  };
  const std::string momentum = "--optimizer momentum or --optimizer nesterov";
  const std::string adam = "--optimizer adam or --optimizer adamw";
  const std::vector<OptimizerKind> of_momentum = {OptimizerKind::momentum, OptimizerKind::nesterov};
  const std::vector<OptimizerKind> of_adam = {OptimizerKind::adam, OptimizerKind::adamw};
  const std::vector<Case> cases = {{[](Options& o) { o.momentum = 0.5; }, "--momentum 0.5", momentum, of_momentum},
                                   {[](Options& o) { o.beta1 = 0.5; }, "--beta1 0.5", adam, of_adam},
                                   {[](Options& o) { o.beta2 = 0.5; }, "--beta2 0.5", adam, of_adam},
                                   {[](Options& o) { o.epsilon = 0.5; }, "--epsilon 0.5", adam, of_adam}};
  for (const Case& c : cases) {
    for (const auto kind : {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::adam,
                            OptimizerKind::adamw, OptimizerKind::nesterov}) {
      const bool fits = std::find(c.fit.begin(), c.fit.end(), kind) != c.fit.end();
      Options options;
      c.set(options);
      options.optimizer = kind;
      std::string said;
      try {
        validate(options);  // before anything is read
      } catch (const Error& error) {
        said = error.what();
      }
      EXPECT_EQ(said, fits ? ""
                           : c.option + " is for " + c.rules + ", and the optimizer here is " +
                                 std::string(name(kind)) + kLeave + "optimizer");
    }
  }
}

TEST(Effects, TheOptionsOfALossAreForThisLoss) {
  const auto huber = [](Options& o) { o.huber_delta = 2; };
  const auto quantile = [](Options& o) { o.quantile = 0.5; };
  const auto smoothing = [](Options& o) { o.label_smoothing = 0.1; };
  EXPECT_EQ(refusal("size", huber), std::string("--huber-delta 2 is for --loss huber, and the loss here is "
                                                "squared-error") +
                                        kLeave + "loss");
  EXPECT_EQ(refusal("kind", quantile), std::string("--quantile 0.5 is for --loss quantile, and the loss here is "
                                                   "binary-cross-entropy") +
                                           kLeave + "loss");
  EXPECT_EQ(refusal("size", smoothing),
            std::string("--label-smoothing 0.1 is for --loss binary-cross-entropy or --loss categorical-cross-entropy, "
                        "and the loss here is squared-error") +
                kLeave + "loss");
  EXPECT_EQ(refusal("kind", smoothing), "");
  EXPECT_EQ(refusal("size", [&](Options& o) { huber(o), o.loss = Loss::huber; }), "");
  EXPECT_EQ(refusal("size", [&](Options& o) { quantile(o), o.loss = Loss::quantile; }), "");
}

TEST(Effects, WhatMerelyDoesNothingIsAWarning) {
  const auto scaled = [](Options& o) { o.scale_target = true; };
  EXPECT_EQ(warnings("kind", scaled), (std::vector<std::string>{"--scale-target standard has no effect: the task is "
                                                                "binary, and only numbers to predict are scaled"}));
  EXPECT_TRUE(warnings("size", scaled).empty());
  EXPECT_TRUE(warnings("kind", [](Options& o) { o.scale_target = false; }).empty());

  const auto grouped = [](Options& o) { o.group_column = "site"; };
  const std::string no_groups =
      "--group-column site keeps no rows together, for none of these are held back; it is no input all the same";
  EXPECT_EQ(warnings("kind", grouped), (std::vector{no_groups}));
  EXPECT_EQ(warnings("kind", [&](Options& o) { grouped(o), o.validation = "none"; }), (std::vector{no_groups}));
  EXPECT_TRUE(warnings("kind", [&](Options& o) { grouped(o), o.validation = "0.2"; }).empty());
  EXPECT_TRUE(warnings("kind", [&](Options& o) { grouped(o), o.patience = 3; }).empty());

  const auto tanh = [](Options& o) { o.activation = {Activation::tanh}; };
  EXPECT_EQ(warnings("kind", [&](Options& o) { tanh(o), o.hidden_layers = std::vector<int>{}; }),
            (std::vector<std::string>{"--activation tanh has no effect: there is no hidden layer"}));
  EXPECT_TRUE(warnings("kind", tanh).empty());

  const auto numpy = [](Options& o) { o.random = RandomStream::numpy; };
  EXPECT_EQ(warnings("kind", [&](Options& o) { numpy(o), o.initializer.kind = Initializer::Kind::zeros; }),
            (std::vector<std::string>{"--random numpy has no effect: --initializer zeros draws no numbers"}));
  EXPECT_EQ(warnings("kind", [&](Options& o) { numpy(o), o.initializer.kind = Initializer::Kind::data; }),
            (std::vector<std::string>{
                "--random numpy has no effect: --initializer data draws from the stream of strata alone"}));
  EXPECT_TRUE(warnings("kind", numpy).empty());

  const auto clamped = [](Options& o) { o.clamp_target = true; };
  EXPECT_EQ(warnings("kind", clamped), (std::vector<std::string>{"--clamp-target training has no effect: the task is "
                                                                 "binary, and only numbers to predict have a range"}));
  EXPECT_TRUE(warnings("size", clamped).empty());
}

// A kind of parameters that the network does not have.
TEST(Effects, RatesAndDecaysOfNothing) {
  const auto factors = [](Options& o) {
    o.rate_factor.slopes = o.rate_factor.scales = o.rate_factor.numbers = o.rate_factor.levels = 0.5;
  };
  EXPECT_EQ(warnings("kind", factors),
            (std::vector<std::string>{"--rate-factor weights:1,biases:1,slopes:0.5,numbers:0.5,levels:0.5,scales:0.5 "
                                      "has no effect on slopes, numbers, levels, scales: the network learns none"}));
  EXPECT_EQ(warnings("kind",
                     [&](Options& o) {
                       factors(o);
                       o.learned_slopes = true, o.numeric_embedding = NumericEmbedding::pbld;
                     }),
            (std::vector<std::string>{"--rate-factor weights:1,biases:1,slopes:0.5,numbers:0.5,levels:0.5,scales:0.5 "
                                      "has no effect on levels, scales: the network learns none"}));
  EXPECT_EQ(warnings("size", [](Options& o) { o.weight_decay = PerKind{.weights = 0.1, .scales = 0.2}; }),
            (std::vector<std::string>{
                "--weight-decay weights:0.1,biases:0,scales:0.2 has no effect on scales: the network learns none"}));
  EXPECT_TRUE(warnings("size", [](Options& o) {
                o.weight_decay = PerKind{.weights = 0.1, .scales = 0.2}, o.input_scale = true;
              }).empty());
  EXPECT_TRUE(warnings("size", [](Options& o) { o.rate_factor.biases = 2, o.embedding_size = 8; }).empty());
}

// Arrays are no numbers of a table, and nothing is recorded of what was not done.
TEST(Effects, NothingToEmbed) {
  const auto arrays = [](const std::function<void(Options&)>& ask) {
    std::vector<double> x, y;
    for (int i = 0; i < 60; ++i) x.push_back(std::sin(i)), x.push_back(std::cos(i)), y.push_back(std::sin(2 * i));
    Table table;
    table.add_numbers("x", {2}, x);
    table.add_numbers("y", {}, y);
    Options options;
    ask(options);
    options.target = {"y"}, options.task = Task::regression;
    std::string said;
    Callbacks callbacks;
    callbacks.warning = [&](std::string_view text) { said += text; };
    EXPECT_EQ(plan_training(table, options, callbacks).options.numeric_embedding, NumericEmbedding::none);
    return said;
  };
  EXPECT_EQ(arrays([](Options& o) { o.numeric_embedding = NumericEmbedding::pbld; }),
            "--numeric-embedding pbld has no effect: no input is a number of a table (arrays, and columns of 0 and 1, "
            "stay as they are)");
  EXPECT_EQ(arrays([](Options& o) { apply_recipe(o, "realmlp"); }), "");
  EXPECT_NE(arrays([](Options& o) { apply_recipe(o, "realmlp", {{"numeric-embedding", "pbld"}}); }), "");
  Options options = of("kind");
  options.numeric_embedding = NumericEmbedding::pbld;
  EXPECT_EQ(plan_training(places(), options).options.numeric_embedding, NumericEmbedding::pbld);
}

TEST(Effects, ACrossValidationKeepsGroupsTogether) {
  Options options = of("kind");
  options.group_column = "site";
  options.scale_target = true;
  std::vector<std::string> said;
  Callbacks callbacks;
  callbacks.warning = [&](std::string_view text) { said.emplace_back(text); };
  static_cast<void>(cross_validate(places(), options, 3, callbacks));
  EXPECT_EQ(said, (std::vector<std::string>{"--scale-target standard has no effect: the task is binary, and only "
                                            "numbers to predict are scaled"}));
}

TEST(Effects, WhatARecipeSetsIsNotSaid) {
  for (const Recipe& recipe : all_recipes()) {
    for (const char* target : {"kind", "size"}) {
      EXPECT_TRUE(
          warnings(target,
                   [&](Options& o) { apply_recipe(o, recipe.name, {{"hidden-layers", "none"}, {"epochs", "1"}}); })
              .empty())
          << recipe.name;
    }
  }
}

}  // namespace
}  // namespace strata
