#include "ending.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "output.hpp"

namespace strata::cli {

std::string how_far(const Fit& fit) {
  if (fit.folds == 0) return counted(static_cast<std::uint64_t>(fit.iterations), "iteration");
  const bool is_cut = fit.ending == Ending::interrupted || fit.ending == Ending::time_limit;
  if (is_cut && !fit.parts.empty() && fit.parts[0].ending == fit.ending)
    return fmt::format("a part of fold {} of {}", fit.parts[0].part, fit.folds);
  return fmt::format("{} of {} folds{}", fit.parts.size(), fit.folds,
                     is_cut ? " (one that was cut short is left out)" : "");
}

std::string what_is_kept(const Fit& fit, const std::string& model) {
  if (fit.folds == 0) return fmt::format("The last good weights are in {}", model);
  const auto best = std::ranges::count(fit.parts, Ending::diverged, &PartReport::ending);
  return fmt::format(
      "{} of {} folds are in {}{}", fit.parts.size(), fit.folds, model,
      best > 0 ? fmt::format(", {} of them with the best epoch before {} diverged", best, best == 1 ? "it" : "they")
               : "");
}

}  // namespace strata::cli
