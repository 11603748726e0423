// The CPU kernels with products in bfloat16.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/bf16.cpp"
// In this order: which targets, then each of them, then what is compiled for every one.
// clang-format off
#include "kernels/cpu/targets.hpp"
#include <hwy/foreach_target.h>
#include "kernels/cpu/cpu_kernels-inl.hpp"
#include "kernels/cpu/instruction_sets.hpp"
// clang-format on

#if STRATA_CPU_TARGET
HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

std::unique_ptr<Kernels<float>> make_bf16(ThreadPool& pool) {
#if HWY_TARGET == HWY_AVX3
  if (cpu::has_avx512_bf16()) {
    return std::make_unique<CpuKernels<float, Terms::native_pairs>>(STRATA_CPU_TARGET_NAME, pool);
  }
#endif
  return std::make_unique<CpuKernels<float, Terms::pairs>>(STRATA_CPU_TARGET_NAME, pool);
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();
#endif
