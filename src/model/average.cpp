#include "model/average.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace strata::internal {
namespace {

// e^z / (1 + e^z), without overflow.
double sigmoid(double z) { return z < 0 ? std::exp(z) / (1 + std::exp(z)) : 1 / (1 + std::exp(-z)); }

// a^(1/temperature), so that they are 1 together. (One of 0 stays 0.)
void calibrate_softmax(std::span<double> a, double temperature) noexcept {
  const double largest = std::log(*std::ranges::max_element(a));
  double sum = 0;
  for (double& each : a) sum += each = std::exp((std::log(each) - largest) / temperature);
  for (double& each : a) each /= sum;
}

}  // namespace

template <class T>
void add_output(std::span<double> sum, const T* A, double share) noexcept {
  for (std::size_t at = 0; at < sum.size(); ++at) sum[at] += share * static_cast<double>(A[at]);
}

template <class T>
void mean_output(std::span<double> sum, Head head, Index n_y, double temperature, T* A) noexcept {
  if (head != Head::identity)  // shares may be more than 1 together by a rounding
    for (double& a : sum) a = std::min(a, 1.0);
  if (temperature != 1 && head == Head::sigmoid)
    for (double& a : sum) a = sigmoid((std::log(a) - std::log1p(-a)) / temperature);
  if (temperature != 1 && head == Head::softmax)
    for (std::size_t at = 0; at < sum.size(); at += static_cast<std::size_t>(n_y))
      calibrate_softmax(sum.subspan(at, static_cast<std::size_t>(n_y)), temperature);
  for (std::size_t at = 0; at < sum.size(); ++at) A[at] = static_cast<T>(sum[at]);
}

template <class T>
void logits_of(View<const T> A, Head head, View<T> Z) noexcept {
  constexpr double kLeast = std::numeric_limits<float>::min();
  // What rounds to 1 is nearer to it than half the distance to the number below.
  constexpr double kLeastBelow1 = static_cast<double>(std::numeric_limits<T>::epsilon()) / 4;
  for (Index j = 0; j < A.cols; ++j) {
    for (Index k = 0; k < A.rows; ++k) {
      const auto a = static_cast<double>(A(k, j));
      const double z = head == Head::identity ? a
                       : head == Head::softmax
                           ? std::log(std::max(a, kLeast))
                           : std::log(std::max(a, kLeast)) - std::log(std::max(1 - a, kLeastBelow1));
      Z(k, j) = static_cast<T>(z);
    }
  }
}

template void add_output(std::span<double>, const float*, double) noexcept;
template void add_output(std::span<double>, const double*, double) noexcept;
template void mean_output(std::span<double>, Head, Index, double, float*) noexcept;
template void mean_output(std::span<double>, Head, Index, double, double*) noexcept;
template void logits_of(View<const float>, Head, View<float>) noexcept;
template void logits_of(View<const double>, Head, View<double>) noexcept;

}  // namespace strata::internal
