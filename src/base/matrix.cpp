#include "strata/matrix.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "base/only_errors.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;

Matrix::Matrix(std::ptrdiff_t rows, std::ptrdiff_t cols) try : rows_(rows), cols_(cols) {
  if (rows < 0 || cols < 0) throw Error(ErrorCode::shape, fmt::format("a matrix cannot be ({}, {})", rows, cols));
  std::ptrdiff_t size = 0;
  if (__builtin_mul_overflow(rows, cols, &size)) throw std::length_error("more numbers than can be counted");
  values_.assign(static_cast<std::size_t>(size), 0.0);
} catch (...) {
  throw_as_error("for this matrix");
}

Matrix::Matrix(std::initializer_list<std::initializer_list<double>> rows) try
    : Matrix(static_cast<std::ptrdiff_t>(rows.size()),
             rows.size() == 0 ? 0 : static_cast<std::ptrdiff_t>(rows.begin()->size())) {
  std::ptrdiff_t i = 0;
  for (const auto& row : rows) {
    if (static_cast<std::ptrdiff_t>(row.size()) != cols_) {
      throw Error(ErrorCode::shape,
                  fmt::format("row {} has {} numbers and row 1 has {}: a matrix needs rows of one length", i + 1,
                              row.size(), cols_));
    }
    std::ptrdiff_t j = 0;
    for (const double value : row) (*this)(i, j++) = value;
    ++i;
  }
} catch (...) {
  throw_as_error("for this matrix");
}

}  // namespace strata
