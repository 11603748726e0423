// The stage in front of the layers in long double, one number after the other.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "config/blocks.hpp"
#include "math/formulas.hpp"
#include "strata/architecture.hpp"

namespace strata::testing {

struct PlainStage {
  using Kind = internal::ParameterBlock::Kind;
  const Architecture& net;
  const std::vector<Real>& theta;
  std::function<std::size_t(Kind, int)> at;  // where a block begins in θ

  /// use(row of X, its embedding, its first row of Z[0], how many numbers are embedded before it, and levels or
  /// bins)
  template <class Use>
  void for_each_row(const Use& use) const {
    std::size_t to = 0, numbers = 0, levels = 0, bins = 0;
    for (std::size_t r = 0; r < static_cast<std::size_t>(net.inputs); ++r) {
      const RowEmbedding row = net.stage.rows.empty() ? RowEmbedding() : net.stage.rows[r];
      use(r, row, to, numbers, row.kind == RowEmbedding::Kind::piecewise ? bins : levels);
      to += static_cast<std::size_t>(net.stage.units_of(row.kind));
      numbers += row.kind == RowEmbedding::Kind::periodic || row.kind == RowEmbedding::Kind::piecewise ? 1 : 0;
      levels += static_cast<std::size_t>(row.levels);
      bins += static_cast<std::size_t>(row.bins());
    }
  }

  [[nodiscard]] std::vector<Real> embed(std::span<const Real> x) const {
    std::vector<Real> z;
    for_each_row([&](std::size_t r, RowEmbedding row, std::size_t, std::size_t j, std::size_t e) {
      if (row.kind == RowEmbedding::Kind::levels) {
        for (std::size_t i = 0; i < d(); ++i) z.push_back(theta[level(e, x[r], i)]);
        return;
      }
      if (row.kind == RowEmbedding::Kind::piecewise) {
        for (std::size_t i = 0; i < n(); ++i) {
          z.push_back(theta[at(Kind::factors, 0) + j * n() + i] * x[r] + theta[at(Kind::offsets, 0) + j * n() + i]);
          for (std::size_t t = 0; t + 1 < row.edges.size(); ++t)
            z.back() += theta[piece(e + t, i)] * through(x[r], row.edges, t);
        }
        return;
      }
      z.push_back(x[r]);
      for (std::size_t o = 0; row.kind == RowEmbedding::Kind::periodic && o < q(); ++o) {
        Real sum = theta[at(Kind::offsets, 0) + j * q() + o];
        for (std::size_t f = 0; f < k(); ++f) sum += theta[mix(j, o, f)] * std::cos(angle(x[r], j, f));
        z.push_back(sum);
      }
    });
    return z;
  }

  [[nodiscard]] std::vector<Real> scale(std::vector<Real> z) const {
    for (std::size_t i = 0; net.stage.scales && i < z.size(); ++i) z[i] *= theta[at(Kind::scales, 0) + i];
    return z;
  }

  /// Of one example of m, from dA[0].
  void add_gradient(std::span<const Real> x, std::span<const Real> z, std::vector<Real> dA, Real m,
                    std::vector<Real>& gradient) const {
    for (std::size_t i = 0; net.stage.scales && i < dA.size(); ++i) {
      gradient[at(Kind::scales, 0) + i] += dA[i] * z[i] / m;
      dA[i] *= theta[at(Kind::scales, 0) + i];
    }
    for_each_row([&](std::size_t r, RowEmbedding row, std::size_t to, std::size_t j, std::size_t e) {
      for (std::size_t i = 0; row.kind == RowEmbedding::Kind::levels && i < d(); ++i)
        gradient[level(e, x[r], i)] += dA[to + i] / m;
      for (std::size_t i = 0; row.kind == RowEmbedding::Kind::piecewise && i < n(); ++i) {
        const Real dz = dA[to + i] / m;
        gradient[at(Kind::offsets, 0) + j * n() + i] += dz;
        gradient[at(Kind::factors, 0) + j * n() + i] += dz * x[r];
        for (std::size_t t = 0; t + 1 < row.edges.size(); ++t)
          gradient[piece(e + t, i)] += dz * through(x[r], row.edges, t);
      }
      for (std::size_t o = 0; row.kind == RowEmbedding::Kind::periodic && o < q(); ++o) {
        const Real dz = dA[to + 1 + o] / m;
        gradient[at(Kind::offsets, 0) + j * q() + o] += dz;
        for (std::size_t f = 0; f < k(); ++f) {
          gradient[mix(j, o, f)] += dz * std::cos(angle(x[r], j, f));
          const Real du = -dz * theta[mix(j, o, f)] * std::sin(angle(x[r], j, f));
          gradient[at(Kind::phases, 0) + j * k() + f] += du;
          gradient[at(Kind::frequencies, 0) + j * k() + f] += du * kTwoPi * x[r];
        }
      }
    });
  }

 private:
  static constexpr Real kTwoPi = 6.283185307179586476925286766559005768L;
  [[nodiscard]] std::size_t k() const { return static_cast<std::size_t>(net.stage.frequencies); }
  [[nodiscard]] std::size_t q() const { return static_cast<std::size_t>(net.stage.periodic_units); }
  [[nodiscard]] std::size_t d() const { return static_cast<std::size_t>(net.stage.level_units); }
  [[nodiscard]] std::size_t n() const { return static_cast<std::size_t>(net.stage.piecewise_units); }
  [[nodiscard]] std::size_t piece(std::size_t bin, std::size_t i) const { return at(Kind::mixes, 0) + bin * n() + i; }
  // How far x is through the piece from edge t to the next
  static Real through(Real x, const std::vector<double>& edges, std::size_t t) {
    const Real from = edges[t], share = (x - from) / (edges[t + 1] - from);
    return share < 0 ? 0 : share > 1 ? 1 : share;
  }
  [[nodiscard]] std::size_t mix(std::size_t j, std::size_t o, std::size_t f) const {
    return at(Kind::mixes, 0) + (j * q() + o) * k() + f;
  }
  [[nodiscard]] std::size_t level(std::size_t before, Real code, std::size_t i) const {
    return at(Kind::levels, 0) + (before + static_cast<std::size_t>(code)) * d() + i;
  }
  [[nodiscard]] Real angle(Real x, std::size_t j, std::size_t f) const {
    return kTwoPi * theta[at(Kind::frequencies, 0) + j * k() + f] * x + theta[at(Kind::phases, 0) + j * k() + f];
  }
};

}  // namespace strata::testing
