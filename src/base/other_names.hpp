// What options and their values are called elsewhere: for suggestions, never taken for the name.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace strata::internal {

/// Names are compared without regard to case, and '_' is as good as '-': ReLU, leaky_relu.
[[nodiscard]] std::string plain_name(std::string_view name);
/// "; did you mean 'x' or 'y'?": those of the candidates that other tools call so; else nothing. Before an option there
/// may be dashes, and its candidates have as many.
[[nodiscard]] std::string known_elsewhere(std::string_view word, std::span<const std::string> candidates);
/// The same, else `suggestion`.
[[nodiscard]] std::string suggestion_of_name(std::string_view word, std::span<const std::string> candidates);

}  // namespace strata::internal
