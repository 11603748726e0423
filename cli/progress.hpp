// The live line of a training on a terminal: bar, cost, rate, time left.
#pragma once

#include <chrono>
#include <string>

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

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] std::string line(const Progress& progress, double seconds) const;

  Output& on_;
  bool wanted_;
  bool shown_ = false;
  Clock::time_point start_, last_;
  std::int64_t first_iteration_ = -1;
};

/// "20 ms", "0.8 s", "42 s", "3 min 20 s", "2 h 5 min"
[[nodiscard]] std::string duration(double seconds);

}  // namespace strata::cli
