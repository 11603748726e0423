// Steps with one fault each, made by faulty_steps.py from the sentences of step.cpp.
#pragma once

#include <string>
#include <vector>

#include "math/checks.hpp"

namespace strata::testing {

struct StepFault {
  std::string name;
  std::vector<std::string> caught_by;  // the checks that must turn red; others may too
};

/// The first has no fault: the sentences as they are must pass every check.
[[nodiscard]] const std::vector<StepFault>& step_faults();

/// The step with the fault of that name put in.
[[nodiscard]] Subject faulty_step(const std::string& fault, const Kernels<double>& kernels);

}  // namespace strata::testing
