// What is special about one example alone. Z = W A_prev + b is a product bound by how fast W can be read, or by the
// latency of a sum.
//
// Every element is the chain of multiply-adds that a tile forms (tile-inl.hpp), of numbers or of pairs of bfloat16.
// There is only one column, so a pass takes as many vectors of rows as hide the latency of a multiply-add.
#include <algorithm>
#include "kernels/cpu/heads-inl.hpp"
#include "kernels/cpu/product-inl.hpp"

#if defined(STRATA_KERNELS_CPU_ROW_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ROW_INL_HPP
#undef STRATA_KERNELS_CPU_ROW_INL_HPP
#else
#define STRATA_KERNELS_CPU_ROW_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

inline constexpr Index kRowVectors = 8;  // of rows, in a pass

// Vector v of these rows lies in panel v/2; `bias` and `z` are whole vectors. K counts numbers or pairs.
template <class T, Terms kTerms, int V>
HWY_NOINLINE void row_pass(const T* panels, Index panel_step, const T* a, Index K, const T* bias, bool relu, T* z) {
  const Tag<T> d;
  constexpr Index N = kLanes<T>, P = kPanel<T>;
  constexpr int kPanels = (V + 1) / 2;
  hn::Vec<Tag<T>> acc[V];
  const T* w[kPanels];
  STRATA_UNROLL for (int v = 0; v < V; ++v) acc[v] = hn::LoadU(d, bias + v * N);
  STRATA_UNROLL for (int q = 0; q < kPanels; ++q) w[q] = panels + q * panel_step;
  for (Index k = 0; k < K; ++k) {
    const auto value = hn::Set(d, a[k]);
    STRATA_UNROLL for (int v = 0; v < V; ++v) {
      acc[v] = add_terms<kTerms>(d, hn::LoadU(d, w[v / 2] + k * P + v % 2 * N), value, acc[v]);
    }
  }
  if (relu) {
    STRATA_UNROLL for (int v = 0; v < V; ++v) acc[v] = positive_part(d, acc[v]);
  }
  STRATA_UNROLL for (int v = 0; v < V; ++v) hn::StoreU(acc[v], d, z + v * N);
}

template <class T, Terms kTerms, int V = kRowVectors, class... Rest>
HWY_INLINE void row_pass_of(Index vectors, Rest... rest) {
  if constexpr (V > 1) {
    if (vectors < V) return row_pass_of<T, kTerms, V - 1>(vectors, rest...);
  }
  row_pass<T, kTerms, V>(rest...);
}

// `vectors` of rows from panels of kPanel rows and K columns; as few passes as can be, and no thin one among them.
template <class T, Terms kTerms>
void row_forward(const T* panels, Index panel_step, const T* bias, Index vectors, Index K, const T* a, T* z,
                 bool relu) {
  constexpr Index N = kLanes<T>;
  static_assert(kVectors == 2);
  for (Index v = 0; v < vectors;) {
    const Index left = vectors - v;
    Index count = left;
    if (left > kRowVectors) {
      const Index passes = (left + kRowVectors - 1) / kRowVectors;
      count = ((left + passes - 1) / passes + 1) / 2 * 2;  // whole panels
    }
    row_pass_of<T, kTerms>(count, panels + v / 2 * panel_step, panel_step, a, K, bias + v * N, relu, z + v * N);
    v += count;
  }
}

// softmax_of_few (heads-inl.hpp) of one example: the same operations, with whole vectors through memory, because a
// processor waits when a vector is read that it has just written in parts.
template <class T>
HWY_NOINLINE void softmax_of_one(const T* z, T* a, Index n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, decltype(d)> dt;
  HWY_ALIGN double powers[kFewClasses + hn::MaxLanes(d)];
  const auto largest = hn::Set(d, static_cast<double>(largest_of(z, n)));
  auto sum = hn::Zero(d);
  for_each_vector(d, n, [&](Index i, auto part) HWY_ATTR {
    const auto power = exp_nonpositive(d, hn::Sub(load_as_double(d, z + i, part), largest));
    sum = hn::Add(sum, fill_rest(d, power, hn::Zero(d), part));
    hn::Store(power, d, powers + i);
  });
  const auto inverse = hn::Div(hn::Set(d, 1.0), hn::SumOfLanes(d, sum));
  for_each_vector(d, n, [&](Index i, auto part) HWY_ATTR {
    store(dt, from_double(d, dt, hn::Mul(hn::Load(d, powers + i), inverse)), a + i, part);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
