// The contract of kernels/kernels.hpp, kept by vector instructions.
#include <algorithm>
#include <cassert>
#include <memory>
#include <string_view>

#include "base/thread_pool.hpp"
#include "kernels/cpu/dot-inl.hpp"
#include "kernels/cpu/dropout-inl.hpp"
#include "kernels/cpu/elementwise-inl.hpp"
#include "kernels/cpu/heads-inl.hpp"
#include "kernels/cpu/one_unit-inl.hpp"
#include "kernels/cpu/product-inl.hpp"
#include "kernels/cpu/slopes-inl.hpp"
#include "kernels/cpu/stage-inl.hpp"
#include "kernels/cpu/updates-inl.hpp"

#if defined(STRATA_KERNELS_CPU_CPU_KERNELS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_CPU_KERNELS_INL_HPP
#undef STRATA_KERNELS_CPU_CPU_KERNELS_INL_HPP
#else
#define STRATA_KERNELS_CPU_CPU_KERNELS_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

// Multiply-adds below which a second thread costs more than it brings: some 30 µs of one.
inline constexpr Index kWorthAThread = Index{1} << 21;
// An exponential and its neighbours, and a step of one parameter, take as long as this many multiply-adds.
inline constexpr Index kActivationWork = 32, kUpdateWork = 16;

