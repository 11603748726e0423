#include "tools/differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/reference.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr double kUnit =
    std::numeric_limits<double>::epsilon() / 2;  // u: a correctly rounded result is off by at most u
constexpr Index kBlock = 256;                    // examples whose numbers stay in the cache

// Neumaier's sum: the rounding does not grow with the number of terms.
class Sum {
 public:
  void add(double x) {
    const double sum = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
    sum_ = sum;
  }
  [[nodiscard]] double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0, lost_ = 0;
};

// The slope of these jumps at 0, and with it the difference is wrong by O(1); ELU's slope does not jump, but its second
// derivative does, and the difference is wrong by O(ε) instead of O(ε²): more than is allowed too.
bool has_kink(Activation g) {
  return g == Activation::relu || g == Activation::leaky_relu || g == Activation::elu || g == Activation::selu;
}

// Touching 0 is harmless (the whole way lies on one side of the kink); passing it is not.
bool passes_zero(double minus, double at, double plus) {
  return std::min({minus, at, plus}) < 0 && std::max({minus, at, plus}) > 0;
}

bool passes_kink(Activation g, View<const double> minus, View<const double> at, View<const double> plus) {
  if (!has_kink(g)) return false;
  for (Index c = 0; c < at.cols; ++c) {
    for (Index i = 0; i < at.rows; ++i) {
      if (passes_zero(minus(i, c), at(i, c), plus(i, c))) return true;
    }
  }
  return false;
}

// The same of the loss, which sees logits: a jump of its slope at the target, or a jump of the slope's slope where
// Huber's lines begin.
bool passes_kink(const Objective& of, const double* minus, const double* at, const double* plus, const double* y,
                 Index n) {
  const auto passes = [&](Index i, double place) {
    return passes_zero(minus[i] - place, at[i] - place, plus[i] - place);
  };
  for (Index i = 0; i < n; ++i) {
    switch (of.loss) {
      case Loss::absolute_error:
      case Loss::quantile:
        if (passes(i, y[i])) return true;
        break;
      case Loss::huber:
        if (passes(i, y[i] - of.delta[i]) || passes(i, y[i] + of.delta[i])) return true;
        break;
      case Loss::binary_cross_entropy:
      case Loss::categorical_cross_entropy:
      case Loss::squared_error: return false;
    }
  }
  return false;
}

// What is added and taken away inside L, beside |L| itself: the rounding of the loss of one example is a few u of both.
double size_inside(Loss loss, const double* z, Index n) {
  double largest = 0, sum = 0;
  for (Index i = 0; i < n; ++i) {
    largest = std::max(largest, std::abs(z[i]));
    sum += std::abs(z[i]);
  }
  switch (loss) {
    case Loss::binary_cross_entropy: return 2 * sum + static_cast<double>(n);  // max(z, 0) − y z + ln(1 + e^−|z|)
    case Loss::categorical_cross_entropy:
      return 2 * largest + static_cast<double>(n);  // ln Σ e^(z − max) − (z_k − max)
    case Loss::squared_error:                       // positive terms only
    case Loss::absolute_error:
    case Loss::huber:  // δ|r| is at most 2 L
    case Loss::quantile: return 0;
  }
  return 0;
}

// A sign for every parameter, without a pattern that a fault could share.
double sign_of(std::size_t index) { return (index * 0x9E3779B97F4A7C15u) >> 63 ? 1.0 : -1.0; }

}  // namespace

Differences::Differences(const Architecture& net, const Parameters<double>& p, Batch<double> batch, double lambda,
                         const Kernels<double>& k, Way way)
    : net_(net), p_(p), batch_(batch), lambda_(lambda), k_(k), base_(net, batch.m(), Keep::all) {
  Parameters<double> unused(net);  // the gradient; the pass is for dZ[l], which bounds the rounding
  cost_ = train_step(net, p, batch, lambda, base_, k, unused);
  if (!std::isfinite(cost_)) {
    throw Error(ErrorCode::diverged, fmt::format("the cost of these weights is {}: there is no gradient to check; look "
                                                 "for weights or inputs that are far too large",
                                                 cost_));
  }
  losses_.resize(static_cast<std::size_t>(batch.m()));
  std::vector<double> A(static_cast<std::size_t>(net.outputs)), dZ(A);
  for (Index j = 0; j < batch.m(); ++j) {
    k.loss_head(objective(j), base_.Z[net.depth()].columns(j, 1), batch.Y.columns(j, 1),
                View<double>(A.data(), net.outputs, 1), View<double>(dZ.data(), net.outputs, 1),
                &losses_[static_cast<std::size_t>(j)]);
  }
  const bool is_plain = net.stage.empty() && std::ranges::all_of(base_.g, [](const auto& g) {
                          return g.dropout.rate == 0 && g.slope.data == nullptr;
                        });
  fast_ = way == Way::rank_one && is_plain && cost_is_the_sum() && kernels_are_linear();
  bound_rounding();
}

