#include "train/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/average.hpp"

namespace strata::internal {
namespace {

constexpr int kHalvings = 50;  // of log T: to the last bits of a double

// Of −Σ_k y_k log p_k by s, where p = softmax(s z): Σ_k (p_k − y_k) z_k.
template <class T>
double slope_of_softmax(std::span<const float> z, std::span<const T> y, double s) {
  const double largest = *std::ranges::max_element(z);
  double sum = 0, mean = 0, right = 0, right_sum = 0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    const double p = std::exp(s * (z[k] - largest));  // times what makes them 1 together
    sum += p, mean += p * z[k], right += y[k] * z[k], right_sum += y[k];
  }
  return right_sum * mean / sum - right;
}

// The same of each output by itself, p = sigmoid(s z).
template <class T>
double slope_of_sigmoid(std::span<const float> z, std::span<const T> y, double s) {
  double slope = 0;
  for (std::size_t k = 0; k < z.size(); ++k) slope += (1 / (1 + std::exp(-s * z[k])) - y[k]) * z[k];
  return slope;
}

}  // namespace

template <class T>
double fit_temperature(std::vector<float> A, std::span<const T> Y, std::span<const double> w, Head head, Index n_y) {
  const auto n = static_cast<std::size_t>(n_y), m = A.size() / n;
  const View<float> z(A.data(), n_y, static_cast<Index>(m));  // in the place of A
  logits_of<float>(z, head, z);
  const auto slope_at = [&](double temperature) {
    double slope = 0;
    for (std::size_t i = 0; i < m; ++i) {
      const std::span<const float> of(z.col(static_cast<Index>(i)), n);
      const auto y = Y.subspan(i * n, n);
      slope += (w.empty() ? 1.0 : w[i]) * (head == Head::softmax ? slope_of_softmax(of, y, 1 / temperature)
                                                                 : slope_of_sigmoid(of, y, 1 / temperature));
    }
    return slope;
  };
  // The loss falls with 1/T where its slope is below 0: then T should be lower.
  const double slope = slope_at(1);
  if (head == Head::identity || slope == 0 || !std::isfinite(slope)) return 1;
  if (slope_at(kLeastTemperature) <= 0) return kLeastTemperature;
  if (slope_at(kLargestTemperature) >= 0) return kLargestTemperature;
  double low = std::log(kLeastTemperature), high = std::log(kLargestTemperature);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (slope_at(std::exp(middle)) > 0 ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

template double fit_temperature(std::vector<float>, std::span<const float>, std::span<const double>, Head, Index);
template double fit_temperature(std::vector<float>, std::span<const double>, std::span<const double>, Head, Index);

}  // namespace strata::internal
