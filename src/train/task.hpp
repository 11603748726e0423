// What kind of question the target asks: yes or no, one of several, or a number.
#pragma once

#include <span>

#include "strata/data.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"
#include "train/prepare.hpp"
#include "train/survey.hpp"

namespace strata::internal {

/// Distinct whole numbers that --task auto still takes for classes, and the rows of each of them, in the mean, that it
/// needs for that. (Rows, whatever these count: how often a value comes back tells what it is.)
inline constexpr std::size_t kMostClasses = 20, kRowsOfAClass = 5;
[[nodiscard]] inline bool may_be_classes(std::size_t distinct, std::size_t rows) noexcept {
  return distinct <= 2 || (distinct <= kMostClasses && rows >= kRowsOfAClass * distinct);
}

/// The label that a number of the field stands for: a text, a number as the data spell it, or as we do.
[[nodiscard]] std::string label_of(const Table& table, const Field& field, double value);
/// --task auto: text is classes, two of them binary, and so are two different whole numbers; 3 to 20 of these are
/// classes where each has 5 rows in the mean; anything else is regression. Several numbers an example are classes where
/// they are one-hot, else yes/no questions where they are 0 and 1, else regression. The choice, its reason and what
/// changes it go to messages.note, to messages.warning where it is doubtful. options.target names the fields of the
/// table that the survey has looked at. Throws Error(value) when there is only one class, or text where a number is
/// wanted; Error(usage) when the task does not fit the target.
[[nodiscard]] Target decide_target(const Table& table, const Survey& survey, const Options& options,
                                   const Messages& messages);
/// n_y for a sigmoid or identity head.
[[nodiscard]] int output_units(const Target& target, const Table& table);
/// The loss asked for, if it fits the task, else the task's own.
[[nodiscard]] Loss decide_loss(const Target& target, const Options& options);
/// What the loss takes. `deviations` are the standard deviations of the targets in the training rows; `scaled`: the
/// network's outputs are in units of these.
[[nodiscard]] LossParameters decide_loss_parameters(Loss loss, const Options& options,
                                                    std::span<const double> deviations, bool scaled);

}  // namespace strata::internal
