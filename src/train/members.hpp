// Several networks that are trained on the same rows, or on parts of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace strata::internal {

/// The seed of network j of a model, counted from 0: the first has the seed itself, the others have 53 bits of
/// SplitMix64 (Steele, Lea and Flood, 2014) of seed + j·0x9E3779B97F4A7C15.
[[nodiscard]] constexpr std::uint64_t seed_of_network(std::uint64_t seed, std::size_t j) noexcept {
  if (j == 0) return seed;
  std::uint64_t z = seed + j * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return (z ^ (z >> 31)) >> 11;
}

}  // namespace strata::internal
