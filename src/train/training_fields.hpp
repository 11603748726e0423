// Which fields of the data a training takes, and for what.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/formats.hpp"
#include "model/choice.hpp"
#include "strata/data.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// Columns that say which part the rows belong to, or how much they count: those that options name. The time column,
/// which may be an input, is none of them.
[[nodiscard]] std::vector<ColumnOfRows> columns_of_rows(const Options& options);
[[nodiscard]] bool is_of_rows(const std::string& name, const Options& options);

/// The target: as asked for, else the last column of a table of columns. Throws Error(usage) when it is not clear.
[[nodiscard]] std::vector<std::string> target_names(std::span<const Field> available, const Options& options);

/// The inputs: as asked for, else all that are there for each example and nothing else. Throws Error(usage).
[[nodiscard]] std::vector<std::string> input_names(std::span<const Field> available, const Options& options,
                                                   std::span<const std::string> target);

/// Which fields of a file the options ask for: the inputs, and the target unless `target_elsewhere`.
/// Throws Error(usage) when a name is unknown or the target is not clear.
[[nodiscard]] FieldChooser fields_to_train_on(const Options& options, bool target_elsewhere);

/// The field that is predicted where nobody says: the last one that says nothing of the rows. Null: there is none.
[[nodiscard]] const Field* last_target(std::span<const Field> available, const Options& options);

/// All of them but those that options.ignore names, which are borrowed. Throws Error(usage) when one of these is
/// unknown.
[[nodiscard]] FieldChooser fields_not_ignored(const Options& options);

}  // namespace strata::internal
