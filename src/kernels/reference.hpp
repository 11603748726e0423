// The meaning of the contract, as plain loops over any scalar type. Slow on purpose, and the oracle of every other back
// end. Loops run down the columns, as the numbers lie in memory.
#pragma once

#include <cassert>
#include <cmath>
#include <span>

#include "base/random.hpp"
#include "base/view.hpp"
#include "kernels/activations.hpp"
#include "kernels/kernels.hpp"
#include "kernels/stage_reference.hpp"

namespace strata::internal::reference {

// Z = W A_prev + b
template <class T>
void linear_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z) {
  assert(W.rows == Z.rows && W.cols == A_prev.rows && A_prev.cols == Z.cols && b.rows == Z.rows && b.cols == 1);
  for (Index j = 0; j < Z.cols; ++j) {
    T* __restrict z = Z.col(j);
    for (Index i = 0; i < Z.rows; ++i) z[i] = b.data[i];
    for (Index k = 0; k < W.cols; ++k) {
      const T* __restrict w = W.col(k);
      const T a = A_prev.col(j)[k];
      for (Index i = 0; i < Z.rows; ++i) z[i] += w[i] * a;
    }
  }
}

// A = g(Z)
template <class T>
void activation_forward(Activation activation, View<const T> Z, View<T> A) {
  assert(Z.rows == A.rows && Z.cols == A.cols);
  with_activation(activation, [&](auto g) {
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) A.col(j)[i] = g.g(Z.col(j)[i]);
    }
  });
}

// a = softmax(z) of one example: e^(z − max) / Σ e^(z − max)
template <class T>
void softmax(const T* z, T* a, Index n) {
  T largest = z[0];
  for (Index i = 1; i < n; ++i) largest = z[i] > largest ? z[i] : largest;
  T sum = 0;
  for (Index i = 0; i < n; ++i) sum += a[i] = std::exp(z[i] - largest);
  for (Index i = 0; i < n; ++i) a[i] /= sum;
}

// A = head(Z)
template <class T>
void head_forward(Head head, View<const T> Z, View<T> A) {
  assert(Z.rows == A.rows && Z.cols == A.cols);
  switch (head) {
    case Head::sigmoid: return activation_forward(Activation::sigmoid, Z, A);
    case Head::identity: return activation_forward(Activation::identity, Z, A);
    case Head::softmax:
      for (Index j = 0; j < Z.cols; ++j) softmax(Z.col(j), A.col(j), Z.rows);
  }
}

// L(z, y) of one example, from its logits: finite wherever they are.
template <class T>
double loss_of_example(const Objective& of, const T* z, const T* y, Index n) {
  double sum = 0;
  const double share = of.share(n);
  const auto Y = [&](Index i) { return (1 - of.smoothing) * static_cast<double>(y[i]) + share; };
  const auto r = [&](Index i) { return static_cast<double>(z[i]) - static_cast<double>(y[i]); };
  switch (of.loss) {
    case Loss::binary_cross_entropy:  // −y ln σ(z) − (1−y) ln(1−σ(z)) = softplus(z) − y z
      for (Index i = 0; i < n; ++i) sum += softplus<double>(z[i]) - Y(i) * static_cast<double>(z[i]);
      return sum;
    case Loss::categorical_cross_entropy: {  // −Σ y_k ln a_k = Σ y_k (ln Σ_i e^(z_i − max) − (z_k − max))
      double largest = z[0], exponentials = 0;
      for (Index i = 1; i < n; ++i) largest = z[i] > largest ? static_cast<double>(z[i]) : largest;
      for (Index i = 0; i < n; ++i) exponentials += std::exp(static_cast<double>(z[i]) - largest);
      const double log_sum = std::log(exponentials);
      for (Index i = 0; i < n; ++i) {
        // An absent class (y = 0) counts nothing, even at a logit of −∞.
        if (Y(i) != 0) sum += Y(i) * (log_sum - (static_cast<double>(z[i]) - largest));
      }
      return sum;
    }
    case Loss::squared_error:  // ½ Σ (z − y)²
      for (Index i = 0; i < n; ++i) sum += 0.5 * r(i) * r(i);
      return sum;
    case Loss::absolute_error:  // Σ |z − y|
      for (Index i = 0; i < n; ++i) sum += std::abs(r(i));
      return sum;
    case Loss::huber:  // ½ r², or δ (|r| − ½ δ) beyond δ
      for (Index i = 0; i < n; ++i) {
        const double size = std::abs(r(i)), delta = of.delta[i];
        sum += size > delta ? delta * (size - 0.5 * delta) : 0.5 * size * size;
      }
      return sum;
    case Loss::quantile:  // −q r where r = z − y is negative, else (1−q) r
      for (Index i = 0; i < n; ++i) sum += r(i) < 0 ? -of.quantile * r(i) : (1 - of.quantile) * r(i);
      return sum;
  }
  return sum;
}

