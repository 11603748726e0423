#include "kernels/panels.hpp"

#include <algorithm>

namespace strata {
namespace {

// Multiply-adds below which a second thread brings less than a wake-up costs (some 50 µs of work).
constexpr Index kWorthAThread = Index{1} << 19;
// An exponential and its neighbours are about as long as this many multiply-adds.
constexpr Index kActivationWork = 32;
// A panel of a matrix that is read again for every column of another should stay in the second-level cache, one that is
// written again and again in the first.
constexpr Index kReadPanelBytes = Index{1} << 18;
constexpr Index kWrittenPanelBytes = Index{1} << 15;
constexpr Index kColumns = 32;                        // examples a block
constexpr std::size_t kSlice = std::size_t{1} << 15;  // parameters a block

Index blocks(Index size, Index block) { return (size + block - 1) / block; }

// How many columns (rows) of `bytes` each make a panel, at least `least`.
Index panel(Index limit, Index bytes, Index least) { return std::max(least, limit / std::max<Index>(bytes, 1)); }

// The reference's sums, four terms (or four elements) at a time: each sum still takes its terms in order, so the bits
// are the same, but a partial sum is loaded and stored once for four terms, and sums do not wait for each other.

// Z = W A_prev + b
template <class T>
void linear_forward_by_fours(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z) {
  for (Index j = 0; j < Z.cols; ++j) {
    T* __restrict z = Z.col(j);
    const T* a = A_prev.col(j);
    for (Index i = 0; i < Z.rows; ++i) z[i] = b.data[i];
    Index k = 0;
    for (; k + 4 <= W.cols; k += 4) {
      const T* __restrict w0 = W.col(k), * __restrict w1 = W.col(k + 1);
      const T* __restrict w2 = W.col(k + 2), * __restrict w3 = W.col(k + 3);
      const T a0 = a[k], a1 = a[k + 1], a2 = a[k + 2], a3 = a[k + 3];
      for (Index i = 0; i < Z.rows; ++i) z[i] = (((z[i] + w0[i] * a0) + w1[i] * a1) + w2[i] * a2) + w3[i] * a3;
    }
    for (; k < W.cols; ++k) {
      const T* __restrict w = W.col(k);
      for (Index i = 0; i < Z.rows; ++i) z[i] += w[i] * a[k];
    }
  }
}

// dW = s·dZ A_prevᵀ
template <class T>
void linear_backward_weights_by_fours(View<const T> dZ, View<const T> A_prev, double s, View<T> dW) {
  for (Index k = 0; k < dW.cols; ++k) std::fill_n(dW.col(k), dW.rows, T(0));
  Index j = 0;
  for (; j + 4 <= dZ.cols; j += 4) {
    const T* __restrict z0 = dZ.col(j), * __restrict z1 = dZ.col(j + 1);
    const T* __restrict z2 = dZ.col(j + 2), * __restrict z3 = dZ.col(j + 3);
    const T *a0 = A_prev.col(j), *a1 = A_prev.col(j + 1), *a2 = A_prev.col(j + 2), *a3 = A_prev.col(j + 3);
    for (Index k = 0; k < dW.cols; ++k) {
      T* __restrict w = dW.col(k);
      const T x0 = a0[k], x1 = a1[k], x2 = a2[k], x3 = a3[k];
      for (Index i = 0; i < dW.rows; ++i) w[i] = (((w[i] + z0[i] * x0) + z1[i] * x1) + z2[i] * x2) + z3[i] * x3;
    }
  }
  for (; j < dZ.cols; ++j) {
    const T* __restrict z = dZ.col(j);
    for (Index k = 0; k < dW.cols; ++k) {
      T* __restrict w = dW.col(k);
      const T x = A_prev.col(j)[k];
      for (Index i = 0; i < dW.rows; ++i) w[i] += z[i] * x;
    }
  }
  for (Index k = 0; k < dW.cols; ++k) {
    for (Index i = 0; i < dW.rows; ++i) dW.col(k)[i] *= static_cast<T>(s);
  }
}

// dA_prev = Wᵀ dZ
template <class T>
void linear_backward_input_by_fours(View<const T> W, View<const T> dZ, View<T> dA_prev) {
  const Index whole = W.cols / 4 * 4;
  for (Index j = 0; j < dA_prev.cols; ++j) {
    const T* dz = dZ.col(j);
    T* da = dA_prev.col(j);
    for (Index k = 0; k < whole; k += 4) {
      const T *w0 = W.col(k), *w1 = W.col(k + 1), *w2 = W.col(k + 2), *w3 = W.col(k + 3);
      T sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
      for (Index i = 0; i < W.rows; ++i) {
        sum0 += w0[i] * dz[i];
        sum1 += w1[i] * dz[i];
        sum2 += w2[i] * dz[i];
        sum3 += w3[i] * dz[i];
      }
      da[k] = sum0;
      da[k + 1] = sum1;
      da[k + 2] = sum2;
      da[k + 3] = sum3;
    }
  }
  const Index rest = W.cols - whole;
  reference::linear_backward_input(W.columns(whole, rest), dZ, dA_prev.row_block(whole, rest));
}

}  // namespace

template <class T>
template <class Task>
void PanelKernels<T>::for_each(Index count, Index work, const Task& task) const {
  if (work < kWorthAThread) {
    for (Index i = 0; i < count; ++i) task(i);
  } else {
    pool_.run(count, task);
  }
}

template <class T>
template <class Task>
void PanelKernels<T>::for_each_slice(std::size_t size, const Task& task) const {
  const auto count = static_cast<Index>((size + kSlice - 1) / kSlice);
  for_each(count, static_cast<Index>(size), [&](Index i) {
    const std::size_t begin = static_cast<std::size_t>(i) * kSlice;
    task(begin, std::min(kSlice, size - begin));
  });
}

template <class T>
void PanelKernels<T>::linear_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z) const noexcept {
  const Index high = panel(kReadPanelBytes, W.cols * static_cast<Index>(sizeof(T)), 32);
  const Index down = blocks(Z.rows, high), across = blocks(Z.cols, kColumns);
  for_each(down * across, Z.rows * Z.cols * W.cols, [&](Index task) {
    const Index i = task % down * high, j = task / down * kColumns;
    const Index rows = std::min(high, Z.rows - i), cols = std::min(kColumns, Z.cols - j);
    linear_forward_by_fours(W.row_block(i, rows), b.row_block(i, rows), A_prev.columns(j, cols),
                            Z.columns(j, cols).row_block(i, rows));
  });
}

