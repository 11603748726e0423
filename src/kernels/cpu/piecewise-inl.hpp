// Numbers whose embedding is piecewise, on vectors: stage_reference.hpp has its meaning.
//
// Of the T numbers of e(x) those of the bins below that of x are 1, and those of the bins above are 0. So V e(x) is a
// sum of columns of V, which all examples of a block share, and e_t times one more. Vectors run along the rows of V; a
// sum over the bins runs from the first to the last, forward, and from the last to the first, backward.
#include <algorithm>
#include <limits>

#include "kernels/cpu/simd-inl.hpp"
#include "kernels/kernels.hpp"

#if defined(STRATA_KERNELS_CPU_PIECEWISE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_PIECEWISE_INL_HPP
#undef STRATA_KERNELS_CPU_PIECEWISE_INL_HPP
#else
#define STRATA_KERNELS_CPU_PIECEWISE_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

inline constexpr Index kStageExamples = 32;  // of a block: their columns are still near when they are looked at again

// Where the examples of a block lie: the bin of each, from 0, and how far it is through it.
template <class T>
struct Pieces {
  Index bin[kStageExamples];
  T x[kStageExamples], e[kStageExamples];
  Index last = 0;  // of these bins

  Pieces(const StageRow& row, const T* edges, const T* from, Index ld, Index m) {
    const Tag<T> d;
    const auto none = hn::Set(d, std::numeric_limits<T>::quiet_NaN());
    for (Index j = 0; j < m; ++j) {
      x[j] = from[j * ld];
      std::size_t t = 0;
      for_each_vector(d, row.bins - 1, [&](Index i, auto part) HWY_ATTR {
        const auto inner = fill_rest(d, load(d, edges + 1 + i, part), none, part);
        t += hn::CountTrue(d, hn::Le(inner, hn::Set(d, x[j])));
      });
      bin[j] = static_cast<Index>(t);
      e[j] = row.bins == 0 ? T(0) : std::clamp((x[j] - edges[t]) / (edges[t + 1] - edges[t]), T(0), T(1));
      last = std::max(last, bin[j]);
    }
  }
};

// z = U x + V e(x) + c of one number and m ≤ kStageExamples examples.
template <class T>
void piecewise_forward(const Stage<T>& by, const StageRow& row, const T* x, Index x_ld, Index m, T* z, Index z_ld) {
  constexpr Index N = kLanes<T>;
  const Tag<T> d;
  const auto& p = by.p;
  const Pieces<T> at(row, by.edges + row.bin + row.at, x, x_ld, m);
  HWY_ALIGN T below[RowEmbedding::kMostBins * N];  // c + the columns of the bins below each
  for_each_vector(d, p.c.rows, [&](Index i, auto part) HWY_ATTR {
    auto sum = load(d, p.c.col(row.at) + i, part);
    hn::Store(sum, d, below);
    for (Index t = 1; t <= at.last; ++t) {
      sum = hn::Add(sum, load(d, p.V.col(row.bin + t - 1) + i, part));
      hn::Store(sum, d, below + t * N);
    }
    const auto u = load(d, p.U.col(row.at) + i, part);
    for (Index j = 0; j < m; ++j) {
      auto z_j = hn::MulAdd(u, hn::Set(d, at.x[j]), hn::Load(d, below + at.bin[j] * N));
      if (row.bins > 0) z_j = hn::MulAdd(load(d, p.V.col(row.bin + at.bin[j]) + i, part), hn::Set(d, at.e[j]), z_j);
      store(d, z_j, z + j * z_ld + i, part);
    }
  });
}

// dU, dV and dc of one number: dc = r·Σ_j dz, dU = r·Σ_j x dz, dV_t = r·Σ_j e_t(x) dz. With P_t = Σ_j e dz of the
// examples in bin t and (1 − e) dz of those in bin t + 1, dV_t = r·Σ_{s ≥ t} P_s. `dz` is its first row of the first
// example.
template <class T>
void piecewise_backward(const Stage<T>& by, const StageRow& row, View<const T> X, Index n, const T* dz, Index dz_ld,
                        T scale, const StageParts<T>& to) {
  const Tag<T> d;
  const Index rows = to.c.rows;
  T *const dU = to.U.col(row.at), *const dc = to.c.col(row.at);
  std::fill_n(dU, rows, T(0));
  std::fill_n(dc, rows, T(0));
  for (Index t = 0; t < row.bins; ++t) std::fill_n(to.V.col(row.bin + t), rows, T(0));
  for (Index j0 = 0; j0 < X.cols; j0 += kStageExamples) {
    const Index m = std::min(X.cols - j0, kStageExamples);
    const Pieces<T> at(row, by.edges + row.bin + row.at, X.col(j0) + n, X.ld, m);
    for_each_vector(d, rows, [&](Index i, auto part) HWY_ATTR {
      auto of_U = load(d, dU + i, part), of_c = load(d, dc + i, part);
      for (Index j = 0; j < m; ++j) {
        const auto dz_j = load(d, dz + (j0 + j) * dz_ld + i, part);
        of_U = hn::MulAdd(dz_j, hn::Set(d, at.x[j]), of_U);
        of_c = hn::Add(of_c, dz_j);
        if (row.bins == 0) continue;
        const auto add = [&](Index t, T share) HWY_ATTR {
          T* const P = to.V.col(row.bin + t) + i;
          store(d, hn::MulAdd(dz_j, hn::Set(d, share), load(d, P, part)), P, part);
        };
        add(at.bin[j], at.e[j]);
        if (at.bin[j] > 0) add(at.bin[j] - 1, 1 - at.e[j]);
      }
      store(d, of_U, dU + i, part);
      store(d, of_c, dc + i, part);
    });
  }
  for_each_vector(d, rows, [&](Index i, auto part) HWY_ATTR {
    const auto r = hn::Set(d, scale);
    store(d, hn::Mul(r, load(d, dU + i, part)), dU + i, part);
    store(d, hn::Mul(r, load(d, dc + i, part)), dc + i, part);
    auto sum = hn::Zero(d);
    for (Index t = row.bins - 1; t >= 0; --t) {
      T* const dV = to.V.col(row.bin + t) + i;
      sum = hn::Add(sum, load(d, dV, part));
      store(d, hn::Mul(r, sum), dV, part);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