// ∂L/∂z of output i, from a = head(z)
template <class T>
T error_of_output(const Objective& of, T a, T y, Index i, Index n) {
  const T r = a - y;
  const auto below_or_above = [r](double below, double above) {  // 0 stays 0, and NaN stays NaN
    return r < T(0) ? static_cast<T>(below) : r > T(0) ? static_cast<T>(above) : r;
  };
  switch (of.loss) {
    case Loss::binary_cross_entropy:
    case Loss::categorical_cross_entropy:
      return a - (static_cast<T>(1 - of.smoothing) * y + static_cast<T>(of.share(n)));
    case Loss::squared_error: return r;
    case Loss::absolute_error: return below_or_above(-1, 1);
    case Loss::huber: return std::abs(r) > static_cast<T>(of.delta[i]) ? below_or_above(-of.delta[i], of.delta[i]) : r;
    case Loss::quantile: return below_or_above(-of.quantile, 1 - of.quantile);
  }
  return r;
}

// Σ_i w_i L(Z^(i), Y^(i)), A = head(Z), dZ = w ∂L/∂Z
template <class T>
double loss_head(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ) {
  assert(Z.rows == Y.rows && Z.cols == Y.cols && Z.rows == dZ.rows && Z.cols == dZ.cols);
  double sum = 0;
  const auto w = [&](Index j) { return of.w == nullptr ? 1.0 : of.w[j]; };
  for (Index j = 0; j < Z.cols; ++j) sum += w(j) * loss_of_example(of, Z.col(j), Y.col(j), Z.rows);
  head_forward(head_of(of.loss), Z, A);
  for (Index j = 0; j < Z.cols; ++j) {
    for (Index i = 0; i < Z.rows; ++i)
      dZ.col(j)[i] = static_cast<T>(w(j)) * error_of_output(of, A.col(j)[i], Y.col(j)[i], i, Z.rows);
  }
  return sum;
}

// dZ = dA * g'(Z)
template <class T>
void activation_backward(Activation activation, View<const T> dA, View<const T> Z, View<const T> A, View<T> dZ) {
  assert(dA.rows == dZ.rows && dA.cols == dZ.cols && A.rows == dZ.rows && A.cols == dZ.cols);
  with_activation(activation, [&](auto g) {
    for (Index j = 0; j < dZ.cols; ++j) {
      for (Index i = 0; i < dZ.rows; ++i) {
        dZ.col(j)[i] = dA.col(j)[i] * g.derivative(Z.col(j)[i], A.col(j)[i]);
      }
    }
  });
}

// A = Z + a * (g(Z) − Z)
template <class T>
void slope_forward(Activation activation, View<const T> a, View<const T> Z, View<T> A) {
  assert(a.rows == Z.rows && Z.rows == A.rows && Z.cols == A.cols);
  with_activation(activation, [&](auto g) {
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) {
        const T z = Z.col(j)[i];
        A.col(j)[i] = z + a.data[i] * (g.g(z) - z);
      }
    }
  });
}

