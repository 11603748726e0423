// The table of options: defaults, ranges, messages, recipes, and the page made from it.
#include "strata/options.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "options_for_tests.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

std::string refusal(std::string_view name, std::string_view text) {
  Options options;
  try {
    set_option(options, name, text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage) << name << " " << text;
    EXPECT_TRUE(options == Options{}) << "a refused value must change nothing: " << name << " " << text;
    return error.what();
  }
  return "accepted";
}

TEST(Options, TheTableTellsTheDefaultsOfTheStruct) {
  for (const OptionSpec& option : option_table()) EXPECT_EQ(option.show(Options{}), option.standard) << option.name;
}

TEST(Options, EveryOptionIsDescribedOnceAndInGroups) {
  std::set<std::string_view> names, groups;
  std::string_view group;
  for (const OptionSpec& option : option_table()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name << " stands there twice";
    if (option.group != group) {
      EXPECT_TRUE(groups.insert(option.group).second) << option.group << " is torn apart";
    }
    group = option.group;
    EXPECT_FALSE(option.help.empty() || option.value.empty() || option.range.empty()) << option.name;
    EXPECT_TRUE(option.help.ends_with('.')) << option.name;
  }
  EXPECT_EQ(groups, (std::set<std::string_view>{"Data", "Reading", "Network", "Training", "Running"}));
}

struct Accepted {
  std::string_view name, text, shown;
};

