// The update rules, three steps each, worked by hand (with 40 decimal digits, from the equations in kernels.hpp).
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/support.hpp"
#include "optim/optimizer.hpp"
#include "strata/options.hpp"
#include "support/updates.hpp"

namespace strata {
namespace {

using namespace testing;

constexpr double kGradients[] = {0.5, -1, 2};

template <class T>
class Updates : public ::testing::Test {
 protected:
  // One parameter among neighbours of other sizes, so that nothing is read at the wrong place.
  std::vector<T> theta{7, 1, -7}, v{0, 0, 0}, m{0, 0, 0};
  [[nodiscard]] std::vector<T> gradient(double d) const { return {0, static_cast<T>(d), 0}; }
  double near = sizeof(T) == 4 ? 2e-7 : 2e-16;
};
TYPED_TEST_SUITE(Updates, Scalars);

// θ = 1, α = 0.1: 1 − 0.1·0.5 = 0.95;  0.95 + 0.1 = 1.05;  1.05 − 0.2 = 0.85
TYPED_TEST(Updates, GradientDescent) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    this->theta = {7, 1, -7};
    for (const auto& [d, expected] : {std::pair(kGradients[0], 0.95), {kGradients[1], 1.05}, {kGradients[2], 0.85}}) {
      const auto g = this->gradient(d);
      update_gradient_descent(*k, std::span<T>(this->theta), std::span<const T>(g), 0.1);
      EXPECT_NEAR(this->theta[1], expected, 2 * this->near) << label;
    }
    EXPECT_TRUE(this->theta[0] == 7 && this->theta[2] == -7);
  }
}

// v = 0.9v + 0.1·dθ: 0.05, −0.055, 0.1505;  θ = θ − 0.1v: 0.995, 1.0005, 0.98545
TYPED_TEST(Updates, Momentum) {
  using T = TypeParam;
  const double v_by_hand[] = {0.05, -0.055, 0.1505}, theta_by_hand[] = {0.995, 1.0005, 0.98545};
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    this->theta = {7, 1, -7}, this->v = {0, 0, 0};
    for (std::size_t step = 0; step < 3; ++step) {
      const auto g = this->gradient(kGradients[step]);
      update_momentum(*k, std::span<T>(this->theta), std::span<const T>(g), std::span<T>(this->v), 0.1, 0.9);
      EXPECT_NEAR(this->v[1], v_by_hand[step], this->near) << label << ", step " << step + 1;
      EXPECT_NEAR(this->theta[1], theta_by_hand[step], 2 * this->near) << label << ", step " << step + 1;
    }
    EXPECT_TRUE(this->theta[0] == 7 && this->theta[2] == -7 && this->v[0] == 0);
  }
}

// α = 0.1, β₁ = 0.9, β₂ = 0.999, and ε = 0.5, large so that its place (outside the root) counts.
//   t = 1: m = 0.05, v = 0.00025; m̂ = 0.05/0.1, v̂ = 0.00025/0.001; θ = 1 − 0.1·0.5/(0.5 + 0.5) = 0.95
//   t = 2: m = −0.055, v = 0.00124975; m̂ = −0.055/0.19, v̂ = 0.00124975/0.001999; θ = 0.97242785…
//   t = 3: m = 0.1505, v = 0.00524850025; m̂ = 0.1505/0.271, v̂ = 0.00524850025/0.002997001; θ = 0.94197012…
TYPED_TEST(Updates, Adam) {
  using T = TypeParam;
  const double m_by_hand[] = {0.05, -0.055, 0.1505}, v_by_hand[] = {0.00025, 0.00124975, 0.00524850025};
  const double theta_by_hand[] = {0.95, 0.9724278580726169256773, 0.9419701254291585512517};
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    this->theta = {7, 1, -7}, this->v = {0, 0, 0}, this->m = {0, 0, 0};
    for (std::size_t step = 0; step < 3; ++step) {
      const auto g = this->gradient(kGradients[step]);
      update_adam(*k, std::span<T>(this->theta), std::span<const T>(g), std::span<T>(this->m), std::span<T>(this->v),
                  {0.1, 0.9, 0.999, 0.5, static_cast<long long>(step) + 1});
      EXPECT_NEAR(this->m[1], m_by_hand[step], this->near) << label << ", step " << step + 1;
      EXPECT_NEAR(this->v[1], v_by_hand[step], this->near) << label << ", step " << step + 1;
      EXPECT_NEAR(this->theta[1], theta_by_hand[step], 4 * this->near) << label << ", step " << step + 1;
    }
    EXPECT_TRUE(this->theta[0] == 7 && this->theta[2] == -7) << "a gradient of zero moves nothing";
  }
}

