// A training that goes on from a model, with new data: its features, its classes and its network stay what they are.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "strata/data.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

/// Says which model that is, what stays of it, and what is otherwise than in its own training. Throws Error(usage) for
/// an option that would change what stays.
void say_what_stays(const Model& model, const Options& options, const Messages& messages);

/// As read_training_table, under the names that the model has, and with what it knows of its columns. Throws
/// Error(usage) as say_what_stays.
[[nodiscard]] Table read_to_continue(std::span<const std::filesystem::path> files, const Model& model,
                                     const Options& options, std::vector<std::string>& notes);

/// As define_problem. Errors: as it, as find_inputs and find_target; value (a label that is none of the classes).
[[nodiscard]] Problem define_continuation(const Table& table, const Model& model, const Options& options,
                                          const Messages& messages);

}  // namespace strata::internal
