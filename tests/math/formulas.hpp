// The formulas of the notes in long double, written down once more, apart from the library: what its results are held
// to.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "strata/architecture.hpp"

namespace strata::testing {

using Real = long double;

inline Real normal_density(Real z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::acos(Real{-1})); }
inline Real normal_probability(Real z) { return std::erfc(-z / std::sqrt(Real{2})) / 2; }
inline Real logistic(Real z) { return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z)); }
inline Real log_one_plus_exp(Real z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }

// Klambauer et al. (2017), equation 14.
inline constexpr Real kSeluLambda = 1.0507009873554804934193349852946L, kSeluAlpha = 1.6732632423543772848170429916717L;

/// g(z)
inline Real activate(Activation g, Real z) {
  switch (g) {
    case Activation::identity: return z;
    case Activation::sigmoid: return logistic(z);
    case Activation::tanh: return std::tanh(z);
    case Activation::relu: return std::max(Real{0}, z);
    case Activation::leaky_relu: return z > 0 ? z : Real{1} / 100 * z;
    case Activation::elu: return z > 0 ? z : std::expm1(z);
    case Activation::selu: return kSeluLambda * (z > 0 ? z : kSeluAlpha * std::expm1(z));
    case Activation::gelu: return z * normal_probability(z);
    case Activation::silu: return z * logistic(z);
    case Activation::mish: return z * std::tanh(log_one_plus_exp(z));
    case Activation::softplus: return log_one_plus_exp(z);
  }
  return std::nanl("");
}

/// g'(z); at a kink the slope from below, as the notes' ReLU has it (0 at 0)
inline Real slope(Activation g, Real z) {
  switch (g) {
    case Activation::identity: return 1;
    case Activation::sigmoid: return logistic(z) * logistic(-z);
    case Activation::tanh: return 1 / (std::cosh(z) * std::cosh(z));
    case Activation::relu: return z > 0 ? 1 : 0;
    case Activation::leaky_relu: return z > 0 ? Real{1} : Real{1} / 100;
    case Activation::elu: return z > 0 ? 1 : std::exp(z);
    case Activation::selu: return kSeluLambda * (z > 0 ? 1 : kSeluAlpha * std::exp(z));
    case Activation::gelu: return normal_probability(z) + z * normal_density(z);
    case Activation::silu: return logistic(z) + z * logistic(z) * logistic(-z);
    case Activation::mish: {
      const Real s = log_one_plus_exp(z), c = std::cosh(s);
      return std::tanh(s) + z * logistic(z) / (c * c);
    }
    case Activation::softplus: return logistic(z);
  }
  return std::nanl("");
}

/// Whether g or g' jumps at 0, so that a central difference across it says nothing.
inline bool has_kink(Activation g) {
  return g == Activation::relu || g == Activation::leaky_relu || g == Activation::elu || g == Activation::selu;
}

/// a = head(z) of one example
inline std::vector<Real> head(Head head, std::span<const Real> z) {
  std::vector<Real> a(z.begin(), z.end());
  if (head == Head::sigmoid) {
    for (Real& x : a) x = logistic(x);
  } else if (head == Head::softmax) {
    const Real largest = *std::max_element(a.begin(), a.end());
    Real sum = 0;
    for (Real& x : a) sum += x = std::exp(x - largest);
    for (Real& x : a) x /= sum;
  }
  return a;
}

/// What the loss holds an output to: (1−ε) y + ε/K
inline std::vector<Real> smoothed(Loss loss, const LossParameters& of, std::span<const Real> y) {
  std::vector<Real> all;
  const Real K = loss == Loss::binary_cross_entropy ? 2 : static_cast<Real>(y.size());
  for (const Real each : y) all.push_back((1 - static_cast<Real>(of.smoothing)) * each + of.smoothing / K);
  return all;
}

/// L(z, y) of one example, from its logits
inline Real loss_of(Loss loss, std::span<const Real> z, std::span<const Real> target, const LossParameters& of = {}) {
  Real sum = 0;
  const std::vector<Real> y = smoothed(loss, of, target);
  if (loss == Loss::binary_cross_entropy) {
    // −y ln σ(z) − (1−y) ln σ(−z)
    for (std::size_t i = 0; i < z.size(); ++i)
      sum += y[i] * log_one_plus_exp(-z[i]) + (1 - y[i]) * log_one_plus_exp(z[i]);
  } else if (loss == Loss::categorical_cross_entropy) {
    const Real largest = *std::max_element(z.begin(), z.end());
    Real total = 0;
    for (const Real x : z) total += std::exp(x - largest);
    for (std::size_t i = 0; i < z.size(); ++i) sum += y[i] * (std::log(total) + largest - z[i]);
  } else if (loss == Loss::squared_error) {
    for (std::size_t i = 0; i < z.size(); ++i) sum += (z[i] - y[i]) * (z[i] - y[i]) / 2;
  } else if (loss == Loss::absolute_error) {
    for (std::size_t i = 0; i < z.size(); ++i) sum += std::abs(z[i] - y[i]);
  } else if (loss == Loss::huber) {
    for (std::size_t i = 0; i < z.size(); ++i) {
      const Real r = std::abs(z[i] - y[i]), delta = of.delta[i];
      sum += r <= delta ? r * r / 2 : delta * r - delta * delta / 2;
    }
  } else {
    const Real q = of.quantile;
    for (std::size_t i = 0; i < z.size(); ++i) sum += std::max(q * (y[i] - z[i]), (1 - q) * (z[i] - y[i]));
  }
  return sum;
}

/// ∂L/∂z of output i of one example, from a = head(z); 0 where the loss has a kink
inline Real error_of(Loss loss, std::span<const Real> a, std::span<const Real> y, std::size_t i,
                     const LossParameters& of = {}) {
  const Real r = a[i] - smoothed(loss, of, y)[i], sign = r > 0 ? 1 : r < 0 ? -1 : 0;
  switch (loss) {
    case Loss::absolute_error: return sign;
    case Loss::huber: return std::clamp<Real>(r, -of.delta[i], of.delta[i]);
    case Loss::quantile: return sign / 2 + (sign != 0 ? Real{0.5} - of.quantile : 0);
    default: return r;
  }
}

}  // namespace strata::testing
