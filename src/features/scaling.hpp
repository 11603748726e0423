// x_scaled = (x − offset) / divisor: fitted on the training examples, remembered by the model, applied everywhere
// alike.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "strata/features.hpp"

namespace strata {

/// Gives row r of the raw inputs: n_x numbers.
using RowReader = std::function<void(std::size_t r, double* out)>;

/// standard: the mean and the standard deviation (divided by m) of every input over `rows` rows, two passes, in row
/// order. An input that is constant, or varies by rounding alone, is not divided by its deviation: its index is
/// appended to `constant`, and its divisor is 1, or |mean| where even the rounding is larger than 1. Other kinds need
/// no data.
[[nodiscard]] Scaling fit_scaling(ScaleKind kind, std::size_t n_x, std::size_t rows, const RowReader& read,
                                  std::vector<std::size_t>* constant = nullptr);

/// One example, scaled in float64 and rounded to T once.
template <class T>
void apply_scaling(const Scaling& scaling, std::span<const double> raw, T* x);

extern template void apply_scaling(const Scaling&, std::span<const double>, float*);
extern template void apply_scaling(const Scaling&, std::span<const double>, double*);

}  // namespace strata
