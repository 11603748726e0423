// Infinities and NaN: whether there are any, and where they came up first.
#pragma once

#include <span>
#include <string>

#include "network/parameters.hpp"
#include "network/workspace.hpp"

namespace strata {

template <class T>
[[nodiscard]] bool all_finite(std::span<const T> values) noexcept;

/// "the activations of layer 2 are not finite", for the last step: the first layer on the way forward, else on the way
/// back.
template <class T>
[[nodiscard]] std::string first_not_finite(const Architecture& net, const Workspace<T>& ws,
                                           const Parameters<T>& gradient);

}  // namespace strata
