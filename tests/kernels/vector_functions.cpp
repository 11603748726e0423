#include "kernels/vector_functions.hpp"

#include <cstdint>

// Highway includes this file once for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_functions.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/cpu/heads-inl.hpp"
#include "kernels/cpu/updates-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace strata {
namespace HWY_NAMESPACE {
namespace {

using testing::VectorFunctions;
using testing::VectorMath;

template <class T, class F>
void map_vectors(std::span<const T> x, std::span<T> y, const F& f) {
  const hn::ScalableTag<T> d;
  for_each_vector(d, static_cast<Index>(x.size()), [&](Index i, auto part) HWY_ATTR {
    store(d, f(d, load(d, x.data() + i, part)), y.data() + i, part);
  });
}

template <class T>
void map(VectorMath f, std::span<const T> x, std::span<T> y) {
  switch (f) {
    case VectorMath::exp:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return exp(d, v); });
    case VectorMath::exp_nonpositive:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return exp_nonpositive(d, v); });
    case VectorMath::expm1_nonpositive:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return expm1_nonpositive(d, v); });
    case VectorMath::tanh:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return tanh(d, v); });
    case VectorMath::sigmoid:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return sigmoid(d, v); });
    case VectorMath::softplus:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return softplus(d, v); });
    case VectorMath::log1p_fraction:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return log1p_fraction(d, v); });
    case VectorMath::normal_cdf:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR {
        auto gauss = v;
        return normal_cdf(d, v, gauss);
      });
  }
}

void map_log(std::span<const double> x, std::span<double> y) {
  map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return log_above_one(d, v); });
}

template <class T>
void derivative(Activation activation, std::span<const T> z, std::span<const T> a, std::span<T> slope) {
  const hn::ScalableTag<T> d;
  with_activation(activation, [&](auto g) HWY_ATTR {
    for_each_vector(d, static_cast<Index>(z.size()), [&](Index i, auto part) HWY_ATTR {
      const auto value = g.derivative(d, load(d, z.data() + i, part), load(d, a.data() + i, part));
      store(d, value, slope.data() + i, part);
    });
  });
}

template <class T>
VectorFunctions<T> table() {
  return {map<T>,
          map_log,
          derivative<T>,
          activation_forward<T>,
          activation_backward<T>,
          head_forward<T>,
          loss_head<T>,
          add_scaled<T>,
          sum_of_squares<T>,
          update_gradient_descent<T>,
          update_momentum<T>,
          update_adam<T>};
}
VectorFunctions<float> table32() { return table<float>(); }
VectorFunctions<double> table64() { return table<double>(); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace strata
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace strata {
namespace {
HWY_EXPORT(table32);
HWY_EXPORT(table64);
}  // namespace

namespace testing {

template <class T>
const std::vector<VectorTarget<T>>& vector_targets() {
  static const std::vector<VectorTarget<T>> all = [] {
    std::vector<VectorTarget<T>> found;
    const std::int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
    for (std::int64_t rest = supported; rest != 0; rest &= rest - 1) {
      const std::int64_t target = rest & -rest;
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      VectorTarget<T> entry;
      entry.name = hwy::TargetName(target);
      if constexpr (sizeof(T) == 4) {
        entry.functions = HWY_DYNAMIC_DISPATCH(table32)();
      } else {
        entry.functions = HWY_DYNAMIC_DISPATCH(table64)();
      }
      found.push_back(entry);
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return found;
  }();
  return all;
}
template const std::vector<VectorTarget<float>>& vector_targets();
template const std::vector<VectorTarget<double>>& vector_targets();

}  // namespace testing
}  // namespace strata
#endif
