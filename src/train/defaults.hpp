// What a training does where the user leaves it open (docs/decisions/0007-defaults.md).
#pragma once

#include <cstddef>
#include <string>

#include "strata/options.hpp"

namespace strata::internal {

/// Where rows are held back without being asked for. (Rows, whatever these count: a part of them is measured on.)
inline constexpr std::size_t kEnoughRows = 200;

/// Decides what to measure on and how long to wait for it to fall, the net, the scale and, where the rate ends at 0,
/// the number of epochs (a limit of time may make it less). `columns`: the data are a table of columns; `pixels`: of
/// 8-bit numbers.
void decide_defaults(bool columns, bool pixels, std::size_t rows, Options& options);

/// Decides what belongs to the task: the activation, the rate of ntp, the figure that is monitored, and the smoothing
/// of the labels. `task` is not automatic; `loss` and `outputs`: those of the network.
void decide_by_task(Task task, Loss loss, int outputs, Options& options);

/// The options that, beside those asked for, train the same network in the same way on all rows: as they are typed.
[[nodiscard]] std::string same_on_all_rows(const Options& asked, bool columns, bool pixels, std::size_t rows);

}  // namespace strata::internal
