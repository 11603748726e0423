// How a product reads its matrices: where they lie, or laid out anew in panels and slivers.
#include <algorithm>

#include "kernels/cpu/pack-inl.hpp"
#include "kernels/cpu/scratch.hpp"

#if defined(STRATA_KERNELS_CPU_LAYOUT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_LAYOUT_INL_HPP
#undef STRATA_KERNELS_CPU_LAYOUT_INL_HPP
#else
#define STRATA_KERNELS_CPU_LAYOUT_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

// A tile has kVectors of rows by up to kWide columns, or one vector by up to kNarrow: enough sums to hide how long a
// multiply-add takes. AVX-512 has registers for 24, but 16 were as fast in large products and faster in small ones.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
inline constexpr Index kWide = 6, kNarrow = 12;
#elif HWY_TARGET == HWY_AVX3
inline constexpr Index kWide = 8, kNarrow = 24;
#else
inline constexpr Index kWide = 12, kNarrow = 24;
#endif
inline constexpr int kVectors = 2;
template <class T>
inline constexpr Index kPanel = kVectors * kLanes<T>;  // rows of a tile
template <class T>
inline constexpr Index kDepth = 2048 / sizeof(T);  // a block of k: kWide columns of it stay in the first-level cache
inline constexpr Index kOften = 40;  // so many columns pay for a new layout of what they are multiplied by
// The size of equal parts of `size`, in whole units, at least one, that do not exceed `most`, itself whole units.
HWY_INLINE Index even_part(Index size, Index most, Index unit) {
  const Index parts = std::max<Index>(1, (size + most - 1) / most);
  return std::max(unit, ((size + parts - 1) / parts + unit - 1) / unit * unit);
}
// How deep the blocks are for K steps of k
template <class T>
HWY_INLINE Index depth_of(Index K) {
  return even_part(K, kDepth<T>, 1);
}
template <class T>
inline constexpr Index kLeftSize = cpu::kLeftBytes / sizeof(T);
template <class T>
inline constexpr Index kRightSize = cpu::kRightBytes / sizeof(T);

// A as a product reads it: element (i, k) is data[i + k·ld], or data[k + i·ld] when `transposed`; or panels of kPanel
// rows, each laid out by pack_left with all of its K columns.
template <class T>
struct Left {
  enum class Layout { columns, transposed, panels };
  const T* data;
  Index ld;
  Layout layout = Layout::columns;
};
// B: element (k, j) is data[k·k_step + j·j_step]; one of the steps is 1.
template <class T>
struct Right {
  const T* data;
  Index k_step, j_step;
};

// How many columns the next tile takes of those that are left: as few tiles as can be, and no thin one among them.
HWY_INLINE Index next_width(Index left) {
  const Index tiles = (left + kWide - 1) / kWide;
  return (left + tiles - 1) / tiles;
}

template <class T>
void pack_left(const Left<T>& A, Index i0, Index rows, Index k0, Index K, T* to) {
  constexpr Index P = kPanel<T>;
  if (A.layout == Left<T>::Layout::transposed) {
    for (Index i = 0; i < rows; i += P) {
      transpose(A.data + k0 + (i0 + i) * A.ld, A.ld, K, std::min(P, rows - i), to + i * K, P);
    }
    return;
  }
  const Tag<T> d;
  constexpr Index N = kLanes<T>;
  const Index whole = rows / P * P;
  for (Index k = 0; k < K; ++k) {  // down each column, as it lies in memory
    const T* const from = A.data + i0 + (k0 + k) * A.ld;
    T* const out = to + k * P;
    for (Index i = 0; i < whole; i += P) {
      STRATA_UNROLL for (Index v = 0; v < kVectors; ++v) {
        fetch_ahead<kFirstLevel>(from + i + v * N, 2 * A.ld);
        hn::Store(hn::LoadU(d, from + i + v * N), d, out + i * K + v * N);
      }
    }
  }
  if (whole < rows) {
    copy_columns(A.data + i0 + whole + k0 * A.ld, A.ld, rows - whole, K, to + whole * K, P);
  }
}

// When reading `count` columns (or rows) where they lie, `step` apart, costs more than laying them out anew, if they
// are read often enough: far apart, they fall into few sets of the first-level cache,
template <class T>
HWY_INLINE bool far_apart(Index step, Index count) {
  return step * static_cast<Index>(sizeof(T)) >= 1024 && count >= 8;
}
// which matters to a panel when it takes a single line of each; many of them fall into few sets of the second-level
// cache too.
template <class T>
HWY_INLINE bool scattered(Index step, Index count) {
  constexpr bool kOneLine = kPanel<T> * sizeof(T) <= 64;
  return (kOneLine && far_apart<T>(step, count)) || step * count * static_cast<Index>(sizeof(T)) > (Index{1} << 20);
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
