#include "base/checked.hpp"

#include <fmt/format.h>

#include <limits>

#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr auto kLargest = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

[[noreturn]] void too_large(std::size_t a, char operation, std::size_t b, const char* what) {
  throw Error(ErrorCode::format,
              fmt::format("{}: {} {} {} is larger than any memory; the file is damaged", what, a, operation, b));
}

}  // namespace

std::size_t checked_multiply(std::size_t a, std::size_t b, const char* what) {
  if (a > kLargest || b > kLargest || (b != 0 && a > kLargest / b)) too_large(a, '*', b, what);
  return a * b;
}

std::size_t checked_add(std::size_t a, std::size_t b, const char* what) {
  if (a > kLargest || b > kLargest - a) too_large(a, '+', b, what);
  return a + b;
}

std::size_t checked_product(std::span<const std::size_t> shape, const char* what) {
  std::size_t product = 1;
  for (const std::size_t n : shape) product = checked_multiply(product, n, what);
  return product;
}

}  // namespace strata::internal