Objective Differences::objective(Index example) const {
  return Objective(net_, batch_.w == nullptr ? nullptr : batch_.w + example);
}

// J = 1/m Σ wL + λ/(2m) Σ‖W‖², of the losses of the examples one by one.
bool Differences::cost_is_the_sum() const {
  Sum losses, sizes, squares;
  for (const double L : losses_) {
    losses.add(L);
    sizes.add(std::abs(L));
  }
  double terms = 8;
  for (int l = 1; l <= net_.depth(); ++l) {
    for (Index x = 0; x < p_.W[l].size(); ++x) squares.add(p_.W[l].data[x] * p_.W[l].data[x]);
    terms += static_cast<double>(p_.W[l].size());
  }
  const double m = batch_.weight(), count = static_cast<double>(batch_.m());
  const double penalty = lambda_ / (2 * m) * squares.value();
  return std::abs(cost_ - (losses.value() / m + penalty)) <=
         kUnit * ((count + 8 + net_.depth()) * sizes.value() / m + terms * penalty);
}

// Z(W + V, b + v) = Z(W, b) + V A_prev + v for signs V and v in every place, and A = g(Z) of each element.
bool Differences::kernels_are_linear() const {
  Parameters<double> signs(net_), moved(p_);
  for (std::size_t x = 0; x < signs.theta().size(); ++x) {
    signs.theta()[x] = sign_of(x);
    moved.theta()[x] += sign_of(x);
  }
  Workspace<double> found(net_, batch_.m(), Keep::all), change(net_, batch_.m(), Keep::all);
  const auto near = [](double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; };
  for (int l = 1; l <= net_.depth(); ++l) {
    const View<const double> A_prev = base_.A[l - 1];
    k_.linear_forward(moved.W[l], moved.b[l], A_prev, found.Z[l]);
    reference::linear_forward<double>(signs.W[l], signs.b[l], A_prev, change.Z[l]);
    if (l < net_.depth()) k_.activation_forward(net_.layer(l).activation, base_.Z[l], found.A[l]);
    const double c = 2 * static_cast<double>(A_prev.rows + 8) * kUnit;
    for (Index j = 0; j < A_prev.cols; ++j) {
      const std::vector<double> size = size_of_sums(l, j);
      double inputs = 1;  // what a sign can add to the size
      for (Index h = 0; h < A_prev.rows; ++h) inputs += std::abs(A_prev(h, j));
      for (Index i = 0; i < net_.units(l); ++i) {
        const double Z = base_.Z[l](i, j), A = base_.A[l](i, j);
        if (!near(found.Z[l](i, j), Z + change.Z[l](i, j), c * (size[static_cast<std::size_t>(i)] + inputs)))
          return false;
        // The last g belongs to the loss.
        if (l < net_.depth() && !near(found.A[l](i, j), A, 16 * kUnit * (std::abs(A) + 1))) return false;
      }
    }
  }
  return true;
}

// S[l](i) of example j: Σ_h |W[l](i, h)|·(|A[l−1](h, j)| + 1) + |b[l](i)|.
std::vector<double> Differences::size_of_sums(int l, Index j) const {
  std::vector<double> S(p_.b[l].data, p_.b[l].data + net_.units(l));
  for (double& b : S) b = std::abs(b);
  for (Index h = 0; h < net_.units(l - 1); ++h) {
    const double a = std::abs(base_.A[l - 1](h, j)), *w = p_.W[l].col(h);
    for (std::size_t i = 0; i < S.size(); ++i) S[i] += std::abs(w[i]) * (a + 1);
  }
  return S;
}

