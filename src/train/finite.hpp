// Infinities and NaN: whether there are any, and where they came up first.
#pragma once

#include <span>
#include <string>

#include "network/parameters.hpp"
#include "network/workspace.hpp"

namespace strata::internal {

template <class T>
[[nodiscard]] bool all_finite(std::span<const T> values) noexcept;

/// Where a step's numbers stopped being finite, in words: in the first such layer on the way forward, else on the way
/// back, else in the weights that it began with.
template <class T>
[[nodiscard]] std::string first_not_finite(const Architecture& net, const Parameters<T>& p, const Workspace<T>& ws,
                                           const Parameters<T>& gradient);

}  // namespace strata::internal
