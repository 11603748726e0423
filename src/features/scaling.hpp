// How numbers are scaled: fitted on the training examples, remembered by the model, applied everywhere alike.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "strata/features.hpp"

namespace strata::internal {

/// Gives row r of the raw inputs: n_x numbers.
using RowReader = std::function<void(std::size_t r, double* out)>;

/// The mean and the standard deviation (divided by m; by Σ w, where rows count differently) of every input, in two
/// looks at the rows in their order, of which the first is shared with whoever reads the numbers anyway. An input that
/// is constant, or varies by rounding alone, is not divided by its deviation: its index is appended to `constant`, and
/// its divisor is 1, or |mean| where even the rounding is larger than 1.
class StandardFit {
 public:
  explicit StandardFit(std::size_t n) : first_(n), mean_(n, 0.0), varies_(n, false) {}
  /// The next row of the first look, and how much it counts.
  void add(const double* x, double w = 1) noexcept;
  /// Of the inputs begin … begin + count − 1 only.
  [[nodiscard]] StandardFit part(std::size_t begin, std::size_t count) const;
  /// Of input i, after the first look.
  [[nodiscard]] double mean(std::size_t i) const noexcept { return varies_[i] ? mean_[i] / weight_ : first_[i]; }
  /// The second look, over the same rows; `w`: how much each counts, or none. Errors: value (numbers too large:
  /// name_of(i) cannot be standardised).
  [[nodiscard]] Scaling finish(std::size_t rows, const RowReader& read,
                               const std::function<std::string(std::size_t i)>& name_of,
                               std::vector<std::size_t>& constant, std::span<const double> w = {});

 private:
  std::vector<double> first_, mean_;  // the numbers of the first row; the sums of all, then their means
  std::vector<bool> varies_;
  std::size_t added_ = 0;
  double weight_ = 0;  // of these: their number, where each counts 1
};

/// x of a column that is scaled, in float64.
[[nodiscard]] double scaled(const Scaling& scaling, std::size_t column, double x) noexcept;

/// One example whose scaling is standard, 1/255 or none, scaled in float64 and rounded to T once.
template <class T>
void apply_scaling(const Scaling& scaling, std::span<const double> raw, T* x);

extern template void apply_scaling(const Scaling&, std::span<const double>, float*);
extern template void apply_scaling(const Scaling&, std::span<const double>, double*);

}  // namespace strata::internal
