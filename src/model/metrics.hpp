// Which figures are measured, and where they are kept.
#pragma once

#include <span>
#include <vector>

#include "strata/model.hpp"

namespace strata::internal {

/// Those that are always measured, for they cost next to nothing.
[[nodiscard]] std::span<const Metric> usual_metrics(Task task) noexcept;
[[nodiscard]] bool has_metric(Task task, Metric metric) noexcept;

[[nodiscard]] double& value_of(Metrics& metrics, Metric metric) noexcept;

/// Those of these that are not usual, each once, in the order of metrics_of.
[[nodiscard]] std::vector<Metric> beside_the_usual(Task task, std::span<const Metric> wanted);

}  // namespace strata::internal
