// The first look at a table of text: how it is written, and what each of its columns is.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/buffer.hpp"
#include "data/byte_source.hpp"
#include "data/column_survey.hpp"
#include "data/dialect.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// One of the texts that are a table together.
struct SurveyedText {
  std::string name;
  Dialect dialect;
  TextCounts counts;
  std::size_t rows = 0;
  LineNumbers lines;
  std::vector<std::size_t> cells;  // column of the table → cell of a record
};

struct TextSurvey {
  std::vector<SurveyedText> texts;
  std::size_t rows = 0;
  std::vector<ColumnVerdict> columns;  // one for each name of the first dialect
  /// What ColumnSurvey::add gave for all cells, row after row; empty where that would be too much to keep.
  Buffer numbers;

  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return texts.front().dialect.names; }
  [[nodiscard]] TextReport report() const;
};

/// How the text is written. Throws as find_dialect; Error(format) for a text without a header where that is not said.
[[nodiscard]] Dialect dialect_of(Input& input, const Request& request);
/// Reads all of it. Errors: as dialect_of and CsvScanner; usage (a column that is named is not there, or cannot be what
/// it is said to be); format (no rows; texts that have not the same columns).
[[nodiscard]] TextSurvey survey_texts(std::span<const TextInput> texts, const Request& request);

}  // namespace strata::internal
