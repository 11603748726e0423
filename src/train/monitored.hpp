// Whether the figure that early stopping looks at can be measured on what is held back.
#pragma once

#include "features/examples.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

/// Throws Error(value) where the figure that is monitored is not defined on the examples, whatever is predicted of
/// them: not even of the truth itself. `asked`: before anything was decided, for what was typed.
template <class T>
void require_defined(const Problem& problem, const Options& asked, Examples<T>& held);

}  // namespace strata::internal
