// What a training does where the user leaves it open (docs/decisions/0007-defaults.md).
#pragma once

#include <cstddef>
#include <string>

#include "strata/options.hpp"
#include "train/default_recipe.hpp"

namespace strata::internal {

/// Where rows are held back without being asked for. (Rows, whatever these count: a part of them is measured on.)
inline constexpr std::size_t kEnoughRows = 200;

/// Is the recipe left to the table?
[[nodiscard]] bool decides_recipe(const DataShape& data, const Options& options);

/// Decides the recipe of a table, what to measure on and how long to wait for it to fall, the net, the scale and, where
/// the rate ends at 0, the number of epochs (a limit of time may make it less).
void decide_defaults(const DataShape& data, Options& options);

/// Decides what belongs to the task: the activation, the rate of ntp, the figure that is monitored, and the smoothing
/// of the labels. `task` is not automatic; `loss` and `outputs`: those of the network.
void decide_by_task(Task task, Loss loss, int outputs, Options& options);

/// The options that, beside those asked for, train the same network in the same way on all rows: as they are typed.
[[nodiscard]] std::string same_on_all_rows(const Options& asked, const DataShape& data);

}  // namespace strata::internal
