// Trains, saves, loads and predicts with nothing but the installed library.
#include <cstdio>
#include <strata/strata.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    strata::Options options;
    options.hidden_layers = {8};
    options.epochs = 30;
    const strata::Fit fit = strata::train(std::string(argv[1]), options);
    fit.model.save(argv[2]);
    const strata::Model model = strata::Model::load(argv[2]);
    const strata::Metrics metrics = model.evaluate(strata::read_for(model, {argv[1], {}, {}}, true));
    std::printf("%s %zu of %zu\n", STRATA_VERSION, metrics.correct, metrics.examples);
    return metrics.accuracy > 0.9 ? 0 : 1;
  } catch (const strata::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
