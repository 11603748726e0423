// Rows of a table of text as numbers: the cells of the columns that are wanted, in the forms that these are known to
// have.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "data/buffer.hpp"
#include "data/cell.hpp"
#include "data/column_survey.hpp"
#include "data/csv_scanner.hpp"
#include "data/dates.hpp"
#include "data/dialect.hpp"
#include "data/table_storage.hpp"
#include "data/words.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// How the cells of a column are held, and what they are written like.
struct CellForm {
  HeldAs held_as = HeldAs::numbers;
  NumberForm numbers = {};
  DateForm dates = {};
  bool only_named_missing = false;  // of words
  bool may_be_answers = false;      // of numbers: yes and no are 1 and 0
};

/// What is missing, and what becomes of a cell that its form does not read.
struct CellRules {
  explicit CellRules(const ReadingOptions& reading);

  MissingWords missing, named_missing;  // all of them; those that the user named
  bool missing_are_numbers;             // some of them: -99
  bool bad_are_missing, skip_bad_rows;
};

/// The cell as a number or date in the form, which is not of words; false, where it is none, or missing.
[[nodiscard]] bool read_cell(const CellForm& form, const CellRules& rules, std::string_view cell, double& number);

/// A column while its rows are read.
struct TextColumn {
  CellForm form;
  Words words = {};
  std::vector<BadCell> bad = {};
  bool has_more_bad = false;
  std::optional<BadCell> first_missing = {};  // of numbers: that is not empty
  std::size_t missing = 0;
};

class TextRows {
 public:
  /// Of `forms.size()` columns. `spill`: as Buffer::in.
  TextRows(std::span<const CellForm> forms, const CellRules& rules, const std::filesystem::path& spill = {});

  /// Adds the record at which the scanner stands; column i is its cell `cells[i]`. A row with a wrong cell may be left
  /// out, and is counted then.
  void add(const CsvScanner& record, std::span<const std::size_t> cells);
  /// Adds the rows of another part of the text, whose line 1 is line `lines` + 1 here.
  void append(TextRows&& next, std::size_t lines);

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] TextColumn& column(std::size_t i) noexcept { return columns_[i]; }
  /// Row after row, a number for each column: NaN, or the number of a category.
  [[nodiscard]] Buffer& numbers() noexcept { return numbers_; }
  [[nodiscard]] LineNumbers& lines() noexcept { return lines_; }
  /// Of the cells: those of the lines are the scanner's.
  [[nodiscard]] const TextCounts& counts() const noexcept { return counts_; }

 private:
  [[nodiscard]] double* new_row();
  void add_bad(TextColumn& column, BadCell cell);

  const CellRules* rules_;
  std::vector<TextColumn> columns_;
  std::vector<std::size_t> order_;  // of the columns: numbers and dates before words
  Buffer numbers_;
  LineNumbers lines_;
  TextCounts counts_;
  std::size_t rows_ = 0, kept_bad_ = 0;
};

}  // namespace strata::internal
