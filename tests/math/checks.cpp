#include "math/checks.hpp"
#include "support/updates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <sstream>
#include <vector>

namespace strata::testing {
namespace {

std::string text(double x) {
  std::ostringstream out;
  out.precision(17);
  out << x;
  return out.str();
}

// NaN is never near.
bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

std::string unlike(const std::string& what, double found, double expected) {
  return what + " is " + text(found) + ", not " + text(expected);
}

Architecture network(int inputs, std::vector<LayerSpec> hidden, int outputs, Loss loss) {
  return {inputs, std::move(hidden), outputs, loss};
}

template <class T>
bool same_bits(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}
bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
bool same_bits(View<double> a, View<double> b) {
  for (Index j = 0; j < a.cols; ++j) {
    if (std::memcmp(a.col(j), b.col(j), static_cast<std::size_t>(a.rows) * sizeof(double)) != 0) return false;
  }
  return true;
}
bool same_bits(const Parameters<double>& a, const Parameters<double>& b) { return same_bits(a.theta(), b.theta()); }

// With a stage in front: two numbers that are embedded, one that is not, and a code.
Architecture staged(std::vector<LayerSpec> hidden, bool scales) {
  using Kind = RowEmbedding::Kind;
  Architecture net = network(4, std::move(hidden), 2, Loss::squared_error);
  net.stage = {.rows = {{Kind::periodic}, {Kind::none}, {Kind::levels, 3}, {Kind::periodic}},
               .frequencies = 3,
               .periodic_units = 2,
               .level_units = 2,
               .scales = scales};
  return net;
}

// The same, embedded by pieces: three, one, and none of a column that was constant.
Architecture in_pieces(std::vector<LayerSpec> hidden, bool scales) {
  using Kind = RowEmbedding::Kind;
  Architecture net = network(5, std::move(hidden), 2, Loss::squared_error);
  net.stage = {.rows = {{Kind::piecewise, 0, {-1, -0.25, 0.5, 0.75}},
                        {Kind::none},
                        {Kind::levels, 3},
                        {Kind::piecewise, 0, {-0.5, 1}},
                        {Kind::piecewise, 0, {0}}},
               .level_units = 2,
               .piecewise_units = 3,
               .scales = scales};
  return net;
}

// Different shapes, depths and activations: those that read g' from A, those that need Z, and every head.
const std::vector<Architecture>& networks() {
  static const std::vector<Architecture> all = {
      network(4, {}, 1, Loss::binary_cross_entropy),
      network(3, {}, 4, Loss::categorical_cross_entropy),
      network(5, {{4, Activation::relu}}, 1, Loss::binary_cross_entropy),
      network(5, {{6, Activation::tanh}, {4, Activation::sigmoid}}, 3, Loss::categorical_cross_entropy),
      network(3, {{5, Activation::gelu}, {4, Activation::silu}, {6, Activation::leaky_relu}}, 2, Loss::squared_error),
      network(4, {{3, Activation::mish}, {7, Activation::softplus}, {2, Activation::elu}}, 3,
              Loss::binary_cross_entropy),
      // Square throughout: what takes one matrix for another, or for its transpose, has the right shape here.
      network(4, {{4, Activation::sigmoid}, {4, Activation::relu}, {4, Activation::tanh}}, 4, Loss::squared_error),
      network(2, {{4, Activation::selu}, {4, Activation::identity}, {4, Activation::tanh}}, 2,
              Loss::categorical_cross_entropy),
      staged({{5, Activation::mish, 0, true}, {4, Activation::tanh}, {3, Activation::selu, 0, true}}, true),
      staged({{6, Activation::silu, 0, true}}, false),
      in_pieces({{5, Activation::mish, 0, true}, {4, Activation::tanh}}, true),
      in_pieces({{6, Activation::selu}}, false),
  };
  return all;
}

}  // namespace

// The notes' net in numbers: n_x = 3, two ReLU units, one sigmoid output, m = 2. With s = σ(1) = 0.731058578630004879:
//   X = [1 2; 0 −1; −1 1]    W[1] = [1 0 1; ½ −1 0]   b[1] = [½; −1]    W[2] = [1 −2]   b[2] = −½    Y = [1 0]
//   Z[1] = [1−1+½, 2+1+½; ½−1, 1+1−1] = [½ 3½; −½ 1]         A[1] = [½ 3½; 0 1]
//   Z[2] = [½ − 0 − ½, 3½ − 2 − ½] = [0 1]                   A[2] = [½ s]
//   J = ½ (−ln ½ − ln(1−s)) = ½ (0.693147180559945 + 1.313261687518223) = 1.003204434039084
//   dZ[2] = A[2] − Y = [−½ s]
//   dW[2] = ½ dZ[2] A[1]ᵀ = ½ [−½·½ + 3½ s,  s]              db[2] = ½ (s − ½)
//   dA[1] = W[2]ᵀ dZ[2] = [−½ s; 1 −2s]                      dZ[1] = dA[1] where Z[1] > 0 = [−½ s; 0 −2s]
//   dW[1] = ½ dZ[1] Xᵀ = [½(−½+2s) −½s ½(½+s); −2s s −s]     db[1] = ½ [s − ½; −2s]
// With λ = 2: λ/(2m) Σ W² = ½ (1 + 1 + ¼ + 1 + 1 + 4) = 4.125 more in the cost, λ/m W = W more in dW, nothing in db.
// Then θ − ½ dθ.
Verdict check_hand_step(const Subject& subject) {
  const Architecture net = network(3, {{2, Activation::relu}}, 1, Loss::binary_cross_entropy);
  const double s = 0.731058578630004879;
  const std::array<double, 11> theta = {1,   0.5, 0, -1, 1,   0,
                                        0.5, -1,  1, -2, -0.5};                 // W[1] by columns, b[1], W[2], b[2]
  const std::array<double, 11> weight = {1, 0.5, 0, -1, 1, 0, 0, 0, 1, -2, 0};  // of L2
  const std::array<double, 11> by_hand = {(-0.5 + 2 * s) / 2,   -2 * s, -s / 2,        s,
                                          (0.5 + s) / 2,        -s,     (s - 0.5) / 2, -s,
                                          (3.5 * s - 0.25) / 2, s / 2,  (s - 0.5) / 2};
  Problem<double> problem{net, Parameters<double>(net), {1, 0, -1, 2, -1, 1}, {1, 0}, 2};
  std::copy(theta.begin(), theta.end(), problem.p.theta().begin());
  for (const double lambda : {0.0, 2.0}) {
    Workspace<double> ws(net, 2, Keep::backward);
    Parameters<double> gradient(net);
    const double J = subject.train_step(net, problem.p, problem.batch(), lambda, ws, subject.kernels, gradient);
    const double J_by_hand = 1.003204434039084 + (lambda == 0 ? 0 : 4.125);
    if (!near(J, J_by_hand, 4e-15)) return unlike("J with lambda " + text(lambda), J, J_by_hand);
    for (std::size_t i = 0; i < theta.size(); ++i) {
      const double expected = by_hand[i] + lambda / 2 * weight[i];
      if (!near(gradient.theta()[i], expected, 4e-16))
        return unlike("dtheta " + std::to_string(i), gradient.theta()[i], expected);
    }
    Parameters<double> updated = problem.p;
    const Parameters<double>& constant = gradient;
    update_gradient_descent(subject.kernels, updated.theta(), constant.theta(), 0.5);
    for (std::size_t i = 0; i < theta.size(); ++i) {
      const double expected = theta[i] - 0.5 * (by_hand[i] + lambda / 2 * weight[i]);
      if (!near(updated.theta()[i], expected, 4e-16))
        return unlike("theta " + std::to_string(i), updated.theta()[i], expected);
    }
    if (!near(ws.A[2](0, 0), 0.5, 0) || !near(ws.A[2](0, 1), s, 2e-16)) return unlike("A[2]", ws.A[2](0, 1), s);
  }
  return {};
}

Verdict check_equations(const Subject& subject) {
  std::uint64_t seed = 100;
  for (const Architecture& net : networks()) {
    for (const Index m : {1, 5, 33}) {
      for (const double lambda : {0.0, 0.7}) {
        Problem<double> problem = make_problem(net, m, ++seed);
        const std::string where = describe(net) + ", m = " + std::to_string(m) + ", lambda = " + text(lambda) + ": ";
        const Plain plain = plain_step(problem, lambda);
        Workspace<double> ws(net, m, Keep::backward);
        Parameters<double> gradient(net);
        const double J = subject.train_step(net, problem.p, problem.batch(), lambda, ws, subject.kernels, gradient);
        const auto expected = static_cast<double>(plain.cost);
        if (!near(J, expected, 1e-13 * (1 + expected))) return where + unlike("J", J, expected);
        Real largest = 0;
        for (const Real g : plain.gradient) largest = std::max(largest, std::abs(g));
        for (std::size_t i = 0; i < plain.gradient.size(); ++i) {
          const auto g = static_cast<double>(plain.gradient[i]);
          if (!near(gradient.theta()[i], g, 1e-13 * static_cast<double>(1 + largest))) {
            return where + unlike("dtheta " + std::to_string(i), gradient.theta()[i], g);
          }
        }
        Workspace<double> forward_only(net, m, Keep::forward);
        subject.predict(net, problem.p, problem.batch().X, forward_only, subject.kernels);
        const double J_alone = subject.cost(net, problem.p, problem.batch(), lambda, ws, subject.kernels);
        if (!near(J_alone, expected, 1e-13 * (1 + expected))) return where + unlike("J of cost()", J_alone, expected);
        for (Index j = 0; j < m; ++j) {
          for (Index i = 0; i < net.outputs; ++i) {
            const auto a = static_cast<double>(plain.AL[static_cast<std::size_t>(j)][static_cast<std::size_t>(i)]);
            const double scale = 1e-14 * (10 + std::abs(a));
            if (!near(ws.A[net.depth()](i, j), a, scale)) return where + unlike("A[L]", ws.A[net.depth()](i, j), a);
            if (!near(forward_only.A[net.depth()](i, j), a, scale))
              return where + unlike("A[L] of predict()", forward_only.A[net.depth()](i, j), a);
          }
        }
      }
    }
  }
  return {};
}

Verdict check_gradients(const Subject& subject) {
  std::uint64_t seed = 200;
  for (const Architecture& net : networks()) {
    for (const double lambda : {0.0, 0.7}) {
      Problem<double> problem = make_problem(net, 7, ++seed);
      Workspace<double> ws(net, 7, Keep::backward);
      Parameters<double> gradient(net);
      (void)subject.train_step(net, problem.p, problem.batch(), lambda, ws, subject.kernels, gradient);
      for (const BlockDifference& block :
           compare_with_differences(problem, lambda, gradient, subject.cost, subject.kernels)) {
        if (!(block.relative() < 1e-7)) {
          return describe(net) + ": " + block.block + " differs from central differences by " + text(block.relative()) +
                 " of its largest";
        }
      }
    }
  }
  return {};
}

// Weights that send the logits to ±1e3: the loss is about as large, and everything stays finite and right.
Verdict check_extreme_logits(const Subject& subject) {
  for (const Architecture& net :
       {network(2, {{3, Activation::relu}}, 3, Loss::categorical_cross_entropy),
        network(2, {{3, Activation::tanh}}, 1, Loss::binary_cross_entropy),
        network(2, {}, 3, Loss::binary_cross_entropy), network(2, {}, 3, Loss::categorical_cross_entropy)}) {
    Problem<double> problem = make_problem(net, 16, 300);
    const View<double> W = problem.p.W[net.depth()];
    for (Index i = 0; i < W.rows; ++i) {
      for (Index k = 0; k < W.cols; ++k) W(i, k) *= 1000;
    }
    const Plain plain = plain_step(problem, 0);
    Workspace<double> ws(net, 16, Keep::backward);
    Parameters<double> gradient(net);
    const double J = subject.train_step(net, problem.p, problem.batch(), 0, ws, subject.kernels, gradient);
    const auto expected = static_cast<double>(plain.cost);
    if (!(expected > 100)) return "the case is not extreme: J = " + text(expected);
    if (!near(J, expected, 1e-12 * expected)) return describe(net) + ": " + unlike("J", J, expected);
    for (std::size_t i = 0; i < plain.gradient.size(); ++i) {
      const auto g = static_cast<double>(plain.gradient[i]);
      if (!near(gradient.theta()[i], g, 1e-9))
        return describe(net) + ": " + unlike("dtheta " + std::to_string(i), gradient.theta()[i], g);
    }
  }
  return {};
}

// Z = W A + b, dW, db and dA on whole numbers, against integer arithmetic, on shapes with one row, one column and odd
// rests.
Verdict check_exactness(const Subject& subject) {
  std::mt19937_64 random(400);
  const auto integers = [&](Index count) {
    std::vector<double> values(static_cast<std::size_t>(count));
    for (double& v : values) v = static_cast<double>(static_cast<int>(random() % 9) - 4);
    return values;
  };
  for (const auto& [n, n_prev, m] :
       {std::array<Index, 3>{1, 1, 1}, {5, 7, 3}, {8, 9, 1}, {1, 33, 17}, {33, 1, 8}, {17, 31, 65}}) {
    auto W = integers(n * n_prev), b = integers(n), A = integers(n_prev * m), dZ = integers(n * m);
    std::vector<double> Z(static_cast<std::size_t>(n * m), 99), dW(W.size(), 99), db(b.size(), 99), dA(A.size(), 99);
    const auto whole = [](const std::vector<double>& M, Index rows, Index i, Index j) {
      return static_cast<long long>(M[static_cast<std::size_t>(i + j * rows)]);
    };
    const View<const double> W_(W.data(), n, n_prev), b_(b.data(), n, 1), A_(A.data(), n_prev, m), dZ_(dZ.data(), n, m);
    subject.kernels.linear_forward(W_, b_, A_, {Z.data(), n, m});
    subject.kernels.linear_backward_params(dZ_, A_, 0.5, {dW.data(), n, n_prev}, {db.data(), n, 1});
    subject.kernels.linear_backward_input(W_, dZ_, {dA.data(), n_prev, m});
    for (Index i = 0; i < n; ++i) {
      long long row = 0;
      for (Index j = 0; j < m; ++j) {
        long long z = whole(b, n, i, 0);
        for (Index k = 0; k < n_prev; ++k) z += whole(W, n, i, k) * whole(A, n_prev, k, j);
        if (Z[static_cast<std::size_t>(i + j * n)] != static_cast<double>(z))
          return "Z = W A + b is not exact on whole numbers";
        row += whole(dZ, n, i, j);
      }
      if (db[static_cast<std::size_t>(i)] != 0.5 * static_cast<double>(row)) return "db is not exact on whole numbers";
      for (Index k = 0; k < n_prev; ++k) {
        long long sum = 0;
        for (Index j = 0; j < m; ++j) sum += whole(dZ, n, i, j) * whole(A, n_prev, k, j);
        if (dW[static_cast<std::size_t>(i + k * n)] != 0.5 * static_cast<double>(sum))
          return "dW is not exact on whole numbers";
      }
    }
    for (Index k = 0; k < n_prev; ++k) {
      for (Index j = 0; j < m; ++j) {
        long long sum = 0;
        for (Index i = 0; i < n; ++i) sum += whole(W, n, i, k) * whole(dZ, n, i, j);
        if (dA[static_cast<std::size_t>(k + j * n_prev)] != static_cast<double>(sum))
          return "dA is not exact on whole numbers";
      }
    }
  }
  return {};
}

// θ = 1, dθ = ½, −1, 2, α = 0.1, and then momentum and Adam with a decay of 0.05; Nesterov's without and with it;
// gradient descent with half the gradient, and Adam at twice the rate. The numbers are worked out in
// tests/kernels/update_test.cpp.
Verdict check_updates(const Subject& subject) {
  const std::array<double, 3> d = {0.5, -1, 2};
  const std::array<std::array<double, 3>, 9> by_hand = {{{0.95, 1.05, 0.85},
                                                         {0.995, 1.0005, 0.98545},
                                                         {0.95, 0.9724278580726169256773, 0.9419701254291585512517},
                                                         {0.945, 0.90325, 0.8430375},
                                                         {0.9, 0.8774278580726169256773, 0.8030987325255277049678},
                                                         {0.9905, 1.00545, 0.971905},
                                                         {0.9405, 0.908425, 0.82945875},
                                                         {0.975, 1.025, 0.925},
                                                         {0.9, 0.9448557161452338513546, 0.8839402508583171025034}}};
  for (std::size_t rule = 0; rule < by_hand.size(); ++rule) {
    const double decay = rule == 3 || rule == 4 || rule == 6 ? 0.05 : 0;
    double theta = 1, first = 0, second = 0;
    for (std::size_t step = 0; step < 3; ++step) {
      const std::span<double> t(&theta, 1), m(&first, 1), v(&second, 1);
      const std::span<const double> g(&d[step], 1);
      if (rule == 0) update_gradient_descent(subject.kernels, t, g, 0.1);
      if (rule == 1 || rule == 3) update_momentum(subject.kernels, t, g, m, 0.1, 0.9, decay);
      if (rule == 2 || rule == 4) {
        update_adam(subject.kernels, t, g, m, v, {0.1, 0.9, 0.999, 0.5, static_cast<long long>(step) + 1}, decay);
      }
      if (rule == 5 || rule == 6) update_nesterov(subject.kernels, t, g, m, 0.1, 0.9, decay);
      if (rule == 7) {
        UpdateRule half{OptimizerKind::gradient_descent, 0, {0.1, 0, 0, 0, 0}};
        half.scale = 0.5;
        subject.kernels.update(half, trained(t), g.data());
      }
      if (rule == 8) {
        Trained<double> faster = trained(t, m.data(), v.data());
        faster.rate = 2;
        const AdamStep at{0.1, 0.9, 0.999, 0.5, static_cast<long long>(step) + 1};
        subject.kernels.update({OptimizerKind::adam, 0, at}, faster, g.data());
      }
      if (!near(theta, by_hand[rule][step], 1e-15)) {
        return unlike("rule " + std::to_string(rule) + ", step " + std::to_string(step + 1) + ": theta", theta,
                      by_hand[rule][step]);
      }
    }
  }
  return {};
}

Verdict check_dropout(const Subject& subject) {
  // Of 1s about as many are kept as the rate says, and their mean stays 1.
  constexpr Index n = 100, m = 400;
  std::vector<double> ones(static_cast<std::size_t>(n * m), 1.0), dropped(ones), turned(ones);
  std::vector<std::uint64_t> kept(static_cast<std::size_t>(2 * m));
  std::vector<std::size_t> rows(static_cast<std::size_t>(m)), rows_turned(rows);
  for (std::size_t j = 0; j < rows.size(); ++j) rows[j] = 3 * j, rows_turned[rows.size() - 1 - j] = 3 * j;
  Dropout<double> by{
      .rate = 0.25, .key = {1, 2}, .rows = rows.data(), .H = {ones.data(), n, m}, .kept = kept.data(), .words = 2};
  subject.kernels.dropout_forward(by, {dropped.data(), n, m});
  const auto left = static_cast<double>(std::ranges::count(dropped, 0.0)) / static_cast<double>(n * m);
  if (!near(left, 0.25, 0.01)) return unlike("the share of units left out", left, 0.25);
  const double mean = std::accumulate(dropped.begin(), dropped.end(), 0.0) / static_cast<double>(n * m);
  if (!near(mean, 1, 0.02)) return unlike("the mean with dropout", mean, 1);
  // Which, does not depend on where an example stands in its batch.
  by.rows = rows_turned.data();
  subject.kernels.dropout_forward(by, {turned.data(), n, m});
  for (Index j = 0; j < m; ++j) {
    if (!std::equal(&dropped[static_cast<std::size_t>(j * n)], &dropped[static_cast<std::size_t>(j * n)] + n,
                    &turned[static_cast<std::size_t>((m - 1 - j) * n)]))
      return "another mask for the same row in another place";
  }
  // The gradient of the cost under masks that hold still, of smooth activations.
  const Architecture net{4, {{21, Activation::tanh, 0.5}, {9, Activation::gelu, 0.25}}, 2, Loss::squared_error};
  Problem<double> problem = make_problem(net, 6, 700);
  Batch<double> batch = problem.batch();
  batch.pass = {.training = true, .seed = 5, .step = 11, .rows = rows.data()};
  Workspace<double> ws(net, 6, Keep::backward);
  Parameters<double> gradient(net);
  (void)subject.train_step(net, problem.p, batch, 0.5, ws, subject.kernels, gradient);
  for (std::size_t i = 0; i < problem.p.theta().size(); ++i) {
    double& theta = problem.p.theta()[i];
    const double at = theta;
    const auto J = [&](double moved) {
      theta = moved;
      return subject.cost(net, problem.p, batch, 0.5, ws, subject.kernels);
    };
    const double slope = (J(at + 1e-5) - J(at - 1e-5)) / 2e-5;
    theta = at;
    if (!near(gradient.theta()[i], slope, 1e-7 * (1 + std::abs(slope))))
      return unlike("with dropout, dtheta " + std::to_string(i), gradient.theta()[i], slope);
  }
  return {};
}

Verdict check_batches(const Subject& subject) {
  constexpr Index kFull = 64, kRest = 7;
  for (const Architecture& net : networks()) {
    Problem<double> problem = make_problem(net, kFull + kRest, 500);
    Workspace<double> ws(net, kFull + kRest, Keep::backward), ws_rest(net, kRest, Keep::backward);
    Parameters<double> all(net), full(net), rest(net), rest_alone(net);
    const auto step = [&](Batch<double> batch, Workspace<double>& in, Parameters<double>& gradient) {
      return subject.train_step(net, problem.p, batch, 0, in, subject.kernels, gradient);
    };
    // The mean over all is the mean of the parts, weighted with their examples; the last part is shorter.
    const double J_all = step(problem.batch(), ws, all);
    const double J_full = step(problem.batch(0, kFull), ws, full), J_rest = step(problem.batch(kFull, kRest), ws, rest);
    const double m = kFull + kRest;
    if (!near(J_all, (kFull * J_full + kRest * J_rest) / m, 1e-12 * (1 + J_all)))
      return describe(net) + ": J of the parts";
    for (std::size_t i = 0; i < all.theta().size(); ++i) {
      const double mean = (kFull * full.theta()[i] + kRest * rest.theta()[i]) / m;
      if (!near(all.theta()[i], mean, 1e-13 * (1 + std::abs(mean)))) {
        return describe(net) + ": " + unlike("dtheta of the whole", all.theta()[i], mean);
      }
    }
    // The memory planned for more examples does not change a bit.
    const double J_alone = step(problem.batch(kFull, kRest), ws_rest, rest_alone);
    if (!same_bits(J_alone, J_rest) || !same_bits(rest_alone, rest))
      return describe(net) + ": a short batch depends on the plan";
    // An example alone is what it was among others.
    Workspace<double> many(net, kFull, Keep::forward), one(net, 1, Keep::forward);
    subject.predict(net, problem.p, problem.batch(0, kFull).X, many, subject.kernels);
    for (const Index j : {Index{0}, Index{31}, kFull - 1}) {
      subject.predict(net, problem.p, problem.batch(j, 1).X, one, subject.kernels);
      for (Index i = 0; i < net.outputs; ++i) {
        if (!same_bits(one.A[net.depth()](i, 0), many.A[net.depth()](i, j)))
          return describe(net) + ": an example alone differs";
      }
    }
  }
  return {};
}

Verdict check_repetition(const Subject& subject) {
  for (const Architecture& net : networks()) {
    Problem<double> problem = make_problem(net, 9, 600);
    const Problem<double> before = problem;
    Workspace<double> ws(net, 9, Keep::backward), whole(net, 9, Keep::all);
    Parameters<double> first(net), second(net);
    for (double& g : second.theta()) g = std::numeric_limits<double>::quiet_NaN();  // must be overwritten
    const auto step = [&](double lambda, Workspace<double>& in, Parameters<double>& gradient) {
      return subject.train_step(net, problem.p, problem.batch(), lambda, in, subject.kernels, gradient);
    };
    const double J = step(0.7, ws, first);
    const double loss = ws.loss;
    (void)step(0, ws, second);
    if (second.W[1](0, 0) == first.W[1](0, 0)) return describe(net) + ": L2 makes no difference";
    if (!same_bits(ws.loss, loss)) return describe(net) + ": the loss depends on lambda";
    if (!same_bits(step(0.7, ws, second), J) || !same_bits(first, second))
      return describe(net) + ": twice the same step, two results";
    if (!same_bits(step(0.7, whole, second), J) || !same_bits(first, second))
      return describe(net) + ": Keep::all changes the result";
    if (!same_bits(subject.cost(net, problem.p, problem.batch(), 0.7, ws, subject.kernels), J))
      return describe(net) + ": cost() and train_step() differ";
    Workspace<double> small(net, 9, Keep::forward);
    if (!same_bits(subject.cost(net, problem.p, problem.batch(), 0.7, small, subject.kernels), J))
      return describe(net) + ": cost() needs Keep::backward";
    subject.predict(net, problem.p, problem.batch().X, small, subject.kernels);
    if (!same_bits(small.A[net.depth()], ws.A[net.depth()])) return describe(net) + ": predict() and cost() differ";
    // Where everything has its own memory, the logits stay in Z[L], and A[L] = head(Z[L]) is beside them.
    Workspace<double> predicted(net, 9, Keep::all), costed(net, 9, Keep::all);
    subject.predict(net, problem.p, problem.batch().X, predicted, subject.kernels);
    (void)subject.cost(net, problem.p, problem.batch(), 0.7, costed, subject.kernels);
    for (Workspace<double>* each : {&whole, &predicted, &costed}) {
      const View<double> Z = each->Z[net.depth()], A = each->A[net.depth()], out = each->dZ[net.depth()];
      for (Index j = 0; each == &costed && j < 9; ++j) {
        for (Index i = 0; i < net.outputs; ++i) {
          if (out(i, j) != A(i, j) - problem.batch().Y(i, j)) return describe(net) + ": cost() leaves another dZ[L]";
        }
      }
      subject.kernels.head_forward(net.head(), Z, out);
      if (!same_bits(A, out) || !same_bits(A, ws.A[net.depth()])) return describe(net) + ": A[L] is not head(Z[L])";
      if (each != &whole && !same_bits(Z, whole.Z[net.depth()])) return describe(net) + ": Z[L] is not the logits";
    }
    if (!same_bits(problem.p, before.p) || problem.X != before.X || problem.Y != before.Y)
      return describe(net) + ": an input was written to";
    if (!near(loss, 9 * (J - 0.7 / 18 * subject.kernels.sum_of_squares(View<const double>(problem.p.W[1]))),
              1e-12 * (1 + loss)) &&
        net.depth() == 1) {
      return describe(net) + ": ws.loss is not the sum of the losses";
    }
  }
  return {};
}

}  // namespace strata::testing
