// Every check must be shown to go red: faults are planted one by one, and for each the checks that must catch it are
// named.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/processor.hpp"
#include "base/thread_pool.hpp"
#include "faults/faulty_kernels.hpp"
#include "faults/faulty_steps.hpp"
#include "kernels/reference.hpp"
#include "math/checks.hpp"
#include "network/parameters.hpp"
#include "tools/gradient_check.hpp"

namespace strata {
namespace {

using namespace testing;

using Red = std::map<std::string, std::string>;  // the checks that found something, and what

Red red_checks(const Subject& subject) {
  Red red;
  const unsigned long mode = float_mode();
  for (const Check& check : all_checks()) {
    if (Verdict verdict = check.run(subject); !verdict.empty()) red.emplace(check.name, std::move(verdict));
    set_float_mode(mode);  // some faults leave another
  }
  return red;
}

void expect_caught(const std::string& fault, const Red& red, const std::vector<std::string>& caught_by) {
  ASSERT_FALSE(red.empty()) << "NOT CAUGHT: " << fault;
  ASSERT_FALSE(caught_by.empty()) << fault << ": no check is named that must catch it";
  std::string all;
  for (const auto& [check, verdict] : red) all += (all.empty() ? "" : ", ") + check;
  for (const std::string& check : caught_by) {
    EXPECT_TRUE(red.contains(check)) << fault << ": not caught by '" << check << "', only by: " << all;
  }
  std::printf("  %-52s caught by %s\n", fault.c_str(), all.c_str());
}

TEST(Faults, TheHealthyLibraryPassesEveryCheck) {
  const ReferenceKernels<double> healthy;
  for (const auto& [check, verdict] : red_checks(Subject{healthy})) ADD_FAILURE() << check << ": " << verdict;
  for (const auto& [check, verdict] : red_checks(faulty_step("none", healthy))) {
    ADD_FAILURE() << "the copy of the step without a fault, " << check << ": " << verdict;
  }
}

TEST(Faults, EveryFaultOfTheKernelsIsCaught) {
  const auto faults = kernel_faults();
  ASSERT_GE(faults.size(), 30U);
  for (const KernelFault& fault : faults)
    expect_caught(fault.name, red_checks(Subject{*fault.kernels}), fault.caught_by);
}

TEST(Faults, EveryFaultOfTheStepIsCaught) {
  const ReferenceKernels<double> healthy;
  const auto& faults = step_faults();
  ASSERT_GE(faults.size(), 30U);
  for (std::size_t i = 1; i < faults.size(); ++i) {
    // A misspelt name would be a fault that is never put in, and the copy would pass as healthy.
    expect_caught(faults[i].name, red_checks(faulty_step(faults[i].name, healthy)), faults[i].caught_by);
  }
}

// No single kind of check is enough, and none is idle.
TEST(Faults, EveryCheckCatchesSomethingAndNoneCatchesAll) {
  std::map<std::string, std::size_t> caught;
  std::size_t faults = 0;
  const ReferenceKernels<double> healthy;
  const auto count = [&](const Red& red) {
    ++faults;
    for (const auto& [check, verdict] : red) ++caught[check];
  };
  for (const KernelFault& fault : kernel_faults()) count(red_checks(Subject{*fault.kernels}));
  for (std::size_t i = 1; i < step_faults().size(); ++i) count(red_checks(faulty_step(step_faults()[i].name, healthy)));
  for (const Check& check : all_checks()) {
    EXPECT_GT(caught[std::string(check.name)], 0U) << check.name << " catches nothing";
    EXPECT_LT(caught[std::string(check.name)], faults) << check.name << " alone would do; is it one check?";
    std::printf("  %-16s catches %2zu of %zu faults\n", std::string(check.name).c_str(),
                caught[std::string(check.name)], faults);
  }
}

// The gradient check that users run catches faults too: those where the gradient is not that of the cost.
TEST(Faults, TheUsersGradientCheckCatchesThem) {
  const std::set<std::string> seen_by_tool = {"dW and db without 1/m",
                                              "db summed over the units too",
                                              "ReLU's mask is inverted",
                                              "dZ = Y - A",
                                              "L2 replaces dW",
                                              "dW leaves out the last unit",
                                              "dA leaves out the last unit",
                                              "db without 1/m",
                                              "dW leaves out the last example",
                                              "L2 sums |W|"};
  const Architecture net{4, {{5, Activation::relu}, {4, Activation::tanh}}, 1, Loss::binary_cross_entropy};
  ThreadPool pool(1);
  std::size_t tried = 0;
  const auto passes = [&](const Kernels<double>& kernels) {
    Problem<double> problem = make_problem(net, 7, 900);
    Workspace<double> ws(net, 7, Keep::backward);
    Parameters<double> gradient(net);
    (void)train_step(net, problem.p, problem.batch(), 0.7, ws, kernels, gradient);
    return compare_gradients(net, problem.p, problem.batch(), 0.7, kernels, pool, gradient).passed;
  };
  for (const KernelFault& fault : kernel_faults()) {
    if (!seen_by_tool.contains(fault.name)) continue;
    ++tried;
    EXPECT_FALSE(passes(*fault.kernels)) << "NOT CAUGHT by check-gradients: " << fault.name;
  }
  EXPECT_EQ(tried, seen_by_tool.size());
  EXPECT_TRUE(passes(ReferenceKernels<double>()));
}

}  // namespace
}  // namespace strata
