// A work: one net, its data and what to do with it, read from a folder that bench.py wrote. Every contestant reads the
// same folder, and this header is all that the ones in C++ share.
//
//   work.json   the description
//   theta       W[1], b[1], …, W[L], b[L], each column-major: W[l] (n_l, n_{l−1}), b[l] (n_l, 1)
//   x, y        the examples, one after the other: X (n_x, rows), Y (n_y, rows)
//
// The numbers are raw float32 or float64 in the byte order of the machine, as work.json says.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace strata_bench {

struct Work {
  std::filesystem::path folder;
  std::string name;
  std::string kind;         // train, predict, epoch, forward, score
  std::vector<int> layers;  // n_0 … n_L
  std::string loss;         // binary_cross_entropy, categorical_cross_entropy, squared_error
  std::string optimizer;    // gradient_descent, adam
  double learning_rate = 0;
  std::string precision;     // float32, float64, bf16 (float32 in the files)
  std::ptrdiff_t batch = 0;  // examples of one step or one call
  std::ptrdiff_t rows = 0;   // examples in the files
  int threads = 1;
  double l2 = 0, dropout = 0, clip_norm = 0;
  bool weights = false;  // the examples count 1, 2, 3 and 4 by turns
  std::string schedule = "constant", metrics;
  bool checkpoints = false;  // one after each epoch

  [[nodiscard]] std::ptrdiff_t inputs() const { return layers.front(); }
  [[nodiscard]] std::ptrdiff_t outputs() const { return layers.back(); }
  /// Whole batches: they are taken in order, from the first again after the last.
  [[nodiscard]] std::ptrdiff_t batches() const { return rows / batch; }
  [[nodiscard]] std::ptrdiff_t parameter_count() const {
    std::ptrdiff_t count = 0;
    for (std::size_t l = 1; l < layers.size(); ++l) count += std::ptrdiff_t{layers[l]} * (layers[l - 1] + 1);
    return count;
  }
};

inline Work read_work(const std::filesystem::path& folder) {
  std::ifstream file(folder / "work.json");
  if (!file) throw std::runtime_error("there is no " + (folder / "work.json").string() + ": bench.py writes it");
  const nlohmann::json json = nlohmann::json::parse(file);
  if (json.at("format") != 1) throw std::runtime_error((folder / "work.json").string() + ": expected format 1");
  Work work;
  work.folder = folder;
  json.at("name").get_to(work.name);
  json.at("kind").get_to(work.kind);
  json.at("layers").get_to(work.layers);
  json.at("loss").get_to(work.loss);
  json.at("optimizer").get_to(work.optimizer);
  json.at("learning_rate").get_to(work.learning_rate);
  json.at("precision").get_to(work.precision);
  json.at("batch").get_to(work.batch);
  json.at("rows").get_to(work.rows);
  json.at("threads").get_to(work.threads);
  work.l2 = json.value("l2", 0.0);
  work.dropout = json.value("dropout", 0.0);
  work.clip_norm = json.value("clip_norm", 0.0);
  work.weights = json.value("weights", false);
  work.schedule = json.value("schedule", work.schedule);
  work.metrics = json.value("metrics", work.metrics);
  work.checkpoints = json.value("checkpoints", false);
  if (work.layers.size() < 2 || work.batch < 1 || work.rows < work.batch) {
    throw std::runtime_error((folder / "work.json").string() + ": expected two layers or more and 1 ≤ batch ≤ rows");
  }
  return work;
}

template <class T>
std::vector<T> read_numbers(const Work& work, const char* name, std::ptrdiff_t count) {
  const std::filesystem::path path = work.folder / name;
  const auto bytes = static_cast<std::uintmax_t>(count) * sizeof(T);
  if (std::filesystem::file_size(path) != bytes) {
    throw std::runtime_error(path.string() + ": expected " + std::to_string(bytes) + " bytes, found " +
                             std::to_string(std::filesystem::file_size(path)));
  }
  std::vector<T> numbers(static_cast<std::size_t>(count));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(bytes));
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  return numbers;
}

/// What the loss is after the run, for the check that all did the same work: the mean over `count` examples, from the
/// network's outputs A (n_y, count).
template <class T>
double mean_loss(const Work& work, const T* A, const T* Y, std::ptrdiff_t count) {
  constexpr double kTiny = 1e-30;
  double sum = 0;
  for (std::ptrdiff_t i = 0; i < count * work.outputs(); ++i) {
    const double a = A[i], y = Y[i];
    if (work.loss == "squared_error") {
      sum += (a - y) * (a - y) / 2;
    } else {
      sum -= y * std::log(a + kTiny);
      if (work.loss == "binary_cross_entropy") sum -= (1 - y) * std::log(1 - a + kTiny);
    }
  }
  return sum / static_cast<double>(count);
}

}  // namespace strata_bench
