// The functions of the notes, one by one, on plain matrices of doubles: what a learner calls, prints and checks.
//
// m examples are the columns of X (n_x, m). A[0] = X, and for l = 1 … L:
//
// clang-format off: it would run the equations together
//   forward   Z[l] = W[l] A[l−1] + b[l]
//             A[l] = g(Z[l])
//   backward  dZ[l] = dA[l] * g′(Z[l])
//             dW[l] = 1/m dZ[l] A[l−1]ᵀ
//             db[l] = 1/m Σ_i dZ[l]^(i)
//             dA[l−1] = W[l]ᵀ dZ[l]
//   update    W[l] = W[l] − α dW[l]
//             b[l] = b[l] − α db[l]
// clang-format on
//
// with shapes W[l] (n_l, n_{l−1}), b[l] (n_l, 1), Z[l] and A[l] (n_l, m). The loops are those of the engine's
// reference. Two matrices that do not fit throw Error(shape), which gives both shapes and the equation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "strata/architecture.hpp"
#include "strata/export.hpp"
#include "strata/matrix.hpp"

namespace strata STRATA_EXPORT {
namespace steps {

using strata::Layer;
using strata::Matrix;
using Parameters = std::vector<Layer>;  // [l-1] holds W[l], b[l]

struct LinearCache {
  Matrix A_prev, W, b;  // (n_{l-1}, m), (n_l, n_{l-1}), (n_l, 1)
};
struct Cache {
  LinearCache linear;
  Matrix Z;  // (n_l, m)
  Activation activation = Activation::relu;
};
struct Gradient {
  Matrix dA_prev, dW, db;  // [l-1] of a list: dA[l-1], dW[l], db[l]
};
struct Trained {
  Parameters parameters;
  std::vector<double> costs;  // the cost before every report_every-th update, from 0
};

/// What the normal numbers are multiplied with, layer by layer.
struct Scale {
  static Scale constant(double factor);  ///< × factor
  static Scale lecun();                  ///< / √n_{l−1}
  static Scale he();                     ///< × √(2/n_{l−1})

  enum class Kind { constant, lecun, he } kind = Kind::constant;
  double factor = 0.01;
};

// --- activations, element by element ---
[[nodiscard]] Matrix sigmoid(const Matrix& Z);                             ///< 1 / (1 + e^−Z)
[[nodiscard]] Matrix sigmoid_backward(const Matrix& dA, const Matrix& Z);  ///< dZ = dA * s(1−s), s = sigmoid(Z)
[[nodiscard]] Matrix relu(const Matrix& Z);                                ///< max(0, Z)
[[nodiscard]] Matrix relu_backward(const Matrix& dA, const Matrix& Z);     ///< dZ = dA where Z > 0, else 0

// --- 1. initialise W[1], b[1] … W[L], b[L]: normal numbers of numpy.random.seed(numpy_seed), scaled; b = 0 ---
[[nodiscard]] Parameters initialize_parameters(int n_x, int n_h, int n_y, std::uint32_t numpy_seed,
                                               Scale scale = Scale::constant(0.01));
/// layer_dims = {n_0, n_1, …, n_L}.
[[nodiscard]] Parameters initialize_parameters_deep(std::span<const int> layer_dims, std::uint32_t numpy_seed,
                                                    Scale scale = Scale::constant(0.01));

// --- 2. forward ---
[[nodiscard]] std::pair<Matrix, LinearCache> linear_forward(const Matrix& A_prev, const Matrix& W, const Matrix& b);
[[nodiscard]] std::pair<Matrix, Cache> linear_activation_forward(const Matrix& A_prev, const Matrix& W, const Matrix& b,
                                                                 Activation g);
/// (L−1) × [LINEAR → RELU], then LINEAR → SIGMOID; a cache for every layer.
[[nodiscard]] std::pair<Matrix, std::vector<Cache>> model_forward(const Matrix& X, const Parameters& parameters);

// --- 3. the cost: J = −1/m Σ (Y ln AL + (1−Y) ln(1−AL)), where 0·ln 0 counts as 0 ---
[[nodiscard]] double compute_cost(const Matrix& AL, const Matrix& Y);

// --- 4. backward, the mirror ---
[[nodiscard]] Gradient linear_backward(const Matrix& dZ, const LinearCache& cache);
[[nodiscard]] Gradient linear_activation_backward(const Matrix& dA, const Cache& cache);
/// Un-fused: dA[L] = −(Y/AL − (1−Y)/(1−AL)), then layer by layer dZ = dA * g'(Z).
[[nodiscard]] std::vector<Gradient> model_backward(const Matrix& AL, const Matrix& Y, const std::vector<Cache>& caches);

// --- 5. update: θ = θ − α dθ ---
[[nodiscard]] Parameters update_parameters(Parameters parameters, const std::vector<Gradient>& gradients,
                                           double learning_rate);

// --- 6. the loop, and the prediction ---
[[nodiscard]] Trained two_layer_model(const Matrix& X, const Matrix& Y, std::array<int, 3> layer_dims,
                                      double learning_rate, int iterations, std::uint32_t numpy_seed,
                                      Scale scale = Scale::constant(0.01), int report_every = 100);
[[nodiscard]] Trained L_layer_model(const Matrix& X, const Matrix& Y, std::span<const int> layer_dims,
                                    double learning_rate, int iterations, std::uint32_t numpy_seed,
                                    Scale scale = Scale::lecun(), int report_every = 100);
[[nodiscard]] Matrix predict(const Matrix& X, const Parameters& parameters);  // 1 where the probability is above 0.5

}  // namespace steps
}  // namespace strata STRATA_EXPORT
