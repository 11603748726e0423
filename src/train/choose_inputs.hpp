// Which columns of a table are inputs, and what each is taken for; which rows can be trained on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/rows.hpp"
#include "features/fit_inputs.hpp"
#include "strata/data.hpp"
#include "strata/options.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

struct ChosenInputs {
  std::vector<TypedField> fields;
  std::vector<LeftOut> left_out;
  std::vector<std::string> ambiguous;  // dates among these that an option would let in
};

/// A column that a training leaves out unless it is told otherwise: it says nothing, or too much.
[[nodiscard]] bool is_left_out(const Field& field);

/// The fields of these names, which the user gave (`by_name`) or not. Text, identifiers and constants are left out
/// unless options.categorical names them. Errors: usage (a category that is an array or no input), value (a field that
/// the user named and that cannot be an input as it is).
[[nodiscard]] ChosenInputs choose_inputs(const Table& table, std::span<const std::string> names, bool by_name,
                                         const Options& options);

/// Fits them on the training rows, and leaves out those that hold nothing, or one word only, in these. Errors: value
/// (nothing is left, or it is a field that the user named), as fit_inputs.
[[nodiscard]] std::vector<FittedInput> fit_chosen(const Table& table, ChosenInputs& chosen, bool by_name,
                                                  const Rows& train_rows, const Options& options,
                                                  const Weights& weights);

/// Throws Error(value), with the reason of each, when nothing is left of a table.
void require_inputs(const Table& table, const ChosenInputs& chosen);

/// Says what was left out, what is missing in the training rows, and which levels were pooled.
void describe_inputs(const ChosenInputs& chosen, std::span<const FittedInput> fitted, std::size_t rows,
                     const Options& options, const Messages& messages);

/// Throws Error(value) for a target that is a date, and, unless the user says what to make of it, for one that tells
/// rows apart or is free text.
void require_target(const Field& field, const Options& options);

/// All of `rows` but those that lack the target, which options.missing_target lets go. Throws Error(value), with the
/// number of these and the place of the first, where it does not.
[[nodiscard]] Rows rows_with_target(const Table& table, const Rows& rows, const Field& target,
                                    std::span<const std::size_t> without, const Options& options,
                                    const Messages& messages);
/// The same for the target of a model, to which a label such as NA may say nothing as well.
[[nodiscard]] Rows rows_with_targets(const Table& table, const Target& target, const Rows& rows, const Options& options,
                                     const Messages& messages);

}  // namespace strata::internal
