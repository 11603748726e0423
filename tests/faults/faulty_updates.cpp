#include <cmath>
#include <numeric>
#include <vector>

#include "faults/faulty_kernels.hpp"
#include "kernels/reference.hpp"

namespace strata::testing {
namespace {

using In = View<const double>;
using Out = View<double>;
using Healthy = ReferenceKernels<double>;

// --- dropout ---

struct DropoutUnscaled : Healthy {
  void dropout_forward(const Dropout<double>& by, Out A) const noexcept override {
    Healthy::dropout_forward(by, A);
    for (Index j = 0; j < A.cols; ++j) {
      for (Index i = 0; i < A.rows; ++i) A(i, j) /= by.scale();
    }
  }
  void dropout_backward(const Dropout<double>& by, Out dA) const noexcept override {
    Healthy::dropout_backward(by, dA);
    for (Index j = 0; j < dA.cols; ++j) {
      for (Index i = 0; i < dA.rows; ++i) dA(i, j) /= by.scale();
    }
  }
};
struct DropoutForgottenOnTheWayBack : Healthy {
  void dropout_backward(const Dropout<double>&, Out) const noexcept override {}
};
struct DropoutUnscaledOnTheWayBack : Healthy {
  void dropout_backward(const Dropout<double>& by, Out dA) const noexcept override {
    Healthy::dropout_backward(by, dA);
    for (Index j = 0; j < dA.cols; ++j) {
      for (Index i = 0; i < dA.rows; ++i) dA(i, j) /= by.scale();
    }
  }
};
struct DropoutKeepsWhatItShouldLeaveOut : Healthy {
  void dropout_forward(const Dropout<double>& by, Out A) const noexcept override {
    Dropout<double> other = by;
    other.rate = 1 - by.rate;
    Healthy::dropout_forward(other, A);
  }
};
struct DropoutByThePlaceInTheBatch : Healthy {
  void dropout_forward(const Dropout<double>& by, Out A) const noexcept override {
    std::vector<std::size_t> places(static_cast<std::size_t>(A.cols));
    std::iota(places.begin(), places.end(), std::size_t{0});
    Dropout<double> other = by;
    other.rows = places.data();
    Healthy::dropout_forward(other, A);
  }
};
// g' from the masked and scaled A
struct SlopeOfTheMaskedOutput : Healthy {
  void linear_activation_backward(const Pointwise<double>& g, In W, In dZ, In Z, In A, Out dZ_prev, double s,
                                  const GradientTarget<double>& a) const noexcept override {
    Pointwise<double> other = g;
    other.dropout.H = {const_cast<double*>(A.data), A.rows, A.cols, A.ld};
    Healthy::linear_activation_backward(other, W, dZ, Z, A, dZ_prev, s, a);
  }
};

// --- updates ---

// One rule that goes another way: move(θ, d, first, second, rule) for each parameter.
template <OptimizerKind kKind, class Move>
struct OtherUpdate : Healthy {
  explicit OtherUpdate(Move move) : move_(move) {}
  void update(const UpdateRule& rule, const Trained<double>& block, const double* d) const noexcept override {
    if (rule.kind != kKind) return Healthy::update(rule, block, d);
    double unused = 0;
    for (Index i = 0; i < block.theta.size(); ++i) {
      move_(block.theta.data[i], d[i], block.first != nullptr ? block.first[i] : unused,
            block.second != nullptr ? block.second[i] : unused, rule);
    }
  }

