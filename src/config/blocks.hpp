// What θ is made of: the one table of its parts, their names, and their order in memory and in files.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "strata/architecture.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// A matrix or a vector of parameters that belong together.
struct ParameterBlock {
  enum class Kind {
    weights,      // W[l] (n_l, n_{l−1})
    biases,       // b[l] (n_l, 1)
    slopes,       // a[l] (n_l, 1)
    frequencies,  // F (k, p), of p numbers that are embedded, and k frequencies each
    phases,       // φ (k, p)
    mixes,        // V (k, qp): q columns for each number
    offsets,      // c (q, p)
    levels,       // E (d, Σ levels): a column for each level, categories side by side
    scales,       // s (n_0, 1)
    factors,      // U (d, p), of p numbers whose embedding is piecewise; V is then (d, Σ bins), and c (d, p)
  };
  Kind kind = Kind::weights;
  int layer = 1;                   // 0: of the stage in front
  std::size_t rows = 0, cols = 0;  // column-major, without gaps
  std::size_t offset = 0;          // of its first number in θ

  [[nodiscard]] std::size_t size() const noexcept { return rows * cols; }
  /// Is it drawn towards zero, by L2?
  [[nodiscard]] bool decays() const noexcept { return kind == Kind::weights; }
  /// Has each unit one number?
  [[nodiscard]] bool is_vector() const noexcept {
    return kind == Kind::biases || kind == Kind::slopes || kind == Kind::scales;
  }
  /// In files: "W1", "b1", "a1", "F", "phi", "U", "V", "c", "E", "s".
  [[nodiscard]] std::string name() const;
  /// As the equations write it: "W[1]", "a[1]", "φ", and element x of it "W[1](3, 2)" or "b[1](3)", counted from 1.
  [[nodiscard]] std::string letter() const;
  [[nodiscard]] std::string element(std::size_t x) const;
  bool operator==(const ParameterBlock&) const = default;
};

/// Which number of options is that of these parameters.
[[nodiscard]] double PerKind::* number_of(ParameterBlock::Kind kind) noexcept;

/// F, φ, U, V, c, E and s as far as the stage has them; then W[1], b[1], a[1], …, W[L], b[L], with the slopes that are
/// learned. Throws Error(memory) where the sizes cannot be counted.
[[nodiscard]] std::vector<ParameterBlock> blocks_of(const Architecture& net);
/// The same one after the other, without memory for all of them.
void for_each_block(const Architecture& net, const std::function<void(const ParameterBlock&)>& use);

}  // namespace strata::internal
