// What the columns of a table are, by all of their cells and by what is said of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/column_survey.hpp"
#include "data/formats.hpp"
#include "data/text_rows.hpp"
#include "strata/data.hpp"

namespace strata::internal {

/// Throws Error(usage) where an option names a column that is none of these; `source` is what has them.
void require_named(const std::string& source, std::span<const std::string> names, const ReadingOptions& reading);
/// `decimal`: as there. Throws Error(usage) for a column of which two options say what it is.
[[nodiscard]] ColumnWishes wishes_for(const std::string& name, const Request& request, char decimal);
/// Those of the columns that are to be predicted.
[[nodiscard]] std::vector<std::string> labels_of(std::span<const std::string> names, const Request& request);
/// What all cells of a column say. Where its lines are 0, places are counted by rows. Errors: value (a cell that is no
/// date where the user wants dates), usage (dates that are ambiguous).
[[nodiscard]] ColumnVerdict judge(ColumnSurvey& column, const std::string& source, const std::string& name,
                                  const ColumnWishes& wishes, const Request& request,
                                  std::span<const std::string> labels);

/// How the cells are to be read, and what the field is.
[[nodiscard]] CellForm form_of(const ColumnVerdict& verdict, Field& field);
/// Of a column that is known. (What is written in no form that there is cannot come from here.)
[[nodiscard]] CellForm form_of(const KnownColumn& known, Field& field);

}  // namespace strata::internal
