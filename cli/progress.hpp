// The live line of a training on a terminal: bar, cost, rate, time left.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "arguments.hpp"
#include "output.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {

class ProgressBar {
 public:
  /// Draws nothing when `wanted` is false or the stream is not a terminal that can.
  ProgressBar(Output& on, bool wanted);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// At most ten times a second.
  void update(const Progress& progress);
  /// Takes the line away, so that others may be printed.
  void clear();
  /// Those of the training that it was told of.
  [[nodiscard]] std::int64_t iterations() const noexcept { return iterations_; }

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] std::string line(const Progress& progress, double seconds) const;

  Output& on_;
  bool wanted_;
  bool shown_ = false;
  Clock::time_point start_, last_;
  std::int64_t first_iteration_ = -1, iterations_ = 0;
};

/// What every training tells and asks: notes unless --quiet, warnings, how far it is, whether it is interrupted. `bar`
/// is borrowed.
[[nodiscard]] Callbacks callbacks_of(const Arguments& arguments, ProgressBar& bar);

/// "20 ms", "0.8 s", "42 s", "3 min 20 s", "2 h 5 min"
[[nodiscard]] std::string duration(double seconds);

}  // namespace strata::cli
