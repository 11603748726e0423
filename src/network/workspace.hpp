// All that a step touches besides θ: the cache of the notes. Planned once for the largest batch; a shorter batch is a
// narrower view of the same memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "base/view.hpp"
#include "kernels/kernels.hpp"
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

/// Numbers that a workspace has for an example.
[[nodiscard]] std::size_t workspace_numbers(const Architecture& net, Keep keep);

template <class T>
class Workspace {
 public:
  /// Throws Error(memory) with the bytes wanted when there is not enough.
  Workspace(const Architecture& net, Index largest_m, Keep keep);
  Workspace(Workspace&&) noexcept = default;
  Workspace& operator=(Workspace&&) noexcept = default;

  /// A[0] = X, and every other view m = X.cols columns wide, m ≤ largest_m; g as the pass has it. X and the rows are
  /// borrowed.
  void set_input(View<const T> X, const Pass& pass = {});

  PerLayer<T> Z;                // (n_l, m), l = 1 … L
  PerLayer<T> A;                // (n_l, m), l = 0 … L
  PerLayer<T> dZ;               // (n_l, m), l = 1 … L
  std::vector<Pointwise<T>> g;  // [l], l = 1 … L−1
  double loss = 0;              // Σ_i w_i L(A[L]^(i), Y^(i)) of the last step

 private:
  int L_ = 0;
  Index largest_m_ = 0;
  std::vector<double> rates_;  // [l], of dropout
  AlignedVector<T> memory_;
  std::vector<std::uint64_t> kept_;
};

extern template class Workspace<float>;
extern template class Workspace<double>;

}  // namespace strata::internal
