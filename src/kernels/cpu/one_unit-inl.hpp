// The products of a layer of one unit, which are sums and multiples of vectors, and db, which is a sum of columns:
// tiles would leave most of their registers idle, and wait for one sum.
#include "kernels/cpu/dot-inl.hpp"

#if defined(STRATA_KERNELS_CPU_ONE_UNIT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ONE_UNIT_INL_HPP
#undef STRATA_KERNELS_CPU_ONE_UNIT_INL_HPP
#else
#define STRATA_KERNELS_CPU_ONE_UNIT_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// z_j = W a_j + b of J examples, `distance` apart, with lanes along n_prev as dot_forward sums.
template <Index J, class T>
HWY_INLINE void forward_of_one_unit(const T* W, T b, const T* a, Index distance, Index K, T* z) {
  const Tag<T> d;
  const hn::Full128<T> few;
  constexpr Index B = 16 / sizeof(T);
  hn::Vec<Tag<T>> acc[J];
  STRATA_UNROLL for (Index q = 0; q < J; ++q) acc[q] = hn::Zero(d);
  const auto add = [&](Index k, auto part) HWY_ATTR {
    const auto w = load(d, W + k, part);
    STRATA_UNROLL for (Index q = 0; q < J; ++q) { acc[q] = hn::MulAdd(w, load(d, a + q * distance + k, part), acc[q]); }
  };
  for_each_vector(d, K, add);
  const auto bias = hn::Set(few, b);
  STRATA_UNROLL for (Index q = 0; q < J; q += B) hn::StoreU(hn::Add(sums_of_lanes(d, acc + q), bias), few, z + q);
}

// Z = W A_prev + b                    W (1, n_prev), Z (1, m)
template <class T>
HWY_NOINLINE void forward_of_one_unit(const T* W, T b, View<const T> A_prev, T* Z) {
  constexpr Index J = 8, B = 16 / sizeof(T);
  const Index K = A_prev.rows;
  Index j = 0;
  for (; j + J <= A_prev.cols; j += J) forward_of_one_unit<J>(W, b, A_prev.col(j), A_prev.ld, K, Z + j);
  for (; j < A_prev.cols; ++j) {
    T z[B];  // of the same example
    forward_of_one_unit<B>(W, b, A_prev.col(j), 0, K, z);
    Z[j] = z[0];
  }
}

// (s0 + s1) + (s2 + s3)
template <class V>
HWY_INLINE V sum_of_four(const V (&s)[4]) {
  return hn::Add(hn::Add(s[0], s[1]), hn::Add(s[2], s[3]));
}

// out = s·Σ_j term(A^(j), j) for vectors of rows of A, in four sums: of the examples j = 0, 1, 2, 3 modulo 4. The
// numbers of `out` lie `step` apart.
template <class T, class Term>
HWY_INLINE void sum_columns(View<const T> A, T s, T* out, Index step, const Term& term) {
  const Tag<T> d;
  constexpr Index N = kLanes<T>;
  using V = hn::Vec<Tag<T>>;
  const V scale = hn::Set(d, s);
  const Index whole = A.cols / 4 * 4;
  Index i = 0;
  for (; i + 2 * N <= A.rows; i += 2 * N) {
    V first[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    V second[4] = {first[0], first[0], first[0], first[0]};
    Index j = 0;
    for (; j < whole; j += 4) {
      STRATA_UNROLL for (int q = 0; q < 4; ++q) {
        const T* const a = A.col(j + q) + i;
        first[q] = term(first[q], hn::LoadU(d, a), j + q);
        second[q] = term(second[q], hn::LoadU(d, a + N), j + q);
      }
    }
    STRATA_UNROLL for (int q = 0; q < 3; ++q) {
      if (j + q < A.cols) {
        const T* const a = A.col(j + q) + i;
        first[q] = term(first[q], hn::LoadU(d, a), j + q);
        second[q] = term(second[q], hn::LoadU(d, a + N), j + q);
      }
    }
    store_apart(d, hn::Mul(sum_of_four(first), scale), out + i * step, step, Whole{});
    store_apart(d, hn::Mul(sum_of_four(second), scale), out + (i + N) * step, step, Whole{});
  }
  for_each_vector(d, A.rows - i, [&](Index rest, auto part) HWY_ATTR {
    V sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    const T* const a = A.data + i + rest;
    Index j = 0;
    for (; j < whole; j += 4) {
      STRATA_UNROLL for (int q = 0; q < 4; ++q) sums[q] = term(sums[q], load(d, a + (j + q) * A.ld, part), j + q);
    }
    STRATA_UNROLL for (int q = 0; q < 3; ++q) {
      if (j + q < A.cols) sums[q] = term(sums[q], load(d, a + (j + q) * A.ld, part), j + q);
    }
    store_apart(d, hn::Mul(sum_of_four(sums), scale), out + (i + rest) * step, step, part);
  });
}

// db = s·Σ_j dZ^(j). One unit's examples are summed by lanes.
template <class T>
HWY_NOINLINE void bias_gradient(View<const T> dZ, T s, T* db) {
  const Tag<T> d;
  if (dZ.rows == 1) {
    auto sum = hn::Zero(d);
    for_each_vector(d, dZ.cols,
                    [&](Index j, auto part) HWY_ATTR { sum = hn::Add(sum, load_apart(d, dZ.col(j), dZ.ld, part)); });
    *db = s * sum_of_lanes(d, sum);
    return;
  }
  sum_columns(dZ, s, db, 1, [](auto sum, auto dz, Index) HWY_ATTR { return hn::Add(sum, dz); });
}

// dW = s·Σ_j dz_j A_prev^(j)          dW (1, n_prev), dz (1, m)
template <class T>
HWY_NOINLINE void gradient_of_one_unit(View<const T> dz, View<const T> A_prev, T s, View<T> dW) {
  const Tag<T> d;
  sum_columns(A_prev, s, dW.data, dW.ld,
              [&](auto sum, auto a, Index j) HWY_ATTR { return hn::MulAdd(hn::Set(d, *dz.col(j)), a, sum); });
}

// dA_prev^(j) = W dz_j, where `mask` is positive       W (1, n_prev), dz (1, m), mask (n_prev, m) or none
template <class T>
HWY_NOINLINE void backward_input_of_one_unit(View<const T> W, View<const T> dz, View<T> dA_prev, const T* mask,
                                             Index mask_ld) {
  const Tag<T> d;
  for_each_vector(d, dA_prev.rows, [&](Index i, auto part) HWY_ATTR {
    const auto w = load_apart(d, W.col(i), W.ld, part);
    T* to = dA_prev.data + i;
    if (mask == nullptr) {
      for (Index j = 0; j < dA_prev.cols; ++j, to += dA_prev.ld) store(d, hn::Mul(w, hn::Set(d, *dz.col(j))), to, part);
      return;
    }
    const T* kept = mask + i;
    for (Index j = 0; j < dA_prev.cols; ++j, to += dA_prev.ld, kept += mask_ld) {
      const auto product = hn::Mul(w, hn::Set(d, *dz.col(j)));
      store(d, hn::IfThenElseZero(hn::Gt(load(d, kept, part), hn::Zero(d)), product), to, part);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
