// What several networks say together (docs/decisions/0017-bags.md): the mean of their outputs A[L], in float64 and in
// the order of the networks; of probabilities, calibrated by a temperature (Guo et al., 2017, "On Calibration of Modern
// Neural Networks"), softmax(log A / temperature).
#pragma once

#include <span>

#include "base/view.hpp"
#include "kernels/kernels.hpp"
#include "strata/architecture.hpp"

namespace strata::internal {

/// sum += share · A.
template <class T>
void add_output(std::span<double> sum, const T* A, double share) noexcept;

/// A (n_y, m) = the mean whose numbers are in `sum`, which it calibrates in place, rounded to T once. (The mean of
/// numbers has no temperature.)
template <class T>
void mean_output(std::span<double> sum, Head head, Index n_y, double temperature, T* A) noexcept;

/// The logits of which the head makes A: Z (n_y, m), finite for probabilities of 0 and 1 too.
template <class T>
void logits_of(View<const T> A, Head head, View<T> Z) noexcept;

}  // namespace strata::internal
