// The stage in front of the layers on vectors: reference.hpp has its meaning.
//
// Vectors run along the frequencies of an embedded number, along the rows of E and along the rows of Z[0]. A sum over
// the frequencies is that of the lanes of its vectors, one vector after the other (dot-inl.hpp); one over the examples
// runs from the first to the last, in one thread, to which the whole row of X belongs.
#include <algorithm>
#include <cassert>
#include <numbers>
#include <type_traits>

#include "kernels/cpu/dot-inl.hpp"
#include "kernels/cpu/math-inl.hpp"
#include "kernels/cpu/piecewise-inl.hpp"
#include "kernels/cpu/simd-inl.hpp"
#include "kernels/kernels.hpp"
#include "kernels/stage_reference.hpp"

#if defined(STRATA_KERNELS_CPU_STAGE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_STAGE_INL_HPP
#undef STRATA_KERNELS_CPU_STAGE_INL_HPP
#else
#define STRATA_KERNELS_CPU_STAGE_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

inline constexpr Index kStageOutputs = 4;  // of an embedded number, formed in one pass over the examples

// What a row of X costs an example, in about cycles: shares of equal cost go to the threads.
template <class T>
Index cost_of(const Stage<T>& by, const StageRow& row) {
  switch (row.kind) {
    case RowEmbedding::Kind::none: return 1;
    case RowEmbedding::Kind::levels: return by.p.E.rows;
    case RowEmbedding::Kind::periodic: return (by.p.F.rows / kLanes<T> + 1) * (16 + 4 * by.p.c.rows);
    case RowEmbedding::Kind::piecewise: return 16 + 2 * (row.bins / kLanes<T>)+4 * (by.p.c.rows / kLanes<T> + 1);
  }
  return 1;
}
template <class T>
Index cost_of(const Stage<T>& by) {
  Index cost = 0;
  for (const StageRow& row : by.rows) cost += cost_of(by, row);
  return cost;
}
// The first row of X before which this cost is reached; that of all is n_x.
template <class T>
Index row_at(const Stage<T>& by, Index cost) {
  Index row = 0;
  for (Index before = 0; before < cost; ++row) before += cost_of(by, by.rows[static_cast<std::size_t>(row)]);
  return row;
}

// f(std::integral_constant<Index, count>)
template <Index N = kStageOutputs, class F>
HWY_INLINE void with_count(Index count, const F& f) {
  if constexpr (N > 1) {
    if (count < N) return with_count<N - 1>(count, f);
  }
  f(std::integral_constant<Index, N>());
}

// to = before + the sum of the lanes of each of these vectors
template <class T, std::size_t Q>
HWY_INLINE void add_sums(Tag<T> d, const hn::Vec<Tag<T>> (&products)[Q], const T* before, T* to) {
  constexpr std::size_t kAtOnce = 16 / sizeof(T);
  const hn::Full128<T> few;
  STRATA_UNROLL for (std::size_t o = 0; o < Q; o += kAtOnce) {
    hn::Vec<Tag<T>> some[kAtOnce];
    STRATA_UNROLL for (std::size_t i = 0; i < kAtOnce; ++i) some[i] = o + i < Q ? products[o + i] : hn::Zero(d);
    const auto with = [&](auto part) HWY_ATTR {
      store(few, hn::Add(load(few, before + o, part), sums_of_lanes(d, some)), to + o, part);
    };
    o + kAtOnce <= Q ? with(Whole{}) : with(First{static_cast<Index>(Q - o)});
  }
}

// z = c + Vᵀ cos(2π f x + φ) of one number, one vector of its frequencies after the other for all examples; `z` is its
// first output of the first example.
template <class T>
void periodic_forward(const StageParts<const T>& p, Index at, const T* x, Index x_ld, Index m, T* z, Index z_ld) {
  const Tag<T> d;
  const Index k = p.F.rows, q = p.c.rows;
  for (Index first = 0; first < q; first += kStageOutputs) {
    with_count(std::min(kStageOutputs, q - first), [&](auto count) HWY_ATTR {
      constexpr Index Q = count;
      for_each_vector(d, k, [&](Index i, auto part) HWY_ATTR {
        const auto f = load(d, p.F.col(at) + i, part), phi = load(d, p.phi.col(at) + i, part);
        hn::Vec<Tag<T>> v[Q], products[Q];
        STRATA_UNROLL for (Index o = 0; o < Q; ++o) v[o] = load(d, p.V.col(at * q + first + o) + i, part);
        for (Index j = 0; j < m; ++j) {
          const auto circle = hn::Set(d, static_cast<T>(2 * std::numbers::pi) * x[j * x_ld]);
          auto sine = circle, cosine = circle;
          sin_cos(d, hn::MulAdd(circle, f, phi), sine, cosine);
          STRATA_UNROLL for (Index o = 0; o < Q; ++o) products[o] = hn::Mul(v[o], cosine);
          T* const z_j = z + j * z_ld + first;
          add_sums(d, products, i == 0 ? p.c.col(at) + first : z_j, z_j);
        }
      });
    });
  }
}