// The rounding of a difference, to first order in u. Every example's loss L is computed with an error of at most
//   e = 8u·(size of the loss)  +  Σ_{l'} Σ_i |dZ[l'](i)|·δ[l'](i),
// where δ[l'] is the rounding of Z[l'] and dZ[l'] = ∂L/∂Z[l'] carries it to L. Each of J⁺ and J⁻ is then off by at most
// the mean of e, and the difference (J⁺ − J⁻) / 2ε by (mean e) / ε. For a sum of n products added in any order (Higham,
// Accuracy and Stability, ch. 3)
//   δ[l'](i) ≤ (n_{l'−1} + 16) u·S[l'](i),   S[l'](i) = Σ_j |W[l'](i, j)|·(|A[l'−1](j)| + 1) + |b[l'](i)|:
// the 16 u (|A| + 1) are the rounding of g itself. Only what is computed anew for each side counts: the layers above l
// in full, and of layer l the one row, whose Z(i) ± ε·a is rounded once. The gradient that the difference is compared
// with is rounded too: a sum over m examples of products of size |dZ[l]|·|A[l−1]|. The stage in front counts as a layer
// 0, whose sizes bound_stage says.
void Differences::bound_rounding() {
  const int L = net_.depth();
  const Index m = batch_.m();
  const auto layers = static_cast<std::size_t>(L) + 1;
  std::vector<double> row(layers), whole(layers), products(layers);  // sums over the examples
  double head = 0, gradient_terms = static_cast<double>(m);
  if (!net_.stage.empty()) bound_stage(whole[0], products[0]);
  for (int l = 1; l <= L; ++l) {
    const auto at = static_cast<std::size_t>(l);
    const Index n = net_.units(l), n_prev = net_.units(l - 1);
    gradient_terms += static_cast<double>(n + 16);
    for (Index j = 0; j < m; ++j) {
      const std::vector<double> S = size_of_sums(l, j);
      double largest_input = 1;
      for (Index h = 0; h < n_prev; ++h) largest_input = std::max(largest_input, std::abs(base_.A[l - 1](h, j)));
      double largest_row = 0, largest_dZ = 0;
      for (Index i = 0; i < n; ++i) {
        const double dz = std::abs(base_.dZ[l](i, j)), z = std::abs(base_.Z[l](i, j));
        whole[at] += dz * S[static_cast<std::size_t>(i)] * static_cast<double>(n_prev + 16) * kUnit;
        largest_row = std::max(largest_row, dz * (z + kEpsilon * largest_input));
        largest_dZ = std::max(largest_dZ, dz);
      }
      row[at] += 2 * kUnit * largest_row;
      products[at] += largest_dZ * largest_input;
    }
  }
  Sum losses;
  for (Index j = 0; j < m; ++j) {
    const double loss = losses_[static_cast<std::size_t>(j)];
    const double weight = batch_.w == nullptr ? 1 : batch_.w[j];
    head += 8 * kUnit * (loss + weight * size_inside(net_.loss, base_.Z[L].col(j), net_.outputs));
    losses.add(loss);
  }
  double penalty = 0, above = 0;
  if (!fast_) {  // by definition: the loss is one sum over the batch, and the penalty another
    head += static_cast<double>(m) * kUnit * losses.value();
    for (int l = 1; l <= L; ++l) {
      penalty += lambda_ / 2 * static_cast<double>(p_.W[l].size()) * kUnit * k_.sum_of_squares(p_.W[l]);
    }
  }
  rounding_.assign(layers, 0);
  for (int l = L; l >= 0; --l) {
    const auto at = static_cast<std::size_t>(l);
    const double of_layer = fast_ ? row[at] : whole[at];
    rounding_[at] =
        ((head + penalty + above + of_layer) / kEpsilon + 2 * gradient_terms * kUnit * products[at]) / batch_.weight();
    above += whole[at];
  }
}

// Of e, and of the products of the gradient: every row of Z[0] is a sum of k + 1 terms, Σ|V| (1 + |2π f x + φ|) + |c|
// in size, or of T + 2 terms, |U x| + Σ|V e_t(x)| + |c|, or itself, which dA[0] = W[1]ᵀ dZ[1] carries to L.
void Differences::bound_stage(double& whole, double& products) const {
  const Index m = batch_.m(), n = net_.units(0);
  const auto& [F, phi, U, V, c, E, s] = base_.stage.p;
  std::vector<double> memory(static_cast<std::size_t>(n * m));
  const View<double> dA(memory.data(), n, m);
  k_.linear_backward_input(p_.W[1], base_.dZ[1], dA);
  const double terms = static_cast<double>(std::max<Index>(F.rows, RowEmbedding::kMostBins) + 16) * kUnit;
  for (Index j = 0; j < m; ++j) {
    double largest_dA = 0, largest_size = 1;
    for (std::size_t r = 0; r < base_.stage.rows.size(); ++r) {
      const StageRow& row = base_.stage.rows[r];
      const double x = batch_.X(static_cast<Index>(r), j);
      for (Index i = 0; i < static_cast<Index>(net_.stage.units_of(row.kind)); ++i) {
        const double scale = s.data == nullptr ? 1 : std::abs(s.data[row.to + i]);
        const double turn = 2 * std::numbers::pi * std::abs(x);
        double size = std::abs(base_.Z[0](row.to + i, j)), reach = turn;
        for (Index f = 0; row.kind == RowEmbedding::Kind::periodic && i > 0 && f < F.rows; ++f) {
          const double v = std::abs(V(f, row.at * c.rows + i - 1));
          size += v * (1 + std::abs(reference::phase_of(x, F(f, row.at), phi(f, row.at))));
          reach = std::max(reach, v * turn);
        }
        if (row.kind == RowEmbedding::Kind::piecewise) size += std::abs(c(i, row.at)) + std::abs(U(i, row.at) * x);
        for (Index t = 1; t <= row.bins; ++t) {
          const double piece = std::abs(reference::piece_of(x, base_.stage.edges + row.bin + row.at, t));
          size += std::abs(V(i, row.bin + t - 1)) * piece;
          reach = std::max(reach, piece);
        }
        const double carried = std::abs(dA(row.to + i, j));
        whole += carried * scale * size * terms;
        largest_dA = std::max(largest_dA, carried * (1 + scale));
        largest_size = std::max({largest_size, size, reach});
      }
    }
    products += largest_dA * largest_size;
  }
}

