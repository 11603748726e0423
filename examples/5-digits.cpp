// Training from C++ with the progress in your own hands: 5-digits DIGITS.CSV learns handwritten digits of 8 × 8 pixels
// and is tested on rows that it has never seen.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "strata/strata.hpp"

int main(int argc, char** argv) try {
  const strata::Table digits = strata::read_table(argc > 1 ? argv[1] : "data/digits.csv");
  std::vector<std::size_t> train_rows, held_rows;  // every sixth row is held back
  for (std::size_t row = 0; row < digits.rows(); ++row) (row % 6 == 5 ? held_rows : train_rows).push_back(row);
  const strata::Table held_back = digits.select_rows(held_rows);

  strata::Options options;
  options.target = {"digit"};
  options.hidden_layers = {64, 32};
  options.epochs = 30;

  strata::Callbacks callbacks;
  callbacks.note = [](std::string_view text) { std::printf("%.*s\n", static_cast<int>(text.size()), text.data()); };
  callbacks.warning = callbacks.note;
  callbacks.epoch = [](const strata::EpochReport& report) {
    if (report.epoch % 5 == 0)
      std::printf("epoch %2d: mean cost %.4f\n", static_cast<int>(report.epoch), report.mean_cost);
  };

  const strata::Fit fit = strata::train(digits.select_rows(train_rows), options, callbacks);
  if (fit.ending == strata::Ending::diverged) {
    std::fprintf(stderr, "5-digits: %s\n", fit.explanation.c_str());
    return 1;
  }
  const strata::Metrics seen = fit.model.record().train, unseen = fit.model.evaluate(held_back);
  std::printf("trained on:  %4zu of %zu right (%.1f %%)\n", seen.correct, seen.examples, 100 * seen.accuracy);
  std::printf("held back:   %4zu of %zu right (%.1f %%)\n", unseen.correct, unseen.examples, 100 * unseen.accuracy);

  const strata::Predictions predictions = fit.model.predict(held_back);
  std::printf("the first ten of them, predicted / true:");
  for (std::size_t i = 0; i < 10; ++i) {
    std::printf(" %s/%g", predictions.classes[predictions.label[i]].c_str(),
                held_back.number(held_back.field("digit"), i));
  }
  std::printf("\n");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "5-digits: %s\n", error.what());
  return 1;
}
