// Numbers too small for a full mantissa (below 1.2e-38 in float32) count as zero while this lives, on this thread:
// processors take a hundred times as long for them, and nothing that is learnt needs them.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace strata {

class FlushDenormals {
 public:
  FlushDenormals() noexcept : before_(read()) {
    if ((before_ & kBits) != kBits) write(before_ | kBits);
  }
  ~FlushDenormals() {
    if ((before_ & kBits) != kBits) write(before_);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE2__)
  using Word = unsigned;
  static constexpr Word kBits = 0x8040;  // flush to zero, denormals are zero
  static Word read() noexcept { return _mm_getcsr(); }
  static void write(Word word) noexcept { _mm_setcsr(word); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word kBits = Word{1} << 24;  // FZ
  static Word read() noexcept {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(Word word) noexcept { asm volatile("msr fpcr, %0" : : "r"(word)); }
#else
  using Word = unsigned;
  static constexpr Word kBits = 0;
  static Word read() noexcept { return 0; }
  static void write(Word) noexcept {}
#endif

  Word before_;
};

}  // namespace strata
