// The notes' network: initialise, forward, backward, update, and the loop around them.
#include <fmt/format.h>

#include <cmath>
#include <cstdint>

#include "base/only_errors.hpp"
#include "base/random.hpp"
#include "kernels/reference.hpp"
#include "strata/error.hpp"
#include "strata/steps.hpp"
#include "tools/steps_shapes.hpp"

namespace strata::steps {
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
                fmt::format("layer_dims has {} numbers; it needs n_0 (the inputs), …, n_L (the outputs), at "
                            "least two",
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
  reference::update_gradient_descent(numbers, d.data(), 0, alpha);
}

Trained train(const Matrix& X, const Matrix& Y, std::span<const int> layer_dims, double learning_rate, int iterations,
              std::uint32_t numpy_seed, Scale scale, int report_every) try {
  require_layers(layer_dims);
  const int n_x = layer_dims.front(), n_y = layer_dims.back();
  if (X.rows() != n_x) {
    throw Error(ErrorCode::shape,
                fmt::format("Z[1] = W[1] X + b[1]: X is ({}, {}), but layer_dims begins with n_x = {}, so X must be "
                            "({}, m) with one example in each column",
                            X.rows(), X.cols(), n_x, n_x));
  }
  if (Y.rows() != n_y || Y.cols() != X.cols()) {
    throw Error(ErrorCode::shape,
                fmt::format("dA[L] = -(Y/AL - (1-Y)/(1-AL)): Y is ({}, {}), but with layer_dims ending in {} and X "
                            "({}, {}) it must be ({}, {})",
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
