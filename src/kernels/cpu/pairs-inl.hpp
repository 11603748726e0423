// Products in bfloat16: operands rounded to 8 bits of mantissa, two by two in a lane, and every sum in float32.
#include <algorithm>

#include "kernels/cpu/layout-inl.hpp"

#if defined(STRATA_KERNELS_CPU_PAIRS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_PAIRS_INL_HPP
#undef STRATA_KERNELS_CPU_PAIRS_INL_HPP
#else
#define STRATA_KERNELS_CPU_PAIRS_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The bits of x rounded to bfloat16, to nearest even, in the upper half of each lane; the lower half is not cleared.
template <class D, class V>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> rounded_to_bf16(D, V x) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  const auto last = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1U));
  const auto rounded = hn::Add(bits, hn::Add(last, hn::Set(du, 0x7FFFU)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000U));  // NaN must stay NaN
  return hn::IfThenElse(hn::RebindMask(du, hn::Eq(x, x)), rounded, quiet);
}
template <class D, class V>
HWY_INLINE V pairs_of(D d, V even, V odd) {
  const hn::RebindToUnsigned<D> du;
  const auto high = hn::And(rounded_to_bf16(d, odd), hn::Set(du, 0xFFFF0000U));
  return hn::BitCast(d, hn::Or(high, hn::ShiftRight<16>(rounded_to_bf16(d, even))));
}

// to(i, p) = the pair src(i, 2p), src(i, 2p + 1): rows as they are, K columns two by two; 0 beside a last odd one.
inline void pack_pairs_of_columns(const float* src, Index src_ld, Index rows, Index K, float* to, Index to_ld) {
  const Tag<float> d;
  for (Index k = 0; k < K; k += 2) {
    const float* const even = src + k * src_ld;
    float* const out = to + k / 2 * to_ld;
    for_each_vector(d, rows, [&](Index i, auto part) HWY_ATTR {
      const auto odd = k + 1 < K ? load(d, even + src_ld + i, part) : hn::Zero(d);
      store(d, pairs_of(d, load(d, even + i, part), odd), out + i, part);
    });
  }
}

// to(j, p) = the pair src(2p, j), src(2p + 1, j): numbers that lie side by side, K of them in each of the columns.
inline void pack_pairs_of_rows(const float* src, Index src_ld, Index K, Index cols, float* to, Index to_ld) {
  const Tag<float> d;
  constexpr Index N = kLanes<float>;
  constexpr Index kChunk = 8 * N;  // pairs at a time, on the stack
  HWY_ALIGN float chunk[kWide > kPanel<float> ? kWide : kPanel<float>][kChunk];
  const Index pairs = (K + 1) / 2;
  for (Index p0 = 0; p0 < pairs; p0 += kChunk) {
    const Index count = std::min(kChunk, pairs - p0);
    for (Index j = 0; j < cols; ++j) {
      const float* const from = src + j * src_ld + 2 * p0;
      const Index numbers = std::min(2 * count, K - 2 * p0);
      for (Index k = 0; k < numbers; k += 2 * N) {
        const auto part_at = [&](Index at) HWY_ATTR {
          const Index left = numbers - at;
          return left >= N ? hn::LoadU(d, from + at) : left > 0 ? load(d, from + at, First{left}) : hn::Zero(d);
        };
        const auto low = part_at(k), high = part_at(k + N);
        hn::Store(pairs_of(d, hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low)), d, &chunk[j][k / 2]);
      }
    }
    transpose(&chunk[0][0], kChunk, count, cols, to + p0 * to_ld, to_ld);
  }
}

// The same panels and slivers as above, of pairs: k0 and K count numbers, k0 is even.
inline void pack_left_pairs(const Left<float>& A, Index i0, Index rows, Index k0, Index K, float* to) {
  constexpr Index P = kPanel<float>;
  const Index pairs = (K + 1) / 2;
  for (Index i = 0; i < rows; i += P) {
    const Index high = std::min(P, rows - i);
    float* const panel = to + i * pairs;
    if (A.layout == Left<float>::Layout::transposed) {
      pack_pairs_of_rows(A.data + k0 + (i0 + i) * A.ld, A.ld, K, high, panel, P);
    } else {
      pack_pairs_of_columns(A.data + i0 + i + k0 * A.ld, A.ld, high, K, panel, P);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
