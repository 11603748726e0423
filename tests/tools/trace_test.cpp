// The trace against the equations written out once more here, and against the engine bit for bit.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/registry.hpp"
#include "model_for_tests.hpp"
#include "network/step.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::architecture;
using testing::Case;
using testing::inputs_of;
using testing::kLosses;
using testing::model_of;
using testing::table_of;

Case case_of(Loss loss, Index m = 6) {
  Case c(architecture(3, {{4, Activation::tanh}, {5, Activation::relu}}, loss), m);
  testing::round_inputs(c);
  return c;
}

const TracedMatrix& find(const Trace& trace, int layer, std::string_view name) {
  for (const TracedLayer& l : trace.layers) {
    if (l.layer != layer) continue;
    for (const TracedMatrix& M : l.matrices) {
      if (M.name == name) return M;
    }
  }
  throw std::out_of_range(std::string(name) + std::to_string(layer));
}

void expect_near(const TracedMatrix& found, const std::vector<double>& expected, double tolerance = 1e-13) {
  ASSERT_EQ(found.values.size(), expected.size()) << found.equation;
  for (std::size_t x = 0; x < expected.size(); ++x) {
    EXPECT_NEAR(found.values[x], expected[x], tolerance * (1 + std::abs(expected[x])))
        << found.equation << " entry " << x;
  }
}

// (rows, cols) matrices as plain vectors, column-major.
std::vector<double> product(const std::vector<double>& A, std::size_t n, const std::vector<double>& B,
                            std::size_t inner, std::size_t m) {
  std::vector<double> C(n * m);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < m; ++j) {
      for (std::size_t k = 0; k < inner; ++k) C[i + j * n] += A[i + k * n] * B[k + j * inner];
    }
  }
  return C;
}
std::vector<double> transposed(const std::vector<double>& A, std::size_t rows) {
  std::vector<double> B(A.size());
  const std::size_t cols = A.size() / rows;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) B[j + i * cols] = A[i + j * rows];
  }
  return B;
}

TEST(Trace, EveryEquationHolds) {
  for (const Loss loss : kLosses) {
    SCOPED_TRACE(std::string(name(loss)));
    const Case c = case_of(loss);
    const Model model = model_of<double>(c);
    const Trace trace = strata::trace(model, table_of(c));
    const std::size_t m = 6;
    EXPECT_EQ(trace.examples, m);
    ASSERT_EQ(trace.layers.size(), 4U);
    expect_near(find(trace, 0, "X"), c.X, 0);
    expect_near(find(trace, 0, "Y"), c.Y, 0);

    double cost = 0;
    for (int l = 1; l <= 3; ++l) {
      const auto n = static_cast<std::size_t>(c.net.units(l)), n_prev = static_cast<std::size_t>(c.net.units(l - 1));
      const std::vector<double>& A_prev = l == 1 ? c.X : find(trace, l - 1, "A").values;
      std::vector<double> Z = product(model.weights(l), n, A_prev, n_prev, m);
      const std::vector<double> b = model.biases(l);
      for (std::size_t x = 0; x < Z.size(); ++x) Z[x] += b[x % n];
      expect_near(find(trace, l, "Z"), Z);
      std::vector<double> A(Z);
      for (std::size_t j = 0; j < m; ++j) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += std::exp(Z[i + j * n]);
        for (std::size_t i = 0; i < n; ++i) {
          const double z = Z[i + j * n], y = l == 3 ? c.Y[i + j * n] : 0;
          double& a = A[i + j * n];
          if (l == 1) a = std::tanh(z);
          if (l == 2) a = z > 0 ? z : 0;
          if (l < 3) continue;
          if (loss == Loss::binary_cross_entropy) a = 1 / (1 + std::exp(-z));
          if (loss == Loss::categorical_cross_entropy) a = std::exp(z) / sum;
          if (loss == Loss::binary_cross_entropy) cost -= (y * std::log(a) + (1 - y) * std::log(1 - a)) / 6;
          if (loss == Loss::categorical_cross_entropy) cost -= y * std::log(a) / 6;
          if (loss == Loss::squared_error) cost += (a - y) * (a - y) / 12;
        }
      }
      expect_near(find(trace, l, "A"), A);
    }
    EXPECT_NEAR(trace.cost, cost, 1e-13 * cost);

    for (int l = 3; l >= 1; --l) {
      const auto n = static_cast<std::size_t>(c.net.units(l)), n_prev = static_cast<std::size_t>(c.net.units(l - 1));
      const std::vector<double>&Z = find(trace, l, "Z").values, &A = find(trace, l, "A").values;
      std::vector<double> dA, dZ(A.size());
      if (l == 3) {
        for (std::size_t x = 0; x < A.size(); ++x) {
          const double a = A[x], y = c.Y[x];
          dA.push_back(loss == Loss::binary_cross_entropy        ? -(y / a - (1 - y) / (1 - a))
                       : loss == Loss::categorical_cross_entropy ? -y / a
                                                                 : a - y);
          dZ[x] = a - y;
        }
      } else {
        const auto above = static_cast<std::size_t>(c.net.units(l + 1));
        dA = product(transposed(model.weights(l + 1), above), n, find(trace, l + 1, "dZ").values, above, m);
        for (std::size_t x = 0; x < A.size(); ++x) dZ[x] = dA[x] * (l == 1 ? 1 - A[x] * A[x] : Z[x] > 0 ? 1 : 0);
      }
      expect_near(find(trace, l, "dA"), dA);
      expect_near(find(trace, l, "dZ"), dZ);
      std::vector<double> dW = product(find(trace, l, "dZ").values, n,
                                       transposed(l == 1 ? c.X : find(trace, l - 1, "A").values, n_prev), m, n_prev);
      for (double& x : dW) x /= 6;
      expect_near(find(trace, l, "dW"), dW);
      std::vector<double> db(n);
      for (std::size_t x = 0; x < A.size(); ++x) db[x % n] += dZ[x] / 6;
      expect_near(find(trace, l, "db"), db);
    }
  }
}

