// What a network said of examples beside what is true of them: for the figures that need all examples at once, and for
// measuring again with other weights.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/view.hpp"
#include "strata/model.hpp"

namespace strata::internal {

/// Example after example.
struct Outcomes {
  Task task = Task::automatic;
  std::size_t outputs = 0;                 // n_y
  std::size_t questions = 1;               // several of yes or no, or one of `classes`; regression: unused
  std::size_t classes = 2;                 // that a question has
  std::size_t examples = 0;                // m
  std::vector<double> weights;             // (m); empty: 1 each
  std::vector<double> unseen;              // weights of examples beside the m: of classes that the model does not know
  std::vector<double> losses;              // (m), where they are kept
  std::vector<double> a;                   // (n_y, m): probabilities, or numbers in the units of the target
  std::vector<double> y;                   // (n_y, m): numbers in the units of the target; regression only
  std::vector<std::uint32_t> truth, said;  // (questions, m): classes

  Outcomes(const Architecture& net, const Target& target);
  /// Which of the classes a network with such outputs says and which is right; `w`: null, or one for each.
  template <class T>
  void add(const Target& target, Head head, View<const T> A, View<const T> Y, const double* w);
};

/// The predicted class of one example from its outputs: p > 0.5, or the first of the largest.
template <class T>
[[nodiscard]] std::size_t predicted_class(Head head, const T* a, Index n) noexcept {
  if (head == Head::sigmoid) return a[0] > T(0.5) ? 1 : 0;
  Index first = 0, i = 1;
  T largest = a[0];
  for (; i + 1 < n; i += 2) {  // two at a time, without a branch: in a third of the time
    const Index second = a[i + 1] > a[i] ? 1 : 0, better = std::max(a[i], a[i + 1]) > largest ? 1 : 0;
    first += better * (i + second - first);
    largest = std::max(largest, std::max(a[i], a[i + 1]));
  }
  if (i < n) first += (a[i] > largest ? 1 : 0) * (i - first);
  return static_cast<std::size_t>(first);
}

/// Figures of the same outcomes for any weights: what does not depend on these is made once.
class Measurement {
 public:
  /// Borrows the outcomes. `quantile`: of the pinball loss. The loss needs Outcomes::losses.
  Measurement(const Outcomes& of, std::vector<Metric> wanted, double quantile);

  /// Numbers that a call needs beside its results.
  [[nodiscard]] std::size_t scratch() const noexcept { return needs_classes_ ? 3 * of_->classes : 0; }
  /// values[j] is wanted[j] of the outcomes, each as many times as `counts` says; NaN where it is not defined.
  /// `unseen`: the weight of more that are wrong and not among the outcomes, which the accuracy counts.
  void operator()(const std::uint16_t* counts, double unseen, double* scratch, double* values) const noexcept;

 private:
  /// The examples, those first that are most probably of a class; for each of them whether it is, and whether the next
  /// one is less probable.
  struct Ranking {
    std::vector<std::uint32_t> order;
    std::vector<std::uint8_t> marks;
  };
  static constexpr std::uint8_t kPositive = 1, kLastOfEqual = 2;

  static constexpr std::size_t kMostMeans = 8;

  void add_means(double quantile);
  [[nodiscard]] Ranking ranking(std::size_t question, std::size_t of_class, std::size_t output) const;
  // w(i): what outcome i counts
  template <class Weight>
  void measure(const Weight& w, double unseen, double* scratch, double* values) const noexcept;
  template <class Weight>
  [[nodiscard]] double measure_means(const Weight& w, double unseen, double* values) const noexcept;  // gives Σ w
  template <class Weight>
  void measure_classes(const Weight& w, double* sums, double* values) const noexcept;
  template <class Weight>
  void measure_rankings(const Weight& w, double* values) const noexcept;
  template <class Weight>
  void measure_numbers(const Weight& w, double total, double* values) const noexcept;
  void set(Metric metric, double value, double* values) const noexcept;
  [[nodiscard]] bool wants(Metric metric) const noexcept;

  const Outcomes* of_;
  std::vector<Metric> wanted_;
  std::vector<std::size_t> means_;  // which of the wanted are Σ w term / Σ w
  std::vector<double> terms_;       // (means, m)
  std::vector<Ranking> rankings_;
  std::vector<double> centre_;  // of each output's truth
  bool needs_classes_, needs_numbers_;
};

/// The values of `wanted` with the weights that the outcomes have.
[[nodiscard]] std::vector<double> measured(const Outcomes& of, const std::vector<Metric>& wanted, double quantile);

/// 95 % percentile intervals of those figures of `point` that are defined: those of the outcomes and of the unseen
/// ones. A resample in which a figure is not defined is left out.
[[nodiscard]] std::vector<Interval> intervals_of(const Outcomes& of, const Metrics& point, double quantile,
                                                 const Bootstrap& bootstrap, int threads);

}  // namespace strata::internal
