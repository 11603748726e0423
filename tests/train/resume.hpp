// What the tests of checkpoints share: a table as text, a small training, and what stops and goes on with it.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "refusal.hpp"
#include "strata/trainer.hpp"

namespace strata {

namespace fs = std::filesystem;

struct Folder {
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  // In memory where it can be: thousands of files are written.
  fs::path path = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                  ("strata-checkpoint-" + std::to_string(::getpid()));
};

/// Numbers, a category and a yes or no; y a number or a word. `of_rows`: and how much a row counts (a tenth of them
/// nothing), and whose it is.
inline std::string csv(std::size_t rows, bool words, double factor = 1, std::size_t first = 0, bool of_rows = false) {
  std::string text = of_rows ? "x,z,colour,wet,count,whose,y\n" : "x,z,colour,wet,y\n";
  for (std::size_t i = first; i < first + rows; ++i) {
    const auto at = static_cast<double>(i);
    const double x = std::sin(3 * at + 1), z = std::cos(at * at), y = factor * (x - 0.5 * z + 0.3 * std::sin(97 * at));
    const std::string last = words ? (y > 0.4 ? "high" : y > -0.3 ? "mid" : "low") : std::to_string(y);
    text += std::to_string(x) + "," + std::to_string(z) + "," +
            (i % 3 == 0   ? "red"
             : i % 3 == 1 ? "green"
                          : "blue") +
            "," + (i % 5 < 2 ? "yes" : "no") + "," +
            (of_rows ? std::to_string(i % 10) + ",P" + std::to_string(i / 6) + "," : "") + last + "\n";
  }
  return text;
}

class Resume : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const fs::path file = folder_.path / name;
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  std::string bytes_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static std::string bytes_of(const Model& model) {
    const std::vector<std::byte> bytes = model.to_bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  fs::path checkpoint() const { return folder_.path / "c"; }

  /// Callbacks of a training that ends after so many updates and then leaves its checkpoint.
  Callbacks stopping(std::int64_t after) {
    Callbacks callbacks;
    callbacks.progress = [this](const Progress& progress) { done_ = progress.iteration; };
    callbacks.stop = [this, after] { return done_ == after; };
    callbacks.checkpoint = [this](const Checkpoint& made) { made.save(checkpoint()); };
    return callbacks;
  }
  Fit go_on(const fs::path& file, const std::function<void(Options&)>& set = {}, const Callbacks& callbacks = {}) {
    const Checkpoint from = Checkpoint::load(checkpoint());
    Options options = from.options();
    if (set) set(options);
    return resume(std::span(&file, 1), from, options, callbacks);
  }
  /// A checkpoint of a small training after so many updates.
  fs::path stopped(const Options& options, std::int64_t after = 20) {
    const fs::path file = write("data.csv", csv(90, false));
    static_cast<void>(train(file, options, stopping(after)));
    return file;
  }

  /// What is told of a training: the mean cost of each epoch, and the advice at its end.
  Callbacks telling(Callbacks callbacks = {}) {
    callbacks.epoch = [this](const EpochReport& report) { costs_[report.epoch] = report.mean_cost; };
    callbacks.note = [this](std::string_view text) {
      if (text.find("more epochs may do better") != std::string_view::npos) note_ = text;
    };
    return callbacks;
  }

  Folder folder_;
  std::int64_t done_ = 0;
  std::map<std::int64_t, double> costs_;
  std::string note_;
};

inline Options small() {
  Options options;
  options.hidden_layers = {6, 5};
  options.batch_size = 8;
  options.epochs = 12;
  return options;
}

}  // namespace strata
