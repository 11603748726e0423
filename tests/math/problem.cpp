#include "math/problem.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/reference.hpp"
#include "math/plain_stage.hpp"

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
  for (const ParameterBlock& block : problem.p.blocks()) {
    if (block.kind == ParameterBlock::Kind::weights || block.kind == ParameterBlock::Kind::biases) continue;
    for (Index x = 0; x < problem.p.view(block).size(); ++x)
      problem.p.view(block).data[x] = (block.is_vector() ? 1 : 0) + 0.4 * normal(random);
  }
  problem.X.resize(static_cast<std::size_t>(net.inputs * m));
  for (double& x : problem.X) x = normal(random);
  for (std::size_t r = 0; r < net.stage.rows.size(); ++r) {
    const auto levels = static_cast<std::uint64_t>(net.stage.rows[r].levels);
    for (Index j = 0; levels > 0 && j < m; ++j)
      problem.X[r + static_cast<std::size_t>(j * net.inputs)] = static_cast<double>(random() % levels);
  }
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

Plain plain_step(const Architecture& net, const std::vector<Real>& theta, const std::vector<Real>& X,
                 const std::vector<Real>& Y, Real lambda, const std::vector<double>& w) {
  using Kind = ParameterBlock::Kind;
  const int L = net.depth();
  const std::vector<ParameterBlock> blocks = blocks_of(net);
  const auto at = [&](Kind kind, int l) {
    const auto is_it = [&](const ParameterBlock& each) { return each.kind == kind && each.layer == l; };
    const auto found = std::ranges::find_if(blocks, is_it);
    return found == blocks.end() ? theta.size() : found->offset;
  };
  const auto n = [&](int l) { return static_cast<std::size_t>(net.units(l)); };
  const auto W = [&](int l, std::size_t i, std::size_t k) { return at(Kind::weights, l) + k * n(l) + i; };
  const auto b = [&](int l, std::size_t i) { return at(Kind::biases, l) + i; };
  const auto a_at = [&](int l, std::size_t i) { return at(Kind::slopes, l) + i; };
  const auto learns = [&](int l) { return l < L && net.layer(l).learned_slope; };
  const PlainStage stage{net, theta, at};
  const auto n_x = static_cast<std::size_t>(net.inputs);
  const std::size_t examples = X.size() / n_x;
  const Real m = w.empty() ? static_cast<Real>(examples) : std::accumulate(w.begin(), w.end(), Real{0});
  Plain result;
  result.gradient.assign(theta.size(), 0);

  for (std::size_t example = 0; example < examples;
       ++example) {  // one example after the other, one number after the other
    std::vector<std::vector<Real>> z(static_cast<std::size_t>(L) + 1), a(static_cast<std::size_t>(L) + 1);
    const std::span<const Real> x = std::span(X).subspan(example * n_x, n_x);
    z[0] = stage.embed(x);
    a[0] = stage.scale(z[0]);
    for (int l = 1; l <= L; ++l) {
      const auto here = static_cast<std::size_t>(l);
      for (std::size_t i = 0; i < n(l); ++i) {
        Real sum = theta[b(l, i)];
        for (std::size_t k = 0; k < n(l - 1); ++k) sum += theta[W(l, i, k)] * a[here - 1][k];
        z[here].push_back(sum);
        const Real g = l < L ? activate(net.layer(l).activation, sum) : 0;
        a[here].push_back(learns(l) ? sum + theta[a_at(l, i)] * (g - sum) : g);
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
      for (std::size_t k = 0; l > 1 && k < n(l - 1); ++k) {
        const Activation g = net.layer(l - 1).activation;
        const Real zk = z[below][k], derivative = slope(g, zk);
        if (learns(l - 1)) {
          result.gradient[a_at(l - 1, k)] += da[k] * (activate(g, zk) - zk) / m;
          da[k] *= 1 + theta[a_at(l - 1, k)] * (derivative - 1);
        } else {
          da[k] *= derivative;
        }
      }
      if (l == 1) stage.add_gradient(x, z[0], da, m, result.gradient);
      dz = da;
    }
  }
  for (int l = 1; l <= L; ++l) {
    for (std::size_t i = at(Kind::weights, l); i < at(Kind::biases, l); ++i) {
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
  const auto theta = problem.p.theta();
  std::vector<BlockDifference> blocks;
  for (const ParameterBlock& of : problem.p.blocks()) {
    BlockDifference block{of.letter()};
    for (std::size_t i = of.offset; i < of.offset + of.size(); ++i) {
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
  return blocks;
}

}  // namespace strata::testing
