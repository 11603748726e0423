// What kind of question the target asks: yes or no, one of several, or a number.
#pragma once

#include "strata/data.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"
#include "train/prepare.hpp"
#include "train/survey.hpp"

namespace strata::internal {

/// --task auto: text, or at most 20 distinct whole numbers, are classes (two of them: binary), anything else is
/// regression. The choice and its reason go to messages.note. options.target names fields of the table; `values`: what
/// each of them holds. Throws Error(value) when there is only one class, or text where a number is wanted; Error(usage)
/// when the task does not fit the target.
[[nodiscard]] Target decide_target(const Table& table, std::span<const Values> values, const Options& options,
                                   const Messages& messages);
/// n_y for a sigmoid or identity head.
[[nodiscard]] int output_units(const Target& target, const Table& table);
/// The loss asked for, if it fits the task, else the task's own.
[[nodiscard]] Loss decide_loss(const Target& target, const Options& options);

}  // namespace strata::internal
