// What the products add to Highway's vocabulary: the widest vectors, and loops that vanish.
#include "kernels/cpu/memory-inl.hpp"

#if defined(STRATA_KERNELS_CPU_SIMD_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_SIMD_INL_HPP
#undef STRATA_KERNELS_CPU_SIMD_INL_HPP
#else
#define STRATA_KERNELS_CPU_SIMD_INL_HPP
#endif

// Loops over the registers of a tile must be unrolled whole: an array that is indexed at run time lives in memory.
#undef STRATA_UNROLL
#define STRATA_UNROLL _Pragma("GCC unroll 32")

namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
inline constexpr Index kLanes = HWY_LANES(T);

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal

#endif  // once for every instruction set