TEST(Options, WhatIsAcceptedReadsBackAsTheSame) {
  const Accepted cases[] = {
      {"target", "species", "species"},
      {"target", "a, b", "a,b"},
      {"inputs", "\"size, cm\",\"say \"\"x\"\"\",age", "\"size, cm\",\"say \"\"x\"\"\",age"},
      {"inputs", "\" a\"", "\" a\""},
      {"weight-column", "n", "n"},
      {"weight-column", "\"n, m\"", "\"n, m\""},
      {"class-weights", "None", "none"},
      {"class-weights", "Balanced", "balanced"},
      {"class-weights", "a:1, b :2.50", "a:1,b:2.5"},
      {"class-weights", "12:30:2,\"a:b, \"\"c\"\"\":1e3", "12:30:2,\"a:b, \"\"c\"\"\":1000"},
      {"class-weights", "balanced:2", "balanced:2"},
      {"task", "classes", "classes"},
      {"task", "Binary", "binary"},
      {"scale", "1/255", "1/255"},
      {"scale-target", "standard", "standard"},
      {"scale-target", "Auto", "auto"},
      {"scale-target", "none", "none"},
      {"validation", "0.2", "0.2"},
      {"validation", "Auto", "auto"},
      {"validation", "None", "none"},
      {"validation", "./none", "./none"},
      {"validation", "test.csv", "test.csv"},
      {"validation", "./5", "./5"},
      {"validation", " Last:0.25", "last:0.25"},
      {"validation", "./last:2", "./last:2"},
      {"validation-column", "fold", "fold"},
      {"group-column", "\"a, b\"", "\"a, b\""},
      {"time-column", "when", "when"},
      {"separator", ";", ";"},
      {"separator", "Tab", "tab"},
      {"separator", "\t", "tab"},
      {"separator", "\\t", "tab"},
      {"separator", " ", "blank"},
      {"separator", "Blank", "blank"},
      {"separator", "auto", "auto"},
      {"header", "No", "no"},
      {"comment", "#", "#"},
      {"comment", "none", "none"},
      {"decimal", ",", "comma"},
      {"decimal", "point", "point"},
      {"missing", "-99,\"a, b\"", "-99,\"a, b\""},
      {"numeric", "x*,?y", "x*,?y"},
      {"categorical", "zip code", "zip code"},
      {"date", "when", "when"},
      {"ignore", "*_id", "*_id"},
      {"date-order", "DMY", "dmy"},
      {"bad-cells", "missing", "missing"},
      {"bad-rows", "skip", "skip"},
      {"transpose", "YES", "yes"},
      {"hidden-layers", "20,7,5", "20,7,5"},
      {"hidden-layers", "20, 7", "20,7"},
      {"hidden-layers", "none", "none"},
      {"hidden-layers", "1000000", "1000000"},
      {"activation", "ReLU", "relu"},
      {"activation", "leaky_relu,tanh", "leaky-relu,tanh"},
      {"activation", "swish", "silu"},
      {"loss", "auto", "auto"},
      {"loss", "squared_error", "squared-error"},
      {"loss", "pinball", "quantile"},
      {"huber-delta", "auto", "auto"},
      {"huber-delta", "2.5", "2.5"},
      {"quantile", "AUTO", "auto"},
      {"quantile", "0.9", "0.9"},
      {"label-smoothing", "0.1", "0.1"},
      {"label-smoothing", "Auto", "auto"},
      {"folds", "8", "8"},
      {"folds", "5x1", "5"},
      {"folds", "5X10", "5x10"},
      {"folds", "Auto", "auto"},
      {"folds", "none", "none"},
      {"select", "Greedy", "greedy"},
      {"calibrate", "TEMPERATURE", "temperature"},
      {"embedding-size", "None", "none"},
      {"embedding-size", "8", "8"},
      {"numeric-embedding", "PBLD", "pbld"},
      {"numeric-embedding", "Piecewise", "piecewise"},
      {"clamp-target", "Training", "training"},
      {"slopes", "learned", "learned"},
      {"slopes", "Fixed", "fixed"},
      {"input-scale", "learned", "learned"},
      {"activation", "Auto", "auto"},
      {"initializer", "data", "data"},
      {"parametrization", "NTP", "ntp"},
      {"last-batch", "Drop", "drop"},
      {"monitor", "Task", "task"},
      {"schedule", "coslog4", "coslog4"},
      {"dropout-schedule", "flat_cosine", "flat-cosine"},
      {"rate-factor", "scales:6", "weights:1,biases:1,scales:6"},
      {"rate-factor", "levels:1,numbers:0.1,slopes:2", "weights:1,biases:1,slopes:2,numbers:0.1"},
      {"rate-factor", "Biases:2", "weights:1,biases:2"},
      {"rate-factor", "biases:0, weights:3", "weights:3,biases:0"},
      {"schedule", "one_cycle", "one-cycle"},
      {"schedule", "step", "step:0.1@0.5,0.75"},
      {"schedule", "step:0.5@0.25", "step:0.5@0.25"},
      {"decay-schedule", "cosine", "cosine"},
      {"dropout-schedule", "constant", "constant"},
      {"warm-up", "0.05", "0.05"},
      {"clip-norm", "None", "none"},
      {"clip-norm", "1", "1"},
      {"weight-decay", "weights:0.01,biases:0.001", "weights:0.01,biases:0.001"},
      {"weight-decay", "weights:0.01", "0.01"},
      {"weight-decay", "weights:0.01,scales:2,levels:0", "weights:0.01,biases:0,scales:2"},
      {"weight-decay", "biases:1", "weights:0,biases:1"},
      {"initializer", "lecun", "lecun"},
      {"initializer", "xavier", "glorot"},
      {"initializer", "normal:0.01", "normal:0.01"},
      {"initializer", "normal", "normal:0.01"},
      {"initializer", "normal:2", "normal:2"},
      {"initializer", "zeros", "zeros"},
      {"random", "numpy", "numpy"},
      {"seed", "0", "0"},
      {"seed", "18446744073709551615", "18446744073709551615"},
      {"precision", "float64", "float64"},
      {"optimizer", "sgd", "gradient-descent"},
      {"optimizer", "momentum", "momentum"},
      {"learning-rate", "auto", "auto"},
      {"learning-rate", "0.0075", "0.0075"},
      {"learning-rate", "1e-300", "1e-300"},
      {"learning_rate", "5", "5"},
      {"--learning-rate", "5", "5"},
      {"momentum", "0", "0"},
      {"beta1", "0.5", "0.5"},
      {"beta2", "0.99", "0.99"},
      {"epsilon", "1e-7", "1e-07"},
      {"dropout", "0.5", "0.5"},
      {"dropout", "0.2, 0,0.5", "0.2,0,0.5"},
      {"l2", "0.7", "0.7"},
      {"weight-decay", "0.05", "0.05"},
      {"weight-decay", "auto", "auto"},
      {"patience", "12", "12"},
      {"patience", "None", "none"},
      {"patience", "Auto", "auto"},
      {"monitor", "ROC_AUC", "roc-auc"},
      {"monitor", "auc", "roc-auc"},
      {"min-delta", "1e-3", "0.001"},
      {"metrics", "f1, Balanced_Accuracy", "f1,balanced-accuracy"},
      {"metrics", "average-precision", "pr-auc"},
      {"metrics", " ", ""},
      {"tol", "0.0001", "1e-04"},
      {"tol", "0", "0"},
      {"tol", "None", "none"},
      {"tol-epochs", "20", "20"},
      {"hidden-layers", "Auto", "auto"},
      {"dropout", "Auto", "auto"},
      {"batch-size", "full", "full"},
      {"batch-size", "1", "1"},
      {"iterations", "2500", "2500"},
      {"epochs", "3", "3"},
      {"threads", "auto", "auto"},
      {"threads", "1024", "1024"},
      {"report-every", "100", "100"},
      {"report-every", "auto", "auto"},
      {"time-limit", "1.5min", "90s"},
      {"time-limit", "None", "none"},
  };
  for (const Accepted& c : cases) {
    Options options;
    set_option(options, c.name, c.text);
    std::string name(c.name);
    if (name.starts_with("--")) name.erase(0, 2);
    for (char& letter : name) letter = letter == '_' ? '-' : letter;
    EXPECT_EQ(shown(options, name), c.shown) << c.name << " " << c.text;
    Options again;
    set_option(again, name, shown(options, name));
    EXPECT_TRUE(again == options) << c.name << ": " << c.shown << " reads back as another value";
  }
}

