// Named sets of options, and the reference page of all options.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/effects.hpp"
#include "config/names.hpp"
#include "strata/error.hpp"
#include "strata/options.hpp"

namespace strata {
using namespace internal;
namespace {

/// Text for a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? std::string() : "`" + cell(text) + "`"; }

}  // namespace

std::span<const Recipe> all_recipes() try {
  // The notes set the activation, the head, the rule of the update, the whole batch and 1/sqrt(n) initialisation. They
  // leave the rate, the number of iterations and the reports to the reader; those are the ones of the classic course's
  // own runs.
  static const std::vector<Recipe> recipes = {
      {"plain",
       "A small network, trained in a second with what was chosen on open data (docs/decisions/0007-defaults.md), on "
       "all rows and to the last epoch. Without options a table of two classes and few rows gets four of them, of "
       "half the units, and the epoch that does best on a fifth of the rows.",
       {{"scale", "auto-quantile"},
        {"hidden-layers", "128,128"},
        {"dropout", "0.1"},
        {"optimizer", "adam"},
        {"learning-rate", "0.005"},
        {"schedule", "cosine"},
        {"weight-decay", "0.1"},
        {"batch-size", "32"},
        {"validation", "none"}}},
      {"realmlp",
       "RealMLP: numbers and categories are embedded, slopes and scales are learned, and the rate, the decay and the "
       "dropout have their schedules (Holzmüller, Grinsztajn and Steinwart, \"Better by default\", NeurIPS 2024). A "
       "fifth of the rows is held back, and the best epoch is kept. Without options most tables get it with several "
       "networks, numbers in pieces and fewer epochs (docs/decisions/0018-default-recipe.md).",
       {{"scale", "robust"},
        {"one-hot-limit", "8"},
        {"embedding-size", "8"},
        {"numeric-embedding", "pbld"},
        {"scale-target", "auto"},
        {"clamp-target", "training"},
        {"hidden-layers", "256,256,256"},
        {"activation", "auto"},
        {"slopes", "learned"},
        {"input-scale", "learned"},
        {"dropout", "0.15"},
        {"label-smoothing", "auto"},
        {"initializer", "data"},
        {"optimizer", "adam"},
        {"learning-rate", "auto"},
        {"rate-factor", "weights:1,biases:0.1,slopes:0.1,numbers:0.1,scales:6"},
        {"parametrization", "ntp"},
        {"schedule", "coslog4"},
        {"beta1", "0.9"},
        {"beta2", "0.95"},
        {"epsilon", "1e-8"},
        {"weight-decay", "weights:0.02,slopes:0.002,numbers:0.002,levels:0.02,scales:0.12"},
        {"decay-schedule", "flat-cosine"},
        {"dropout-schedule", "flat-cosine"},
        {"batch-size", "256"},
        {"last-batch", "drop"},
        {"epochs", "256"},
        {"patience", "256"},
        {"validation", "auto"},
        {"monitor", "task"}}},
      {"classic",
       "The network of the notes: ReLU, then a sigmoid for a yes/no target; plain gradient descent over all examples "
       "at once; weights from 1/sqrt(n). Rate, iterations and reports are those of the classic course.",
       {{"activation", "relu"},
        {"dropout", "0"},
        {"loss", "auto"},
        {"validation", "none"},
        {"scale-target", "none"},
        {"initializer", "lecun"},
        {"optimizer", "gradient-descent"},
        {"learning-rate", "0.0075"},
        {"l2", "0"},
        {"weight-decay", "auto"},
        {"batch-size", "full"},
        {"iterations", "2500"},
        {"report-every", "100"}}},
  };
  return recipes;
} catch (...) {
  throw_as_error("for the recipes");
}

namespace {

// `decided`: nothing is open in them, so that every effect can be judged.
bool is_consistent(const Options& options, bool decided) {
  try {
    validate(options);
    return !decided || without_effect(options).empty();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::usage) throw;
    return false;
  }
}

}  // namespace

void internal::set_unnamed(Options& options, std::string_view name, std::string_view text) {
  const std::set<std::string> named = options.named;
  set_option(options, name, text);
  options.named = named;
}

void internal::set_giving_way(Options& options, const TypedOptions& settings, const TypedOptions& explicitly,
                              bool decided) {
  Options chosen = options;
  for (const auto& [option, text] : explicitly) set_option(chosen, option, text);
  for (const auto& [option, text] : settings) {
    Options with = chosen;
    set_unnamed(with, option, text);
    with.inherited.emplace_back(option);
    for (const auto& [typed, value] : explicitly) set_option(with, typed, value);
    const bool contradicts = !explicitly.empty() && is_consistent(chosen, decided) && !is_consistent(with, decided);
    if (!contradicts) chosen = std::move(with);
  }
  // What belongs to a setting that gave way goes with it: the schedule of a decay.
  for (const auto& [option, text] : settings)
    if (!decided && std::ranges::find(explicitly, option, &TypedOptions::value_type::first) == explicitly.end() &&
        !has_effect(option, chosen))
      set_unnamed(chosen, option, std::ranges::find(option_table(), option, &OptionSpec::name)->standard);
  options = std::move(chosen);
}

void apply_recipe(Options& options, std::string_view name, const TypedOptions& explicitly) try {
  std::vector<std::string> names;
  for (const Recipe& recipe : all_recipes()) {
    names.emplace_back(recipe.name);
    if (recipe.name != name) continue;
    return set_giving_way(options, recipe.settings, explicitly, false);
  }
  throw Error(ErrorCode::usage,
              fmt::format("{}: expected {}{}, found '{}'{}", spelled("recipe"), names.size() > 1 ? "one of " : "",
                          joined(names), printable(name), suggestion(name, names)));
} catch (...) {
  throw_as_error("for the options");
}

std::string options_markdown() try {
  std::string page =
      "# Options\n\n"
      "Every option of `strata train`, and of `strata check-gradients` without a model. A program sets them with\n"
      "`strata::set_option(options, \"learning-rate\", \"0.01\")` or through the members of `strata::Options`, which "
      "have the\n"
      "same names. This page is made from the table in `src/config` (`*_rows.cpp`); `./dev test` compares the two.\n\n"
      "Names are read without regard to case, and `_` is as good as `-`. A column whose name has a comma goes in "
      "quotes, as\n"
      "in a CSV file: `--inputs '\"size, cm\",age'`.\n";
  std::string_view group;
  for (const OptionSpec& option : option_table()) {
    if (option.group != group) {
      group = option.group;
      page +=
          fmt::format("\n## {}\n\n| option | default | values | what it does |\n| --- | --- | --- | --- |\n", group);
    }
    page += fmt::format("| {} | {} | {} | {} |\n", code(fmt::format("--{} {}", option.name, option.value)),
                        code(option.standard), cell(option.range), cell(option.help));
  }
  page +=
      "\n## Recipes\n\nA recipe sets several options at once. An option that is given as well overrides the recipe, "
      "with "
      "what it contradicts in it.\n";
  for (const Recipe& recipe : all_recipes()) {
    page += fmt::format("\n### `--recipe {}`\n\n{}\n\n| option | value |\n| --- | --- |\n", recipe.name, recipe.help);
    for (const auto& [option, text] : recipe.settings)
      page += fmt::format("| {} | {} |\n", code(fmt::format("--{}", option)), code(text));
  }
  page +=
      "\n## Other names\n\n"
      "`sgd` is `gradient-descent`, `xavier` is `glorot`, `swish` is `silu`.\n";
  return page;
} catch (...) {
  throw_as_error("for the page of options");
}

}  // namespace strata
