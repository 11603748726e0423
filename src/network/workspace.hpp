// All that a step touches besides θ: the cache of the notes. Planned once for the largest batch; a shorter batch is a
// narrower view of the same memory.
#pragma once

#include "base/aligned.hpp"
#include "base/view.hpp"
#include "strata/architecture.hpp"

namespace strata {

/// What a step needs to remember.
enum class Keep {
  forward,   ///< prediction: two buffers that take turns
  backward,  ///< training: every A[l]; Z[l] only where g' needs it, else A[l] overwrites it; two dZ buffers that take
             ///< turns
  all,       ///< looking inside: every Z[l], A[l] and dZ[l] in its own memory
};

template <class T>
class Workspace {
 public:
  /// Throws Error(memory) with the bytes wanted when there is not enough.
  Workspace(const Architecture& net, Index largest_m, Keep keep);
  Workspace(Workspace&&) noexcept = default;
  Workspace& operator=(Workspace&&) noexcept = default;

  /// A[0] = X, and every other view m = X.cols columns wide, m ≤ largest_m. X is borrowed.
  void set_input(View<const T> X);

  PerLayer<T> Z;    // (n_l, m), l = 1 … L
  PerLayer<T> A;    // (n_l, m), l = 0 … L
  PerLayer<T> dZ;   // (n_l, m), l = 1 … L
  double loss = 0;  // Σ_i L(A[L]^(i), Y^(i)) of the last step

 private:
  int L_ = 0;
  Index largest_m_ = 0;
  AlignedVector<T> memory_;
};

extern template class Workspace<float>;
extern template class Workspace<double>;

}  // namespace strata
