// The CPU kernels in float64.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/float64.cpp"
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

std::unique_ptr<Kernels<double>> make_float64(ThreadPool& pool) {
  return std::make_unique<CpuKernels<double, Terms::numbers>>(STRATA_CPU_TARGET_NAME, pool);
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();
#endif
