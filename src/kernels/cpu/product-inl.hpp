// C = (…) + A B for matrices of any shape: cut into tiles, and laid out anew in blocks where the caches ask for it.
#include <algorithm>
#include "kernels/cpu/pack-inl.hpp"
#include "kernels/cpu/scratch.hpp"
#include "kernels/cpu/tile-inl.hpp"

#if defined(STRATA_KERNELS_CPU_PRODUCT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_PRODUCT_INL_HPP
#undef STRATA_KERNELS_CPU_PRODUCT_INL_HPP
#else
#define STRATA_KERNELS_CPU_PRODUCT_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata {
namespace HWY_NAMESPACE {

// 24 sums and what feeds them fill 32 registers, 12 fill 16.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
inline constexpr Index kWide = 6;
#else
inline constexpr Index kWide = 12;
#endif
inline constexpr int kVectors = 2;  // of rows, in a tile
template <class T>
inline constexpr Index kPanel = kVectors* kLanes<T>;  // rows of a tile
template <class T>
inline constexpr Index kDepth = 1600 / sizeof(T);  // a block of k: kWide columns of it stay in the first-level cache
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

template <class T, int MR, bool kRagged, bool kAdjacent, Terms kTerms, int NR = kWide>
HWY_INLINE void tile_of_width(Index width, const TileArguments<T>& x) {
  if constexpr (NR > 1) {
    if (width < NR) return tile_of_width<T, MR, kRagged, kAdjacent, kTerms, NR - 1>(width, x);
  }
  tile<T, MR, NR, kRagged, kAdjacent, kTerms>(x);
}

// The tile of up to kPanel rows and `width` columns.
template <class T, bool kAdjacent, Terms kTerms>
HWY_INLINE void any_tile(Index rows, Index width, TileArguments<T>& x) {
  constexpr Index N = kLanes<T>;
  static_assert(kVectors == 2);
  if (rows == 2 * N) return tile_of_width<T, 2, false, kAdjacent, kTerms>(width, x);
  if (rows == N) return tile_of_width<T, 1, false, kAdjacent, kTerms>(width, x);
  x.lanes = rows % N;
  return rows > N ? tile_of_width<T, 2, true, kAdjacent, kTerms>(width, x)
                  : tile_of_width<T, 1, true, kAdjacent, kTerms>(width, x);
}

// A block of C from A and B as they are laid out here. Panels of A stand `panel_step` numbers apart, one column of a
// panel `a_step` from the next; the columns of B from j on begin at j·sliver_step.
template <class T>
struct Block {
  const T* a;
  Index panel_step, a_step;
  const T* b;
  Index sliver_step, k_step, j_step;
  bool b_packed;  // then a sliver of w columns has k_step w
};

// C (rows, cols) of one block, tile by tile.
template <class T, bool kAdjacent, Terms kTerms = Terms::numbers>
void multiply_block(const Block<T>& block, Index rows, Index cols, Index K, T* C, Index ldc, const TileEnds<T>& ends) {
  constexpr Index P = kPanel<T>;
  TileArguments<T> x{nullptr, nullptr, nullptr, block.a_step, block.k_step, block.j_step, K, ldc, 0, ends};
  // Only pointers change from tile to tile.
  const auto one = [&](Index i, Index j, Index width) HWY_ATTR {
    x.a = block.a + i / P * block.panel_step;
    x.b = block.b + j * block.sliver_step;
    x.c = C + i + j * ldc;
    if (block.b_packed) x.b_k = width;
    x.ends.bias = ends.bias + (ends.begin == Begin::bias ? i : 0);
    x.ends.theta = ends.theta + (ends.end == End::descend ? i + j * ldc : 0);
    x.ends.mask = ends.mask + (ends.end == End::relu_mask ? i + j * ends.mask_ld : 0);
    any_tile<T, kAdjacent, kTerms>(std::min(P, rows - i), width, x);
  };
  if (K * P * static_cast<Index>(sizeof(T)) <= (Index{24} << 10)) {  // a panel stays in the first-level cache
    for (Index i = 0; i < rows; i += P) {
      for (Index j = 0; j < cols;) {
        const Index width = next_width(cols - j);
        one(i, j, width);
        j += width;
      }
    }
  } else {  // a sliver of B does
    for (Index j = 0; j < cols;) {
      const Index width = next_width(cols - j);
      for (Index i = 0; i < rows; i += P) one(i, j, width);
      j += width;
    }
  }
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
        hn::Store(hn::LoadU(d, from + i + v * N), d, out + i * K + v * N);
      }
    }
  }
  if (whole < rows) {
    copy_columns(A.data + i0 + whole + k0 * A.ld, A.ld, rows - whole, K, to + whole * K, P);
  }
}

