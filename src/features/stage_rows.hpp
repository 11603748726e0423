// What the stage in front of the network makes of each column of X.
#pragma once

#include <cstddef>
#include <vector>

#include "data/rows.hpp"
#include "features/quantiles.hpp"
#include "features/weights.hpp"
#include "strata/architecture.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// One for each column of X: levels for the codes of a category, with one more for any other word; what `numbers` says
/// for what is a number or a date of a table, but not for pixels and other arrays, nor for columns of 0 and 1. Empty:
/// every column would be itself. Edges are not there yet.
[[nodiscard]] std::vector<RowEmbedding> stage_rows_of(const Features& features, NumericEmbedding numbers);

/// The edges of a piecewise embedding of these numbers, at least one: each that more than 1/T of the rows have, T = 48,
/// and the quantiles 0, 1/t, … 1 of all others, for t is what is left of T and at most one bin a row. (The package
/// rtdl_num_embeddings has all quantiles, many of them the same.) Those that leave no room for a bin between them are
/// one, and none is larger than kLargestEdge.
[[nodiscard]] std::vector<double> edges_of(const Sample& sorted);

/// Gives the rows that are piecewise their edges, from the columns of X that the training rows become; returns those
/// columns that vary, and yet too little for a piece. So many numbers, or those of one input, are in memory at a time.
/// Errors: usage (more edges than a model may have), memory.
std::vector<std::size_t> fit_edges(const Table& table, const Features& features, const Rows& train_rows,
                                   const Weights& weights, std::vector<RowEmbedding>& rows,
                                   std::size_t numbers_at_a_time = std::size_t{1} << 22);

}  // namespace strata::internal
