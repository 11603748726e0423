// One tile of a product in registers: MR vectors of rows by NR columns, C = (…) + A B, summed over k in order.
//
// Lanes run along the rows of C, where A's columns lie in memory; the elements of B are broadcast. Every element of C
// is one chain of multiply-adds over k = 0, 1, …, K−1, whatever the tile that holds it, so its bits do not depend on
// how a product is cut. The next block of k continues the chain from memory, where a number is as wide as in a
// register.
#include "kernels/cpu/layout-inl.hpp"
#include "kernels/cpu/math-inl.hpp"
#include "kernels/cpu/simd-inl.hpp"

#if defined(STRATA_KERNELS_CPU_TILE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_TILE_INL_HPP
#undef STRATA_KERNELS_CPU_TILE_INL_HPP
#else
#define STRATA_KERNELS_CPU_TILE_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

// What a number of A and B stands for: itself, or (pairs) two bfloat16 of consecutive k, the first in the low half. A
// processor may have an instruction for the sum of two such products.
enum class Terms { numbers, pairs, native_pairs };

// acc + a·b of the pairs in each lane: the odd k first, each product and sum as one multiply-add, as the instruction
// VDPBF16PS forms them (compared on random pairs), so that the bits are those of every other instruction set.
#if HWY_TARGET == HWY_AVX3
template <class V>
HWY_INLINE V add_pairs_natively(V acc, V a, V b) {
  // Highway 1.0 has no word for it, and its target does not name the extension: the registry asks the CPU for it.
  asm("vdpbf16ps %2, %1, %0" : "+v"(acc.raw) : "v"(a.raw), "v"(b.raw));
  return acc;
}
#endif
template <class D, class V>
HWY_INLINE V odd_of_pairs(D d, V v) {
  const hn::RebindToUnsigned<D> du;
  return hn::BitCast(d, hn::And(hn::BitCast(du, v), hn::Set(du, 0xFFFF0000U)));
}
template <class D, class V>
HWY_INLINE V even_of_pairs(D d, V v) {
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::BitCast(hn::RebindToUnsigned<D>(), v)));
}

// acc + a·b, or with both products of a pair
template <Terms kTerms, class D, class V>
HWY_INLINE V add_terms(D d, V a, V b, V acc) {
  if constexpr (kTerms == Terms::numbers) {
    return hn::MulAdd(a, b, acc);
  } else if constexpr (kTerms == Terms::pairs) {
    acc = hn::MulAdd(odd_of_pairs(d, a), odd_of_pairs(d, b), acc);
    return hn::MulAdd(even_of_pairs(d, a), even_of_pairs(d, b), acc);
  } else {
#if HWY_TARGET == HWY_AVX3
    return add_pairs_natively(acc, a, b);
#endif
  }
}

// Where the chain of an element begins, and what becomes of its end.
enum class Begin { zero, bias, resume };
enum class End { store, scale, relu, relu_mask, descend };

template <class T>
struct TileEnds {
  Begin begin = Begin::zero;
  End end = End::store;
  T scale = 1;
  const T* bias = nullptr;  // (rows, 1)
  const T* mask = nullptr;  // (rows, cols): elements of C stay where this is positive
  Index mask_ld = 0;
  T* theta = nullptr;  // (rows, cols), distance ldc: θ = θ − α (scale·C + decay·θ); C itself is not stored
  T alpha = 0, decay = 0;
};

// B(k, j) is b[k·b_k + j·b_j]; b_j is 1 when kAdjacent. The last vector of rows has `lanes` of them when kRagged.
// The pointers of `ends` are those of this tile.
template <class T>
struct TileArguments {
  const T* a;
  const T* b;
  T* c;
  Index a_stride, b_k, b_j, K, ldc, lanes;
  TileEnds<T> ends;
};

