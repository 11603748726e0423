#include "peak.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace strata_bench {
namespace {

// acc = acc·a + b on `chains` registers that do not depend on each other: enough to hide the latency of the unit. The
// empty assembler statement tells the compiler that the sums are used.
#define STRATA_PEAK_LOOP(name, attribute, vector, chains, set, step, use)                         \
  attribute __attribute__((noinline)) void name(long iterations) {                                \
    vector acc[chains];                                                                           \
    _Pragma("GCC unroll 16") for (int c = 0; c < (chains); ++c) acc[c] = set(1 + c);              \
    const vector a = set(0.5F), b = set(0.25F);                                                   \
    for (long i = 0; i < iterations; ++i) {                                                       \
      _Pragma("GCC unroll 16") for (int c = 0; c < (chains); ++c) acc[c] = step(acc[c], a, b);    \
    }                                                                                             \
    _Pragma("GCC unroll 16") for (int c = 0; c < (chains); ++c) asm volatile("" : : use(acc[c])); \
  }

#if defined(__x86_64__)
#define STRATA_TARGET(t) __attribute__((target(t)))
#define STRATA_SET_PS(x) _mm_set1_ps(static_cast<float>(x))
#define STRATA_SET_PD(x) _mm_set1_pd(x)
#define STRATA_SET256_PS(x) _mm256_set1_ps(static_cast<float>(x))
#define STRATA_SET512_PS(x) _mm512_set1_ps(static_cast<float>(x))
#define STRATA_MUL_ADD_PS(c, a, b) _mm_add_ps(_mm_mul_ps(c, a), b)
#define STRATA_MUL_ADD_PD(c, a, b) _mm_add_pd(_mm_mul_pd(c, a), b)
STRATA_PEAK_LOOP(sse2_f32, , __m128, 12, STRATA_SET_PS, STRATA_MUL_ADD_PS, "x")
STRATA_PEAK_LOOP(sse2_f64, , __m128d, 12, STRATA_SET_PD, STRATA_MUL_ADD_PD, "x")
STRATA_PEAK_LOOP(avx2_f32, STRATA_TARGET("avx2,fma"), __m256, 12, STRATA_SET256_PS, _mm256_fmadd_ps, "x")
STRATA_PEAK_LOOP(avx2_f64, STRATA_TARGET("avx2,fma"), __m256d, 12, _mm256_set1_pd, _mm256_fmadd_pd, "x")
STRATA_PEAK_LOOP(avx512_f32, STRATA_TARGET("avx512f"), __m512, 16, STRATA_SET512_PS, _mm512_fmadd_ps, "v")
STRATA_PEAK_LOOP(avx512_f64, STRATA_TARGET("avx512f"), __m512d, 16, _mm512_set1_pd, _mm512_fmadd_pd, "v")

// The same with 12 stores beside the 24 multiply-adds of an iteration, or without.
#define STRATA_STORE_LOOP(name, attribute, vector, set, step, store, use)                        \
  template <bool kStores>                                                                        \
  attribute __attribute__((noinline)) void name(long iterations, float* memory) {                \
    constexpr int kChains = 12;                                                                  \
    vector acc[kChains];                                                                         \
    _Pragma("GCC unroll 16") for (int c = 0; c < kChains; ++c) acc[c] = set(1 + c);              \
    const vector a = set(0.5F), b = set(0.25F);                                                  \
    for (long i = 0; i < iterations; ++i) {                                                      \
      _Pragma("GCC unroll 16") for (int c = 0; c < kChains; ++c) acc[c] = step(acc[c], a, b);    \
      _Pragma("GCC unroll 16") for (int c = 0; c < kChains; ++c) acc[c] = step(acc[c], a, b);    \
      if (kStores) {                                                                             \
        _Pragma("GCC unroll 16") for (int c = 0; c < kChains; ++c) store(memory + 16 * c, b);    \
        asm volatile("" : : : "memory");                                                         \
      }                                                                                          \
    }                                                                                            \
    _Pragma("GCC unroll 16") for (int c = 0; c < kChains; ++c) asm volatile("" : : use(acc[c])); \
  }
STRATA_STORE_LOOP(avx2_stores, STRATA_TARGET("avx2,fma"), __m256, STRATA_SET256_PS, _mm256_fmadd_ps, _mm256_store_ps,
                  "x")
STRATA_STORE_LOOP(avx512_stores, STRATA_TARGET("avx512f"), __m512, STRATA_SET512_PS, _mm512_fmadd_ps, _mm512_store_ps,
                  "v")

STRATA_TARGET("avx512f,avx512bf16") __attribute__((noinline)) void avx512_bf16(long iterations) {
  constexpr int kChains = 16;
  __m512 acc[kChains];
#pragma GCC unroll 16
  for (int c = 0; c < kChains; ++c) acc[c] = _mm512_set1_ps(static_cast<float>(1 + c));
  const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5F), _mm512_set1_ps(-0.5F));
  const __m512bh b = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.25F), _mm512_set1_ps(0.25F));
  for (long i = 0; i < iterations; ++i) {
#pragma GCC unroll 16
    for (int c = 0; c < kChains; ++c) acc[c] = _mm512_dpbf16_ps(acc[c], a, b);
  }
