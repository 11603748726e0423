// What belongs to the task and is decided once this is known: activation, rate, figure, smoothing, range of the target.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata {
namespace {

/// Two numbers, and beside them a word of two, one of three, and a number.
Table table_of(const std::string& target) {
  std::vector<double> x, z, size;
  std::vector<std::string> two, three;
  for (int i = 0; i < 300; ++i) {
    x.push_back(std::sin(3 * i + 1));
    z.push_back(std::cos(i * i));
    size.push_back(100 + 10 * x.back() - z.back());
    two.emplace_back(x.back() > z.back() ? "yes" : "no");
    three.emplace_back(x.back() > 0.5 ? "up" : x.back() < -0.5 ? "down" : "flat");
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("z", {}, z);
  if (target == "two") table.add_text(target, two);
  if (target == "three") table.add_text(target, three);
  if (target == "size") table.add_numbers(target, {}, size);
  return table;
}

constexpr const char* kTargets[] = {"two", "three", "size"};

struct Planned {
  TrainingPlan plan;
  std::vector<std::string> notes, warnings;
};

Planned planned(const std::string& target, const Options& options) {
  Planned planned;
  Callbacks callbacks;
  callbacks.note = [&](std::string_view text) { planned.notes.emplace_back(text); };
  callbacks.warning = [&](std::string_view text) { planned.warnings.emplace_back(text); };
  planned.plan = plan_training(table_of(target), options, callbacks);
  return planned;
}

Options decided(const std::string& target, const Options& options) { return planned(target, options).plan.options; }

std::string shown(const Options& options, std::string_view name) {
  return std::ranges::find(option_table(), name, &OptionSpec::name)->show(options);
}

TEST(ByTask, ActivationAndRate) {
  for (const std::string target : kTargets) {
    Options options;
    options.hidden_layers = {4, 3};
    options.epochs = 1;
    EXPECT_EQ(shown(decided(target, options), "activation"), "relu");
    EXPECT_EQ(shown(decided(target, options), "learning-rate"), "0.001");
    options.parametrization = Parametrization::ntp;
    const TrainingPlan plan = planned(target, options).plan;
    EXPECT_EQ(shown(plan.options, "activation"), target == "size" ? "mish" : "selu");
    EXPECT_EQ(shown(plan.options, "learning-rate"), target == "size" ? "0.2" : "0.04");
    for (const LayerSpec& layer : plan.architecture.hidden)
      EXPECT_EQ(layer.activation, target == "size" ? Activation::mish : Activation::selu);
    options.activation = {Activation::tanh};
    options.learning_rate = 0.3;
    EXPECT_EQ(shown(decided(target, options), "activation"), "tanh");
    EXPECT_EQ(shown(decided(target, options), "learning-rate"), "0.3");
    options.activation = {}, options.hidden_layers = std::vector<int>{};
    const Planned none = planned(target, options);
    EXPECT_EQ(shown(none.plan.options, "activation"), "relu");
    EXPECT_TRUE(none.warnings.empty()) << none.warnings.front();
  }
}

// It is the model's, too, and the record says what was decided.
TEST(ByTask, IsRecordedAsDecided) {
  Options options;
  options.hidden_layers = {4};
  options.parametrization = Parametrization::ntp;
  options.monitor.reset(), options.label_smoothing.reset();
  options.patience = 2, options.epochs = 2;
  const Fit fit = train(table_of("three"), options);
  EXPECT_EQ(fit.model.architecture().hidden[0].activation, Activation::selu);
  const TypedOptions expected = {
      {"activation", "selu"}, {"learning-rate", "0.04"}, {"monitor", "log-loss"}, {"parametrization", "ntp"}};
  for (const auto& [name, value] : expected) {
    const auto found = std::ranges::find(fit.model.record().options, name, [](const auto& each) { return each.first; });
    ASSERT_NE(found, fit.model.record().options.end()) << name;
    EXPECT_EQ(found->second, value) << name;
  }
  for (const auto& [name, value] : fit.model.record().options)
    EXPECT_NE(name, "label-smoothing") << "0, which it was before";
  Options again;
  for (const auto& [name, value] : fit.model.record().options)
    if (!value.empty()) set_option(again, name, value);
  EXPECT_EQ(train(table_of("three"), again).model.to_bytes(), fit.model.to_bytes());
}

TEST(ByTask, TheFigureThatIsMonitored) {
  Options options;
  options.monitor.reset();
  EXPECT_EQ(decided("two", options).monitor, Metric::roc_auc);
  EXPECT_EQ(decided("three", options).monitor, Metric::log_loss);
  EXPECT_EQ(decided("size", options).monitor, Metric::rmse);
  // Another loss, and several targets, whose units may differ, are judged by what they are trained by.
  for (const Loss loss : {Loss::absolute_error, Loss::huber, Loss::quantile}) {
    Options other = options;
    other.loss = loss;
    EXPECT_EQ(decided("size", other).monitor, Metric::loss) << name(loss);
  }
  Options several = options;
  several.target = {"z", "size"};
  EXPECT_EQ(decided("size", several).monitor, Metric::loss);
  options.epochs = 5;
  EXPECT_EQ(decided("two", options).patience, 20) << "it is waited for";
  // The same is told at the end of each part.
  const auto has = [&](Task task, Metric metric) { return std::ranges::count(figures_of(task, options), metric); };
  EXPECT_EQ(has(Task::binary, Metric::roc_auc), 1);
  EXPECT_EQ(has(Task::classes, Metric::log_loss), 1);
}

TEST(ByTask, LabelsAreSmoothedWhereTheFigureIsOfLabels) {
  Options options;
  options.label_smoothing.reset();
  for (const Metric metric : {Metric::accuracy, Metric::balanced_accuracy, Metric::f1, Metric::mcc, Metric::loss,
                              Metric::roc_auc, Metric::pr_auc, Metric::log_loss, Metric::brier}) {
    const bool of_labels = metric == Metric::accuracy || metric == Metric::balanced_accuracy || metric == Metric::f1 ||
                           metric == Metric::mcc;
    options.monitor = metric;
    const TrainingPlan plan = planned("two", options).plan;
    EXPECT_EQ(plan.options.label_smoothing, of_labels ? 0.1 : 0) << name(metric);
    EXPECT_EQ(plan.architecture.loss_parameters.smoothing, of_labels ? 0.1 : 0) << name(metric);
  }
  options.monitor = Metric::mae;
  EXPECT_EQ(decided("size", options).label_smoothing, 0);
  options.monitor = Metric::accuracy, options.label_smoothing = 0.25;
  EXPECT_EQ(decided("two", options).label_smoothing, 0.25);
}

TEST(ByTask, TheTargetIsClampedToTheTrainingRows) {
  Options options;
  options.clamp_target = true;
  options.validation = "last:0.5";
  const Table table = table_of("size");
  double least = 1e9, largest = -1e9;
  for (std::size_t i = 0; i < 150; ++i) {
    const double y = table.number(table.field("size"), i);
    least = std::min(least, y), largest = std::max(largest, y);
  }
  const Planned clamped = planned("size", options);
  EXPECT_EQ(clamped.plan.features.target.least, std::vector{least});
  EXPECT_EQ(clamped.plan.features.target.largest, std::vector{largest});
  options.clamp_target = false;
  options.batch_size = 16;  // which leaves no recipe that clamps
  EXPECT_TRUE(planned("size", options).plan.features.target.least.empty());
  options.clamp_target = true;
  const Planned classes = planned("two", options);
  EXPECT_TRUE(classes.plan.features.target.least.empty());
  EXPECT_FALSE(classes.plan.options.clamp_target) << "nothing is recorded of what was not done";
}

TEST(ByTask, SlopesAndScalesAreInTheArchitecture) {
  Options options;
  options.hidden_layers = {4, 3};
  const Architecture plain = planned("two", options).plan.architecture;
  EXPECT_TRUE(plain.stage.empty());
  EXPECT_FALSE(plain.hidden[0].learned_slope || plain.hidden[1].learned_slope);
  options.learned_slopes = options.input_scale = true;
  options.embedding_size = 5;
  const Architecture net = planned("two", options).plan.architecture;
  EXPECT_TRUE(net.hidden[0].learned_slope && net.hidden[1].learned_slope);
  EXPECT_TRUE(net.stage.scales);
  EXPECT_EQ(net.stage.level_units, 5);
}

// With ntp the target of arrays is scaled too, for which its rates are made.
TEST(ByTask, NtpScalesTheTarget) {
  const auto scales = [](const Options& options) {
    std::vector<double> x, y;
    for (int i = 0; i < 60; ++i) x.push_back(std::sin(i)), x.push_back(std::cos(i)), y.push_back(std::sin(i) + 0.1 * i);
    Table table;
    table.add_numbers("x", {2}, x);
    table.add_numbers("y", {}, y);
    Options named = options;
    named.target = {"y"}, named.task = Task::regression;
    return plan_training(table, named).options.scale_target;
  };
  Options options;
  EXPECT_EQ(scales(options), false);
  options.parametrization = Parametrization::ntp;
  EXPECT_EQ(scales(options), true);
  options.scale_target = false;
  EXPECT_EQ(scales(options), false);
}

TEST(ByTask, TheRecipeRealmlpFitsEveryTask) {
  for (const std::string target : kTargets) {
    Options options;
    apply_recipe(options, "realmlp");
    const auto [plan, notes, warnings] = planned(target, options);
    EXPECT_TRUE(warnings.empty()) << target << ": " << warnings.front();
    EXPECT_EQ(plan.held, 60U);
    EXPECT_EQ(plan.batches, 1) << "of 240 rows";
    EXPECT_EQ(plan.iterations, 256);
    const Options& o = plan.options;
    EXPECT_EQ(o.patience, 256);
    EXPECT_EQ(o.label_smoothing, 0);
    EXPECT_EQ(o.scale_target, target == "size");
    EXPECT_EQ(o.clamp_target, target == "size");
    EXPECT_EQ(plan.architecture.hidden.size(), 3U);
    for (const LayerSpec& layer : plan.architecture.hidden)
      EXPECT_EQ(layer, (LayerSpec{256, target == "size" ? Activation::mish : Activation::selu, 0.15, true}));
    EXPECT_TRUE(plan.architecture.stage.scales);
  }
}

}  // namespace
}  // namespace strata
