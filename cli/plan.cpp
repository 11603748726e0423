// strata train --dry-run: what a training would do.
#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"
#include "strata/json.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {
namespace {

std::string bytes_text(std::size_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  return fmt::format("{:.3g} {}", value, kUnits[unit]);
}

void print_text(const TrainingPlan& plan) {
  const auto item = [](std::string_view what, std::string_view text) {
    const std::size_t width = std::max<std::size_t>(out().width(), 60);
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<11}", what)),
                           wrapped(printable(text), width, 11)));
  };
  item("inputs", describe_inputs(plan.features, plan.architecture));
  std::vector<std::string> left_out;
  for (const LeftOut& each : plan.left_out)
    left_out.push_back(fmt::format("{} ({}{}{})", each.name, each.type, each.why.empty() ? "" : ": ", each.why));
  if (!left_out.empty()) item("left out", joined(left_out));
  item("scaling", describe_scaling(plan.features.scaling));
  item("target", describe_target(plan.features.target));
  std::vector<std::string> weights;
  for (const OptionSpec& option : option_table())
    if (const std::string value = option.show(plan.options);
        (option.name == "weight-column" || option.name == "class-weights") && value != option.standard)
      weights.push_back(fmt::format("--{} {}", option.name, value));
  if (!weights.empty()) item("weights", fmt::format("{}", fmt::join(weights, " times ")));
  const auto members = static_cast<std::size_t>(plan.options.members);
  item("network", fmt::format("{}, {}", describe_networks(members, plan.architecture, plan.options.precision),
                              name(plan.architecture.loss)));
  std::string rows = fmt::format("{} to train on", with_commas(plan.rows));
  if (plan.held > 0) rows += fmt::format(", {} held back for the validation", with_commas(plan.held));
  if (!plan.held_how.empty()) rows += fmt::format(" ({})", plan.held_how);
  if (plan.dropped > 0) rows += fmt::format(", {} left out without the target", with_commas(plan.dropped));
  if (plan.weight_0 > 0) rows += fmt::format(", {} left out of weight 0", with_commas(plan.weight_0));
  item("rows", rows);
  if (!plan.folds.empty()) {
    const auto [least, most] = std::ranges::minmax(plan.folds);
    item("folds",
         fmt::format("{} ({}) of {} rows, for {} on the others", plan.folds.size(), to_text(plan.options.folds),
                     least == most ? with_commas(most) : fmt::format("{} to {}", with_commas(least), with_commas(most)),
                     members > 1 ? fmt::format("{} networks each, which are trained", members)
                                 : "one network each, which is trained"));
  }
  const auto updates = static_cast<std::uint64_t>(plan.iterations), batches = static_cast<std::uint64_t>(plan.batches);
  item("updates", fmt::format("{}{} by {}, an epoch has {}", plan.folds.empty() ? "" : "at most ", with_commas(updates),
                              name(plan.options.optimizer), with_commas(batches)));
  item("memory",
       fmt::format("at most about {} beside the program: data {}, examples {}, weights {}, steps {}",
                   bytes_text(plan.data_bytes + plan.example_bytes + plan.weight_bytes + plan.workspace_bytes),
                   bytes_text(plan.data_bytes), bytes_text(plan.example_bytes), bytes_text(plan.weight_bytes),
                   bytes_text(plan.workspace_bytes)));
}

}  // namespace

void print_plan(const TrainingPlan& plan, bool json) {
  if (json)
    out().line(to_json(plan));
  else
    print_text(plan);
}

}  // namespace strata::cli
