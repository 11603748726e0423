// Compiled with -ffp-contract=off like everything here: a fused multiply-add in x1² + x2² would change the last bit of
// one NumPy weight in eight.
#include "base/random.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace strata::internal {
namespace {

__extension__ typedef unsigned __int128 Product;

// 53 random bits as a number in (0, 1): never 0, so its logarithm is finite.
double open_unit(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 21) ^ (low >> 11);
  return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9;  // the golden ratio and √3 − 1, as Weyl sequences
    key[1] += 0xBB67AE85;
  }
  return counter;
}

CounterRandom::CounterRandom(std::uint64_t seed, RandomPurpose purpose, std::uint32_t index) noexcept
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      purpose_(static_cast<std::uint32_t>(purpose)),
      index_(index) {}

std::array<std::uint32_t, 4> CounterRandom::words(std::uint64_t n) const noexcept {
  return philox4x32({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), index_, purpose_}, key_);
}

double CounterRandom::normal(std::uint64_t n) const noexcept {
  // One counter gives a pair; numbers 2k and 2k + 1 share it.
  const auto w = words(n / 2);
  const double radius = std::sqrt(-2.0 * std::log(open_unit(w[0], w[1])));
  const double angle = 2.0 * std::numbers::pi * open_unit(w[2], w[3]);
  return radius * (n % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

double CounterRandom::uniform(std::uint64_t n) const noexcept {
  const auto w = words(n);
  return open_unit(w[0], w[1]);
}

std::array<std::uint32_t, 2> CounterRandom::key(std::uint64_t n) const noexcept {
  const auto w = words(n);
  return {w[0], w[1]};
}

std::uint64_t CounterRandom::below(std::uint64_t bound) noexcept {
  while (true) {
    const auto w = words(next_++);
    const std::uint64_t draw = (static_cast<std::uint64_t>(w[0]) << 32) | w[1];
    const auto product = static_cast<Product>(draw) * bound;
    const auto low = static_cast<std::uint64_t>(product);
    // The draws below (2⁶⁴ mod bound), which is less than bound, are one too many for an even share.
    if (low >= bound || low >= (0 - bound) % bound) return static_cast<std::uint64_t>(product >> 64);
  }
}

template <class Index>
void shuffled(std::uint64_t seed, RandomPurpose purpose, std::uint32_t index, std::span<Index> order) noexcept {
  std::iota(order.begin(), order.end(), Index{0});
  CounterRandom random(seed, purpose, index);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

template void shuffled(std::uint64_t, RandomPurpose, std::uint32_t, std::span<std::uint32_t>) noexcept;
template void shuffled(std::uint64_t, RandomPurpose, std::uint32_t, std::span<std::size_t>) noexcept;

double NumpyRandom::uniform() noexcept {
  const auto a = static_cast<std::uint32_t>(engine_()) >> 5;
  const auto b = static_cast<std::uint32_t>(engine_()) >> 6;
  return (a * 67108864.0 + b) / 9007199254740992.0;
}

double NumpyRandom::normal() noexcept {
  if (has_kept_) {
    has_kept_ = false;
    return kept_;
  }
  double x1, x2, r2;
  do {
    x1 = 2.0 * uniform() - 1.0;
    x2 = 2.0 * uniform() - 1.0;
    r2 = x1 * x1 + x2 * x2;
  } while (r2 >= 1.0 || r2 == 0.0);
  const double f = std::sqrt(-2.0 * std::log(r2) / r2);
  kept_ = f * x1;
  has_kept_ = true;
  return f * x2;
}

}  // namespace strata::internal
