// The story: forward, loss and backward in the letters of the equations. step.cpp is the file to read.
#pragma once

#include "base/view.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "network/workspace.hpp"
#include "strata/architecture.hpp"

namespace strata {

/// m examples: the columns of X (n_x, m), and what is to be predicted for them, Y (n_y, m). Borrowed, never written.
template <class T>
struct Batch {
  View<T> X;
  View<const T> Y;
  [[nodiscard]] Index m() const noexcept { return X.cols; }
};

/// (L−1) × [LINEAR → ACTIVATION], then LINEAR: leaves the logits in Z[L] and a cache for every layer in `ws`.
template <class T>
void forward(const Architecture& net, const Parameters<T>& p, View<T> X, Workspace<T>& ws, const Kernels<T>& k);

/// forward, then A[L] = head(Z[L]): the probabilities, or the values.
template <class T>
void predict(const Architecture& net, const Parameters<T>& p, View<T> X, Workspace<T>& ws, const Kernels<T>& k);

/// forward and the loss: the cost J = 1/m Σ L + λ/(2m) Σ‖W‖².
template <class T>
[[nodiscard]] double cost(const Architecture& net, const Parameters<T>& p, Batch<T> batch, double lambda,
                          Workspace<T>& ws, const Kernels<T>& k);

/// What becomes of a layer's gradient: kept, or used at once. Layers come from L to 1; when layer l comes, nothing of
/// the step needs W[l] and b[l] any more.
template <class T>
class GradientSink {
 public:
  virtual ~GradientSink() = default;
  /// dW[l] = s·dZ[l] A[l−1]ᵀ + c·W[l],  db[l] = s·Σ_i dZ[l]^(i): s = 1/m, c = λ/m.
  virtual void take(int l, View<const T> dZ, View<const T> A_prev, double s, double c) = 0;
};

/// forward, loss, backward: gives the cost J, and every layer's gradient to `sink`.
template <class T>
[[nodiscard]] double train_step(const Architecture& net, const Parameters<T>& p, Batch<T> batch, double lambda,
                                Workspace<T>& ws, const Kernels<T>& k, GradientSink<T>& sink);

/// The sink that leaves dW[l] and db[l] in `gradient`.
template <class T>
class KeepGradient final : public GradientSink<T> {
 public:
  KeepGradient(const Parameters<T>& p, const Kernels<T>& k, Parameters<T>& gradient)
      : p_(p), k_(k), gradient_(gradient) {}
  void take(int l, View<const T> dZ, View<const T> A_prev, double s, double c) override;

 private:
  const Parameters<T>& p_;
  const Kernels<T>& k_;
  Parameters<T>& gradient_;
};

/// forward, loss, backward, with the gradient kept.
template <class T>
[[nodiscard]] double train_step(const Architecture& net, const Parameters<T>& p, Batch<T> batch, double lambda,
                                Workspace<T>& ws, const Kernels<T>& k, Parameters<T>& gradient) {
  KeepGradient<T> sink(p, k, gradient);
  return train_step(net, p, batch, lambda, ws, k, sink);
}

}  // namespace strata
