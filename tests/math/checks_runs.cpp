// The checks that look at whole runs and at what a step calls; and the list of all checks.
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/denormals.hpp"
#include "base/processor.hpp"
#include "math/checks.hpp"
#include "support/updates.hpp"

namespace strata::testing {
namespace {

// An update rule on long doubles, written down once more.
class PlainRule {
 public:
  PlainRule(int rule, std::size_t size) : rule_(rule), m_(size, 0), v_(size, 0) {}
  void update(std::vector<Real>& theta, const std::vector<Real>& d) {
    ++t_;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      if (rule_ == 0) {
        theta[i] -= kAlpha * d[i];
      } else if (rule_ == 1) {
        m_[i] = kBeta1 * m_[i] + (1 - kBeta1) * d[i];
        theta[i] -= kAlpha * m_[i];
      } else if (rule_ == 3) {
        m_[i] = kBeta1 * m_[i] + (1 - kBeta1) * d[i];
        theta[i] -= kAlpha * (kBeta1 * m_[i] + (1 - kBeta1) * d[i]);
      } else {
        m_[i] = kBeta1 * m_[i] + (1 - kBeta1) * d[i];
        v_[i] = kBeta2 * v_[i] + (1 - kBeta2) * d[i] * d[i];
        const Real m_hat = m_[i] / (1 - std::pow(kBeta1, t_)), v_hat = v_[i] / (1 - std::pow(kBeta2, t_));
        theta[i] -= kAlpha * m_hat / (std::sqrt(v_hat) + kEpsilon);
      }
    }
  }
  static constexpr Real kAlpha = 0.05, kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-2;

 private:
  int rule_;
  Real t_ = 0;
  std::vector<Real> m_, v_;
};

// Whether this thread counts denormal numbers as zero.
bool flushes() {
  volatile double smallest = std::numeric_limits<double>::min();
  smallest = smallest / 2;
  return smallest * 2 == 0;
}

// Counts the operations, looks at how they would compute, and hands them on.
class CountingKernels final : public Kernels<double> {
 public:
  explicit CountingKernels(const Kernels<double>& inner) : inner_(inner) {}
  mutable std::map<std::string, int> calls;
  mutable std::set<std::string> with_denormals;  // the operations that were called while such numbers counted

  [[nodiscard]] std::string_view name() const noexcept override { return "counting"; }
  void linear_forward(View<const double> W, View<const double> b, View<const double> A_prev,
                      View<double> Z) const noexcept override {
    count("linear_forward");
    inner_.linear_forward(W, b, A_prev, Z);
  }
  void activation_forward(Activation g, View<const double> Z, View<double> A) const noexcept override {
    count("activation_forward");
    inner_.activation_forward(g, Z, A);
  }
  void head_forward(Head head, View<const double> Z, View<double> A) const noexcept override {
    count("head_forward");
    inner_.head_forward(head, Z, A);
  }
  void loss_head(const Objective& of, View<const double> Z, View<const double> Y, View<double> A, View<double> dZ,
                 double* sum) const noexcept override {
    count("loss_head");
    inner_.loss_head(of, Z, Y, A, dZ, sum);
  }
  void activation_backward(Activation g, View<const double> dA, View<const double> Z, View<const double> A,
                           View<double> dZ) const noexcept override {
    count("activation_backward");
    inner_.activation_backward(g, dA, Z, A, dZ);
  }
  void linear_backward_params(View<const double> dZ, View<const double> A_prev, double s, View<double> dW,
                              View<double> db) const noexcept override {
    count("linear_backward_params");
    inner_.linear_backward_params(dZ, A_prev, s, dW, db);
  }
  void linear_backward_input(View<const double> W, View<const double> dZ,
                             View<double> dA_prev) const noexcept override {
    count("linear_backward_input");
    inner_.linear_backward_input(W, dZ, dA_prev);
  }
  void add_scaled(double c, View<const double> X, View<double> Y) const noexcept override {
    count("add_scaled");
    inner_.add_scaled(c, X, Y);
  }
  [[nodiscard]] double sum_of_squares(View<const double> X) const noexcept override {
    count("sum_of_squares");
    return inner_.sum_of_squares(X);
  }
  void update(const UpdateRule& rule, const Trained<double>& block, const double* d) const noexcept override {
    inner_.update(rule, block, d);
  }
  void dropout_forward(const Dropout<double>& by, View<double> A) const noexcept override {
    count("dropout_forward");
    inner_.dropout_forward(by, A);
  }
  void slope_forward(Activation g, View<const double> a, View<const double> Z, View<double> A) const noexcept override {
    count("slope_forward");
    inner_.slope_forward(g, a, Z, A);
  }
  void slope_backward(Activation g, View<const double> a, View<const double> Z, double s, View<double> dA,
                      View<double> da) const noexcept override {
    count("slope_backward");
    inner_.slope_backward(g, a, Z, s, dA, da);
  }
  void stage_forward(const Stage<double>& by, View<const double> X, View<double> Z,
                     View<double> A) const noexcept override {
    count("stage_forward");
    inner_.stage_forward(by, X, Z, A);
  }
  void stage_backward_params(const Stage<double>& by, View<const double> X, View<const double> Z, View<double> dA,
                             double r, const StageParts<double>& d) const noexcept override {
    count("stage_backward_params");
    inner_.stage_backward_params(by, X, Z, dA, r, d);
  }
  void dropout_backward(const Dropout<double>& by, View<double> dA) const noexcept override {
    count("dropout_backward");
    inner_.dropout_backward(by, dA);
  }
  void linear_activation_forward(const Pointwise<double>& g, View<const double> W, View<const double> b,
                                 View<const double> A_prev, View<double> Z, View<double> A) const noexcept override {
    count("linear_activation_forward");
    inner_.linear_activation_forward(g, W, b, A_prev, Z, A);
  }
  void linear_activation_backward(const Pointwise<double>& g, View<const double> W, View<const double> dZ,
                                  View<const double> Z_prev, View<const double> A_prev, View<double> dZ_prev, double s,
                                  const GradientTarget<double>& a) const noexcept override {
    count("linear_activation_backward");
    inner_.linear_activation_backward(g, W, dZ, Z_prev, A_prev, dZ_prev, s, a);
  }

