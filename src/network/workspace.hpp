// All that a step touches besides θ: the cache of the notes. Planned once for the largest batch; a shorter batch is a
// narrower view of the same memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "base/view.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "strata/architecture.hpp"

namespace strata::internal {

/// What a step needs to remember.
enum class Keep {
  forward,   ///< prediction: two buffers that take turns
  backward,  ///< training: every A[l]; Z[l] only where g' needs it, else A[l] overwrites it; two dZ buffers that take
             ///< turns
  all,       ///< looking inside: every Z[l], A[l] and dZ[l] in its own memory
};

/// What a network is run for.
struct Pass {
  bool training = false;  ///< else dropout leaves no unit out
  std::uint64_t seed = 0;
  std::int64_t step = 0;              ///< updates done
  const std::size_t* rows = nullptr;  ///< (m): where each example stands in its table; only with dropout
  double dropout = 1;                 ///< what the rates of dropout are multiplied by
};

/// Where the rows of X go; empty: there is no stage.
[[nodiscard]] std::vector<StageRow> stage_rows(const Architecture& net);
/// The edges of its numbers whose embedding is piecewise, as Stage has them.
template <class T>
[[nodiscard]] std::vector<T> stage_edges(const Architecture& net);

/// Numbers that a workspace has for an example.
[[nodiscard]] std::size_t workspace_numbers(const Architecture& net, Keep keep);

template <class T>
class Workspace {
 public:
  /// Throws Error(memory) with the bytes wanted when there is not enough.
  Workspace(const Architecture& net, Index largest_m, Keep keep);
  Workspace(Workspace&&) noexcept = default;
  Workspace& operator=(Workspace&&) noexcept = default;

  /// Without a stage A[0] = X; every other view is m = X.cols columns wide, m ≤ largest_m; g and the stage as p and the
  /// pass have them. X, p and the rows are borrowed.
  void set_input(const Parameters<T>& p, View<const T> X, const Pass& pass = {});

  Stage<T> stage;               // in front; without rows there is none
  PerLayer<T> Z;                // (n_l, m), l = 1 … L, and 0 with a stage
  PerLayer<T> A;                // (n_l, m), l = 0 … L
  PerLayer<T> dZ;               // (n_l, m), l = 1 … L, and 0 with a stage
  std::vector<Pointwise<T>> g;  // [l], l = 1 … L−1
  double loss = 0;              // Σ_i w_i L(A[L]^(i), Y^(i)) of the last step

 private:
  int L_ = 0;
  Index largest_m_ = 0;
  std::vector<double> rates_;  // [l], of dropout
  std::vector<StageRow> rows_;
  std::vector<T> edges_;
  AlignedVector<T> memory_;
  std::vector<std::uint64_t> kept_;
};

extern template std::vector<float> stage_edges(const Architecture&);
extern template std::vector<double> stage_edges(const Architecture&);
extern template class Workspace<float>;
extern template class Workspace<double>;

}  // namespace strata::internal