// The un-fused way of the notes, dZ[L] = dA[L] * g'(Z[L]), gives the fused dZ[L] = A[L] − Y.
TEST(Trace, TheHeadsDerivativeLeadsToTheSameDZ) {
  const Case c = case_of(Loss::binary_cross_entropy);
  const Trace trace = strata::trace(model_of<double>(c), table_of(c));
  std::vector<double> dZ;
  const std::vector<double>&A = find(trace, 3, "A").values, &dA = find(trace, 3, "dA").values;
  for (std::size_t x = 0; x < A.size(); ++x) dZ.push_back(dA[x] * A[x] * (1 - A[x]));
  expect_near(find(trace, 3, "dZ"), dZ);
}

TEST(Trace, ShapesNamesAndEquations) {
  const Case c = case_of(Loss::binary_cross_entropy);
  const Trace trace = strata::trace(model_of<double>(c), table_of(c));
  const std::vector<std::string> names = {"Z", "A", "dA", "dZ", "dW", "db"};
  for (int l = 1; l <= 3; ++l) {
    const TracedLayer& layer = trace.layers[static_cast<std::size_t>(l)];
    EXPECT_EQ(layer.layer, l);
    EXPECT_EQ(layer.activation, l == 1 ? "tanh" : l == 2 ? "relu" : "sigmoid");
    ASSERT_EQ(layer.matrices.size(), names.size());
    const auto n = static_cast<std::size_t>(c.net.units(l));
    for (std::size_t k = 0; k < names.size(); ++k) {
      const TracedMatrix& M = layer.matrices[k];
      EXPECT_EQ(M.name, names[k]);
      EXPECT_EQ(M.rows, n);
      EXPECT_EQ(M.cols, M.name == "dW" ? static_cast<std::size_t>(c.net.units(l - 1)) : M.name == "db" ? 1U : 6U);
      EXPECT_EQ(M.values.size(), M.rows * M.cols);
    }
  }
  EXPECT_EQ(trace.layers[0].layer, 0);
  EXPECT_EQ(find(trace, 0, "X").equation, "A[0] = X, each input as (x − mean) / deviation");
  EXPECT_EQ(find(trace, 0, "Y").equation, "Y");
  EXPECT_EQ(find(trace, 2, "Z").equation, "Z[2] = W[2] A[1] + b[2]");
  EXPECT_EQ(find(trace, 2, "A").equation, "A[2] = relu(Z[2])");
  EXPECT_EQ(find(trace, 1, "dA").equation, "dA[1] = W[2]ᵀ dZ[2]");
  EXPECT_EQ(find(trace, 1, "dZ").equation, "dZ[1] = dA[1] * tanh'(Z[1])");
  EXPECT_EQ(find(trace, 1, "dW").equation, "dW[1] = 1/m dZ[1] A[0]ᵀ");
  EXPECT_EQ(find(trace, 1, "db").equation, "db[1] = 1/m Σ dZ[1]");
  EXPECT_EQ(find(trace, 3, "A").equation, "A[3] = sigmoid(Z[3])");
  EXPECT_EQ(find(trace, 3, "dA").equation, "dA[3] = −(Y/A[3] − (1−Y)/(1−A[3]))");
  EXPECT_EQ(find(trace, 3, "dZ").equation, "dZ[3] = A[3] − Y");

  const Case classes = case_of(Loss::categorical_cross_entropy), numbers = case_of(Loss::squared_error);
  EXPECT_EQ(find(strata::trace(model_of<double>(classes), table_of(classes)), 3, "dA").equation, "dA[3] = −Y/A[3]");
  EXPECT_EQ(find(strata::trace(model_of<double>(numbers), table_of(numbers)), 3, "dA").equation, "dA[3] = A[3] − Y");
  EXPECT_EQ(find(strata::trace(model_of<double>(numbers), table_of(numbers)), 3, "A").equation,
            "A[3] = identity(Z[3])");
}

