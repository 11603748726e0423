// Networks made ready for the vector instructions of CPUs.
#pragma once

#include "kernels/prepared.hpp"

namespace strata::cpu {

/// Null when there are no kernels of that name in this build, or not for this CPU.
[[nodiscard]] std::unique_ptr<PreparedNetwork<float>> prepare_network(std::string_view name,
                                                                      const NetworkValues<float>& values);
[[nodiscard]] std::unique_ptr<PreparedNetwork<double>> prepare_network(std::string_view name,
                                                                       const NetworkValues<double>& values);

}  // namespace strata::cpu
