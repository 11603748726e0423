// How much each of several candidates should count in their mean: greedy selection with replacement (Caruana,
// Niculescu-Mizil, Crew and Ksikes, 2004, "Ensemble selection from libraries of models").
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace strata::internal {

/// Shares become multiples of 1/25 or coarser. Finer ones than 4 % move the score less than another draw of the rows
/// that it was measured on does, and each round costs a score for every candidate.
inline constexpr std::size_t kSelectionRounds = 25;

struct Selection {
  std::vector<std::size_t> counts;  ///< of each candidate; its share is this by their sum
  double score = 0;                 ///< of the mean with these shares
};

/// `outputs`: of each candidate for the same examples, none of which it was trained on, of one size. `score` of such
/// outputs; one that is not defined (NaN) is never best. The first round takes the best candidate, and each one after
/// it the candidate with which the mean of all taken so far is best, ties to the earlier; the rounds after the best
/// one, ties to the earlier, are taken back. Where no candidate has a score, each counts once. The same in, the same
/// out.
[[nodiscard]] Selection select_greedily(std::span<const std::vector<double>> outputs,
                                        const std::function<double(std::span<const double>)>& score,
                                        bool higher_is_better, std::size_t rounds = kSelectionRounds);

}  // namespace strata::internal
