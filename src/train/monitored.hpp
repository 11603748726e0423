// Which figures are measured, and whether the one that early stopping looks at can be on what is held back.
#pragma once

#include <vector>

#include "features/examples.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

/// Which figures are measured beside the usual ones: what is asked for, and what says which epoch is the best.
[[nodiscard]] std::vector<Metric> more_of(const Problem& problem);

/// Throws Error(value) where the figure that is monitored is not defined on the examples, whatever is predicted of
/// them: not even of the truth itself. `asked`: before anything was decided, for what was typed.
template <class T>
void require_defined(const Problem& problem, const Options& asked, Examples<T>& held);

}  // namespace strata::internal