// The same with ε = 2, of which a block takes a quarter, and α = 0.05, of which it takes twice as much; a block of
// another factor goes another way.
TYPED_TEST(Updates, ABlockHasAFactorOfEpsilon) {
  using T = TypeParam;
  const double theta_by_hand[] = {0.95, 0.9724278580726169256773, 0.9419701254291585512517};
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const double factor : {0.25, 1.0}) {
      this->theta = {7, 1, -7}, this->v = {0, 0, 0}, this->m = {0, 0, 0};
      Trained<T> block = trained(std::span<T>(this->theta), this->m.data(), this->v.data());
      block.rate = 2, block.epsilon = factor;
      for (std::size_t step = 0; step < 3; ++step) {
        const auto g = this->gradient(kGradients[step]);
        k->update({OptimizerKind::adam, 0, {0.05, 0.9, 0.999, 2, static_cast<long long>(step) + 1}}, block, g.data());
        const double off = std::abs(static_cast<double>(this->theta[1]) - theta_by_hand[step]);
        EXPECT_TRUE(factor == 0.25 ? off <= 4 * this->near : off > 0.003) << label << ", step " << step + 1;
      }
    }
  }
}

// With ε → 0 the first step of Adam is α·sign(dθ), whatever the size of the gradient: the bias correction makes it so.
TYPED_TEST(Updates, AdamsFirstStepIsTheLearningRate) {
  using T = TypeParam;
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    std::vector<T> start(4, T(0)), first(4, T(0)), second(4, T(0));
    const std::vector<T> g{T(1e-3), T(-5), T(1e5), T(-1e-2)};
    update_adam(*k, std::span<T>(start), std::span<const T>(g), std::span<T>(first), std::span<T>(second),
                {0.25, 0.9, 0.999, 1e-12, 1});
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(start[i], g[i] > 0 ? -0.25 : 0.25, 1e-6) << label;
  }
}

// α = 0.1, λ = 0.5, so δ = 0.05, with the gradients and averages of the two tests above:
//   momentum   1 − (0.005 + 0.05) = 0.945;  0.945 − (−0.0055 + 0.04725) = 0.90325;  0.90325 − (0.01505 + 0.0451625)
//   Adam       1 − (0.05 + 0.05) = 0.9;  0.87742785…;  0.80309873…
TYPED_TEST(Updates, DecayGoesBesideTheStep) {
  using T = TypeParam;
  const double by_momentum[] = {0.945, 0.90325, 0.8430375};
  const double by_adam[] = {0.9, 0.8774278580726169256773, 0.8030987325255277049678};
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const bool adam : {false, true}) {
      this->theta = {0, 1, 0}, this->v = {0, 0, 0}, this->m = {0, 0, 0};
      for (std::size_t step = 0; step < 3; ++step) {
        const auto g = this->gradient(kGradients[step]);
        const std::span<T> all(this->theta), first(this->m), second(this->v);
        if (adam) {
          update_adam(*k, all, std::span<const T>(g), first, second,
                      {0.1, 0.9, 0.999, 0.5, static_cast<long long>(step) + 1}, 0.05);
        } else {
          update_momentum(*k, all, std::span<const T>(g), first, 0.1, 0.9, 0.05);
        }
        EXPECT_NEAR(this->theta[1], (adam ? by_adam : by_momentum)[step], 4 * this->near) << label << ", step " << step;
      }
    }
  }
}

