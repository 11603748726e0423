// The reference's sums on panels: blocks of rows and columns that fit a cache, shared over the threads of a pool.
#pragma once

#include "base/thread_pool.hpp"
#include "kernels/reference.hpp"

namespace strata {

/// Every element of every result is the very sum that the reference forms, so the bits are the reference's, for any
/// number of threads. How a matrix is cut depends on its shape alone; products too small to be worth a wake-up stay on
/// the caller.
template <class T>
class PanelKernels final : public ReferenceKernels<T> {
 public:
  explicit PanelKernels(ThreadPool& pool) : pool_(pool) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "panels"; }
  void linear_forward(View<const T> W, View<const T> b, View<const T> A_prev, View<T> Z) const noexcept override;
  void activation_forward(Activation g, View<const T> Z, View<T> A) const noexcept override;
  void activation_backward(Activation g, View<const T> dA, View<const T> Z, View<const T> A,
                           View<T> dZ) const noexcept override;
  void linear_backward_params(View<const T> dZ, View<const T> A_prev, double s, View<T> dW,
                              View<T> db) const noexcept override;
  void linear_backward_input(View<const T> W, View<const T> dZ, View<T> dA_prev) const noexcept override;
  void update_gradient_descent(std::span<T> theta, std::span<const T> d, double alpha) const noexcept override;
  void update_momentum(std::span<T> theta, std::span<const T> d, std::span<T> v, double alpha,
                       double beta) const noexcept override;
  void update_adam(std::span<T> theta, std::span<const T> d, std::span<T> m, std::span<T> v,
                   AdamStep step) const noexcept override;

 private:
  template <class Task>
  void for_each(Index count, Index work, const Task& task) const;
  template <class Task>
  void for_each_slice(std::size_t size, const Task& task) const;

  ThreadPool& pool_;
};

extern template class PanelKernels<float>;
extern template class PanelKernels<double>;

}  // namespace strata
