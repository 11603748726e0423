// Kernels with one fault each: the reference with a single operation gone wrong, as people get it wrong.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"

namespace strata::testing {
using namespace internal;

struct KernelFault {
  std::string name;
  std::shared_ptr<const Kernels<double>> kernels;
  std::vector<std::string> caught_by;  // the checks that must turn red; others may too
};

[[nodiscard]] std::vector<KernelFault> kernel_faults();
/// Those of them that are of dropout and of the update rules.
[[nodiscard]] std::vector<KernelFault> update_faults();

}  // namespace strata::testing
