// The story: forward, loss and backward in the letters of the equations. step.cpp is the file to read.
#pragma once

#include "base/view.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "network/workspace.hpp"
#include "strata/architecture.hpp"

namespace strata::internal {

/// m examples: the columns of X (n_x, m), and what is to be predicted for them, Y (n_y, m); and what for; how much
/// each counts, w (1, m). Borrowed.
template <class T>
struct Batch {
  View<const T> X;
  View<const T> Y;
  Pass pass{};
  const double* w = nullptr;  // null: 1 each
  double sum_w = 0;           // Σ w, of no use without them
  [[nodiscard]] Index m() const noexcept { return X.cols; }
  /// What the m of the equations is: Σ w, the number of examples where each counts 1.
  [[nodiscard]] double weight() const noexcept { return w == nullptr ? static_cast<double>(m()) : sum_w; }
};

/// (L−1) × [LINEAR → ACTIVATION], then LINEAR: leaves the logits in Z[L] and a cache for every layer in `ws`.
template <class T>
void forward(const Architecture& net, const Parameters<T>& p, Batch<T> batch, Workspace<T>& ws, const Kernels<T>& k);

/// forward, then A[L] = head(Z[L]): the probabilities, or the values.
template <class T>
void predict(const Architecture& net, const Parameters<T>& p, View<const T> X, Workspace<T>& ws, const Kernels<T>& k);

/// J and the part that L2 adds to it, λ/(2m) Σ‖W‖². It reads all of W: only a cost that is shown needs it.
template <class T>
[[nodiscard]] double with_penalty(double J, const Parameters<T>& p, double m, double lambda, const Kernels<T>& k);

/// forward and the loss: the cost J = 1/m Σ wL + λ/(2m) Σ‖W‖², m = Σ w.
template <class T>
[[nodiscard]] double cost(const Architecture& net, const Parameters<T>& p, Batch<T> batch, double lambda,
                          Workspace<T>& ws, const Kernels<T>& k);

/// Where gradients go: kept, or used at once. Layers come from L to 1, then the stage in front; when a block comes,
/// nothing of the step needs its parameters any more.
template <class T>
class GradientSink {
 public:
  virtual ~GradientSink() = default;
  [[nodiscard]] virtual GradientTarget<T> target(const ParameterBlock& block) = 0;
  /// Of a block that there may be none of: then nothing.
  [[nodiscard]] GradientTarget<T> target(const ParameterBlock* block) {
    return block == nullptr ? GradientTarget<T>() : target(*block);
  }
};

/// The targets of what the stage in front learns.
template <class T>
[[nodiscard]] StageTargets<T> stage_targets(const Parameters<T>& p, GradientSink<T>& sink) {
  using Kind = ParameterBlock::Kind;
  const auto of = [&](Kind kind) { return sink.target(p.stage_block(kind)); };
  return {of(Kind::frequencies), of(Kind::phases), of(Kind::factors), of(Kind::mixes),
          of(Kind::offsets),     of(Kind::levels), of(Kind::scales)};
}

/// forward, loss, backward: gives the mean loss 1/m Σ wL, m = Σ w, and every block's gradient to `sink`.
template <class T>
[[nodiscard]] double train_step(const Architecture& net, const Parameters<T>& p, Batch<T> batch, Workspace<T>& ws,
                                const Kernels<T>& k, GradientSink<T>& sink);

/// The sink that leaves dW[l] and db[l] in `gradient`. `penalty`: λ/m.
template <class T>
class KeepGradient final : public GradientSink<T> {
 public:
  KeepGradient(const Parameters<T>& p, double penalty, Parameters<T>& gradient)
      : p_(p), penalty_(penalty), gradient_(gradient) {}
  [[nodiscard]] GradientTarget<T> target(const ParameterBlock& block) override;

 private:
  const Parameters<T>& p_;
  double penalty_;
  Parameters<T>& gradient_;
};

/// forward, loss, backward: gives the cost J, and leaves dW[l] and db[l], with L2's part, in `gradient`.
template <class T>
[[nodiscard]] double train_step(const Architecture& net, const Parameters<T>& p, Batch<T> batch, double lambda,
                                Workspace<T>& ws, const Kernels<T>& k, Parameters<T>& gradient) {
  const double m = batch.weight();
  KeepGradient<T> sink(p, lambda / m, gradient);
  return with_penalty(train_step(net, p, batch, ws, k, sink), p, m, lambda, k);
}

}  // namespace strata::internal
