// What a model is made of, as its JSON and the program's text both say it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strata/architecture.hpp"
#include "strata/features.hpp"
#include "strata/model.hpp"

namespace strata::internal {

/// g[l], or the head.
[[nodiscard]] std::string_view activation_of(const Architecture& net, int l);
[[nodiscard]] bool learns_slopes(const Architecture& net, int l);
/// How many numbers a layer learns, of one network; and the stage in front of the layers.
[[nodiscard]] std::size_t parameters_of(const Architecture& net, int l);
[[nodiscard]] std::size_t parameters_of_stage(const Architecture& net);
/// "12288-20-7-5-1"
[[nodiscard]] std::string layer_sizes(const Architecture& net);

/// Where a column of X goes in the stage in front of the layers.
struct StageColumn {
  RowEmbedding row;
  std::int64_t first = 0, units = 0;  ///< its rows of A[0], the first of them from 1
};
[[nodiscard]] std::vector<StageColumn> stage_columns(const Architecture& net);

/// Are the columns of X more than the numbers of the data, scaled?
[[nodiscard]] bool has_columns(const Features& features);
/// Are there several networks, or one that is left of several?
[[nodiscard]] bool has_networks(const Model& model);
/// δ of each target, in its units.
[[nodiscard]] std::vector<double> deltas_of(const Model& model);

}  // namespace strata::internal
