// The CPU kernels in float32.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/float32.cpp"
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

std::unique_ptr<Kernels<float>> make_float32(ThreadPool& pool) {
  return std::make_unique<CpuKernels<float, Terms::numbers>>(STRATA_CPU_TARGET_NAME, pool);
}

// So many rounds of multiply-adds that need nothing but registers; how many operations that was. For the peak that
// `strata doctor` shows.
double multiply_adds(std::int64_t rounds) {
  const Tag<float> d;
  constexpr int kChains = 12;
  hn::Vec<Tag<float>> acc[kChains];
  const auto factor = hn::Set(d, 0.999F), term = hn::Set(d, 0.001F);
  STRATA_UNROLL for (int c = 0; c < kChains; ++c) acc[c] = hn::Set(d, static_cast<float>(c));
  for (std::int64_t i = 0; i < rounds; ++i) {
    STRATA_UNROLL for (int c = 0; c < kChains; ++c) acc[c] = hn::MulAdd(acc[c], factor, term);
  }
  auto sum = acc[0];
  STRATA_UNROLL for (int c = 1; c < kChains; ++c) sum = hn::Add(sum, acc[c]);
  volatile float used = hn::GetLane(hn::SumOfLanes(d, sum));
  static_cast<void>(used);
  return 2.0 * kChains * static_cast<double>(kLanes<float>) * static_cast<double>(rounds);
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();
#endif
