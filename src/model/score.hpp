// How well activations fit the truth: sums that are added up batch by batch, in float64, in the order of the examples.
#pragma once

#include <functional>
#include <string>

#include "base/view.hpp"
#include "features/examples.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "strata/model.hpp"

namespace strata {

template <class T>
class Score {
 public:
  Score(const Architecture& net, const Target& target) : net_(&net), target_(&target) {}
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

/// The Error(value) for an output of an example that is no finite number.
[[noreturn]] void refuse_output(const std::string& where, double output);

/// The predicted class of one example from its outputs: p > 0.5, or the first of the largest.
template <class T>
[[nodiscard]] std::size_t predicted_class(Head head, const T* a, Index n);

/// The network's outputs A[L] for all examples, `columns` at a time: use(first, A, Y, loss), with Σ_i L(A[L]^(i),
/// Y^(i)) of these examples; without a target Y has no rows, and there is no loss.
template <class T>
using UseOutputs = std::function<void(Index first, View<const T> A, View<const T> Y, double loss)>;
template <class T>
void for_each_output(const Architecture& net, const Parameters<T>& p, Examples<T>& examples, Index columns,
                     const Kernels<T>& k, const UseOutputs<T>& use);

/// Predicts all examples in batches of a fixed size and scores the outputs.
template <class T>
[[nodiscard]] Metrics score(const Architecture& net, const Target& target, const Parameters<T>& p,
                            Examples<T>& examples, const Kernels<T>& k);

}  // namespace strata