template <class T>
void pack_right(const Right<T>& B, Index k0, Index K, Index j0, Index cols, T* to) {
  for (Index j = 0; j < cols;) {
    const Index width = next_width(cols - j);
    T* const sliver = to + j * K;
    const T* const from = B.data + k0 * B.k_step + (j0 + j) * B.j_step;
    if (B.k_step == 1) {
      transpose(from, B.j_step, K, width, sliver, width);
    } else {
      copy_columns(from, B.k_step, width, K, sliver, width);
    }
    j += width;
  }
}

// When reading a matrix where it lies costs more than laying it out anew: columns that stand far apart fall into few
// sets of a cache. It pays when what is laid out is read often enough.
template <class T>
HWY_INLINE bool far_apart(Index step, Index count) {
  return step * static_cast<Index>(sizeof(T)) >= 1024 && count >= 8;
}

// C (rows, cols) = begin + A B, then its end. The bits do not depend on how the product is cut.
template <class T>
void multiply(const Left<T>& A, const Right<T>& B, Index rows, Index cols, Index K, T* C, Index ldc,
              const TileEnds<T>& ends, cpu::Scratch::Lease& scratch) {
  using Layout = typename Left<T>::Layout;
  const Index k_blocks = std::max<Index>(1, (K + kDepth<T> - 1) / kDepth<T>);
  const Index depth = (K + k_blocks - 1) / k_blocks;
  const Index high = kLeftSize<T> / std::max<Index>(depth, 1) / kPanel<T> * kPanel<T>;
  const Index across = kRightSize<T> / std::max<Index>(depth, 1) / kWide * kWide;
  const bool packed_a = A.layout == Layout::panels;
  const bool pack_a = A.layout == Layout::transposed || (!packed_a && far_apart<T>(A.ld, K) && cols >= 3 * kWide);
  const bool pack_b = far_apart<T>(std::max(B.k_step, B.j_step), B.k_step == 1 ? kWide : K) && rows >= 3 * kPanel<T>;

  for (Index jc = 0; jc < cols; jc += across) {
    const Index wide = std::min(across, cols - jc);
    for (Index k0 = 0; k0 < K || k0 == 0; k0 += depth) {
      const Index deep = std::min(depth, K - k0);
      Block<T> block{nullptr,  kPanel<T>, A.ld,     B.data + k0 * B.k_step + jc * B.j_step,
                     B.j_step, B.k_step,  B.j_step, pack_b};
      if (packed_a || pack_a) {
        block.panel_step = kPanel<T> * (packed_a ? K : deep);
        block.a_step = kPanel<T>;
      }
      if (pack_b) {
        pack_right(B, k0, deep, jc, wide, scratch.right<T>());
        block.b = scratch.right<T>();
        block.sliver_step = deep;
        block.j_step = 1;
      }
      for (Index ic = 0; ic < rows; ic += high) {
        const Index rows_here = std::min(high, rows - ic);
        if (pack_a) {
          pack_left(A, ic, rows_here, k0, deep, scratch.left<T>());
          block.a = scratch.left<T>();
        } else {
          block.a = packed_a ? A.data + ic * K + k0 * kPanel<T> : A.data + ic + k0 * A.ld;
        }
        TileEnds<T> part = ends;
        if (ends.begin == Begin::bias) part.bias += ic;
        if (ends.end == End::relu_mask) part.mask += ic + jc * ends.mask_ld;
        if (ends.end == End::descend) part.theta += ic + jc * ldc;
        if (k0 > 0) part.begin = Begin::resume;
        if (k0 + deep < K) part.end = End::store;
        T* const c = C + ic + jc * ldc;
        if (block.j_step == 1) {
          multiply_block<T, true>(block, rows_here, wide, deep, c, ldc, part);
        } else {
          multiply_block<T, false>(block, rows_here, wide, deep, c, ldc, part);
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
