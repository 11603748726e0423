// What the outputs of a model mean: the labels, the probabilities or the numbers that it predicts.
#pragma once

#include <optional>
#include <span>

#include "strata/architecture.hpp"
#include "strata/features.hpp"
#include "strata/model.hpp"

namespace strata::internal {

/// Is the answer one of the classes, and not several of yes or no?
[[nodiscard]] bool has_one_label(const Target& target, const Architecture& net);
/// Of no examples yet: the names of the columns, and the classes.
[[nodiscard]] Predictions no_predictions(const Target& target, const Architecture& net);
/// Those of one more, from its outputs in the units of the target. `threshold`: of the second of two classes.
template <class T>
void add_prediction(Predictions& to, const Target& target, const Architecture& net, std::span<const T> a,
                    std::optional<double> threshold = {});

extern template void add_prediction(Predictions&, const Target&, const Architecture&, std::span<const float>,
                                    std::optional<double>);
extern template void add_prediction(Predictions&, const Target&, const Architecture&, std::span<const double>,
                                    std::optional<double>);

}  // namespace strata::internal
