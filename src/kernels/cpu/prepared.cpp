// Networks made ready for the vector instructions of CPUs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/prepared.cpp"
// In this order: which targets, then each of them, then what is compiled for every one.
// clang-format off
#include "kernels/cpu/targets.hpp"
#include <hwy/foreach_target.h>
#include "kernels/cpu/dot-inl.hpp"
#include "kernels/cpu/heads-inl.hpp"
#include "kernels/cpu/product-inl.hpp"
#include "kernels/cpu/row-inl.hpp"
#include "kernels/cpu/slopes-inl.hpp"
#include "kernels/cpu/stage-inl.hpp"
// clang-format on

#include <algorithm>
#include <cassert>

#include "base/aligned.hpp"
#include "base/denormals.hpp"
#include "kernels/cpu/instruction_sets.hpp"
#include "kernels/prepared.hpp"

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {
#if STRATA_CPU_TARGET

// The operands of its products are of T, or of bfloat16, two where a T would be.
template <class T, Terms kTerms>
class CpuNetwork final : public PreparedNetwork<T> {
  using typename PreparedNetwork<T>::Buffers;
  // W in panels of kPanel rows, the last one filled with zeros; or, where sums run along the lanes, its transpose.
  struct Layer {
    AlignedVector<T> W, b, slope;
    Index n, n_prev, n_whole;  // n_whole: n, filled up to whole vectors
    Activation activation;
    bool along_lanes;
  };

 public:
  explicit CpuNetwork(const NetworkValues<T>& values)
      : PreparedNetwork<T>(STRATA_CPU_TARGET_NAME, values), head_(values.head) {
    for (const auto& layer : values.layers) layers_.push_back(packed(layer));
  }

 private:
  static Index panel_step(Index K) { return CpuNetwork::distance(kPanel<T> * steps_of<kTerms>(K)); }

  static Layer packed(const typename NetworkValues<T>::Layer& from) {
    constexpr Index P = kPanel<T>, N = kLanes<T>;
    const Index n = from.W.rows, K = from.W.cols;
    Layer to{{}, {}, {}, n, K, (n + N - 1) / N * N, from.activation, false};
    to.slope.assign(from.slope.data, from.slope.data + from.slope.rows);
    if constexpr (kTerms == Terms::numbers) to.along_lanes = sums_along_lanes<T>(n, K);
    const Index high = (n + P - 1) / P * P;
    to.b.assign(static_cast<std::size_t>(high), T(0));
    std::copy_n(from.b.data, n, to.b.begin());
    if (to.along_lanes) {
      const Index ld = CpuNetwork::distance(K);
      to.W.assign(static_cast<std::size_t>(n * ld), T(0));
      transpose(from.W.data, from.W.ld, n, K, to.W.data(), ld);
    } else {
      to.W.assign(static_cast<std::size_t>(high / P * panel_step(K)), T(0));
      const Left<T> W{from.W.data, from.W.ld};
      for (Index i = 0; i < n; i += P) {
        pack_left_as<kTerms>(W, i, std::min(P, n - i), 0, K, to.W.data() + i / P * panel_step(K));
      }
    }
    return to;
  }

  bool predict_chunk(const T* X, Index m, Buffers buffers, T* A) const noexcept override {
    const bool stage = !this->stage_.rows.empty();
    T* const inputs = stage ? buffers.odd : buffers.even;
    bool finite = scale_inputs(X, m, inputs, buffers.scales);
    {
      const FlushDenormals flush;
      const std::size_t L = layers_.size();
      if (stage) {
        const Index n_x = this->inputs(), n_0 = layers_[0].n_prev;
        const View<T> A_0(buffers.even, n_0, m, CpuNetwork::distance(n_0));
        stage_forward(this->stage_, View<const T>(inputs, n_x, m, CpuNetwork::distance(n_x)), A_0, A_0);
      }
      for (std::size_t l = 1; l < L; ++l) {
        const Layer& layer = layers_[l - 1];
        const Index ld = CpuNetwork::distance(layer.n);
        T* const Z = buffers.of(l);
        const bool slope = !layer.slope.empty();
        const bool relu = layer.activation == Activation::relu && !slope && !layer.along_lanes;
        linear_forward(layer, buffers.of(l - 1), m, Z, ld, relu);
        if (slope) {
          const View<T> all(Z, layer.n, m, ld);
          slope_forward<T>(layer.activation, View<const T>(layer.slope.data(), layer.n, 1), all, all);
        } else if (!relu) {
          activate(layer.activation, Z, layer.along_lanes ? layer.n : layer.n_whole, m, ld);
        }
      }
      output_layer(layers_[L - 1], buffers.of(L - 1), buffers.of(L), m, A);
    }
    this->scale_outputs(m, A);
    finite &= all_finite(A, this->outputs() * m);
    return finite;
  }

  // A[L] = head(Z[L]). Numbers that need no whole vectors go straight to A.
  void output_layer(const Layer& layer, T* A_prev, T* Z, Index m, T* A) const {
    const Index n = layer.n, ld = layer.along_lanes ? n : CpuNetwork::distance(n);
    if (layer.along_lanes) Z = A;
    linear_forward(layer, A_prev, m, Z, ld, false);
    if (head_ == Head::softmax) {
      if (m == 1 && n <= kFewClasses) return softmax_of_one(Z, A, n);
      return head_forward(head_, View<const T>(Z, n, m, ld), View<T>(A, n, m));
    }
    if (Z != A) copy_columns(Z, ld, n, m, A, n);
    if (head_ == Head::sigmoid) activate(Activation::sigmoid, A, n * m, 1, n * m);
  }

  // A = g(A)
  static void activate(Activation g, T* A, Index rows, Index cols, Index ld) {
    const Tag<T> d;
    with_activation(g, [&](auto f) HWY_ATTR {
      if (rows * cols == 1) {  // just written as a number: reading it as a part of a vector would wait
        *A = hn::GetLane(f.g(d, hn::Set(d, *A)));
        return;
      }
      for (Index j = 0; j < cols; ++j) {
        for_each_vector(d, rows, [&](Index i, auto part) HWY_ATTR {
          T* const a = A + i + j * ld;
          store(d, f.g(d, load(d, a, part)), a, part);
        });
      }
    });
  }

  // Z = W A_prev + b, or relu of it; the rows of a packed layer are filled up to whole vectors. In bfloat16 A_prev is
  // rounded where it lies: no other layer reads it.
  static void linear_forward(const Layer& layer, T* A_prev, Index m, T* Z, Index ld, bool relu) {
    const Index a_ld = CpuNetwork::distance(layer.n_prev);
    if constexpr (kTerms == Terms::numbers) {
      if (layer.along_lanes) return dot_columns(layer, A_prev, a_ld, m, Z, ld);
    } else {
      round_to_pairs(A_prev, layer.n_prev, m, a_ld);
    }
    if (m == 1) {
      return row_forward<T, kTerms>(layer.W.data(), panel_step(layer.n_prev), layer.b.data(), layer.n_whole / kLanes<T>,
                                    steps_of<kTerms>(layer.n_prev), A_prev, Z, relu);
    }
    // A block of k is so deep that the columns of a tile stay in the first-level cache. W passes once for all examples.
    constexpr Index P = kPanel<T>;
    const Index K = steps_of<kTerms>(layer.n_prev), depth = depth_of<T>(K);
    TileArguments<T> x{nullptr, nullptr, nullptr, P, 1, a_ld, 0, ld, 0, {}};
    for (Index k0 = 0; k0 < K; k0 += depth) {
      x.K = std::min(depth, K - k0);
      x.ends.begin = k0 == 0 ? Begin::bias : Begin::resume;
      x.ends.end = k0 + x.K == K && relu ? End::relu : End::store;
      for (Index i = 0; i < layer.n_whole; i += P) {
        x.a = layer.W.data() + i / P * panel_step(layer.n_prev) + k0 * P;
        x.ends.bias = layer.b.data() + i;
        const bool whole = layer.n_whole - i >= P;
        for (Index j = 0; j < m;) {
          const Index width = next_width(m - j);
          x.b = A_prev + k0 + j * a_ld;
          x.c = Z + i + j * ld;
          whole ? tile_of_width<T, 2, false, false, kTerms>(width, x)
                : tile_of_width<T, 1, false, false, kTerms>(width, x);
          j += width;
        }
      }
    }
  }

  // Every two numbers of a column of K as a pair, 0 beside a last odd one; a pair never lands on numbers still unread.
  static void round_to_pairs(T* A, Index K, Index cols, Index ld) {
    const Tag<T> d;
    constexpr Index N = kLanes<T>;
    for (Index j = 0; j < cols; ++j) {
      T* const a = A + j * ld;
      const auto numbers_at = [&](Index k) HWY_ATTR {
        const Index left = K - k;
        return left >= N ? hn::LoadU(d, a + k) : left > 0 ? load(d, a + k, First{left}) : hn::Zero(d);
      };
      for (Index k = 0; k < K; k += 2 * N) {
        const auto low = numbers_at(k), high = numbers_at(k + N);
        hn::StoreU(pairs_of(d, hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low)), d, a + k / 2);
      }
    }
  }

  // The sums of dot_forward, with W transposed before.
  static void dot_columns(const Layer& layer, const T* A_prev, Index a_ld, Index m, T* Z, Index ld) {
    const Tag<T> d;
    constexpr Index N = kLanes<T>;
    const Index n = layer.n, K = layer.n_prev, w_ld = CpuNetwork::distance(K);
    HWY_ALIGN T sums[kDotExamples * kDotUnits * N];
    for (Index j = 0; j < m;) {
      const Index examples = m - j >= kDotExamples ? kDotExamples : 1;
      for (Index u = 0; u < n; u += kDotUnits) {
        const Index units = std::min(kDotUnits, n - u);
        const T *w = layer.W.data() + u * w_ld, *a = A_prev + j * a_ld;
        if (examples == kDotExamples) {
          dot_units<T, kDotExamples>(units, w, w_ld, a, a_ld, K, sums, kDotUnits * N, false);
        } else {
          dot_units<T, 1>(units, w, w_ld, a, a_ld, K, sums, kDotUnits * N, false);
        }
        for (Index e = 0; e < examples; ++e) {
          for (Index v = 0; v < units; ++v) {
            const auto sum = hn::Load(d, sums + (e * kDotUnits + v) * N);
            Z[u + v + (j + e) * ld] = sum_of_lanes(d, sum) + layer.b[static_cast<std::size_t>(u + v)];
          }
        }
      }
      j += examples;
    }
  }

  // X, scaled where it is not yet; whether all of it is finite
  bool scale_inputs(const T* X, Index m, T* to, bool scaled) const {
    const Tag<T> d;
    const hn::ScalableTag<double> d64;
    const hn::Rebind<T, decltype(d64)> half;
    const Index n_x = this->inputs(), ld = CpuNetwork::distance(n_x);
    const double *offset = this->input_offset_.data(), *divisor = this->input_divisor_.data();
    auto nothing = hn::Zero(d);  // NaN as soon as a number is not finite
    auto no_half = hn::Zero(half);
    for (Index j = 0; j < m; ++j) {
      const T* const x = X + j * n_x;
      T* const a = to + j * ld;
      if (scaled) {
        for_each_vector(d64, n_x, [&](Index i, auto part) HWY_ATTR {
          const auto distance = hn::Sub(load_as_double(d64, x + i, part), load(d64, offset + i, part));
          const auto by = fill_rest(d64, load(d64, divisor + i, part), hn::Set(d64, 1.0), part);
          const auto value = from_double(d64, half, hn::Div(distance, by));
          no_half = hn::MulAdd(value, hn::Zero(half), no_half);
          hn::StoreU(value, half, a + i);
        });
      } else {
        for_each_vector(d, n_x, [&](Index i, auto part) HWY_ATTR {
          const auto value = load(d, x + i, part);
          nothing = hn::MulAdd(value, hn::Zero(d), nothing);
          hn::StoreU(value, d, a + i);
        });
      }
    }
    return hn::AllTrue(d, hn::Eq(nothing, nothing)) && hn::AllTrue(half, hn::Eq(no_half, no_half));
  }

  static bool all_finite(const T* a, Index count) {
    if (count == 1) return *a - *a == 0;
    const Tag<T> d;
    auto nothing = hn::Zero(d);
    for_each_vector(d, count, [&](Index i, auto part) HWY_ATTR {
      nothing = hn::MulAdd(load(d, a + i, part), hn::Zero(d), nothing);
    });
    return hn::AllTrue(d, hn::Eq(nothing, nothing));
  }

  Head head_;
  std::vector<Layer> layers_;
};

std::unique_ptr<PreparedNetwork<float>> prepare_float32(const NetworkValues<float>& values) {
  return std::make_unique<CpuNetwork<float, Terms::numbers>>(values);
}
std::unique_ptr<PreparedNetwork<double>> prepare_float64(const NetworkValues<double>& values) {
  return std::make_unique<CpuNetwork<double, Terms::numbers>>(values);
}
std::unique_ptr<PreparedNetwork<float>> prepare_bf16(const NetworkValues<float>& values) {
#if HWY_TARGET == HWY_AVX3
  if (cpu::has_avx512_bf16()) return std::make_unique<CpuNetwork<float, Terms::native_pairs>>(values);
#endif
  return std::make_unique<CpuNetwork<float, Terms::pairs>>(values);
}

#endif
}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();
