// The sink that uses a layer's gradient at once: no pass over the whole gradient, which is never kept.
#pragma once

#include "network/step.hpp"
#include "optim/optimizer.hpp"

namespace strata::internal {

/// For one step: takes the next step of `optimizer`, and writes into `p`, the parameters of that step. `at`: what the
/// schedules say of it. `penalty`: λ/m. `scratch` is memory for a gradient.
template <class T>
class UpdateAtOnce final : public GradientSink<T> {
 public:
  UpdateAtOnce(Parameters<T>& p, Optimizer<T>& optimizer, const StepFactors& at, double penalty, Parameters<T>& scratch)
      : p_(p), optimizer_(optimizer), rule_(optimizer.next_step(at)), penalty_(penalty), scratch_(scratch) {}

  [[nodiscard]] GradientTarget<T> target(const ParameterBlock& block) override {
    return {.d = scratch_.view(block),
            .rule = &rule_,
            .block = optimizer_.trained(block, p_.view(block), block.decays() ? penalty_ : 0)};
  }

 private:
  Parameters<T>& p_;
  Optimizer<T>& optimizer_;
  const UpdateRule& rule_;
  double penalty_;
  Parameters<T>& scratch_;
};

}  // namespace strata::internal