template <class T, int MR, int NR, bool kRagged, bool kAdjacent, Terms kTerms = Terms::numbers>
HWY_NOINLINE void tile(const TileArguments<T>& x) {
  const TileEnds<T>& e = x.ends;
  const Tag<T> d;
  using V = hn::Vec<Tag<T>>;
  constexpr Index N = kLanes<T>;
  const First last{x.lanes};
  const auto load_rows = [&](const T* p, int v) HWY_ATTR {
    if constexpr (kRagged) {
      if (v == MR - 1) return load(d, p + v * N, last);
    }
    return hn::LoadU(d, p + v * N);
  };
  const auto store_rows = [&](V value, T* p, int v) HWY_ATTR {
    if constexpr (kRagged) {
      if (v == MR - 1) return store(d, value, p + v * N, last);
    }
    hn::StoreU(value, d, p + v * N);
  };

  T* const c = x.c;
  const Index ldc = x.ldc, b_j = x.b_j, b_k = x.b_k, a_stride = x.a_stride;
  V acc[MR][NR];
  if (e.begin == Begin::resume) {
    const T* from = c;
    STRATA_UNROLL for (int j = 0; j < NR; ++j) {
      STRATA_UNROLL for (int v = 0; v < MR; ++v) acc[v][j] = load_rows(from, v);
      from += ldc;
    }
  } else if (e.begin == Begin::bias) {
    STRATA_UNROLL for (int v = 0; v < MR; ++v) {
      const V bias = load_rows(e.bias, v);
      STRATA_UNROLL for (int j = 0; j < NR; ++j) acc[v][j] = bias;
    }
  } else {
    STRATA_UNROLL for (int v = 0; v < MR; ++v) { STRATA_UNROLL for (int j = 0; j < NR; ++j) acc[v][j] = hn::Zero(d); }
  }

  // Every third column has a pointer of its own: the two between are reached by its index and twice its index.
  constexpr int kPointers = kAdjacent ? 1 : (NR + 2) / 3;
  // A narrow tile meets its columns of A for the first time, and only once, where they lie: perhaps on two cache lines.
  // Panels come from a second-level cache.
  constexpr bool kNarrowTile = NR > kWide, kFetches = kNarrowTile || MR == kVectors;
  const Index ahead = kNarrowTile ? 10 * a_stride : a_stride == kPanel<T> ? 8 * kPanel<T> : 0;
  const T* a = x.a;
  const T* b[kPointers];
  STRATA_UNROLL for (int q = 0; q < kPointers; ++q) b[q] = x.b + 3 * q * b_j;
  for (Index k = 0; k < x.K; ++k) {
    V column[MR];
    STRATA_UNROLL for (int v = 0; v < MR; ++v) column[v] = load_rows(a, v);
    const auto value_of = [&](int j) HWY_ATTR {
      return hn::Set(d, kAdjacent ? b[0][j] : b[kAdjacent ? 0 : j / 3][(j % 3) * b_j]);
    };
    STRATA_UNROLL for (int j = 0; j < NR; ++j) {
      const V value = value_of(j);
      STRATA_UNROLL for (int v = 0; v < MR; ++v) acc[v][j] = add_terms<kTerms>(d, column[v], value, acc[v][j]);
    }
    if constexpr (kFetches) {
      STRATA_UNROLL for (int v = 0; v < MR; ++v) fetch_ahead<kFirstLevel>(a + v * N, ahead);
      if constexpr (kNarrowTile) fetch_ahead<kFirstLevel>(a + N - 1, ahead);
    }
    a += a_stride;
    STRATA_UNROLL for (int q = 0; q < kPointers; ++q) b[q] += b_k;
  }

  // What becomes of each vector, perhaps with the one beside it, and its store at once: stores take as long as
  // arithmetic and can go beside it.
  const auto finish = [&](T* to, const T* beside, Index beside_ld, const auto& value_of) HWY_ATTR {
    STRATA_UNROLL for (int j = 0; j < NR; ++j) {
      STRATA_UNROLL for (int v = 0; v < MR; ++v) store_rows(value_of(acc[v][j], beside, v), to, v);
      to += ldc;
      beside += beside_ld;
    }
  };
  switch (e.end) {
    case End::store: return finish(c, c, ldc, [](V sum, const T*, int) HWY_ATTR { return sum; });
    case End::scale: {
      const V s = hn::Set(d, e.scale);
      return finish(c, c, ldc, [&](V sum, const T*, int) HWY_ATTR { return hn::Mul(sum, s); });
    }
    case End::relu: return finish(c, c, ldc, [&](V sum, const T*, int) HWY_ATTR { return positive_part(d, sum); });
    case End::relu_mask:
      return finish(c, e.mask, e.mask_ld, [&](V sum, const T* mask, int v) HWY_ATTR {
        return hn::IfThenElseZero(hn::Gt(load_rows(mask, v), hn::Zero(d)), sum);
      });
    case End::descend: {
      // Products and differences of their own: on Zen 4 a multiply-add waits for the stores beside it, which need the
      // port of its third operand.
      const V s = hn::Set(d, e.scale), alpha = hn::Set(d, e.alpha);
      if (e.decay == T(0)) {
        return finish(e.theta, e.theta, ldc, [&](V sum, const T* theta, int v) HWY_ATTR {
          return hn::Sub(load_rows(theta, v), hn::Mul(alpha, hn::Mul(sum, s)));
        });
      }
      const V decay = hn::Set(d, e.decay);
      return finish(e.theta, e.theta, ldc, [&](V sum, const T* theta, int v) HWY_ATTR {
        const V before = load_rows(theta, v);
        return hn::Sub(before, hn::Mul(alpha, hn::MulAdd(decay, before, hn::Mul(sum, s))));
      });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
