// The checks of the step as a small program: 0 when all pass. The mutation test links it with changed versions of
// step.cpp.
#include <cmath>
#include <cstdio>
#include <exception>

#include "kernels/reference.hpp"
#include "math/checks.hpp"

namespace strata::testing {
namespace {

// The float instances are there and follow the double ones.
Verdict check_floats() {
  const ReferenceKernels<float> floats;
  const ReferenceKernels<double> doubles;
  const Architecture net{4, {{5, Activation::tanh}, {3, Activation::gelu}}, 2, Loss::categorical_cross_entropy};
  Problem<double> exact = make_problem(net, 9, 1000);
  Problem<float> problem = converted<float>(exact);
  Workspace<float> ws(net, 9, Keep::backward);
  Workspace<double> ws_exact(net, 9, Keep::backward);
  Parameters<float> gradient(net);
  Parameters<double> gradient_exact(net);
  const double J = train_step(net, problem.p, problem.batch(), 0.7, ws, floats, gradient);
  const double J_exact = train_step(net, exact.p, exact.batch(), 0.7, ws_exact, doubles, gradient_exact);
  if (!(std::abs(J - J_exact) < 1e-5)) return "J in float";
  if (!(std::abs(cost(net, problem.p, problem.batch(), 0.7, ws, floats) - J_exact) < 1e-5)) return "cost() in float";
  for (std::size_t i = 0; i < gradient.theta().size(); ++i) {
    if (!(std::abs(gradient.theta()[i] - gradient_exact.theta()[i]) < 1e-5)) return "the gradient in float";
  }
  Workspace<float> look(net, 9, Keep::all);
  Workspace<double> look_exact(net, 9, Keep::all);
  forward(net, problem.p, problem.batch(), look, floats);
  forward(net, exact.p, exact.batch(), look_exact, doubles);
  if (!(std::abs(look.Z[3](1, 8) - look_exact.Z[3](1, 8)) < 1e-5)) return "Z[L] in float";
  predict(net, problem.p, problem.batch().X, look, floats);
  predict(net, exact.p, exact.batch().X, look_exact, doubles);
  if (!(std::abs(look.A[3](1, 8) - look_exact.A[3](1, 8)) < 1e-6)) return "A[L] in float";
  return {};
}

int run() {
  const ReferenceKernels<double> kernels;
  for (const Check& check : all_checks()) {
    if (const Verdict verdict = check.run(Subject{kernels}); !verdict.empty()) {
      std::printf("%s: %s\n", std::string(check.name).c_str(), verdict.c_str());
      return 1;
    }
  }
  if (const Verdict verdict = check_floats(); !verdict.empty()) {
    std::printf("floats: %s\n", verdict.c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace strata::testing

int main() {
  try {
    return strata::testing::run();
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