TEST(Options, TheMembersHoldWhatWasTyped) {
  Options options;
  set_option(options, "inputs", "\"a,b\", c");
  EXPECT_EQ(options.inputs, (std::vector<std::string>{"a,b", "c"}));
  set_option(options, "hidden-layers", "none");
  EXPECT_TRUE(options.hidden_layers->empty());
  set_option(options, "batch-size", "full");
  EXPECT_EQ(options.batch_size, 0);
  set_option(options, "initializer", "normal:0.5");
  EXPECT_EQ(options.initializer, (Initializer{Initializer::Kind::normal, 0.5}));
  set_option(options, "loss", "squared-error");
  EXPECT_EQ(options.loss, Loss::squared_error);
  set_option(options, "loss", "auto");
  EXPECT_EQ(options.loss, std::nullopt);
}

TEST(Options, EpochsAndIterationsReplaceEachOther) {
  Options options;
  set_option(options, "iterations", "7");
  set_option(options, "epochs", "3");
  EXPECT_EQ(options.iterations, std::nullopt);
  EXPECT_EQ(options.epochs, 3);
  set_option(options, "iterations", "7");
  EXPECT_EQ(options.iterations, 7);
  EXPECT_EQ(options.epochs, std::nullopt);
}

TEST(Options, EveryRefusalSaysWhatWasExpectedAndFound) {
  EXPECT_EQ(refusal("learning-rate", "fast"),
            "--learning-rate: expected a number greater than 0, or auto, found 'fast'");
  for (const char* bad : {"0", "-1", "nan", "inf", "1e999", "", "1,5", "0.1x"})
    EXPECT_EQ(refusal("learning-rate", bad),
              "--learning-rate: expected a number greater than 0, or auto, found '" + std::string(bad) + "'");
  EXPECT_EQ(refusal("weight-column", "a,b"),
            "--weight-column: expected one name, in quotes (\") where it has a comma, found 'a,b'");
  for (const std::string bad : {"yes", "a:", "a:0", "a:-1", "a:inf", ":2", "\"a\"2:1", "a:1,", "a:1,b", "balanced,a:1"})
    EXPECT_EQ(refusal("class-weights", bad),
              "--class-weights: expected balanced, none, or a class, a colon and a number greater than 0 for each, as "
              "in a:1,b:5, found '" +
                  bad + "'");
  EXPECT_EQ(refusal("class-weights", "a:1,b:2,a:3"), "--class-weights: 'a' is named twice");
  EXPECT_EQ(refusal("class-weights", "\"a:1"), "--class-weights: expected a closing quote (\"), found '\"a:1'");
  EXPECT_EQ(refusal("l2", "-0.1"), "--l2: expected a number, at least 0, found '-0.1'");
  for (const char* name : {"momentum", "beta1", "beta2"})
    for (const char* bad : {"1", "-0.1", "x"})
      EXPECT_EQ(refusal(name, bad),
                "--" + std::string(name) + ": expected a number from 0 to less than 1, found '" + bad + "'");
  EXPECT_EQ(refusal("epsilon", "0"), "--epsilon: expected a number greater than 0, found '0'");
  EXPECT_EQ(refusal("batch-size", "0"), "--batch-size: expected a whole number, at least 1, or full, found '0'");
  EXPECT_EQ(refusal("batch-size", "3.5"), "--batch-size: expected a whole number, at least 1, or full, found '3.5'");
  EXPECT_EQ(refusal("iterations", "0"), "--iterations: expected a whole number, at least 1, found '0'");
  EXPECT_EQ(refusal("epochs", "-3"), "--epochs: expected a whole number, at least 1, found '-3'");
  EXPECT_EQ(refusal("epochs", "99999999999999999999"),
            "--epochs: expected a whole number, at least 1, found '99999999999999999999'");
  EXPECT_EQ(refusal("seed", "-1"), "--seed: expected a whole number from 0 to 18446744073709551615, found '-1'");
  EXPECT_EQ(refusal("seed", "18446744073709551616"),
            "--seed: expected a whole number from 0 to 18446744073709551615, found '18446744073709551616'");
  EXPECT_EQ(refusal("threads", "0"), "--threads: expected a whole number from 1 to 1024, or auto, found '0'");
  EXPECT_EQ(refusal("threads", "1025"), "--threads: expected a whole number from 1 to 1024, or auto, found '1025'");
  EXPECT_EQ(refusal("report-every", "0"), "--report-every: expected a whole number, at least 1, or auto, found '0'");
  for (const char* bad : {"20,,5", "20,", "0", "1000001", "20 7", "-3", "", "many"})
    EXPECT_EQ(
        refusal("hidden-layers", bad),
        "--hidden-layers: expected the numbers of units, such as 20,7,5 (each from 1 to 1000000), or none, found '" +
            std::string(bad) + "'");
  EXPECT_EQ(
      refusal("validation", "1.5"),
      "--validation: expected a file, or a fraction greater than 0 and less than 1, found '1.5' (a file of that name: "
      "./1.5)");
  for (const char* wrong : {"last:", "last:1", "last:0", "last:x", "last:nan"})
    EXPECT_EQ(refusal("validation", wrong),
              std::string("--validation: expected a fraction greater than 0 and less than 1 behind last:, found '") +
                  wrong + "' (a file of that name: ./" + wrong + ")");
  EXPECT_EQ(refusal("group-column", "a,b"),
            "--group-column: expected one name, in quotes (\") where it has a comma, found 'a,b'");
  EXPECT_EQ(refusal("tol", "-1"), "--tol: expected a number, at least 0, or none, found '-1'");
  EXPECT_EQ(refusal("validation", " "), "--validation: expected a file, or a fraction such as 0.2, found ' '");
  EXPECT_EQ(refusal("target", ""), "--target: expected names separated by commas, found ''");
  EXPECT_EQ(refusal("inputs", "a,,b"), "--inputs: expected names separated by commas, found 'a,,b'");
  EXPECT_EQ(refusal("inputs", "a,b,a"), "--inputs: 'a' is named twice");
  EXPECT_EQ(refusal("inputs", "\"a,b"), "--inputs: expected a closing quote (\"), found '\"a,b'");
  EXPECT_EQ(refusal("inputs", "\"a\"b"), "--inputs: expected a comma after the closing quote, found '\"a\"b'");
  EXPECT_EQ(refusal("initializer", "normal:0"),
            "--initializer: expected a number greater than 0 after normal:, as in normal:0.01, found 'normal:0'");
  EXPECT_EQ(refusal("initializer", "he:2"),
            "--initializer: expected no number after he: only normal takes one, as in normal:0.01, found 'he:2'");
  std::string long_list = "1";
  for (int i = 0; i < 1000; ++i) long_list += ",1";
  EXPECT_EQ(refusal("hidden-layers", long_list),
            "--hidden-layers: expected at most 1000 hidden layers, found '1001 of them'");
}

