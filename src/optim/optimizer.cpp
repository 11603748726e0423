#include "optim/optimizer.hpp"

namespace strata {

template <class T>
Optimizer<T>::Optimizer(const Options& options, std::size_t size)
    : kind_(options.optimizer),
      momentum_(options.momentum),
      step_{options.effective_learning_rate(), options.beta1, options.beta2, options.epsilon, 0} {
  if (kind_ != OptimizerKind::gradient_descent) first_.assign(size, T(0));
  if (kind_ == OptimizerKind::adam) second_.assign(size, T(0));
}

template <class T>
void Optimizer<T>::update(std::span<T> theta, std::span<const T> d, const Kernels<T>& k) {
  ++step_.t;
  switch (kind_) {
    case OptimizerKind::gradient_descent:
      return k.update_gradient_descent(theta, d, step_.alpha);
    case OptimizerKind::momentum:
      return k.update_momentum(theta, d, first_, step_.alpha, momentum_);
    case OptimizerKind::adam:
      return k.update_adam(theta, d, first_, second_, step_);
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace strata