 private:
  void count(const char* operation) const {
    ++calls[operation];
    if (!flushes()) with_denormals.insert(operation);
  }

  const Kernels<double>& inner_;
};

std::string listed(const std::map<std::string, int>& calls) {
  std::string text;
  for (const auto& [name, count] : calls) text += ' ' + std::to_string(count) + ' ' + name;
  return text.empty() ? " none" : text;
}

}  // namespace

// Thirty epochs of two batches, the last one shorter, with every rule; smooth activations, so that nothing jumps.
Verdict check_trajectory(const Subject& subject) {
  const Architecture net{4, {{5, Activation::tanh}, {3, Activation::silu}}, 2, Loss::categorical_cross_entropy};
  constexpr Index kBatch = 8, kRest = 5;
  constexpr double kLambda = 0.1;
  for (int rule = 0; rule < 4; ++rule) {
    Problem<double> problem = make_problem(net, kBatch + kRest, 700, 1);
    const auto theta = problem.p.theta();
    std::vector<Real> plain_theta(theta.begin(), theta.end());
    PlainRule plain_rule(rule, theta.size());
    std::vector<double> first(theta.size(), 0.0), second(theta.size(), 0.0);
    Workspace<double> ws(net, kBatch, Keep::backward);
    Parameters<double> gradient(net);
    const Parameters<double>& d = gradient;
    for (int step = 0; step < 60; ++step) {
      const Index begin = step % 2 == 0 ? 0 : kBatch, count = step % 2 == 0 ? kBatch : kRest;
      const double J =
          subject.train_step(net, problem.p, problem.batch(begin, count), kLambda, ws, subject.kernels, gradient);
      const auto part = [&](const std::vector<double>& all, int rows) {
        return std::vector<Real>(all.begin() + begin * rows, all.begin() + (begin + count) * rows);
      };
      const Plain plain =
          plain_step(net, plain_theta, part(problem.X, net.inputs), part(problem.Y, net.outputs), kLambda);
      if (!(std::abs(J - static_cast<double>(plain.cost)) <= 1e-12)) {
        return "rule " + std::to_string(rule) + ": the cost leaves the plain loops at step " + std::to_string(step);
      }
      const double alpha = static_cast<double>(PlainRule::kAlpha), beta1 = static_cast<double>(PlainRule::kBeta1);
      if (rule == 0) update_gradient_descent(subject.kernels, theta, d.theta(), alpha);
      if (rule == 1) update_momentum(subject.kernels, theta, d.theta(), std::span<double>(first), alpha, beta1);
      if (rule == 3) update_nesterov(subject.kernels, theta, d.theta(), std::span<double>(first), alpha, beta1);
      if (rule == 2) {
        update_adam(
            subject.kernels, theta, d.theta(), std::span<double>(first), std::span<double>(second),
            {alpha, beta1, static_cast<double>(PlainRule::kBeta2), static_cast<double>(PlainRule::kEpsilon), step + 1});
      }
      plain_rule.update(plain_theta, plain.gradient);
    }
    for (std::size_t i = 0; i < theta.size(); ++i) {
      if (!(std::abs(theta[i] - static_cast<double>(plain_theta[i])) <= 1e-12)) {
        return "rule " + std::to_string(rule) + ": parameter " + std::to_string(i) + " ends elsewhere";
      }
    }
  }
  return {};
}

