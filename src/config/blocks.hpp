// What θ is made of: the one table of its parts, their names, and their order in memory and in files.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "strata/architecture.hpp"

namespace strata::internal {

/// A matrix or a vector of parameters that belong together.
struct ParameterBlock {
  enum class Kind { weights, biases };
  Kind kind = Kind::weights;
  int layer = 1;
  std::size_t rows = 0, cols = 0;  // column-major, without gaps
  std::size_t offset = 0;          // of its first number in θ

  [[nodiscard]] std::size_t size() const noexcept { return rows * cols; }
  /// Is it drawn towards zero, by L2?
  [[nodiscard]] bool decays() const noexcept { return kind == Kind::weights; }
  /// In files: "W1", "b1".
  [[nodiscard]] std::string name() const;
  /// As the notes write it: "W[1]", and element x of it "W[1](3, 2)" or "b[1](3)", counted from 1.
  [[nodiscard]] std::string letter() const;
  [[nodiscard]] std::string element(std::size_t x) const;
  bool operator==(const ParameterBlock&) const = default;
};

/// W[1], b[1], …, W[L], b[L]. Throws Error(memory) where the sizes cannot be counted.
[[nodiscard]] std::vector<ParameterBlock> blocks_of(const Architecture& net);

}  // namespace strata::internal
