// A plain matrix of doubles, for those who look at the numbers or bring their own.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "strata/export.hpp"

namespace strata STRATA_EXPORT {

/// A matrix that owns its numbers; column-major: data()[i + j·rows()] is element (i, j).
class Matrix {
 public:
  Matrix() = default;
  /// All zeros. Throws Error(shape) when a size is negative.
  Matrix(std::ptrdiff_t rows, std::ptrdiff_t cols);
  /// As one writes it down, row by row: Matrix{{1, 2}, {3, 4}}. Throws Error(shape) when the rows differ in length.
  Matrix(std::initializer_list<std::initializer_list<double>> rows);

  [[nodiscard]] std::ptrdiff_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::ptrdiff_t cols() const noexcept { return cols_; }
  [[nodiscard]] double* data() noexcept { return values_.data(); }
  [[nodiscard]] const double* data() const noexcept { return values_.data(); }
  [[nodiscard]] double& operator()(std::ptrdiff_t i, std::ptrdiff_t j) {
    return values_[static_cast<std::size_t>(i + j * rows_)];
  }
  [[nodiscard]] double operator()(std::ptrdiff_t i, std::ptrdiff_t j) const {
    return values_[static_cast<std::size_t>(i + j * rows_)];
  }
  bool operator==(const Matrix&) const = default;

 private:
  std::ptrdiff_t rows_ = 0, cols_ = 0;
  std::vector<double> values_;
};

/// The weights and biases of one layer.
struct Layer {
  Matrix W, b;  ///< W[l] (n_l, n_{l−1}), b[l] (n_l, 1)
  bool operator==(const Layer&) const = default;
};

}  // namespace strata STRATA_EXPORT
