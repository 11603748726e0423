// What a training learns of its inputs before it begins: which levels they have, what stands for what is missing, how
// they are scaled. From the training rows alone.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "data/rows.hpp"
#include "features/weights.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// A field of a table, and what it is taken for: a number, a yes or no, a category or a date.
struct TypedField {
  const Field* field = nullptr;
  ColumnType type = ColumnType::number;
};

struct FittedInput {
  InputField input;
  Scaling scaling;  ///< of its columns of X
  // Rows, not what they count: they are what a user can look up.
  std::size_t missing = 0;      ///< training rows
  std::size_t levels = 0;       ///< category: different ones, those without a column too
  std::size_t pooled_rows = 0;  ///< training rows with one that has none
  bool constant = false;        ///< the same in all training rows
};

/// Fits each field by itself, in the order of the training rows, as options.scale (not automatic), impute,
/// one_hot_limit and embedding_size say (of more than 1,000,000 levels the rare ones are pooled whatever that is); each
/// row counts by its weight. A number or a date that is missing in every row stays without a fill. So many numbers, or
/// one column, are in memory at a time. Errors: value (an infinite number, a sum too large), memory.
[[nodiscard]] std::vector<FittedInput> fit_inputs(const Table& table, std::span<const TypedField> fields,
                                                  const Rows& train_rows, const DataOptions& options,
                                                  const Weights& weights = Weights(),
                                                  std::size_t numbers_at_a_time = std::size_t{1} << 23);

/// These inputs one behind the other, without a target.
[[nodiscard]] Features features_of(std::span<const FittedInput> inputs, ScaleKind scale);

/// The two words that answer a question, the no first, each as it is spelled first: upper and lower case are one.
/// Empty: there are not two.
[[nodiscard]] std::vector<std::string> yes_no_levels(const Field& field);

}  // namespace strata::internal
