// What a batch is held to: the loss of each example, and the weights of these.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "math/checks.hpp"

namespace strata::testing {
namespace {

// NaN is never near.
bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

struct Step {
  double J = 0;
  Parameters<double> gradient;
};

Step step_of(const Subject& subject, Problem<double>& problem, Batch<double> batch, double lambda) {
  Step step{0, Parameters<double>(problem.net)};
  Workspace<double> ws(problem.net, batch.m(), Keep::backward);
  step.J = subject.train_step(problem.net, problem.p, batch, lambda, ws, subject.kernels, step.gradient);
  return step;
}

// Every example as often as its weight says.
Problem<double> repeated(const Problem<double>& problem) {
  Problem<double> rows{problem.net, problem.p, {}, {}, 0};
  const auto n_x = problem.net.inputs, n_y = problem.net.outputs;
  for (Index j = 0; j < problem.m; ++j) {
    for (double count = problem.w[static_cast<std::size_t>(j)]; count > 0; --count, ++rows.m) {
      rows.X.insert(rows.X.end(), problem.X.begin() + j * n_x, problem.X.begin() + (j + 1) * n_x);
      rows.Y.insert(rows.Y.end(), problem.Y.begin() + j * n_y, problem.Y.begin() + (j + 1) * n_y);
    }
  }
  return rows;
}

Verdict compare(const Step& found, double J, std::span<const double> gradient, double tolerance) {
  if (!near(found.J, J, tolerance * (1 + std::abs(J)))) return "J";
  double largest = 1;
  for (const double g : gradient) largest = std::max(largest, std::abs(g));
  for (std::size_t i = 0; i < gradient.size(); ++i)
    if (!near(found.gradient.theta()[i], gradient[i], tolerance * largest)) return "dtheta " + std::to_string(i);
  return {};
}

}  // namespace

// The equations in long double and central differences, of every loss.
Verdict check_losses(const Subject& subject) {
  std::uint64_t seed = 950;
  for (const auto& [loss, parameters] : tested_losses()) {
    for (const Index m : {1, 13}) {
      const Architecture net{3, {{4, Activation::tanh}}, 3, loss, parameters};
      Problem<double> problem = make_problem(net, m, ++seed);
      const Plain plain = plain_step(problem, 0);
      const std::vector<double> expected(plain.gradient.begin(), plain.gradient.end());
      const Step step = step_of(subject, problem, problem.batch(), 0);
      if (Verdict v = compare(step, static_cast<double>(plain.cost), expected, 1e-13); !v.empty())
        return describe(net) + ": " + v;
      for (const BlockDifference& block :
           compare_with_differences(problem, 0, step.gradient, subject.cost, subject.kernels))
        if (!(block.relative() < 1e-7)) return describe(net) + ": " + block.block + " differs from central differences";
    }
  }
  return {};
}

Verdict check_weights(const Subject& subject) {
  std::uint64_t seed = 900;
  for (const auto& [loss, parameters] : tested_losses()) {
    for (const double lambda : {0.0, 0.7}) {
      const Architecture net{3, {{4, Activation::tanh}, {3, Activation::gelu}}, 3, loss, parameters};
      const std::string where = describe(net) + ", weighted: ";
      // The equations in long double, of all and of a part that does not begin at the first.
      Problem<double> problem = make_weighted(net, 11, ++seed);
      const Plain plain = plain_step(problem, lambda);
      const std::vector<double> expected(plain.gradient.begin(), plain.gradient.end());
      const Step all = step_of(subject, problem, problem.batch(), lambda);
      if (Verdict v = compare(all, static_cast<double>(plain.cost), expected, 1e-13); !v.empty()) return where + v;
      Problem<double> part{net,
                           problem.p,
                           {problem.X.begin() + 4 * 3, problem.X.end()},
                           {problem.Y.begin() + 4 * 3, problem.Y.end()},
                           7,
                           {problem.w.begin() + 4, problem.w.end()}};
      const Step rest = step_of(subject, problem, problem.batch(4, 7), lambda);
      const Step same = step_of(subject, part, part.batch(), lambda);
      if (Verdict v = compare(rest, same.J, std::as_const(same.gradient).theta(), 0); !v.empty())
        return where + v + " of a part";
      // J is that whose gradient this is.
      for (const BlockDifference& block :
           compare_with_differences(problem, lambda, all.gradient, subject.cost, subject.kernels))
        if (!(block.relative() < 1e-7)) return where + block.block + " differs from central differences";
      // A whole weight is so many rows.
      for (double& w : problem.w) w = std::ceil(w);
      Problem<double> rows = repeated(problem);
      const Step of_rows = step_of(subject, rows, rows.batch(), lambda);
      if (Verdict v = compare(step_of(subject, problem, problem.batch(), lambda), of_rows.J,
                              std::as_const(of_rows.gradient).theta(), 1e-13);
          !v.empty())
        return where + v + " of rows that are repeated";
    }
  }
  return {};
}

}  // namespace strata::testing
