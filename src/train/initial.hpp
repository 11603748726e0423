// The weights that a training starts from.
#pragma once

#include <vector>

#include "network/parameters.hpp"
#include "strata/matrix.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// The user's own arrays (`own`, or the file of options.initializer), else drawn as options.initializer says.
/// Throws Error(shape) with both shapes where an array does not fit the network; Error(usage) where one is missing;
/// Error(value) where a number is not finite.
template <class T>
[[nodiscard]] Parameters<T> initial_parameters(const Architecture& net, const NetworkOptions& options,
                                               const std::vector<Layer>& own = {});

extern template Parameters<float> initial_parameters(const Architecture&, const NetworkOptions&,
                                                     const std::vector<Layer>&);
extern template Parameters<double> initial_parameters(const Architecture&, const NetworkOptions&,
                                                      const std::vector<Layer>&);

}  // namespace strata::internal