// da = s·Σ_j dA^(j) * (g(Z^(j)) − Z^(j)),  dZ = dA * (1 + a * (g'(Z) − 1))
template <class T>
void slope_backward(Activation activation, View<const T> a, View<const T> Z, double s, View<T> dA, View<T> da) {
  assert(a.rows == Z.rows && Z.rows == dA.rows && Z.cols == dA.cols && da.rows == a.rows);
  with_activation(activation, [&](auto g) {
    for (Index i = 0; i < Z.rows; ++i) {
      T sum = 0;
      for (Index j = 0; j < Z.cols; ++j) {
        const T z = Z.col(j)[i], h = g.g(z);
        sum += dA.col(j)[i] * (h - z);
        dA.col(j)[i] *= T(1) + a.data[i] * (g.derivative(z, h) - T(1));
      }
      da.data[i] = static_cast<T>(s) * sum;
    }
  });
}

// Is unit i of this row kept?
template <class T>
bool keeps(const Dropout<T>& by, std::size_t row, Index i) {
  const auto unit = static_cast<std::uint32_t>(i);
  const auto low = static_cast<std::uint32_t>(row), high = static_cast<std::uint32_t>(std::uint64_t{row} >> 32);
  const auto words = philox4x32({unit / 64 * 8 + unit % 32 / 4, low, high, 0}, by.key);
  return (words[unit / 32 % 2 * 2 + unit % 4 / 2] >> unit % 2 * 16 & 0xFFFF) >= by.threshold();
}

// kept, and A = H * kept / (1−p)
template <class T>
void dropout_forward(const Dropout<T>& by, View<T> A) {
  assert(by.H.rows == A.rows && by.H.cols == A.cols && by.words * 64 >= A.rows);
  for (Index j = 0; j < A.cols; ++j) {
    for (Index i = 0; i < A.rows; ++i) {
      std::uint64_t& word = by.kept[i / 64 + j * by.words];
      if (i % 64 == 0) word = 0;
      const bool kept = keeps(by, by.rows[j], i);
      word |= std::uint64_t{kept} << i % 64;
      A.col(j)[i] = kept ? by.H.col(j)[i] * static_cast<T>(by.scale()) : T(0);
    }
  }
}

// dA = dA * kept / (1−p)
template <class T>
void dropout_backward(const Dropout<T>& by, View<T> dA) {
  for (Index j = 0; j < dA.cols; ++j) {
    for (Index i = 0; i < dA.rows; ++i) {
      const bool kept = (by.kept[i / 64 + j * by.words] >> i % 64 & 1) != 0;
      dA.col(j)[i] = kept ? dA.col(j)[i] * static_cast<T>(by.scale()) : T(0);
    }
  }
}

// dW = s·dZ A_prevᵀ
template <class T>
void linear_backward_weights(View<const T> dZ, View<const T> A_prev, double s, View<T> dW) {
  assert(dW.rows == dZ.rows && dW.cols == A_prev.rows && dZ.cols == A_prev.cols);
  for (Index k = 0; k < dW.cols; ++k) {
    for (Index i = 0; i < dW.rows; ++i) dW.col(k)[i] = 0;
  }
  for (Index j = 0; j < dZ.cols; ++j) {
    const T* __restrict dz = dZ.col(j);
    for (Index k = 0; k < dW.cols; ++k) {
      T* __restrict dw = dW.col(k);
      const T a = A_prev.col(j)[k];
      for (Index i = 0; i < dW.rows; ++i) dw[i] += dz[i] * a;
    }
  }
  for (Index k = 0; k < dW.cols; ++k) {
    for (Index i = 0; i < dW.rows; ++i) dW.col(k)[i] *= static_cast<T>(s);
  }
}

// db = s·Σ_j dZ^(j)
template <class T>
void linear_backward_bias(View<const T> dZ, double s, View<T> db) {
  assert(db.rows == dZ.rows && db.cols == 1);
  for (Index i = 0; i < db.rows; ++i) db.data[i] = 0;
  for (Index j = 0; j < dZ.cols; ++j) {
    for (Index i = 0; i < db.rows; ++i) db.data[i] += dZ.col(j)[i];
  }
  for (Index i = 0; i < db.rows; ++i) db.data[i] *= static_cast<T>(s);
}

