// How much the examples of each class count.
#pragma once

#include <vector>

#include "data/rows.hpp"
#include "features/weights.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// What options.class_weights say of each class of the target; empty: 1 each. Balanced, the classes of the training
/// rows count alike, and all of them together as much as without. Throws Error(usage) for a regression, several targets
/// or a class that there is not.
[[nodiscard]] std::vector<double> class_weights(const Table& table, const Target& target, const Rows& train_rows,
                                                const Weights& weights, const ClassWeights& asked);

/// Multiplies what the rows to train on count by what their class does. (What is held back is measured as `evaluate`
/// would.)
void multiply(Weights& weights, const Table& table, const Target& target, const std::vector<double>& of_classes,
              const Rows& train_rows);

}  // namespace strata::internal
