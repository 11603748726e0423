// A stage in front of the layers with made numbers, for the tests of the kernels.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/reference.hpp"
#include "kernels/support.hpp"

namespace strata::testing {

/// What a stage is made of: its rows by a letter each (n: none, p: periodic, c: a code of `levels` levels;
/// instead of p, w: piecewise, the first of k bins, the others of 0 to 6, in q rows).
struct StageShape {
  std::string rows;
  Index k, q, d, levels;
  bool scales;
  [[nodiscard]] std::string text() const {
    return rows + ", k = " + std::to_string(k) + ", q = " + std::to_string(q) + ", d = " + std::to_string(d) +
           (scales ? ", s" : "");
  }
};

const StageShape kShapes[] = {{"p", 1, 1, 1, 2, false},     {"n", 1, 1, 1, 2, true},
                              {"c", 1, 1, 1, 1, false},     {"ppnpc", 16, 3, 8, 5, true},
                              {"cpcn", 7, 3, 17, 3, false}, {"npp", 33, 1, 3, 2, true},
                              {"pcnp", 16, 5, 2, 9, true},  {"cc", 16, 3, 5, 40, true},
                              {"ppp", 17, 9, 1, 1, true},   {"nnpnncn", 8, 4, 4, 7, true},
                              {"w", 1, 1, 1, 1, false},     {"wnwcwwwww", 48, 16, 8, 5, true},
                              {"www", 2, 3, 1, 1, true},    {"ww", RowEmbedding::kMostBins, 33, 1, 1, false}};

/// A stage with numbers of its own, and m examples.
template <class T>
struct StageCase {
  StageCase(const StageShape& shape, Index m_)
      : m(m_),
        numbers(std::max<Index>(1, count(shape, 'p') + count(shape, 'w'))),
        levels(std::max<Index>(1, count(shape, 'c') * shape.levels)),
        has_numbers(count(shape, 'p') > 0),
        is_piecewise(count(shape, 'w') > 0),
        has_levels(count(shape, 'c') > 0),
        scales(shape.scales),
        F(shape.k, numbers, 1, 0),
        phi(shape.k, numbers, 2, 0),
        U(shape.q, numbers, 2, 0),
        V(is_piecewise ? shape.q : shape.k, is_piecewise ? bins_before(shape, shape.rows.size()) : numbers * shape.q, 3,
          0),
        c(shape.q, numbers, 1, 0),
        E(shape.d, levels, 2, 0),
        s(count(shape, 'n') + count(shape, 'p') * (1 + shape.q) + count(shape, 'w') * shape.q +
              count(shape, 'c') * shape.d,
          1, 1, 0),
        X(static_cast<Index>(shape.rows.size()), m, 2, 3) {
    std::mt19937_64 random(shape.rows.size() + static_cast<std::size_t>(m));
    for (Guarded<T>* part : {&F, &phi, &V, &c, &E, &s, &X, &U}) fill_normal(*part, random);
    Index to = 0, number = 0, level = 0;
    for (std::size_t i = 0; i < shape.rows.size(); ++i) {
      const RowEmbedding::Kind kind = kind_of(shape, i);
      const bool is_code = kind == RowEmbedding::Kind::levels, is_in_pieces = kind == RowEmbedding::Kind::piecewise;
      const Index bins = is_in_pieces ? bins_of(shape, i) : 0;
      rows.push_back({kind, to, is_code ? level : number, is_code ? shape.levels : 0, bins_before(shape, i), bins});
      to += kind == RowEmbedding::Kind::none       ? 1
            : kind == RowEmbedding::Kind::periodic ? 1 + shape.q
            : is_in_pieces                         ? shape.q
                                                   : shape.d;
      number += kind == RowEmbedding::Kind::periodic || is_in_pieces, level += is_code ? shape.levels : 0;
      if (is_in_pieces) add_edges(static_cast<Index>(i), bins, random);
      for (Index j = 0; kind == RowEmbedding::Kind::levels && j < m; ++j) {
        X.view()(static_cast<Index>(i), j) = static_cast<T>(random() % static_cast<std::uint64_t>(shape.levels));
      }
    }
  }
  static Index count(const StageShape& shape, char row) {
    return static_cast<Index>(std::ranges::count(shape.rows, row));
  }
  static RowEmbedding::Kind kind_of(const StageShape& shape, std::size_t i) {
    switch (shape.rows[i]) {
      case 'n': return RowEmbedding::Kind::none;
      case 'p': return RowEmbedding::Kind::periodic;
      case 'w': return RowEmbedding::Kind::piecewise;
      default: return RowEmbedding::Kind::levels;
    }
  }
  static Index bins_of(const StageShape& shape, std::size_t i) {
    return i == 0 ? shape.k : static_cast<Index>(5 * i % 7);
  }
  static Index bins_before(const StageShape& shape, std::size_t i) {
    Index bins = 0;
    for (std::size_t r = 0; r < i; ++r) bins += shape.rows[r] == 'w' ? bins_of(shape, r) : 0;
    return bins;
  }
  // From −1.5 to some 1.5, of examples on both sides; every third example is at an edge.
  void add_edges(Index row, Index bins, std::mt19937_64& random) {
    const std::size_t first = edges.size();
    T edge = T(-1.5);
    for (Index t = 0; t <= bins; ++t) {
      edges.push_back(edge);
      edge += (T(0.5) + static_cast<T>(random() % 1024) / T(1024)) * T(3) / static_cast<T>(std::max<Index>(bins, 1));
    }
    for (Index j = 0; j < m; j += 3)
      X.view()(row, j) = edges[first + static_cast<std::size_t>(j) % static_cast<std::size_t>(bins + 1)];
  }
  [[nodiscard]] Index n() const { return s.view().rows; }
  [[nodiscard]] Stage<T> stage() const {
    Stage<T> by;
    by.rows = rows;
    by.edges = edges.data();
    if (has_numbers) by.p.F = F.view(), by.p.phi = phi.view();
    if (is_piecewise) by.p.U = U.view();
    if (has_numbers || is_piecewise) by.p.V = V.view(), by.p.c = c.view();
    if (has_levels) by.p.E = E.view();
    if (scales) by.p.s = s.view();
    return by;
  }
  /// Z, A
  [[nodiscard]] std::vector<std::vector<T>> forward(const Kernels<T>& k) const {
    Guarded<T> Z(n(), m, 1, 2), A(n(), m, 3, 1), in_place(n(), m, 2, 0);
    k.stage_forward(stage(), X.view(), Z.view(), A.view());
    k.stage_forward(stage(), X.view(), in_place.view(), in_place.view());
    EXPECT_TRUE(Z.intact() && A.intact() && in_place.intact()) << "written beside a matrix";
    EXPECT_TRUE(same_bits(A, in_place)) << "A over Z is not A beside Z";
    return {Z.values(), A.values()};
  }
  /// dZ, dF, dφ, dV, dc, dE, ds, dU from dA; those that there are not stay as they were.
  [[nodiscard]] std::vector<std::vector<T>> backward(const Kernels<T>& k, const Guarded<T>& dA, double r) const {
    Guarded<T> Z(n(), m, 1, 2), A(n(), m), dZ = dA, dF = F, dphi = phi, dV = V, dc = c, dE = E, ds = s, dU = U;
    ReferenceKernels<T>().stage_forward(stage(), X.view(), Z.view(), A.view());
    StageParts<T> d;
    if (has_numbers) d.F = dF.view(), d.phi = dphi.view();
    if (is_piecewise) d.U = dU.view();
    if (has_numbers || is_piecewise) d.V = dV.view(), d.c = dc.view();
    if (has_levels) d.E = dE.view();
    if (scales) d.s = ds.view();
    k.stage_backward_params(stage(), X.view(), scales ? Z.view() : View<T>(), dZ.view(), r, d);
    std::vector<std::vector<T>> all;
    for (const Guarded<T>* M : {&dZ, &dF, &dphi, &dV, &dc, &dE, &ds, &dU}) {
      EXPECT_TRUE(M->intact()) << "written beside a matrix";
      all.push_back(M->values());
    }
    return all;
  }
  [[nodiscard]] Guarded<T> any_dA() const {
    Guarded<T> dA(n(), m, 1, 3);
    std::mt19937_64 random(8);
    fill_normal(dA, random);
    return dA;
  }

  Index m, numbers, levels;
  bool has_numbers, is_piecewise, has_levels, scales;
  Guarded<T> F, phi, U, V, c, E, s, X;
  std::vector<T> edges;
  std::vector<StageRow> rows;
};
constexpr const char* kGradients[] = {"dZ", "dF", "dφ", "dV", "dc", "dE", "ds", "dU"};

}  // namespace strata::testing
