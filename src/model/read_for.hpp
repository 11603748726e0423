// How the data are read that a model is trained on further.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "model/choice.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"

namespace strata::internal {

/// As strata::read_for with the target, where source.file is not looked at: several texts may be one table, and
/// `of_rows` are read too, weights as numbers, others for what their cells show them to be. `notes` gets a sentence on
/// each thing that is not plain.
[[nodiscard]] Table read_to_train(const Features& features, std::span<const std::filesystem::path> files, Source source,
                                  std::span<const ColumnOfRows> of_rows, std::vector<std::string>& notes);

}  // namespace strata::internal
