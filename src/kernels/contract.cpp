#include "kernels/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace strata::internal {

AdamStep::AdamStep(double alpha_, double beta1_, double beta2_, double epsilon_, long long t_) noexcept
    : alpha(alpha_), beta1(beta1_), beta2(beta2_), epsilon(epsilon_), t(t_) {
  if (t == 0) return;  // before the first
  const double c = std::sqrt(1 - std::pow(beta2, static_cast<double>(t)));
  rate = alpha * c / (1 - std::pow(beta1, static_cast<double>(t)));
  floor = epsilon * c;
}

template <class T>
std::uint16_t Dropout<T>::threshold() const noexcept {
  return static_cast<std::uint16_t>(std::min(std::round(rate * 0x1p16), 65535.0));
}
template <class T>
double Dropout<T>::scale() const noexcept {
  return 1 / (1 - threshold() * 0x1p-16);
}
template struct Dropout<float>;
template struct Dropout<double>;

bool derivative_from_output(Activation g) noexcept {
  return g != Activation::gelu && g != Activation::silu && g != Activation::mish;
}

}  // namespace strata::internal
