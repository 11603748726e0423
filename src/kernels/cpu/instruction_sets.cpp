#include "kernels/cpu/instruction_sets.hpp"

namespace strata {

// Defined in float32.cpp, float64.cpp and bf16.cpp, which are compiled once for each of these.
#if defined(__x86_64__)
namespace N_AVX3 {
std::unique_ptr<Kernels<float>> make_float32(ThreadPool& pool);
std::unique_ptr<Kernels<double>> make_float64(ThreadPool& pool);
std::unique_ptr<Kernels<float>> make_bf16(ThreadPool& pool);
double multiply_adds(std::int64_t rounds);
}  // namespace N_AVX3
namespace N_AVX2 {
std::unique_ptr<Kernels<float>> make_float32(ThreadPool& pool);
std::unique_ptr<Kernels<double>> make_float64(ThreadPool& pool);
std::unique_ptr<Kernels<float>> make_bf16(ThreadPool& pool);
double multiply_adds(std::int64_t rounds);
}  // namespace N_AVX2
namespace N_SSE4 {
std::unique_ptr<Kernels<float>> make_float32(ThreadPool& pool);
std::unique_ptr<Kernels<double>> make_float64(ThreadPool& pool);
std::unique_ptr<Kernels<float>> make_bf16(ThreadPool& pool);
double multiply_adds(std::int64_t rounds);
}  // namespace N_SSE4
#elif defined(__aarch64__)
namespace N_NEON {
std::unique_ptr<Kernels<float>> make_float32(ThreadPool& pool);
std::unique_ptr<Kernels<double>> make_float64(ThreadPool& pool);
std::unique_ptr<Kernels<float>> make_bf16(ThreadPool& pool);
double multiply_adds(std::int64_t rounds);
}  // namespace N_NEON
#endif

namespace cpu {
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

constexpr InstructionSet kSets[] = {
#if defined(__x86_64__)
    {"avx512", "AVX-512: 32 registers of 512 bits", has_avx512, N_AVX3::make_float32, N_AVX3::make_float64,
     N_AVX3::make_bf16, N_AVX3::multiply_adds},
    {"avx2", "AVX2 and FMA: 16 registers of 256 bits", has_avx2, N_AVX2::make_float32, N_AVX2::make_float64,
     N_AVX2::make_bf16, N_AVX2::multiply_adds},
    {"sse4", "SSE4: 16 registers of 128 bits, no fused multiply-add", has_sse4, N_SSE4::make_float32,
     N_SSE4::make_float64, N_SSE4::make_bf16, N_SSE4::multiply_adds},
#elif defined(__aarch64__)
    {"neon", "NEON: 32 registers of 128 bits", always, N_NEON::make_float32, N_NEON::make_float64, N_NEON::make_bf16,
     N_NEON::multiply_adds},
#endif
};

}  // namespace

std::span<const InstructionSet> instruction_sets() noexcept { return kSets; }

bool native_bf16() noexcept {
#if defined(__x86_64__)
  return has_avx512() && __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace cpu
}  // namespace strata
