// The contract: what a back end computes, one equation each. reference.hpp says the same as loops, and is the meaning.
//
// Every matrix is column-major and has the shape written beside it; m is the number of examples of the batch. The
// caller guarantees the shapes (asserted in debug builds). No operation allocates, throws or prints. The sum behind
// every output element runs in one fixed order that depends on the shapes alone, so that results are the same bits for
// any number of threads, and an example gives the same bits alone and anywhere in a batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/view.hpp"
#include "strata/architecture.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// g' from A: then A may overwrite Z. GELU, SiLU and Mish need Z.
[[nodiscard]] bool derivative_from_output(Activation g) noexcept;

/// Step t = 1, 2, … of Adam (Kingma and Ba, 2015), ε outside the root. Section 2 there: with c = √(1−β₂ᵗ),
/// θ − α m̂ / (√v̂ + ε) is θ − rate·m / (√v + floor). The powers are computed once a step.
struct AdamStep {
  AdamStep() = default;
  AdamStep(double alpha, double beta1, double beta2, double epsilon, long long t) noexcept;
  [[nodiscard]] AdamStep next() const noexcept { return {alpha, beta1, beta2, epsilon, t + 1}; }

  double alpha = 0, beta1 = 0, beta2 = 0, epsilon = 0;
  long long t = 0;
  double rate = 0;   // α c / (1−β₁ᵗ)
  double floor = 0;  // ε c
};

/// How a step of the parameters follows from their gradient.
struct UpdateRule {
  OptimizerKind kind = OptimizerKind::gradient_descent;  // adamw is adam: its decay is in Trained
  double momentum = 0;                                   // β
  AdamStep step{};                                       // α for every rule
  double scale = 1;                                      // s: less than 1 where the gradient is clipped
};

/// A block of θ, what is added to its gradient, and what its rule remembers of it: all of one shape, each without gaps
/// between its columns.
template <class T>
struct Trained {
  View<T> theta;
  T* first = nullptr;   // momentum: v; Adam: m
  T* second = nullptr;  // Adam: v
  double penalty = 0;   // c: the rule is given s d + c θ (L2: λ/m)
  double decay = 0;    // δ = αλ: decoupled weight decay (Loshchilov and Hutter, 2019); not in gradient descent, where a
                       // penalty of λ is the same
  double rate = 1;     // what α is multiplied by
  double epsilon = 1;  // what ε is multiplied by
};

/// Where the gradient of a block goes.
template <class T>
struct GradientTarget {
  View<T> d;  // without gaps between its columns
  // Without a rule the gradient is kept: d + c θ in d.
  double penalty = 0;  // c
  View<const T> theta;
  // With one it is used at once; d is memory, of no use to the caller afterwards.
  const UpdateRule* rule = nullptr;
  Trained<T> block{};
};

/// Which units of a layer training leaves out, and by how much the others stand in for them (Srivastava et al., 2014).
/// Unit i of an example is kept when its 16 bits are at least `threshold`: those of philox4x32 for the counter
/// (8 (i/64) + (i mod 32)/4, row, 0) under `key`, in word 2 ((i/32) mod 2) + (i mod 4)/2, the low half for even i. So
/// it depends on nothing else: not on the batch, nor on the threads. One block of the generator serves eight units.
template <class T>
struct Dropout {
  double rate = 0;                     // p; 0: every unit is kept, and the rest of this is of no use
  std::array<std::uint32_t, 2> key{};  // of (seed, step, layer)
  const std::size_t* rows = nullptr;   // (m): where each example stands in its table
  View<T> H;                           // (n, m): g(Z), from which g' is read; A itself where that needs Z
  std::uint64_t* kept = nullptr;       // (words, m): a bit a unit, from the way forward for the way back
  Index words = 0;                     // ⌈n/64⌉