TEST(Trace, TheScalingIsSaid) {
  const Case c = case_of(Loss::binary_cross_entropy);
  Model model = model_of<double>(c);
  model.data().scaling = {ScaleKind::divide_255, {}, {}};
  EXPECT_EQ(find(strata::trace(model, table_of(c)), 0, "X").equation, "A[0] = X, each input as x / 255");
  model.data().scaling = {ScaleKind::none, {}, {}};
  const Trace trace = strata::trace(model, table_of(c));
  EXPECT_EQ(find(trace, 0, "X").equation, "A[0] = X");
  EXPECT_EQ(find(trace, 0, "X")(1, 2), 2 * c.X[7] + 3);
}

template <class T>
void expect_the_engines_bits(double lambda) {
  for (const Loss loss : kLosses) {
    Case c = case_of(loss, 20);
    const Model model = model_of<T>(c, lambda);
    const Trace trace = strata::trace(model, table_of(c));
    std::vector<T> X(c.X.begin(), c.X.end()), Y(c.Y.size());
    for (std::size_t x = 0; x < Y.size(); ++x) Y[x] = static_cast<T>(c.Y[x]);
    ThreadPool alone(1);
    const auto k = make_kernels<T>(chosen_kernels(), alone);
    Workspace<T> ws(c.net, c.m, Keep::all);
    Parameters<T> gradient(c.net);
    const Batch<T> batch{View<T>(X.data(), c.net.inputs, c.m), View<const T>(Y.data(), c.net.outputs, c.m)};
    const double J = train_step(c.net, model.data().template first<T>(), batch, lambda, ws, *k, gradient);
    EXPECT_EQ(trace.cost, J);
    for (int l = 1; l <= 3; ++l) {
      const auto same = [&](const char* name, View<T> M) {
        const TracedMatrix& found = find(trace, l, name);
        ASSERT_EQ(found.values.size(), static_cast<std::size_t>(M.size()));
        for (std::size_t x = 0; x < found.values.size(); ++x) {
          EXPECT_EQ(found.values[x], static_cast<double>(M.data[x])) << name << l;
        }
      };
      same("Z", ws.Z[l]);
      same("A", ws.A[l]);
      same("dZ", ws.dZ[l]);
      same("dW", gradient.W[l]);
      same("db", gradient.b[l]);
    }
  }
}

