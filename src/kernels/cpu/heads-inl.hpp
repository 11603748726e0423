// The heads and their losses: softmax along the columns, everything else element by element.
#include <algorithm>
#include <cassert>
#include <limits>

#include "kernels/cpu/elementwise-inl.hpp"

#if defined(STRATA_KERNELS_CPU_HEADS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_HEADS_INL_HPP
#undef STRATA_KERNELS_CPU_HEADS_INL_HPP
#else
#define STRATA_KERNELS_CPU_HEADS_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The largest of n logits. Beside NaN it may be any of them: the sum of the exponentials is then NaN whatever it is.
template <class T>
HWY_INLINE T largest_of(const T* z, Index n) {
  const hn::ScalableTag<T> d;
  const auto least = hn::Set(d, -std::numeric_limits<T>::infinity());
  auto largest = least;
  for_each_vector(d, n, [&](Index i, auto part) HWY_ATTR {
    largest = hn::Max(largest, fill_rest(d, load(d, z + i, part), least, part));
  });
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

// a = softmax(z) of one example: e^(z − max) / Σ e^(z − max); then use(i, a_i, part) for its vectors. a may be z.
template <class T, class Use>
HWY_INLINE void softmax(const T* z, T* a, Index n, T largest, const Use& use) {
  const hn::ScalableTag<T> d;
  const auto least = hn::Set(d, -std::numeric_limits<T>::infinity()), shift = hn::Set(d, largest);
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto power = [&](Index i, auto part) HWY_ATTR {
    return exp_nonpositive(d, hn::Sub(fill_rest(d, load(d, z + i, part), least, part), shift));
  };
  if (n <= lanes) {  // one vector, which need not go through memory
    const auto whole = [&](auto part) HWY_ATTR {
      const auto e = power(0, part);
      const auto result = hn::Div(e, hn::SumOfLanes(d, e));
      store(d, result, a, part);
      use(0, result, part);
    };
    return n == lanes ? whole(Whole{}) : whole(First{n});
  }
  auto sum = hn::Zero(d);
  for_each_vector(d, n, [&](Index i, auto part) HWY_ATTR {
    const auto e = power(i, part);
    store(d, e, a + i, part);
    sum = hn::Add(sum, e);
  });
  sum = hn::SumOfLanes(d, sum);
  for_each_vector(d, n, [&](Index i, auto part) HWY_ATTR {
    const auto result = hn::Div(load(d, a + i, part), sum);
    store(d, result, a + i, part);
    use(i, result, part);
  });
}

// A = softmax(Z) for few classes, where an example does not fill its vectors: the examples of a block lie side by side,
// and their exponentials are of float64, for the loss needs them too. Then use(i, j, z − max, ln Σ, A, part) for the
// vectors of example j.
constexpr Index kFewClasses = 64;

template <class T, class Use>
HWY_INLINE void softmax_of_few(View<const T> Z, View<T> A, const Use& use) {
  constexpr Index kExamples = 32, kNumbers = 512;
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, decltype(d)> dt;
  const Index rows = Z.rows;
  HWY_ALIGN double shifted[kNumbers + hn::MaxLanes(d)];
  HWY_ALIGN double powers[kNumbers];
  HWY_ALIGN double sums[kExamples], logs[kExamples], inverses[kExamples];
  const Index block = std::min(kExamples, kNumbers / rows);
  for (Index begin = 0; begin < Z.cols; begin += block) {
    const Index count = std::min(block, Z.cols - begin);
    for (Index j = 0; j < count; ++j) {
      const T* z = Z.col(begin + j);
      const auto largest = hn::Set(d, static_cast<double>(largest_of(z, rows)));
      for_each_vector(d, rows, [&](Index i, auto part) HWY_ATTR {
        // What is stored beyond the example is overwritten by the next one, or not read.
        hn::StoreU(hn::Sub(load_as_double(d, z + i, part), largest), d, shifted + j * rows + i);
      });
    }
    for_each_vector(d, count * rows, [&](Index i, auto part) HWY_ATTR {
      store(d, exp_nonpositive(d, load(d, shifted + i, part)), powers + i, part);
    });
    for (Index j = 0; j < count; ++j) {
      auto sum = hn::Zero(d);
      for_each_vector(d, rows,
                      [&](Index i, auto part) HWY_ATTR { sum = hn::Add(sum, load(d, powers + j * rows + i, part)); });
      sums[j] = hn::GetLane(hn::SumOfLanes(d, sum));
    }
    for_each_vector(d, count, [&](Index j, auto part) HWY_ATTR {
      const auto sum = load(d, sums + j, part);
      store(d, log_above_one(d, sum), logs + j, part);
      store(d, hn::Div(hn::Set(d, 1.0), sum), inverses + j, part);
    });
    for (Index j = 0; j < count; ++j) {
      T* a = A.col(begin + j);
      for_each_vector(d, rows, [&](Index i, auto part) HWY_ATTR {
        const auto power = load(d, powers + j * rows + i, part);
        const auto result = from_double(d, dt, hn::Mul(power, hn::Set(d, inverses[j])));
        const auto above = load(d, shifted + j * rows + i, part);
        store(dt, result, a + i, part);
        use(i, begin + j, above, logs[j], result, part);
      });
    }
  }
}

// A = head(Z)
template <class T>
void head_forward(Head head, View<const T> Z, View<T> A) {
  assert(Z.rows == A.rows && Z.cols == A.cols);
  switch (head) {
    case Head::sigmoid: return activation_forward(Activation::sigmoid, Z, A);
    case Head::identity: return activation_forward(Activation::identity, Z, A);
    case Head::softmax:
      if (Z.rows <= kFewClasses) {
        softmax_of_few(Z, A, [](Index, Index, auto, auto, auto, auto) HWY_ATTR {});
        return;
      }
      for (Index j = 0; j < Z.cols; ++j) {
        softmax(Z.col(j), A.col(j), Z.rows, largest_of(Z.col(j), Z.rows), [](Index, auto, auto) HWY_ATTR {});
      }
  }
}

// (1−ε) y + ε/K, in place of y; without smoothing y to the bit.
struct Smoothed {
  Smoothed(const Objective& of, Index outputs) : rest(1 - of.smoothing), share(of.share(outputs)) {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V y) const {
    using T = hn::TFromD<D>;
    return hn::MulAdd(hn::Set(d, static_cast<T>(rest)), y, hn::Set(d, static_cast<T>(share)));
  }
  double rest, share;
};

// w L, for the numbers i … of a run that begins with example j. `one`: each example has one output, so that a vector is
// of several.
struct Weighted {
  Weighted(const Objective& of, Index outputs) : w(of.w), one(outputs == 1) {}
  template <class D, class V, class Part>
  HWY_INLINE V operator()(D d, V loss, Index j, Index i, Part part) const {
    if (w == nullptr) return loss;
    return hn::Mul(one ? load(d, w + j + i, part) : hn::Set(d, w[j]), loss);
  }
  const double* w;
  bool one;
};

// The heads that work element by element: A = g(Z), dZ = A − Y, and Σ w term(z, y) in float64.
template <class T, class G, class Term>
double loss_head_by_element(G, const Term& term, const Objective& of, View<const T> Z, View<const T> Y, View<T> A,
                            View<T> dZ) {
  const Smoothed smoothed(of, Z.rows);
  const Weighted weighted(of, Z.rows);
  const hn::ScalableTag<T> d;
  const hn::ScalableTag<double> d64;
  auto sum = hn::Zero(d64);
  const auto run = [&](Index j, Index size) HWY_ATTR {
    const T *z = Z.col(j), *y = Y.col(j);
    T *a = A.col(j), *dz = dZ.col(j);
    for_each_vector(d64, size, [&](Index i, auto part) HWY_ATTR {
      const auto target = smoothed(d64, load_as_double(d64, y + i, part));
      const auto loss = term(d64, load_as_double(d64, z + i, part), target);
      sum = hn::Add(sum, fill_rest(d64, weighted(d64, loss, j, i, part), hn::Zero(d64), part));
    });
    for_each_vector(d, size, [&](Index i, auto part) HWY_ATTR {
      const auto result = G::g(d, load(d, z + i, part));
      const auto target = smoothed(d, load(d, y + i, part));
      store(d, result, a + i, part);
      store(d, hn::Sub(result, target), dz + i, part);
    });
  };
  if (of.w != nullptr && Z.rows > 1) {  // a run is of one weight
    for (Index j = 0; j < Z.cols; ++j) run(j, Z.rows);
  } else {
    for_each_run(run, Z.rows, Z.cols, Z, Y, A, dZ);
  }
  return hn::GetLane(hn::SumOfLanes(d64, sum));
}

// dZ = w dZ
template <class T>
void weigh(const double* w, View<T> dZ) {
  const hn::ScalableTag<double> d64;
  const hn::Rebind<T, decltype(d64)> d;
  if (dZ.rows == 1 && dZ.ld == 1) {
    for_each_vector(d64, dZ.cols, [&](Index j, auto part) HWY_ATTR {
      const auto weight = from_double(d64, d, load(d64, w + j, part));
      store(d, hn::Mul(weight, load(d, dZ.data + j, part)), dZ.data + j, part);
    });
    return;
  }
  for (Index j = 0; j < dZ.cols; ++j) {
    const hn::ScalableTag<T> whole;
    const auto weight = hn::Set(whole, static_cast<T>(w[j]));
    T* dz = dZ.col(j);
    for_each_vector(whole, dZ.rows, [&](Index i, auto part) HWY_ATTR {
      store(whole, hn::Mul(weight, load(whole, dz + i, part)), dz + i, part);
    });
  }
}

// −y ln σ(z) − (1−y) ln(1−σ(z)) = softplus(z) − y z
struct BinaryCrossEntropy {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z, V y) const {
    return hn::NegMulAdd(y, z, softplus(d, z));
  }
};
// ½ (z − y)²
struct SquaredError {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V z, V y) const {
    const V difference = hn::Sub(z, y);
    return hn::Mul(hn::Mul(constant(d, 0.5), difference), difference);
  }
};