  /// p in 65536ths, and 1/(1−p) for p so rounded.
  [[nodiscard]] std::uint16_t threshold() const noexcept;
  [[nodiscard]] double scale() const noexcept;
};

/// What a layer does to its Z, unit by unit.
template <class T>
struct Pointwise {
  Pointwise(Activation g = Activation::identity) : activation(g) {}  // NOLINT(google-explicit-constructor): most are
  Activation activation;
  View<const T> slope{};  // a (n, 1): A = Z + a * (g(Z) − Z); without it A = g(Z)
  Dropout<T> dropout{};
};

/// Where a row of X goes in the stage in front of the layers.
struct StageRow {
  RowEmbedding::Kind kind = RowEmbedding::Kind::none;
  Index to = 0;  // its first row of Z[0]: they follow one another
  // periodic, piecewise: which number, from 0: its column of F, φ, U and c; levels: its first column of E
  Index at = 0;
  Index levels = 0;  // levels: how many columns
  Index bin = 0;     // piecewise: its first column of V; its first edge is number bin + at of all of them
  Index bins = 0;    // T
};

/// The parameters of the stage, or their gradients: p numbers are embedded periodically, by k frequencies each; or
/// piecewise, and then U is there and F and φ are not.
template <class T>
struct StageParts {
  View<T> F, phi;  // (k, p)
  View<T> U;       // (d, p)
  View<T> V;       // (k, qp): q columns for each number; piecewise (d, Σ T)
  View<T> c;       // (q, p); piecewise (d, p)
  View<T> E;       // (d, Σ levels)
  View<T> s;       // (n_0, 1); empty: 1
};

/// Z[0] = e(X), A[0] = s * Z[0].
template <class T>
struct Stage {
  std::span<const StageRow> rows;  // (n_x)
  StageParts<const T> p;
  const T* edges = nullptr;  // T + 1 of each number whose embedding is piecewise, one number after the other
};
template <class T>
struct StageTargets {
  GradientTarget<T> F, phi, U, V, c, E, s;  // those that there are
};

/// What a batch is held to: the loss of each example, and how much the example counts.
struct Objective {
  Objective(Loss loss_, const double* w_ = nullptr) : loss(loss_), w(w_) {}  // NOLINT(google-explicit-constructor)
  explicit Objective(const Architecture& net, const double* w_ = nullptr)
      : loss(net.loss),
        w(w_),
        delta(net.loss_parameters.delta.data()),
        quantile(net.loss_parameters.quantile),
        smoothing(net.loss_parameters.smoothing) {}
  Loss loss;
  const double* w;                                            // (m); null: 1 each
  const double* delta = nullptr;                              // (n_L): δ of Huber's loss
  double quantile = 0.5;                                      // q
  double smoothing = 0;                                       // ε: (1−ε) y + ε/K stands for y
  [[nodiscard]] double share(Index outputs) const noexcept {  // ε/K
    return smoothing / static_cast<double>(loss == Loss::binary_cross_entropy ? 2 : outputs);
  }
};

