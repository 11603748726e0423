// The update rules on vectors: one call for the flat spans of the contract, and for the epilogue of a product that has
// the gradient in registers.
#include <span>
#include <type_traits>

#include "kernels/cpu/memory-inl.hpp"
#include "kernels/kernels.hpp"

#if defined(STRATA_KERNELS_CPU_UPDATES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_UPDATES_INL_HPP
#undef STRATA_KERNELS_CPU_UPDATES_INL_HPP
#else
#define STRATA_KERNELS_CPU_UPDATES_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// a / b for normal b > 0, at most 2 ulp; b above 1e37 (√v is below 2e19) counts as 1e37. On AVX-512 in float from the
// 14-bit estimate of 1/b and one step of Newton's rule, so that the divider is free for Adam's root: a fifth faster on
// Zen 4. Results stay the same from one maker's processors to the other's: Zen 4's estimates are those that Bochs
// tabulates from Intel's emulator, for every mantissa. The 12-bit estimate of older instruction sets has no such
// definition.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V quotient(D d, V a, V b) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  if constexpr (std::is_same_v<hn::TFromD<D>, float> && sizeof(V) == 64) {
    const V finite = hn::Min(hn::Set(d, 1e37F), b);  // keeps NaN, which comes second
    const V y = hn::ApproximateReciprocal(finite);
    return hn::Mul(a, hn::MulAdd(y, hn::NegMulAdd(finite, y, hn::Set(d, 1.0F)), y));
  }
#endif
  (void)d;
  return hn::Div(a, b);
}

// Sums and products of their own, no multiply-adds: the reference's rounding, and free beside the stores of these
// rules, which on Zen 4 need the port of a multiply-add's third operand.

// θ = θ − α g
template <class T>
struct GradientDescentUpdate {
  explicit GradientDescentUpdate(double alpha_) : alpha(static_cast<T>(alpha_)) {}

  template <class D, class V, class Part = Whole>
  HWY_INLINE void operator()(D d, V g, T* theta, Part part = {}) const {
    store(d, hn::Sub(load(d, theta, part), hn::Mul(hn::Set(d, alpha), g)), theta, part);
  }
  T alpha;
};

// v = βv + (1−β) g,  θ = θ − α v
template <class T>
struct MomentumUpdate {
  MomentumUpdate(double alpha_, double beta_)
      : alpha(static_cast<T>(alpha_)), beta(static_cast<T>(beta_)), rest(static_cast<T>(1 - beta_)) {}

  template <class D, class V, class Part = Whole>
  HWY_INLINE void operator()(D d, V g, T* theta, T* v, Part part = {}) const {
    const V velocity = hn::Add(hn::Mul(hn::Set(d, beta), load(d, v, part)), hn::Mul(hn::Set(d, rest), g));
    store(d, velocity, v, part);
    store(d, hn::Sub(load(d, theta, part), hn::Mul(hn::Set(d, alpha), velocity)), theta, part);
  }
  T alpha, beta, rest;
};

// m = β₁m + (1−β₁) g,  v = β₂v + (1−β₂) g²,  θ = θ − α m̂ / (√v̂ + ε), in the form of AdamStep.
template <class T>
struct AdamUpdate {
  explicit AdamUpdate(const AdamStep& step)
      : rest1(static_cast<T>(1 - step.beta1)),
        beta2(static_cast<T>(step.beta2)),
        rest2(static_cast<T>(1 - step.beta2)),
        rate(static_cast<T>(step.rate)),
        floor(static_cast<T>(step.floor)) {}

  template <class D, class V, class Part = Whole>
  HWY_INLINE void operator()(D d, V g, T* theta, T* m, T* v, Part part = {}) const {
    const V before = load(d, m, part);
    const V first = hn::Add(before, hn::Mul(hn::Set(d, rest1), hn::Sub(g, before)));  // one product less
    const V square = hn::Mul(hn::Mul(hn::Set(d, rest2), g), g);
    const V second = hn::Add(hn::Mul(hn::Set(d, beta2), load(d, v, part)), square);
    store(d, first, m, part);
    store(d, second, v, part);
    const V root = hn::Add(hn::Sqrt(second), hn::Set(d, floor));
    const V change = quotient(d, hn::Mul(hn::Set(d, rate), first), root);
    store(d, hn::Sub(load(d, theta, part), change), theta, part);
  }
  T rest1, beta2, rest2, rate, floor;
};

template <class T>
void update_gradient_descent(std::span<T> theta, std::span<const T> gradient, double alpha) {
  const hn::ScalableTag<T> d;
  const GradientDescentUpdate<T> update(alpha);
  for_each_vector(d, static_cast<Index>(theta.size()), [&](Index i, auto part) HWY_ATTR {
    update(d, load(d, gradient.data() + i, part), theta.data() + i, part);
  });
}

template <class T>
void update_momentum(std::span<T> theta, std::span<const T> gradient, std::span<T> v, double alpha, double beta) {
  const hn::ScalableTag<T> d;
  const MomentumUpdate<T> update(alpha, beta);
  for_each_vector(d, static_cast<Index>(theta.size()), [&](Index i, auto part) HWY_ATTR {
    update(d, load(d, gradient.data() + i, part), theta.data() + i, v.data() + i, part);
  });
}

template <class T>
void update_adam(std::span<T> theta, std::span<const T> gradient, std::span<T> m, std::span<T> v,
                 const AdamStep& step) {
  const hn::ScalableTag<T> d;
  const AdamUpdate<T> update(step);
  for_each_vector(d, static_cast<Index>(theta.size()), [&](Index i, auto part) HWY_ATTR {
    update(d, load(d, gradient.data() + i, part), theta.data() + i, m.data() + i, v.data() + i, part);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace strata
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
