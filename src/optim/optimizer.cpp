#include "optim/optimizer.hpp"

#include "base/denormals.hpp"

namespace strata::internal {
namespace {

bool is_adam(OptimizerKind kind) { return kind == OptimizerKind::adam || kind == OptimizerKind::adamw; }

}  // namespace

template <class T>
Optimizer<T>::Optimizer(const TrainingOptions& options, std::size_t size)
    : rule_{options.optimizer,
            options.momentum,
            {options.effective_learning_rate(), options.beta1, options.beta2, options.epsilon, 0}},
      weight_decay_(options.effective_weight_decay()) {
  if (rule_.kind != OptimizerKind::gradient_descent) first_.assign(size, T(0));
  if (is_adam(rule_.kind)) second_.assign(size, T(0));
}

template <class T>
const UpdateRule& Optimizer<T>::next_step() noexcept {
  if (is_adam(rule_.kind)) {
    rule_.step = rule_.step.next();
  } else {
    ++rule_.step.t;
  }
  return rule_;
}

template <class T>
Trained<T> Optimizer<T>::trained(const ParameterBlock& block, View<T> theta, double penalty) noexcept {
  Trained<T> trained{theta, first_.empty() ? nullptr : first_.data() + block.offset,
                     second_.empty() ? nullptr : second_.data() + block.offset, penalty};
  if (block.decays()) {
    // θ − α (g + λθ) is the same as a penalty, which the kernels know.
    if (rule_.kind == OptimizerKind::gradient_descent) {
      trained.penalty += weight_decay_;
    } else {
      trained.decay = rule_.step.alpha * weight_decay_;
    }
  }
  return trained;
}

template <class T>
void Optimizer<T>::update(std::span<const ParameterBlock> blocks, std::span<T> theta, std::span<const T> d,
                          const Kernels<T>& k) {
  const FlushDenormals flush;
  const UpdateRule& rule = next_step();
  for (const ParameterBlock& block : blocks) {
    const View<T> its(theta.data() + block.offset, static_cast<Index>(block.size()), 1);
    k.update(rule, trained(block, its, 0), d.data() + block.offset);
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace strata::internal
