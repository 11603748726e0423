// Models that are trained further, and what is told of it.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "refusal.hpp"
#include "strata/trainer.hpp"

namespace strata {

namespace fs = std::filesystem;

/// Rows first … first + rows − 1 of a table: x (missing in some), a category, a yes or no, a date, how much the row
/// counts, whose it is, and y: a number or one of three words.
inline std::string csv(std::size_t first, std::size_t rows, bool words, double shift = 0) {
  std::string text = "x,colour,wet,day,count,whose,y\n";
  for (std::size_t i = first; i < first + rows; ++i) {
    const double at = static_cast<double>(i), x = shift + std::sin(3 * at + 1), y = x + 0.4 * std::sin(97 * at);
    text += (i % 11 == 3 ? "" : std::to_string(x)) + (i % 3 == 0 ? ",red," : ",green,") + (i % 5 < 2 ? "yes" : "no");
    text += ",2024-0" + std::to_string(1 + i % 7) + "-1" + std::to_string(i % 9) + "," + std::to_string(i % 4) + ",P";
    text += std::to_string(i / 5) + "," + (words ? (y > 0.4 ? "high" : y > -0.3 ? "mid" : "low") : std::to_string(y));
    text += "\n";
  }
  return text;
}

inline Options small(bool words) {
  Options options;
  options.hidden_layers = {6, 5};
  options.activation = {Activation::tanh};
  options.epochs = 6;
  options.batch_size = 8;
  options.ignore = {"count", "whose"};
  if (words) options.task = Task::classes;
  return options;
}

class Continuation : public ::testing::Test {
 protected:
  Continuation() { fs::create_directories(folder_); }
  ~Continuation() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  [[nodiscard]] Callbacks telling() {
    Callbacks callbacks;
    callbacks.note = [this](std::string_view text) { notes_ += std::string(text) + "\n"; };
    callbacks.warning = [this](std::string_view text) { warnings_ += std::string(text) + "\n"; };
    return callbacks;
  }
  Fit go_on(const Model& model, const fs::path& file, const std::function<void(Options&)>& set = {}) {
    Options options = options_of(model);
    if (set) set(options);
    return continue_training(std::span(&file, 1), model, options, telling());
  }
  [[nodiscard]] bool noted(const std::string& text) const { return notes_.find(text) != std::string::npos; }
  [[nodiscard]] bool warned(const std::string& text) const { return warnings_.find(text) != std::string::npos; }
  static std::vector<double> parameters(const Model& model) {
    std::vector<double> all;
    for (int l = 1; l <= model.architecture().depth(); ++l)
      for (const auto& part : {model.weights(l), model.biases(l)}) all.insert(all.end(), part.begin(), part.end());
    return all;
  }
  static void expect_same_features(const Features& a, const Features& b) {
    EXPECT_EQ(a.inputs, b.inputs);
    EXPECT_EQ(a.scaling, b.scaling);
    EXPECT_EQ(a.target, b.target);
    EXPECT_EQ(a.missing, b.missing);
  }

  fs::path folder_ = fs::temp_directory_path() / ("strata-continuation-" + std::to_string(::getpid()));
  std::string notes_, warnings_;
};

#define EXPECT_HAS(text, part) EXPECT_NE(std::string(text).find(part), std::string::npos) << (text)

}  // namespace strata