// Every row of the table: both ends of its range, and one beyond each.
TEST(Options, MessagesNameThemAsABindingWants) {
  spell_options([](std::string_view option, std::string_view value) {
    return std::string(option) + (value.empty() ? "" : "=" + std::string(value));
  });
  const std::string found = objection([](Options& o) { o.threads = -1; });
  spell_options(nullptr);
  EXPECT_EQ(found, "threads: expected a whole number from 1 to 1024, or auto, found '-1'");
  EXPECT_EQ(objection([](Options& o) { o.threads = -1; }), "--" + found);
}

TEST(Options, AMistypedValueGetsTheNearestRightOne) {
  EXPECT_EQ(refusal("task", "binery"),
            "--task: expected one of auto, binary, classes, regression, found 'binery'; did you mean 'binary'?");
  EXPECT_EQ(refusal("scale", "standart"),
            "--scale: expected one of auto, auto-quantile, standard, 1/255, robust, quantile, none, found 'standart'; "
            "did you mean 'standard'?");
  EXPECT_EQ(refusal("scale-target", "yes"), "--scale-target: expected one of auto, standard, none, found 'yes'");
  EXPECT_EQ(refusal("activation", "rellu"),
            "--activation: expected one of auto, identity, sigmoid, tanh, relu, leaky-relu, elu, selu, gelu, silu, "
            "mish, softplus, "
            "found 'rellu'; did you mean 'relu'?");
  EXPECT_EQ(refusal("loss", "squared-eror"),
            "--loss: expected one of auto, binary-cross-entropy, categorical-cross-entropy, squared-error, "
            "absolute-error, huber, quantile, found 'squared-eror'; did you mean 'squared-error'?");
  EXPECT_EQ(
      refusal("initializer", "lecunn"),
      "--initializer: expected one of lecun, he, glorot, normal, zeros, data, found 'lecunn'; did you mean 'lecun'?");
  EXPECT_EQ(refusal("random", "nunpy"),
            "--random: expected one of strata, numpy, found 'nunpy'; did you mean 'numpy'?");
  EXPECT_EQ(refusal("precision", "float46"),
            "--precision: expected one of float32, float64, bf16, found 'float46'; did you mean 'float64'?");
  EXPECT_EQ(refusal("optimizer", "gradient-decent"),
            "--optimizer: expected one of gradient-descent, momentum, adam, adamw, nesterov, found 'gradient-decent'; "
            "did you mean 'gradient-descent'?");
  EXPECT_EQ(refusal("leraning-rate", "1"), "there is no option 'leraning-rate'; did you mean 'learning-rate'?");
  EXPECT_EQ(refusal("xyzzy", "1"), "there is no option 'xyzzy'");
}

