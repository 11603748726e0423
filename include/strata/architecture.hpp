// What the network is: values only, no numbers to train.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "strata/export.hpp"

namespace strata STRATA_EXPORT {

/// The element-wise functions g of A = g(Z).
enum class Activation {
  identity,
  sigmoid,
  tanh,
  relu,
  leaky_relu,  ///< slope 0.01 below zero
  elu,         ///< alpha = 1 (Clevert et al., 2016)
  selu,        ///< self-normalising constants of Klambauer et al., 2017
  gelu,        ///< z·Φ(z) with the exact normal distribution function (Hendrycks and Gimpel, 2016)
  silu,        ///< z·σ(z) (Elfwing et al., 2018)
  mish,        ///< z·tanh(softplus(z)) (Misra, 2020)
  softplus,    ///< ln(1 + e^z)
};

/// The loss of one example, computed from the logits z = Z[L]; with the head that belongs to it, dZ[L] = A[L] − Y where
/// nothing else is said.
enum class Loss {
  binary_cross_entropy,       ///< −Σ_k y ln a + (1−y) ln(1−a), a = sigmoid(z); each output is a yes/no question
  categorical_cross_entropy,  ///< −Σ_k y_k ln a_k, a = softmax(z); exactly one of the outputs is right
  squared_error,              ///< ½ Σ_k (a_k − y_k)², a = z
  absolute_error,             ///< Σ_k |a_k − y_k|, a = z: dZ[L] = sign(A[L] − Y), 0 at 0
  huber,     ///< Σ_k ½ r² up to |r| = δ_k, δ_k (|r| − ½ δ_k) beyond, r = a_k − y_k, a = z (Huber, 1964): dZ[L] = r, but
             ///< at most δ_k to either side
  quantile,  ///< Σ_k q (y_k − a_k) where y_k > a_k, else (1−q) (a_k − y_k), a = z (Koenker and Bassett, 1978): dZ[L] =
             ///< −q, 1−q, and 0 at 0
};

/// What a loss takes. Those that take nothing of it have what stands here.
struct LossParameters {
  std::vector<double> delta;  ///< huber: δ of each output, in the units of the network's outputs
  double quantile = 0.5;      ///< quantile: q
  /// The cross-entropies: ε. In the loss (1−ε) y + ε/K stands for y, with K classes, 2 of each yes/no question
  /// (Szegedy et al., 2016).
  double smoothing = 0;
  bool operator==(const LossParameters&) const = default;
};

/// The last activation; the loss owns it.
enum class Head { sigmoid, softmax, identity };

[[nodiscard]] Head head_of(Loss loss) noexcept;

[[nodiscard]] std::string_view name(Activation activation) noexcept;
[[nodiscard]] std::string_view name(Loss loss) noexcept;
[[nodiscard]] std::string_view name(Head head) noexcept;

/// All activations, in the order of the enumeration.
[[nodiscard]] std::span<const Activation> all_activations() noexcept;

/// Throw Error(usage), with the nearest right name, when the name is unknown.
[[nodiscard]] Activation activation_from_name(std::string_view name);
[[nodiscard]] Loss loss_from_name(std::string_view name);

/// A hidden layer: n_l units and their g.
struct LayerSpec {
  int units = 0;
  Activation activation = Activation::relu;
  double dropout = 0;  ///< p: training leaves a unit out with this probability, prediction none
  /// A = Z + a * (g(Z) − Z), with a slope a for each unit that is learned and begins at 1 (Holzmüller et al., 2024).
  bool learned_slope = false;
  bool operator==(const LayerSpec&) const = default;
};

/// What becomes of a row x of X on the way to A[0], by numbers that are learned.
struct RowEmbedding {
  enum class Kind {
    none,      ///< itself
    periodic,  ///< x and Vᵀ cos(2π f x + φ) + c: "PBLD" of Holzmüller et al., 2024, after Gorishniy et al., 2022
    levels,    ///< a code from 0 to levels − 1: its column of E; that of levels − 1 for any other number
    /// u x + V e(x) + c, linear between the edges b_0 < … < b_T: e_t = (x − b_{t−1}) / (b_t − b_{t−1}), at least 0 and
    /// at most 1 (Gorishniy et al., 2022, "On Embeddings for Numerical Features", eq. 1, where e_1 has no least and e_T
    /// no largest number: a narrow outermost piece would then make numbers beyond it as large as you like)
    piecewise,
  };
  static constexpr int kMostBins = 128;         ///< T
  static constexpr double kLargestEdge = 1e38;  ///< in size: float32 holds it, and twice as much
  Kind kind = Kind::none;
  int levels = 0;
  /// piecewise: b_0 … b_T. One has no bins, and e(x) no elements.
  std::vector<double> edges = {};