template <class T, Terms kTerms>
class CpuKernels final : public Kernels<T> {
 public:
  CpuKernels(std::string_view name, ThreadPool& pool) : name_(name), pool_(pool), scratch_(pool.threads()) {}
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }

  void linear_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z) const noexcept override {
    forward(W, b, A_prev, Z, End::store);
  }

  void linear_activation_forward(const Pointwise<T>& g, View<const T> W, View<const T> b, View<const T> A_prev,
                                 View<T> Z, View<T> A) const noexcept override {
    const View<T> H = g.dropout.rate == 0 ? A : g.dropout.H;
    if (is_relu(g) && H.data == Z.data && !sums_by_lanes(W)) {
      forward(W, b, A_prev, Z, End::relu);
      if (g.dropout.rate != 0) this->dropout_forward(g.dropout, A);
    } else {
      forward(W, b, A_prev, Z, End::store);
      this->pointwise_forward(g, Z, A);
    }
  }

  void activation_forward(Activation g, View<const T> Z, View<T> A) const noexcept override {
    for_parts(Z.cols, 1, Z.size() * kActivationWork, [&](Index j, Index cols) HWY_ATTR {
      HWY_NAMESPACE::activation_forward(g, Z.columns(j, cols), A.columns(j, cols));
    });
  }
  void activation_backward(Activation g, View<const T> dA, View<const T> Z, View<const T> A,
                           View<T> dZ) const noexcept override {
    for_parts(dZ.cols, 1, dZ.size() * kActivationWork, [&](Index j, Index cols) HWY_ATTR {
      HWY_NAMESPACE::activation_backward(g, dA.columns(j, cols), Z.columns(j, cols), A.columns(j, cols),
                                         dZ.columns(j, cols));
    });
  }
  void slope_forward(Activation g, View<const T> a, View<const T> Z, View<T> A) const noexcept override {
    for_parts(Z.cols, 1, Z.size() * kActivationWork, [&](Index j, Index cols) HWY_ATTR {
      HWY_NAMESPACE::slope_forward(g, a, Z.columns(j, cols), A.columns(j, cols));
    });
  }
  void slope_backward(Activation g, View<const T> a, View<const T> Z, double s, View<T> dA,
                      View<T> da) const noexcept override {
    for_parts(Z.rows, kLanes<T>, Z.size() * kActivationWork, [&](Index i, Index rows) HWY_ATTR {
      HWY_NAMESPACE::slope_backward(g, a.row_block(i, rows), Z.row_block(i, rows), s, dA.row_block(i, rows),
                                    da.row_block(i, rows));
    });
  }
  void stage_forward(const Stage<T>& by, View<const T> X, View<T> Z, View<T> A) const noexcept override {
    for_parts(X.cols, 1, X.cols * cost_of(by) * kActivationWork, [&](Index j, Index cols) HWY_ATTR {
      HWY_NAMESPACE::stage_forward(by, X.columns(j, cols), Z.columns(j, cols), A.columns(j, cols));
    });
  }
  void stage_backward_params(const Stage<T>& by, View<const T> X, View<const T> Z, View<T> dA, double r,
                             const StageParts<T>& d) const noexcept override {
    const Index cost = cost_of(by);
    for_parts(cost, 1, X.cols * cost * kActivationWork, [&](Index begin, Index count) HWY_ATTR {
      // The rows of X whose costs begin in this part
      const Index first = row_at(by, begin), end = row_at(by, begin + count);
      HWY_NAMESPACE::stage_backward_params(by, X, Z, dA, r, d, first, end);
    });
  }
  void dropout_forward(const Dropout<T>& by, View<T> A) const noexcept override {
    for_parts(A.cols, 1, A.size() * kActivationWork,
              [&](Index j, Index cols) HWY_ATTR { HWY_NAMESPACE::dropout_forward(by, A, j, cols); });
  }
  void dropout_backward(const Dropout<T>& by, View<T> dA) const noexcept override {
    for_parts(dA.cols, 1, dA.size() * kActivationWork,
              [&](Index j, Index cols) HWY_ATTR { HWY_NAMESPACE::dropout_backward(by, dA, j, cols); });
  }
  void head_forward(Head head, View<const T> Z, View<T> A) const noexcept override {
    HWY_NAMESPACE::head_forward(head, Z, A);
  }
  void loss_head(const Objective& of, View<const T> Z, View<const T> Y, View<T> A, View<T> dZ,
                 double* sum) const noexcept override {
    *sum = HWY_NAMESPACE::loss_head(of, Z, Y, A, dZ);
  }
  void add_scaled(double c, View<const T> X, View<T> Y) const noexcept override { HWY_NAMESPACE::add_scaled(c, X, Y); }
  [[nodiscard]] double sum_of_squares(View<const T> X) const noexcept override {
    return HWY_NAMESPACE::sum_of_squares(X);
  }
  void update(const UpdateRule& rule, const Trained<T>& block, const T* d) const noexcept override {
    const Index size = block.theta.size();
    for_parts(size, 16 * kLanes<T>, size * kUpdateWork,
              [&](Index begin, Index count) HWY_ATTR { HWY_NAMESPACE::update(rule, block, d, begin, count); });
  }

  void linear_backward_params(View<const T> dZ, View<const T> A_prev, double s, View<T> dW,
                              View<T> db) const noexcept override {
    if (lanes_along_inputs(dW)) {
      gradient_along_inputs(dZ, A_prev, s, dW, [](Index, Index) {});
    } else {
      TileEnds<T> ends;
      ends.end = End::scale;
      ends.scale = static_cast<T>(s);
      gradient_along_units(dZ, A_prev, dW, ends);
    }
    bias_gradient(dZ, static_cast<T>(s), db.data);
  }

  void linear_backward(View<const T> dZ, View<const T> A_prev, double s, const GradientTarget<T>& W,
                       const GradientTarget<T>& b) const noexcept override {
    if (W.rule == nullptr || b.rule == nullptr) return Kernels<T>::linear_backward(dZ, A_prev, s, W, b);
    const View<T> dW = W.d;
    assert(W.rule->scale == 1 && W.block.theta.ld == W.block.theta.rows && dW.ld == dW.rows);
    // The columns k … k + count − 1 of dW are there.
    const auto update_columns = [&](Index k, Index count) HWY_ATTR {
      HWY_NAMESPACE::update(*W.rule, W.block, dW.data, k * dW.rows, count * dW.rows);
    };
    if (lanes_along_inputs(dW)) {
      gradient_along_inputs(dZ, A_prev, s, dW, update_columns);
    } else {
      TileEnds<T> ends;
      ends.scale = static_cast<T>(s);
      if (W.rule->kind == OptimizerKind::gradient_descent) {
        ends.end = End::descend;
        ends.theta = W.block.theta.data;
        ends.alpha = static_cast<T>(W.rule->step.alpha * W.block.rate);
        ends.decay = static_cast<T>(W.block.penalty);
        gradient_along_units(dZ, A_prev, dW, ends);
      } else {
        ends.end = End::scale;
        gradient_in_chunks(dZ, A_prev, dW, ends, update_columns);
      }
    }
    bias_gradient(dZ, static_cast<T>(s), b.d.data);
    update(*b.rule, b.block, b.d.data);
  }

  void linear_backward_input(View<const T> W, View<const T> dZ, View<T> dA_prev) const noexcept override {
    backward_input(W, dZ, dA_prev, TileEnds<T>());
  }

  void linear_activation_backward(const Pointwise<T>& g, View<const T> W, View<const T> dZ, View<const T> Z_prev,
                                  View<const T> A_prev, View<T> dZ_prev, double s = 1,
                                  const GradientTarget<T>& a = {}) const noexcept override {
    TileEnds<T> ends;
    if (!is_relu(g)) {
      backward_input(W, dZ, dZ_prev, ends);
      return this->pointwise_backward(g, Z_prev, A_prev, dZ_prev, s, a);
    }
    const View<const T> H = g.dropout.rate == 0 ? A_prev : View<const T>(g.dropout.H);
    ends.end = End::relu_mask;
    ends.mask = H.data;
    ends.mask_ld = H.ld;
    backward_input(W, dZ, dZ_prev, ends);
    if (g.dropout.rate != 0) this->dropout_backward(g.dropout, dZ_prev);
  }

 private:
  // Is g what the ends of the products know?
  static bool is_relu(const Pointwise<T>& g) { return g.activation == Activation::relu && g.slope.data == nullptr; }

  // f(begin, count) over all of [0, size), in parts of whole units, on the pool when there is work for it.
  template <class F>
  void for_parts(Index size, Index unit, Index work, const F& f) const {
    const Index units = (size + unit - 1) / unit;
    const Index parts = work < kWorthAThread ? 1 : std::min<Index>(pool_.threads(), units);
    if (parts <= 1) return f(0, size);
    pool_.run(parts, [&](Index part) {
      const Index begin = units * part / parts * unit, end = std::min(size, units * (part + 1) / parts * unit);
      f(begin, end - begin);
    });
  }

  void forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z, End end) const {
    if (sums_by_lanes(W) && W.rows == 1 && W.ld == 1 && Z.ld == 1) {  // dot_forward would give the same bits
      for_parts(Z.cols, kWide, W.size() * Z.cols, [&](Index j, Index count) HWY_ATTR {
        forward_of_one_unit(W.data, b.data[0], A_prev.columns(j, count), Z.data + j);
      });
      return;
    }
    if (sums_by_lanes(W)) {
      for_parts(Z.cols, kDotExamples, W.size() * Z.cols, [&](Index j, Index count) HWY_ATTR {
        cpu::Scratch::Lease scratch(scratch_);
        dot_forward(W, b, A_prev.columns(j, count), Z.columns(j, count), scratch);
      });
      return;
    }
    TileEnds<T> ends;
    ends.begin = Begin::bias;
    ends.bias = b.data;
    ends.end = end;
    const auto part = [&](Index i, Index rows, Index j, Index cols) HWY_ATTR {
      TileEnds<T> e = ends;
      e.bias += i;
      cpu::Scratch::Lease scratch(scratch_);
      multiply<kTerms>(Left<T>{W.data + i, W.ld}, Right<T>{A_prev.col(j), 1, A_prev.ld}, rows, cols, W.cols,
                       Z.col(j) + i, Z.ld, e, scratch);
    };
    split(Z, W.cols, part);
  }

  // A layer of one unit: its products are sums and multiples of vectors, wherever its numbers lie.
  static bool one_unit(View<const T> W) { return kTerms == Terms::numbers && W.rows == 1; }

  void backward_input(View<const T> W, View<const T> dZ, View<T> dA_prev, const TileEnds<T>& ends) const {
    if (one_unit(W)) {
      for_parts(dA_prev.cols, kWide, dA_prev.size(), [&](Index j, Index cols) HWY_ATTR {
        const T* const mask = ends.end == End::relu_mask ? ends.mask + j * ends.mask_ld : nullptr;
        backward_input_of_one_unit(W, dZ.columns(j, cols), dA_prev.columns(j, cols), mask, ends.mask_ld);
      });
      return;
    }
    split(dA_prev, W.rows, [&](Index i, Index rows, Index j, Index cols) HWY_ATTR {
      TileEnds<T> e = ends;
      if (e.end == End::relu_mask) e.mask += i + j * e.mask_ld;
      cpu::Scratch::Lease scratch(scratch_);
      multiply<kTerms>(Left<T>{W.col(i), W.ld, Left<T>::Layout::transposed}, Right<T>{dZ.col(j), 1, dZ.ld}, rows, cols,
                       W.rows, dA_prev.col(j) + i, dA_prev.ld, e, scratch);
    });
  }

  static bool sums_by_lanes(View<const T> W) { return kTerms == Terms::numbers && sums_along_lanes<T>(W.rows, W.cols); }

  // A product shared over the threads by rows, or by columns when there are too few rows.
  template <class F>
  void split(View<T> C, Index K, const F& part) const {
    const Index work = C.size() * K;
    if (C.rows >= kPanel<T> * pool_.threads() * 2) {
      for_parts(C.rows, kPanel<T>, work, [&](Index i, Index rows) HWY_ATTR { part(i, rows, 0, C.cols); });
    } else {
      for_parts(C.cols, kWide, work, [&](Index j, Index cols) HWY_ATTR { part(0, C.rows, j, cols); });
    }
  }

  // dW can be formed with its lanes along the units or along the inputs: the sums are the same, and so are their bits.
  static bool lanes_along_inputs(View<const T> dW) {
    constexpr Index N = kLanes<T>;
    const Index by_units = (dW.rows + N - 1) / N * N * dW.cols;
    const Index by_inputs = (dW.cols + N - 1) / N * N * dW.rows;
    return by_inputs * 8 < by_units * 7;
  }

  void gradient_along_units(View<const T> dZ, View<const T> A_prev, View<T> dW, const TileEnds<T>& ends) const {
    for_parts(dW.cols, kWide, dW.size() * dZ.cols, [&](Index k, Index count) HWY_ATTR {
      TileEnds<T> part = ends;
      if (part.end == End::descend) part.theta += k * dW.ld;
      cpu::Scratch::Lease scratch(scratch_);
      multiply<kTerms>(Left<T>{dZ.data, dZ.ld}, Right<T>{A_prev.data + k, A_prev.ld, 1}, dW.rows, count, dZ.cols,
                       dW.col(k), dW.ld, part, scratch);
    });
  }

  // The same by so many columns at a time that they are still in a cache when after(k, count) wants them.
  template <class After>
  void gradient_in_chunks(View<const T> dZ, View<const T> A_prev, View<T> dW, const TileEnds<T>& ends,
                          const After& after) const {
    constexpr Index kChunkBytes = Index{128} << 10;
    const Index m = dZ.cols;
    const Index chunk = std::max(kWide, kChunkBytes / static_cast<Index>(sizeof(T)) / dW.rows / kWide * kWide);
    const bool packs = kTerms != Terms::numbers || m <= kDepth<T>;
    const bool one_block = packs && (dW.rows + kPanel<T>)*steps_of<kTerms>(m) <= kLeftSize<T>;
    for_parts(dW.cols, kWide, dW.size() * m, [&](Index k0, Index count) HWY_ATTR {
      cpu::Scratch::Lease scratch(scratch_);
      Left<T> A{dZ.data, dZ.ld};
      if (one_block && count > chunk) {
        pack_left_as<kTerms>(A, 0, dW.rows, 0, m, scratch.template left<T>());
        A = {scratch.template left<T>(), 0, Left<T>::Layout::panels};
      }
      for (Index k = k0; k < k0 + count; k += chunk) {
        const Index cols = std::min(chunk, k0 + count - k);
        multiply<kTerms>(A, Right<T>{A_prev.data + k, A_prev.ld, 1}, dW.rows, cols, m, dW.col(k), dW.ld, ends, scratch);
        after(k, cols);
      }
    });
  }

  // after(k, count) follows when the columns k … k + count − 1 of dW are there.
  template <class After>
  void gradient_along_inputs(View<const T> dZ, View<const T> A_prev, double s, View<T> dW, const After& after) const {
    TileEnds<T> ends;
    ends.end = End::scale;
    ends.scale = static_cast<T>(s);
    const Index m = dZ.cols;
    for_parts(dW.cols, kPanel<T>, dW.size() * m, [&](Index k0, Index count) HWY_ATTR {
      if (one_unit(dW)) {
        gradient_of_one_unit(dZ, A_prev.row_block(k0, count), ends.scale, dW.columns(k0, count));
        return after(k0, count);
      }
      cpu::Scratch::Lease scratch(scratch_);
      const Right<T> B{dZ.data, dZ.ld, 1};
      constexpr std::size_t kChunkBytes = std::size_t{64} << 10;  // what is transposed is still near
      T* const result = scratch.template result<T>();
      const Index chunk =
          std::max(kPanel<T>, static_cast<Index>(kChunkBytes / sizeof(T)) / dW.rows / kPanel<T> * kPanel<T>);
      for (Index k = k0; k < k0 + count; k += chunk) {
        const Index high = std::min(chunk, k0 + count - k);
        multiply<kTerms>(Left<T>{A_prev.data + k, A_prev.ld}, B, high, dW.rows, m, result, high, ends, scratch);
        transpose(result, high, high, dW.rows, dW.col(k), dW.ld);
        after(k, high);
      }
    });
  }

  std::string_view name_;
  ThreadPool& pool_;
  cpu::Scratch scratch_;
};

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