template <class T>
HWY_INLINE void copy(Tag<T> d, const T* from, Index count, T* to) {
  for_each_vector(d, count, [&](Index i, auto part) HWY_ATTR { store(d, load(d, from + i, part), to + i, part); });
}

// Z = e(X), A = s * Z
template <class T>
void stage_forward(const Stage<T>& by, View<const T> X, View<T> Z, View<T> A) {
  assert(static_cast<Index>(by.rows.size()) == X.rows && Z.cols == X.cols && A.rows == Z.rows);
  const Tag<T> d;
  const auto& [F, phi, U, V, c, E, s] = by.p;
  for (Index j0 = 0; j0 < X.cols; j0 += kStageExamples) {
    const Index end = std::min(X.cols, j0 + kStageExamples);
    for (Index r = 0; r < X.rows; ++r) {
      const StageRow& row = by.rows[static_cast<std::size_t>(r)];
      switch (row.kind) {
        case RowEmbedding::Kind::none: {
          const Index before = r;
          while (r + 1 < X.rows && by.rows[static_cast<std::size_t>(r + 1)].kind == row.kind) ++r;
          for (Index j = j0; j < end; ++j) copy(d, X.col(j) + before, r + 1 - before, Z.col(j) + row.to);
          break;
        }
        case RowEmbedding::Kind::periodic:
          for (Index j = j0; j < end; ++j) Z.col(j)[row.to] = X.col(j)[r];
          periodic_forward(by.p, row.at, X.col(j0) + r, X.ld, end - j0, Z.col(j0) + row.to + 1, Z.ld);
          break;
        case RowEmbedding::Kind::piecewise:
          piecewise_forward(by, row, X.col(j0) + r, X.ld, end - j0, Z.col(j0) + row.to, Z.ld);
          break;
        case RowEmbedding::Kind::levels:
          for (Index j = j0; j < end; ++j) {
            const Index level = reference::level_of(X.col(j)[r], row.levels);
            copy(d, E.col(row.at + level), E.rows, Z.col(j) + row.to);
          }
      }
    }
    if (s.data == nullptr && A.data == Z.data) continue;
    for (Index j = j0; j < end; ++j) {
      const T* const z = Z.col(j);
      T* const a = A.col(j);
      for_each_vector(d, A.rows, [&](Index i, auto part) HWY_ATTR {
        const auto z_i = load(d, z + i, part);
        store(d, s.data == nullptr ? z_i : hn::Mul(load(d, s.data + i, part), z_i), a + i, part);
      });
    }
  }
}

