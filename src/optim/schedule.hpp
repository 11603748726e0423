// How the rate, the decay and the dropout go from the first update to the last: functions of the number of the update
// and of nothing else, so that a step that is done again has the same.
#pragma once

#include <cstdint>
#include <optional>

#include "strata/options.hpp"

namespace strata::internal {

/// What the schedule multiplies by when the share t of the planned updates is done, 0 ≤ t ≤ 1.
[[nodiscard]] double factor_at(const Schedule& schedule, double t) noexcept;

/// Is there nothing left of it in the end?
[[nodiscard]] bool ends_at_0(const std::optional<Schedule>& schedule) noexcept;

struct StepFactors {
  double rate = 1, decay = 1, dropout = 1;
};

/// Of update number `step` (counted from 0) of `steps`. The rate warms up first: in update s of the first W it is
/// (s + 1)/W of what its schedule begins with, and the schedule runs over the rest.
[[nodiscard]] StepFactors factors_of(const TrainingOptions& options, std::int64_t step, std::int64_t steps) noexcept;

}  // namespace strata::internal
