#include "kernels/kernels.hpp"

namespace strata {

bool derivative_from_output(Activation g) noexcept {
  return g != Activation::gelu && g != Activation::silu && g != Activation::mish;
}

}  // namespace strata
