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

/// What is no input, and why: "Name (text: 891 of 891 cells differ)".
struct LeftOut {
  std::string name, type, why;
};

struct ChosenInputs {
  std::vector<TypedField> fields;
  std::vector<LeftOut> left_out;
};

/// The fields of these names, which the user gave (`by_name`) or not. Text, identifiers and constants are left out
/// unless options.categorical names them. Errors: usage (a category that is an array or no input), value (a field that
/// the user named and that cannot be an input as it is).
[[nodiscard]] ChosenInputs choose_inputs(const Table& table, std::span<const std::string> names, bool by_name,
                                         const Options& options);

/// Fits them on the training rows, and leaves out those that hold nothing, or one word only, in these. Errors: value
/// (nothing is left, or it is a field that the user named), as fit_inputs.
[[nodiscard]] std::vector<FittedInput> fit_chosen(const Table& table, ChosenInputs& chosen, bool by_name,
                                                  const Rows& train_rows, const Options& options);

/// Throws Error(value), with the reason of each, when nothing is left of a table.
void require_inputs(const Table& table, const ChosenInputs& chosen);

/// Says what was left out, what is missing in the training rows, and which levels were pooled.
void describe_inputs(const ChosenInputs& chosen, std::span<const FittedInput> fitted, std::size_t rows,
                     const Options& options, const Messages& messages);

/// Throws Error(value) for a target that tells rows apart or is free text, unless the user says what to make of it.
void require_target(const Field& field, const Options& options);

/// All rows but those that lack the target, which options.missing_target lets go. Throws Error(value), with the number
/// of these and the place of the first, where it does not.
[[nodiscard]] Rows rows_with_target(const Table& table, const Field& target, std::span<const std::size_t> without,
                                    const Options& options, const Messages& messages);

}  // namespace strata::internal
