#include "kernels/cpu/instruction_sets.hpp"

// What float32.cpp, float64.cpp, bf16.cpp and prepared.cpp define once for each instruction set, in a namespace of its
// own.
#define STRATA_DECLARE_INSTRUCTION_SET(set)                                               \
  namespace strata::internal::set {                                                       \
  std::unique_ptr<Kernels<float>> make_float32(ThreadPool& pool);                         \
  std::unique_ptr<Kernels<double>> make_float64(ThreadPool& pool);                        \
  std::unique_ptr<Kernels<float>> make_bf16(ThreadPool& pool);                            \
  std::unique_ptr<PreparedNetwork<float>> prepare_float32(const NetworkValues<float>&);   \
  std::unique_ptr<PreparedNetwork<double>> prepare_float64(const NetworkValues<double>&); \
  std::unique_ptr<PreparedNetwork<float>> prepare_bf16(const NetworkValues<float>&);      \
  double multiply_adds(std::int64_t rounds);                                              \
  }
#define STRATA_FUNCTIONS_OF(set)                                                                                       \
  set::make_float32, set::make_float64, set::make_bf16, set::prepare_float32, set::prepare_float64, set::prepare_bf16, \
      set::multiply_adds

#if defined(__x86_64__)
STRATA_DECLARE_INSTRUCTION_SET(N_AVX3)
STRATA_DECLARE_INSTRUCTION_SET(N_AVX2)
STRATA_DECLARE_INSTRUCTION_SET(N_SSE4)
#elif defined(__aarch64__)
STRATA_DECLARE_INSTRUCTION_SET(N_NEON)
#endif

namespace strata::internal::cpu {
namespace {

#if defined(__x86_64__)
bool has_sse4() { return __builtin_cpu_supports("sse4.2") != 0; }
bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512cd") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0;
}
#else
bool always() { return true; }
#endif
bool never() { return false; }

constexpr Backend kSets[] = {
#if defined(__x86_64__)
    {"avx512", "AVX-512: 32 registers of 512 bits", has_avx512, has_avx512_bf16, STRATA_FUNCTIONS_OF(N_AVX3)},
    {"avx2", "AVX2 and FMA: 16 registers of 256 bits", has_avx2, never, STRATA_FUNCTIONS_OF(N_AVX2)},
    {"sse4", "SSE4: 16 registers of 128 bits, no fused multiply-add", has_sse4, never, STRATA_FUNCTIONS_OF(N_SSE4)},
#elif defined(__aarch64__)
    {"neon", "NEON: 32 registers of 128 bits", always, never, STRATA_FUNCTIONS_OF(N_NEON)},
#endif
};

}  // namespace

std::span<const Backend> instruction_sets() noexcept { return kSets; }

bool has_avx512_bf16() noexcept {
#if defined(__x86_64__)
  return has_avx512() && __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace strata::internal::cpu
