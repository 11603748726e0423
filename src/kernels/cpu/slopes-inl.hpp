// Layers whose slopes are learned: reference.hpp has their meaning.
//
// A unit has a slope of its own, so vectors run along the units of one example. An element's value depends on its own
// inputs alone; the sum behind a unit's da runs over the examples from the first to the last.
#include <algorithm>
#include <cassert>

#include "kernels/cpu/activations-inl.hpp"
#include "kernels/cpu/simd-inl.hpp"
#include "kernels/kernels.hpp"

#if defined(STRATA_KERNELS_CPU_SLOPES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_SLOPES_INL_HPP
#undef STRATA_KERNELS_CPU_SLOPES_INL_HPP
#else
#define STRATA_KERNELS_CPU_SLOPES_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

// How far g is from the identity: g(z) − z, and g'(z) − 1 in `rise`.
template <class G, class D, class V>
HWY_INLINE V beyond_identity(G g, D d, V z, V& rise) {
  const V h = g.g(d, z);
  rise = hn::Sub(g.derivative(d, z, h), constant(d, 1));
  return hn::Sub(h, z);
}
// z tanh(softplus(z)) = z + z v with v = −2 / (E (E + 2) + 2), E = e^z, whose derivative is 1 + v + z (E² + E) v²: by
// one exponential and one quotient. From 20 on, or 40 in double, z v is nothing beside z, and v and the rest nothing
// beside 1.
template <class D, class V>
HWY_INLINE V beyond_identity(Mish, D d, V z, V& rise) {
  const V two = constant(d, 2);
  const V limit = constant(d, sizeof(hn::TFromD<D>) == 4 ? 20 : 40);
  const V most = hn::IfThenElse(hn::Gt(z, limit), limit, z);  // keeps NaN, which no order of Min does everywhere
  const V e = exp_nonpositive(d, most);
  const V v = hn::Div(constant(d, -2), hn::MulAdd(e, hn::Add(e, two), two));
  rise = hn::MulAdd(hn::Mul(hn::Mul(most, hn::MulAdd(e, e, e)), v), v, v);
  return hn::Mul(most, v);
}

// A = Z + a * (g(Z) − Z)
template <class T>
void slope_forward(Activation activation, View<const T> a, View<const T> Z, View<T> A) {
  assert(a.rows == Z.rows && Z.rows == A.rows && Z.cols == A.cols);
  const Tag<T> d;
  with_activation(activation, [&](auto g) HWY_ATTR {
    for (Index j = 0; j < Z.cols; ++j) {
      const T* const z_j = Z.col(j);
      T* const a_j = A.col(j);
      for_each_vector(d, Z.rows, [&](Index i, auto part) HWY_ATTR {
        const auto z = load(d, z_j + i, part);
        auto rise = z;
        const auto beyond = beyond_identity(g, d, z, rise);
        store(d, hn::MulAdd(load(d, a.data + i, part), beyond, z), a_j + i, part);
      });
    }
  });
}

// da = s·Σ_j dA^(j) * (g(Z^(j)) − Z^(j)),  dZ = dA * (1 + a * (g'(Z) − 1)): so many units at a time that their sums
// stay in the first-level cache, apart from those of other threads.
template <class T>
void slope_backward(Activation activation, View<const T> a, View<const T> Z, double s, View<T> dA, View<T> da) {
  assert(a.rows == Z.rows && Z.rows == dA.rows && Z.cols == dA.cols && da.rows == a.rows);
  constexpr Index kUnits = 4096 / sizeof(T);
  const Tag<T> d;
  const auto one = constant(d, 1), scale = constant(d, s);
  HWY_ALIGN T sums[kUnits];
  with_activation(activation, [&](auto g) HWY_ATTR {
    for (Index first = 0; first < Z.rows; first += kUnits) {
      const Index units = std::min(kUnits, Z.rows - first);
      std::fill_n(sums, kUnits, T(0));
      for (Index j = 0; j < Z.cols; ++j) {
        const T* const z_j = Z.col(j) + first;
        T* const da_j = dA.col(j) + first;
        for_each_vector(d, units, [&](Index i, auto part) HWY_ATTR {
          const auto z = load(d, z_j + i, part), dA_i = load(d, da_j + i, part);
          auto rise = z;
          const auto beyond = beyond_identity(g, d, z, rise);
          hn::Store(hn::MulAdd(dA_i, beyond, hn::Load(d, sums + i)), d, sums + i);
          const auto factor = hn::MulAdd(load(d, a.data + first + i, part), rise, one);
          store(d, hn::Mul(dA_i, factor), da_j + i, part);
        });
      }
      for_each_vector(d, units, [&](Index i, auto part) HWY_ATTR {
        store(d, hn::Mul(scale, hn::Load(d, sums + i)), da.data + first + i, part);
      });
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
