// What a binding gets as JSON. That the program prints the same is held by the tests of the program.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "strata/json.hpp"
#include "tools/failing_for_tests.hpp"

namespace strata {
namespace {

using namespace testing;
using nlohmann::json;

/// One object in one line.
json read(const std::string& text) {
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  json object = json::parse(text);
  EXPECT_TRUE(object.is_object()) << text;
  return object;
}

TEST(OptionsJson, HasEveryOptionAsTheTableHasIt) {
  const json rows = read(options_json()).at("options");
  const auto table = option_table();
  ASSERT_EQ(rows.size(), table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const OptionSpec& option = table[i];
    EXPECT_EQ(rows[i], (json{{"name", option.name},
                             {"value", option.value},
                             {"group", option.group},
                             {"default", option.standard},
                             {"range", option.range},
                             {"help", option.help}}));
  }
}

TEST(OptionsJson, HasEveryRecipeWithItsSettings) {
  const json recipes = read(options_json()).at("recipes");
  const auto all = all_recipes();
  ASSERT_EQ(recipes.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(recipes[i].size(), 3U);
    EXPECT_EQ(recipes[i].at("name"), all[i].name);
    EXPECT_EQ(recipes[i].at("help"), all[i].help);
    // Set one by one they make what the recipe makes.
    Options one_by_one, recipe;
    for (const auto& [option, value] : recipes[i].at("settings").items())
      set_option(one_by_one, option, value.get<std::string>());
    apply_recipe(recipe, all[i].name);
    for (const OptionSpec& option : option_table())
      EXPECT_EQ(option.show(one_by_one), option.show(recipe)) << all[i].name << ": " << option.name;
  }
}

TEST(Json, HasFiguresWithAllDigitsAndNullForWhatIsNone) {
  Metrics metrics{.task = Task::regression, .examples = 3, .loss = 0.1, .rmse = 0.5, .mae = 0.25};
  metrics.r2 = Metrics::kNone;
  metrics.more = {Metric::mape};
  metrics.mape = std::numeric_limits<double>::infinity();
  metrics.intervals = {{Metric::rmse, 0.125, 1}};
  EXPECT_EQ(to_json(metrics), R"({"loss":0.10000000000000001,"rmse":0.5,"mae":0.25,"r2":null,"mape":null,"examples":3,)"
                              R"("rmse_low":0.125,"rmse_high":1})");
  const Metrics classes{.task = Task::classes, .examples = 4, .loss = 1, .correct = 1, .accuracy = 0.25, .unseen = 2};
  EXPECT_EQ(to_json(classes), R"({"loss":1,"accuracy":0.25,"correct":1,"examples":4,"unseen":2})");
}

TEST(Json, HasTheEventsOfATraining) {
  EXPECT_EQ(to_json(CostReport{.iteration = 3, .epoch = 1, .cost = 0.5}),
            R"({"event":"cost","iteration":3,"epoch":1,"cost":0.5})");
  EXPECT_EQ(to_json(CostReport{.iteration = 3, .epoch = 1, .cost = 0.5, .fold = 2}),
            R"({"event":"cost","fold":2,"iteration":3,"epoch":1,"cost":0.5})");
  const Metrics metrics{.task = Task::binary, .examples = 4, .loss = 1, .correct = 1, .accuracy = 0.25};
  EpochReport epoch{.epoch = 2, .iteration = 6, .mean_cost = 0.5};
  EXPECT_EQ(to_json(epoch), R"({"event":"epoch","epoch":2,"iteration":6,"cost":0.5})");
  epoch.validation = metrics;
  epoch.best = true;
  EXPECT_EQ(to_json(epoch),
            R"({"event":"epoch","epoch":2,"iteration":6,"cost":0.5,"validation_loss":1,)"
            R"("validation_accuracy":0.25,"validation_correct":1,"validation_examples":4,"best":true})");
  PartReport part{.part = 2, .rows = {1, 5}, .train_rows = 8, .metrics = metrics, .epochs = 3};
  EXPECT_EQ(to_json(part), R"({"event":"part","part":2,"rows":2,"train_rows":8,"epochs":3,"loss":1,"accuracy":0.25,)"
                           R"("correct":1,"examples":4,"ending":"done"})");
  part.parts = 8;
  EXPECT_EQ(to_json(part), R"({"event":"fold","fold":2,"of":8,"rows":2,"train_rows":8,"epochs":3,"loss":1,)"
                           R"("accuracy":0.25,"correct":1,"examples":4,"ending":"done"})");
}

TEST(Json, HasTheCurvesOfATraining) {
  const Curves curves{.epochs = {1, 2},
                      .loss = {0.5, 0.25},
                      .train = {{Metric::log_loss, {2, Metrics::kNone}}},
                      .validation = {{Metric::loss, {4, 3}}}};
  EXPECT_EQ(to_json(curves), R"({"epochs":[1,2],"loss":[0.5,0.25],"train_log_loss":[2,null],"validation_loss":[4,3]})");
}

TEST(Json, HasATrainingAndItsModel) {
  const json plan = read(to_json(plan_training(some_table(), some_options())));
  EXPECT_EQ(plan.at("network"), "2-4-3-1");
  EXPECT_EQ(plan.at("rows"), 9);
  EXPECT_EQ(plan.at("options").at("hidden-layers"), "4,3");
  EXPECT_EQ(plan.at("options").size(), option_table().size());

  const Fit fit = train(some_table(), some_options());
  const json done = read(to_json(fit));
  EXPECT_EQ(done.at("event"), "done");
  EXPECT_EQ(done.at("iterations"), 4);
  EXPECT_EQ(done.at("validation_loss"), fit.model.record().validation->loss);
  EXPECT_FALSE(done.contains("model"));  // whoever writes it knows where

  const json model = read(to_json(fit.model));
  EXPECT_EQ(model.at("inputs")[0].at("name"), "an input with a long name");
  EXPECT_EQ(model.at("layers")[1].at("W"), (json{3, 4}));
  EXPECT_EQ(model.at("training").at("options").at("batch-size"), "5");
  EXPECT_EQ(model.at("training").at("cost"), fit.model.record().cost);
  EXPECT_EQ(model.at("training").at("train_correct"), fit.model.record().train.correct);
  EXPECT_EQ(model.at("training").at("version"), fit.model.record().version);
}

TEST(Json, HasACrossValidation) {
  Options options = some_options();
  options.validation = "";
  const CrossValidation found = cross_validate(some_table(), options, 3);
  const json done = read(to_json(found));
  EXPECT_EQ(done.at("parts"), 3);
  EXPECT_EQ(done.at("mean_loss"), spread_of(found.parts, Metric::loss).mean);
  EXPECT_EQ(done.at("deviation_accuracy"), spread_of(found.parts, Metric::accuracy).deviation);
  EXPECT_EQ(done.at("ending"), "done");
}

TEST(Json, HasWhatTheToolsFind) {
  const json description = read(to_json(describe(some_table())));
  EXPECT_EQ(description.at("rows"), 12);
  EXPECT_EQ(description.at("columns").size(), 3U);
  EXPECT_EQ(description.at("target"), "the target, with a long name");

  const Model model = train(some_table(), some_options()).model;
  const GradientCheck check = check_gradients(model, some_table(), 3);
  const json checked = read(to_json(check));
  EXPECT_EQ(checked.at("passed"), true);
  EXPECT_EQ(checked.at("blocks").size(), 6U);
  EXPECT_EQ(checked.at("blocks")[0].at("largest_gradient"), check.blocks[0].largest_gradient);

  const Trace traced = trace(model, some_table(), 0, 1);
  const json matrices = read(to_json(traced)).at("layers")[0].at("matrices");
  ASSERT_EQ(matrices.size(), traced.layers[0].matrices.size());
  const TracedMatrix& dW = traced.layers[0].matrices[4];
  EXPECT_EQ(matrices[4].at("name"), "dW");
  EXPECT_EQ(matrices[4].at("values")[3][1], dW(3, 1));

  Diagnosis diagnosis{.version = "1", .cpus = 2, .kernels = {"a", "b"}};
  diagnosis.tests = {{"reading", false, "nothing", "try again"}};
  const json healthy = read(to_json(diagnosis));
  EXPECT_EQ(healthy.at("kernels"), (json{"a", "b"}));
  EXPECT_EQ(healthy.at("tests")[0],
            (json{{"name", "reading"}, {"passed", false}, {"found", "nothing"}, {"advice", "try again"}}));

  const Conversion made{.rows = 7, .fields = {{.name = "x", .shape = {2, 2}}}, .bytes = 4096};
  EXPECT_EQ(to_json(made), R"({"rows":7,"bytes":4096,"fields":[{"name":"x","numbers":4,"texts":0}]})");
}

TEST(Json, ThrowsNothingButErrors) {
  const Fit fit = train(some_table(), some_options());
  fail_everywhere("of a model", [&] { static_cast<void>(to_json(fit.model)); });
  fail_everywhere("of a fit", [&] { static_cast<void>(to_json(fit)); });
  fail_everywhere("of the options", [] { static_cast<void>(options_json()); });
}

}  // namespace
}  // namespace strata
