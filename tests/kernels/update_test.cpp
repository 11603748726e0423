// The update rules, three steps each, worked by hand (with 40 decimal digits, from the equations in kernels.hpp).
#include <gtest/gtest.h>

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

// The optimizer calls the rule that its option names, with the option's numbers, and counts t from 1.
TYPED_TEST(Updates, TheOptimizerFollowsItsOptions) {
  using T = TypeParam;
  ThreadPool pool(1);
  const auto k = make_kernels<T>("reference", pool);
  Options options;
  options.momentum = 0.9, options.beta1 = 0.9, options.beta2 = 0.999, options.epsilon = 0.5,
  options.learning_rate = 0.1;
  const std::pair<OptimizerKind, double> ends[] = {{OptimizerKind::gradient_descent, 0.85},
                                                   {OptimizerKind::momentum, 0.98545},
                                                   {OptimizerKind::adam, 0.9419701254291585512517}};
  for (const auto& [kind, end] : ends) {
    options.optimizer = kind;
    Optimizer<T> optimizer(options, 3);
    this->theta = {7, 1, -7};
    for (const double d : kGradients) {
      const auto g = this->gradient(d);
      optimizer.update(std::span<T>(this->theta), std::span<const T>(g), *k);
    }
    EXPECT_NEAR(this->theta[1], end, 4 * this->near) << name(kind);
    EXPECT_TRUE(this->theta[0] == 7 && this->theta[2] == -7);
  }
}

}  // namespace
}  // namespace strata
