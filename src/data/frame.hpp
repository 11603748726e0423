// Columns from memory, taken for what reading a CSV file of the same cells would take them for. As pandas writes one:
// whole numbers in digits, others as Python shows them (1.0, 1e-05), dates as 2024-03-01 or 2024-03-01 13:05:00, True
// and False, nothing where a cell is missing.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/formats.hpp"
#include "strata/data.hpp"

namespace strata::internal {

/// The table with the types, words and numbers that its columns would have been read with. Fields that were judged
/// before (`Field::why`), arrays of several numbers an example, and what a dictionary says to be categories, keep what
/// they are. `notes` gets a sentence on each thing that is not plain. Errors: as read_texts.
[[nodiscard]] Table judged_frame(Table table, const Request& request, std::vector<std::string>& notes);
/// The table with these columns in the forms that are known of them, those of numbers that are to be words but as they
/// are: a number is found among words by its value. Names that it does not have are no matter.
[[nodiscard]] Table known_frame(Table table, std::span<const KnownColumn> known, const ReadingOptions& reading,
                                std::vector<std::string>& notes);

}  // namespace strata::internal
