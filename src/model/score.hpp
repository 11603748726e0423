// How well activations fit the truth: sums that are added up batch by batch, in float64, in the order of the examples;
// and, where more is asked for, what all examples together are measured by.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/view.hpp"
#include "model/outcomes.hpp"
#include "strata/model.hpp"

namespace strata::internal {

template <class T>
class Score {
 public:
  /// `more`: what is measured beside the usual figures. `deviations`: where they are known. Borrows the first two.
  Score(const Architecture& net, const Target& target, std::vector<Metric> more = {},
        std::vector<double> deviations = {});
  /// A batch: its outputs A[L] (n_y, m), the truth Y (n_y, m), Σ_i w_i L(A[L]^(i), Y^(i)), and what each counts (null:
  /// 1).
  void add(View<const T> A, View<const T> Y, double loss, const double* w);
  /// Examples whose class the model does not know, the label of the first, and what is to be said if all are such.
  void add_unseen(std::span<const double> weights, const std::string& first, const std::string& refusal);
  /// Throws Error(value) where no example has a class that the model knows.
  void require_known() const;
  [[nodiscard]] Metrics metrics() const;
  /// Σ w (y − ȳ)² of each number that is to be predicted.
  [[nodiscard]] const std::vector<double>& deviations() const noexcept { return deviations_; }

  /// The same with intervals, for which all must have been kept: keep_all() before the first batch, and the loss of
  /// each example, in losses().
  void keep_all();
  [[nodiscard]] std::vector<double>* losses() noexcept { return keeps_losses_ ? &outcomes_->losses : nullptr; }
  [[nodiscard]] Metrics metrics(const Bootstrap& bootstrap, int threads) const;

 private:
  void add_numbers(View<const T> A, View<const T> Y, const double* w, std::size_t k);

  const Architecture* net_;
  const Target* target_;
  Metrics sums_;
  std::string refusal_;
  double unseen_weight_ = 0;
  double weight_ = 0, right_ = 0;            // of all examples, of those that are correct
  std::vector<double> squares_, absolutes_;  // of the residuals of each output, in the target's units
  std::vector<double> deviations_, mean_;    // of each output's truth (Welford, 1962; West, 1979); no mean: known
  std::optional<Outcomes> outcomes_;
  bool keeps_losses_ = false;
};

}  // namespace strata::internal
