// The notes' functions on cases of our own: against the equations in long double, at the edges, and with wrong shapes.
#include "strata/steps.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/sha256.hpp"
#include "kernels/reference.hpp"
#include "math/problem.hpp"
#include "shared_data.hpp"
#include "strata/error.hpp"
#include "support/updates.hpp"

namespace strata::steps {
using namespace internal;
namespace {

using testing::Real;

Matrix normal(std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> draw;
  Matrix M(rows, cols);
  for (std::ptrdiff_t i = 0; i < rows * cols; ++i) M.data()[i] = draw(random);
  return M;
}

template <class F>
std::string message_of(const F& f, ErrorCode code = ErrorCode::shape) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

#define EXPECT_SAYS(message, words) \
  EXPECT_NE((message).find(words), std::string::npos) << "no '" << (words) << "' in: " << (message)

TEST(Matrix, IsColumnMajorAndChecksItsRows) {
  Matrix M{{1, 2, 3}, {4, 5, 6}};
  EXPECT_EQ(M.rows(), 2);
  EXPECT_EQ(M.cols(), 3);
  EXPECT_EQ(M(1, 0), 4);
  EXPECT_EQ(M.data()[1], 4);
  EXPECT_EQ(M.data()[2], 2);
  M(0, 2) = 7;
  EXPECT_EQ(M.data()[4], 7);
  EXPECT_EQ(Matrix(2, 2), (Matrix{{0, 0}, {0, 0}}));
  EXPECT_EQ(Matrix().rows(), 0);
  EXPECT_FALSE((Matrix{{1, 2}}) == (Matrix{{1}, {2}})) << "the same numbers in another shape";
  const std::string ragged = message_of([] { return Matrix{{1, 2}, {3}}; });
  EXPECT_SAYS(ragged, "2");
  EXPECT_SAYS(message_of([] { return Matrix(-1, 2); }), "-1");
}

// By hand, as in the notes: ReLU passes where Z > 0 and nothing at 0; σ' = σ(1−σ), ¼ at 0.
TEST(Activations, AndTheirWayBack) {
  const Matrix Z{{-2, 0, 3}}, dA{{5, 6, 7}};
  EXPECT_EQ(relu(Z), (Matrix{{0, 0, 3}}));
  EXPECT_EQ(relu_backward(dA, Z), (Matrix{{0, 0, 7}}));
  EXPECT_EQ(sigmoid(Matrix{{0, 1000, -1000}}), (Matrix{{0.5, 1, 0}}));
  EXPECT_EQ(sigmoid_backward(dA, Matrix{{0, 1000, -1000}}), (Matrix{{1.25, 0, 0}}));
  const Matrix W = normal(4, 5, 1), d = normal(4, 5, 2);
  for (std::ptrdiff_t i = 0; i < 4; ++i) {
    for (std::ptrdiff_t j = 0; j < 5; ++j) {
      EXPECT_NEAR(sigmoid(W)(i, j), static_cast<double>(testing::logistic(W(i, j))), 1e-15);
      EXPECT_NEAR(sigmoid_backward(d, W)(i, j),
                  static_cast<double>(d(i, j) * testing::slope(Activation::sigmoid, W(i, j))), 1e-15);
    }
  }
}

TEST(Initialize, NumPysNumbersScaledAsAsked) {
  const std::vector<int> dims = {5, 4, 3};
  const Parameters constant = initialize_parameters_deep(dims, 3),
                   lecun = initialize_parameters_deep(dims, 3, Scale::lecun()),
                   he = initialize_parameters_deep(dims, 3, Scale::he());
  NumpyRandom random(3);
  for (std::size_t l = 1; l <= 2; ++l) {
    const double n_prev = dims[l - 1];
    for (int i = 0; i < dims[l]; ++i) {
      for (int k = 0; k < dims[l - 1]; ++k) {
        const double z = random.normal();
        EXPECT_EQ(constant[l - 1].W(i, k), z * 0.01);
        EXPECT_EQ(lecun[l - 1].W(i, k), z / std::sqrt(n_prev));
        EXPECT_EQ(he[l - 1].W(i, k), z * std::sqrt(2 / n_prev));
      }
    }
    EXPECT_EQ(constant[l - 1].b, Matrix(dims[l], 1));
  }
  const Parameters two = initialize_parameters(5, 4, 3, 3);
  EXPECT_TRUE(two[0].W == constant[0].W && two[1].W == constant[1].W);
  EXPECT_SAYS(message_of([] { return initialize_parameters_deep(std::vector<int>{5}, 1); }), "1");
  const std::string empty = message_of([] { return initialize_parameters_deep(std::vector<int>{5, 0, 1}, 1); });
  EXPECT_SAYS(empty, "layer_dims[1]");
  EXPECT_THROW((void)initialize_parameters(0, 1, 1, 1), Error);
}

// Every initial array of the two published runs, bit for bit.
TEST(Initialize, PublishedRunsBitForBit) {
  STRATA_NEEDS_SHARED_DATA();
  std::ifstream file(testing::shared_data("course/trajectories.json"));
  ASSERT_TRUE(file);
  const nlohmann::json runs = nlohmann::json::parse(file);
  const auto expect_sums = [&](const char* run, const Parameters& parameters) {
    for (std::size_t l = 1; l <= parameters.size(); ++l) {
      const auto row_major = [](const Matrix& M) {
        std::vector<double> values;
        for (std::ptrdiff_t i = 0; i < M.rows(); ++i) {
          for (std::ptrdiff_t j = 0; j < M.cols(); ++j) values.push_back(M(i, j));
        }
        return values;
      };
      const auto& sums = runs.at(run).at("init_sha256");
      const std::string layer = std::to_string(l);
      EXPECT_EQ(testing::sha256(row_major(parameters[l - 1].W)),
                sums.at("W" + layer).at("sha256_le_f64_rowmajor").get<std::string>());
      EXPECT_EQ(testing::sha256(row_major(parameters[l - 1].b)),
                sums.at("b" + layer).at("sha256_le_f64_rowmajor").get<std::string>());
    }
  };
  expect_sums("two_layer", initialize_parameters(12288, 7, 1, 1));
  expect_sums("four_layer", initialize_parameters_deep(std::vector<int>{12288, 20, 7, 5, 1}, 1, Scale::lecun()));
}

// One linear layer on whole numbers, every number by hand:
//   W = [1 2; 0 −1; 3 1], A_prev = [1 0 2; −1 1 1], b = [0; 1; −2]     Z = [−1 2 4; 2 0 0; 0 −1 5]
//   dZ = [3 0 3; 0 6 0; −3 3 0], m = 3
//   dW = ⅓ dZ A_prevᵀ = [3 0; 0 2; −1 2]    db = ⅓ [6; 6; 0]    dA_prev = Wᵀ dZ = [−6 9 3; 3 −3 6]
TEST(Linear, ByHand) {
  const Matrix W{{1, 2}, {0, -1}, {3, 1}}, A_prev{{1, 0, 2}, {-1, 1, 1}}, b{{0}, {1}, {-2}};
  const auto [Z, cache] = linear_forward(A_prev, W, b);
  EXPECT_EQ(Z, (Matrix{{-1, 2, 4}, {2, 0, 0}, {0, -1, 5}}));
  const Gradient gradient = linear_backward(Matrix{{3, 0, 3}, {0, 6, 0}, {-3, 3, 0}}, cache);
  const auto expect_near = [](const Matrix& found, const Matrix& expected) {
    ASSERT_TRUE(found.rows() == expected.rows() && found.cols() == expected.cols());
    for (std::ptrdiff_t i = 0; i < found.rows(); ++i) {
      for (std::ptrdiff_t j = 0; j < found.cols(); ++j)
        EXPECT_NEAR(found(i, j), expected(i, j), 1e-15) << i << ", " << j;
    }
  };
  expect_near(gradient.dW, Matrix{{3, 0}, {0, 2}, {-1, 2}});
  expect_near(gradient.db, Matrix{{2}, {2}, {0}});
  expect_near(gradient.dA_prev, Matrix{{-6, 9, 3}, {3, -3, 6}});
}

TEST(Forward, AnyActivationAndItsWayBack) {
  const Matrix A_prev = normal(4, 6, 3), W = normal(3, 4, 4), b = normal(3, 1, 5), dA = normal(3, 6, 6);
  for (const Activation g : all_activations()) {
    const auto [A, cache] = linear_activation_forward(A_prev, W, b, g);
    EXPECT_EQ(cache.activation, g);
    const Gradient gradient = linear_activation_backward(dA, cache);
    Matrix dZ(3, 6);
    for (std::ptrdiff_t i = 0; i < 3; ++i) {
      for (std::ptrdiff_t j = 0; j < 6; ++j) {
        EXPECT_NEAR(A(i, j), static_cast<double>(testing::activate(g, cache.Z(i, j))), 1e-14) << name(g);
        dZ(i, j) = static_cast<double>(dA(i, j) * testing::slope(g, cache.Z(i, j)));
      }
    }
    const Gradient expected = linear_backward(dZ, cache.linear);
    for (std::ptrdiff_t i = 0; i < 12; ++i) EXPECT_NEAR(gradient.dW.data()[i], expected.dW.data()[i], 1e-14) << name(g);
    for (std::ptrdiff_t i = 0; i < 24; ++i)
      EXPECT_NEAR(gradient.dA_prev.data()[i], expected.dA_prev.data()[i], 1e-14) << name(g);
  }
}

TEST(Cost, ByHandAndWhereTheLogarithmEnds) {
  EXPECT_NEAR(compute_cost(Matrix{{0.5, 0.5}}, Matrix{{1, 0}}), std::log(2.0), 1e-16);
  EXPECT_NEAR(compute_cost(Matrix{{0.8, 0.9, 0.4}}, Matrix{{1, 1, 0}}),
              -(std::log(0.8) + std::log(0.9) + std::log(0.6)) / 3, 1e-16);
  // 0·ln 0 counts as 0: sure and right costs nothing, and is no NaN.
  EXPECT_EQ(compute_cost(Matrix{{1, 0}}, Matrix{{1, 0}}), 0);
  EXPECT_EQ(compute_cost(Matrix{{1, 0.5}}, Matrix{{1, 1}}), std::log(2.0) / 2);
  // Sure and wrong costs without end.
  EXPECT_EQ(compute_cost(Matrix{{0, 0.5}}, Matrix{{1, 1}}), std::numeric_limits<double>::infinity());
  EXPECT_EQ(compute_cost(Matrix{{1, 0.5}}, Matrix{{0, 1}}), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(compute_cost(Matrix{{std::nan(""), 0.5}}, Matrix{{1, 1}})));
  // Several outputs: the sum over them, the mean over the examples.
  EXPECT_NEAR(compute_cost(Matrix{{0.5}, {0.5}}, Matrix{{1}, {0}}), 2 * std::log(2.0), 1e-15);
}

// A cache put together from any matrices, AL greater than one and matrices that do not belong together: the un-fused
// path takes them as they are. dAL = −(1/2 − 0) = −½; σ'(Z = 0) = ¼, so dZ[2] = −⅛, whatever AL says about Z.
TEST(Backward, AHandBuiltCacheWorks) {
  const Matrix AL{{2}}, Y{{1}};
  const std::vector<Cache> caches = {
      {{Matrix{{1}, {2}}, Matrix{{1, 1}, {1, 1}}, Matrix{{9}, {9}}}, Matrix{{-1}, {4}}, Activation::relu},
      {{Matrix{{8}, {-8}}, Matrix{{2, 4}}, Matrix{{7}}}, Matrix{{0}}, Activation::sigmoid}};
  const auto gradients = model_backward(AL, Y, caches);
  ASSERT_EQ(gradients.size(), 2U);
  EXPECT_EQ(gradients[1].dW, (Matrix{{-1, 1}}));
  EXPECT_EQ(gradients[1].db, (Matrix{{-0.125}}));
  EXPECT_EQ(gradients[1].dA_prev, (Matrix{{-0.25}, {-0.5}}));
  EXPECT_EQ(gradients[0].dW, (Matrix{{0, 0}, {-0.5, -1}})) << "ReLU by the Z of the cache, not by its A";
  EXPECT_EQ(gradients[0].db, (Matrix{{0}, {-0.5}}));
  EXPECT_EQ(gradients[0].dA_prev, (Matrix{{-0.5}, {-0.5}}));
}

TEST(Predict, IsOneAboveAHalf) {
  const Parameters parameters = {{Matrix{{1}}, Matrix{{0}}}};
  EXPECT_EQ(predict(Matrix{{-3, 0, 1e-12, 5}}, parameters), (Matrix{{0, 0, 1, 1}}));
}

TEST(Shapes, BothShapesAndTheEquation) {
  const Matrix W(4, 3), b(4, 1), A(3, 5);
  const std::string forward = message_of([&] { return linear_forward(Matrix(2, 5), W, b); });
  EXPECT_SAYS(forward, "Z = W A_prev + b");
  EXPECT_SAYS(forward, "(4, 3)");
  EXPECT_SAYS(forward, "(2, 5)");
  const std::string row = message_of([&] { return linear_forward(A, W, Matrix(1, 4)); });
  EXPECT_SAYS(row, "(1, 4)");
  EXPECT_SAYS(row, "(4, 3)");
  EXPECT_THROW((void)linear_forward(A, W, Matrix(3, 1)), Error);
  EXPECT_THROW((void)linear_activation_forward(Matrix(2, 5), W, b, Activation::relu), Error);

  const std::string second = message_of([&] { return model_forward(A, {{W, b}, {Matrix(1, 3), Matrix(1, 1)}}); });
  EXPECT_SAYS(second, "(1, 3)");
  EXPECT_SAYS(second, "(4, 5)");
  (void)message_of([&] { return model_forward(A, {}); });

  const std::string cost = message_of([] { return compute_cost(Matrix(1, 3), Matrix(3, 1)); });
  EXPECT_SAYS(cost, "(1, 3)");
  EXPECT_SAYS(cost, "(3, 1)");
  EXPECT_SAYS(cost, "ln");
  (void)message_of([] { return compute_cost(Matrix(1, 0), Matrix(1, 0)); });

  const LinearCache cache{A, W, b};
  const std::string examples = message_of([&] { return linear_backward(Matrix(4, 6), cache); });
  EXPECT_SAYS(examples, "(4, 6)");
  EXPECT_SAYS(examples, "(3, 5)");
  EXPECT_SAYS(examples, "dW");
  const std::string units = message_of([&] { return linear_backward(Matrix(2, 5), cache); });
  EXPECT_SAYS(units, "(2, 5)");
  EXPECT_SAYS(units, "(4, 3)");
  EXPECT_THROW((void)linear_backward(Matrix(4, 5), LinearCache{Matrix(2, 5), W, b}), Error);
  EXPECT_THROW((void)linear_backward(Matrix(4, 0), LinearCache{Matrix(3, 0), W, b}), Error);

  const std::string back = message_of([&] { return relu_backward(Matrix(2, 3), Matrix(3, 2)); });
  EXPECT_SAYS(back, "(2, 3)");
  EXPECT_SAYS(back, "(3, 2)");
  EXPECT_SAYS(back, "dZ = dA * g'(Z)");
  EXPECT_THROW((void)sigmoid_backward(Matrix(1, 3), Matrix(1, 2)), Error);
  EXPECT_THROW((void)linear_activation_backward(Matrix(4, 5), Cache{cache, Matrix(4, 4), Activation::relu}), Error);

  const std::string model =
      message_of([&] { return model_backward(Matrix(1, 2), Matrix(1, 3), {{cache, Matrix(4, 5), Activation::relu}}); });
  EXPECT_SAYS(model, "(1, 2)");
  EXPECT_SAYS(model, "(1, 3)");
  EXPECT_THROW((void)model_backward(Matrix(1, 2), Matrix(1, 2), {}), Error);

  const std::string update = message_of([&] { return update_parameters({{W, b}}, {{{}, Matrix(3, 4), b}}, 0.1); });
  EXPECT_SAYS(update, "(4, 3)");
  EXPECT_SAYS(update, "(3, 4)");
  EXPECT_THROW((void)update_parameters({{W, b}}, {{{}, W, Matrix(1, 4)}}, 0.1), Error);
  EXPECT_THROW((void)update_parameters({{W, b}}, {}, 0.1), Error);

  const std::vector<int> dims = {3, 4, 1};
  const std::string x = message_of([&] { return L_layer_model(Matrix(5, 3), Matrix(1, 3), dims, 0.1, 1, 1); });
  EXPECT_SAYS(x, "(5, 3)");
  EXPECT_SAYS(x, "3");
  const std::string y = message_of([&] { return L_layer_model(A, Matrix(5, 1), dims, 0.1, 1, 1); });
  EXPECT_SAYS(y, "(5, 1)");
  EXPECT_SAYS(y, "(3, 5)");
  EXPECT_THROW((void)L_layer_model(A, Matrix(1, 5), std::vector<int>{}, 0.1, 1, 1), Error);
  EXPECT_THROW((void)two_layer_model(A, Matrix(1, 4), {3, 4, 1}, 0.1, 1, 1), Error);
  EXPECT_THROW((void)L_layer_model(A, Matrix(1, 5), dims, 0.1, -1, 1), Error);
  EXPECT_THROW((void)L_layer_model(A, Matrix(1, 5), dims, 0.1, 1, 1, Scale::lecun(), 0), Error);
}

// The whole loop beside plain loops in long double, from NumPy's numbers on; and the engine beside both: one truth.
void expect_plain_run(const Trained& trained, const Matrix& X, const Matrix& Y, const std::vector<int>& dims,
                      double learning_rate, int iterations, int report_every, const Parameters& start) {
  Architecture net{dims.front(), {}, dims.back(), Loss::binary_cross_entropy};
  for (std::size_t l = 1; l + 1 < dims.size(); ++l) net.hidden.push_back({dims[l], Activation::relu});
  std::vector<Real> theta;
  testing::Problem<double> engine{net,
                                  internal::Parameters<double>(net),
                                  {X.data(), X.data() + X.rows() * X.cols()},
                                  {Y.data(), Y.data() + Y.cols() * Y.rows()},
                                  X.cols()};
  for (const Layer& layer : start) {
    theta.insert(theta.end(), layer.W.data(), layer.W.data() + layer.W.rows() * layer.W.cols());
    theta.insert(theta.end(), layer.b.data(), layer.b.data() + layer.b.rows());
  }
  std::copy(theta.begin(), theta.end(), engine.p.theta().begin());
  const std::vector<Real> x(engine.X.begin(), engine.X.end()), y(engine.Y.begin(), engine.Y.end());

  const ReferenceKernels<double> kernels;
  Workspace<double> ws(net, X.cols(), Keep::backward);
  internal::Parameters<double> gradient(net);
  const internal::Parameters<double>& d = gradient;
  ASSERT_EQ(trained.costs.size(), static_cast<std::size_t>((iterations + report_every - 1) / report_every));
  for (int i = 0; i < iterations; ++i) {
    const testing::Plain plain = testing::plain_step(net, theta, x, y, 0);
    const double J = train_step(net, engine.p, engine.batch(), 0, ws, kernels, gradient);
    if (i % report_every == 0) {
      const double cost = trained.costs[static_cast<std::size_t>(i / report_every)];
      ASSERT_NEAR(cost / static_cast<double>(plain.cost), 1, 1e-12) << "iteration " << i;
      ASSERT_NEAR(J / cost, 1, 1e-12) << "the engine, iteration " << i;
    }
    for (std::size_t k = 0; k < theta.size(); ++k) theta[k] -= static_cast<Real>(learning_rate) * plain.gradient[k];
    testing::update_gradient_descent(kernels, engine.p.theta(), d.theta(), learning_rate);
  }
  for (std::size_t l = 1; l < dims.size(); ++l) {
    const Layer& layer = trained.parameters[l - 1];
    const std::size_t W = engine.p.W_block(static_cast<int>(l)).offset,
                      b = engine.p.b_block(static_cast<int>(l)).offset;
    for (std::ptrdiff_t i = 0; i < layer.W.rows() * layer.W.cols(); ++i) {
      ASSERT_NEAR(layer.W.data()[i], static_cast<double>(theta[W + static_cast<std::size_t>(i)]), 1e-11);
    }
    for (std::ptrdiff_t i = 0; i < layer.b.rows(); ++i) {
      ASSERT_NEAR(layer.b.data()[i], static_cast<double>(theta[b + static_cast<std::size_t>(i)]), 1e-11);
    }
  }
}

// Points in and out of a ring: no straight line tells them apart.
void ring(Matrix& X, Matrix& Y) {
  X = normal(2, 60, 7);
  Y = Matrix(1, 60);
  for (std::ptrdiff_t j = 0; j < 60; ++j) Y(0, j) = X(0, j) * X(0, j) + X(1, j) * X(1, j) > 1.2 ? 1 : 0;
}

TEST(Model, TwoLayersAsPlainLoops) {
  Matrix X, Y;
  ring(X, Y);
  const Trained trained = two_layer_model(X, Y, {2, 6, 1}, 0.5, 301, 2, Scale::constant(0.5));
  ASSERT_EQ(trained.costs.size(), 4U);
  EXPECT_LT(trained.costs.back(), trained.costs.front()) << "it learns";
  expect_plain_run(trained, X, Y, {2, 6, 1}, 0.5, 301, 100, initialize_parameters(2, 6, 1, 2, Scale::constant(0.5)));
}

TEST(Model, FourLayersAsPlainLoops) {
  Matrix X, Y;
  ring(X, Y);
  const std::vector<int> dims = {2, 8, 6, 4, 1};
  const Trained trained = L_layer_model(X, Y, dims, 0.3, 150, 4, Scale::he(), 10);
  ASSERT_EQ(trained.costs.size(), 15U);
  EXPECT_LT(trained.costs.back(), trained.costs.front());
  expect_plain_run(trained, X, Y, dims, 0.3, 150, 10, initialize_parameters_deep(dims, 4, Scale::he()));
  std::ptrdiff_t right = 0;
  const Matrix labels = predict(X, trained.parameters);
  for (std::ptrdiff_t j = 0; j < 60; ++j) right += labels(0, j) == Y(0, j) ? 1 : 0;
  EXPECT_GT(right, 40);
}

TEST(Model, NoIterationsGiveTheInitialParameters) {
  Matrix X, Y;
  ring(X, Y);
  const std::vector<int> dims = {2, 1};
  const Trained trained = L_layer_model(X, Y, dims, 0.1, 0, 1);
  EXPECT_TRUE(trained.costs.empty());
  EXPECT_EQ(trained.parameters[0].W, initialize_parameters_deep(dims, 1, Scale::lecun())[0].W);
}

}  // namespace
}  // namespace strata::steps
