// strata check-gradients: backpropagation against differences of the cost, parameter by parameter.
#include <fmt/format.h>

#include <filesystem>

#include "commands.hpp"
#include "strata/error.hpp"
#include "strata/json.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

constexpr std::size_t kExamples = 64;
constexpr std::size_t kKinksShown = 10;

void print_text(const GradientCheck& check) {
  out().line(fmt::format("{} and float64, epsilon {}: g by backpropagation, ĝ = (J(θ+ε) − J(θ−ε)) / 2ε\n",
                         counted(check.examples, "example"), shortest(check.epsilon)));
  TextTable table({{"block"},
                   {"parameters", true},
                   {"max|g|", true},
                   {"max|g−ĝ|", true},
                   {"relative", true},
                   {"where"},
                   {"g there", true},
                   {"ĝ there", true},
                   {"result"}});
  std::size_t kinks = 0;
  for (const BlockCheck& block : check.blocks) {
    kinks += block.kinks.size();
    table.add({block.name, with_commas(block.parameters), fmt::format("{:.3g}", block.largest_gradient),
               fmt::format("{:.2g}", block.largest_error), fmt::format("{:.2g}", block.relative_error), block.where,
               brief(block.gradient), brief(block.difference),
               out().paint(block.passed ? Style::good : Style::bad, block.passed ? "pass" : "FAIL")});
  }
  out().write(table.text(out()));
  if (kinks > 0) {
    out().line(fmt::format("\n{} not compared: ±ε crosses a kink of the activation there, where no derivative exists",
                           counted(kinks, "parameter")));
    TextTable list({{"where"}, {"g", true}, {"ĝ", true}});
    std::size_t shown = 0;
    for (const BlockCheck& block : check.blocks)
      for (const KinkedParameter& kink : block.kinks)
        if (shown++ < kKinksShown) list.add({kink.where, brief(kink.gradient), brief(kink.difference)});
    out().write(list.text(out()));
    if (kinks > kKinksShown) out().line(fmt::format("  … ({} more; --json lists all)", kinks - kKinksShown));
  }
  out().line(fmt::format("\n{}", check.passed ? out().paint(Style::good, "pass: every gradient agrees")
                                              : out().paint(Style::bad, "FAIL: a gradient disagrees with the cost")));
}

int run(const Arguments& arguments) {
  const std::size_t examples = arguments.whole("examples", 0, kExamples);
  const std::string& first = arguments.operands[0];
  GradientCheck check;
  if (arguments.operands.size() == 2) {
    for (const OptionSpec& option : option_table())
      if (option.name != "inputs" && option.name != "target" && arguments.has(option.name))
        throw Error(
            ErrorCode::usage,
            fmt::format("--{} describes a new network, and '{}' is a model, which has its own", option.name, first));
    const Model model = Model::load(first);
    const std::size_t network = network_of(arguments, model);
    const Table table = read_data(model, arguments.operands[1], arguments, true);
    check = strata::check_gradients(model, table, examples, network);
    say_which_network(arguments, model);
  } else {
    if (arguments.has("network"))
      throw Error(ErrorCode::usage,
                  "--network names a network of a model; give the model too: strata check-gradients MODEL DATA");
    check = strata::check_gradients(std::filesystem::path(first), arguments.options, examples);
  }
  if (arguments.has("json"))
    out().line(to_json(check));
  else
    print_text(check);
  return check.passed ? 0 : 1;
}

}  // namespace

Command check_gradients_command() {
  return {
      "check-gradients",
      "compare backpropagation with differences of the cost",
      {"strata check-gradients iris.csv --target species --hidden-layers 5",
       "strata check-gradients iris.strata iris.csv"},
      "Compares the derivative of the cost by every parameter, those of embeddings, scales and slopes too, with a "
      "central difference, in float64. With "
      "DATA alone it builds the network that the options describe, with its initial weights. The exit code is 0 "
      "when all agree, 1 when not. With dropout the units left out are those of the first update. With a MODEL each "
      "example counts 1, whatever it was trained with. Of a model of several networks one is checked.",
      {{"MODEL", "A file that 'strata train' wrote; or DATA alone.", 0, 1},
       {"DATA", "The inputs and the target, in any format that 'strata train' reads."}},
      with_reading(
          {"target",
           "inputs",
           "task",
           "scale",
           "scale-target",
           "impute",
           "one-hot-limit",
           "embedding-size",
           "numeric-embedding",
           "missing-target",
           "weight-column",
           "class-weights",
           "hidden-layers",
           "activation",
           "slopes",
           "input-scale",
           "dropout",
           "loss",
           "huber-delta",
           "quantile",
           "label-smoothing",
           "initializer",
           "random",
           "seed",
           "l2",
           {"parametrization",
            "ntp: activation auto is selu for classes and mish for numbers, and a target of arrays is scaled."}}),
      {{"examples", 0, "N", "Compare on at most this many examples; 0: on all of them. Default: 64."},
       kNetworkFlag,
       kJsonFlag,
       kQuietFlag},
      run};
}

}  // namespace strata::cli