// v as momentum's; θ = θ − 0.1 (0.9v + 0.1·dθ): the steps are 0.095, −0.1495, 0.33545; with δ = 0.05: 0.9405, 0.908425,
// 0.82945875
TYPED_TEST(Updates, Nesterov) {
  using T = TypeParam;
  const double by_hand[2][3] = {{0.9905, 1.00545, 0.971905}, {0.9405, 0.908425, 0.82945875}};
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    for (const int decays : {0, 1}) {
      this->theta = {0, 1, 0}, this->v = {0, 0, 0};
      for (std::size_t step = 0; step < 3; ++step) {
        const auto g = this->gradient(kGradients[step]);
        update_nesterov(*k, std::span<T>(this->theta), std::span<const T>(g), std::span<T>(this->v), 0.1, 0.9,
                        decays * 0.05);
        EXPECT_NEAR(this->theta[1], by_hand[decays][step], 2 * this->near) << label << ", step " << step + 1;
      }
    }
  }
}

// The gradient (3, 0, 0), (0, 4, 0) is 5 long. Clipped to 2.5 it is half of it; to 10, itself; and the kinds of block
// have rates and decays of their own: W = 1 − 0.1 (1.5 + 0.5) and b = 1 − 0.2 (2 + 0.25).
TYPED_TEST(Updates, TheOptimizerClipsAndTellsKindsApart) {
  using T = TypeParam;
  const std::vector<ParameterBlock> blocks = {{ParameterBlock::Kind::weights, 1, 3, 1, 0},
                                              {ParameterBlock::Kind::biases, 1, 3, 1, 3}};
  const std::vector<T> g{3, 0, 0, 0, 4, 0};
  for (const auto& [label, pool, k, bf16] : implementations<T>()) {
    const auto after = [&](Options options) {
      options.learning_rate = 0.1;
      Optimizer<T> optimizer(options, 6);
      std::vector<T> all{1, 7, 7, 7, 1, 7};
      optimizer.update(blocks, std::span<T>(all), std::span<const T>(g), *k);
      return std::pair(all[0], all[4]);
    };
    Options options;
    options.optimizer = OptimizerKind::gradient_descent;
    options.clip_norm = 10;
    EXPECT_NEAR(after(options).first, 0.7, this->near) << label;
    options.clip_norm = 2.5;
    EXPECT_NEAR(after(options).first, 0.85, this->near) << label;
    EXPECT_NEAR(after(options).second, 0.8, this->near) << label;
    options.rate_factor = {1, 2};
    options.weight_decay = PerKind{0.5, 0.25};
    EXPECT_NEAR(after(options).first, 0.8, this->near) << label;
    EXPECT_NEAR(after(options).second, 0.55, this->near) << label;
    // The same beside a rule that does not take decay for a part of the gradient: the first step is 0.1 of it.
    options.optimizer = OptimizerKind::momentum;
    EXPECT_NEAR(after(options).first, 1 - 0.1 * (0.15 + 0.5), this->near) << label;
    EXPECT_NEAR(after(options).second, 1 - 0.2 * (0.2 + 0.25), this->near) << label;
  }
}

