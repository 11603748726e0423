// STRATA_KERNELS: the set that it names is the one that computes. Which one computed shows in the last bits: the sets
// fuse multiplications and additions or do not, and add up as many partial sums as they have lanes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kernels/registry.hpp"
#include "model/model_data.hpp"
#include "network/step.hpp"
#include "strata/trainer.hpp"

namespace strata {
namespace {

// STRATA_KERNELS set for a while.
class Forced {
 public:
  explicit Forced(std::string_view name) {
    if (const char* old = std::getenv("STRATA_KERNELS")) before_ = old;
    ::setenv("STRATA_KERNELS", std::string(name).c_str(), 1);
  }
  ~Forced() { before_ ? ::setenv("STRATA_KERNELS", before_->c_str(), 1) : ::unsetenv("STRATA_KERNELS"); }
  Forced(const Forced&) = delete;
  Forced& operator=(const Forced&) = delete;

 private:
  std::optional<std::string> before_;
};

constexpr std::size_t kRows = 50, kInputs = 301;

std::vector<double> random_numbers(std::size_t count) {
  std::mt19937_64 random(8);
  std::normal_distribution<double> draw;
  std::vector<double> numbers(count);
  for (double& number : numbers) number = draw(random);
  return numbers;
}

Model trained() {
  const std::vector<double> X = random_numbers(kRows * kInputs), y = random_numbers(kRows);
  Table table;
  table.add_numbers("X", {kInputs}, X);
  table.add_numbers("y", {}, y);
  Options options;
  options.inputs = {"X"};
  options.target = {"y"};
  options.hidden_layers = {2};  // so few units that all but the plain loops add up along their lanes
  options.activation = {Activation::tanh};
  options.iterations = 5;
  options.threads = 1;
  return train(std::move(table), options).model;
}

std::vector<double> weights_of(const Model& model) {
  std::vector<double> all;
  for (int l = 1; l <= model.architecture().depth(); ++l) {
    for (const double value : model.weights(l)) all.push_back(value);
  }
  return all;
}

// The rows of X (n_x, m), by these kernels and nothing else.
std::vector<double> predictions(const Model& model, std::string_view kernels_name, const std::vector<double>& X) {
  const auto& p = std::get<Parameters<float>>(model.data().parameters);
  const Scaling& scaling = model.scaling();
  std::vector<float> x;
  for (std::size_t at = 0; at < X.size(); ++at) {
    const std::size_t i = at % kInputs;
    x.push_back(static_cast<float>(scaling.offset.empty() ? X[at] : (X[at] - scaling.offset[i]) / scaling.divisor[i]));
  }
  const auto m = static_cast<Index>(X.size() / kInputs);
  ThreadPool alone(1);
  const auto kernels = make_kernels<float>(kernels_name, alone);
  Workspace<float> ws(model.architecture(), m, Keep::forward);
  predict(model.architecture(), p, View<float>(x.data(), kInputs, m), ws, *kernels);
  const Target& target = model.target();
  std::vector<double> all;
  for (Index j = 0; j < m; ++j) {
    const auto a = static_cast<double>(ws.A[model.architecture().depth()](0, j));
    all.push_back(target.offset.empty() ? a : a * target.divisor[0] + target.offset[0]);
  }
  return all;
}

// `panels` forms the reference's sums; all others have sums of their own.
void expect_distinct(const std::map<std::string, std::vector<double>>& results) {
  for (const auto& [name, its] : results) {
    for (const auto& [other, others] : results) {
      if (name < other && !(name == "panels" && other == "reference")) {
        EXPECT_NE(its, others) << name << ", " << other;
      }
    }
  }
}

TEST(ForcedKernels, TrainingIsDoneByThem) {
  std::map<std::string, std::vector<double>> weights;
  for (const KernelsEntry& entry : available_kernels()) {
    const Forced forced(entry.name);
    weights[std::string(entry.name)] = weights_of(trained());
    EXPECT_EQ(weights_of(trained()), weights[std::string(entry.name)]) << entry.name;
  }
  EXPECT_EQ(weights["panels"], weights["reference"]);
  expect_distinct(weights);
}

TEST(ForcedKernels, PredictionIsDoneByThem) {
  const Model model = trained();
  const std::vector<double> X = random_numbers(kRows * kInputs);
  std::map<std::string, std::vector<double>> expected;
  for (const KernelsEntry& entry : available_kernels()) {
    expected[std::string(entry.name)] = predictions(model, entry.name, X);
    const Forced forced(entry.name);
    EXPECT_EQ(model.predict(X, kRows), expected[std::string(entry.name)]) << entry.name;
  }
  expect_distinct(expected);
}

}  // namespace
}  // namespace strata
