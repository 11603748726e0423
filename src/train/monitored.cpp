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

template <class T>
void require_defined(const Problem& problem, Examples<T>& held) {
  constexpr Index kBatch = 1024;
  const Metric metric = problem.options.monitor;
  if (metric == Metric::loss || held.m() == 0) return;
  Score<T> of_truth(problem.architecture, problem.target, beside_the_usual(problem.target.task, {&metric, 1}));
  for (Index first = 0; first < held.m(); first += kBatch) {
    const auto [X, Y, w] = held.range(first, std::min(kBatch, held.m() - first));
    of_truth.add(Y, Y, 0, w);
  }
  if (!std::isnan(of_truth.metrics().value(metric))) return;
  throw Error(
      ErrorCode::value,
      fmt::format("{} is not defined on the {} rows that are held back: {}; hold back others, or choose another figure",
                  spelled("monitor", name(metric)), held.m(), why_undefined(metric)));
}

template void require_defined(const Problem&, Examples<float>&);
template void require_defined(const Problem&, Examples<double>&);

}  // namespace strata::internal