#pragma GCC unroll 16
  for (int c = 0; c < kChains; ++c) asm volatile("" : : "v"(acc[c]));
}
#elif defined(__aarch64__)
#define STRATA_NEON_PS(c, a, b) vfmaq_f32(b, c, a)
#define STRATA_NEON_PD(c, a, b) vfmaq_f64(b, c, a)
STRATA_PEAK_LOOP(neon_f32, , float32x4_t, 16, vdupq_n_f32, STRATA_NEON_PS, "w")
STRATA_PEAK_LOOP(neon_f64, , float64x2_t, 16, vdupq_n_f64, STRATA_NEON_PD, "w")
#endif

double seconds_on(const PeakLoop& loop, long iterations, int threads) {
  std::atomic<int> ready{0};
  const auto work = [&] {
    ready.fetch_add(1);
    while (ready.load() < threads) {
    }
    loop.loop(iterations);
  };
  if (threads == 1) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::vector<std::jthread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  while (ready.load() < threads - 1) {
  }
  const auto start = std::chrono::steady_clock::now();
  work();
  others.clear();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::vector<PeakLoop> peak_loops() {
  std::vector<PeakLoop> loops;
#if defined(__x86_64__)
  constexpr double kMulAdd = 2;
  loops.push_back({"float32", "sse2", kMulAdd * 12 * 4, sse2_f32});
  loops.push_back({"float64", "sse2", kMulAdd * 12 * 2, sse2_f64});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    loops.push_back({"float32", "avx2", kMulAdd * 12 * 8, avx2_f32});
    loops.push_back({"float64", "avx2", kMulAdd * 12 * 4, avx2_f64});
  }
  if (__builtin_cpu_supports("avx512f")) {
    loops.push_back({"float32", "avx512", kMulAdd * 16 * 16, avx512_f32});
    loops.push_back({"float64", "avx512", kMulAdd * 16 * 8, avx512_f64});
  }
  if (__builtin_cpu_supports("avx512bf16")) loops.push_back({"bf16", "avx512", kMulAdd * 16 * 32, avx512_bf16});
#elif defined(__aarch64__)
  loops.push_back({"float32", "neon", 2.0 * 16 * 4, neon_f32});
  loops.push_back({"float64", "neon", 2.0 * 16 * 2, neon_f64});
#endif
  return loops;
}

double measure(const PeakLoop& loop, int threads) {
  constexpr double kShort = 0.5e-3;
  constexpr int kRepeats = 16;
  long iterations = 1000;
  while (seconds_on(loop, iterations, 1) < kShort) iterations *= 2;
  double best = seconds_on(loop, iterations, threads);
  for (int i = 1; i < kRepeats; ++i) best = std::min(best, seconds_on(loop, iterations, threads));
  return loop.flops_of_iteration * static_cast<double>(iterations) * threads / best / 1e9;
}

double store_cost() {
#if defined(__x86_64__)
  alignas(64) float memory[16 * 12];
  const auto seconds = [&](auto loop) {
    double best = 1;
    for (int i = 0; i < 64; ++i) {
      const auto start = std::chrono::steady_clock::now();
      loop(5000L, memory);
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
  };
  const auto cost = [](double alone, double beside) { return (beside - alone) / alone * 24 / 12; };
  if (__builtin_cpu_supports("avx512f")) return cost(seconds(avx512_stores<false>), seconds(avx512_stores<true>));
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return cost(seconds(avx2_stores<false>), seconds(avx2_stores<true>));
  }
#endif
  return -1;
}

}  // namespace strata_bench
