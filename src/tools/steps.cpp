// The notes' functions, one by one. The arithmetic is that of kernels/reference.hpp; here are the names and the shapes.
#include "strata/steps.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "base/only_errors.hpp"
#include "base/random.hpp"
#include "base/view.hpp"
#include "kernels/reference.hpp"
#include "strata/error.hpp"

namespace strata::steps {
using namespace internal;
namespace {

View<double> view(Matrix& M) { return {M.data(), M.rows(), M.cols()}; }
View<const double> view(const Matrix& M) { return {M.data(), M.rows(), M.cols()}; }

constexpr const char* kComputing = "for these matrices";

std::string shape(const Matrix& M) { return fmt::format("({}, {})", M.rows(), M.cols()); }

// The message for two matrices that do not fit: both shapes, the equation, and the rule.
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

// --- the network: initialise, forward, backward, update, and the loop around them ---

namespace {

constexpr const char* kNetwork = "for the matrices of this network";

// value × factor, value / √n_{l−1} or value × √(2/n_{l−1}): the very operations of the notes, so the very bits.
double scaled(const Scale& scale, double value, double n_prev) {
  switch (scale.kind) {
    case Scale::Kind::constant: return value * scale.factor;
    case Scale::Kind::lecun: return value / std::sqrt(n_prev);
    case Scale::Kind::he: return value * std::sqrt(2 / n_prev);
  }
  return value;
}

void require_layers(std::span<const int> layer_dims) {
  if (layer_dims.size() < 2) {
    throw Error(ErrorCode::shape,
                fmt::format("layer_dims has {} numbers; it needs n_0 (the inputs), …, n_L (the outputs), at least two",
                            layer_dims.size()));
  }
  for (std::size_t l = 0; l < layer_dims.size(); ++l) {
    if (layer_dims[l] < 1) {
      throw Error(ErrorCode::shape,
                  fmt::format("layer_dims[{}] is {}; every layer needs at least one unit", l, layer_dims[l]));
    }
  }
}

void require_layers_in(std::size_t layers, const char* what) {
  if (layers == 0) throw Error(ErrorCode::shape, fmt::format("{} has no layers; it needs at least one", what));
}

void update(Matrix& theta, const Matrix& d, double alpha) {
  const std::span<double> numbers(theta.data(), static_cast<std::size_t>(theta.rows() * theta.cols()));
  reference::update_gradient_descent(numbers, [&](std::size_t i) { return d.data()[i]; }, alpha);
}

Trained train(const Matrix& X, const Matrix& Y, std::span<const int> layer_dims, double learning_rate, int iterations,
              std::uint32_t numpy_seed, Scale scale, int report_every) try {
  require_layers(layer_dims);
  const int n_x = layer_dims.front(), n_y = layer_dims.back();
  if (X.rows() != n_x) {
    throw Error(ErrorCode::shape, fmt::format("Z[1] = W[1] X + b[1]: X is ({}, {}), but layer_dims begins with n_x = "
                                              "{}, so X must be ({}, m) with one example in each column",
                                              X.rows(), X.cols(), n_x, n_x));
  }
  if (Y.rows() != n_y || Y.cols() != X.cols()) {
    throw Error(ErrorCode::shape, fmt::format("dA[L] = -(Y/AL - (1-Y)/(1-AL)): Y is ({}, {}), but with layer_dims "
                                              "ending in {} and X ({}, {}) it must be ({}, {})",
                                              Y.rows(), Y.cols(), n_y, X.rows(), X.cols(), n_y, X.cols()));
  }
  if (iterations < 0 || report_every < 1) {
    throw Error(ErrorCode::value,
                fmt::format("iterations must be at least 0 and report_every at least 1, found {} and {}", iterations,
                            report_every));
  }
  Trained result{initialize_parameters_deep(layer_dims, numpy_seed, scale), {}};
  for (int i = 0; i < iterations; ++i) {
    const auto [AL, caches] = model_forward(X, result.parameters);
    if (i % report_every == 0) result.costs.push_back(compute_cost(AL, Y));
    const std::vector<Gradient> gradients = model_backward(AL, Y, caches);
    result.parameters = update_parameters(std::move(result.parameters), gradients, learning_rate);
  }
  return result;
} catch (...) {
  throw_as_error(kNetwork);
}

}  // namespace

Scale Scale::constant(double factor) { return {Kind::constant, factor}; }
Scale Scale::lecun() { return {Kind::lecun, 1}; }
Scale Scale::he() { return {Kind::he, 1}; }

Parameters initialize_parameters(int n_x, int n_h, int n_y, std::uint32_t numpy_seed, Scale scale) {
  const std::array<int, 3> layer_dims{n_x, n_h, n_y};
  return initialize_parameters_deep(layer_dims, numpy_seed, scale);
}

Parameters initialize_parameters_deep(std::span<const int> layer_dims, std::uint32_t numpy_seed, Scale scale) try {
  require_layers(layer_dims);
  NumpyRandom random(numpy_seed);
  Parameters parameters;
  for (std::size_t l = 1; l < layer_dims.size(); ++l) {
    const int n = layer_dims[l], n_prev = layer_dims[l - 1];
    Layer layer{Matrix(n, n_prev), Matrix(n, 1)};
    for (int i = 0; i < n; ++i) {  // row by row, as NumPy fills an array
      for (int k = 0; k < n_prev; ++k) layer.W(i, k) = scaled(scale, random.normal(), n_prev);
    }
    parameters.push_back(std::move(layer));
  }
  return parameters;
} catch (...) {
  throw_as_error(kNetwork);
}

std::pair<Matrix, std::vector<Cache>> model_forward(const Matrix& X, const Parameters& parameters) try {
  require_layers_in(parameters.size(), "parameters");
  const std::size_t L = parameters.size();
  std::vector<Cache> caches;
  Matrix A = X;
  for (std::size_t l = 1; l <= L; ++l) {  // [LINEAR → RELU] × (L−1) → LINEAR → SIGMOID
    const auto& [W, b] = parameters[l - 1];
    auto [A_next, cache] = linear_activation_forward(A, W, b, l < L ? Activation::relu : Activation::sigmoid);
    A = std::move(A_next);
    caches.push_back(std::move(cache));
  }
  return {std::move(A), std::move(caches)};
} catch (...) {
  throw_as_error(kNetwork);
}

std::vector<Gradient> model_backward(const Matrix& AL, const Matrix& Y, const std::vector<Cache>& caches) try {
  require_layers_in(caches.size(), "caches");
  require_same("dA[L] = -(Y/AL - (1-Y)/(1-AL))", "AL", AL, "Y", Y);
  Matrix dA(AL.rows(), AL.cols());
  for (std::ptrdiff_t j = 0; j < AL.cols(); ++j) {
    for (std::ptrdiff_t i = 0; i < AL.rows(); ++i) dA(i, j) = -(Y(i, j) / AL(i, j) - (1 - Y(i, j)) / (1 - AL(i, j)));
  }
  std::vector<Gradient> gradients(caches.size());
  for (std::size_t l = caches.size(); l >= 1; --l) {  // LINEAR → SIGMOID, then (L−1) × [LINEAR → RELU], backwards
    gradients[l - 1] = linear_activation_backward(dA, caches[l - 1]);
    dA = gradients[l - 1].dA_prev;
  }
  return gradients;
} catch (...) {
  throw_as_error(kNetwork);
}

Parameters update_parameters(Parameters parameters, const std::vector<Gradient>& gradients, double learning_rate) try {
  if (parameters.size() != gradients.size()) {
    throw Error(ErrorCode::shape,
                fmt::format("W[l] = W[l] - alpha dW[l]: there are {} layers of parameters and {} of gradients",
                            parameters.size(), gradients.size()));
  }
  for (std::size_t l = 0; l < parameters.size(); ++l) {
    require_same("W[l] = W[l] - alpha dW[l]", "W", parameters[l].W, "dW", gradients[l].dW);
    require_same("b[l] = b[l] - alpha db[l]", "b", parameters[l].b, "db", gradients[l].db);
    update(parameters[l].W, gradients[l].dW, learning_rate);
    update(parameters[l].b, gradients[l].db, learning_rate);
  }
  return parameters;
} catch (...) {
  throw_as_error(kNetwork);
}

Trained two_layer_model(const Matrix& X, const Matrix& Y, std::array<int, 3> layer_dims, double learning_rate,
                        int iterations, std::uint32_t numpy_seed, Scale scale, int report_every) {
  return train(X, Y, layer_dims, learning_rate, iterations, numpy_seed, scale, report_every);
}

Trained L_layer_model(const Matrix& X, const Matrix& Y, std::span<const int> layer_dims, double learning_rate,
                      int iterations, std::uint32_t numpy_seed, Scale scale, int report_every) {
  return train(X, Y, layer_dims, learning_rate, iterations, numpy_seed, scale, report_every);
}

Matrix predict(const Matrix& X, const Parameters& parameters) try {
  Matrix labels = model_forward(X, parameters).first;
  for (std::ptrdiff_t j = 0; j < labels.cols(); ++j) {
    for (std::ptrdiff_t i = 0; i < labels.rows(); ++i) labels(i, j) = labels(i, j) > 0.5 ? 1.0 : 0.0;
  }
  return labels;
} catch (...) {
  throw_as_error(kNetwork);
}

}  // namespace strata::steps
