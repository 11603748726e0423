// The checks that stand between a fault and the user. Each is a function of the kernels and of the step, so that the
// tests of the faults can put wrong ones in and see which check turns red.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "math/problem.hpp"

namespace strata::testing {

/// The step that leaves the gradient in its last argument.
using StepType = double(const Architecture&, const Parameters<double>&, Batch<double>, double, Workspace<double>&,
                        const Kernels<double>&, Parameters<double>&);
using StepFunction = std::function<StepType>;
using PredictFunction = std::function<void(const Architecture&, const Parameters<double>&, View<const double>,
                                           Workspace<double>&, const Kernels<double>&)>;

using ForwardFunction = std::function<void(const Architecture&, const Parameters<double>&, Batch<double>,
                                           Workspace<double>&, const Kernels<double>&)>;

/// What is checked: by default the library itself.
struct Subject {
  const Kernels<double>& kernels;
  StepFunction train_step = static_cast<StepType*>(internal::train_step<double>);
  CostFunction cost = internal::cost<double>;
  PredictFunction predict = internal::predict<double>;
  ForwardFunction forward = internal::forward<double>;
};

/// Empty when all is right, else what is wrong.
using Verdict = std::string;

struct Check {
  std::string_view name;
  Verdict (*run)(const Subject& subject);
};

/// All of them.
[[nodiscard]] std::span<const Check> all_checks();

Verdict check_hand_step(const Subject& subject);       ///< one step of a 3-2-1 net, worked by hand
Verdict check_equations(const Subject& subject);       ///< cost, gradient and A[L] against plain loops in long double
Verdict check_gradients(const Subject& subject);       ///< central differences
Verdict check_extreme_logits(const Subject& subject);  ///< logits of ±1e3
Verdict check_exactness(const Subject& subject);       ///< linear kernels on whole numbers
Verdict check_updates(const Subject& subject);         ///< three steps of every rule, by hand
Verdict check_losses(const Subject& subject);          ///< every loss: the equations, differences
Verdict check_weights(const Subject& subject);         ///< of examples: the equations, differences, repeated rows
Verdict check_dropout(const Subject& subject);         ///< how many units are kept, which, and their gradient
Verdict check_batches(const Subject& subject);         ///< parts of a batch, a last short batch, one example alone
Verdict check_repetition(const Subject& subject);      ///< nothing of an earlier step is left in a later one
Verdict check_trajectory(const Subject& subject);      ///< fifty steps beside plain loops in long double
Verdict check_calls(const Subject& subject);           ///< which operations a step uses, and how often
Verdict check_denormals(const Subject& subject);       ///< denormal numbers count as zero in a step, and only there

}  // namespace strata::testing