// A step of depth L is L−1 fused forward and backward sentences, one linear forward, one loss and L gradients; without
// L2 no weight is read for it; and nothing is computed twice.
Verdict check_calls(const Subject& subject) {
  for (int hidden = 0; hidden <= 3; ++hidden) {
    Architecture net{3, {}, 2, Loss::squared_error};
    for (int l = 0; l < hidden; ++l) net.hidden.push_back({4, Activation::relu});
    const int L = net.depth();
    Problem<double> problem = make_problem(net, 5, 800);
    for (const double lambda : {0.0, 0.5}) {
      const CountingKernels counting(subject.kernels);
      Workspace<double> ws(net, 5, Keep::backward);
      Parameters<double> gradient(net);
      std::map<std::string, int> expected = {{"linear_forward", 1}, {"loss_head", 1}};
      if (L > 1) expected["linear_activation_forward"] = L - 1;
      if (lambda != 0) expected["sum_of_squares"] = L;
      (void)subject.cost(net, problem.p, problem.batch(), lambda, ws, counting);
      if (counting.calls != expected) return "cost() calls" + listed(counting.calls) + ", not" + listed(expected);

      counting.calls.clear();
      expected["linear_backward_params"] = L;
      if (L > 1) expected["linear_activation_backward"] = L - 1;
      if (lambda != 0) expected["add_scaled"] = L;
      (void)subject.train_step(net, problem.p, problem.batch(), lambda, ws, counting, gradient);
      if (counting.calls != expected) return "train_step() calls" + listed(counting.calls) + ", not" + listed(expected);

      counting.calls.clear();
      expected = {{"linear_forward", 1}, {"head_forward", 1}};
      if (L > 1) expected["linear_activation_forward"] = L - 1;
      subject.predict(net, problem.p, problem.batch().X, ws, counting);
      if (counting.calls != expected) return "predict() calls" + listed(counting.calls) + ", not" + listed(expected);
    }
  }
  return {};
}

// Denormal numbers count as zero in every operation of a step, and afterwards what counted for the caller before.
Verdict check_denormals(const Subject& subject) {
  const Architecture net{3, {{4, Activation::tanh}}, 2, Loss::categorical_cross_entropy};
  Problem<double> problem = make_problem(net, 5, 850);
  Workspace<double> ws(net, 5, Keep::backward);
  Parameters<double> gradient(net);
  const CountingKernels k(subject.kernels);
  const std::map<std::string, std::function<void()>> parts = {
      {"forward()", [&] { subject.forward(net, problem.p, problem.batch(), ws, k); }},
      {"predict()", [&] { subject.predict(net, problem.p, problem.batch().X, ws, k); }},
      {"cost()", [&] { (void)subject.cost(net, problem.p, problem.batch(), 0.5, ws, k); }},
      {"train_step()", [&] { (void)subject.train_step(net, problem.p, problem.batch(), 0.5, ws, k, gradient); }},
  };
  const auto check = [&](const std::string& caller) -> Verdict {
    for (const auto& [name, part] : parts) {
      k.calls.clear();
      const unsigned long before = float_mode();
      part();
      const unsigned long after = float_mode();
      set_float_mode(before);
      if (after != before) return name + " leaves another floating-point mode to " + caller;
      if (k.calls.empty()) return name + " calls nothing";
      if (!k.with_denormals.empty()) return name + " computes with denormal numbers in " + *k.with_denormals.begin();
    }
    return {};
  };
  if (flushes()) return "the tests themselves run without denormal numbers";
  if (Verdict verdict = check("a caller with denormal numbers"); !verdict.empty()) return verdict;
  const FlushDenormals flush;
  return check("a caller without them");
}

std::span<const Check> all_checks() {
  static constexpr std::array kChecks = {
      Check{"step by hand", check_hand_step},
      Check{"equations", check_equations},
      Check{"gradients", check_gradients},
      Check{"extreme logits", check_extreme_logits},
      Check{"exactness", check_exactness},
      Check{"updates by hand", check_updates},
      Check{"losses", check_losses},
      Check{"weights", check_weights},
      Check{"dropout", check_dropout},
      Check{"batches", check_batches},
      Check{"repetition", check_repetition},
      Check{"trajectory", check_trajectory},
      Check{"calls", check_calls},
      Check{"denormals", check_denormals},
  };
  return kChecks;
}

}  // namespace strata::testing
