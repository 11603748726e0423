// Trains, saves, loads, predicts and reads a picture with nothing but the installed library: consumer DATA MODEL
// PICTURE
#include <cstdio>
#include <strata/strata.hpp>
#include <string>
#include <string_view>
#include <vector>

// The package, the headers and the numbers are of one version.
static_assert(std::string_view(STRATA_VERSION) == PACKAGE_VERSION);
static_assert(STRATA_VERSION_NUMBER ==
              STRATA_VERSION_MAJOR * 10000 + STRATA_VERSION_MINOR * 100 + STRATA_VERSION_PATCH);
#if STRATA_VERSION_NUMBER < 100 || STRATA_VERSION_NUMBER > 990000
#error "the version is no number that the preprocessor can compare"
#endif

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