 private:
  Move move_;
};
template <OptimizerKind kKind, class Move>
std::shared_ptr<const Kernels<double>> other_update(Move move) {
  return std::make_shared<OtherUpdate<kKind, Move>>(move);
}

constexpr auto ascent = [](double& theta, double d, double&, double&, const UpdateRule& rule) {
  theta += rule.step.alpha * d;
};
constexpr auto momentum_without_one_minus_beta = [](double& theta, double d, double& v, double&,
                                                    const UpdateRule& rule) {
  v = rule.momentum * v + d;
  theta -= rule.step.alpha * v;
};
constexpr auto momentum_of_the_step_before = [](double& theta, double d, double& v, double&, const UpdateRule& rule) {
  theta -= rule.step.alpha * v;
  v = rule.momentum * v + (1 - rule.momentum) * d;
};

// Adam with its parts in the open.
template <class Move>
std::shared_ptr<const Kernels<double>> other_adam(Move move) {
  return other_update<OptimizerKind::adam>(
      [move](double& theta, double d, double& m, double& v, const UpdateRule& rule) {
        const AdamStep& step = rule.step;
        m = step.beta1 * m + (1 - step.beta1) * d;
        v = step.beta2 * v + (1 - step.beta2) * d * d;
        theta -= step.alpha * move(m, v, step);
      });
}
// Decay where L2 is: through Adam's averages, so that it is divided by their root (what AdamW is about).
struct DecayInTheGradient : Healthy {
  void update(const UpdateRule& rule, const Trained<double>& block, const double* d) const noexcept override {
    Trained<double> other = block;
    other.decay = 0, other.penalty += block.decay / rule.step.alpha;
    Healthy::update(rule, other, d);
  }
};
struct DecayWithoutTheRate : Healthy {
  void update(const UpdateRule& rule, const Trained<double>& block, const double* d) const noexcept override {
    Trained<double> other = block;
    other.decay /= rule.step.alpha;
    Healthy::update(rule, other, d);
  }
};
struct DecayAfterTheStep : Healthy {
  void update(const UpdateRule& rule, const Trained<double>& block, const double* d) const noexcept override {
    Trained<double> other = block;
    other.decay = 0;
    Healthy::update(rule, other, d);
    for (Index i = 0; i < block.theta.size(); ++i) block.theta.data[i] -= block.decay * block.theta.data[i];
  }
};

struct ClippingForgotten : Healthy {
  void update(const UpdateRule& rule, const Trained<double>& block, const double* d) const noexcept override {
    UpdateRule other = rule;
    other.scale = 1;
    Healthy::update(other, block, d);
  }
};
struct RateOfTheKindForgotten : Healthy {
  void update(const UpdateRule& rule, const Trained<double>& block, const double* d) const noexcept override {
    Trained<double> other = block;
    other.rate = 1;
    Healthy::update(rule, other, d);
  }
};
constexpr auto nesterov_as_momentum = [](double& theta, double d, double& v, double&, const UpdateRule& rule) {
  v = rule.momentum * v + (1 - rule.momentum) * d;
  theta -= rule.step.alpha * v;
};
constexpr auto nesterov_by_the_old_velocity = [](double& theta, double d, double& v, double&, const UpdateRule& rule) {
  theta -= rule.step.alpha * (rule.momentum * v + (1 - rule.momentum) * d);
  v = rule.momentum * v + (1 - rule.momentum) * d;
};

double corrected(double x, double beta, long long t) { return x / (1 - std::pow(beta, static_cast<double>(t))); }

}  // namespace

std::vector<KernelFault> update_faults() {
  return {
      {"dropout is not made up for", std::make_shared<DropoutUnscaled>(), {"dropout"}},
      {"dropout is forgotten on the way back", std::make_shared<DropoutForgottenOnTheWayBack>(), {"dropout"}},
      {"dropout is not made up for on the way back", std::make_shared<DropoutUnscaledOnTheWayBack>(), {"dropout"}},
      {"dropout keeps what it should leave out", std::make_shared<DropoutKeepsWhatItShouldLeaveOut>(), {"dropout"}},
      {"dropout by the place in the batch", std::make_shared<DropoutByThePlaceInTheBatch>(), {"dropout"}},
      {"g' at the masked A", std::make_shared<SlopeOfTheMaskedOutput>(), {"dropout"}},
      {"gradient descent climbs",
       other_update<OptimizerKind::gradient_descent>(ascent),
       {"updates by hand", "trajectory", "step by hand"}},
      {"momentum without (1 - beta)",
       other_update<OptimizerKind::momentum>(momentum_without_one_minus_beta),
       {"updates by hand", "trajectory"}},
      {"momentum is a step late",
       other_update<OptimizerKind::momentum>(momentum_of_the_step_before),
       {"updates by hand", "trajectory"}},
      {"Nesterov does not look ahead",
       other_update<OptimizerKind::nesterov>(nesterov_as_momentum),
       {"updates by hand", "trajectory"}},
      {"Nesterov looks ahead by the old velocity",
       other_update<OptimizerKind::nesterov>(nesterov_by_the_old_velocity),
       {"updates by hand", "trajectory"}},
      {"clipping is forgotten", std::make_shared<ClippingForgotten>(), {"updates by hand"}},
      {"the rate of the kind is forgotten", std::make_shared<RateOfTheKindForgotten>(), {"updates by hand"}},
      {"Adam's epsilon inside the root",
       other_adam([](double m, double v, const AdamStep& s) {
         return corrected(m, s.beta1, s.t) / std::sqrt(corrected(v, s.beta2, s.t) + s.epsilon);
       }),
       {"updates by hand", "trajectory"}},
      {"Adam without bias correction",
       other_adam([](double m, double v, const AdamStep& s) { return m / (std::sqrt(v) + s.epsilon); }),
       {"updates by hand", "trajectory"}},
      {"Adam counts from 0",
       other_adam([](double m, double v, const AdamStep& s) {
         return corrected(m, s.beta1, s.t - 1) / (std::sqrt(corrected(v, s.beta2, s.t - 1)) + s.epsilon);
       }),
       {"updates by hand", "trajectory"}},
      {"Adam divides by v, not by its root",
       other_adam([](double m, double v, const AdamStep& s) {
         return corrected(m, s.beta1, s.t) / (corrected(v, s.beta2, s.t) + s.epsilon);
       }),
       {"updates by hand", "trajectory"}},
      {"decay goes through Adam's averages", std::make_shared<DecayInTheGradient>(), {"updates by hand"}},
      {"decay forgets the rate", std::make_shared<DecayWithoutTheRate>(), {"updates by hand"}},
      {"decay draws at the weights after the step", std::make_shared<DecayAfterTheStep>(), {"updates by hand"}},
  };
}

}  // namespace strata::testing
