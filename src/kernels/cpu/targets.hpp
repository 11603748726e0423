// Which of Highway's targets are compiled: those that differ in registers, not every step between them.
#pragma once

#define HWY_WANT_SSE4 1
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

// Not for Highway's emulation of vectors: the reference serves CPUs without any of these.
#define STRATA_CPU_TARGET \
  (HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_NEON)
#define STRATA_CPU_TARGET_NAME \
  (HWY_TARGET == HWY_AVX3 ? "avx512" : HWY_TARGET == HWY_AVX2 ? "avx2" : HWY_TARGET == HWY_SSE4 ? "sse4" : "neon")