  [[nodiscard]] int bins() const noexcept { return edges.empty() ? 0 : static_cast<int>(edges.size()) - 1; }
  /// May a bin of a piecewise embedding lie between these? It is at least a millionth wide, and a millionth of the
  /// larger of its edges: else it would be rounding, or lost in float32.
  [[nodiscard]] static bool is_bin(double edge, double next) noexcept;
  bool operator==(const RowEmbedding&) const = default;
};
[[nodiscard]] std::string_view name(RowEmbedding::Kind kind) noexcept;

/// The stage in front of the layers: Z[0] = e(X), row by row, and A[0] = s * Z[0]. Without it A[0] = X.
struct InputStage {
  std::vector<RowEmbedding> rows;                      ///< one for each row of X; empty: each is itself
  int frequencies = 16;                                ///< of a periodic embedding: f, φ
  int periodic_units = 3;                              ///< of a periodic embedding, beside x itself: c
  int level_units = 8;                                 ///< of a level: the rows of E
  int piecewise_units = 16;                            ///< of a piecewise embedding: the rows of U, V and c
  bool scales = false;                                 ///< s, a number for each row of Z[0]; else 1
  static constexpr std::int64_t kMostEdges = 1 << 21;  ///< of all rows: the text of a model file holds twice as many

  [[nodiscard]] bool empty() const noexcept { return rows.empty() && !scales; }
  /// Rows of Z[0] that become of a row of X.
  [[nodiscard]] std::int64_t units_of(RowEmbedding::Kind kind) const noexcept {
    return kind == RowEmbedding::Kind::periodic    ? std::int64_t{1} + periodic_units
           : kind == RowEmbedding::Kind::levels    ? level_units
           : kind == RowEmbedding::Kind::piecewise ? piecewise_units
                                                   : 1;
  }
  bool operator==(const InputStage&) const = default;
};

/// A fully connected network of depth L: hidden layers 1 … L−1, then the output layer L whose activation is the loss's
/// head.
struct Architecture {
  int inputs = 0;                 ///< n_x, the rows of X
  std::vector<LayerSpec> hidden;  ///< layers 1 … L−1; empty: logistic or linear regression
  int outputs = 1;                ///< n_y = n_L
  Loss loss = Loss::binary_cross_entropy;
  LossParameters loss_parameters;
  InputStage stage;

  [[nodiscard]] int depth() const noexcept { return static_cast<int>(hidden.size()) + 1; }  ///< L
  /// n_l, for l = 0 … L: n_0 is the rows of A[0], n_x unless the stage embeds some.
  [[nodiscard]] int units(int l) const noexcept {
    return l == 0 ? embedded_inputs() : l == depth() ? outputs : hidden[static_cast<std::size_t>(l - 1)].units;
  }
  /// The hidden layer l, for l = 1 … L−1.
  [[nodiscard]] const LayerSpec& layer(int l) const noexcept { return hidden[static_cast<std::size_t>(l - 1)]; }
  [[nodiscard]] Head head() const noexcept { return head_of(loss); }
  /// The number of weights and biases, Σ_l n_l·n_{l−1} + n_l, of slopes, and of what the stage learns.
  [[nodiscard]] std::size_t parameter_count() const;
  /// Throws Error(shape) unless every layer has at least one unit, softmax has at least two outputs and the stage fits
  /// the inputs; Error(usage) for an activation or a loss that does not exist, a dropout that is not from 0 to less
  /// than 1, and parameters that the loss does not take.
  void validate() const;

  bool operator==(const Architecture&) const = default;

 private:
  [[nodiscard]] int embedded_inputs() const noexcept;
};

}  // namespace strata STRATA_EXPORT
