// Products in bfloat16, as plain loops: both operands rounded to 8 bits of mantissa, every sum in float32.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/reference.hpp"

namespace strata::internal {

/// The nearest bfloat16, to even when two are as near (IEEE 754's rounding, as in Intel's VCVTNEPS2BF16); NaN stays
/// NaN.
[[nodiscard]] inline float rounded_to_bf16(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t rounded = std::isnan(x) ? bits | 0x00400000U : bits + 0x7FFFU + ((bits >> 16) & 1U);
  return std::bit_cast<float>(rounded & 0xFFFF0000U);
}

/// Biases, activations, losses and updates are of float32, and so are the weights between the steps.
class Bf16ReferenceKernels final : public ReferenceKernels<float> {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "reference"; }

  // Z = W A_prev + b
  void linear_forward(View<const float> W, View<const float> b, View<const float> A_prev,
                      View<float> Z) const noexcept override {
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) {
        float sum = b.data[i];
        for (Index k = 0; k < W.cols; ++k) sum += rounded_to_bf16(W(i, k)) * rounded_to_bf16(A_prev(k, j));
        Z(i, j) = sum;
      }
    }
  }
  // dW = s·dZ A_prevᵀ
  void linear_backward_params(View<const float> dZ, View<const float> A_prev, double s, View<float> dW,
                              View<float> db) const noexcept override {
    for (Index k = 0; k < dW.cols; ++k) {
      for (Index i = 0; i < dW.rows; ++i) {
        float sum = 0;
        for (Index j = 0; j < dZ.cols; ++j) sum += rounded_to_bf16(dZ(i, j)) * rounded_to_bf16(A_prev(k, j));
        dW(i, k) = static_cast<float>(s) * sum;
      }
    }
    reference::linear_backward_bias(dZ, s, db);
  }
  // dA_prev = Wᵀ dZ
  void linear_backward_input(View<const float> W, View<const float> dZ, View<float> dA_prev) const noexcept override {
    for (Index j = 0; j < dA_prev.cols; ++j) {
      for (Index k = 0; k < dA_prev.rows; ++k) {
        float sum = 0;
        for (Index i = 0; i < W.rows; ++i) sum += rounded_to_bf16(W(i, k)) * rounded_to_bf16(dZ(i, j));
        dA_prev(k, j) = sum;
      }
    }
  }
};

}  // namespace strata::internal
