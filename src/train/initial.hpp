// The weights that a training starts from.
#pragma once

#include <vector>

#include "features/examples.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "strata/matrix.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// What a training may start from.
struct Start {
  std::vector<Layer> layers = {};  // W[l] and b[l] at [l−1]; empty: as the options say
  std::vector<double> theta = {};  // all of θ, of a model; empty: nothing is
};

/// The examples that Initializer::data is about, and who computes. Borrowed.
template <class T>
struct TrainingRows {
  Examples<T>* examples = nullptr;
  const Kernels<T>* kernels = nullptr;
};

/// What `start` has, or the user's own arrays (the file of options.initializer), else drawn as options.initializer
/// says; the stage and the slopes are drawn where there are layers only. Throws Error(shape) with both shapes where an
/// array does not fit the network; Error(usage) where one is missing; Error(value) where a number is not finite.
template <class T>
[[nodiscard]] Parameters<T> initial_parameters(const Architecture& net, const NetworkOptions& options,
                                               const Start& start = {}, TrainingRows<T> rows = {});

extern template Parameters<float> initial_parameters(const Architecture&, const NetworkOptions&, const Start&,
                                                     TrainingRows<float>);
extern template Parameters<double> initial_parameters(const Architecture&, const NetworkOptions&, const Start&,
                                                      TrainingRows<double>);

}  // namespace strata::internal
