#include "optim/optimizer.hpp"

#include "base/denormals.hpp"

namespace strata {
namespace {

UpdateRule::Kind kind_of(OptimizerKind optimizer) {
  switch (optimizer) {
    case OptimizerKind::momentum: return UpdateRule::Kind::momentum;
    case OptimizerKind::adam: return UpdateRule::Kind::adam;
    case OptimizerKind::gradient_descent: break;
  }
  return UpdateRule::Kind::gradient_descent;
}

}  // namespace

template <class T>
Optimizer<T>::Optimizer(const TrainingOptions& options, std::size_t size)
    : rule_{kind_of(options.optimizer),
            options.momentum,
            {options.effective_learning_rate(), options.beta1, options.beta2, options.epsilon, 0}} {
  if (rule_.kind != UpdateRule::Kind::gradient_descent) first_.assign(size, T(0));
  if (rule_.kind == UpdateRule::Kind::adam) second_.assign(size, T(0));
}

template <class T>
const UpdateRule& Optimizer<T>::next_step() noexcept {
  if (rule_.kind == UpdateRule::Kind::adam) {
    rule_.step = rule_.step.next();
  } else {
    ++rule_.step.t;
  }
  return rule_;
}

template <class T>
Trained<T> Optimizer<T>::trained(const ParameterBlock& block, View<T> theta, double penalty) noexcept {
  return {theta, first_.empty() ? nullptr : first_.data() + block.offset,
          second_.empty() ? nullptr : second_.data() + block.offset, penalty};
}

template <class T>
void Optimizer<T>::update(std::span<T> theta, std::span<const T> d, const Kernels<T>& k) {
  const FlushDenormals flush;
  const View<T> all(theta.data(), static_cast<Index>(theta.size()), 1);
  k.update(next_step(), {all, first_.data(), second_.data()}, d.data());
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace strata
