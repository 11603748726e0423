// Sizes that come from a file are multiplied and added here only, so that no product can wrap around.
#pragma once

#include <cstddef>
#include <span>

namespace strata::internal {

/// a·b and a+b, or Error(format) naming `what` when the result does not fit 63 bits.
[[nodiscard]] std::size_t checked_multiply(std::size_t a, std::size_t b, const char* what);
[[nodiscard]] std::size_t checked_add(std::size_t a, std::size_t b, const char* what);
[[nodiscard]] std::size_t checked_product(std::span<const std::size_t> shape, const char* what);

}  // namespace strata::internal
