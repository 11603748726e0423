// The trace of a stage in front of the layers and of learned slopes, against the equations written out once more here.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include "model_for_tests.hpp"
#include "strata/tools.hpp"

namespace strata {
using namespace internal;
namespace {

using Kind = RowEmbedding::Kind;
using testing::Case;
using testing::inputs_of;
using testing::model_of;
using testing::table_of;

constexpr std::size_t kExamples = 6;

// X: a number that is embedded, a code of 3, a number that is itself, another one that is embedded.
Case staged_case(bool scales = true) {
  Architecture net =
      testing::architecture(4, {{4, Activation::selu, 0, true}, {5, Activation::tanh}}, Loss::squared_error);
  net.stage = {.rows = {{Kind::periodic}, {Kind::levels, 3}, {}, {Kind::periodic}},
               .frequencies = 3,
               .periodic_units = 2,
               .level_units = 2,
               .scales = scales};
  Case c(net, kExamples);
  testing::round_inputs(c);
  for (std::size_t j = 0; j < kExamples; ++j) c.X[1 + 4 * j] = static_cast<double>(j % 4);  // 3 is no code
  double at = 0;
  for (double& number : c.p.theta()) {
    ++at;
    number = 0.7 * std::sin(1.3 * at) / (1 + std::fmod(at, 3));
  }
  return c;
}

const TracedMatrix& find(const Trace& trace, std::size_t layer, std::string_view name) {
  for (const TracedMatrix& M : trace.layers[layer].matrices)
    if (M.name == name) return M;
  throw std::out_of_range(std::string(name));
}

std::string names_of(const TracedLayer& layer) {
  std::string names;
  for (const TracedMatrix& M : layer.matrices) names += (names.empty() ? "" : " ") + M.name;
  return names;
}

void expect_near(const TracedMatrix& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.values.size(), expected.size()) << found.equation;
  for (std::size_t x = 0; x < expected.size(); ++x)
    EXPECT_NEAR(found.values[x], expected[x], 1e-13 * (1 + std::abs(expected[x]))) << found.equation << " entry " << x;
}

// Column-major, of this many rows.
struct Matrix {
  std::size_t rows;
  std::vector<double> values;
  Matrix(std::size_t n, std::size_t m) : rows(n), values(n * m, 0.0) {}
  double& operator()(std::size_t i, std::size_t j) { return values[i + j * rows]; }
};

TEST(StageTrace, EveryEquationHolds) {
  const Case c = staged_case();
  const Trace trace = strata::trace(model_of<double>(c), table_of(c));
  const auto X = [&](std::size_t i, std::size_t j) { return c.X[i + 4 * j]; };
  const auto in = [&](const char* name) -> const TracedMatrix& { return find(trace, 0, name); };
  const auto &F = in("F"), &phi = in("phi"), &V = in("V"), &b = in("c"), &E = in("E"), &s = in("s");
  const auto column_of = [&](std::size_t j) { return X(1, j) < 3 ? static_cast<std::size_t>(X(1, j)) : 2; };

  // Z[0]: x₁ and 2 mixes, 2 rows of E, x₃, x₄ and 2 mixes.
  Matrix Z(9, kExamples), A(9, kExamples);
  const std::size_t row_of[] = {0, 6}, x_of[] = {0, 3};
  for (std::size_t j = 0; j < kExamples; ++j) {
    for (std::size_t n = 0; n < 2; ++n) {
      Z(row_of[n], j) = X(x_of[n], j);
      for (std::size_t o = 0; o < 2; ++o) {
        double& z = Z(row_of[n] + 1 + o, j) = b(o, n);
        for (std::size_t k = 0; k < 3; ++k)
          z += V(k, 2 * n + o) * std::cos(2 * std::numbers::pi * F(k, n) * X(x_of[n], j) + phi(k, n));
      }
    }
    for (std::size_t i = 0; i < 2; ++i) Z(3 + i, j) = E(i, column_of(j));
    Z(5, j) = X(2, j);
    for (std::size_t i = 0; i < 9; ++i) A(i, j) = s(i, 0) * Z(i, j);
  }
  expect_near(in("Z"), Z.values);
  expect_near(in("A"), A.values);

  const TracedMatrix& above = find(trace, 1, "dZ");
  Matrix dA(9, kExamples), dZ(9, kExamples), ds(9, 1), dF(3, 2), dphi(3, 2), dV(3, 4), dc(2, 2), dE(2, 3);
  const std::vector<double> W = model_of<double>(c).weights(1);
  for (std::size_t j = 0; j < kExamples; ++j) {
    for (std::size_t i = 0; i < 9; ++i) {
      for (std::size_t k = 0; k < 4; ++k) dA(i, j) += W[k + 4 * i] * above(k, j);
      dZ(i, j) = s(i, 0) * dA(i, j);
      ds(i, 0) += dA(i, j) * Z(i, j) / kExamples;
    }
    for (std::size_t i = 0; i < 2; ++i) dE(i, column_of(j)) += dZ(3 + i, j) / kExamples;
    for (std::size_t n = 0; n < 2; ++n) {
      const double x = X(x_of[n], j);
      for (std::size_t o = 0; o < 2; ++o) dc(o, n) += dZ(row_of[n] + 1 + o, j) / kExamples;
      for (std::size_t k = 0; k < 3; ++k) {
        const double u = 2 * std::numbers::pi * F(k, n) * x + phi(k, n);
        for (std::size_t o = 0; o < 2; ++o) {
          const double dz = dZ(row_of[n] + 1 + o, j) / kExamples;
          dV(k, 2 * n + o) += std::cos(u) * dz;
          dphi(k, n) -= std::sin(u) * V(k, 2 * n + o) * dz;
          dF(k, n) -= 2 * std::numbers::pi * x * std::sin(u) * V(k, 2 * n + o) * dz;
        }
      }
    }
  }
  expect_near(in("dA"), dA.values);
  expect_near(in("dZ"), dZ.values);
  expect_near(in("ds"), ds.values);
  expect_near(in("dF"), dF.values);
  expect_near(in("dphi"), dphi.values);
  expect_near(in("dV"), dV.values);
  expect_near(in("dc"), dc.values);
  expect_near(in("dE"), dE.values);
}

// Two numbers in pieces, the second with an edge alone.
Case case_in_pieces() {
  Case c = staged_case();
  Architecture net = c.net;
  net.stage.rows[0] = {Kind::piecewise, 0, {-0.75, 0, 0.25, 1.5}};
  net.stage.rows[3] = {Kind::piecewise, 0, {0.5}};
  net.stage.piecewise_units = 2;
  Case pieces(net, kExamples);
  pieces.X = c.X;
  pieces.Y = c.Y;
  double at = 0;
  for (double& number : pieces.p.theta()) number = 0.6 * std::sin(1.7 * ++at);
  return pieces;
}

TEST(StageTrace, EveryEquationOfPiecesHolds) {
  const Case c = case_in_pieces();
  const Trace trace = strata::trace(model_of<double>(c), table_of(c));
  const auto in = [&](const char* name) -> const TracedMatrix& { return find(trace, 0, name); };
  EXPECT_EQ(names_of(trace.layers[0]), "X U V c E s Z A Y dA dZ dU dV dc dE ds");
  const auto &U = in("U"), &V = in("V"), &b = in("c"), &E = in("E"), &dz = in("dZ");
  const std::vector<double>& edges = c.net.stage.rows[0].edges;
  Matrix Z(7, kExamples), dU(2, 2), dV(2, 3), dc(2, 2);
  for (std::size_t j = 0; j < kExamples; ++j) {
    const double x = c.X[4 * j], other = c.X[3 + 4 * j], code = c.X[1 + 4 * j];
    for (std::size_t i = 0; i < 2; ++i) {
      Z(i, j) = U(i, 0) * x + b(i, 0);
      for (std::size_t t = 0; t < 3; ++t) {
        const double e = std::fmin(std::fmax((x - edges[t]) / (edges[t + 1] - edges[t]), 0), 1);
        Z(i, j) += V(i, t) * e;
        dV(i, t) += dz(i, j) * e / kExamples;
      }
      Z(2 + i, j) = E(i, code < 3 ? static_cast<std::size_t>(code) : 2);
      Z(5 + i, j) = U(i, 1) * other + b(i, 1);
      dU(i, 0) += dz(i, j) * x / kExamples, dU(i, 1) += dz(5 + i, j) * other / kExamples;
      dc(i, 0) += dz(i, j) / kExamples, dc(i, 1) += dz(5 + i, j) / kExamples;
    }
    Z(4, j) = c.X[2 + 4 * j];
  }
  expect_near(in("Z"), Z.values);
  expect_near(in("dU"), dU.values);
  expect_near(in("dV"), dV.values);
  expect_near(in("dc"), dc.values);
  EXPECT_EQ(in("U").equation, "U: the factors of each number that is embedded");
  EXPECT_EQ(
      in("V").equation,
      "V: a column for each piece of each number, side by side; e_t(x) = (x − b_{t−1}) / (b_t − b_{t−1}), kept from 0 "
      "to 1");
  EXPECT_EQ(in("c").equation, "c: what is added for each number");
  EXPECT_EQ(in("dU").equation, "dU = 1/m Σ x dZ[0]");
  EXPECT_EQ(in("dV").equation, "dV = 1/m Σ dZ[0] e(x)ᵀ");
  std::string all;
  for (const EncodedColumn& row : in("Z").meaning) all += row.name + ": " + row.equation + "\n";
  EXPECT_EQ(all,
            "x0: 1 of 2: U(1, 1) X(1) + V(1, 1:3) e(X(1)) + c(1, 1)\n"
            "x0: 2 of 2: U(2, 1) X(1) + V(2, 1:3) e(X(1)) + c(2, 1)\n"
            "x1: 1 of 2: E(1, X(2) + 1)\n"
            "x1: 2 of 2: E(2, X(2) + 1)\n"
            "x2: X(3)\n"
            "x3: 1 of 2: U(1, 2) X(4) + c(1, 2)\n"
            "x3: 2 of 2: U(2, 2) X(4) + c(2, 2)\n");
}

TEST(StageTrace, SlopesOfALayer) {
  const Case c = staged_case();
  const Model model = model_of<double>(c);
  const Trace trace = strata::trace(model, table_of(c));
  const TracedMatrix &Z = find(trace, 1, "Z"), &a = find(trace, 1, "a"), &dA = find(trace, 1, "dA");
  EXPECT_EQ(a.values, model.slopes(1));
  constexpr double kAlpha = 1.6732632423543772, kScale = 1.0507009873554805;
  std::vector<double> A, dZ, da(4, 0.0);
  for (std::size_t j = 0; j < kExamples; ++j) {
    for (std::size_t i = 0; i < 4; ++i) {
      const double z = Z(i, j), g = kScale * (z > 0 ? z : kAlpha * std::expm1(z));
      const double derivative = kScale * (z > 0 ? 1 : kAlpha * std::exp(z));
      A.push_back(z + a(i, 0) * (g - z));
      dZ.push_back(dA(i, j) * (1 + a(i, 0) * (derivative - 1)));
      da[i] += dA(i, j) * (g - z) / kExamples;
    }
  }
  expect_near(find(trace, 1, "A"), A);
  expect_near(find(trace, 1, "dZ"), dZ);
  expect_near(find(trace, 1, "da"), da);
  EXPECT_EQ(find(trace, 1, "A").equation, "A[1] = Z[1] + a[1] * (selu(Z[1]) − Z[1])");
  EXPECT_EQ(find(trace, 1, "a").equation, "a[1]: the slope of each unit");
  EXPECT_EQ(find(trace, 1, "dZ").equation, "dZ[1] = dA[1] * (1 + a[1] * (selu'(Z[1]) − 1))");
  EXPECT_EQ(find(trace, 1, "da").equation, "da[1] = 1/m Σ dA[1] * (selu(Z[1]) − Z[1])");
}

TEST(StageTrace, ShowsWhatThereIsInTheOrderOfTheStory) {
  const Case c = staged_case(), unscaled = staged_case(false);
  const Trace trace = strata::trace(model_of<float>(c), table_of(c));
  EXPECT_EQ(names_of(trace.layers[0]), "X F phi V c E s Z A Y dA dZ dF dphi dV dc dE ds");
  EXPECT_EQ(names_of(trace.layers[1]), "Z a A dA dZ dW db da");
  EXPECT_EQ(names_of(trace.layers[2]), "Z A dA dZ dW db");
  EXPECT_EQ(names_of(strata::trace(model_of<float>(c), inputs_of(c)).layers[0]), "X F phi V c E s Z A");
  EXPECT_EQ(names_of(strata::trace(model_of<float>(c), inputs_of(c)).layers[1]), "Z a A");
  const Trace plain = strata::trace(model_of<float>(unscaled), table_of(unscaled));
  EXPECT_EQ(names_of(plain.layers[0]), "X F phi V c E Z A Y dA dZ dF dphi dV dc dE");
  EXPECT_EQ(find(plain, 0, "A").values, find(plain, 0, "Z").values);
  EXPECT_EQ(find(plain, 0, "dZ").values, find(plain, 0, "dA").values);
  const auto equation = [&](const Trace& of, const char* name) { return find(of, 0, name).equation; };
  EXPECT_EQ(equation(trace, "X"), "X, each input as (x − mean) / deviation");
  EXPECT_EQ(equation(trace, "Z"), "Z[0] = e(X), each row as beside it");
  EXPECT_EQ(equation(trace, "A"), "A[0] = s * Z[0]");
  EXPECT_EQ(equation(plain, "A"), "A[0] = Z[0]");
  EXPECT_EQ(equation(trace, "dA"), "dA[0] = W[1]ᵀ dZ[1]");
  EXPECT_EQ(equation(trace, "dZ"), "dZ[0] = s * dA[0]");
  EXPECT_EQ(equation(plain, "dZ"), "dZ[0] = dA[0]");
  EXPECT_EQ(equation(trace, "phi"), "φ: their phases");
  EXPECT_EQ(equation(trace, "ds"), "ds = 1/m Σ dA[0] * Z[0]");
  EXPECT_EQ(equation(trace, "dphi"), "dφ = 1/m Σ −sin(2π f x + φ) * (V dZ[0])");
  EXPECT_EQ(strata::trace(model_of<float>(c), table_of(c), 1, 0).layers.size(), 1U);
}

TEST(StageTrace, SaysWhatEachRowIs) {
  const Case c = staged_case();
  const Trace trace = strata::trace(model_of<double>(c), table_of(c));
  std::string all;
  for (const EncodedColumn& row : find(trace, 0, "Z").meaning) all += row.name + ": " + row.equation + "\n";
  EXPECT_EQ(all,
            "x0: X(1)\n"
            "x0: 1 of 2: V(:, 1)ᵀ cos(2π F(:, 1) X(1) + φ(:, 1)) + c(1, 1)\n"
            "x0: 2 of 2: V(:, 2)ᵀ cos(2π F(:, 1) X(1) + φ(:, 1)) + c(2, 1)\n"
            "x1: 1 of 2: E(1, X(2) + 1)\n"
            "x1: 2 of 2: E(2, X(2) + 1)\n"
            "x2: X(3)\n"
            "x3: X(4)\n"
            "x3: 1 of 2: V(:, 3)ᵀ cos(2π F(:, 2) X(4) + φ(:, 2)) + c(1, 2)\n"
            "x3: 2 of 2: V(:, 4)ᵀ cos(2π F(:, 2) X(4) + φ(:, 2)) + c(2, 2)\n");
}

}  // namespace
}  // namespace strata
