// Words on the command line: every option of every command, written in every way, at every place.
#include "cli/arguments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "cli/commands.hpp"
#include "strata/error.hpp"

namespace strata::cli {
namespace {

using Words = std::vector<std::string>;

struct Typed {
  std::string name;
  char letter = 0;
  std::string value;  // empty: it takes none
  bool in_table = false;
};

// A value that the option takes and that is not its default.
std::string sample_of(std::string_view name) {
  static const std::map<std::string_view, std::string> samples = {
      {"target", "kind of thing"},
      {"keep", "\"size, cm\",id"},
      {"threshold", "0.3"},
      {"inputs", "a,b"},
      {"categorical", "a"},
      {"impute", "median"},
      {"one-hot-limit", "12"},
      {"embedding-size", "4"},
      {"numeric-embedding", "pbld"},
      {"clamp-target", "training"},
      {"slopes", "learned"},
      {"input-scale", "learned"},
      {"parametrization", "ntp"},
      {"last-batch", "drop"},
      {"missing-target", "drop"},
      {"weight-column", "\"count, n\""},
      {"class-weights", "a:1,\"b, c\":2.5"},
      {"task", "binary"},
      {"scale", "none"},
      {"scale-target", "standard"},
      {"validation", "0.25"},
      {"validation-column", "fold"},
      {"group-column", "\"size, cm\""},
      {"time-column", "when"},
      {"tol", "0.5"},
      {"tol-epochs", "20"},
      {"cross-validate", "5"},
      {"folds", "5x3"},
      {"select", "greedy"},
      {"calibrate", "temperature"},
      {"out-of-fold", "rows.csv"},
      {"separator", ";"},
      {"header", "no"},
      {"comment", "#"},
      {"decimal", "comma"},
      {"missing", "-99"},
      {"numeric", "x*"},
      {"categorical", "zip code"},
      {"date", "when"},
      {"ignore", "id"},
      {"date-order", "dmy"},
      {"bad-cells", "missing"},
      {"bad-rows", "skip"},
      {"transpose", "no"},
      {"hidden-layers", "3,2"},
      {"activation", "tanh"},
      {"loss", "squared-error"},
      {"huber-delta", "2"},
      {"quantile", "0.25"},
      {"label-smoothing", "0.125"},
      {"initializer", "he"},
      {"random", "numpy"},
      {"seed", "17"},
      {"members", "3"},
      {"precision", "float64"},
      {"optimizer", "momentum"},
      {"learning-rate", "0.125"},
      {"rate-factor", "biases:2"},
      {"schedule", "cosine"},
      {"warm-up", "0.125"},
      {"clip-norm", "3"},
      {"momentum", "0.5"},
      {"beta1", "0.5"},
      {"beta2", "0.75"},
      {"epsilon", "0.25"},
      {"l2", "0.5"},
      {"weight-decay", "auto"},
      {"decay-schedule", "one-cycle"},
      {"dropout-schedule", "step"},
      {"patience", "9"},
      {"monitor", "f1"},
      {"min-delta", "0.5"},
      {"metrics", "mcc,brier"},
      {"bootstrap", "50"},
      {"dropout", "0.5"},
      {"batch-size", "7"},
      {"iterations", "11"},
      {"epochs", "13"},
      {"report-every", "5"},
      {"threads", "2"},
      {"time-limit", "90s"},
      {"checkpoint", "5"},
      {"resume", "model.strata.checkpoint"},
      {"continue", "model.strata"},
      {"recipe", "classic"},
      {"output", "out file"},
      {"example", "3"},
      {"layer", "1"},
      {"network", "2"},
      {"npy", "a folder"},
      {"examples", "9"},
  };
  const auto found = samples.find(name);
  return found == samples.end() ? "" : found->second;
}

std::vector<Typed> options_of(const Command& command) {
  std::vector<Typed> all;
  for (const Taken& taken : command.options) all.push_back({std::string(taken.name), 0, sample_of(taken.name), true});
  for (const Flag& flag : command.flags)
    all.push_back({std::string(flag.name), flag.letter, flag.value.empty() ? "" : sample_of(flag.name), false});
  all.push_back({"no-color", 0, "", false});
  return all;
}

// As many operands as there may be, three where there is no limit.
Words operands_of(const Command& command) {
  Words words;
  for (const Operand& operand : command.operands) {
    const std::size_t count = operand.most == kAnyNumber ? 3 : operand.most;
    for (std::size_t i = 0; i < count; ++i) words.push_back("some file " + std::to_string(words.size()));
  }
  return words;
}

// The ways to write an option.
std::vector<Words> spellings(const Typed& option) {
  const std::string name = "--" + option.name;
  const std::string letter = std::string("-") + option.letter;
  std::vector<Words> ways;
  if (option.value.empty()) {
    ways.push_back({name});
    if (option.letter != 0) ways.push_back({letter});
    return ways;
  }
  ways.push_back({name, option.value});
  ways.push_back({name + "=" + option.value});
  std::string shouted = name;
  for (char& c : shouted) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  shouted.replace(0, 2, "--");
  ways.push_back({shouted, option.value});
  ways.push_back({shouted + "=" + option.value});
  if (option.letter != 0) {
    ways.push_back({letter, option.value});
    ways.push_back({letter + option.value});
    ways.push_back({letter + "=" + option.value});
  }
  return ways;
}

void expect_taken(const Command& command, const Words& words, const Words& operands, const std::vector<Typed>& typed) {
  std::string line = std::string(command.name);
  for (const std::string& word : words) line += " '" + word + "'";
  SCOPED_TRACE(line);
  Arguments arguments;
  try {
    arguments = parse(command, words);
  } catch (const Error& error) {
    FAIL() << error.what();
  }
  EXPECT_EQ(arguments.operands, operands);
  EXPECT_EQ(arguments.typed.size(), typed.size());
  Options expected;
  std::vector<std::pair<std::string_view, std::string_view>> own;
  for (const Typed& option : typed) {
    EXPECT_TRUE(arguments.has(option.name)) << option.name;
    EXPECT_EQ(arguments.value(option.name), option.value) << option.name;
    if (option.in_table) own.emplace_back(option.name, option.value);
  }
  for (const auto& [option, text] : own) set_option(expected, option, text);
  for (const Typed& option : typed)
    if (option.name == "recipe") apply_recipe(expected, option.value, own);
  EXPECT_TRUE(arguments.options == expected);
}

TEST(OptionsPage, IsTheTableAndTheCommandLine) {
  std::ifstream file(std::string(STRATA_SOURCE_DIR) + "/docs/parameters.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), options_markdown() + flags_markdown(train_command()))
      << "make it anew: strata help-markdown > docs/parameters.md";
  for (const Flag& flag : train_command().flags) {
    EXPECT_NE(page.str().find("\n| `--" + std::string(flag.name)), std::string::npos) << flag.name;
    EXPECT_EQ((std::string(flag.value) + std::string(flag.help)).find('|'), std::string::npos) << "it would end a cell";
  }
}

TEST(Arguments, EveryOptionThatTakesAValueHasASample) {
  for (const Command& command : all_commands()) {
    for (const Taken& taken : command.options) EXPECT_FALSE(sample_of(taken.name).empty()) << taken.name;
    for (const Flag& flag : command.flags)
      EXPECT_TRUE(flag.value.empty() || !sample_of(flag.name).empty()) << flag.name;
  }
}

TEST(Arguments, AnOptionStandsBeforeBetweenAndBehindTheOperands) {
  for (const Command& command : all_commands()) {
    const Words operands = operands_of(command);
    for (const Typed& option : options_of(command)) {
      for (const Words& way : spellings(option)) {
        for (std::size_t place = 0; place <= operands.size(); ++place) {
          Words words(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(place));
          words.insert(words.end(), way.begin(), way.end());
          words.insert(words.end(), operands.begin() + static_cast<std::ptrdiff_t>(place), operands.end());
          expect_taken(command, words, operands, {option});
        }
      }
    }
  }
}

TEST(Arguments, AllOptionsTogetherInAnyOrder) {
  std::mt19937 random(1);
  for (const Command& command : all_commands()) {
    const Words operands = operands_of(command);
    for (int round = 0; round < 50; ++round) {
      std::vector<Typed> typed = options_of(command);
      // Three ways to say how long, of which one may be given.
      constexpr std::string_view kLengths[] = {"epochs", "iterations", "time-limit"};
      std::erase_if(typed, [&](const Typed& option) {
        return std::ranges::find(kLengths, option.name) != std::end(kLengths) && option.name != kLengths[round % 3];
      });
      std::vector<Words> parts;
      for (const Typed& option : typed) {
        const std::vector<Words> ways = spellings(option);
        parts.push_back(ways[random() % ways.size()]);
      }
      for (std::size_t i = 0; i < operands.size(); ++i) parts.push_back({});
      std::shuffle(parts.begin(), parts.end(), random);
      Words words;
      std::size_t next = 0;
      for (const Words& part : parts) {
        if (part.empty()) words.push_back(operands[next++]);
        words.insert(words.end(), part.begin(), part.end());
      }
      expect_taken(command, words, operands, typed);
    }
  }
}

// What options are called elsewhere leads to ours, and is not taken for it.
TEST(Arguments, NamesOfOtherToolsLeadToOurs) {
  const std::pair<const char*, const char*> cases[] = {
      {"lr", "'--learning-rate'"},
      {"learning_rate_init", "'--learning-rate'"},
      {"ALPHA", "'--learning-rate' or '--l2'"},
      {"cv", "'--cross-validate' or '--folds'"},
      {"num-folds", "'--cross-validate' or '--folds'"},
      {"k-fold", "'--cross-validate' or '--folds'"},
      {"bagging", "'--folds'"},
      {"ensemble", "'--folds' or '--members'"},
      {"n_estimators", "'--members' or '--epochs'"},
      {"num-networks", "'--members'"},
      {"n-models", "'--members'"},
      {"member", "'--members'"},
      {"temperature-scaling", "'--calibrate'"},
      {"ensemble-selection", "'--select'"},
      {"max-iter", "'--epochs'"},
      {"early-stopping", "'--patience N'"},
      {"n-iter-no-change", "'--patience N'"},
      {"val-split", "'--validation'"},
      {"validation-split", "'--validation'"},
      {"validation_fraction", "'--validation'"},
      {"test-size", "'--validation'"},
      {"class-weight", "'--class-weights'"},
      {"sample-weight", "'--weight-column'"},
      {"lr-schedule", "'--schedule'"},
      {"scheduler", "'--schedule'"},
      {"warmup", "'--warm-up'"},
      {"grad-clip", "'--clip-norm'"},
      {"max-grad-norm", "'--clip-norm'"},
      {"metric", "'--metrics' or '--monitor'"},
      {"auc", "'--metrics roc-auc'"},
      {"random-state", "'--seed'"},
      {"hidden-layer-sizes", "'--hidden-layers'"},
      {"solver", "'--optimizer'"},
      {"n_jobs", "'--threads'"},
      {"y", "'--target'"},
      {"max-time", "'--time-limit'"},
      {"save", "'--output'"},
      {"epoch", "'--epochs'"},
  };
  for (const auto& [typed, ours] : cases) {
    const std::string option = std::string("--") + typed;
    for (const Words& words : {Words{"data.csv", option + "=5"}, Words{"data.csv", option, "5"}}) {
      try {
        static_cast<void>(parse(train_command(), words));
        ADD_FAILURE() << typed << " is taken";
      } catch (const Error& error) {
        EXPECT_EQ(error.what(), "'strata train' has no option '" + option + "'; did you mean " + ours + "?");
      }
    }
  }
  // Where a command has no such option, it is not led to it.
  try {
    static_cast<void>(parse(inspect_command(), Words{"m.strata", "--cv"}));
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "'strata inspect' has no option '--cv'; 'strata inspect --help' lists them");
  }
}

TEST(Arguments, ARecipeGivesWayToWhatIsTyped) {
  const auto parsed = [](const Words& words) {
    Words all = {"data.csv", "--recipe"};
    all.insert(all.end(), words.begin(), words.end());
    Options options = parse(train_command(), all).options;
    EXPECT_NO_THROW(validate(options)) << words.back();
    return options;
  };
  EXPECT_EQ(parsed({"plain", "--patience", "5"}).validation, "");
  EXPECT_EQ(parsed({"plain", "--patience", "5"}).patience, 5);
  EXPECT_EQ(parsed({"plain", "--patience", "5"}).learning_rate, 0.005);
  EXPECT_EQ(parsed({"classic", "--monitor", "roc-auc"}).validation, "");
  EXPECT_EQ(parsed({"classic", "--monitor", "roc-auc"}).iterations, 2500);
  EXPECT_EQ(parsed({"plain", "--l2", "0.5"}).weight_decay, std::nullopt);
  EXPECT_EQ(parsed({"plain", "--hidden-layers", "none"}).dropout, std::vector<double>{});
  EXPECT_EQ(parsed({"plain", "--time-limit", "5s"}).epochs, std::nullopt);
  EXPECT_EQ(parsed({"plain", "--time-limit", "5s"}).validation, "none");
  EXPECT_EQ(parsed({"plain", "--iterations", "7"}).epochs, std::nullopt);
  EXPECT_EQ(parsed({"classic", "--optimizer", "adam", "--beta1", "0.5"}).optimizer, OptimizerKind::adam);
  EXPECT_EQ(parsed({"plain", "--patience", "none"}).validation, "none");
  EXPECT_EQ(parsed({"realmlp", "--epochs", "50"}).epochs, 50);
  EXPECT_EQ(parsed({"realmlp", "--monitor", "accuracy"}).monitor, Metric::accuracy);
  // What is typed does not give way to what is typed.
  const Options both =
      parse(train_command(), Words{"data.csv", "--recipe", "plain", "--patience", "5", "--validation", "none"}).options;
  EXPECT_EQ(both.hidden_layers, (std::vector{128, 128}));
  EXPECT_THROW(validate(both), Error);
}

TEST(Arguments, TwoDashesEndTheOptions) {
  for (const Command& command : all_commands()) {
    Words operands = operands_of(command);
    const Words like_options = {"-q", "--quiet", "-", "--no-such=thing"};
    for (std::size_t i = 0; i < operands.size(); ++i) operands[i] = like_options[i % like_options.size()];
    const Typed option{"no-color", 0, "", false};
    for (std::size_t place = 0; place <= operands.size(); ++place) {
      if (place > 0 && operands[place - 1] != "-") operands[place - 1] = "plain";
      Words words(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(place));
      words.insert(words.end(), {"--no-color", "--"});
      words.insert(words.end(), operands.begin() + static_cast<std::ptrdiff_t>(place), operands.end());
      if (std::count(operands.begin(), operands.end(), "-") < 2) expect_taken(command, words, operands, {option});
    }
  }
}

TEST(Arguments, AValueIsTheNextWordWhateverItIs) {
  const Command train = train_command();
  for (const char* value : {"--", "-", "--quiet", "-5", "data.csv"}) {
    const Arguments arguments = parse(train, Words{"--output", value, "data.csv"});
    EXPECT_EQ(arguments.value("output"), value);
    EXPECT_EQ(arguments.operands, (Words{"data.csv"}));
  }
  const Arguments together = parse(train, Words{"-qo", "m", "data.csv"});
  EXPECT_TRUE(together.has("quiet"));
  EXPECT_EQ(together.value("output"), "m");
  EXPECT_EQ(parse(train, Words{"-qqom", "data.csv", "-q"}).value("output"), "m");
}

std::string refusal(const Command& command, const Words& words) {
  try {
    static_cast<void>(parse(command, words));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "taken";
}

TEST(Arguments, WhatIsWrongIsSaid) {
  const Command train = train_command(), predict = predict_command();
  EXPECT_EQ(refusal(train, {"d.csv", "--output"}), "--output needs a value: --output FILE");
  EXPECT_EQ(refusal(train, {"d.csv", "-o"}), "--output needs a value: --output FILE");
  EXPECT_EQ(refusal(train, {"d.csv", "-o", ""}), "--output needs a value: --output FILE");
  EXPECT_EQ(refusal(train, {"d.csv", "-o="}), "--output needs a value: --output FILE");
  EXPECT_EQ(refusal(train, {"d.csv", "--target="}), "--target: expected names separated by commas, found ''");
  EXPECT_EQ(refusal(train, {"d.csv", "--quiet=yes"}), "--quiet takes no value");
  EXPECT_EQ(refusal(train, {"d.csv", "--quiet="}), "--quiet takes no value");
  EXPECT_EQ(refusal(train, {"d.csv", "-q=yes"}), "-q takes no value");
  EXPECT_EQ(refusal(train, {"d.csv", "-qX=3"}), "'strata train' has no option '-X'; 'strata train --help' lists them");
  EXPECT_EQ(refusal(train, {"d.csv", "-="}), "'strata train' has no option '-='; 'strata train --help' lists them");
  EXPECT_EQ(refusal(train, {"d.csv", "--h"}), "'strata train' has no option '--h'; 'strata train --help' lists them");
  EXPECT_EQ(parse(train, Words{"d.csv", "-o", "=m"}).value("output"), "=m");
  EXPECT_EQ(refusal(train, {"d.csv", "-out=m"}), "-out: a name has two dashes: --output");
  EXPECT_EQ(refusal(train, {"d.csv", "-output", "m"}), "-output: a name has two dashes: --output");
  EXPECT_EQ(parse(train, Words{"d.csv", "-om"}).value("output"), "m");
  EXPECT_EQ(parse(train, Words{"d.csv", "-ooutput"}).value("output"), "output");
  EXPECT_EQ(refusal(convert_command(), {"-", "-", "--target", "-"}).find("2 times (operand 1, --target)") !=
                std::string::npos,
            true);
  EXPECT_FALSE(parse(convert_command(), Words{"d.csv", "-"}).reads_standard_input);
  EXPECT_EQ(refusal(train, {"d.csv", "-qX"}), "'strata train' has no option '-X'; 'strata train --help' lists them");
  EXPECT_EQ(refusal(train, {"d.csv", "--epo", "3"}), "'strata train' has no option '--epo'; did you mean '--epochs'?")
      << "the beginning of a name is no name: another option may begin so one day";
  EXPECT_EQ(refusal(train, {"d.csv", "--epo=3"}), "'strata train' has no option '--epo'; did you mean '--epochs'?");
  for (const Command& command : {trace_command(), check_gradients_command()})
    EXPECT_EQ(refusal(command, {"m", "d.csv", "--member", "2"}),
              "'strata " + std::string(command.name) + "' has no option '--member'; did you mean '--network'?");
  EXPECT_EQ(refusal(predict, {"m", "d.csv", "--seed", "3"}),
            "'strata predict' has no option '--seed' (it belongs to 'strata train'; a model remembers it)");
  EXPECT_EQ(refusal(train, {"-", "--validation", "-"}),
            "standard input can be read only once, and here it is to be read 2 times (operand 1, "
            "--validation)");
  EXPECT_EQ(refusal(predict, {"-", "d.csv", "-"}),
            "standard input can be read only once, and here it is to be read 2 times (operand 1, "
            "operand 3)");
  EXPECT_EQ(refusal(train, {"-", "--target=-"}),
            "standard input can be read only once, and here it is to be read 2 times (operand 1, "
            "--target)");
  for (const std::string option : {"continue", "resume"})
    EXPECT_EQ(refusal(train, {"-", "--" + option, "-"}),
              "standard input can be read only once, and here it is to be read 2 times (operand 1, --" + option + ")");
}

}  // namespace
}  // namespace strata::cli