// The optimizer calls the rule that its option names, with the option's numbers, and counts t from 1.
TYPED_TEST(Updates, TheOptimizerFollowsItsOptions) {
  using T = TypeParam;
  ThreadPool pool(1);
  const auto k = make_kernels<T>("reference", pool);
  Options options;
  options.momentum = 0.9, options.beta1 = 0.9, options.beta2 = 0.999, options.epsilon = 0.5,
  options.learning_rate = 0.1;
  struct End {
    OptimizerKind kind;
    double weight_decay, W, b;
  };
  // With gradient descent: 1 − 0.1 (0.5 + 0.5) = 0.9;  0.9 − 0.1 (−1 + 0.45) = 0.955;  0.955 − 0.1 (2 + 0.4775)
  const End ends[] = {{OptimizerKind::gradient_descent, 0, 0.85, 0.85},
                      {OptimizerKind::gradient_descent, 0.5, 0.70725, 0.85},
                      {OptimizerKind::momentum, 0, 0.98545, 0.98545},
                      {OptimizerKind::momentum, 0.5, 0.8430375, 0.98545},
                      {OptimizerKind::nesterov, 0, 0.971905, 0.971905},
                      {OptimizerKind::nesterov, 0.5, 0.82945875, 0.971905},
                      {OptimizerKind::adam, 0, 0.9419701254291585512517, 0.9419701254291585512517},
                      {OptimizerKind::adamw, 0.5, 0.8030987325255277049678, 0.9419701254291585512517}};
  const std::vector<ParameterBlock> blocks = {{ParameterBlock::Kind::weights, 1, 3, 1, 0},
                                              {ParameterBlock::Kind::biases, 1, 3, 1, 3}};
  for (const End& end : ends) {
    options.optimizer = end.kind;
    options.weight_decay = PerKind{end.weight_decay};
    Optimizer<T> optimizer(options, 6);
    std::vector<T> all{0, 1, 0, 7, 1, -7};
    for (const double d : kGradients) {
      const std::vector<T> g{0, static_cast<T>(d), 0, 0, static_cast<T>(d), 0};
      optimizer.update(blocks, std::span<T>(all), std::span<const T>(g), *k);
    }
    EXPECT_NEAR(all[1], end.W, 4 * this->near) << name(end.kind);
    EXPECT_NEAR(all[4], end.b, 4 * this->near) << name(end.kind) << ": biases do not decay";
    EXPECT_TRUE(all[3] == 7 && all[5] == -7);
  }
}

// Each kind of block has its own rate and its own decay: with the gradient 1, α = 0.1 and θ = 1 a step of gradient
// descent is 1 − 0.1 f (1 + λ). Those of an embedding of numbers are one kind.
TYPED_TEST(Updates, EveryKindHasItsRateAndItsDecay) {
  using T = TypeParam;
  using Kind = ParameterBlock::Kind;
  const std::pair<Kind, double> kinds[] = {{Kind::weights, 1 - 0.1 * 1 * 2},  {Kind::biases, 1 - 0.1 * 2 * 3},
                                           {Kind::slopes, 1 - 0.1 * 3 * 1.5}, {Kind::frequencies, 1 - 0.1 * 4 * 5},
                                           {Kind::phases, 1 - 0.1 * 4 * 5},   {Kind::mixes, 1 - 0.1 * 4 * 5},
                                           {Kind::offsets, 1 - 0.1 * 4 * 5},  {Kind::levels, 1 - 0.1 * 5 * 6},
                                           {Kind::factors, 1 - 0.1 * 4 * 5},  {Kind::scales, 1 - 0.1 * 6 * 1.25}};
  std::vector<ParameterBlock> blocks;
  for (const auto& [kind, expected] : kinds) blocks.push_back({kind, 1, 1, 1, blocks.size()});
  ThreadPool pool(1);
  const auto k = make_kernels<T>("reference", pool);
  Options options;
  options.optimizer = OptimizerKind::gradient_descent, options.learning_rate = 0.1;
  options.rate_factor = {1, 2, 3, 4, 5, 6};
  options.weight_decay = PerKind{1, 2, 0.5, 4, 5, 0.25};
  Optimizer<T> optimizer(options, blocks.size());
  std::vector<T> all(blocks.size(), 1), ones = all;
  optimizer.update(blocks, std::span<T>(all), std::span<const T>(ones), *k);
  for (std::size_t i = 0; i < blocks.size(); ++i)
    EXPECT_NEAR(all[i], kinds[i].second, 8 * this->near) << blocks[i].name();
}

