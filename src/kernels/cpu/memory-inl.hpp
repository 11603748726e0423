// Vectors from and to memory, whole or in part, so that a ragged end goes through the same arithmetic as the rest.
//
// Compiled once for every instruction set: include it only from a file that Highway includes again and again
// (hwy/foreach_target.h), and after "hwy/highway.h".
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hwy/highway.h"

#include "base/view.hpp"

#if defined(STRATA_KERNELS_CPU_MEMORY_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_MEMORY_INL_HPP
#undef STRATA_KERNELS_CPU_MEMORY_INL_HPP
#else
#define STRATA_KERNELS_CPU_MEMORY_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// How much of a vector is meant: every lane, or the first `count` (1 ≤ count < lanes).
struct Whole {};
struct First {
  Index count;
};

// The lanes at p; those beside `part` are 0 and their memory is not touched.
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* p, Whole) {
  return hn::LoadU(d, p);
}
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* p, First part) {
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86  // These have masked moves that never touch a masked lane's memory.
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(part.count)), d, p);
#else
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)] = {};
  for (Index i = 0; i < part.count; ++i) lanes[i] = p[i];
  return hn::Load(d, lanes);
#endif
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> v, hn::TFromD<D>* p, Whole) {
  hn::StoreU(v, d, p);
}
template <class D>
HWY_INLINE void store(D d, hn::Vec<D> v, hn::TFromD<D>* p, First part) {
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(part.count)), d, p);
#else
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (Index i = 0; i < part.count; ++i) p[i] = lanes[i];
#endif
}

// The same for numbers that lie `step` apart.
HWY_INLINE Index count_of(Whole, Index lanes) { return lanes; }
HWY_INLINE Index count_of(First part, Index) { return part.count; }
template <class D, class Part>
HWY_INLINE hn::Vec<D> load_apart(D d, const hn::TFromD<D>* p, Index step, Part part) {
  if (step == 1) return load(d, p, part);
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)] = {};
  const Index count = count_of(part, static_cast<Index>(hn::Lanes(d)));
  for (Index i = 0; i < count; ++i) lanes[i] = p[i * step];
  return hn::Load(d, lanes);
}
template <class D, class Part>
HWY_INLINE void store_apart(D d, hn::Vec<D> v, hn::TFromD<D>* p, Index step, Part part) {
  if (step == 1) return store(d, v, p, part);
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  const Index count = count_of(part, static_cast<Index>(hn::Lanes(d)));
  for (Index i = 0; i < count; ++i) p[i * step] = lanes[i];
}

// v, and `other` in the lanes beside `part`.
template <class D>
HWY_INLINE hn::Vec<D> fill_rest(D, hn::Vec<D> v, hn::Vec<D>, Whole) {
  return v;
}
template <class D>
HWY_INLINE hn::Vec<D> fill_rest(D d, hn::Vec<D> v, hn::Vec<D> other, First part) {
  return hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(part.count)), v, other);
}

// Asks for the cache line `distance` numbers further, which may be that of no number: then nothing happens.
inline constexpr int kFirstLevel = 3, kSecondLevel = 2;  // of the caches, as GCC and Clang count
template <int kLevel, class T>
HWY_INLINE void fetch_ahead(const T* p, Index distance) {
  const auto bytes = static_cast<std::uintptr_t>(distance) * sizeof(T);
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + bytes), 0, kLevel);
}

// Numbers of either type as doubles.
template <class D, class Part>
HWY_INLINE hn::Vec<D> load_as_double(D d, const double* p, Part part) {
  return load(d, p, part);
}
template <class D, class Part>
HWY_INLINE hn::Vec<D> load_as_double(D d, const float* p, Part part) {
  return hn::PromoteTo(d, load(hn::Rebind<float, D>(), p, part));
}

// Doubles as numbers of either type
template <class D>
HWY_INLINE hn::Vec<D> from_double(hn::Rebind<double, D>, D d, hn::Vec<hn::Rebind<double, D>> v) {
  if constexpr (std::is_same_v<hn::TFromD<D>, double>) {
    (void)d;
    return v;
  } else {
    return hn::DemoteTo(d, v);
  }
}

// f(i, part) for the vectors that start at 0, lanes, 2·lanes, … of `size` numbers; only the last may be a part.
template <class D, class F>
HWY_INLINE void for_each_vector(D d, Index size, const F& f) {
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index i = 0;
  for (; i + lanes <= size; i += lanes) f(i, Whole{});
  if (i < size) f(i, First{size - i});
}

// f(j, size) for the runs of numbers that lie side by side in matrices of one shape: one run of everything where no
// matrix has gaps between its columns, else column after column. Run j starts at col(j).
template <class F, class... Ts>
HWY_INLINE void for_each_run(const F& f, Index rows, Index cols, const View<Ts>&... matrices) {
  if (cols == 1 || ((matrices.ld == rows) && ...)) return f(Index{0}, rows * cols);
  for (Index j = 0; j < cols; ++j) f(j, rows);
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
