// A table of a program's own arrays: the numbers stay where they are, and parts of the table share them.
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <string>
#include <vector>

#include "strata/strata.hpp"

namespace {

// Points in the plane, as a measuring program may have them: x, y and the time of each, one after the other.
struct Points {
  static constexpr std::size_t kCount = 400;
  std::vector<float> numbers;
  std::vector<std::string> places;  // what is to be learned

  Points() {
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto angle = static_cast<float>(i) * 2.4F, radius = static_cast<float>(i % 20) / 10;
      numbers.insert(numbers.end(), {radius * std::cos(angle), radius * std::sin(angle), static_cast<float>(i)});
      places.emplace_back(radius < 1 ? "inside" : "outside");
    }
  }
};

}  // namespace

int main() try {
  const Points points;
  {
    strata::Table table;
    table.add_borrowed("position", {.data = points.numbers.data(),
                                    .type = strata::NumberType::f32,
                                    .rows = Points::kCount,
                                    .shape = {2},  // x and y; the time is left out
                                    .stride = 3 * sizeof(float),
                                    .release = [] { std::printf("the points are no longer needed\n"); }});
    table.add_text("place", points.places);

    strata::Options options;
    options.target = {"place"};
    options.hidden_layers = {16};
    options.learning_rate = 0.01;
    options.epochs = 100;
    const strata::Fit fit = strata::train(table.slice_rows(0, 300), options);

    std::vector<std::size_t> rows(100);  // any rows, in any order
    std::iota(rows.rbegin(), rows.rend(), 300);
    const strata::Metrics unseen = fit.model.evaluate(table.select_rows(rows));
    std::printf("%s of the held back points in their place\n", unseen.correct >= 95 ? "at least 95 %" : "too few");
  }
  std::printf("done\n");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "7-arrays: %s\n", error.what());
  return 1;
}
