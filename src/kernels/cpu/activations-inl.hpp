// The activations of kernels/activations.hpp, which are their meaning, on vectors. NaN stays NaN.
#include "kernels/activations.hpp"
#include "kernels/cpu/math-inl.hpp"

#if defined(STRATA_KERNELS_CPU_ACTIVATIONS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ACTIVATIONS_INL_HPP
#undef STRATA_KERNELS_CPU_ACTIVATIONS_INL_HPP
#else
#define STRATA_KERNELS_CPU_ACTIVATIONS_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A constant of the formulas, in the type of the lanes
template <class D>
HWY_INLINE hn::Vec<D> constant(D d, double c) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(c));
}
// z < 0 ? negative : other, so that NaN goes the way of `other`
template <class D, class V>
HWY_INLINE V if_negative(D d, V z, V negative, V other) {
  return hn::IfThenElse(hn::Lt(z, hn::Zero(d)), negative, other);
}
// a > 0 ? positive : other
template <class D, class V>
HWY_INLINE V if_positive(D d, V a, V positive, V other) {
  return hn::IfThenElse(hn::Gt(a, hn::Zero(d)), positive, other);
}

struct Identity {
  template <class D, class V>
  static HWY_INLINE V g(D, V z) {
    return z;
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V) {
    return constant(d, 1);
  }
};
struct Sigmoid {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    return sigmoid(d, z);
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V a) {
    return hn::Mul(a, hn::Sub(constant(d, 1), a));
  }
};
struct Tanh {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    return tanh(d, z);
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V a) {
    return hn::NegMulAdd(a, a, constant(d, 1));
  }
};
struct Relu {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    return positive_part(d, z);
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V a) {
    return hn::IfThenElseZero(hn::Gt(a, hn::Zero(d)), constant(d, 1));
  }
};
struct LeakyRelu {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    return hn::Max(hn::Mul(constant(d, reference::kLeakySlope), z), z);
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V a) {
    return if_positive(d, a, constant(d, 1), constant(d, reference::kLeakySlope));
  }
};
struct Elu {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    return if_negative(d, z, expm1_nonpositive(d, z), z);
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V a) {
    return if_positive(d, a, constant(d, 1), hn::Add(a, constant(d, 1)));
  }
};
struct Selu {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    const V below = hn::Mul(constant(d, reference::kSeluAlpha), expm1_nonpositive(d, z));
    return hn::Mul(constant(d, reference::kSeluLambda), if_negative(d, z, below, z));
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V a) {
    const V below = hn::Add(a, constant(d, reference::kSeluLambda * reference::kSeluAlpha));
    return if_positive(d, a, constant(d, reference::kSeluLambda), below);
  }
};
struct Gelu {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    V gauss;
    return hn::Mul(z, normal_cdf(d, z, gauss));
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V z, V) {
    V gauss;
    const V cdf = normal_cdf(d, z, gauss);
    const V slope = hn::Mul(z, constant(d, std::numbers::inv_sqrtpi * std::numbers::sqrt2 / 2));
    return hn::MulAdd(slope, gauss, cdf);
  }
};
struct Silu {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    return hn::Mul(z, sigmoid(d, z));
  }
  // σ(z) (1 + z σ(−z))
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V z, V) {
    const V one = constant(d, 1);
    const V e = exp_nonpositive(d, minus_abs(d, z));
    const V inverse = hn::Div(one, hn::Add(one, e));
    const V small = hn::Mul(e, inverse);  // σ(−|z|)
    return hn::Mul(if_negative(d, z, small, inverse), hn::MulAdd(z, if_negative(d, z, inverse, small), one));
  }
};
// tanh(softplus(z)) = n/(n + rest), from w = e^z: n = w² + 2w and rest = 2; for z ≥ 0 both divided by w².
struct Mish {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    V e, n, rest;
    fraction(d, z, e, n, rest);
    return hn::Mul(z, hn::Div(n, hn::Add(n, rest)));
  }
  // t + z σ(z) (1 − t²), where 1 − t² = rest (2n + rest) / (n + rest)²
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V z, V) {
    const V one = constant(d, 1);
    V e, n, rest;
    fraction(d, z, e, n, rest);
    const V whole = hn::Add(n, rest), inverse = hn::Div(one, whole);
    const V square = hn::Mul(hn::Mul(rest, inverse), hn::Mul(hn::Add(n, whole), inverse));
    const V sigma = hn::Div(if_negative(d, z, e, one), hn::Add(one, e));
    return hn::MulAdd(hn::Mul(z, sigma), square, hn::Mul(n, inverse));
  }

 private:
  template <class D, class V>
  static HWY_INLINE void fraction(D d, V z, V& e, V& n, V& rest) {
    const V two = constant(d, 2);
    e = exp_nonpositive(d, minus_abs(d, z));
    n = if_negative(d, z, hn::Mul(e, hn::Add(e, two)), hn::MulAdd(two, e, constant(d, 1)));
    rest = if_negative(d, z, two, hn::Mul(two, hn::Mul(e, e)));
  }
};
struct Softplus {
  template <class D, class V>
  static HWY_INLINE V g(D d, V z) {
    return softplus(d, z);
  }
  template <class D, class V>
  static HWY_INLINE V derivative(D d, V, V a) {
    return hn::Neg(expm1_nonpositive(d, hn::Neg(a)));  // σ(z) = 1 − e^−a
  }
};

// Calls f with the type of the activation: the choice is made once, outside the loops.
template <class F>
HWY_INLINE void with_activation(Activation activation, F&& f) {
  switch (activation) {
    case Activation::identity: return f(Identity{});
    case Activation::sigmoid: return f(Sigmoid{});
    case Activation::tanh: return f(Tanh{});
    case Activation::relu: return f(Relu{});
    case Activation::leaky_relu: return f(LeakyRelu{});
    case Activation::elu: return f(Elu{});
    case Activation::selu: return f(Selu{});
    case Activation::gelu: return f(Gelu{});
    case Activation::silu: return f(Silu{});
    case Activation::mish: return f(Mish{});
    case Activation::softplus: return f(Softplus{});
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
