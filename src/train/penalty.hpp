// The part of an epoch's costs that L2 adds, without reading all weights at every step, which would take up to a third
// of it.
#pragma once

#include <cstdint>

namespace strata::internal {

/// Σ over steps of ‖W‖² before each, from a sample now and then: between two samples it counts as a straight line.
class SquaresOfSteps {
 public:
  /// How many steps may pass from one sample to the next.
  static constexpr std::int64_t kEvery = 16;
  [[nodiscard]] bool wants_sample() const noexcept { return steps_ % kEvery == 0; }

  /// ‖W‖² now, before the next step.
  void sample(double squares) noexcept {
    const auto n = static_cast<double>(steps_);
    sum_ += n * last_ + (n > 0 ? (squares - last_) * (n - 1) / 2 : 0);
    last_ = squares;
    steps_ = 0;
  }
  void step() noexcept { ++steps_; }

  /// The last sample.
  [[nodiscard]] double last() const noexcept { return last_; }
  /// The sum up to the last sample; the next begins there.
  [[nodiscard]] double take() noexcept {
    const double sum = sum_;
    sum_ = 0;
    return sum;
  }

  template <class Visit>
  void fields(const Visit& visit) {
    visit("sum", sum_), visit("last", last_), visit("steps", steps_);
  }

 private:
  double sum_ = 0, last_ = 0;
  std::int64_t steps_ = 0;  // since the last sample
};

}  // namespace strata::internal
