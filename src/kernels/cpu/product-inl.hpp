// C = (…) + A B for matrices of any shape: cut into tiles, and laid out anew in blocks where the caches ask for it.
#include <algorithm>

#include "kernels/cpu/layout-inl.hpp"
#include "kernels/cpu/pairs-inl.hpp"
#include "kernels/cpu/tile-inl.hpp"

#if defined(STRATA_KERNELS_CPU_PRODUCT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_PRODUCT_INL_HPP
#undef STRATA_KERNELS_CPU_PRODUCT_INL_HPP
#else
#define STRATA_KERNELS_CPU_PRODUCT_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

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

// The ends of the part of C that begins at (i, j)
template <class T>
HWY_INLINE TileEnds<T> ends_at(TileEnds<T> ends, Index i, Index j, Index ldc) {
  if (ends.begin == Begin::bias) ends.bias += i;
  if (ends.end == End::descend) ends.theta += i + j * ldc;
  if (ends.end == End::relu_mask) ends.mask += i + j * ends.mask_ld;
  return ends;
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
  bool c_is_far;  // C, and what its end wants, lie beyond the second-level cache
};

// Asks for a tile of a matrix.
template <class T>
HWY_INLINE void fetch_tile(const T* from, Index ld, Index width) {
  constexpr Index kLine = 64 / sizeof(T);
  for (Index j = 0; j < width; ++j) {
    for (Index i = 0; i < kPanel<T>; i += kLine) fetch_ahead<kFirstLevel>(from + j * ld, i);
  }
}

// C (rows, cols) of one block, tile by tile.
template <class T, bool kAdjacent, Terms kTerms = Terms::numbers>
void multiply_block(const Block<T>& block, Index rows, Index cols, Index K, T* C, Index ldc, const TileEnds<T>& ends) {
  constexpr Index P = kPanel<T>;
  TileArguments<T> x{nullptr, nullptr, nullptr, block.a_step, block.k_step, block.j_step, K, ldc, 0, ends};
  for (Index j = 0; j < cols;) {  // a sliver of B stays in the first-level cache
    const Index width = next_width(cols - j);
    x.b = block.b + j * block.sliver_step;
    if (block.b_packed) x.b_k = width;
    for (Index i = 0; i < rows; i += P) {
      x.a = block.a + i / P * block.panel_step;
      x.c = C + i + j * ldc;
      x.ends.bias = ends.bias + (ends.begin == Begin::bias ? i : 0);  // the rest is the same for all tiles
      x.ends.theta = ends.theta + (ends.end == End::descend ? i + j * ldc : 0);
      x.ends.mask = ends.mask + (ends.end == End::relu_mask ? i + j * ends.mask_ld : 0);
      if (block.c_is_far) {  // its end comes while the sums are formed, and so does what the next tile resumes
        const bool below = i + P < rows;
        if (ends.begin == Begin::resume && (below || j + width < cols)) {
          fetch_tile(below ? x.c + P : C + (j + width) * ldc, ldc, width);
        }
        if (ends.end == End::descend) {
          fetch_tile(x.ends.theta, ldc, width);
        } else {
          fetch_tile(x.c, ldc, width);
          if (ends.end == End::relu_mask) fetch_tile(x.ends.mask, ends.mask_ld, width);
        }
      }
      any_tile<T, kAdjacent, kTerms>(std::min(P, rows - i), width, x);
    }
    j += width;
  }
}

// How many steps of k a tile takes: bfloat16 come in pairs.
template <Terms kTerms>
inline constexpr Index kNumbersOfAStep = kTerms == Terms::numbers ? 1 : 2;
template <Terms kTerms>
HWY_INLINE Index steps_of(Index K) {
  return (K + kNumbersOfAStep<kTerms> - 1) / kNumbersOfAStep<kTerms>;
}
template <Terms kTerms, class T>
HWY_INLINE void pack_left_as(const Left<T>& A, Index i0, Index rows, Index k0, Index K, T* to) {
  if constexpr (kTerms == Terms::numbers) {
    pack_left(A, i0, rows, k0, K, to);
  } else {
    pack_left_pairs(A, i0, rows, k0, K, to);
  }
}
template <Terms kTerms, class T>
void pack_right(const Right<T>& B, Index k0, Index K, Index j0, Index cols, T* to) {
  // Rows are read along, a few at a time for all slivers: each may lie on a page of its own.
  const Index rows = B.k_step == 1 ? K : 8;
  for (Index k = 0; k < K; k += rows) {
    const Index count = std::min(rows, K - k);
    for (Index j = 0; j < cols;) {
      const Index width = next_width(cols - j);
      T* const sliver = to + j * steps_of<kTerms>(K) + width * steps_of<kTerms>(k);
      const T* const from = B.data + (k0 + k) * B.k_step + (j0 + j) * B.j_step;
      if constexpr (kTerms == Terms::numbers) {
        B.k_step == 1 ? transpose(from, B.j_step, count, width, sliver, width)
                      : copy_columns(from, B.k_step, width, count, sliver, width);
      } else {
        B.k_step == 1 ? pack_pairs_of_rows(from, B.j_step, count, width, sliver, width)
                      : pack_pairs_of_columns(from, B.k_step, width, count, sliver, width);
      }
      j += width;
    }
  }
}