// dF, dφ, dV and dc of one number. u = 2π f x + φ: dV = r·Σ_j dz cos u, du = −sin u * V dz, dφ = r·Σ_j du,
// dF = r·Σ_j 2π x du; `dz` is its first output of the first example.
template <class T>
void periodic_backward(const StageParts<const T>& p, Index at, View<const T> X, Index row, const T* dz, Index dz_ld,
                       T scale, const StageParts<T>& to) {
  const Tag<T> d;
  const Index k = p.F.rows, q = p.c.rows;
  const auto r = hn::Set(d, scale);
  for (Index first = 0; first < q; first += kStageOutputs) {
    with_count(std::min(kStageOutputs, q - first), [&](auto count) HWY_ATTR {
      constexpr Index Q = count;
      const Index column = at * q + first;
      for_each_vector(d, k, [&](Index i, auto part) HWY_ATTR {
        const auto f = load(d, p.F.col(at) + i, part), phi = load(d, p.phi.col(at) + i, part);
        hn::Vec<Tag<T>> v[Q], dV[Q], dc[Q];
        STRATA_UNROLL for (Index o = 0; o < Q; ++o) {
          v[o] = load(d, p.V.col(column + o) + i, part);
          dV[o] = dc[o] = hn::Zero(d);
        }
        auto dF = hn::Zero(d), dphi = dF;  // −dF and −dφ: du without its sign
        for (Index j = 0; j < X.cols; ++j) {
          const auto circle = hn::Set(d, static_cast<T>(2 * std::numbers::pi) * X.col(j)[row]);
          auto sine = circle, cosine = circle;
          sin_cos(d, hn::MulAdd(circle, f, phi), sine, cosine);
          auto dh = hn::Zero(d);
          STRATA_UNROLL for (Index o = 0; o < Q; ++o) {
            const auto dz_o = hn::Set(d, dz[j * dz_ld + first + o]);
            dh = hn::MulAdd(v[o], dz_o, dh);
            dV[o] = hn::MulAdd(dz_o, cosine, dV[o]);
            dc[o] = hn::Add(dc[o], dz_o);
          }
          const auto du = hn::Mul(sine, dh);
          dphi = hn::Add(dphi, du);
          dF = hn::MulAdd(circle, du, dF);
        }
        STRATA_UNROLL for (Index o = 0; o < Q; ++o) {
          store(d, hn::Mul(r, dV[o]), to.V.col(column + o) + i, part);
          to.c.col(at)[first + o] = scale * hn::GetLane(dc[o]);
        }
        const auto subtract = [&](auto sum, T* from) HWY_ATTR {  // from what the outputs before gave
          const auto before = first == 0 ? hn::Zero(d) : load(d, from, part);
          store(d, hn::NegMulAdd(r, sum, before), from, part);
        };
        subtract(dF, to.F.col(at) + i);
        subtract(dphi, to.phi.col(at) + i);
      });
    });
  }
}

// ds = r·Σ_j dA^(j) * Z^(j),  dZ = s * dA: rows first … first + count − 1 of Z[0]
template <class T>
void scales_backward(View<const T> s, View<const T> Z, View<T> dA, Index first, Index count, double r, View<T> ds) {
  const Tag<T> d;
  for_each_vector(d, count, [&](Index i_, auto part) HWY_ATTR {
    const Index i = first + i_;
    const auto s_i = load(d, s.data + i, part);
    auto sum = hn::Zero(d);
    for (Index j = 0; j < dA.cols; ++j) {
      const auto dA_i = load(d, dA.col(j) + i, part);
      sum = hn::MulAdd(dA_i, load(d, Z.col(j) + i, part), sum);
      store(d, hn::Mul(s_i, dA_i), dA.col(j) + i, part);
    }
    store(d, hn::Mul(hn::Set(d, static_cast<T>(r)), sum), ds.data + i, part);
  });
}

// What follows from rows begin … end − 1 of X.
template <class T>
void stage_backward_params(const Stage<T>& by, View<const T> X, View<const T> Z, View<T> dA, double r,
                           const StageParts<T>& to, Index begin, Index end) {
  assert(static_cast<Index>(by.rows.size()) == X.rows && dA.cols == X.cols);
  const Tag<T> d;
  const auto first_of = [&](Index row) { return row < X.rows ? by.rows[static_cast<std::size_t>(row)].to : dA.rows; };
  if (by.p.s.data != nullptr) {
    scales_backward(by.p.s, Z, dA, first_of(begin), first_of(end) - first_of(begin), r, to.s);
  }
  for (Index n = begin; n < end; ++n) {
    const StageRow& row = by.rows[static_cast<std::size_t>(n)];
    if (row.kind == RowEmbedding::Kind::periodic) {
      periodic_backward<T>(by.p, row.at, X, n, dA.data + row.to + 1, dA.ld, static_cast<T>(r), to);
    }
    if (row.kind == RowEmbedding::Kind::piecewise) {
      piecewise_backward<T>(by, row, X, n, dA.data + row.to, dA.ld, static_cast<T>(r), to);
    }
    if (row.kind != RowEmbedding::Kind::levels) continue;
    for (Index k = 0; k < row.levels; ++k) std::fill_n(to.E.col(row.at + k), to.E.rows, T(0));
    for (Index j = 0; j < X.cols; ++j) {
      T* const e = to.E.col(row.at + reference::level_of(X.col(j)[n], row.levels));
      const T* const dz = dA.col(j) + row.to;
      for_each_vector(d, to.E.rows, [&](Index i, auto part) HWY_ATTR {
        const auto sum = hn::MulAdd(hn::Set(d, static_cast<T>(r)), load(d, dz + i, part), load(d, e + i, part));
        store(d, sum, e + i, part);
      });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
