// Whether to go on: which epoch did best on the examples that are held back, and whether another one may; and whether a
// training of a length that nobody named was too short.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace strata::internal {

/// Prechelt, 1998, "Early stopping — but when?": the criterion UP, with strips of one epoch.
class EarlyStopping {
 public:
  /// `patience`: epochs without a better value after which no more is hoped for. `least`: better is only what is so by
  /// more than this.
  EarlyStopping(std::int64_t patience, bool higher_is_better, double least)
      : patience_(patience), sign_(higher_is_better ? -1 : 1), least_(least) {}

  /// The value after the next epoch. True: its weights are the ones to keep. Without a `least` no epoch did better so
  /// far, and of several that do equally well it is the last, while the patience counts from the first. With one, those
  /// passed over may have done better than the best so far, so one that does as well is none. A value that is not
  /// defined never is.
  [[nodiscard]] bool is_best(double value) noexcept {
    ++waited_;
    if (sign_ * value < best_ - least_) {
      best_ = sign_ * value;
      waited_ = 0;
      return true;
    }
    return least_ == 0 && has_best() && sign_ * value == best_;
  }
  [[nodiscard]] bool gives_up() const noexcept { return waited_ >= patience_; }
  /// Epochs since one was better than all before it.
  [[nodiscard]] std::int64_t waited() const noexcept { return waited_; }
  /// Was any value better than nothing?
  [[nodiscard]] bool has_best() const noexcept { return best_ < std::numeric_limits<double>::infinity(); }

  template <class Visit>
  void fields(const Visit& visit) {
    visit("waited", waited_), visit("best", best_);
  }

 private:
  std::int64_t patience_, waited_ = 0;
  double sign_, least_;
  double best_ = std::numeric_limits<double>::infinity();  // times sign_
};

/// Whether the training cost still falls: scikit-learn's tol and n_iter_no_change.
class Plateau {
 public:
  /// `tol`: how far below the lowest cost so far one must fall to count; none: looks at nothing. `epochs`: it gives up
  /// after so many without one.
  Plateau(std::optional<double> tol, std::int64_t epochs) : tol_(tol), epochs_(epochs) {}

  [[nodiscard]] bool looks() const noexcept { return tol_.has_value(); }
  /// The mean cost of the next epoch. One that falls by less is the lowest all the same, as in scikit-learn.
  void add(double cost) noexcept {
    if (!tol_) return;
    waited_ = cost < lowest_ - *tol_ ? 0 : waited_ + 1;
    lowest_ = std::min(lowest_, cost);
  }
  [[nodiscard]] bool gives_up() const noexcept { return waited_ >= epochs_; }

  template <class Visit>
  void fields(const Visit& visit) {
    visit("waited", waited_), visit("lowest", lowest_);
  }

 private:
  std::optional<double> tol_;
  std::int64_t epochs_, waited_ = 0;
  double lowest_ = std::numeric_limits<double>::infinity();
};

/// Looks at the cost of the first epoch, of the last, and of the one at nine tenths of the way.
class CostTrend {
 public:
  /// Of so many epochs; 0: looks at nothing.
  explicit CostTrend(std::int64_t epochs) : at_{epochs > 0 ? 1 : 0, epochs - epochs / 10, epochs} {}

  [[nodiscard]] bool wants(std::int64_t epoch) const noexcept {
    return epoch == at_[0] || epoch == at_[1] || epoch == at_[2];
  }
  void add(std::int64_t epoch, double cost) noexcept {
    for (std::size_t i = 0; i < at_.size(); ++i)
      if (epoch == at_[i]) cost_[i] = cost;
  }
  /// In the last tenth the cost fell by a twentieth, and there is something left: a fiftieth of the first epoch's.
  /// (What learns its rows by heart, falls for ever.)
  [[nodiscard]] bool still_falls() const noexcept {
    return at_[1] < at_[2] && last() < 0.95 * late() && last() > 0.02 * cost_[0];
  }
  [[nodiscard]] double late() const noexcept { return cost_[1]; }
  [[nodiscard]] double last() const noexcept { return cost_[2]; }
  [[nodiscard]] std::int64_t late_epoch() const noexcept { return at_[1]; }

  template <class Visit>
  void fields(const Visit& visit) {
    visit("costs", std::span(cost_));
  }

 private:
  std::array<std::int64_t, 3> at_;
  std::array<double, 3> cost_{};
};

}  // namespace strata::internal