// dA_prev = Wᵀ dZ
template <class T>
void linear_backward_input(View<const T> W, View<const T> dZ, View<T> dA_prev) {
  assert(W.rows == dZ.rows && W.cols == dA_prev.rows && dZ.cols == dA_prev.cols);
  for (Index j = 0; j < dA_prev.cols; ++j) {
    for (Index k = 0; k < dA_prev.rows; ++k) {
      T sum = 0;
      for (Index i = 0; i < W.rows; ++i) sum += W.col(k)[i] * dZ.col(j)[i];
      dA_prev.col(j)[k] = sum;
    }
  }
}

// Y = Y + c X
template <class T>
void add_scaled(double c, View<const T> X, View<T> Y) {
  assert(X.rows == Y.rows && X.cols == Y.cols);
  for (Index j = 0; j < Y.cols; ++j) {
    for (Index i = 0; i < Y.rows; ++i) Y.col(j)[i] += static_cast<T>(c) * X.col(j)[i];
  }
}

// Σ x²
template <class T>
double sum_of_squares(View<const T> X) {
  double sum = 0;
  for (Index j = 0; j < X.cols; ++j) {
    for (Index i = 0; i < X.rows; ++i) sum += static_cast<double>(X.col(j)[i]) * static_cast<double>(X.col(j)[i]);
  }
  return sum;
}

// d + c θ
template <class T>
T with_penalty(T d, double c, T theta) {
  return c == 0 ? d : d + static_cast<T>(c) * theta;
}

// θ = θ − α g
template <class T, class G>
void update_gradient_descent(std::span<T> theta, const G& g, double alpha) {
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] -= static_cast<T>(alpha) * g(i);
}

// v = βv + (1−β) g,  θ = θ − (α v + δ θ); Nesterov's steps by βv + (1−β) g
template <class T, class G>
void update_momentum(std::span<T> theta, const G& g, T* v, double alpha, double beta, double delta, bool nesterov) {
  const auto rest = static_cast<T>(1 - beta);
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const T d = g(i);
    v[i] = static_cast<T>(beta) * v[i] + rest * d;
    const T step = nesterov ? static_cast<T>(beta) * v[i] + rest * d : v[i];
    theta[i] -= with_penalty(static_cast<T>(alpha) * step, delta, theta[i]);
  }
}

// m = β₁m + (1−β₁) g,  v = β₂v + (1−β₂) g²,  θ = θ − (α m̂ / (√v̂ + ε) + δ θ)
template <class T, class G>
void update_adam(std::span<T> theta, const G& gradient, T* m, T* v, const AdamStep& step, double alpha_,
                 double epsilon_, double delta) {
  const auto t = static_cast<double>(step.t);
  const auto m_correction = static_cast<T>(1 - std::pow(step.beta1, t));  // m̂ = m / (1 − β₁ᵗ)
  const auto v_correction = static_cast<T>(1 - std::pow(step.beta2, t));  // v̂ = v / (1 − β₂ᵗ)
  const auto alpha = static_cast<T>(alpha_), epsilon = static_cast<T>(epsilon_);
  const auto beta1 = static_cast<T>(step.beta1), rest1 = static_cast<T>(1 - step.beta1);
  const auto beta2 = static_cast<T>(step.beta2), rest2 = static_cast<T>(1 - step.beta2);
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const T g = gradient(i);
    m[i] = beta1 * m[i] + rest1 * g;
    v[i] = beta2 * v[i] + rest2 * g * g;
    theta[i] -=
        with_penalty(alpha * (m[i] / m_correction) / (std::sqrt(v[i] / v_correction) + epsilon), delta, theta[i]);
  }
}

// θ and what the rule remembers of it
template <class T>
void update(const UpdateRule& rule, const Trained<T>& block, const T* d) {
  const std::span<T> theta(block.theta.data, static_cast<std::size_t>(block.theta.size()));
  const auto g = [&](std::size_t i) {  // s d + c θ
    return with_penalty(rule.scale == 1 ? d[i] : static_cast<T>(rule.scale) * d[i], block.penalty, theta[i]);
  };
  const double alpha = rule.step.alpha * block.rate;
  switch (rule.kind) {
    case OptimizerKind::gradient_descent: return update_gradient_descent(theta, g, alpha);
    case OptimizerKind::momentum:
    case OptimizerKind::nesterov:
      return update_momentum(theta, g, block.first, alpha, rule.momentum, block.decay,
                             rule.kind == OptimizerKind::nesterov);
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return update_adam(theta, g, block.first, block.second, rule.step, alpha, rule.step.epsilon * block.epsilon,
                         block.decay);
  }
}

