// The weights that a training starts from.
#pragma once

#include "network/parameters.hpp"
#include "strata/options.hpp"

namespace strata {

/// The user's own arrays (options.initial, or the file of options.initializer), else drawn as options.initializer says.
/// Throws Error(shape) with both shapes where an array does not fit the network; Error(usage) where one is missing;
/// Error(value) where a number is not finite.
template <class T>
[[nodiscard]] Parameters<T> initial_parameters(const Architecture& net, const Options& options);

extern template Parameters<float> initial_parameters(const Architecture&, const Options&);
extern template Parameters<double> initial_parameters(const Architecture&, const Options&);

}  // namespace strata
