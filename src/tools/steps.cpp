// The notes' functions, one by one. The arithmetic is that of kernels/reference.hpp; here are the names and the shapes.
#include "strata/steps.hpp"

#include <fmt/format.h>

#include <string>

#include "base/only_errors.hpp"
#include "base/view.hpp"
#include "kernels/reference.hpp"
#include "strata/error.hpp"
#include "tools/steps_shapes.hpp"

namespace strata::steps {
namespace {

View<double> view(Matrix& M) { return {M.data(), M.rows(), M.cols()}; }
View<const double> view(const Matrix& M) { return {M.data(), M.rows(), M.cols()}; }

constexpr const char* kComputing = "for these matrices";

std::string shape(const Matrix& M) { return fmt::format("({}, {})", M.rows(), M.cols()); }

Matrix activate(Activation g, const Matrix& Z) {
  Matrix A(Z.rows(), Z.cols());
  reference::activation_forward(g, view(Z), view(A));
  return A;
}

Matrix activate_backward(Activation g, const Matrix& dA, const Matrix& Z) {
  require_same("dZ = dA * g'(Z)", "dA", dA, "Z", Z);
  const Matrix A = activate(g, Z);
  Matrix dZ(Z.rows(), Z.cols());
  reference::activation_backward(g, view(dA), view(Z), view(A), view(dZ));
  return dZ;
}

}  // namespace

void require(bool fits, const char* equation, const char* left, const Matrix& a, const char* right, const Matrix& b,
             const char* rule) {
  if (!fits) {
    throw Error(ErrorCode::shape,
                fmt::format("{}: {} is {} and {} is {}, but {}", equation, left, shape(a), right, shape(b), rule));
  }
}

void require_same(const char* equation, const char* left, const Matrix& a, const char* right, const Matrix& b) {
  require(a.rows() == b.rows() && a.cols() == b.cols(), equation, left, a, right, b, "they must have the same shape");
}

Matrix sigmoid(const Matrix& Z) {
  return only_errors(kComputing, [&] { return activate(Activation::sigmoid, Z); });
}

Matrix sigmoid_backward(const Matrix& dA, const Matrix& Z) {
  return only_errors(kComputing, [&] { return activate_backward(Activation::sigmoid, dA, Z); });
}

Matrix relu(const Matrix& Z) {
  return only_errors(kComputing, [&] { return activate(Activation::relu, Z); });
}

Matrix relu_backward(const Matrix& dA, const Matrix& Z) {
  return only_errors(kComputing, [&] { return activate_backward(Activation::relu, dA, Z); });
}

std::pair<Matrix, LinearCache> linear_forward(const Matrix& A_prev, const Matrix& W, const Matrix& b) try {
  constexpr const char* kEquation = "Z = W A_prev + b";
  require(W.cols() == A_prev.rows(), kEquation, "W", W, "A_prev", A_prev,
          "W must have as many columns as A_prev has rows (n_{l-1}); examples are the columns of A_prev");
  require(b.rows() == W.rows() && b.cols() == 1, kEquation, "b", b, "W", W,
          "b must be (n_l, 1): one number for each row of W");
  Matrix Z(W.rows(), A_prev.cols());
  reference::linear_forward(view(W), view(b), view(A_prev), view(Z));
  return {std::move(Z), LinearCache{A_prev, W, b}};
} catch (...) {
  throw_as_error(kComputing);
}

std::pair<Matrix, Cache> linear_activation_forward(const Matrix& A_prev, const Matrix& W, const Matrix& b,
                                                   Activation g) try {
  auto [Z, linear] = linear_forward(A_prev, W, b);
  Matrix A = activate(g, Z);
  return {std::move(A), Cache{std::move(linear), std::move(Z), g}};
} catch (...) {
  throw_as_error(kComputing);
}

double compute_cost(const Matrix& AL, const Matrix& Y) try {
  require_same("J = -1/m sum(Y ln AL + (1-Y) ln(1-AL))", "AL", AL, "Y", Y);
  if (AL.cols() == 0) throw Error(ErrorCode::shape, "the cost of no examples is not defined: AL has no columns");
  // 0·ln 0 is 0: a sure and right answer costs nothing.
  const auto term = [](double y, double a) { return y == 0 ? 0.0 : y * std::log(a); };
  double sum = 0;
  for (std::ptrdiff_t j = 0; j < AL.cols(); ++j) {
    for (std::ptrdiff_t i = 0; i < AL.rows(); ++i) sum += term(Y(i, j), AL(i, j)) + term(1 - Y(i, j), 1 - AL(i, j));
  }
  return -sum / static_cast<double>(AL.cols());
} catch (...) {
  throw_as_error(kComputing);
}

Gradient linear_backward(const Matrix& dZ, const LinearCache& cache) try {
  const auto& [A_prev, W, b] = cache;
  require(dZ.cols() == A_prev.cols(), "dW = 1/m dZ A_prev^T", "dZ", dZ, "A_prev", A_prev,
          "they must have the same number of columns (m examples)");
  require(dZ.rows() == W.rows(), "dA_prev = W^T dZ", "dZ", dZ, "W", W,
          "they must have the same number of rows (n_l units)");
  require(W.cols() == A_prev.rows(), "dW = 1/m dZ A_prev^T", "W", W, "A_prev", A_prev,
          "W must have as many columns as A_prev has rows (n_{l-1})");
  if (dZ.cols() == 0) throw Error(ErrorCode::shape, "dW = 1/m dZ A_prev^T: dZ has no columns, so m is 0");
  const double s = 1 / static_cast<double>(dZ.cols());
  Gradient gradient{Matrix(A_prev.rows(), A_prev.cols()), Matrix(W.rows(), W.cols()), Matrix(W.rows(), 1)};
  reference::linear_backward_weights(view(dZ), view(A_prev), s, view(gradient.dW));
  reference::linear_backward_bias(view(dZ), s, view(gradient.db));
  reference::linear_backward_input(view(W), view(dZ), view(gradient.dA_prev));
  return gradient;
} catch (...) {
  throw_as_error(kComputing);
}

Gradient linear_activation_backward(const Matrix& dA, const Cache& cache) try {
  return linear_backward(activate_backward(cache.activation, dA, cache.Z), cache.linear);
} catch (...) {
  throw_as_error(kComputing);
}

}  // namespace strata::steps
