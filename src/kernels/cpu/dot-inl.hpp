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
namespace strata::internal {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
inline constexpr Index kDotUnits = 3, kDotExamples = 3;
#else
inline constexpr Index kDotUnits = 5, kDotExamples = 5;
#endif
template <class T>
inline constexpr Index kDotDepth = 3584 / sizeof(T);  // a block of k; a multiple of every number of lanes
inline constexpr Index kDotMostUnits = 64;            // their blocks of W fit the scratch memory

// Lane p of a sum takes k = p, p + N, p + 2N, …, and the lanes are added up in the order of sums_of_lanes: one order
// for every shape of the same n_prev. Which layers sum this way depends on (n, n_prev) alone, not on the batch.
template <class T>
bool sums_along_lanes(Index n, Index n_prev) {
  constexpr Index N = kLanes<T>;
  if (n > kDotMostUnits) return false;
  const double tiles = static_cast<double>((n + N - 1) / N * n_prev);
  const double dots = static_cast<double>(n * ((n_prev + N - 1) / N + 6));
  return 1.15 * dots < tiles;
}

// The upper half of a vector's lanes added to the lower one, until 16 bytes are left.
template <class D>
HWY_INLINE auto folded(D d, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(d) * sizeof(hn::TFromD<D>) == 16) {
    return v;
  } else {
    const hn::Half<D> half;
    return folded(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// The sums of the lanes of as many vectors as 16 bytes hold numbers: (l0 + l2) + (l1 + l3) of four floats, l0 + l1 of
// two doubles.
template <class V>
HWY_INLINE hn::Vec<hn::Full128<float>> sums_of_lanes(Tag<float> d, const V* v) {
  const hn::Full128<float> d4;
  const auto r0 = folded(d, v[0]), r1 = folded(d, v[1]), r2 = folded(d, v[2]), r3 = folded(d, v[3]);
  const auto s01 = hn::Add(hn::InterleaveLower(d4, r0, r1), hn::InterleaveUpper(d4, r0, r1));
  const auto s23 = hn::Add(hn::InterleaveLower(d4, r2, r3), hn::InterleaveUpper(d4, r2, r3));
  return hn::Add(hn::ConcatLowerLower(d4, s23, s01), hn::ConcatUpperUpper(d4, s23, s01));
}
template <class V>
HWY_INLINE hn::Vec<hn::Full128<double>> sums_of_lanes(Tag<double> d, const V* v) {
  const hn::Full128<double> d2;
  const auto r0 = folded(d, v[0]), r1 = folded(d, v[1]);
  return hn::Add(hn::InterleaveLower(d2, r0, r1), hn::InterleaveUpper(d2, r0, r1));
}

// The same of one vector alone
template <class V>
HWY_INLINE float sum_of_lanes(Tag<float> d, V v) {
  const auto lanes = folded(d, v), pairs = hn::Add(lanes, hn::Shuffle1032(lanes));
  return hn::GetLane(hn::Add(pairs, hn::Shuffle2301(pairs)));
}
template <class V>
HWY_INLINE double sum_of_lanes(Tag<double> d, V v) {
  const auto lanes = folded(d, v);
  return hn::GetLane(hn::Add(lanes, hn::Shuffle01(lanes)));
}

// The same for `count` vectors that lie one after the other, in place: number i of `sums` becomes the sum of vector i.
// What is read beyond the last vector belongs to `sums` too.
template <class T>
HWY_INLINE void add_up_lanes(T* sums, Index count) {
  const Tag<T> d;
  constexpr Index B = 16 / sizeof(T), N = kLanes<T>;
  for (Index i = 0; i < count; i += B) {
    hn::Vec<Tag<T>> v[B];
    STRATA_UNROLL for (Index q = 0; q < B; ++q) v[q] = hn::LoadU(d, sums + (i + q) * N);
    hn::StoreU(sums_of_lanes(d, v), hn::Full128<T>(), sums + i);
  }
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
      fetch_ahead<kSecondLevel>(a + k + j * a_ld, J * a_ld);
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
      case 5: next(dot_tile<T, 5, J>, 5); break;
      case 4: next(dot_tile<T, 4, J>, 4); break;
#endif
      case 3: next(dot_tile<T, 3, J>, 3); break;
      case 2: next(dot_tile<T, 2, J>, 2); break;
      default: next(dot_tile<T, 1, J>, 1);
    }
  }
}

template <class T>
void dot_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z, cpu::Scratch::Lease& scratch) {
  const Tag<T> d;
  constexpr Index N = kLanes<T>;
  const Index n = W.rows, K = W.cols;
  T* const sums = scratch.result<T>();
  const Index sums_step = n * N;
  const Index most = static_cast<Index>(cpu::kResultBytes / sizeof(T)) / N - 16 / sizeof(T);  // see add_up_lanes
  const Index chunk = most / n / kDotExamples * kDotExamples;
  for (Index j0 = 0; j0 < Z.cols; j0 += chunk) {
    const Index m = std::min(chunk, Z.cols - j0);
    for (Index k0 = 0; k0 < K; k0 += kDotDepth<T>) {
      const Index deep = std::min(kDotDepth<T>, K - k0);
      const T* w = W.data;
      Index w_ld = K;
      if (W.rows == 1 && W.ld == 1) {
        w += k0;
      } else {
        // Columns of A_prev may all begin in one set of the first-level cache: rows of W then should not.
        w_ld = deep + 64 / static_cast<Index>(sizeof(T));
        transpose(W.col(k0), W.ld, n, deep, scratch.left<T>(), w_ld);
        w = scratch.left<T>();
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
    add_up_lanes(sums, m * n);
    for (Index j = 0; j < m; ++j) {
      for_each_vector(d, n, [&](Index u, auto part) HWY_ATTR {
        store(d, hn::Add(load(d, sums + j * n + u, part), load(d, b.data + u, part)), Z.col(j0 + j) + u, part);
      });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
