// The published unit cases of the notes' functions: every one of published_cases.json, which published_cases.py makes
// from the published seeds, through strata/steps.hpp.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "strata/steps.hpp"

namespace strata {
namespace {

using nlohmann::json;
using steps::Matrix;
using Results = std::map<std::string, Matrix>;

// {"shape": [rows, cols], "data": row by row}; a number alone has an empty shape.
Matrix matrix(const json& array) {
  const auto shape = array.at("shape").get<std::vector<std::ptrdiff_t>>();
  const auto data = array.at("data").get<std::vector<double>>();
  if (shape.size() > 2) throw std::runtime_error("an array of rank 3");
  const std::ptrdiff_t rows = shape.empty() ? 1 : shape[0], cols = shape.size() < 2 ? 1 : shape[1];
  Matrix M(rows, cols);
  if (data.size() != static_cast<std::size_t>(rows * cols))
    throw std::runtime_error("data that does not fit its shape");
  for (std::ptrdiff_t i = 0; i < rows; ++i) {
    for (std::ptrdiff_t j = 0; j < cols; ++j) M(i, j) = data[static_cast<std::size_t>(i * cols + j)];
  }
  return M;
}

// The inputs of a case, each of which must be used: what a test ignores, it does not test.
class Inputs {
 public:
  explicit Inputs(const json& inputs) : inputs_(inputs) {}
  [[nodiscard]] Matrix operator[](const std::string& name) { return matrix(at(name)); }
  [[nodiscard]] double number(const std::string& name) { return at(name).get<double>(); }
  [[nodiscard]] int whole(const std::string& name) { return at(name).get<int>(); }
  [[nodiscard]] bool has(const std::string& name) const { return inputs_.contains(name); }
  [[nodiscard]] Activation activation() { return activation_from_name(at("activation").get<std::string>()); }
  [[nodiscard]] std::vector<std::string> unused() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : inputs_.items()) {
      if (!used_.contains(name)) names.push_back(name);
    }
    return names;
  }

 private:
  const json& at(const std::string& name) {
    used_.insert(name);
    return inputs_.at(name);
  }
  const json& inputs_;
  std::set<std::string> used_;
};

std::string numbered(const char* letter, std::size_t l) { return letter + std::to_string(l); }

steps::Parameters parameters_of(Inputs& in) {
  steps::Parameters parameters;
  for (std::size_t l = 1; in.has(numbered("W", l)); ++l)
    parameters.push_back({in[numbered("W", l)], in[numbered("b", l)]});
  return parameters;
}

void add(Results& out, const steps::Parameters& parameters) {
  for (std::size_t l = 1; l <= parameters.size(); ++l) {
    out[numbered("W", l)] = parameters[l - 1].W;
    out[numbered("b", l)] = parameters[l - 1].b;
  }
}

