// strata evaluate: how good a model is on data whose answers are known.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "api/json.hpp"
#include "commands.hpp"

namespace strata::cli {
namespace {

Bootstrap bootstrap_of(const Arguments& arguments) {
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  Bootstrap bootstrap{.resamples = Bootstrap::kAutomatic, .seed = arguments.options.seed};
  if (arguments.has("bootstrap"))
    bootstrap.resamples = static_cast<int>(std::min(arguments.whole("bootstrap", 0, 0), kMost));
  return bootstrap;
}

std::string value_text(const Metrics& metrics, Metric metric) {
  if (metric == Metric::accuracy)
    return fmt::format("{}/{} ({})", metrics.correct, metrics.examples, describe_accuracy(metrics));
  return metric == Metric::r2 ? describe_r2(metrics) : figure(metrics.value(metric));
}

std::string interval_text(const Metrics& metrics, Metric metric) {
  for (const Interval& each : metrics.intervals) {
    if (each.metric != metric) continue;
    const bool share = metric == Metric::accuracy;
    return share ? fmt::format("{:.1f} % to {:.1f} %", 100 * each.low, 100 * each.high)
                 : fmt::format("{:.5g} to {:.5g}", each.low, each.high);
  }
  return {};
}

/// What the model was trained with; empty: nothing else than usual.
std::string recorded(const Model& model, std::string_view option) {
  for (const auto& [name, value] : model.record().options)
    if (name == option) return value;
  return {};
}

/// Figures that are weighted in another way than the training was are not to be taken for its own.
void say_weights(const Model& model, const Arguments& arguments) {
  if (arguments.has("quiet")) return;
  if (const std::string column = recorded(model, "weight-column"); !column.empty() && !arguments.has("weight-column"))
    say(
        fmt::format("the model was trained by weights, and here each example counts 1; --weight-column {} measures by "
                    "those of that column",
                    quoted_for_shell(column)));
  if (const std::string classes = recorded(model, "class-weights"); !classes.empty())
    say(fmt::format("the model was trained with --class-weights {}, which count in no figure", printable(classes)));
}

void print_text(const Metrics& metrics, const std::string& weight_column) {
  const auto item = [](std::string_view what, std::string_view text, std::string_view more = {}) {
    std::string line = out().paint(Style::bold, fmt::format("{:<19}", what));
    line += more.empty() ? std::string(text) : fmt::format("{:<19} {}", text, more);
    out().line(line);
  };
  const std::string heading = metrics.intervals.empty() ? "" : out().paint(Style::dim, "95 % interval");
  item("examples", with_commas(metrics.examples), heading);
  if (!weight_column.empty()) item("weights", fmt::format("{}, in every figure", printable(weight_column)));
  if (metrics.unseen > 0)
    item("unseen", fmt::format("{} of classes that the model does not know (the first: '{}'): wrong, and in no figure "
                               "but the accuracy",
                               counted(metrics.unseen, "example"), printable(metrics.first_unseen)));
  const std::span<const Metric> all = metrics_of(metrics.task);
  for (const Metric each : all.subspan(1))
    item(title_of(each), value_text(metrics, each), interval_text(metrics, each));
  item(title_of(all[0]), value_text(metrics, all[0]), interval_text(metrics, all[0]));
}

int run(const Arguments& arguments) {
  const Bootstrap bootstrap = bootstrap_of(arguments);
  const Model model = Model::load(arguments.operands[0]);
  TableReader reader = open_data(model, arguments.operands[1], arguments, true);
  say_weights(model, arguments);
  const Metrics metrics = model.evaluate(reader, arguments.options.threads, bootstrap);
  say_left_out(reader, arguments.operands[1], arguments);
  say_unfamiliar(metrics.unfamiliar, arguments);
  if (!arguments.has("json")) {
    print_text(metrics, arguments.options.weight_column);
    return 0;
  }
  Json json;
  add_members(json.object(), metrics);
  if (!arguments.options.weight_column.empty()) json.text("weight_column", arguments.options.weight_column);
  out().line(json.end().str());
  return 0;
}

}  // namespace

Command evaluate_command() {
  return {
      "evaluate",
      "measure a model on data whose answers are known",
      {"strata evaluate iris.strata test.csv"},
      "Columns are matched by name; others are ignored. In a CSV file without a header the inputs come first, in the "
      "model's order, and then the target. One file is measured at a time. The loss is the mean over the examples, "
      "without L2. Beside each figure stands where it would lie, 19 times in 20, on other examples of the same kind: "
      "the examples are drawn again and again, with replacement, and measured each time.",
      {{"MODEL", "A file that 'strata train' wrote."},
       {"DATA", "The inputs and the target, in any format that 'strata train' reads."}},
      with_reading_of_model({kInputsOfModel,
                             kTargetOfModel,
                             "bad-rows",
                             "missing-target",
                             "weight-column",
                             {"seed", "What the examples are drawn by: the same seed gives the same intervals."},
                             "threads"}),
      {{"bootstrap", 0, "N",
        "How many times the examples are drawn again for the intervals; 0: no intervals. Default: 1000, fewer of more "
        "than 20,000 examples, at least 200."},
       kJsonFlag,
       kQuietFlag},
      run};
}

}  // namespace strata::cli
