// From a table and options to what a training works on: which task, which network, which numbers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "config/effects.hpp"
#include "data/rows.hpp"
#include "features/weights.hpp"
#include "strata/architecture.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"
#include "strata/options.hpp"
#include "strata/trainer.hpp"

namespace strata::internal {

/// Receives a sentence for the user.
struct Messages {
  std::function<void(std::string_view)> note;
  std::function<void(std::string_view)> warning;
};

/// Everything decided, nothing automatic any more.
struct Problem : Features {
  Options options;
  Architecture architecture;
  Rows train_rows;                    // ascending
  Rows validation_rows;               // ascending; empty unless options hold back some of the table's
  std::string held_how;               // how these were chosen
  std::size_t dropped = 0;            // rows that lack the target
  Weights weights;                    // of the rows of the table, their classes included
  std::vector<double> class_weights;  // of each class; none: 1 each
  std::vector<LeftOut> left_out;
  std::vector<WithoutEffect> without_effect;                // said by those who train
  std::vector<std::string> inputs_in_data, target_in_data;  // their names there; empty: those of the features
};

/// Reads what the options name: the inputs and the target, which may be in a file of its own (then options.target
/// becomes the name it has in the table). `spill`: where the numbers go instead of memory, if anywhere; without it,
/// columns that a training leaves out are there without their cells.
/// `notes`: gets what is not plain in a text.
[[nodiscard]] Table read_training_table(std::span<const std::filesystem::path> files, Options& options,
                                        const std::filesystem::path& spill = {},
                                        std::vector<std::string>* notes = nullptr);

/// Throws Error(usage) for a figure, or a calibration, that the task does not have.
void require_metrics(Task task, const Options& options);
/// Throws Error(value) for a weight that the network's precision, in which it multiplies, does not hold.
void require_weights_of(const Problem& problem, const Table& table);
/// Which rows are held back, and why: first, for it is what a user would expect least. (But not a fraction that is
/// asked for.) `on_all_rows`: the options that hold none back.
void say_validation(const Problem& problem, const Options& asked, const Messages& messages,
                    const std::string& on_all_rows = spelled("validation", "none"));

/// Decides. Throws Error(usage), Error(value) or Error(shape) when the table and the options do not fit each other.
/// `tells_held`: a note says which rows are held back.
[[nodiscard]] Problem define_problem(const Table& table, const Options& options, const Messages& messages,
                                     bool tells_held = true);

}  // namespace strata::internal