Results run_case(const std::string& id, const std::string& function, Inputs& in) {
  Results out;
  if (function == "initialize_parameters") {
    add(out, steps::initialize_parameters(in.whole("n_x"), in.whole("n_h"), in.whole("n_y"),
                                          static_cast<std::uint32_t>(in.whole("seed")),
                                          steps::Scale::constant(in.number("scale"))));
  } else if (function == "initialize_parameters_deep") {
    const Matrix dims = in["layer_dims"];
    std::vector<int> layer_dims;
    for (std::ptrdiff_t i = 0; i < dims.rows(); ++i) layer_dims.push_back(static_cast<int>(dims(i, 0)));
    add(out, steps::initialize_parameters_deep(layer_dims, static_cast<std::uint32_t>(in.whole("seed")),
                                               steps::Scale::constant(in.number("scale"))));
  } else if (function == "linear_forward") {
    const Matrix A = in["A"], W = in["W"], b = in["b"];
    const auto [Z, cache] = steps::linear_forward(A, W, b);
    EXPECT_TRUE(cache.A_prev == A && cache.W == W && cache.b == b) << "the cache holds what came in";
    out["Z"] = Z;
  } else if (function == "linear_activation_forward") {
    const Matrix A_prev = in["A_prev"], W = in["W"], b = in["b"];
    const auto [A, cache] = steps::linear_activation_forward(A_prev, W, b, in.activation());
    EXPECT_TRUE(cache.linear.A_prev == A_prev && cache.linear.W == W && cache.linear.b == b);
    out["A"] = A, out["Z"] = cache.Z;
  } else if (function == "L_model_forward") {
    const steps::Parameters parameters = parameters_of(in);
    const Matrix X = in["X"];
    const auto [AL, caches] = steps::model_forward(X, parameters);
    EXPECT_EQ(caches.size(), parameters.size());
    EXPECT_EQ(caches.front().linear.A_prev, X);
    out["AL"] = AL;
    for (std::size_t l = 1; l <= caches.size(); ++l) {
      out[numbered("Z", l)] = caches[l - 1].Z;
      if (l > 1) out[numbered("A", l - 1)] = caches[l - 1].linear.A_prev;
      EXPECT_EQ(caches[l - 1].activation, l < caches.size() ? Activation::relu : Activation::sigmoid);
    }
  } else if (function == "compute_cost") {
    Matrix cost(1, 1);
    const Matrix AL = in["AL"];
    cost(0, 0) = steps::compute_cost(AL, in["Y"]);
    out["cost"] = cost;
  } else if (function == "linear_backward" || function == "linear_activation_backward") {
    const steps::LinearCache linear{in["A_prev"], in["W"], in["b"]};
    const steps::Gradient gradient =
        function == "linear_backward" ? steps::linear_backward(in["dZ"], linear)
                                      : steps::linear_activation_backward(in["dA"], {linear, in["Z"], in.activation()});
    out["dA_prev"] = gradient.dA_prev, out["dW"] = gradient.dW, out["db"] = gradient.db;
  } else if (function == "L_model_backward") {
    std::vector<steps::Cache> caches;
    for (std::size_t l = 1; in.has(numbered("W", l)); ++l) {
      caches.push_back({{in[numbered("A_prev", l)], in[numbered("W", l)], in[numbered("b", l)]},
                        in[numbered("Z", l)],
                        Activation::relu});
    }
    caches.back().activation = Activation::sigmoid;
    const Matrix AL = in["AL"];
    const auto gradients = steps::model_backward(AL, in["Y"], caches);
    // dA_prev of layer l is dA[l−1]; an older version of the notes called it dA[l].
    const std::size_t shift = id.find("old-naming") != std::string::npos ? 0 : 1;
    for (std::size_t l = 1; l <= gradients.size(); ++l) {
      out[numbered("dA", l - shift)] = gradients[l - 1].dA_prev;
      out[numbered("dW", l)] = gradients[l - 1].dW;
      out[numbered("db", l)] = gradients[l - 1].db;
    }
  } else if (function == "update_parameters") {
    const steps::Parameters parameters = parameters_of(in);
    std::vector<steps::Gradient> gradients;
    for (std::size_t l = 1; l <= parameters.size(); ++l)
      gradients.push_back({{}, in[numbered("dW", l)], in[numbered("db", l)]});
    add(out, steps::update_parameters(parameters, gradients, in.number("learning_rate")));
  }
  return out;
}

std::size_t compare(const Results& found, const json& expected, double tolerance, const std::string& where) {
  std::size_t numbers = 0;
  for (const auto& [name, array] : expected.items()) {
    const auto result = found.find(name);
    if (result == found.end()) {
      ADD_FAILURE() << where << ": " << name << " is published and not computed";
      continue;
    }
    const Matrix M = matrix(array);
    const Matrix& R = result->second;
    if (R.rows() != M.rows() || R.cols() != M.cols()) {
      ADD_FAILURE() << where << ": " << name << " is (" << R.rows() << ", " << R.cols() << "), not (" << M.rows()
                    << ", " << M.cols() << ")";
      continue;
    }
    for (std::ptrdiff_t i = 0; i < M.rows(); ++i) {
      for (std::ptrdiff_t j = 0; j < M.cols(); ++j, ++numbers) {
        EXPECT_NEAR(R(i, j), M(i, j), tolerance) << where << ": " << name << '(' << i << ", " << j << ')';
      }
    }
  }
  return numbers;
}

TEST(PublishedCases, AllThirteen) {
  constexpr const char* kFile = STRATA_SOURCE_DIR "/tests/story/published_cases.json";
  std::ifstream file(kFile);
  ASSERT_TRUE(file) << kFile;
  const json cases = json::parse(file).at("cases");
  std::size_t handled = 0, numbers = 0;
  for (const json& each : cases) {
    const auto id = each.at("id").get<std::string>();
    Inputs inputs(each.at("inputs"));
    const Results results = run_case(id, each.at("function").get<std::string>(), inputs);
    ASSERT_FALSE(results.empty()) << id << " is a case that this test cannot handle";
    for (const std::string& name : inputs.unused()) ADD_FAILURE() << id << ": the input " << name << " is not used";
    const std::size_t compared = compare(results, each.at("results"), 1e-12, id);
    EXPECT_GT(compared, 0U) << id << ": nothing to compare";
    ++handled, numbers += compared;
  }
  EXPECT_EQ(handled, 13U);
  EXPECT_EQ(numbers, 215U);
}

}  // namespace
}  // namespace strata
