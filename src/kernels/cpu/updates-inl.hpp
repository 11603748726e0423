// The update rules on vectors.
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
namespace strata::internal {
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

// What decoupled decay adds to the change of θ: δ θ, or nothing.
template <class T>
struct Decay {
  explicit Decay(double delta_) : delta(static_cast<T>(delta_)) {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V change, V theta) const {
    return hn::MulAdd(hn::Set(d, delta), theta, change);
  }
  T delta;
};
struct NoDecay {
  template <class D, class V>
  HWY_INLINE V operator()(D, V change, V) const {
    return change;
  }
};

// v = βv + (1−β) g,  θ = θ − (α v + δ θ); Nesterov's steps by βv + (1−β) g
template <class T, bool kNesterov>
struct MomentumUpdate {
  MomentumUpdate(double alpha_, double beta_)
      : alpha(static_cast<T>(alpha_)), beta(static_cast<T>(beta_)), rest(static_cast<T>(1 - beta_)) {}

  template <class D, class V, class Part, class Decays>
  HWY_INLINE void operator()(D d, V g, T* theta, T* v, Part part, const Decays& with_decay) const {
    const V now = hn::Mul(hn::Set(d, rest), g);
    const V velocity = hn::Add(hn::Mul(hn::Set(d, beta), load(d, v, part)), now);
    store(d, velocity, v, part);
    const V before = load(d, theta, part);
    const V step = kNesterov ? hn::Add(hn::Mul(hn::Set(d, beta), velocity), now) : velocity;
    store(d, hn::Sub(before, with_decay(d, hn::Mul(hn::Set(d, alpha), step), before)), theta, part);
  }
  T alpha, beta, rest;
};

// m = β₁m + (1−β₁) g,  v = β₂v + (1−β₂) g²,  θ = θ − (α m̂ / (√v̂ + ε) + δ θ), in the form of AdamStep.
template <class T>
struct AdamUpdate {
  AdamUpdate(const AdamStep& step, double factor, double epsilon_factor)
      : rest1(static_cast<T>(1 - step.beta1)),
        beta2(static_cast<T>(step.beta2)),
        rest2(static_cast<T>(1 - step.beta2)),
        rate(static_cast<T>(step.rate * factor)),
        floor(static_cast<T>(step.floor * epsilon_factor)) {}

  template <class D, class V, class Part, class Decays>
  HWY_INLINE void operator()(D d, V g, T* theta, T* m, T* v, Part part, const Decays& with_decay) const {
    const V before = load(d, m, part);
    const V first = hn::Add(before, hn::Mul(hn::Set(d, rest1), hn::Sub(g, before)));  // one product less
    const V square = hn::Mul(hn::Mul(hn::Set(d, rest2), g), g);
    const V second = hn::Add(hn::Mul(hn::Set(d, beta2), load(d, v, part)), square);
    store(d, first, m, part);
    store(d, second, v, part);
    const V root = hn::Add(hn::Sqrt(second), hn::Set(d, floor));
    const V change = quotient(d, hn::Mul(hn::Set(d, rate), first), root);
    const V theta_before = load(d, theta, part);
    store(d, hn::Sub(theta_before, with_decay(d, change, theta_before)), theta, part);
  }
  T rest1, beta2, rest2, rate, floor;
};

// The parameters begin … begin + count − 1 of a block by one of these rules: use(i, g, part) for vectors of their
// gradient g = s d + c θ.
template <class T, class Use>
HWY_INLINE void for_each_gradient(double scale, const Trained<T>& block, Index begin, Index count, const T* d,
                                  const Use& use) {
  const hn::ScalableTag<T> tag;
  const auto s = hn::Set(tag, static_cast<T>(scale)), c = hn::Set(tag, static_cast<T>(block.penalty));
  const auto for_each = [&](const auto& sd) HWY_ATTR {
    if (block.penalty == 0) {
      for_each_vector(tag, count, [&](Index i, auto part) HWY_ATTR { use(begin + i, sd(begin + i, part), part); });
    } else {
      for_each_vector(tag, count, [&](Index i, auto part) HWY_ATTR {
        use(begin + i, hn::MulAdd(c, load(tag, block.theta.data + begin + i, part), sd(begin + i, part)), part);
      });
    }
  };
  const auto plain = [&](Index i, auto part) HWY_ATTR { return load(tag, d + i, part); };
  if (scale == 1) return for_each(plain);
  for_each([&](Index i, auto part) HWY_ATTR { return hn::Mul(s, plain(i, part)); });
}

template <class T, class Decays>
void update(const UpdateRule& rule, const Trained<T>& block, const T* d, Index begin, Index count,
            const Decays& with_decay) {
  const hn::ScalableTag<T> tag;
  T *const theta = block.theta.data, *const first = block.first, *const second = block.second;
  const double alpha = rule.step.alpha * block.rate;
  switch (rule.kind) {
    case OptimizerKind::gradient_descent: {
      const GradientDescentUpdate<T> by(alpha);
      return for_each_gradient(rule.scale, block, begin, count, d,
                               [&](Index i, auto g, auto part) HWY_ATTR { by(tag, g, theta + i, part); });
    }
    case OptimizerKind::momentum:
    case OptimizerKind::nesterov: {
      const auto with = [&](const auto& by) HWY_ATTR {
        for_each_gradient(rule.scale, block, begin, count, d, [&](Index i, auto g, auto part) HWY_ATTR {
          by(tag, g, theta + i, first + i, part, with_decay);
        });
      };
      return rule.kind == OptimizerKind::momentum ? with(MomentumUpdate<T, false>(alpha, rule.momentum))
                                                  : with(MomentumUpdate<T, true>(alpha, rule.momentum));
    }
    case OptimizerKind::adam:
    case OptimizerKind::adamw: {
      const AdamUpdate<T> by(rule.step, block.rate, block.epsilon);
      return for_each_gradient(rule.scale, block, begin, count, d, [&](Index i, auto g, auto part) HWY_ATTR {
        by(tag, g, theta + i, first + i, second + i, part, with_decay);
      });
    }
  }
}

template <class T>
void update(const UpdateRule& rule, const Trained<T>& block, const T* d, Index begin, Index count) {
  if (block.decay == 0) return update(rule, block, d, begin, count, NoDecay());
  update(rule, block, d, begin, count, Decay<T>(block.decay));
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