TEST(Trace, TheBitsOfTheEngineInFloat64) { expect_the_engines_bits<double>(0); }
TEST(Trace, TheBitsOfTheEngineInFloat32) { expect_the_engines_bits<float>(0); }
TEST(Trace, TheBitsOfTheEngineWithL2) { expect_the_engines_bits<double>(0.5); }

// Each network is traced as it would be alone, and their mean is what the model predicts.
template <class T>
void expect_each_network_and_the_mean() {
  using testing::several_of;
  for (const Loss loss : kLosses) {
    const Case c = case_of(loss);
    for (const double temperature : {1.0, 1.5}) {
      Model model = several_of<T>(c, {0.5, 0.125, 0.375});
      if (loss != Loss::squared_error) model.data().temperature = temperature;
      for (std::size_t i = 0; i < 3; ++i) {
        Model alone = model_of<T>(c);
        alone.data().template first<T>() = std::get<Networks<T>>(model.data().networks)[i];
        const Trace expected = strata::trace(alone, table_of(c)), found = strata::trace(model, table_of(c), {}, {}, i);
        EXPECT_EQ(found.cost, expected.cost);
        for (const char* name : {"Z", "A", "dA", "dZ", "dW", "db"})
          EXPECT_EQ(find(found, 3, name).values, find(expected, 3, name).values) << name;
        EXPECT_FALSE(expected.mean.has_value());
        ASSERT_TRUE(found.mean.has_value());
        std::vector<double> said = model.predict(inputs_of(c)).values;
        std::vector<double> A = found.mean->values;
        if (loss == Loss::binary_cross_entropy)
          for (std::size_t j = 0; j < A.size(); ++j) said[j] = said[2 * j + 1];  // beside it the other class
        said.resize(A.size());
        EXPECT_EQ(A, said);
        EXPECT_EQ(found.mean->rows, static_cast<std::size_t>(c.net.outputs));
      }
    }
  }
}

TEST(Trace, EachOfSeveralNetworksAndTheirMeanFloat32) { expect_each_network_and_the_mean<float>(); }
TEST(Trace, EachOfSeveralNetworksAndTheirMeanFloat64) { expect_each_network_and_the_mean<double>(); }

TEST(Trace, TheMeanHasItsEquation) {
  using testing::several_of;
  const auto equation = [](Loss loss, const std::vector<double>& shares, double temperature = 1) {
    const Case c = case_of(loss);
    Model model = several_of<double>(c, shares);
    model.data().temperature = temperature;
    return strata::trace(model, table_of(c)).mean->equation;
  };
  EXPECT_EQ(equation(Loss::squared_error, {0.25, 0.75}), "A = Σ share A[3] of its 2 networks");
  EXPECT_EQ(equation(Loss::squared_error, {0.5, 0.5}), "A = 1/2 Σ A[3] of its 2 networks");
  EXPECT_EQ(equation(Loss::categorical_cross_entropy, {0.5, 0.5}, 1.25),
            "A = softmax(log(M) / 1.25), M = 1/2 Σ A[3] of its 2 networks");
  EXPECT_EQ(equation(Loss::binary_cross_entropy, {0.25, 0.75}, 0.5),
            "A = sigmoid(log(M / (1 − M)) / 0.5), M = Σ share A[3] of its 2 networks");

  const Case c = case_of(Loss::squared_error);
  const Model model = several_of<double>(c, {0.5, 0.5});
  EXPECT_FALSE(strata::trace(model, table_of(c), {}, 2).mean.has_value());
  EXPECT_TRUE(strata::trace(model, table_of(c), 1, 3).mean.has_value());
  EXPECT_TRUE(strata::trace(model, inputs_of(c)).mean.has_value()) << "without a target";
  try {
    static_cast<void>(strata::trace(model, table_of(c), {}, {}, 2));
    ADD_FAILURE() << "there is no third network";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_STREQ(error.what(), "there is no network 2: the model has 2, 0 to 1");
  }
}

