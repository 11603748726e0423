#include "train/class_weights.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "features/encode.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// m / (K m_k), as scikit-learn has it, of the K classes that training rows have.
std::vector<double> balanced(const Table& table, const Target& target, const Rows& train_rows, const Weights& weights) {
  const TargetEncoder labels(target, table);
  std::vector<double> of_classes(target.classes.size(), 0.0);
  double m = 0;
  for (std::size_t i = 0; i < train_rows.size(); ++i) {
    const double weight = weights[train_rows[i]];
    of_classes[labels.label(train_rows[i])] += weight;
    m += weight;
  }
  const auto K = static_cast<double>(std::ranges::count_if(of_classes, [](double m_k) { return m_k > 0; }));
  for (double& each : of_classes) each = each > 0 ? m / (K * each) : 1;
  return of_classes;
}

}  // namespace

std::vector<double> class_weights(const Table& table, const Target& target, const Rows& train_rows,
                                  const Weights& weights, const ClassWeights& asked) {
  if (asked == ClassWeights()) return {};
  const std::string option = spelled("class-weights", class_weights_text(asked));
  if (target.task == Task::regression)
    throw Error(
        ErrorCode::usage,
        fmt::format("{}: a regression has no classes; {} says how much each row counts, and {} makes classes of "
                    "the target",
                    option, spelled("weight-column", "COLUMN"), spelled("task", "classes")));
  if (target.names.size() > 1 || target.one_hot || table.field(target.names.front()).width() > 1)
    throw Error(ErrorCode::usage, fmt::format("{} needs one target with a label a row, and there are several numbers; "
                                              "{} says how much each row counts",
                                              option, spelled("weight-column", "COLUMN")));
  if (asked.balanced) return balanced(table, target, train_rows, weights);
  std::vector<double> of_classes(target.classes.size(), 1.0);
  for (const auto& [label, weight] : asked.each) {
    const auto found = std::ranges::find(target.classes, label);
    if (found == target.classes.end())
      throw Error(ErrorCode::usage,
                  fmt::format("{}: there is no class '{}'{}\nthe classes are: {}", option, printable(label),
                              suggestion(label, target.classes), joined_names(target.classes, 40)));
    of_classes[static_cast<std::size_t>(found - target.classes.begin())] = weight;
  }
  return of_classes;
}

void multiply(Weights& weights, const Table& table, const Target& target, const std::vector<double>& of_classes,
              const Rows& train_rows) {
  if (of_classes.empty()) return;
  const TargetEncoder labels(target, table);
  weights.multiply(train_rows, [&](std::size_t row) { return of_classes[labels.label(row)]; });
}

}  // namespace strata::internal