template <class T>
class Kernels {
 public:
  virtual ~Kernels() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  // Z = W A_prev + b                    W (n_l, n_prev), b (n_l, 1), A_prev (n_prev, m), Z (n_l, m)
  virtual void linear_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z) const noexcept = 0;

  // A = g(Z)                            (n_l, m) both; A may be Z itself
  virtual void activation_forward(Activation g, View<const T> Z, View<T> A) const noexcept = 0;

  // A = head(Z)                         (n_L, m) both; A may be Z itself
  virtual void head_forward(Head head, View<const T> Z, View<T> A) const noexcept = 0;

  // sum = Σ_i w_i L(Z^(i), Y^(i)) in float64, A = head(Z), dZ = w ∂L/∂Z     Z, Y, A, dZ (n_L, m), w (1, m)
  // ∂L/∂Z = A − Y, but for the losses of which strata/architecture.hpp says something else
  virtual void loss_head(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ,
                         double* sum) const noexcept = 0;

  // dZ = dA * g'(Z)                     (n_l, m) all; dZ may be dA itself. g' is read from A or from Z, as g allows.
  virtual void activation_backward(Activation g, View<const T> dA, View<const T> Z, View<const T> A,
                                   View<T> dZ) const noexcept = 0;

  // A = Z + a * (g(Z) − Z)              a (n_l, 1), Z, A (n_l, m); A may be Z itself
  virtual void slope_forward(Activation g, View<const T> a, View<const T> Z, View<T> A) const noexcept = 0;

  // da = s·Σ_i dA^(i) * (g(Z^(i)) − Z^(i)),  dZ = dA * (1 + a * (g'(Z) − 1)), in the place of dA
  virtual void slope_backward(Activation g, View<const T> a, View<const T> Z, double s, View<T> dA,
                              View<T> da) const noexcept = 0;

  // Z = e(X), A = s * Z                 X (n_x, m), Z, A (n_0, m); A may be Z itself. For row x of X, as its kind says:
  //   itself     z = x
  //   periodic   z = (x, Vᵀ cos(2π f x + φ) + c), by its own columns of F, φ, V and c
  //   piecewise  z = U x + V e(x) + c, by its own columns: e_t(x) = (x − b_{t−1}) / (b_t − b_{t−1}), t = 1 … T, kept
  //              from 0 to 1: beyond the outermost edges V e(x) stays as it is there
  //   levels     z = the column of E that is x of its own; the last one for a number that is none of them
  virtual void stage_forward(const Stage<T>& by, View<const T> X, View<T> Z, View<T> A) const noexcept = 0;

  // dθ = r·Σ_i of the examples, from dA (n_0, m), which becomes dZ = s * dA; Z is read only where there is an s
  virtual void stage_backward_params(const Stage<T>& by, View<const T> X, View<const T> Z, View<T> dA, double r,
                                     const StageParts<T>& d) const noexcept = 0;

  // A = H * kept / (1−p), where `kept` is drawn anew              H = by.H, A (n_l, m)
  virtual void dropout_forward(const Dropout<T>& by, View<T> A) const noexcept = 0;

  // dA = dA * kept / (1−p)              (n_l, m)
  virtual void dropout_backward(const Dropout<T>& by, View<T> dA) const noexcept = 0;

  // dW = s·dZ A_prevᵀ, db = s·Σ_i dZ^(i)       s = 1/m, or 1/Σw; dW (n_l, n_prev), db (n_l, 1)
  virtual void linear_backward_params(View<const T> dZ, View<const T> A_prev, double s, View<T> dW,
                                      View<T> db) const noexcept = 0;

  // dA_prev = Wᵀ dZ                     W (n_l, n_prev), dZ (n_l, m), dA_prev (n_prev, m)
  virtual void linear_backward_input(View<const T> W, View<const T> dZ, View<T> dA_prev) const noexcept = 0;

  // Y = Y + c X                         L2: dW = dW + λ/m W
  virtual void add_scaled(double c, View<const T> X, View<T> Y) const noexcept = 0;

  // Σ x², in float64                    L2: λ/(2m) Σ W²
  [[nodiscard]] virtual double sum_of_squares(View<const T> X) const noexcept = 0;

  // θ and what the rule remembers of it, by its gradient g = s d + c θ:
  //   gradient descent   θ = θ − α g
  //   momentum           v = βv + (1−β) g,  θ = θ − (α v + δ θ)
  //   Nesterov           v = βv + (1−β) g,  θ = θ − (α (βv + (1−β) g) + δ θ)   (Sutskever et al., 2013: the step that
  //                      momentum makes next, should the gradient stay; written at the point it looks ahead to)
  //   Adam               m = β₁m + (1−β₁) g,  v = β₂v + (1−β₂) g²,  θ = θ − (α m̂ / (√v̂ + ε) + δ θ)
  //                      m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)
  virtual void update(const UpdateRule& rule, const Trained<T>& block, const T* d) const noexcept = 0;

  // ---- fused sentences: these compositions are their meaning; a back end overrides one only to go faster ----

  // Z = W A_prev + b, A = g(Z), or with a slope Z + a * (g(Z) − Z); with dropout H = that, A = H * kept / (1−p)
  virtual void linear_activation_forward(const Pointwise<T>& g, View<const T> W, View<const T> b, View<const T> A_prev,
                                         View<T> Z, View<T> A) const noexcept {
    linear_forward(W, b, A_prev, Z);
    pointwise_forward(g, Z, A);
  }

  // dA_prev = Wᵀ dZ, dZ_prev = dA_prev * g'(Z_prev)     W and dZ are of the layer above; g, Z_prev, A_prev of this one;
  // with dropout dA_prev = Wᵀ dZ * kept / (1−p). With a slope as slope_backward says; da goes to its target.
  virtual void linear_activation_backward(const Pointwise<T>& g, View<const T> W, View<const T> dZ,
                                          View<const T> Z_prev, View<const T> A_prev, View<T> dZ_prev, double s = 1,
                                          const GradientTarget<T>& a = {}) const noexcept {
    linear_backward_input(W, dZ, dZ_prev);
    pointwise_backward(g, Z_prev, A_prev, dZ_prev, s, a);
  }

  // dW = s·dZ A_prevᵀ, db = s·Σ_i dZ^(i), each to its target
  virtual void linear_backward(View<const T> dZ, View<const T> A_prev, double s, const GradientTarget<T>& W,
                               const GradientTarget<T>& b) const noexcept {
    linear_backward_params(dZ, A_prev, s, W.d, b.d);
    for (const GradientTarget<T>* to : {&W, &b}) use_gradient(*to);
  }

  // stage_backward_params, each gradient to its target
  void stage_backward(const Stage<T>& by, View<const T> X, View<const T> Z, View<T> dA, double r,
                      const StageTargets<T>& to) const noexcept {
    stage_backward_params(by, X, Z, dA, r, {to.F.d, to.phi.d, to.U.d, to.V.d, to.c.d, to.E.d, to.s.d});
    for (const GradientTarget<T>* each : {&to.F, &to.phi, &to.U, &to.V, &to.c, &to.E, &to.s}) use_gradient(*each);
  }

 protected:
  // A = g(Z), or with a slope Z + a * (g(Z) − Z), and dropout
  void pointwise_forward(const Pointwise<T>& g, View<const T> Z, View<T> A) const noexcept {
    const View<T> H = g.dropout.rate == 0 ? A : g.dropout.H;
    if (g.slope.data == nullptr) {
      activation_forward(g.activation, Z, H);
    } else {
      slope_forward(g.activation, g.slope, Z, H);
    }
    if (g.dropout.rate != 0) dropout_forward(g.dropout, A);
  }

  // dA becomes dZ
  void pointwise_backward(const Pointwise<T>& g, View<const T> Z, View<const T> A, View<T> dA, double s,
                          const GradientTarget<T>& a) const noexcept {
    if (g.dropout.rate != 0) dropout_backward(g.dropout, dA);
    if (g.slope.data == nullptr) {
      activation_backward(g.activation, dA, Z, g.dropout.rate != 0 ? g.dropout.H : A, dA);
    } else {
      slope_backward(g.activation, g.slope, Z, s, dA, a.d);
      use_gradient(a);
    }
  }

  // What a target does with d, once it is there.
  void use_gradient(const GradientTarget<T>& to) const noexcept {
    if (to.d.data == nullptr) return;
    if (to.rule != nullptr) {
      update(*to.rule, to.block, to.d.data);
    } else if (to.penalty != 0) {
      add_scaled(to.penalty, to.theta, to.d);
    }
  }
};

}  // namespace strata::internal
