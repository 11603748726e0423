#include "kernels/kernels.hpp"

#include <cmath>

namespace strata {

AdamStep::AdamStep(double alpha_, double beta1_, double beta2_, double epsilon_, long long t_) noexcept
    : alpha(alpha_), beta1(beta1_), beta2(beta2_), epsilon(epsilon_), t(t_) {
  if (t == 0) return;  // before the first
  const double c = std::sqrt(1 - std::pow(beta2, static_cast<double>(t)));
  rate = alpha * c / (1 - std::pow(beta1, static_cast<double>(t)));
  floor = epsilon * c;
}

bool derivative_from_output(Activation g) noexcept {
  return g != Activation::gelu && g != Activation::silu && g != Activation::mish;
}

}  // namespace strata
