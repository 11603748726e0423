// The plan of the memory: no allocation in a step, no number shared that should not be, no more than is needed.
#include "network/workspace.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "allocations.hpp"
#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "math/problem.hpp"
#include "optim/optimizer.hpp"
#include "strata/error.hpp"
#include "train/update_at_once.hpp"

namespace strata {
namespace {

using namespace testing;

const Architecture kNet{
    30, {{20, Activation::relu}, {17, Activation::gelu}, {9, Activation::tanh}}, 4, Loss::categorical_cross_entropy};

// A step, a prediction and an update, large enough that the work is shared over threads.
template <class T>
void expect_no_allocation() {
  const Architecture net{700, {{300, Activation::relu}, {40, Activation::silu}}, 4, Loss::categorical_cross_entropy};
  Problem<T> problem = converted<T>(make_problem(net, 65, 1));
  for (const Backend& entry : available_backends()) {
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      pool.run(2, [](Index) {});  // starts the threads
      const auto kernels = make_kernels<T>(entry.name, pool);
      Workspace<T> ws(net, 65, Keep::backward);
      Parameters<T> gradient(net), best(net);
      const Parameters<T>& d = gradient;
      for (const OptimizerKind kind : {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::adam}) {
        Options options;
        options.optimizer = kind;
        Optimizer<T> optimizer(options, problem.p.theta().size());
        const long long before = allocations();
        for (const Index m : {65, 64, 1, 65}) {
          (void)train_step(net, problem.p, problem.batch(0, m), 0.5, ws, *kernels, gradient);
          optimizer.update(problem.p.blocks(), problem.p.theta(), d.theta(), *kernels);
          (void)cost(net, problem.p, problem.batch(0, m), 0.5, ws, *kernels);
          predict(net, problem.p, problem.batch(0, m).X, ws, *kernels);
          UpdateAtOnce<T> sink(problem.p, optimizer, {}, 0.5 / static_cast<double>(m), gradient);
          (void)train_step(net, problem.p, problem.batch(0, m), ws, *kernels, sink);
          best = problem.p;  // keeping the last good weights reuses their memory
        }
        EXPECT_EQ(allocations() - before, 0) << entry.name << ", " << threads << " threads, " << name(kind);
      }
    }
  }
}

TEST(Allocation, AStepTakesNoMemory) {
  const long long before = allocations();
  std::vector<int> proof(1000);
  ASSERT_GT(allocations() - before, 0) << "the counter does not count";
  expect_no_allocation<double>();
  expect_no_allocation<float>();
}

template <class T>
long long bytes_of(const Architecture& net, Index m, Keep keep) {
  const long long before = allocated_bytes();
  const Workspace<T> ws(net, m, keep);
  return allocated_bytes() - before;
}

TEST(WorkspacePlan, KeepsAsMuchAsItsPurposeNeeds) {
  constexpr Index m = 1000;
  const long long forward = bytes_of<double>(kNet, m, Keep::forward),
                  backward = bytes_of<double>(kNet, m, Keep::backward), all = bytes_of<double>(kNet, m, Keep::all);
  EXPECT_LT(forward, backward);
  EXPECT_LT(backward, all);
  const long long number = 8 * m, small = 20000;  // the views and the plan itself
  EXPECT_LT(forward, number * (2 * 20) + small) << "two buffers of the widest layer";
  EXPECT_LT(backward, number * (20 + 17 + 17 + 9 + 4 + 2 * 20) + small) << "every A, Z of GELU only, two dZ";
  EXPECT_LT(all, number * 3 * (20 + 17 + 9 + 4) + small);
  EXPECT_LT(bytes_of<float>(kNet, m, Keep::backward), backward / 2 + small);
  // Depth costs a forward pass nothing.
  Architecture deep{8, {}, 1, Loss::squared_error};
  const long long shallow = bytes_of<double>({8, {{8, Activation::relu}}, 1, Loss::squared_error}, m, Keep::forward);
  for (int i = 0; i < 50; ++i) deep.hidden.push_back({8, Activation::relu});
  EXPECT_LT(bytes_of<double>(deep, m, Keep::forward), shallow + 3 * small);
}

TEST(WorkspacePlan, ViewsHaveTheShapesOfTheEquations) {
  Problem<double> problem = make_problem(kNet, 11, 1);
  for (const Keep keep : {Keep::forward, Keep::backward, Keep::all}) {
    Workspace<double> ws(kNet, 11, keep);
    for (const Index m : {11, 4, 1, 11}) {
      ws.set_input(problem.p, problem.batch(0, m).X);
      EXPECT_EQ(ws.A[0].data, problem.X.data()) << "A[0] is X itself";
      EXPECT_TRUE(ws.A[0].rows == 30 && ws.A[0].cols == m);
      for (int l = 1; l <= kNet.depth(); ++l) {
        for (const View<double>& view : {ws.Z[l], ws.A[l], ws.dZ[l]}) {
          EXPECT_EQ(view.rows, kNet.units(l));
          EXPECT_EQ(view.cols, m);
          EXPECT_EQ(view.ld, kNet.units(l)) << "an example is contiguous";
        }
      }
    }
  }
}

bool overlap(View<double> a, View<double> b) {
  return a.data < b.data + b.ld * b.cols && b.data < a.data + a.ld * a.cols;
}

TEST(WorkspacePlan, NothingThatIsStillNeededIsShared) {
  Problem<double> problem = make_problem(kNet, 5, 1);
  const int L = kNet.depth();
  Workspace<double> all(kNet, 5, Keep::all), backward(kNet, 5, Keep::backward), forward(kNet, 5, Keep::forward);
  std::vector<View<double>> views;
  for (int l = 1; l <= L; ++l) views.insert(views.end(), {all.Z[l], all.A[l], all.dZ[l]});
  for (std::size_t i = 0; i < views.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_FALSE(overlap(views[i], views[k])) << "Keep::all: " << i << " and " << k;
  }
  for (int l = 1; l <= L; ++l) {
    for (int other = 1; other <= L; ++other) {
      EXPECT_EQ(overlap(backward.A[l], backward.A[other]), l == other) << "Keep::backward: A" << l << " and A" << other;
      EXPECT_FALSE(overlap(backward.A[l], backward.dZ[other])) << "Keep::backward: A" << l << " and dZ" << other;
      EXPECT_FALSE(overlap(backward.Z[l], backward.dZ[other])) << "Keep::backward: Z" << l << " and dZ" << other;
    }
    const bool needs_z = l < L && !derivative_from_output(kNet.layer(l).activation);
    EXPECT_EQ(backward.Z[l].data == backward.A[l].data, !needs_z)
        << "A[" << l << "] overwrites Z[l] only where g' allows it";
    if (l > 1) {
      EXPECT_FALSE(overlap(backward.dZ[l], backward.dZ[l - 1]));
      EXPECT_FALSE(overlap(forward.A[l], forward.A[l - 1]) || overlap(forward.Z[l], forward.A[l - 1]));
    }
  }
}

// The plan at its limits: more than any memory, and more than any number.
TEST(WorkspacePlan, TooLargeIsAnErrorThatSaysHowMuch) {
  const Architecture net{1000, {{1 << 20, Activation::relu}}, 1, Loss::squared_error};
  try {
    const Workspace<double> ws(net, Index{1} << 40, Keep::backward);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == ErrorCode::memory || error.code() == ErrorCode::format) << error.what();
  }
  try {
    const Workspace<double> ws(net, Index{1} << 26, Keep::backward);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::memory) << error.what();
    EXPECT_NE(std::string(error.what()).find("GB"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("batch"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace strata
