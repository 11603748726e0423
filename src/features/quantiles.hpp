// Quantiles of numbers, and what is scaled by them.
#pragma once

#include <span>
#include <vector>

namespace strata::internal {

/// The number below which a share p of these lies, between two of them by their distance. `sorted`: at least one.
[[nodiscard]] double quantile(std::span<const double> sorted, double p) noexcept;

/// t / √(1 + (t/3)²): t near 0, and within ±3.
[[nodiscard]] double smoothly_clipped(double t) noexcept;

/// The quantiles 0, 1/(k−1), … 1, of max(min(n/30, 1000), 10) of n numbers, and at most n.
[[nodiscard]] std::vector<double> quantiles_of(std::span<const double> sorted);
/// Φ⁻¹(p), p the share that lies below x: between two quantiles by the distance, the middle where several are x, and
/// from 1e-7 to 1 − 1e-7.
[[nodiscard]] double normal_of_share(std::span<const double> quantiles, double x) noexcept;
/// Φ⁻¹(p) of the normal distribution, 0 < p < 1, to some 16 digits (Wichura, 1988, AS 241).
[[nodiscard]] double normal_quantile(double p) noexcept;

}  // namespace strata::internal
