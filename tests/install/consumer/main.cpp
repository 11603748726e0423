// Trains, saves, loads, predicts and reads a picture with nothing but the installed library: consumer DATA MODEL
// PICTURE
#include <cstdio>
#include <strata/strata.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    strata::Options options;
    options.hidden_layers = {8};
    options.epochs = 30;
    const strata::Fit fit = strata::train(std::string(argv[1]), options);
    fit.model.save(argv[2]);
    const strata::Model model = strata::Model::load(argv[2]);
    const strata::Metrics metrics = model.evaluate(strata::read_for(model, {argv[1], {}, {}}, true));
    std::printf("%s %zu of %zu\n", STRATA_VERSION, metrics.correct, metrics.examples);
    const std::size_t shape[] = {2, 2};
    const std::vector<double> pixels = strata::read_image(argv[3], shape);  // by the installed helper
    return metrics.accuracy > 0.9 && pixels == std::vector<double>{0, 255, 255, 0} ? 0 : 1;
  } catch (const strata::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
