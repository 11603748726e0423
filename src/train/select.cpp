#include "train/select.hpp"

#include <limits>

namespace strata::internal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Selection select_greedily(std::span<const std::vector<double>> outputs,
                          const std::function<double(std::span<const double>)>& score, bool higher_is_better,
                          std::size_t rounds) {
  if (outputs.empty()) return {{}, kNaN};
  const double sign = higher_is_better ? -1 : 1;
  std::vector<double> sum(outputs.front().size(), 0.0), mean(sum.size());
  std::vector<std::size_t> taken;
  double best = std::numeric_limits<double>::infinity();  // of all rounds, times sign
  std::size_t best_rounds = 0;
  while (taken.size() < rounds) {
    const auto count = static_cast<double>(taken.size() + 1);
    const auto score_with = [&](const std::vector<double>& more) {
      for (std::size_t at = 0; at < sum.size(); ++at) mean[at] = (sum[at] + more[at]) / count;
      return sign * score(mean);
    };
    std::size_t chosen = outputs.size();
    double best_here = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < outputs.size(); ++c) {
      const double found = score_with(outputs[c]);
      if (found < best_here) best_here = found, chosen = c;
    }
    if (chosen == outputs.size()) break;  // no score is defined
    taken.push_back(chosen);
    for (std::size_t at = 0; at < sum.size(); ++at) sum[at] += outputs[chosen][at];
    if (best_here < best) best = best_here, best_rounds = taken.size();
  }
  if (best_rounds == 0) return {std::vector<std::size_t>(outputs.size(), 1), kNaN};
  Selection selection{std::vector<std::size_t>(outputs.size(), 0), sign * best};
  for (std::size_t round = 0; round < best_rounds; ++round) ++selection.counts[taken[round]];
  return selection;
}

}  // namespace strata::internal
