// The checks of tests/math/checks.hpp on the library itself, with every implementation of the kernels.
#include <gtest/gtest.h>

#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "math/checks.hpp"

namespace strata {
namespace {

using namespace testing;

TEST(Checks, TheLibraryPassesAllWithEveryImplementation) {
  for (const Backend& entry : available_backends()) {
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      const auto kernels = make_kernels<double>(entry.name, pool);
      for (const Check& check : all_checks()) {
        EXPECT_EQ(check.run(Subject{*kernels}), "")
            << check.name << ", " << entry.name << ", " << threads << " threads";
      }
    }
  }
}

// In float32 the same step, with the numbers of check_hand_step that floats can hold.
TEST(HandStep, InFloat) {
  const Architecture net{3, {{2, Activation::relu}}, 1, Loss::binary_cross_entropy};
  Problem<float> problem{net, Parameters<float>(net), {1, 0, -1, 2, -1, 1}, {1, 0}, 2};
  const std::array<float, 11> theta = {1, 0.5F, 0, -1, 1, 0, 0.5F, -1, 1, -2, -0.5F};
  std::copy(theta.begin(), theta.end(), problem.p.theta().begin());
  const double s = 0.731058578630004879;
  const std::array<double, 11> by_hand = {(-0.5 + 2 * s) / 2,   -2 * s, -s / 2,        s,
                                          (0.5 + s) / 2,        -s,     (s - 0.5) / 2, -s,
                                          (3.5 * s - 0.25) / 2, s / 2,  (s - 0.5) / 2};
  for (const Backend& entry : available_backends()) {
    ThreadPool pool(2);
    const auto kernels = make_kernels<float>(entry.name, pool);
    Workspace<float> ws(net, 2, Keep::backward);
    Parameters<float> gradient(net);
    EXPECT_NEAR(train_step(net, problem.p, problem.batch(), 0, ws, *kernels, gradient), 1.003204434039084, 1e-15)
        << "the logits 0 and 1 are exact, and the loss is summed in float64";
    for (std::size_t i = 0; i < by_hand.size(); ++i) EXPECT_NEAR(gradient.theta()[i], by_hand[i], 2e-7) << i;
    EXPECT_NEAR(cost(net, problem.p, problem.batch(), 2, ws, *kernels), 1.003204434039084 + 4.125, 1e-15);
    predict(net, problem.p, problem.batch().X, ws, *kernels);
    EXPECT_NEAR(ws.A[2](0, 1), s, 6e-8);
  }
}

}  // namespace
}  // namespace strata
