#include "optim/optimizer.hpp"

#include <cmath>

#include "base/denormals.hpp"

namespace strata::internal {
namespace {

// The same for all kinds?
bool are_alike(const PerKind& numbers) {
  const double x = numbers.weights;
  return numbers == PerKind{x, x, x, x, x, x};
}

bool is_adam(OptimizerKind kind) { return kind == OptimizerKind::adam || kind == OptimizerKind::adamw; }

// What a gradient is multiplied by, so that it is no longer than `most` (Pascanu et al., 2013). One whose length is no
// number stays as it is, and is found to be so.
double clipped(double squares, double most) {
  const double norm = std::sqrt(squares);
  return std::isfinite(norm) && norm > most ? most / norm : 1;
}

}  // namespace

template <class T>
Optimizer<T>::Optimizer(const TrainingOptions& options, std::size_t size)
    : rule_{options.optimizer,
            options.momentum,
            {options.effective_learning_rate(), options.beta1, options.beta2, options.epsilon, 0}},
      rate_(options.effective_learning_rate()),
      clip_norm_(options.clip_norm),
      factor_(options.rate_factor),
      decay_(options.effective_weight_decay()),
      parametrization_(options.parametrization) {
  if (rule_.kind != OptimizerKind::gradient_descent) first_.assign(size, T(0));
  if (is_adam(rule_.kind)) second_.assign(size, T(0));
}

template <class T>
const UpdateRule& Optimizer<T>::next_step(const StepFactors& at) noexcept {
  rule_.step.alpha = rate_ * at.rate;
  rule_.scale = 1;
  decay_now_ = at.decay;
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
  const double PerKind::* number = number_of(block.kind);
  const double rate = factor_.*number, lambda = decay_.*number * decay_now_;
  trained.rate = rate;
  // A step of U = W√n is one of W with other numbers: dU = dW/√n, which Adam divides by its own size again.
  const bool is_ntp = parametrization_ == Parametrization::ntp && block.kind == ParameterBlock::Kind::weights;
  const double n = is_ntp ? static_cast<double>(block.cols) : 1;
  if (is_adam(rule_.kind)) {
    trained.rate /= std::sqrt(n);
    trained.epsilon = std::sqrt(n);
  } else {
    trained.rate /= n;
  }
  // θ − α (g + λθ) is the same as a penalty, which the kernels know.
  if (rule_.kind == OptimizerKind::gradient_descent) {
    trained.penalty += lambda * n;
  } else {
    trained.decay = rule_.step.alpha * rate * lambda;
  }
  return trained;
}

template <class T>
void Optimizer<T>::update(std::span<const ParameterBlock> blocks, std::span<T> theta, std::span<const T> d,
                          const Kernels<T>& k, const StepFactors& at) {
  const FlushDenormals flush;
  static_cast<void>(next_step(at));
  if (clips()) rule_.scale = clipped(k.sum_of_squares({d.data(), static_cast<Index>(d.size()), 1}), clip_norm_);
  // Where all kinds are treated alike, all of θ is one block.
  const bool alike = parametrization_ == Parametrization::standard && are_alike(factor_) && are_alike(decay_);
  for (const ParameterBlock& block : alike ? blocks.first(1) : blocks) {
    const View<T> its(theta.data() + block.offset, static_cast<Index>(alike ? theta.size() : block.size()), 1);
    k.update(rule_, trained(block, its, 0), d.data() + block.offset);
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace strata::internal
