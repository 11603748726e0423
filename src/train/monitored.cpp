#include "train/monitored.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "model/metrics.hpp"
#include "model/score.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

const char* why_undefined(Metric metric) {
  switch (metric) {
    case Metric::r2: return "the target is the same in all of them";
    case Metric::mape: return "a target among them is 0";
    case Metric::mcc: return "they are all of one class";
    default: return "they lack a class";
  }
}

}  // namespace

std::vector<Metric> more_of(const Problem& problem) {
  std::vector<Metric> wanted = problem.options.metrics;
  wanted.push_back(*problem.options.monitor);
  return beside_the_usual(problem.target.task, wanted);
}

template <class T>
void require_defined(const Problem& problem, const Options& asked, Examples<T>& held) {
  constexpr Index kBatch = 1024;
  const Metric metric = *problem.options.monitor;
  if (metric == Metric::loss || held.m() == 0) return;
  Score<T> of_truth(problem.architecture, problem.target, beside_the_usual(problem.target.task, {&metric, 1}));
  for (Index first = 0; first < held.m(); first += kBatch) {
    const auto [X, Y, w] = held.range(first, std::min(kBatch, held.m() - first));
    of_truth.add(Y, Y, 0, w);
  }
  if (!std::isnan(of_truth.metrics().value(metric))) return;
  std::string chosen = spelled("monitor", name(metric)), other = "another figure";
  if (!asked.monitor) {
    const bool by_recipe = std::ranges::find(asked.inherited, "monitor") != asked.inherited.end();
    chosen = fmt::format("{}{} is {} here, which", spelled("monitor", "task"), by_recipe ? " (from the recipe)" : "",
                         name(metric));
    other = fmt::format("{} or {}", spelled("monitor", name(Metric::log_loss)), spelled("monitor", name(Metric::loss)));
  }
  throw Error(ErrorCode::value,
              fmt::format("{} is not defined on the {} rows that are held back: {}; hold back others, or choose {}",
                          chosen, held.m(), why_undefined(metric), other));
}

template void require_defined(const Problem&, const Options&, Examples<float>&);
template void require_defined(const Problem&, const Options&, Examples<double>&);

}  // namespace strata::internal
