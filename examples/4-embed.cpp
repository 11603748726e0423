// Prediction inside a program of your own: 4-embed MODEL NUMBER... loads a model and predicts one example.
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "strata/model.hpp"

void print_prediction(const strata::Model& model, std::span<const double> example) {
  // The inputs as they are in the data (the model scales them as in training); m = 1 example.
  const std::vector<double> outputs = model.predict(example, 1);
  const strata::Target& target = model.target();
  if (target.task == strata::Task::binary) {
    std::printf("probability of %s: %.1f\n", target.classes[1].c_str(), outputs[0]);
    return;
  }
  const auto& names = target.task == strata::Task::classes ? target.classes : target.names;
  for (std::size_t i = 0; i < outputs.size(); ++i) std::printf("%s: %g\n", names[i].c_str(), outputs[i]);
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: 4-embed MODEL NUMBER...\n");
    return 2;
  }
  try {
    const strata::Model model = strata::Model::load(argv[1]);  // once; predict as often as you like
    std::vector<double> example;
    for (int i = 2; i < argc; ++i) example.push_back(std::stod(argv[i]));
    print_prediction(model, example);
    return 0;
  } catch (const strata::Error& error) {  // code() tells the kinds apart; what() says what to do
    std::fprintf(stderr, "4-embed: %s\n", error.what());
  } catch (const std::exception&) {
    std::fprintf(stderr, "4-embed: the inputs must be numbers\n");
  }
  return 1;
}
