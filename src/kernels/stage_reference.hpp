// The meaning of the stage in front of the layers, as plain loops: a part of reference.hpp.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "base/view.hpp"
#include "kernels/kernels.hpp"

namespace strata::internal::reference {

// Which column of E, among those of its row of X, a code means.
template <class T>
Index level_of(T x, Index levels) {
  return x >= T(0) && x < static_cast<T>(levels) ? static_cast<Index>(x) : levels - 1;
}

// 2π f x + φ
template <class T>
T phase_of(T x, T f, T phi) {
  return static_cast<T>(2 * std::numbers::pi) * x * f + phi;
}

// e_t(x), t = 1 … T, between the edges b_0 … b_T
template <class T>
T piece_of(T x, const T* b, Index t) {
  return std::clamp((x - b[t - 1]) / (b[t] - b[t - 1]), T(0), T(1));
}

// Z = e(X), A = s * Z
template <class T>
void stage_forward(const Stage<T>& by, View<const T> X, View<T> Z, View<T> A) {
  assert(static_cast<Index>(by.rows.size()) == X.rows && Z.cols == X.cols);
  const auto& [F, phi, U, V, c, E, s] = by.p;
  for (Index j = 0; j < X.cols; ++j) {
    for (Index r = 0; r < X.rows; ++r) {
      const StageRow& row = by.rows[static_cast<std::size_t>(r)];
      const T x = X.col(j)[r];
      T* z = Z.col(j) + row.to;
      if (row.kind == RowEmbedding::Kind::levels) {
        const T* e = E.col(row.at + level_of(x, row.levels));
        for (Index i = 0; i < E.rows; ++i) z[i] = e[i];
        continue;
      }
      if (row.kind == RowEmbedding::Kind::piecewise) {
        const T* b = by.edges + row.bin + row.at;
        for (Index i = 0; i < c.rows; ++i) {
          z[i] = c.col(row.at)[i] + U.col(row.at)[i] * x;
          for (Index t = 1; t <= row.bins; ++t) z[i] += V.col(row.bin + t - 1)[i] * piece_of(x, b, t);
        }
        continue;
      }
      z[0] = x;
      if (row.kind == RowEmbedding::Kind::none) continue;
      for (Index o = 0; o < c.rows; ++o) {
        const T* v = V.col(row.at * c.rows + o);
        T sum = c.col(row.at)[o];
        for (Index i = 0; i < F.rows; ++i) sum += v[i] * std::cos(phase_of(x, F.col(row.at)[i], phi.col(row.at)[i]));
        z[1 + o] = sum;
      }
    }
    for (Index i = 0; i < A.rows; ++i) A.col(j)[i] = s.data == nullptr ? Z.col(j)[i] : s.data[i] * Z.col(j)[i];
  }
}

// ds = r·Σ_j dA^(j) * Z^(j),  dZ = s * dA, and what follows from it
template <class T>
void stage_backward_params(const Stage<T>& by, View<const T> X, View<const T> Z, View<T> dA, double r_,
                           const StageParts<T>& d) {
  const auto& [F, phi, U, V, c, E, s] = by.p;
  const auto r = static_cast<T>(r_);
  for (Index i = 0; s.data != nullptr && i < dA.rows; ++i) {
    T sum = 0;
    for (Index j = 0; j < dA.cols; ++j) {
      sum += dA.col(j)[i] * Z.col(j)[i];
      dA.col(j)[i] *= s.data[i];
    }
    d.s.data[i] = r * sum;
  }
  for (const View<T>& each : {d.F, d.phi, d.U, d.V, d.c, d.E}) {
    for (Index i = 0; i < each.size(); ++i) each.data[i] = 0;
  }
  for (Index j = 0; j < X.cols; ++j) {
    for (Index n = 0; n < X.rows; ++n) {
      const StageRow& row = by.rows[static_cast<std::size_t>(n)];
      const T x = X.col(j)[n];
      const T* dz = dA.col(j) + row.to;
      if (row.kind == RowEmbedding::Kind::levels) {
        T* de = d.E.col(row.at + level_of(x, row.levels));
        for (Index i = 0; i < E.rows; ++i) de[i] += r * dz[i];
      }
      if (row.kind == RowEmbedding::Kind::piecewise) {
        const T* b = by.edges + row.bin + row.at;
        for (Index i = 0; i < c.rows; ++i) {
          d.c.col(row.at)[i] += r * dz[i];
          d.U.col(row.at)[i] += r * dz[i] * x;
          for (Index t = 1; t <= row.bins; ++t) d.V.col(row.bin + t - 1)[i] += r * dz[i] * piece_of(x, b, t);
        }
      }
      if (row.kind != RowEmbedding::Kind::periodic) continue;
      for (Index o = 0; o < c.rows; ++o) d.c.col(row.at)[o] += r * dz[1 + o];
      for (Index i = 0; i < F.rows; ++i) {
        const T u = phase_of(x, F.col(row.at)[i], phi.col(row.at)[i]);
        T dh = 0;
        for (Index o = 0; o < c.rows; ++o) {
          dh += V.col(row.at * c.rows + o)[i] * dz[1 + o];
          d.V.col(row.at * c.rows + o)[i] += r * dz[1 + o] * std::cos(u);
        }
        const T du = -std::sin(u) * dh;
        d.phi.col(row.at)[i] += r * du;
        d.F.col(row.at)[i] += r * du * static_cast<T>(2 * std::numbers::pi) * x;
      }
    }
  }
}

}  // namespace strata::internal::reference
