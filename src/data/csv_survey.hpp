// The first look at a table of text: how it is written, and what each of its columns is.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/byte_source.hpp"
#include "data/column_survey.hpp"
#include "data/dialect.hpp"
#include "data/formats.hpp"
#include "strata/options.hpp"

namespace strata::internal {

struct TextSurvey {
  Dialect dialect;
  TextCounts counts;
  std::size_t rows = 0;
  std::vector<ColumnVerdict> columns;  // one for each of the dialect's names
};

/// How the text is written. Throws as find_dialect; Error(format) for a text without a header where that is not said.
[[nodiscard]] Dialect dialect_of(Input& input, const Request& request);
/// Reads all of it. Errors: as dialect_of and CsvScanner; usage (a column that is named is not there, or cannot be what
/// it is said to be); format (no rows).
[[nodiscard]] TextSurvey survey_text(Input& input, const Request& request);

}  // namespace strata::internal
