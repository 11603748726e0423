// The course of a training, drawn with characters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "output.hpp"
#include "strata/model.hpp"

namespace strata::cli {

/// A curve, a column for each value, or for the last of several where there is no room for all; one that is no number
/// is a gap. It stands on 0, unless a value is below that or `on_zero` says no.
[[nodiscard]] std::string picture_of(std::span<const double> values, const Output& on, bool on_zero = true);
/// The loss of the epochs, called `what`, and every figure that was measured after each of them; `best` is the epoch
/// whose weights are kept, or 0. Empty for fewer than three points.
[[nodiscard]] std::string picture_of(const Curves& curves, std::string_view what, std::int64_t best, const Output& on);
inline constexpr std::string_view kLossOfBatches = "loss of the training batches";

}  // namespace strata::cli
