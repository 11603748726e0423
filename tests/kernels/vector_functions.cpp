#include "kernels/vector_functions.hpp"

#include <algorithm>
#include <stdexcept>

// Highway includes this file once for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_functions.cpp"
#include "kernels/cpu/targets.hpp"

#include <hwy/foreach_target.h>  // IWYU pragma: keep
// The order matters: foreach_target.h first, then what is compiled for every target.
#include "kernels/cpu/heads-inl.hpp"
#include "kernels/cpu/instruction_sets.hpp"
#include "kernels/cpu/updates-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {
#if STRATA_CPU_TARGET
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
    case VectorMath::exp: return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return exp(d, v); });
    case VectorMath::exp_nonpositive:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return exp_nonpositive(d, v); });
    case VectorMath::expm1_nonpositive:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return expm1_nonpositive(d, v); });
    case VectorMath::tanh: return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return tanh(d, v); });
    case VectorMath::sigmoid: return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return sigmoid(d, v); });
    case VectorMath::softplus: return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return softplus(d, v); });
    case VectorMath::log1p_fraction:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR { return log1p_fraction(d, v); });
    case VectorMath::normal_cdf:
      return map_vectors(x, y, [](auto d, auto v) HWY_ATTR {
        auto gauss = v;
        return normal_cdf(d, v, gauss);
      });
    case VectorMath::sin:
    case VectorMath::cos:
      return map_vectors(x, y, [f](auto d, auto v) HWY_ATTR {
        auto sine = v, cosine = v;
        sin_cos(d, v, sine, cosine);
        return f == VectorMath::sin ? sine : cosine;
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
void update_all(const UpdateRule& rule, const Trained<T>& block, const T* d) {
  update(rule, block, d, 0, block.theta.size());
}

}  // namespace

template <class T>
VectorFunctions<T> table() {
  return {map<T>,          map_log,      derivative<T>, activation_forward<T>, activation_backward<T>,
          head_forward<T>, loss_head<T>, add_scaled<T>, sum_of_squares<T>,     update_all<T>};
}
template VectorFunctions<float> table();
template VectorFunctions<double> table();

#endif
}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace strata::testing {
namespace {

template <class T>
const VectorTarget<T> kCompiled[] = {
#if HWY_ARCH_X86
    {"avx512", N_AVX3::table<T>()},
    {"avx2", N_AVX2::table<T>()},
    {"sse4", N_SSE4::table<T>()},
#elif HWY_ARCH_ARM_A64
    {"neon", N_NEON::table<T>()},
#endif
};

}  // namespace

// Those of the library that run here, each by its name.
template <class T>
const std::vector<VectorTarget<T>>& vector_targets() {
  static const std::vector<VectorTarget<T>> all = [] {
    std::vector<VectorTarget<T>> found;
    for (const Backend& set : cpu::instruction_sets()) {
      const auto* const entry = std::ranges::find(kCompiled<T>, set.name, &VectorTarget<T>::name);
      if (entry == std::end(kCompiled<T>))
        throw std::logic_error("vector_functions.cpp lacks " + std::string(set.name));
      if (set.runs_here()) found.push_back(*entry);
    }
    return found;
  }();
  return all;
}
template const std::vector<VectorTarget<float>>& vector_targets();
template const std::vector<VectorTarget<double>>& vector_targets();

}  // namespace strata::testing
#endif