template <class T>
void PanelKernels<T>::activation_forward(Activation g, View<const T> Z, View<T> A) const noexcept {
  for_each(blocks(Z.cols, kColumns), Z.size() * kActivationWork, [&](Index task) {
    const Index j = task * kColumns, cols = std::min(kColumns, Z.cols - j);
    reference::activation_forward(g, Z.columns(j, cols), A.columns(j, cols));
  });
}

template <class T>
void PanelKernels<T>::activation_backward(Activation g, View<const T> dA, View<const T> Z, View<const T> A,
                                          View<T> dZ) const noexcept {
  for_each(blocks(dZ.cols, kColumns), dZ.size() * kActivationWork, [&](Index task) {
    const Index j = task * kColumns, cols = std::min(kColumns, dZ.cols - j);
    reference::activation_backward(g, dA.columns(j, cols), Z.columns(j, cols), A.columns(j, cols), dZ.columns(j, cols));
  });
}

template <class T>
void PanelKernels<T>::linear_backward_params(View<const T> dZ, View<const T> A_prev, double s, View<T> dW,
                                             View<T> db) const noexcept {
  const Index wide = panel(kWrittenPanelBytes, dW.rows * static_cast<Index>(sizeof(T)), 4);
  for_each(blocks(dW.cols, wide), dW.size() * dZ.cols, [&](Index task) {
    const Index k = task * wide, cols = std::min(wide, dW.cols - k);
    linear_backward_weights_by_fours(dZ, A_prev.row_block(k, cols), s, dW.columns(k, cols));
  });
  reference::linear_backward_bias(dZ, s, db);
}

template <class T>
void PanelKernels<T>::linear_backward_input(View<const T> W, View<const T> dZ, View<T> dA_prev) const noexcept {
  const Index wide = panel(kReadPanelBytes, W.rows * static_cast<Index>(sizeof(T)), 32) / 4 * 4;
  const Index down = blocks(W.cols, wide), across = blocks(dZ.cols, kColumns);
  for_each(down * across, W.size() * dZ.cols, [&](Index task) {
    const Index k = task % down * wide, j = task / down * kColumns;
    const Index rows = std::min(wide, W.cols - k), cols = std::min(kColumns, dZ.cols - j);
    linear_backward_input_by_fours(W.columns(k, rows), dZ.columns(j, cols),
                                   dA_prev.columns(j, cols).row_block(k, rows));
  });
}

template <class T>
void PanelKernels<T>::update_gradient_descent(std::span<T> theta, std::span<const T> d, double alpha) const noexcept {
  for_each_slice(theta.size(), [&](std::size_t begin, std::size_t size) {
    reference::update_gradient_descent(theta.subspan(begin, size), d.subspan(begin, size), alpha);
  });
}

template <class T>
void PanelKernels<T>::update_momentum(std::span<T> theta, std::span<const T> d, std::span<T> v, double alpha,
                                      double beta) const noexcept {
  for_each_slice(theta.size(), [&](std::size_t begin, std::size_t size) {
    reference::update_momentum(theta.subspan(begin, size), d.subspan(begin, size), v.subspan(begin, size), alpha, beta);
  });
}

template <class T>
void PanelKernels<T>::update_adam(std::span<T> theta, std::span<const T> d, std::span<T> m, std::span<T> v,
                                  AdamStep step) const noexcept {
  for_each_slice(theta.size(), [&](std::size_t begin, std::size_t size) {
    reference::update_adam(theta.subspan(begin, size), d.subspan(begin, size), m.subspan(begin, size),
                           v.subspan(begin, size), step);
  });
}

template class PanelKernels<float>;
template class PanelKernels<double>;

}  // namespace strata
