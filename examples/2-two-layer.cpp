// The notes' own network: n_x = 3 inputs, 4 hidden units, one output. Every quantity of one step of gradient descent,
// with its shape and its equation, computed with the functions of the notes one by one.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include "strata/steps.hpp"

using strata::Activation;
using strata::steps::Matrix;

namespace {

void title(const char* text) { std::printf("\n%s\n", text); }

void print(const char* equation, const Matrix& M) {
  std::printf("\n  %s    (%td, %td)\n", equation, M.rows(), M.cols());
  for (std::ptrdiff_t i = 0; i < M.rows(); ++i) {
    std::printf("    ");
    for (std::ptrdiff_t j = 0; j < M.cols(); ++j) std::printf(" %12.8f", M(i, j) + 0.0);  // + 0: no "-0"
    std::printf("\n");
  }
}

// dA[2] = −(Y/A[2] − (1−Y)/(1−A[2])), element by element
Matrix derivative_of_loss(const Matrix& A, const Matrix& Y) {
  Matrix dA(A.rows(), A.cols());
  for (std::ptrdiff_t j = 0; j < A.cols(); ++j) {
    for (std::ptrdiff_t i = 0; i < A.rows(); ++i) dA(i, j) = -(Y(i, j) / A(i, j) - (1 - Y(i, j)) / (1 - A(i, j)));
  }
  return dA;
}

}  // namespace

int main() try {
  namespace steps = strata::steps;
  std::printf(
      "A network with n_x = 3 inputs, n_1 = 4 hidden units and n_2 = 1 output; m = 5 examples, one in each column.\n");

  title("The data");
  const Matrix X{{0.5, -1.2, 0.3, 2.0, -0.7},  //
                 {1.5, 0.4, -0.9, 0.1, 1.1},
                 {-0.3, 0.8, 1.6, -1.4, 0.2}};
  const Matrix Y{{1, 0, 1, 1, 0}};
  print("X = A[0]", X);
  print("Y", Y);

  title("1. Initialise: W[l] normal numbers (NumPy's, seed 3) times 0.01, b[l] = 0");
  const steps::Parameters parameters = steps::initialize_parameters(3, 4, 1, 3);
  const auto& [W1, b1] = parameters[0];
  const auto& [W2, b2] = parameters[1];
  print("W[1]", W1);
  print("b[1]", b1);
  print("W[2]", W2);
  print("b[2]", b2);

  title("2. Forward");
  const auto [Z1, cache1] = steps::linear_forward(X, W1, b1);
  const Matrix A1 = steps::relu(Z1);
  const auto [Z2, cache2] = steps::linear_forward(A1, W2, b2);
  const Matrix A2 = steps::sigmoid(Z2);
  print("Z[1] = W[1] A[0] + b[1]", Z1);
  print("A[1] = relu(Z[1])", A1);
  print("Z[2] = W[2] A[1] + b[2]", Z2);
  print("A[2] = sigmoid(Z[2])", A2);

  title("3. The cost");
  const double cost = steps::compute_cost(A2, Y);
  std::printf("\n  J = -1/m sum(Y ln A[2] + (1-Y) ln(1-A[2])) = %.8f\n", cost);

  title("4. Backward, the mirror");
  const Matrix dA2 = derivative_of_loss(A2, Y);
  const Matrix dZ2 = steps::sigmoid_backward(dA2, Z2);
  const auto [dA1, dW2, db2] = steps::linear_backward(dZ2, cache2);
  const Matrix dZ1 = steps::relu_backward(dA1, Z1);
  const auto [dA0, dW1, db1] = steps::linear_backward(dZ1, cache1);
  print("dA[2] = -(Y/A[2] - (1-Y)/(1-A[2]))", dA2);
  print("dZ[2] = dA[2] * sigmoid'(Z[2]) = A[2] - Y", dZ2);
  print("dW[2] = 1/m dZ[2] A[1]^T", dW2);
  print("db[2] = 1/m sum(dZ[2])", db2);
  print("dA[1] = W[2]^T dZ[2]", dA1);
  print("dZ[1] = dA[1] * relu'(Z[1])", dZ1);
  print("dW[1] = 1/m dZ[1] A[0]^T", dW1);
  print("db[1] = 1/m sum(dZ[1])", db1);

  title("5. Update with the learning rate alpha = 0.5");
  const std::vector<steps::Gradient> gradients = {{dA0, dW1, db1}, {dA1, dW2, db2}};
  const steps::Parameters updated = steps::update_parameters(parameters, gradients, 0.5);
  print("W[1] = W[1] - alpha dW[1]", updated[0].W);
  print("b[1] = b[1] - alpha db[1]", updated[0].b);
  print("W[2] = W[2] - alpha dW[2]", updated[1].W);
  print("b[2] = b[2] - alpha db[2]", updated[1].b);

  title("Again and again: the same step 600 times");
  steps::Parameters trained = parameters;
  for (int i = 0; i < 600; ++i) {
    const auto [A, caches] = steps::model_forward(X, trained);
    if (i % 100 == 0) std::printf("  J before update %3d: %.8f\n", i, steps::compute_cost(A, Y));
    trained = steps::update_parameters(std::move(trained), steps::model_backward(A, Y, caches), 0.5);
  }
  print("predict(X)", steps::predict(X, trained));
  print("Y", Y);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "2-two-layer: %s\n", error.what());
  return 1;
}
