// Writes model files with the numbers that belong to them, for other programs to read; or reads one that another wrote.
//   model_exchange write FOLDER        model files, and for each what is in it and what it predicts, as JSON
//   model_exchange predict MODEL       the predictions of a model for the same inputs, as JSON on stdout
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support.hpp"

namespace strata {
namespace {

// Inputs of every type: an example with every level, and with every one missing.
std::vector<double> typed_inputs(std::size_t m) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> X;
  for (std::size_t i = 0; i < m; ++i) {
    const auto at = static_cast<double>(i);
    const double example[] = {i == 1 ? nan : 20 + 7 * at,
                              0.3 * at - 0.5,
                              i == 4 ? nan : std::fmod(at, 3),
                              i == 2 ? nan : std::fmod(at, 4),
                              std::fmod(at, 3),
                              i == 3 ? nan : 19100 + 130.25 * at,
                              0.1,
                              0.2 * at};
    X.insert(X.end(), std::begin(example), std::end(example));
  }
  return X;
}

// A number, an embedded category, one of two levels, and an answer.
std::vector<double> staged_inputs(std::size_t m) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> X;
  for (std::size_t i = 0; i < m; ++i) {
    const auto at = static_cast<double>(i);
    X.insert(X.end(), {i == 1 ? nan : 20 + 7 * at, i == 4 ? nan : std::fmod(at, 4), i == 2 ? nan : std::fmod(at, 3),
                       i == 3 ? nan : std::fmod(at, 3)});
  }
  return X;
}

std::vector<double> inputs_for(const Model& model, std::size_t m) {
  if (!model.architecture().stage.empty()) return staged_inputs(m);
  if (model.architecture().inputs == 17) return typed_inputs(m);
  std::vector<double> X(static_cast<std::size_t>(model.architecture().inputs) * m);
  for (std::size_t at = 0; at < X.size(); ++at) X[at] = 3 * std::sin(0.37 * static_cast<double>(at) + 0.5);
  return X;
}

nlohmann::json predictions(const Model& model) {
  constexpr std::size_t kExamples = 5;
  const std::vector<double> X = inputs_for(model, kExamples);
  return {{"examples", kExamples}, {"X", X}, {"A", model.predict(X, kExamples)}};
}

void write(const Model& model, const std::filesystem::path& folder, const std::string& name) {
  model.save(folder / (name + ".strata"));
  nlohmann::json all = predictions(model);
  for (int l = 1; l <= model.architecture().depth(); ++l) {
    // W[l](i, j), row after row, so that nobody has to know how it lies in memory.
    const std::vector<double> W = model.weights(l);
    const auto rows = static_cast<std::size_t>(model.architecture().units(l)), columns = W.size() / rows;
    nlohmann::json matrix = nlohmann::json::array();
    for (std::size_t i = 0; i < rows; ++i) {
      nlohmann::json row = nlohmann::json::array();
      for (std::size_t j = 0; j < columns; ++j) row.push_back(W[j * rows + i]);
      matrix.push_back(row);
    }
    all["W"].push_back(matrix);
    all["b"].push_back(model.biases(l));
  }
  std::ofstream(folder / (name + ".json")) << all;
}

void write_all(const std::filesystem::path& folder) {
  Model binary =
      testing::make_model<float>({7, {{5, Activation::relu}, {4, Activation::tanh}}, 1, Loss::binary_cross_entropy});
  binary.data().scaling = {ScaleKind::standard, {1, 2, 3, 4, 5, 6, 7}, {0.5, 1, 2, 3, 4, 5, 6}};
  write(binary, folder, "binary_float32");
  Model classes = testing::make_model<double>({6, {{3, Activation::tanh}}, 4, Loss::categorical_cross_entropy});
  classes.data().scaling.kind = ScaleKind::divide_255;
  write(classes, folder, "classes_float64");
  Model numbers = testing::make_model<double>({3, {}, 2, Loss::squared_error});
  numbers.data().target.names = {"height \"ä\"", "width"};
  numbers.data().target.offset = {10, 20};
  numbers.data().target.divisor = {2, 0.5};
  write(numbers, folder, "regression_float64");
  // More than nine layers: W10 stands before W2 where names are sorted.
  Architecture deep{2, {}, 1, Loss::binary_cross_entropy};
  for (int l = 1; l <= 11; ++l) deep.hidden.push_back({2 + l % 3, Activation::tanh});
  write(testing::make_model<float>(deep), folder, "deep_float32");
  Model typed = testing::make_typed_model<double>();
  typed.data().architecture.hidden[0].activation = Activation::tanh;
  write(typed, folder, "typed_quantile_float64");
  typed.data().scaling.quantiles.clear();
  typed.data().scaling.kind = ScaleKind::robust;
  typed.data().scaling.divisor[13] = 100;
  typed.data().scaling.divisor[2] = 0;
  write(typed, folder, "typed_robust_float64");
  write(testing::make_staged_model<double>(), folder, "staged_float64");
  write(testing::make_staged_model<float>(), folder, "staged_float32");
  write(testing::make_model_in_pieces<double>(), folder, "pieces_float64");
  write(testing::make_model_in_pieces<float>(), folder, "pieces_float32");
  write(testing::make_model_in_pieces<double>({0.25}), folder, "pieces_line_float64");
  write(testing::make_bag<double>(), folder, "networks_softmax_float64");
  Model yes_no = testing::make_model<double>({7, {{5, Activation::relu}}, 1, Loss::binary_cross_entropy});
  testing::make_several<double>(yes_no, {0.75, 0.25});
  yes_no.data().temperature = 0.5;
  write(yes_no, folder, "networks_sigmoid_float64");
  Model staged = testing::make_staged_model<float>();
  testing::make_several<float>(staged, {0.2, 0.3, 0.5});
  write(staged, folder, "networks_staged_float32");
}

}  // namespace
}  // namespace strata

int main(int argc, char** argv) {
  try {
    if (argc == 3 && std::string(argv[1]) == "write") {
      strata::write_all(argv[2]);
      return 0;
    }
    if (argc == 3 && std::string(argv[1]) == "predict") {
      std::puts(strata::predictions(strata::Model::load(argv[2])).dump().c_str());
      return 0;
    }
    std::fputs("usage: model_exchange write FOLDER | predict MODEL\n", stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
