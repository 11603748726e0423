// The few things about the processor that the language does not have.
#pragma once

namespace strata::internal {

/// Tells the processor that this thread spins, so that it gives its room to others.
inline void pause_briefly() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");  // "yield" does nothing on most cores
#endif
}

#if defined(__x86_64__)
inline constexpr unsigned long kFlags = 0x3F;       // of what has happened
inline constexpr unsigned long kFlushing = 0x8040;  // flush to zero, denormals are zero
#elif defined(__aarch64__)
inline constexpr unsigned long kFlags = 0;
inline constexpr unsigned long kFlushing = 1UL << 24;  // FZ
#else
inline constexpr unsigned long kFlags = 0, kFlushing = 0;
#endif

/// The control register of this thread's vector unit.
[[nodiscard]] inline unsigned long float_control() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_stmxcsr();
#elif defined(__aarch64__)
  unsigned long mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}

/// How this thread rounds and what it does with denormal numbers.
[[nodiscard]] inline unsigned long float_mode() noexcept { return float_control() & ~kFlags; }

inline void set_float_mode([[maybe_unused]] unsigned long mode) noexcept {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(static_cast<unsigned>(mode));
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" ::"r"(mode));
#endif
}

}  // namespace strata::internal