Differences::Side::Side(const Differences& shared)
    : ws(shared.net_, shared.fast_ ? std::min(shared.batch_.m(), kBlock) : shared.batch_.m(), Keep::all),
      Z(static_cast<std::size_t>(std::min(shared.batch_.m(), kBlock))),
      A(Z.size()) {}

Differences::Worker::Worker(const Differences& shared)
    : shared_(shared), input_(static_cast<std::size_t>(shared.batch_.m())), plus_(shared), minus_(shared) {
  if (!shared.fast_) changed_ = shared.p_;
}

void Differences::Worker::select(const ParameterBlock& block, std::size_t j) noexcept {
  block_ = &block;
  first_ = block.offset + j * block.rows;
  reach_ = 0;
  for (Index c = 0; c < shared_.batch_.m(); ++c) {
    const bool is_weight = block.kind == ParameterBlock::Kind::weights;
    const double a = is_weight ? shared_.base_.A[block.layer - 1](static_cast<Index>(j), c) : 1.0;
    input_[static_cast<std::size_t>(c)] = a;
    reach_ = std::max(reach_, std::abs(a));
  }
}

Difference Differences::Worker::at(std::size_t i, double epsilon) noexcept {
  return shared_.fast_ ? by_rank_one(first_ + i, epsilon) : by_definition(first_ + i, epsilon);
}

Difference Differences::Worker::by_definition(std::size_t x, double epsilon) noexcept {
  const Architecture& net = shared_.net_;
  double& theta = changed_.theta()[x];
  const double kept = theta, here = shared_.cost_;
  theta = kept + epsilon;
  const double plus = cost(net, changed_, shared_.batch_, shared_.lambda_, plus_.ws, shared_.k_);
  theta = kept - epsilon;
  const double minus = cost(net, changed_, shared_.batch_, shared_.lambda_, minus_.ws, shared_.k_);
  theta = kept;
  Difference result;
  result.value = (plus - minus) / (2 * epsilon);
  result.bend = std::abs((plus - here) - (here - minus)) / (2 * epsilon);
  const int L = net.depth();
  for (int l = std::max(block_->layer, 1); l < L; ++l) {
    if (passes_kink(net.layer(l).activation, minus_.ws.Z[l], shared_.base_.Z[l], plus_.ws.Z[l])) result.kinked = true;
  }
  for (Index j = 0; j < shared_.batch_.m(); ++j) {
    if (passes_kink(shared_.objective(j), minus_.ws.Z[L].col(j), shared_.base_.Z[L].col(j), plus_.ws.Z[L].col(j),
                    shared_.batch_.Y.col(j), net.outputs))
      result.kinked = true;
  }
  return result;
}

double Differences::Worker::loss_of(Side& side, Index c, Index example) noexcept {
  const int L = shared_.net_.depth();
  const auto column = [c](View<double> M) { return M.columns(c, 1); };
  double loss = 0;
  shared_.k_.loss_head(shared_.objective(example), column(side.ws.Z[L]), shared_.batch_.Y.columns(example, 1),
                       column(side.ws.A[L]), column(side.ws.dZ[L]), &loss);
  return loss;
}