// C (rows, cols) = begin + A B, then its end, in tiles of kVectors by kWide.
template <Terms kTerms, class T>
void multiply_wide(const Left<T>& A, const Right<T>& B, Index rows, Index cols, Index K, T* C, Index ldc,
                   const TileEnds<T>& ends, cpu::Scratch::Lease& scratch) {
  using Layout = typename Left<T>::Layout;
  constexpr bool kRounded = kTerms != Terms::numbers;
  constexpr Index P = kPanel<T>, kStep = kNumbersOfAStep<kTerms>;
  const Index steps = steps_of<kTerms>(K);
  const Index depth = depth_of<T>(steps);
  const Index high = even_part(rows, kLeftSize<T> / depth / P * P, P);
  const Index across = even_part(cols, kRightSize<T> / depth / kWide * kWide, kWide);
  const bool packed_a = A.layout == Layout::panels;
  const bool pack_a =
      !packed_a && (kRounded || A.layout == Layout::transposed || (scattered<T>(A.ld, depth) && cols >= kOften));
  const bool pack_b =
      kRounded || (far_apart<T>(std::max(B.k_step, B.j_step), B.k_step == 1 ? kWide : K) && rows >= 3 * P);
  const bool c_is_far = rows * cols > kLeftSize<T>;

  for (Index jc = 0; jc < cols; jc += across) {
    const Index wide = std::min(across, cols - jc);
    for (Index k0 = 0; k0 < steps || k0 == 0; k0 += depth) {
      const Index deep = std::min(depth, steps - k0), numbers = std::min(kStep * deep, K - kStep * k0);
      Block<T> block{nullptr,  P,      A.ld,    B.data + k0 * B.k_step + jc * B.j_step, B.j_step, B.k_step,
                     B.j_step, pack_b, c_is_far};
      if (packed_a || pack_a) {
        block.panel_step = P * (packed_a ? steps : deep);
        block.a_step = P;
      }
      if (pack_b) {
        pack_right<kTerms>(B, kStep * k0, numbers, jc, wide, scratch.right<T>());
        block.b = scratch.right<T>();
        block.sliver_step = deep;
        block.j_step = 1;
      }
      for (Index ic = 0; ic < rows; ic += high) {
        const Index rows_here = std::min(high, rows - ic);
        if (pack_a) {
          pack_left_as<kTerms>(A, ic, rows_here, kStep * k0, numbers, scratch.left<T>());
          block.a = scratch.left<T>();
        } else {
          block.a = packed_a ? A.data + ic * steps + k0 * P : A.data + ic + k0 * A.ld;
        }
        TileEnds<T> part = ends_at(ends, ic, jc, ldc);
        if (k0 > 0) part.begin = Begin::resume;
        if (k0 + deep < steps) part.end = End::store;
        T* const c = C + ic + jc * ldc;
        if (kRounded || block.j_step == 1) {
          multiply_block<T, true, kTerms>(block, rows_here, wide, deep, c, ldc, part);
        } else if constexpr (!kRounded) {
          multiply_block<T, false, kTerms>(block, rows_here, wide, deep, c, ldc, part);
        }
      }
    }
  }
}

// The same for whole vectors of rows and few columns, which one tile holds: A is read once, where it lies, however far
// apart its columns are.
template <class T, int NR = kNarrow>
void multiply_narrow(const Left<T>& A, const Right<T>& B, Index rows, Index cols, Index K, T* C, Index ldc,
                     const TileEnds<T>& ends) {
  if constexpr (NR > kWide + 1) {
    if (cols < NR) return multiply_narrow<T, NR - 1>(A, B, rows, cols, K, C, ldc, ends);
  }
  const Index depth = kLeftSize<T> / NR;  // B stays in a second-level cache
  for (Index k0 = 0; k0 < K || k0 == 0; k0 += depth) {
    const Index deep = std::min(depth, K - k0);
    for (Index i = 0; i < rows; i += kLanes<T>) {
      TileEnds<T> part = ends_at(ends, i, 0, ldc);
      if (k0 > 0) part.begin = Begin::resume;
      if (k0 + deep < K) part.end = End::store;
      tile<T, 1, NR, false, true>(
          {A.data + i + k0 * A.ld, B.data + k0 * B.k_step, C + i, A.ld, B.k_step, 1, deep, ldc, 0, part});
    }
  }
}

// C (rows, cols) = begin + A B, then its end; A and B as they are, or rounded to bfloat16, which asks for a new layout.
// The bits do not depend on how the product is cut.
template <Terms kTerms, class T>
void multiply(const Left<T>& A, const Right<T>& B, Index rows, Index cols, Index K, T* C, Index ldc,
              const TileEnds<T>& ends, cpu::Scratch::Lease& scratch) {
  Index done = 0;
  if constexpr (kTerms == Terms::numbers) {
    if (cols > kWide && cols <= kNarrow && A.layout == Left<T>::Layout::columns && B.j_step == 1) {
      done = rows / kLanes<T> * kLanes<T>;
      multiply_narrow(A, B, done, cols, K, C, ldc, ends);
      if (done == rows) return;
    }
  }
  multiply_wide<kTerms>(Left<T>{A.data + done, A.ld, A.layout}, B, rows - done, cols, K, C + done, ldc,
                        ends_at(ends, done, 0, ldc), scratch);
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
