// What the stage in front of the network makes of each column of X.
#pragma once

#include <vector>

#include "strata/architecture.hpp"
#include "strata/features.hpp"

namespace strata::internal {

/// One for each column of X: levels for the codes of a category, with one more for any other word; with `numbers`
/// periodic for what is a number or a date of a table, but not for pixels and other arrays, nor for columns of 0 and 1.
/// Empty: every column would be itself.
[[nodiscard]] std::vector<RowEmbedding> stage_rows_of(const Features& features, bool numbers);

}  // namespace strata::internal
