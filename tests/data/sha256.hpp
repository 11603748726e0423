// SHA-256 (FIPS 180-4), for comparisons with published digests.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

namespace strata::testing {

inline std::string sha256(std::string message) {
  // The constants are the first bits of the fractions of roots of primes.
  const auto fraction = [](long double root) {
    return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0L);
  };
  std::array<std::uint32_t, 64> k{};
  std::array<std::uint32_t, 8> state{};
  for (unsigned found = 0, n = 2; found < 64; ++n) {
    bool prime = true;
    for (unsigned d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (!prime) continue;
    k[found] = fraction(std::cbrt(static_cast<long double>(n)));
    if (found < 8) state[found] = fraction(std::sqrt(static_cast<long double>(n)));
    ++found;
  }
  const std::uint64_t bits = 8 * static_cast<std::uint64_t>(message.size());
  message += '\x80';
  message.append((120 - message.size() % 64) % 64, '\0');
  for (int i = 7; i >= 0; --i) message += static_cast<char>(bits >> (8 * i) & 0xFFU);
  for (std::size_t at = 0; at < message.size(); at += 64) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4] = w[i / 4] << 8U | static_cast<unsigned char>(message[at + i]);
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3U) +
             (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10U);
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t first =
          h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
      const std::uint32_t second =
          (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
    }
    const std::array<std::uint32_t, 8> sum = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += sum[i];
  }
  std::string text;
  for (const std::uint32_t word : state) {
    for (int i = 28; i >= 0; i -= 4) text += "0123456789abcdef"[word >> i & 15U];
  }
  return text;
}

}  // namespace strata::testing
