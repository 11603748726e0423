#include "math/problem.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/reference.hpp"

namespace strata::testing {

Problem<double> make_problem(const Architecture& net, Index m, std::uint64_t seed, double weight) {
  Problem<double> problem{net, Parameters<double>(net), {}, {}, m};
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (int l = 1; l <= net.depth(); ++l) {
    const View<double> W = problem.p.W[l], b = problem.p.b[l];
    for (Index i = 0; i < W.rows; ++i) {
      for (Index k = 0; k < W.cols; ++k) W(i, k) = normal(random) * weight / std::sqrt(static_cast<double>(W.cols));
      b(i, 0) = 0.5 * normal(random);
    }
  }
  problem.X.resize(static_cast<std::size_t>(net.inputs * m));
  for (double& x : problem.X) x = normal(random);
  for (Index j = 0; j < m; ++j) {
    const auto right = static_cast<int>(random() % static_cast<std::uint64_t>(net.outputs));
    for (int i = 0; i < net.outputs; ++i) {
      const double any = normal(random);
      problem.Y.push_back(net.head() == Head::identity                                      ? any
                          : (net.loss == Loss::binary_cross_entropy ? any > 0 : i == right) ? 1
                                                                                            : 0);
    }
  }
  return problem;
}

const std::vector<TestedLoss>& tested_losses() {
  static const std::vector<TestedLoss> all = {{Loss::binary_cross_entropy},
                                              {Loss::categorical_cross_entropy},
                                              {Loss::squared_error},
                                              {Loss::absolute_error},
                                              {Loss::huber, {.delta = {0.3, 0.9, 2}}},
                                              {Loss::quantile, {.quantile = 0.2}},
                                              {Loss::binary_cross_entropy, {.smoothing = 0.1}},
                                              {Loss::categorical_cross_entropy, {.smoothing = 0.3}}};
  return all;
}

Problem<double> make_weighted(const Architecture& net, Index m, std::uint64_t seed, double weight) {
  Problem<double> problem = make_problem(net, m, seed, weight);
  std::mt19937_64 random(seed + 1);
  for (Index j = 0; j < m; ++j) problem.w.push_back(0.25 * static_cast<double>(1 + random() % 16));
  return problem;
}

template <class T>
Problem<T> converted(const Problem<double>& from) {
  Problem<T> to{
      from.net, Parameters<T>(from.net), {from.X.begin(), from.X.end()}, {from.Y.begin(), from.Y.end()}, from.m,
      from.w};
  std::transform(from.p.theta().begin(), from.p.theta().end(), to.p.theta().begin(),
                 [](double x) { return static_cast<T>(x); });
  return to;
}
template Problem<float> converted(const Problem<double>&);
template Problem<double> converted(const Problem<double>&);

std::string describe(const Architecture& net) {
  std::string text = std::to_string(net.inputs) + " inputs, ";
  for (const LayerSpec& layer : net.hidden)
    text += std::string(name(layer.activation)) + ' ' + std::to_string(layer.units) + ", ";
  return text + std::string(name(net.head())) + ' ' + std::to_string(net.outputs) + " with " +
         std::string(name(net.loss)) + (net.loss_parameters.smoothing != 0 ? ", smoothed" : "");
}

std::vector<std::pair<std::size_t, std::size_t>> offsets(const Architecture& net) {
  std::vector<std::pair<std::size_t, std::size_t>> all(1);
  std::size_t next = 0;
  for (int l = 1; l <= net.depth(); ++l) {
    const auto n = static_cast<std::size_t>(net.units(l)), n_prev = static_cast<std::size_t>(net.units(l - 1));
    all.emplace_back(next, next + n * n_prev);
    next += n * n_prev + n;
  }
  all.emplace_back(next, next);
  return all;
}

Plain plain_step(const Architecture& net, const std::vector<Real>& theta, const std::vector<Real>& X,
                 const std::vector<Real>& Y, Real lambda, const std::vector<double>& w) {
  const int L = net.depth();
  const auto at = offsets(net);
  const auto n = [&](int l) { return static_cast<std::size_t>(net.units(l)); };
  const auto W = [&](int l, std::size_t i, std::size_t k) {
    return at[static_cast<std::size_t>(l)].first + k * n(l) + i;
  };
  const auto b = [&](int l, std::size_t i) { return at[static_cast<std::size_t>(l)].second + i; };
  const std::size_t examples = X.size() / n(0);
  const Real m = w.empty() ? static_cast<Real>(examples) : std::accumulate(w.begin(), w.end(), Real{0});
  Plain result;
  result.gradient.assign(theta.size(), 0);

  for (std::size_t example = 0; example < examples;
       ++example) {  // one example after the other, one number after the other
    std::vector<std::vector<Real>> z(static_cast<std::size_t>(L) + 1), a(static_cast<std::size_t>(L) + 1);
    a[0].assign(X.begin() + static_cast<std::ptrdiff_t>(example * n(0)),
                X.begin() + static_cast<std::ptrdiff_t>((example + 1) * n(0)));
    for (int l = 1; l <= L; ++l) {
      const auto here = static_cast<std::size_t>(l);
      for (std::size_t i = 0; i < n(l); ++i) {
        Real sum = theta[b(l, i)];
        for (std::size_t k = 0; k < n(l - 1); ++k) sum += theta[W(l, i, k)] * a[here - 1][k];
        z[here].push_back(sum);
        a[here].push_back(l < L ? activate(net.layer(l).activation, sum) : 0);
      }
    }
    const auto last = static_cast<std::size_t>(L);
    const Real weight = w.empty() ? 1 : w[example];
    a[last] = head(net.head(), z[last]);
    const std::vector<Real> y(Y.begin() + static_cast<std::ptrdiff_t>(example * n(L)),
                              Y.begin() + static_cast<std::ptrdiff_t>((example + 1) * n(L)));
    result.cost += weight * loss_of(net.loss, z[last], y, net.loss_parameters) / m;
    result.AL.push_back(a[last]);

    std::vector<Real> dz(n(L));
    for (std::size_t i = 0; i < n(L); ++i) dz[i] = weight * error_of(net.loss, a[last], y, i, net.loss_parameters);
    for (int l = L; l >= 1; --l) {
      const auto below = static_cast<std::size_t>(l - 1);
      std::vector<Real> da(n(l - 1), 0);
      for (std::size_t i = 0; i < n(l); ++i) {
        result.gradient[b(l, i)] += dz[i] / m;
        for (std::size_t k = 0; k < n(l - 1); ++k) {
          result.gradient[W(l, i, k)] += dz[i] * a[below][k] / m;
          da[k] += theta[W(l, i, k)] * dz[i];
        }
      }
      if (l > 1) {
        for (std::size_t k = 0; k < n(l - 1); ++k) da[k] *= slope(net.layer(l - 1).activation, z[below][k]);
      }
      dz = da;
    }
  }
  for (int l = 1; l <= L; ++l) {
    for (std::size_t i = at[static_cast<std::size_t>(l)].first; i < at[static_cast<std::size_t>(l)].second; ++i) {
      result.cost += lambda / (2 * m) * theta[i] * theta[i];
      result.gradient[i] += lambda / m * theta[i];
    }
  }
  return result;
}

Plain plain_step(const Problem<double>& problem, double lambda) {
  const auto theta = problem.p.theta();
  return plain_step(problem.net, {theta.begin(), theta.end()}, {problem.X.begin(), problem.X.end()},
                    {problem.Y.begin(), problem.Y.end()}, lambda, problem.w);
}

namespace {

// On which side of its kink every unit of every example is.
std::vector<bool> sides(Problem<double>& problem, Workspace<double>& ws, const Kernels<double>& reference) {
  forward(problem.net, problem.p, problem.batch(), ws, reference);
  std::vector<bool> all;
  for (int l = 1; l < problem.net.depth(); ++l) {
    if (!has_kink(problem.net.layer(l).activation)) continue;
    for (Index j = 0; j < problem.m; ++j) {
      for (Index i = 0; i < ws.Z[l].rows; ++i) all.push_back(ws.Z[l](i, j) > 0);
    }
  }
  // And of the kinks of its loss every output.
  const View<double> Z = ws.Z[problem.net.depth()];
  for (Index j = 0; j < problem.m; ++j) {
    for (Index i = 0; i < Z.rows; ++i) {
      const double r = Z(i, j) - problem.Y[static_cast<std::size_t>(i + j * Z.rows)];
      if (problem.net.loss == Loss::absolute_error || problem.net.loss == Loss::quantile) all.push_back(r > 0);
      if (problem.net.loss != Loss::huber) continue;
      const double delta = problem.net.loss_parameters.delta[static_cast<std::size_t>(i)];
      all.push_back(r > delta), all.push_back(r > -delta);
    }
  }
  return all;
}

}  // namespace

std::vector<BlockDifference> compare_with_differences(Problem<double>& problem, double lambda,
                                                      const Parameters<double>& gradient, const CostFunction& cost,
                                                      const Kernels<double>& kernels) {
  constexpr double kEpsilon = 1e-5;
  const ReferenceKernels<double> reference;
  Workspace<double> ws(problem.net, problem.m, Keep::backward), look(problem.net, problem.m, Keep::all);
  const std::vector<bool> here = sides(problem, look, reference);
  const auto at = offsets(problem.net);
  const auto theta = problem.p.theta();
  std::vector<BlockDifference> blocks;
  for (int l = 1; l <= problem.net.depth(); ++l) {
    for (const bool bias : {false, true}) {
      const auto layer = static_cast<std::size_t>(l);
      const std::size_t begin = bias ? at[layer].second : at[layer].first,
                        end = bias ? at[layer + 1].first : at[layer].second;
      BlockDifference block{(bias ? "b[" : "W[") + std::to_string(l) + ']'};
      for (std::size_t i = begin; i < end; ++i) {
        const double value = theta[i];
        const auto side_at = [&](double x) {
          theta[i] = x;
          return sides(problem, look, reference) != here;
        };
        const auto cost_at = [&](double x) {
          theta[i] = x;
          return cost(problem.net, problem.p, problem.batch(), lambda, ws, kernels);
        };
        const double above = value + kEpsilon, below = value - kEpsilon;
        const double g = gradient.theta()[i];
        block.largest_gradient = std::max(block.largest_gradient, std::abs(g));
        if (!here.empty() && (side_at(above) || side_at(below))) {
          ++block.kinked;
        } else {
          const double difference = (cost_at(above) - cost_at(below)) / (above - below);
          ++block.compared;
          // NaN must not slip through a comparison.
          const double error = std::abs(g - difference);
          if (!(error <= block.largest_error)) block.largest_error = error;
        }
        theta[i] = value;
      }
      blocks.push_back(block);
    }
  }
  return blocks;
}

}  // namespace strata::testing