// −Σ y_k ln a_k = Σ y_k (ln Σ_i e^(z_i − max) − (z_k − max)), a number of examples at a time so that their logarithms
// fill vectors
template <class T>
double loss_head_softmax(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ) {
  constexpr Index kExamples = 32;
  const hn::ScalableTag<T> d;
  const hn::ScalableTag<double> d64;
  const Smoothed smoothed(of, Z.rows);
  auto loss = hn::Zero(d64);
  HWY_ALIGN T largest[kExamples];
  HWY_ALIGN double log_sum[kExamples];
  const auto shifted = [&](const T* z, Index j, auto part) HWY_ATTR {
    return hn::Sub(load_as_double(d64, z, part), hn::Set(d64, static_cast<double>(largest[j])));
  };
  for (Index begin = 0; begin < Z.cols; begin += kExamples) {
    const Index count = std::min(kExamples, Z.cols - begin);
    for (Index j = 0; j < count; ++j) {
      const T* z = Z.col(begin + j);
      largest[j] = largest_of(z, Z.rows);
      auto sum = hn::Zero(d64);
      for_each_vector(d64, Z.rows, [&](Index i, auto part) HWY_ATTR {
        const auto e = exp_nonpositive(d64, shifted(z + i, j, part));
        sum = hn::Add(sum, fill_rest(d64, e, hn::Zero(d64), part));
      });
      log_sum[j] = hn::GetLane(hn::SumOfLanes(d64, sum));
    }
    for_each_vector(d64, count, [&](Index j, auto part) HWY_ATTR {
      store(d64, log_above_one(d64, load(d64, log_sum + j, part)), log_sum + j, part);
    });
    for (Index j = 0; j < count; ++j) {
      const T *z = Z.col(begin + j), *y = Y.col(begin + j);
      const auto weight = hn::Set(d64, of.w == nullptr ? 1.0 : of.w[begin + j]);
      for_each_vector(d64, Z.rows, [&](Index i, auto part) HWY_ATTR {
        const auto target = fill_rest(d64, smoothed(d64, load_as_double(d64, y + i, part)), hn::Zero(d64), part);
        const auto share = hn::Mul(weight, target);
        const auto term = hn::Mul(share, hn::Sub(hn::Set(d64, log_sum[j]), shifted(z + i, j, part)));
        // An absent class (y = 0) counts nothing, even at a logit of −∞.
        loss = hn::Add(loss, hn::IfThenZeroElse(hn::Eq(target, hn::Zero(d64)), term));
      });
      T* dz = dZ.col(begin + j);
      softmax(z, A.col(begin + j), Z.rows, largest[j], [&](Index i, auto a, auto part) HWY_ATTR {
        store(d, hn::Sub(a, smoothed(d, load(d, y + i, part))), dz + i, part);
      });
    }
  }
  return hn::GetLane(hn::SumOfLanes(d64, loss));
}

