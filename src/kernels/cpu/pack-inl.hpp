// Parts of matrices laid out in the order in which a product reads them.
#include <algorithm>

#include "kernels/cpu/simd-inl.hpp"

#if defined(STRATA_KERNELS_CPU_PACK_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_PACK_INL_HPP
#undef STRATA_KERNELS_CPU_PACK_INL_HPP
#else
#define STRATA_KERNELS_CPU_PACK_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

// 16 bytes of column c; where D's vectors have 32 bytes, those of another column in the upper half.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> part_of_columns(D d, const T* src, Index src_ld, Index c) {
  if constexpr (hn::MaxLanes(D()) * sizeof(T) == 32) {
    const hn::Half<D> half;
    return hn::Combine(d, hn::LoadU(half, src + (c + 16 / sizeof(T)) * src_ld), hn::LoadU(half, src + c * src_ld));
  } else {
    return hn::LoadU(d, src + c * src_ld);
  }
}

// 16 bytes of each of as many columns as a vector has lanes, transposed.
template <class D>
HWY_INLINE void transpose_block(D d, const float* src, Index src_ld, float* dst, Index dst_ld) {
  const hn::Repartition<double, D> dd;
  const auto c0 = part_of_columns(d, src, src_ld, 0), c1 = part_of_columns(d, src, src_ld, 1);
  const auto c2 = part_of_columns(d, src, src_ld, 2), c3 = part_of_columns(d, src, src_ld, 3);
  const auto low01 = hn::BitCast(dd, hn::InterleaveLower(d, c0, c1));
  const auto low23 = hn::BitCast(dd, hn::InterleaveLower(d, c2, c3));
  const auto high01 = hn::BitCast(dd, hn::InterleaveUpper(d, c0, c1));
  const auto high23 = hn::BitCast(dd, hn::InterleaveUpper(d, c2, c3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dd, low01, low23)), d, dst);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dd, low01, low23)), d, dst + dst_ld);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dd, high01, high23)), d, dst + 2 * dst_ld);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dd, high01, high23)), d, dst + 3 * dst_ld);
}
template <class D>
HWY_INLINE void transpose_block(D d, const double* src, Index src_ld, double* dst, Index dst_ld) {
  const auto c0 = part_of_columns(d, src, src_ld, 0), c1 = part_of_columns(d, src, src_ld, 1);
  hn::StoreU(hn::InterleaveLower(d, c0, c1), d, dst);
  hn::StoreU(hn::InterleaveUpper(d, c0, c1), d, dst + dst_ld);
}

// Of as many columns as D has lanes
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void transpose_columns(D d, const T* src, Index src_ld, Index rows, T* dst, Index dst_ld) {
  for (Index i = 0; i < rows; i += 16 / sizeof(T)) transpose_block(d, src + i, src_ld, dst + i * dst_ld, dst_ld);
}

// dst(j, i) = src(i, j)               src (rows, cols), dst (cols, rows), column-major
template <class T>
HWY_NOINLINE void transpose(const T* HWY_RESTRICT src, Index src_ld, Index rows, Index cols, T* HWY_RESTRICT dst,
                            Index dst_ld) {
  const hn::CappedTag<T, 32 / sizeof(T)> d;
  const hn::Full128<T> narrow;
  constexpr Index B = 16 / sizeof(T), W = hn::MaxLanes(d);
  const Index whole_rows = rows / B * B, whole_cols = cols / B * B;
  Index j = 0;
  for (; j + W <= cols; j += W) transpose_columns(d, src + j * src_ld, src_ld, whole_rows, dst + j, dst_ld);
  for (; j + B <= cols; j += B) transpose_columns(narrow, src + j * src_ld, src_ld, whole_rows, dst + j, dst_ld);
  for (; j < cols; ++j) {
    for (Index i = 0; i < rows; ++i) dst[j + i * dst_ld] = src[i + j * src_ld];
  }
  for (j = 0; j < whole_cols; ++j) {
    for (Index i = whole_rows; i < rows; ++i) dst[j + i * dst_ld] = src[i + j * src_ld];
  }
}

// dst(i, j) = src(i, j)               (rows, cols) both
template <class T>
HWY_INLINE void copy_columns(const T* HWY_RESTRICT src, Index src_ld, Index rows, Index cols, T* HWY_RESTRICT dst,
                             Index dst_ld) {
  const Tag<T> d;
  constexpr Index N = kLanes<T>;
  const Index whole = rows / N * N;
  if (whole == rows) {
    for (Index j = 0; j < cols; ++j) {
      for (Index i = 0; i < whole; i += N) hn::StoreU(hn::LoadU(d, src + i + j * src_ld), d, dst + i + j * dst_ld);
    }
    return;
  }
  const First rest{rows - whole};
  for (Index j = 0; j < cols; ++j) {
    for (Index i = 0; i < whole; i += N) hn::StoreU(hn::LoadU(d, src + i + j * src_ld), d, dst + i + j * dst_ld);
    store(d, load(d, src + whole + j * src_ld, rest), dst + whole + j * dst_ld, rest);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
