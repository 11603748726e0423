// The temperature that makes probabilities as sure as they are right (Guo, Pleiss, Sun and Weinberger, 2017, "On
// Calibration of Modern Neural Networks").
#pragma once

#include <span>
#include <vector>

#include "kernels/kernels.hpp"

namespace strata::internal {

/// What a temperature is kept within. Examples that are all told apart would have it fall to 0, and those whose
/// probabilities say nothing of their classes rise without end: then it is at a bound.
inline constexpr double kLeastTemperature = 0.05, kLargestTemperature = 20;

/// The T at which softmax(log A / T), or sigmoid(log(A / (1 − A)) / T) of each output, has the least mean log-loss.
/// A (n_y, m): probabilities of examples that no network was trained on which said them; Y (n_y, m): 1 at the right
/// class, else 0; w (m): how much each example counts, or nothing. The log-loss is convex in 1/T: its derivative there
/// is halved in. What is nearer to 0 or 1 than a float32 can be counts as the nearest that can. 1 where every
/// temperature is as good, and where a number that is not finite leaves none to be the best.
template <class T>
[[nodiscard]] double fit_temperature(std::vector<float> A, std::span<const T> Y, std::span<const double> w, Head head,
                                     Index n_y);

extern template double fit_temperature(std::vector<float>, std::span<const float>, std::span<const double>, Head,
                                       Index);
extern template double fit_temperature(std::vector<float>, std::span<const double>, std::span<const double>, Head,
                                       Index);

}  // namespace strata::internal