TEST(Options, TerminalEscapesInAValueAreNotEchoed) {
  const std::string message = refusal("task", "\x1b[31mred");
  EXPECT_EQ(message.find('\x1b'), std::string::npos) << message;
}

TEST(Options, TheRateThatIsUsedDependsOnTheOptimizer) {
  Options options;
  EXPECT_EQ(options.effective_learning_rate(), 0.001);
  options.optimizer = OptimizerKind::momentum;
  EXPECT_EQ(options.effective_learning_rate(), 0.01);
  options.optimizer = OptimizerKind::gradient_descent;
  EXPECT_EQ(options.effective_learning_rate(), 0.0075);
  options.learning_rate = 3.0;
  EXPECT_EQ(options.effective_learning_rate(), 3.0);
}

TEST(Options, TheTaskDecidesWhatBelongsToIt) {
  Options options;
  EXPECT_EQ(options.effective_monitor(Task::binary, Loss::binary_cross_entropy, 1), Metric::loss);
  options.monitor.reset();
  EXPECT_EQ(options.effective_monitor(Task::binary, Loss::binary_cross_entropy, 1), Metric::roc_auc);
  EXPECT_EQ(options.effective_monitor(Task::classes, Loss::categorical_cross_entropy, 3), Metric::log_loss);
  EXPECT_EQ(options.effective_monitor(Task::regression, Loss::squared_error, 1), Metric::rmse);
  EXPECT_EQ(options.effective_monitor(Task::regression, Loss::squared_error, 2), Metric::loss);
  EXPECT_EQ(options.effective_monitor(Task::regression, Loss::huber, 1), Metric::loss);
  options.parametrization = Parametrization::ntp;
  EXPECT_EQ(options.effective_learning_rate(Task::binary), 0.04);
  EXPECT_EQ(options.effective_learning_rate(Task::regression), 0.2);
  options.optimizer = OptimizerKind::momentum;
  EXPECT_EQ(options.effective_learning_rate(Task::regression), 0.01);
}

