// Named sets of options, and the reference page of all options.
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/only_errors.hpp"
#include "base/text.hpp"
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
      {"classic",
       "The network of the notes: ReLU, then a sigmoid for a yes/no target; plain gradient descent over all examples "
       "at once; weights from 1/sqrt(n). Rate, iterations and reports are those of the classic course.",
       {{"activation", "relu"},
        {"dropout", "0"},
        {"loss", "auto"},
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

void apply_recipe(Options& options, std::string_view name) try {
  std::vector<std::string> names;
  for (const Recipe& recipe : all_recipes()) {
    if (recipe.name == name) {
      for (const auto& [option, text] : recipe.settings) set_option(options, option, text);
      return;
    }
    names.emplace_back(recipe.name);
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
      "same names. This page is made from the table in `src/config/options.cpp`; `./dev test` compares the two.\n\n"
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
      "\n## Recipes\n\nA recipe sets several options at once. An option that is given as well overrides the recipe.\n";
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
