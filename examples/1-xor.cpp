// The smallest useful program: data from arrays, a network trained on it, its predictions, a model file.
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include "strata/strata.hpp"

namespace {

void print(const char* title, const strata::Model& model, const std::vector<double>& inputs) {
  std::printf("%s\n", title);
  const std::vector<double> probability = model.predict(inputs, inputs.size() / 2);  // of a 1, one for each example
  for (std::size_t i = 0; i < probability.size(); ++i) {
    std::printf("  %g xor %g = %d\n", inputs[2 * i], inputs[2 * i + 1], probability[i] > 0.5 ? 1 : 0);
  }
}

}  // namespace

int main() try {
  // Four examples in the columns of a table; the last column is what the network is to learn.
  strata::Table table;
  table.add_numbers("a", {}, std::vector<double>{0, 0, 1, 1});
  table.add_numbers("b", {}, std::vector<double>{0, 1, 0, 1});
  table.add_numbers("a xor b", {}, std::vector<double>{0, 1, 1, 0});

  strata::Options options;
  options.target = {"a xor b"};
  options.hidden_layers = {8};
  options.activation = {strata::Activation::tanh};
  options.learning_rate = 0.1;
  options.batch_size = 0;  // all four examples in every update
  options.iterations = 300;

  const strata::Fit fit = strata::train(std::move(table), options);
  const strata::Metrics& result = fit.model.record().train;
  std::printf("%zu of %zu right\n", result.correct, result.examples);

  const std::vector<double> inputs = {0, 0, 0, 1, 1, 0, 1, 1};  // example after example
  print("the trained network", fit.model, inputs);
  fit.model.save("xor.strata");
  print("the same, from its file", strata::Model::load("xor.strata"), inputs);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "1-xor: %s\n", error.what());
  return 1;
}
