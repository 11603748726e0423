// STRATA_KERNELS: the set that it names is the one that computes, so the bits are those that its kernels give here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/registry.hpp"
#include "model/model_data.hpp"
#include "network/initialize.hpp"
#include "network/step.hpp"
#include "optim/optimizer.hpp"
#include "strata/trainer.hpp"

namespace strata {
using namespace internal;
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

Options some_options() {
  Options options;
  options.inputs = {"X"};
  options.target = {"y"};
  options.hidden_layers = {2};  // so few units that all but the plain loops add up along their lanes
  options.activation = {Activation::tanh};
  options.batch_size = 0;
  options.iterations = 5;
  options.threads = 1;
  return options;
}

Model trained() {
  const std::vector<double> X = random_numbers(kRows * kInputs), y = random_numbers(kRows);
  Table table;
  table.add_numbers("X", {kInputs}, X);
  table.add_numbers("y", {}, y);
  return train(std::move(table), some_options()).model;
}

std::vector<double> weights_of(const Model& model) {
  std::vector<double> all;
  for (int l = 1; l <= model.architecture().depth(); ++l) {
    for (const double value : model.weights(l)) all.push_back(value);
  }
  return all;
}

std::vector<float> scaled(const Model& model, const std::vector<double>& X) {
  const Scaling& scaling = model.scaling();
  std::vector<float> x;
  for (std::size_t at = 0; at < X.size(); ++at) {
    const std::size_t i = at % kInputs;
    x.push_back(static_cast<float>(scaling.offset.empty() ? X[at] : (X[at] - scaling.offset[i]) / scaling.divisor[i]));
  }
  return x;
}

// The rows of X (n_x, m), by these kernels and nothing else.
std::vector<double> predictions(const Model& model, std::string_view kernels_name, const std::vector<double>& X) {
  const auto& p = model.data().first<float>();
  std::vector<float> x = scaled(model, X);
  const auto m = static_cast<Index>(X.size() / kInputs);
  ThreadPool alone(1);
  const auto kernels = make_kernels<float>(kernels_name, alone);
  Workspace<float> ws(model.architecture(), m, Keep::forward);
  predict(model.architecture(), p, View<const float>(x.data(), kInputs, m), ws, *kernels);
  const Target& target = model.target();
  std::vector<double> all;
  for (Index j = 0; j < m; ++j) {
    const auto a = static_cast<double>(ws.A[model.architecture().depth()](0, j));
    all.push_back(target.offset.empty() ? a : a * target.divisor[0] + target.offset[0]);
  }
  return all;
}

// The weights after the same five updates, by these kernels and nothing else.
std::vector<double> expected_weights(const Model& model, std::string_view kernels_name) {
  ThreadPool alone(1);
  const auto kernels = make_kernels<float>(kernels_name, alone);
  const Architecture& net = model.architecture();
  std::vector<float> x = scaled(model, random_numbers(kRows * kInputs)), y;
  for (const double value : random_numbers(kRows)) y.push_back(static_cast<float>(value));
  const Options options = some_options();
  auto p = initialize<float>(net, options.initializer, options.random, options.seed);
  Parameters<float> gradient(net);
  Workspace<float> ws(net, kRows, Keep::backward);
  Optimizer<float> optimizer(options, p.theta().size());
  for (std::int64_t i = 0; i < *options.iterations; ++i) {
    static_cast<void>(
        train_step(net, p, Batch<float>{View<float>(x.data(), kInputs, kRows), View<const float>(y.data(), 1, kRows)},
                   0.0, ws, *kernels, gradient));
    optimizer.update(p.blocks(), p.theta(), std::as_const(gradient).theta(), *kernels);
  }
  std::vector<double> all;
  for (int l = 1; l <= net.depth(); ++l) all.insert(all.end(), p.W[l].data, p.W[l].data + p.W[l].size());
  return all;
}

TEST(ForcedKernels, TrainingIsDoneByThem) {
  for (const Backend& entry : available_backends()) {
    const Forced forced(entry.name);
    const Model model = trained();
    EXPECT_EQ(weights_of(model), expected_weights(model, entry.name)) << entry.name;
  }
}

TEST(ForcedKernels, PredictionIsDoneByThem) {
  const Model model = trained();
  const std::vector<double> X = random_numbers(kRows * kInputs);
  for (const Backend& entry : available_backends()) {
    const Forced forced(entry.name);
    EXPECT_EQ(model.predict(X, kRows), predictions(model, entry.name, X)) << entry.name;
  }
}

}  // namespace
}  // namespace strata