TEST(Options, ATypedKindOfParameterOrScheduleIsToldWhatThereIs) {
  EXPECT_EQ(
      refusal("rate-factor", "weight:2"),
      "--rate-factor: expected one of weights, biases, slopes, numbers, levels, scales, found 'weight'; did you mean "
      "'weights'?");
  EXPECT_EQ(refusal("rate-factor", "2"),
            "--rate-factor: expected one of weights, biases, slopes, numbers, levels, scales, found '2'");
  EXPECT_EQ(refusal("rate-factor", "weights"),
            "--rate-factor: expected a number, at least 0 after weights:, found 'weights'");
  EXPECT_EQ(refusal("rate-factor", "weights:1,weights:2"), "--rate-factor: 'weights' is named twice");
  EXPECT_EQ(refusal("weight-decay", "weights:-1"), "--weight-decay: expected a number, at least 0, found '-1'");
  EXPECT_EQ(refusal("schedule", "cosin"),
            "--schedule: expected one of auto, constant, step, cosine, one-cycle, coslog4, flat-cosine, found 'cosin'; "
            "did you "
            "mean 'cosine'?");
  EXPECT_EQ(refusal("decay-schedule", "cosin"),
            "--decay-schedule: expected one of constant, step, cosine, one-cycle, coslog4, flat-cosine, found 'cosin'; "
            "did you "
            "mean 'cosine'?");
  EXPECT_EQ(refusal("schedule", "cosine:0.1"),
            "--schedule: expected no number after cosine: only step takes some, found 'cosine:0.1'");
  for (const char* text : {"step:0.1", "step:2@0.5", "step:0.1@0.75,0.5", "step:0.1@1", "step:@0.5", "step:0.1@"})
    EXPECT_EQ(
        refusal("schedule", text),
        "--schedule: expected step:FACTOR@PLACE,PLACE, such as step:0.1@0.5,0.75: a factor from 0 to 1, and places "
        "between 0 and 1 that ascend, found '" +
            std::string(text) + "'");
  EXPECT_EQ(objection([](Options& o) { o.weight_decay = PerKind{0, 0.5}, o.l2 = 0.5; }),
            "--l2 0.5 and --weight-decay weights:0,biases:0.5 both draw the weights towards 0; give one of them, and 0 "
            "for the other");
}

TEST(Options, DropoutIsForHiddenLayers) {
  EXPECT_EQ(objection([](Options& o) { o.hidden_layers = {8, 4, 2}, o.dropout = {0.5, 0.25}; }),
            "--dropout names 2 rates for 3 hidden layers; give one for all, or one for each");
  EXPECT_EQ(objection([](Options& o) { o.hidden_layers = std::vector<int>{}, o.dropout = {0.5}; }),
            "--dropout 0.5: there is no hidden layer whose units could be left out");
  EXPECT_EQ(objection([](Options& o) { o.hidden_layers = std::vector<int>{}; }), "");
  EXPECT_EQ(refusal("dropout", "0.5,1"), "--dropout: expected a number from 0 to less than 1, found '1'");
  EXPECT_EQ(refusal("dropout", "0.5,"), "--dropout: expected a number from 0 to less than 1, found ''");
  EXPECT_EQ(objection([](Options& o) { o.hidden_layers = std::vector<int>{}, o.learned_slopes = true; }),
            "--slopes learned: there is no hidden layer whose slopes could be learned");
  EXPECT_EQ(objection([](Options& o) { o.learned_slopes = true; }), "");
}

