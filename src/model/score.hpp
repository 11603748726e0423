// How well activations fit the truth: sums that are added up batch by batch, in float64, in the order of the examples.
#pragma once

#include <vector>

#include "base/view.hpp"
#include "features/examples.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "strata/model.hpp"

namespace strata::internal {

template <class T>
class Score {
 public:
  Score(const Architecture& net, const Target& target) : net_(&net), target_(&target) { sums_.task = target.task; }
  /// A batch: its outputs A[L] (n_y, m), the truth Y (n_y, m), and Σ_i L(A[L]^(i), Y^(i)).
  void add(View<const T> A, View<const T> Y, double loss);
  [[nodiscard]] Metrics metrics() const;

 private:
  const Architecture* net_;
  const Target* target_;
  Metrics sums_;
  double squares_ = 0, absolutes_ = 0;  // of the residuals, in the target's units
  std::size_t values_ = 0;
  std::vector<double> mean_, deviations_;  // of each output's truth (Welford, 1962)
};

/// The predicted class of one example from its outputs: p > 0.5, or the first of the largest.
template <class T>
[[nodiscard]] std::size_t predicted_class(Head head, const T* a, Index n);

/// Predicts all examples in batches of a fixed size and scores the outputs.
template <class T>
[[nodiscard]] Metrics score(const Architecture& net, const Target& target, const Parameters<T>& p,
                            Examples<T>& examples, const Kernels<T>& k);

}  // namespace strata::internal