template <class T>
double loss_head_softmax_of_few(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, decltype(d)> dt;
  const Smoothed smoothed(of, Z.rows);
  auto loss = hn::Zero(d);
  softmax_of_few(Z, A, [&](Index i, Index j, auto above, double log_sum, auto result, auto part) HWY_ATTR {
    const T* y = Y.col(j) + i;
    const auto target = fill_rest(d, smoothed(d, load_as_double(d, y, part)), hn::Zero(d), part);
    const auto share = hn::Mul(hn::Set(d, of.w == nullptr ? 1.0 : of.w[j]), target);
    const auto term = hn::Mul(share, hn::Sub(hn::Set(d, log_sum), above));
    loss = hn::Add(loss, hn::IfThenZeroElse(hn::Eq(target, hn::Zero(d)), term));
    store(dt, hn::Sub(result, smoothed(dt, load(dt, y, part))), dZ.col(j) + i, part);
  });
  return hn::GetLane(hn::SumOfLanes(d, loss));
}

// Half the square of r = z − y while it is within t of 0, else a line: the losses of regression but the squared one.
// Their error is r within t, else the slope of the line; with c, which is r held within t, L = error (r − ½ c).
template <class T>
double loss_head_of_lines(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, decltype(d)> dt;
  const Weighted weighted(of, Z.rows);
  const bool is_huber = of.loss == Loss::huber, is_quantile = of.loss == Loss::quantile;
  auto sum = hn::Zero(d);
  const auto run = [&](Index j, Index size) HWY_ATTR {
    const T *z = Z.col(j), *y = Y.col(j);
    T *a = A.col(j), *dz = dZ.col(j);
    for_each_vector(d, size, [&](Index i, auto part) HWY_ATTR {
      const auto t = !is_huber ? hn::Zero(d) : weighted.one ? hn::Set(d, of.delta[0]) : load(d, of.delta + i, part);
      const auto high = is_huber ? t : hn::Set(d, is_quantile ? 1 - of.quantile : 1.0);
      const auto low = is_huber ? hn::Neg(t) : hn::Set(d, is_quantile ? -of.quantile : -1.0);
      const auto r = hn::Sub(load_as_double(d, z + i, part), load_as_double(d, y + i, part));
      // Comparisons that are false for NaN, which stays NaN.
      const auto error = hn::IfThenElse(hn::Gt(r, t), high, hn::IfThenElse(hn::Lt(r, hn::Neg(t)), low, r));
      const auto c = hn::Max(hn::Neg(t), hn::Min(t, r));
      const auto loss = weighted(d, hn::Mul(error, hn::NegMulAdd(constant(d, 0.5), c, r)), j, i, part);
      sum = hn::Add(sum, fill_rest(d, loss, hn::Zero(d), part));
      store(dt, load(dt, z + i, part), a + i, part);
      store(dt, from_double(d, dt, error), dz + i, part);
    });
  };
  if (weighted.one) {
    for_each_run(run, Z.rows, Z.cols, Z, Y, A, dZ);
  } else {
    for (Index j = 0; j < Z.cols; ++j) run(j, Z.rows);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// Σ_i w_i L(Z^(i), Y^(i)), A = head(Z), dZ = ∂L/∂Z
template <class T>
double loss_and_error(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ) {
  switch (of.loss) {
    case Loss::binary_cross_entropy: return loss_head_by_element(Sigmoid{}, BinaryCrossEntropy{}, of, Z, Y, A, dZ);
    case Loss::squared_error: return loss_head_by_element(Identity{}, SquaredError{}, of, Z, Y, A, dZ);
    case Loss::categorical_cross_entropy:
      return Z.rows <= kFewClasses ? loss_head_softmax_of_few(of, Z, Y, A, dZ) : loss_head_softmax(of, Z, Y, A, dZ);
    case Loss::absolute_error:
    case Loss::huber:
    case Loss::quantile: return loss_head_of_lines(of, Z, Y, A, dZ);
  }
  return 0;
}

// Σ_i w_i L(Z^(i), Y^(i)), A = head(Z), dZ = w ∂L/∂Z
template <class T>
double loss_head(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ) {
  assert(Z.rows == Y.rows && Z.cols == Y.cols && Z.rows == dZ.rows && Z.cols == dZ.cols);
  const double sum = loss_and_error(of, Z, Y, A, dZ);
  if (of.w != nullptr) weigh(of.w, dZ);
  return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