// Where W = U/√n stands for U in the network and U is trained as an ordinary matrix, by the rules as they are written:
// the optimizer, which knows W alone, gives the same W. Biases have no n.
TEST(Parametrization, NtpIsTheTrainingOfWeightsTimesTheRootOfN) {
  const std::vector<ParameterBlock> blocks = {{ParameterBlock::Kind::weights, 1, 3, 7, 0},
                                              {ParameterBlock::Kind::biases, 1, 3, 1, 21},
                                              {ParameterBlock::Kind::weights, 2, 2, 3, 24},
                                              {ParameterBlock::Kind::biases, 2, 2, 1, 30}};
  constexpr std::size_t kSize = 32;
  // Of some function of all numbers, which are seen as the network sees them.
  const auto gradient = [](const std::vector<double>& x, int step) {
    double sum = 0;
    for (const double each : x) sum += each;
    std::vector<double> d;
    for (std::size_t i = 0; i < x.size(); ++i)
      d.push_back(std::sin(sum + static_cast<double>(i)) + x[i] * x[i] * x[i] - 0.1 * std::cos(step));
    return d;
  };
  ThreadPool pool(1);
  const auto k = make_kernels<double>("reference", pool);
  for (const OptimizerKind kind : {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::nesterov,
                                   OptimizerKind::adam, OptimizerKind::adamw}) {
    for (const double decay : {0.0, 0.75}) {
      Options options;
      options.optimizer = kind, options.learning_rate = 0.05, options.parametrization = Parametrization::ntp;
      options.momentum = 0.8, options.beta1 = 0.7, options.beta2 = 0.9, options.epsilon = 0.3;
      options.rate_factor = {2, 2, 2, 2, 2, 2},
      options.weight_decay = PerKind{decay, decay, decay, decay, decay, decay};
      Optimizer<double> optimizer(options, kSize);
      std::vector<double> theta(kSize), U(kSize), root(kSize, 1), m(kSize), v(kSize);
      for (const ParameterBlock& block : blocks)
        for (std::size_t i = block.offset; i < block.offset + block.size(); ++i)
          root[i] = block.kind == ParameterBlock::Kind::weights ? std::sqrt(static_cast<double>(block.cols)) : 1;
      for (std::size_t i = 0; i < kSize; ++i) U[i] = std::cos(3.0 * static_cast<double>(i)), theta[i] = U[i] / root[i];
      for (int step = 1; step <= 50; ++step) {
        const StepFactors at{.rate = 1.0 / step, .decay = 0.5};
        std::vector<double> W(kSize);
        for (std::size_t i = 0; i < kSize; ++i) W[i] = U[i] / root[i];
        const std::vector<double> dW = gradient(W, step);
        for (std::size_t i = 0; i < kSize; ++i) {
          const double dU = dW[i] / root[i], alpha = 0.05 * at.rate * 2, shrink = alpha * decay * at.decay * U[i];
          double direction = dU;
          if (kind == OptimizerKind::momentum || kind == OptimizerKind::nesterov) {
            m[i] = 0.8 * m[i] + 0.2 * dU;
            direction = kind == OptimizerKind::momentum ? m[i] : 0.8 * m[i] + 0.2 * dU;
          } else if (kind != OptimizerKind::gradient_descent) {
            m[i] = 0.7 * m[i] + 0.3 * dU, v[i] = 0.9 * v[i] + 0.1 * dU * dU;
            direction = m[i] / (1 - std::pow(0.7, step)) / (std::sqrt(v[i] / (1 - std::pow(0.9, step))) + 0.3);
          }
          U[i] -= alpha * direction + shrink;
        }
        const std::vector<double> d = gradient(theta, step);
        optimizer.update(blocks, std::span<double>(theta), std::span<const double>(d), *k, at);
        for (std::size_t i = 0; i < kSize; ++i)
          ASSERT_NEAR(theta[i], U[i] / root[i], 1e-10) << name(kind) << ", decay " << decay << ", step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace strata
