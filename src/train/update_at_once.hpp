// The sink that uses a layer's gradient at once: no pass over the whole gradient, which is never kept.
#pragma once

#include "network/step.hpp"
#include "optim/optimizer.hpp"

namespace strata {

/// For one step: takes the next step of `optimizer`, and writes into `p`, the parameters of that step. `scratch` is
/// memory for a gradient.
template <class T>
class UpdateAtOnce final : public GradientSink<T> {
 public:
  UpdateAtOnce(Parameters<T>& p, Optimizer<T>& optimizer, const Kernels<T>& k, Parameters<T>& scratch)
      : p_(p), optimizer_(optimizer), rule_(optimizer.next_step()), k_(k), scratch_(scratch) {}

  void take(int l, View<const T> dZ, View<const T> A_prev, double s, double c) override {
    k_.linear_backward_update(dZ, A_prev, s, c, rule_, block(p_.W[l]), block(p_.b[l]), scratch_.W[l], scratch_.b[l]);
  }

 private:
  Trained<T> block(View<T> theta) {
    return optimizer_.block(theta, static_cast<std::size_t>(theta.data - p_.theta().data()));
  }

  Parameters<T>& p_;
  Optimizer<T>& optimizer_;
  const UpdateRule& rule_;
  const Kernels<T>& k_;
  Parameters<T>& scratch_;
};

}  // namespace strata
