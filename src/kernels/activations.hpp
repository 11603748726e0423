// Each activation: its g, and its g' read from A = g(Z) where that is possible, else from Z.
#pragma once

#include <cmath>
#include <numbers>

#include "strata/architecture.hpp"

namespace strata::internal::reference {

inline constexpr double kLeakySlope = 0.01;
inline constexpr double kSeluLambda = 1.0507009873554804934193349852946;  // Klambauer et al., 2017
inline constexpr double kSeluAlpha = 1.6732632423543772848170429916717;

template <class T>
T sigmoid(T z) {
  return T(1) / (T(1) + std::exp(-z));
}
// ln(1 + e^z), without overflow for large z
template <class T>
T softplus(T z) {
  return (z > T(0) ? z : T(0)) + std::log1p(std::exp(-std::abs(z)));
}
// Φ(z), the normal distribution function
template <class T>
T normal_cdf(T z) {
  return T(0.5) * std::erfc(-z * T(std::numbers::sqrt2 / 2));
}
template <class T>
T normal_pdf(T z) {
  return T(std::numbers::inv_sqrtpi * std::numbers::sqrt2 / 2) * std::exp(T(-0.5) * z * z);
}

struct Identity {
  template <class T>
  static T g(T z) {
    return z;
  }
  template <class T>
  static T derivative(T, T) {
    return T(1);
  }
};
struct Sigmoid {
  template <class T>
  static T g(T z) {
    return sigmoid(z);
  }
  template <class T>
  static T derivative(T, T a) {
    return a * (T(1) - a);
  }
};
struct Tanh {
  template <class T>
  static T g(T z) {
    return std::tanh(z);
  }
  template <class T>
  static T derivative(T, T a) {
    return T(1) - a * a;
  }
};
// "z < 0 ? 0 : z", not "z > 0 ? z : 0": NaN must stay NaN, so that a training that blows up is seen.
struct Relu {
  template <class T>
  static T g(T z) {
    return z < T(0) ? T(0) : z;
  }
  template <class T>
  static T derivative(T, T a) {
    return a > T(0) ? T(1) : T(0);
  }
};
struct LeakyRelu {
  template <class T>
  static T g(T z) {
    return z < T(0) ? T(kLeakySlope) * z : z;
  }
  template <class T>
  static T derivative(T, T a) {
    return a > T(0) ? T(1) : T(kLeakySlope);
  }
};
struct Elu {
  template <class T>
  static T g(T z) {
    return z < T(0) ? std::expm1(z) : z;
  }
  template <class T>
  static T derivative(T, T a) {
    return a > T(0) ? T(1) : a + T(1);
  }
};
struct Selu {
  template <class T>
  static T g(T z) {
    return T(kSeluLambda) * (z < T(0) ? T(kSeluAlpha) * std::expm1(z) : z);
  }
  template <class T>
  static T derivative(T, T a) {
    return a > T(0) ? T(kSeluLambda) : a + T(kSeluLambda * kSeluAlpha);
  }
};
struct Gelu {
  template <class T>
  static T g(T z) {
    return z * normal_cdf(z);
  }
  template <class T>
  static T derivative(T z, T) {
    return normal_cdf(z) + z * normal_pdf(z);
  }
};
struct Silu {
  template <class T>
  static T g(T z) {
    return z * sigmoid(z);
  }
  template <class T>
  static T derivative(T z, T) {
    const T s = sigmoid(z);
    return s * (T(1) + z * (T(1) - s));
  }
};
struct Mish {
  template <class T>
  static T g(T z) {
    return z * std::tanh(softplus(z));
  }
  template <class T>
  static T derivative(T z, T) {
    const T t = std::tanh(softplus(z));
    return t + z * sigmoid(z) * (T(1) - t * t);
  }
};
struct Softplus {
  template <class T>
  static T g(T z) {
    return softplus(z);
  }
  template <class T>
  static T derivative(T, T a) {
    return -std::expm1(-a);
  }  // σ(z) = 1 − e^−a
};

// Calls f with the type of the activation: the choice is made once, outside the loops.
template <class F>
void with_activation(Activation activation, F&& f) {
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

}  // namespace strata::internal::reference
