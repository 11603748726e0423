// The network of the notes, in the letters of the notes. Examples are columns: X (n_x, m); W[l] (n_l, n_{l−1}),
// b[l] (n_l, 1), Z[l] and A[l] (n_l, m); A[0] = X, or what a stage in front makes of it. The kernels, `k`, do the work
// on the elements. FlushDenormals: meanwhile numbers below 1e-38 count as zero.
#include "network/step.hpp"

#include "base/denormals.hpp"

namespace strata::internal {

// (L−1) × [LINEAR → ACTIVATION], then LINEAR. The workspace is the cache: what the way back needs is in it.
template <class T>
void forward(const Architecture& net, const Parameters<T>& p, Batch<T> batch, Workspace<T>& ws, const Kernels<T>& k) {
  const FlushDenormals flush;
  const int L = net.depth();
  ws.set_input(p, batch.X, batch.pass);  // A[0] = X
  if (!net.stage.empty()) {
    // or, of tables: Z[0] = e(X),  A[0] = s * Z[0]
    k.stage_forward(ws.stage, batch.X, ws.Z[0], ws.A[0]);
  }
  for (int l = 1; l < L; ++l) {
    // Z[l] = W[l] A[l−1] + b[l],  A[l] = g(Z[l]), or with learned slopes Z[l] + a[l] * (g(Z[l]) − Z[l])
    k.linear_activation_forward(ws.g[l], p.W[l], p.b[l], ws.A[l - 1], ws.Z[l], ws.A[l]);
  }
  // Z[L] = W[L] A[L−1] + b[L]: the logits; the last g belongs to the loss
  k.linear_forward(p.W[L], p.b[L], ws.A[L - 1], ws.Z[L]);
}

// … → SIGMOID (or softmax, or identity): A[L] is what the network says.
template <class T>
void predict(const Architecture& net, const Parameters<T>& p, View<const T> X, Workspace<T>& ws, const Kernels<T>& k) {
  const FlushDenormals flush;
  const int L = net.depth();
  forward(net, p, {X}, ws, k);
  k.head_forward(net.head(), ws.Z[L], ws.A[L]);  // A[L] = head(Z[L])
}

// J = 1/m Σ_i w_i L(A[L]^(i), Y^(i)) + λ/(2m) Σ_l ‖W[l]‖²: the second part, which reads all of W, added to the first
template <class T>
double with_penalty(double J, const Parameters<T>& p, double m, double lambda, const Kernels<T>& k) {
  const FlushDenormals flush;
  if (lambda != 0) {
    for (int l = 1; l <= p.depth(); ++l) J += lambda / (2 * m) * k.sum_of_squares(p.W[l]);
  }
  return J;
}

// Forward and the loss, without the way back.
template <class T>
double cost(const Architecture& net, const Parameters<T>& p, Batch<T> batch, double lambda, Workspace<T>& ws,
            const Kernels<T>& k) {
  const FlushDenormals flush;
  const int L = net.depth();
  forward(net, p, batch, ws, k);
  const double m = batch.weight();  // Σ w: the number of examples, unless some count more than others
  k.loss_head(Objective(net, batch.w), ws.Z[L], batch.Y, ws.A[L], ws.dZ[L], &ws.loss);
  return with_penalty(ws.loss / m, p, m, lambda, k);
}

// Forward, loss, and backward: the mirror of forward, from layer L to layer 1.
template <class T>
double train_step(const Architecture& net, const Parameters<T>& p, Batch<T> batch, Workspace<T>& ws,
                  const Kernels<T>& k, GradientSink<T>& sink) {
  const FlushDenormals flush;
  const int L = net.depth();
  const double m = batch.weight();  // Σ w
  forward(net, p, batch, ws, k);
  // dZ[L] = w (A[L] − Y), or what else ∂L/∂Z[L] is
  k.loss_head(Objective(net, batch.w), ws.Z[L], batch.Y, ws.A[L], ws.dZ[L], &ws.loss);
  for (int l = L; l >= 1; --l) {
    // dA[l−1] = W[l]ᵀ dZ[l],  dZ[l−1] = dA[l−1] * g'(Z[l−1]): now, for W[l] may change right after
    if (l > 1) {
      k.linear_activation_backward(ws.g[l - 1], p.W[l], ws.dZ[l], ws.Z[l - 1], ws.A[l - 1], ws.dZ[l - 1], 1 / m,
                                   sink.target(p.a_block(l - 1)));
    } else if (!net.stage.empty()) {
      k.linear_backward_input(p.W[1], ws.dZ[1], ws.dZ[0]);  // dA[0]
    }
    // dW[l] = 1/m dZ[l] A[l−1]ᵀ + λ/m W[l],  db[l] = 1/m Σ_i dZ[l]^(i): where they go, the sink says
    k.linear_backward(ws.dZ[l], ws.A[l - 1], 1 / m, sink.target(p.W_block(l)), sink.target(p.b_block(l)));
  }
  if (!net.stage.empty()) {
    // dZ[0] = s * dA[0], and the gradients of what the stage learns
    k.stage_backward(ws.stage, batch.X, ws.Z[0], ws.dZ[0], 1 / m, stage_targets(p, sink));
  }
  return ws.loss / m;
}

// The sink that keeps the gradient. L2 draws at W, not at b.
template <class T>
GradientTarget<T> KeepGradient<T>::target(const ParameterBlock& block) {
  return {.d = gradient_.view(block), .penalty = block.decays() ? penalty_ : 0, .theta = p_.view(block)};
}

#define STRATA_STEP(T)                                                                                                 \
  template double with_penalty(double, const Parameters<T>&, double, double, const Kernels<T>&);                       \
  template void forward(const Architecture&, const Parameters<T>&, Batch<T>, Workspace<T>&, const Kernels<T>&);        \
  template void predict(const Architecture&, const Parameters<T>&, View<const T>, Workspace<T>&, const Kernels<T>&);   \
  template double cost(const Architecture&, const Parameters<T>&, Batch<T>, double, Workspace<T>&, const Kernels<T>&); \
  template double train_step(const Architecture&, const Parameters<T>&, Batch<T>, Workspace<T>&, const Kernels<T>&,    \
                             GradientSink<T>&);                                                                        \
  template class KeepGradient<T>;
STRATA_STEP(float)
STRATA_STEP(double)
#undef STRATA_STEP

}  // namespace strata::internal