TEST(Options, WordsOfAStageAreRefusedWithTheirNames) {
  EXPECT_EQ(refusal("slopes", "learnt"),
            "--slopes: expected one of fixed, learned, found 'learnt'; did you mean 'learned'?");
  EXPECT_EQ(refusal("input-scale", "yes"), "--input-scale: expected one of none, learned, found 'yes'");
  EXPECT_EQ(refusal("clamp-target", "yes"), "--clamp-target: expected one of none, training, found 'yes'");
  EXPECT_EQ(refusal("numeric-embedding", "plr"),
            "--numeric-embedding: expected one of none, pbld, piecewise, found 'plr'");
  EXPECT_EQ(refusal("embedding-size", "0"),
            "--embedding-size: expected a whole number from 1 to 1000, or none, found '0'");
  EXPECT_EQ(refusal("parametrization", "ntk"),
            "--parametrization: expected one of standard, ntp, found 'ntk'; did you mean 'ntp'?");
  EXPECT_EQ(refusal("last-batch", "skip"), "--last-batch: expected one of keep, drop, found 'skip'");
  EXPECT_EQ(refusal("label-smoothing", "1"),
            "--label-smoothing: expected a number from 0 to less than 1, or auto, found '1'");
  EXPECT_EQ(objection([](Options& o) { o.last_batch = LastBatch::drop, o.batch_size = 0; }),
            "--last-batch drop has no effect: every update uses all rows");
  EXPECT_EQ(objection([](Options& o) { o.monitor.reset(), o.validation = "none"; }),
            "--monitor task is about rows that are held back, and --validation none holds none back; leave one of them "
            "out");
}

TEST(Options, WhatIsChosenByFoldsNeedsThem) {
  EXPECT_EQ(refusal("select", "best"), "--select: expected one of none, greedy, found 'best'");
  EXPECT_EQ(refusal("calibrate", "platt"), "--calibrate: expected one of none, temperature, found 'platt'");
  EXPECT_EQ(objection([](Options& o) { o.select = Select::greedy, o.members = 4; }),
            "--select greedy: it needs predictions of rows that a network was not trained on, which only a bag has; "
            "give --folds 8 too");
  EXPECT_EQ(objection([](Options& o) { o.calibrate = Calibrate::temperature; }),
            "--calibrate temperature: it needs predictions of rows that a network was not trained on, which only a bag "
            "has; give --folds 8 too");
  // Whether one member is all there is, the recipe of the table says.
  for (const Folds& folds : {Folds{8, 1}, Folds{5, 2}, Folds{Folds::kAutomatic, 1}})
    EXPECT_EQ(objection([&](Options& o) { o.select = Select::greedy, o.folds = folds; }), "");
}

TEST(Options, NoMoreNetworksThanAModelHas) {
  EXPECT_EQ(
      objection([](Options& o) { o.folds = {100, 100}, o.members = 2; }),
      "--folds 100x100: with --members 2 these are 20000 networks, and a model has 10000 at most; ask for fewer of "
      "either");
  EXPECT_EQ(objection([](Options& o) { o.folds = {100, 50}, o.members = 2; }), "");
  EXPECT_EQ(objection([](Options& o) { o.folds = {4, 1}, o.random = RandomStream::numpy; }),
            "--folds 4: each network but the first has a seed that numpy.random.seed does not take; leave out --random "
            "numpy");
}

TEST(Options, TheDecayThatBelongsToTheOptimizer) {
  Options options;
  EXPECT_EQ(options.effective_weight_decay(), PerKind());
  options.optimizer = OptimizerKind::adamw;
  EXPECT_EQ(options.effective_learning_rate(), 0.001);
  EXPECT_EQ(options.effective_weight_decay(), PerKind{0.01});
  EXPECT_EQ(objection([](Options& o) { o.optimizer = OptimizerKind::adamw, o.l2 = 0.5; }),
            "--l2 0.5 and --weight-decay 0.01 both draw the weights towards 0; give one of them, and 0 for the other");
  EXPECT_EQ(objection([](Options& o) { o.optimizer = OptimizerKind::adamw, o.l2 = 0.5, o.weight_decay = PerKind{}; }),
            "");
}

TEST(OptionsPage, NamesEveryOptionAndRecipe) {
  const std::string page = options_markdown();
  for (const OptionSpec& option : option_table())
    EXPECT_NE(page.find("`--" + std::string(option.name) + " "), std::string::npos) << option.name;
  for (const Recipe& recipe : all_recipes())
    EXPECT_NE(page.find("### `--recipe " + std::string(recipe.name) + "`"), std::string::npos) << recipe.name;
  EXPECT_NE(page.find("FILE\\|FRACTION"), std::string::npos) << "a bar in a cell must not end it";
}

}  // namespace
}  // namespace strata