TEST(Trace, L2StandsInTheEquation) {
  const Case c = case_of(Loss::binary_cross_entropy);
  const Model plain = model_of<double>(c), model = model_of<double>(c, 0.5);
  const Trace with = strata::trace(model, table_of(c)), without = strata::trace(plain, table_of(c));
  EXPECT_EQ(find(with, 2, "dW").equation, "dW[2] = 1/m dZ[2] A[1]ᵀ + λ/m W[2], λ = 0.5");
  EXPECT_EQ(find(with, 2, "db").equation, "db[2] = 1/m Σ dZ[2]");
  std::vector<double> expected = find(without, 2, "dW").values, W = model.weights(2);
  for (std::size_t x = 0; x < W.size(); ++x) expected[x] += 0.5 / 6 * W[x];
  expect_near(find(with, 2, "dW"), expected);
  EXPECT_GT(with.cost, without.cost);
}

TEST(Trace, OneExampleIsAColumnOfTheBatchAndTheBatchIsTheMean) {
  for (const Loss loss : kLosses) {
    const Case c = case_of(loss, 9);
    const Model model = model_of<double>(c);
    const Table table = table_of(c);
    const Trace batch = strata::trace(model, table);
    std::vector<Trace> each;
    for (std::size_t j = 0; j < 9; ++j) each.push_back(strata::trace(model, table, j));
    double cost = 0;
    for (std::size_t j = 0; j < 9; ++j) {
      EXPECT_EQ(each[j].examples, 1U);
      cost += each[j].cost / 9;
      for (int l = 1; l <= 3; ++l) {
        for (const char* name : {"Z", "A", "dA", "dZ"}) {
          const TracedMatrix &one = find(each[j], l, name), &all = find(batch, l, name);
          EXPECT_EQ(one.cols, 1U);
          for (std::size_t i = 0; i < one.rows; ++i) EXPECT_EQ(one(i, 0), all(i, j)) << name << l;
        }
      }
    }
    EXPECT_NEAR(batch.cost, cost, 1e-12);
    for (int l = 1; l <= 3; ++l) {
      for (const char* name : {"dW", "db"}) {
        const TracedMatrix& all = find(batch, l, name);
        for (std::size_t x = 0; x < all.values.size(); ++x) {
          double mean = 0;
          for (const Trace& one : each) mean += find(one, l, name).values[x] / 9;
          EXPECT_NEAR(all.values[x], mean, 1e-12) << name << l;
        }
      }
    }
  }
}

TEST(Trace, OneLayerIsThatLayerOfTheWhole) {
  const Case c = case_of(Loss::categorical_cross_entropy);
  const Model model = model_of<double>(c);
  const Trace whole = strata::trace(model, table_of(c), 2);
  for (int l = 0; l <= 3; ++l) {
    const Trace one = strata::trace(model, table_of(c), 2, l);
    ASSERT_EQ(one.layers.size(), 1U);
    EXPECT_EQ(one.cost, whole.cost);
    const TracedLayer& expected = whole.layers[static_cast<std::size_t>(l)];
    EXPECT_EQ(one.layers[0].layer, l);
    ASSERT_EQ(one.layers[0].matrices.size(), expected.matrices.size());
    for (std::size_t k = 0; k < expected.matrices.size(); ++k) {
      EXPECT_EQ(one.layers[0].matrices[k].values, expected.matrices[k].values);
    }
  }
}

TEST(Trace, WithoutTheTargetForwardOnly) {
  for (const Loss loss : kLosses) {
    const Case c = case_of(loss);
    const Model model = model_of<float>(c);
    const Trace full = strata::trace(model, table_of(c)), trace = strata::trace(model, inputs_of(c));
    EXPECT_TRUE(std::isnan(trace.cost));
    EXPECT_EQ(trace.examples, 6U);
    ASSERT_EQ(trace.layers.size(), 4U);
    ASSERT_EQ(trace.layers[0].matrices.size(), 1U);
    EXPECT_EQ(trace.layers[0].matrices[0].values, find(full, 0, "X").values);
    for (int l = 1; l <= 3; ++l) {
      ASSERT_EQ(trace.layers[static_cast<std::size_t>(l)].matrices.size(), 2U);
      EXPECT_EQ(find(trace, l, "Z").values, find(full, l, "Z").values);
      EXPECT_EQ(find(trace, l, "A").values, find(full, l, "A").values);
    }
  }
}

