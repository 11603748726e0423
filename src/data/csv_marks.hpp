// Which of 64 bytes mean something in a CSV text, by the vector instructions that every CPU of a kind has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace strata::internal {

class MarkFinder {
 public:
  /// 64 bytes, a bit each, the first one lowest.
  struct Marks {
    std::uint64_t special = 0;
    bool beyond_ascii = false;  // any byte is
  };

  /// Special are line ends, NUL, the quote, the separator, and one more.
  MarkFinder(char separator, char more) {
    const char special[kSpecial] = {'\n', '\r', '\0', '"', separator, more};
    for (std::size_t i = 0; i < kSpecial; ++i) std::memset(special_[i], special[i], sizeof special_[i]);
  }

#if defined(__SSE2__)
  [[nodiscard]] Marks operator()(const char* bytes) const noexcept {
    Marks marks;
    int high = 0;
    __m128i special[kSpecial];
    for (std::size_t i = 0; i < kSpecial; ++i)
      special[i] = _mm_load_si128(reinterpret_cast<const __m128i*>(special_[i]));
    for (unsigned part = 0; part < 4; ++part) {
      const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * std::size_t{part}));
      __m128i found = _mm_cmpeq_epi8(text, special[0]);
      for (std::size_t i = 1; i < kSpecial; ++i) found = _mm_or_si128(found, _mm_cmpeq_epi8(text, special[i]));
      marks.special |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << (16 * part);
      high |= _mm_movemask_epi8(text);
    }
    marks.beyond_ascii = high != 0;
    return marks;
  }
#elif defined(__aarch64__)
  [[nodiscard]] Marks operator()(const char* bytes) const noexcept {
    const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201U));
    uint8x16_t found[4];
    uint8x16_t all = vdupq_n_u8(0);
    for (std::size_t part = 0; part < 4; ++part) {
      const uint8x16_t text = vld1q_u8(reinterpret_cast<const std::uint8_t*>(bytes) + 16 * part);
      all = vorrq_u8(all, text);
      uint8x16_t is = vdupq_n_u8(0);
      for (const auto& special : special_) is = vorrq_u8(is, vceqq_u8(text, vld1q_u8(special)));
      found[part] = vandq_u8(is, bits);
    }
    uint8x16_t sum = vpaddq_u8(vpaddq_u8(found[0], found[1]), vpaddq_u8(found[2], found[3]));
    sum = vpaddq_u8(sum, sum);
    return {vgetq_lane_u64(vreinterpretq_u64_u8(sum), 0), vmaxvq_u8(all) >= 0x80};
  }
#else
  [[nodiscard]] Marks operator()(const char* bytes) const noexcept {
    Marks marks;
    for (unsigned i = 0; i < 64; ++i) {
      const char c = bytes[i];
      bool is = false;
      for (const auto& special : special_) is = is || static_cast<unsigned char>(c) == special[0];
      marks.special |= std::uint64_t{is} << i;
      marks.beyond_ascii = marks.beyond_ascii || static_cast<unsigned char>(c) >= 0x80;
    }
    return marks;
  }
#endif

 private:
  static constexpr std::size_t kSpecial = 6;
  alignas(16) unsigned char special_[kSpecial][16];
};

}  // namespace strata::internal
