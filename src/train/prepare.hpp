// From a table and options to what a training works on: which task, which network, which numbers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "data/rows.hpp"
#include "strata/architecture.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"
#include "strata/options.hpp"

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
  Rows train_rows;          // ascending
  Rows validation_rows;     // ascending; empty unless --validation is a fraction
  std::size_t dropped = 0;  // rows that lack the target
};

/// Which fields of a file the options ask for: the inputs, and the target unless `target_elsewhere`.
/// Throws Error(usage) when a name is unknown or the target is not clear.
[[nodiscard]] FieldChooser fields_to_train_on(const Options& options, bool target_elsewhere);

/// Reads what the options name: the inputs and the target, which may be in a file of its own (then options.target
/// becomes the name it has in the table). `spill`: where the numbers go instead of memory, if anywhere.
/// `notes`: gets what is not plain in a text.
[[nodiscard]] Table read_training_table(const std::filesystem::path& file, Options& options,
                                        const std::filesystem::path& spill = {},
                                        std::vector<std::string>* notes = nullptr);

/// Decides. Throws Error(usage), Error(value) or Error(shape) when the table and the options do not fit each other.
[[nodiscard]] Problem define_problem(const Table& table, const Options& options, const Messages& messages);

}  // namespace strata::internal
