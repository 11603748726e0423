// Z = W A_prev + b for layers whose few units would leave lanes idle: lanes run along the sum over k instead.
#include <algorithm>
#include "kernels/cpu/pack-inl.hpp"
#include "kernels/cpu/scratch.hpp"

#if defined(STRATA_KERNELS_CPU_DOT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_DOT_INL_HPP
#undef STRATA_KERNELS_CPU_DOT_INL_HPP
#else
#define STRATA_KERNELS_CPU_DOT_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
inline constexpr Index kDotUnits = 3, kDotExamples = 3;
#else
inline constexpr Index kDotUnits = 5, kDotExamples = 5;
#endif
template <class T>
inline constexpr Index kDotDepth = 4096 / sizeof(T);  // a block of k; a multiple of every number of lanes
inline constexpr Index kDotMostUnits = 64;            // their blocks of W fit the scratch memory

// Lane p of a sum takes k = p, p + N, p + 2N, …, and the lanes are added up in the order of SumOfLanes: one order for
// every shape of the same n_prev. Which layers sum this way depends on (n, n_prev) alone, not on the batch.
template <class T>
bool sums_along_lanes(Index n, Index n_prev) {
  constexpr Index N = kLanes<T>;
  if (n > kDotMostUnits) return false;
  const double tiles = static_cast<double>((n + N - 1) / N * n_prev);
  const double dots = static_cast<double>(n * ((n_prev + N - 1) / N + 6));
  return 1.15 * dots < tiles;
}

// sums[j][u] = (sums[j][u]) + Σ_k w(k, u) a(k, j), one vector each; `whole` vectors and `rest` more numbers of k.
template <class T, Index U, Index J>
HWY_NOINLINE void dot_tile(const T* w, Index w_ld, const T* a, Index a_ld, Index K, T* sums, Index sums_step,
                           bool resume) {
  const Tag<T> d;
  using V = hn::Vec<Tag<T>>;
  constexpr Index N = kLanes<T>;
  V acc[U][J];
  STRATA_UNROLL for (Index j = 0; j < J; ++j) {
    STRATA_UNROLL for (Index u = 0; u < U; ++u) {
      acc[u][j] = resume ? hn::LoadU(d, sums + j * sums_step + u * N) : hn::Zero(d);
    }
  }
  Index k = 0;
  for (; k + N <= K; k += N) {
    V column[U];
    STRATA_UNROLL for (Index u = 0; u < U; ++u) column[u] = hn::LoadU(d, w + k + u * w_ld);
    STRATA_UNROLL for (Index j = 0; j < J; ++j) {
      const V value = hn::LoadU(d, a + k + j * a_ld);
      STRATA_UNROLL for (Index u = 0; u < U; ++u) acc[u][j] = hn::MulAdd(column[u], value, acc[u][j]);
    }
  }
  if (k < K) {
    const First rest{K - k};
    STRATA_UNROLL for (Index j = 0; j < J; ++j) {
      const V value = load(d, a + k + j * a_ld, rest);
      STRATA_UNROLL for (Index u = 0; u < U; ++u) {
        acc[u][j] = hn::MulAdd(load(d, w + k + u * w_ld, rest), value, acc[u][j]);
      }
    }
  }
  STRATA_UNROLL for (Index j = 0; j < J; ++j) {
    STRATA_UNROLL for (Index u = 0; u < U; ++u) hn::StoreU(acc[u][j], d, sums + j * sums_step + u * N);
  }
}

template <class T, Index J>
void dot_units(Index units, const T* w, Index w_ld, const T* a, Index a_ld, Index K, T* sums, Index sums_step,
               bool resume) {
  constexpr Index N = kLanes<T>;
  for (Index u = 0; u < units;) {
    const auto next = [&](auto tile_of, Index count) {
      tile_of(w + u * w_ld, w_ld, a, a_ld, K, sums + u * N, sums_step, resume);
      u += count;
    };
    switch (std::min(units - u, kDotUnits)) {
#if HWY_TARGET != HWY_AVX2 && HWY_TARGET != HWY_SSE4
      case 5:
        next(dot_tile<T, 5, J>, 5);
        break;
      case 4:
        next(dot_tile<T, 4, J>, 4);
        break;
#endif
      case 3:
        next(dot_tile<T, 3, J>, 3);
        break;
      case 2:
        next(dot_tile<T, 2, J>, 2);
        break;
      default:
        next(dot_tile<T, 1, J>, 1);
    }
  }
}

template <class T>
void dot_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z, const cpu::Blocks& scratch) {
  const Tag<T> d;
  constexpr Index N = kLanes<T>;
  const Index n = W.rows, K = W.cols;
  T* const sums = scratch.result<T>();
  const Index sums_step = n * N;
  const Index chunk = static_cast<Index>(cpu::kResultBytes / sizeof(T)) / sums_step / kDotExamples * kDotExamples;
  for (Index j0 = 0; j0 < Z.cols; j0 += chunk) {
    const Index m = std::min(chunk, Z.cols - j0);
    for (Index k0 = 0; k0 < K; k0 += kDotDepth<T>) {
      const Index deep = std::min(kDotDepth<T>, K - k0);
      const T* w = W.data;
      Index w_ld = K;
      if (W.rows == 1 && W.ld == 1) {
        w += k0;
      } else {
        transpose(W.col(k0), W.ld, n, deep, scratch.left<T>(), deep);
        w = scratch.left<T>();
        w_ld = deep;
      }
      const bool resume = k0 > 0;
      Index j = 0;
      for (; j + kDotExamples <= m; j += kDotExamples) {
        dot_units<T, kDotExamples>(n, w, w_ld, A_prev.col(j0 + j) + k0, A_prev.ld, deep, sums + j * sums_step,
                                   sums_step, resume);
      }
      for (; j < m; ++j) {
        dot_units<T, 1>(n, w, w_ld, A_prev.col(j0 + j) + k0, A_prev.ld, deep, sums + j * sums_step, sums_step, resume);
      }
    }
    for (Index j = 0; j < m; ++j) {
      T* const z = Z.col(j0 + j);
      for (Index u = 0; u < n; ++u) {
        z[u] = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, sums + j * sums_step + u * N))) + b.data[u];
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
