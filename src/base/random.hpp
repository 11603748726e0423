// Two random streams: our own, which is a function of (seed, stream, position), and NumPy's legacy one, bit for bit.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <span>

namespace strata::internal {

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC'11): four random words for each 128-bit counter under a 64-bit key.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key) noexcept;

/// What the numbers are drawn for; each purpose has its own stream, so that none disturbs another.
enum class RandomPurpose : std::uint32_t {
  weights = 1,
  shuffle = 2,
  split = 3,
  dropout = 4,
  bootstrap = 5,
  stage = 6,
  biases = 7
};

/// Counter-based numbers: the n-th depends on (seed, purpose, index, n) and on nothing else.
class CounterRandom {
 public:
  CounterRandom(std::uint64_t seed, RandomPurpose purpose, std::uint32_t index) noexcept;
  /// A standard normal number (Box and Muller, 1958): the n-th of the stream.
  [[nodiscard]] double normal(std::uint64_t n) const noexcept;
  /// Uniform between 0 and 1, and neither: the n-th of the stream.
  [[nodiscard]] double uniform(std::uint64_t n) const noexcept;
  /// For who needs all of a counter: the n-th key of the stream.
  [[nodiscard]] std::array<std::uint32_t, 2> key(std::uint64_t n) const noexcept;
  /// Uniform in 0 … bound − 1, without bias (Lemire, 2019): the next of the stream.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;

 private:
  [[nodiscard]] std::array<std::uint32_t, 4> words(std::uint64_t n) const noexcept;
  std::array<std::uint32_t, 2> key_;
  std::uint32_t purpose_, index_;
  std::uint64_t next_ = 0;
};

/// A permutation of 0 … size − 1 (Fisher and Yates), a function of (seed, purpose, index).
/// For `Index` std::uint32_t (of fewer than 2³² numbers: half the memory) and std::size_t alike.
template <class Index>
void shuffled(std::uint64_t seed, RandomPurpose purpose, std::uint32_t index, std::span<Index> order) noexcept;

extern template void shuffled(std::uint64_t, RandomPurpose, std::uint32_t, std::span<std::uint32_t>) noexcept;
extern template void shuffled(std::uint64_t, RandomPurpose, std::uint32_t, std::span<std::size_t>) noexcept;

/// numpy.random.seed(seed), then randn: MT19937 and Marsaglia's polar method, with the second number of a pair kept.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) : engine_(seed) {}
  [[nodiscard]] double uniform() noexcept;
  [[nodiscard]] double normal() noexcept;

 private:
  std::mt19937 engine_;
  bool has_kept_ = false;
  double kept_ = 0;
};

}  // namespace strata::internal