// Compiled once, in reference.cpp, with the flags that the loops are written for.
#define STRATA_REFERENCE(EXTERN, T)                                                                           \
  EXTERN template void linear_forward(View<const T>, View<const T>, View<const T>, View<T>);                  \
  EXTERN template void activation_forward(Activation, View<const T>, View<T>);                                \
  EXTERN template void head_forward(Head, View<const T>, View<T>);                                            \
  EXTERN template double loss_head(const Objective&, View<const T>, View<const T>, View<T>, View<T>);         \
  EXTERN template void activation_backward(Activation, View<const T>, View<const T>, View<const T>, View<T>); \
  EXTERN template void linear_backward_weights(View<const T>, View<const T>, double, View<T>);                \
  EXTERN template void linear_backward_bias(View<const T>, double, View<T>);                                  \
  EXTERN template void linear_backward_input(View<const T>, View<const T>, View<T>);                          \
  EXTERN template void update(const UpdateRule&, const Trained<T>&, const T*);
STRATA_REFERENCE(extern, float)
STRATA_REFERENCE(extern, double)

}  // namespace strata::internal::reference

namespace strata::internal {

// The contract, kept by the loops above.
template <class T>
class ReferenceKernels : public Kernels<T> {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "reference"; }
  void linear_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z) const noexcept override {
    reference::linear_forward(W, b, A_prev, Z);
  }
  void activation_forward(Activation g, View<const T> Z, View<T> A) const noexcept override {
    reference::activation_forward(g, Z, A);
  }
  void head_forward(Head head, View<const T> Z, View<T> A) const noexcept override {
    reference::head_forward(head, Z, A);
  }
  void loss_head(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ,
                 double* sum) const noexcept override {
    *sum = reference::loss_head(of, Z, Y, A, dZ);
  }
  void activation_backward(Activation g, View<const T> dA, View<const T> Z, View<const T> A,
                           View<T> dZ) const noexcept override {
    reference::activation_backward(g, dA, Z, A, dZ);
  }
  void slope_forward(Activation g, View<const T> a, View<const T> Z, View<T> A) const noexcept override {
    reference::slope_forward(g, a, Z, A);
  }
  void slope_backward(Activation g, View<const T> a, View<const T> Z, double s, View<T> dA,
                      View<T> da) const noexcept override {
    reference::slope_backward(g, a, Z, s, dA, da);
  }
  void stage_forward(const Stage<T>& by, View<const T> X, View<T> Z, View<T> A) const noexcept override {
    reference::stage_forward(by, X, Z, A);
  }
  void stage_backward_params(const Stage<T>& by, View<const T> X, View<const T> Z, View<T> dA, double r,
                             const StageParts<T>& d) const noexcept override {
    reference::stage_backward_params(by, X, Z, dA, r, d);
  }
  void dropout_forward(const Dropout<T>& by, View<T> A) const noexcept override { reference::dropout_forward(by, A); }
  void dropout_backward(const Dropout<T>& by, View<T> dA) const noexcept override {
    reference::dropout_backward(by, dA);
  }
  void linear_backward_params(View<const T> dZ, View<const T> A_prev, double s, View<T> dW,
                              View<T> db) const noexcept override {
    reference::linear_backward_weights(dZ, A_prev, s, dW);
    reference::linear_backward_bias(dZ, s, db);
  }
  void linear_backward_input(View<const T> W, View<const T> dZ, View<T> dA_prev) const noexcept override {
    reference::linear_backward_input(W, dZ, dA_prev);
  }
  void add_scaled(double c, View<const T> X, View<T> Y) const noexcept override { reference::add_scaled(c, X, Y); }
  [[nodiscard]] double sum_of_squares(View<const T> X) const noexcept override { return reference::sum_of_squares(X); }
  void update(const UpdateRule& rule, const Trained<T>& block, const T* d) const noexcept override {
    reference::update(rule, block, d);
  }
};

}  // namespace strata::internal
