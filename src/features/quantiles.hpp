// Quantiles of numbers, and what is scaled by them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace strata::internal {

/// The number below which a share p of these lies, between two of them by their distance. `sorted`: at least one.
[[nodiscard]] double quantile(std::span<const double> sorted, double p) noexcept;

/// Numbers, how much each of them counts (none: 1 each), and how much a row does.
struct Sample {
  std::vector<double> x, w = {};
  double unit = 1;

  [[nodiscard]] std::size_t size() const noexcept { return x.size(); }
  [[nodiscard]] double weight(std::size_t i) const noexcept { return w.empty() ? 1 : w[i]; }
  void add(double number, const Sample& from, std::size_t i) {  // that counts as number i does there
    x.push_back(number);
    if (!from.w.empty()) w.push_back(from.w[i]);
  }
  void sort();
};

/// The same of a sample, in which a number of weight w stands in w / unit rows: with the unit 1 and whole weights it is
/// that of each number so many times. In general it is the mean of the numbers over the width of a row that begins at
/// p(n − 1) of the n = Σ w / unit, and so changes with the weights without a jump.
class Quantiles {
 public:
  /// Borrows it.
  explicit Quantiles(const Sample& sorted);
  [[nodiscard]] double operator()(double p) const noexcept;
  /// n, rounded down; at least 1.
  [[nodiscard]] std::size_t rows() const noexcept;

 private:
  const Sample& sorted_;
  std::vector<double> up_to_;  // rows of number i and of those before it; empty without weights
};

/// t / √(1 + (t/3)²): t near 0, and within ±3.
[[nodiscard]] double smoothly_clipped(double t) noexcept;

/// The quantiles 0, 1/(k−1), … 1, of max(min(n/30, 1000), 10) of n rows, and at most n.
[[nodiscard]] std::vector<double> quantiles_of(const Sample& sorted);
/// Φ⁻¹(p), p the share that lies below x: between two quantiles by the distance, the middle where several are x, and
/// from 1e-7 to 1 − 1e-7.
[[nodiscard]] double normal_of_share(std::span<const double> quantiles, double x) noexcept;
/// Φ⁻¹(p) of the normal distribution, 0 < p < 1, to some 16 digits (Wichura, 1988, AS 241).
[[nodiscard]] double normal_quantile(double p) noexcept;

}  // namespace strata::internal
