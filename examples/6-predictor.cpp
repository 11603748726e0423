// Prediction without overhead: 6-predictor MODEL NUMBER... prepares a model once, then predicts as many examples as the
// numbers make, all in one call and each in a thread of its own, with the same predictor.
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "strata/error.hpp"
#include "strata/model.hpp"
#include "strata/predictor.hpp"

// Number is float or double, as the model was trained.
template <class Number>
void predict_all(const strata::Predictor& predictor, const std::vector<double>& numbers) {
  const std::vector<Number> X(numbers.begin(), numbers.end());  // raw: the predictor scales as the model does
  const std::size_t n_x = predictor.inputs(), n_y = predictor.outputs(), m = X.size() / n_x;
  std::vector<Number> batch(m * n_y), alone(m * n_y);
  predictor.predict(std::span<const Number>(X), m, batch);

  // No lock is needed: a predictor never changes. (Real work would keep its threads; this one only shows that it may.)
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < m; ++i) {
    threads.emplace_back([&, i] {
      predictor.predict(std::span<const Number>(X).subspan(i * n_x, n_x), 1,
                        std::span<Number>(alone).subspan(i * n_y, n_y));
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (std::size_t i = 0; i < m; ++i) {
    std::printf("example %zu:", i);
    for (std::size_t k = 0; k < n_y; ++k) std::printf(" %.1f", static_cast<double>(batch[i * n_y + k]));
    std::printf("\n");
  }
  std::printf("alone and in the batch: %s\n", alone == batch ? "the same bits" : "different numbers");
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: 6-predictor MODEL NUMBER...\n");
    return 2;
  }
  try {
    const strata::Predictor predictor(strata::Model::load(argv[1]));  // holds all that it needs of the model
    std::vector<double> numbers;
    for (int i = 2; i < argc; ++i) numbers.push_back(std::stod(argv[i]));
    if (numbers.size() % predictor.inputs() != 0) {
      std::fprintf(stderr, "6-predictor: expected %zu numbers an example, found %zu in all\n", predictor.inputs(),
                   numbers.size());
      return 1;
    }
    if (predictor.precision() == strata::Precision::float64) {
      predict_all<double>(predictor, numbers);
    } else {  // float32, and bf16 from float32
      predict_all<float>(predictor, numbers);
    }
    return 0;
  } catch (const strata::Error& error) {
    std::fprintf(stderr, "6-predictor: %s\n", error.what());
  } catch (const std::exception&) {
    std::fprintf(stderr, "6-predictor: the inputs must be numbers\n");
  }
  return 1;
}