bool Differences::Worker::start(Index i, double epsilon, Index begin, Index count, bool& kinked) noexcept {
  const Architecture& net = shared_.net_;
  const int l = block_->layer;
  const View<const double> Z = shared_.base_.Z[l].columns(begin, count);
  for (Side* side : {&plus_, &minus_}) {                                     // Z[l](i, :) ± ε A[l−1](j, :)
    side->ws.set_input(shared_.p_, shared_.batch_.X.columns(begin, count));  // so many examples
    const double step = side == &plus_ ? epsilon : -epsilon;
    for (Index c = 0; c < count; ++c) {
      side->Z[static_cast<std::size_t>(c)] = Z(i, c) + step * input_[static_cast<std::size_t>(begin + c)];
    }
  }
  if (l == net.depth()) {
    for (Side* side : {&plus_, &minus_}) {
      const View<double> logits = side->ws.Z[l];
      for (Index c = 0; c < count; ++c) {
        std::copy_n(Z.col(c), Z.rows, logits.col(c));
        logits(i, c) = side->Z[static_cast<std::size_t>(c)];
      }
    }
    return true;
  }
  const Activation g = net.layer(l).activation;
  const View<double> plus(plus_.Z.data(), 1, count), minus(minus_.Z.data(), 1, count);
  if (passes_kink(g, minus, Z.row_block(i, 1), plus)) kinked = true;
  shared_.k_.activation_forward(g, plus, View<double>(plus_.A.data(), 1, count));
  shared_.k_.activation_forward(g, minus, View<double>(minus_.A.data(), 1, count));
  // Units that are off for every example change nothing on either side.
  if (std::equal(plus_.A.begin(), plus_.A.begin() + count, minus_.A.begin())) return false;

  const View<const double> A = shared_.base_.A[l].columns(begin, count),
                           above = shared_.base_.Z[l + 1].columns(begin, count);
  const double* w = shared_.p_.W[l + 1].col(i);
  for (Side* side : {&plus_, &minus_}) {  // Z[l+1] + W[l+1](:, i) ΔA[l](i, :)
    for (Index c = 0; c < count; ++c) {
      const double delta = side->A[static_cast<std::size_t>(c)] - A(i, c);
      const double* z = above.col(c);
      double* out = side->ws.Z[l + 1].col(c);
      for (Index x = 0; x < above.rows; ++x) out[x] = z[x] + w[x] * delta;
    }
  }
  return true;
}

Difference Differences::Worker::by_rank_one(std::size_t x, double epsilon) noexcept {
  const Architecture& net = shared_.net_;
  const Kernels<double>& k = shared_.k_;
  const int L = net.depth();
  const Index m = shared_.batch_.m();
  Difference result;
  Sum sum, bend;
  for (Index begin = 0; begin < m; begin += kBlock) {
    const Index count = std::min(kBlock, m - begin);
    if (!start(static_cast<Index>(x - first_), epsilon, begin, count, result.kinked)) continue;
    for (int l = block_->layer + 1; l < L; ++l) {
      const Activation g = net.layer(l).activation;
      if (passes_kink(g, minus_.ws.Z[l], shared_.base_.Z[l].columns(begin, count), plus_.ws.Z[l])) result.kinked = true;
      for (Workspace<double>* ws : {&plus_.ws, &minus_.ws}) {
        k.activation_forward(g, ws->Z[l], ws->A[l]);
        k.linear_forward(shared_.p_.W[l + 1], shared_.p_.b[l + 1], ws->A[l], ws->Z[l + 1]);
      }
    }
    // L⁺ − L⁻ of each example: their rounding is that of one loss, not of the sum of all
    for (Index c = 0; c < count; ++c) {
      const double *plus = plus_.ws.Z[L].col(c), *minus = minus_.ws.Z[L].col(c);
      if (std::equal(plus, plus + net.outputs, minus)) continue;
      if (passes_kink(shared_.objective(begin + c), minus, shared_.base_.Z[L].col(begin + c), plus,
                      shared_.batch_.Y.col(begin + c), net.outputs))
        result.kinked = true;
      const double loss_plus = loss_of(plus_, c, begin + c), loss_minus = loss_of(minus_, c, begin + c);
      sum.add(loss_plus - loss_minus);
      const double loss = shared_.losses_[static_cast<std::size_t>(begin + c)];
      bend.add(std::abs((loss_plus - loss) - (loss - loss_minus)));
    }
  }
  result.value = sum.value() / (2 * epsilon) / shared_.batch_.weight();
  result.bend = bend.value() / (2 * epsilon) / shared_.batch_.weight();
  // λ/(2m)·((w+ε)² − (w−ε)²) / 2ε
  if (shared_.lambda_ != 0 && block_->decays())
    result.value += shared_.lambda_ / shared_.batch_.weight() * shared_.p_.theta()[x];
  return result;
}

}  // namespace strata::internal
