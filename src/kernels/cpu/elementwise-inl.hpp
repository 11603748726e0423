// The operations of the contract that work on each element (kernels/kernels.hpp has their equations), and the heads.
//
// An element's value depends on its own inputs (in softmax: its example's) and on nothing else: not on its place in a
// vector, nor on the batch beside it. Sums run in an order that depends on the shape and on whether the columns lie
// side by side.
#include <algorithm>
#include <cassert>

#include "kernels/cpu/activations-inl.hpp"
#include "kernels/cpu/memory-inl.hpp"
#include "kernels/kernels.hpp"

#if defined(STRATA_KERNELS_CPU_ELEMENTWISE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ELEMENTWISE_INL_HPP
#undef STRATA_KERNELS_CPU_ELEMENTWISE_INL_HPP
#else
#define STRATA_KERNELS_CPU_ELEMENTWISE_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A = g(Z)
template <class T>
void activation_forward(Activation activation, View<const T> Z, View<T> A) {
  assert(Z.rows == A.rows && Z.cols == A.cols);
  const hn::ScalableTag<T> d;
  with_activation(activation, [&](auto g) HWY_ATTR {
    const auto run = [&](Index j, Index size) HWY_ATTR {
      const T* z = Z.col(j);
      T* a = A.col(j);
      for_each_vector(d, size,
                      [&](Index i, auto part) HWY_ATTR { store(d, g.g(d, load(d, z + i, part)), a + i, part); });
    };
    for_each_run(run, Z.rows, Z.cols, Z, A);
  });
}

// dZ = dA * g'(Z). Where g' comes from A, there need be no Z.
template <class T>
void activation_backward(Activation activation, View<const T> dA, View<const T> Z, View<const T> A, View<T> dZ) {
  assert(dA.rows == dZ.rows && dA.cols == dZ.cols && A.rows == dZ.rows && A.cols == dZ.cols);
  const hn::ScalableTag<T> d;
  const View<const T> input = derivative_from_output(activation) ? A : Z;
  with_activation(activation, [&](auto g) HWY_ATTR {
    const auto run = [&](Index j, Index size) HWY_ATTR {
      const T *da = dA.col(j), *z = input.col(j), *a = A.col(j);
      T* dz = dZ.col(j);
      for_each_vector(d, size, [&](Index i, auto part) HWY_ATTR {
        const auto slope = g.derivative(d, load(d, z + i, part), load(d, a + i, part));
        store(d, hn::Mul(load(d, da + i, part), slope), dz + i, part);
      });
    };
    for_each_run(run, dZ.rows, dZ.cols, dA, input, A, dZ);
  });
}

// Y = Y + c X
template <class T>
void add_scaled(double c, View<const T> X, View<T> Y) {
  assert(X.rows == Y.rows && X.cols == Y.cols);
  const hn::ScalableTag<T> d;
  const auto scale = hn::Set(d, static_cast<T>(c));
  const auto run = [&](Index j, Index size) HWY_ATTR {
    const T* x = X.col(j);
    T* y = Y.col(j);
    for_each_vector(d, size, [&](Index i, auto part) HWY_ATTR {
      store(d, hn::MulAdd(scale, load(d, x + i, part), load(d, y + i, part)), y + i, part);
    });
  };
  for_each_run(run, Y.rows, Y.cols, X, Y);
}

// Σ x², in float64: four sums a lane, so that one need not wait for another
template <class T>
double sum_of_squares(View<const T> X) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  V sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto run = [&](Index j, Index size) HWY_ATTR {
    const T* x = X.col(j);
    const auto add = [&](V& sum, Index i, auto part) HWY_ATTR {
      const V v = load_as_double(d, x + i, part);
      sum = hn::MulAdd(v, v, sum);
    };
    Index i = 0;
    for (; i + 4 * lanes <= size; i += 4 * lanes) {
      add(sum0, i, Whole{});
      add(sum1, i + lanes, Whole{});
      add(sum2, i + 2 * lanes, Whole{});
      add(sum3, i + 3 * lanes, Whole{});
    }
    for_each_vector(d, size - i, [&](Index rest, auto part) HWY_ATTR { add(sum0, i + rest, part); });
  };
  for_each_run(run, X.rows, X.cols, X);
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