// A sure and wrong answer: dA[L] is infinite, and the rest is finite, because it comes from the logits.
TEST(Trace, SaturatedOutputsAreShownAsTheyAre) {
  Case c = case_of(Loss::binary_cross_entropy, 2);
  c.p.b[3].data[0] = 800;
  c.Y = {0, 1};
  const Trace trace = strata::trace(model_of<double>(c), table_of(c));
  EXPECT_EQ(find(trace, 3, "A")(0, 0), 1);
  EXPECT_EQ(find(trace, 3, "dA")(0, 0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(find(trace, 3, "dA")(0, 1), -1);  // −Y/A; the other term has the factor 0
  EXPECT_EQ(find(trace, 3, "dZ")(0, 0), 1);
  EXPECT_EQ(find(trace, 3, "dZ")(0, 1), 0);
  EXPECT_TRUE(std::isfinite(trace.cost));
  for (const double dW : find(trace, 1, "dW").values) EXPECT_TRUE(std::isfinite(dW));

  c.p.b[3].data[0] = -800;
  const Trace low = strata::trace(model_of<double>(c), table_of(c));
  EXPECT_EQ(find(low, 3, "A")(0, 0), 0);
  EXPECT_EQ(find(low, 3, "dA")(0, 0), 1);  // (1−Y)/(1−A)
  EXPECT_EQ(find(low, 3, "dA")(0, 1), -std::numeric_limits<double>::infinity());

  Case classes = case_of(Loss::categorical_cross_entropy, 2);
  classes.p.b[3].data[0] = 2000;
  classes.Y = {0, 1, 0, 1, 0, 0};
  const Trace other = strata::trace(model_of<double>(classes), table_of(classes));
  EXPECT_EQ(find(other, 3, "dA")(1, 0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(find(other, 3, "dA")(0, 0), 0);
  EXPECT_EQ(find(other, 3, "dA")(0, 1), -1);
  EXPECT_TRUE(std::isfinite(other.cost));
}

TEST(Trace, LogisticRegressionHasOneLayer) {
  Case c(architecture(3, {}, Loss::binary_cross_entropy), 4);
  testing::round_inputs(c);
  const Trace trace = strata::trace(model_of<double>(c), table_of(c));
  ASSERT_EQ(trace.layers.size(), 2U);
  EXPECT_EQ(find(trace, 1, "Z").equation, "Z[1] = W[1] A[0] + b[1]");
  EXPECT_EQ(find(trace, 1, "dZ").equation, "dZ[1] = A[1] − Y");
}

void expect_error(ErrorCode code, const std::string& part, const auto& call) {
  try {
    call();
    FAIL() << "no error; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Trace, Errors) {
  const Case c = case_of(Loss::binary_cross_entropy);
  const Model model = model_of<double>(c);
  const Table table = table_of(c);
  const auto call = [&](const Table& data, std::optional<std::size_t> example, std::optional<int> layer) {
    return [&, example, layer] { static_cast<void>(strata::trace(model, data, example, layer)); };
  };
  expect_error(ErrorCode::usage, "there is no example 6: the table has 6 rows, counted from 0", call(table, 6, {}));
  expect_error(ErrorCode::usage, "there is no layer 4: this network has layers 1 to 3, and layer 0 is its input",
               call(table, {}, 4));
  expect_error(ErrorCode::usage, "there is no layer -1", call(table, {}, -1));
  expect_error(ErrorCode::value, "has no rows", call(Table(), {}, {}));

  Table missing;
  missing.add_numbers("x0", {}, std::vector<double>{1, 2});
  missing.add_numbers("x2", {}, std::vector<double>{1, 2});
  expect_error(ErrorCode::usage, "x1", call(missing, {}, {}));

  Table unknown = inputs_of(c);
  unknown.add_text("y", std::vector<std::string>{"yes", "no", "maybe", "no", "no", "no"});
  expect_error(ErrorCode::value, "maybe", call(unknown, {}, {}));
  EXPECT_EQ(strata::trace(model, unknown, 1).examples, 1U);  // that row is not looked at
}

}  // namespace
}  // namespace strata
