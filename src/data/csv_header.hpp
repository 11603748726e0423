// The first line of a table of text: is it a header or a row, and what are the columns called?
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv_scanner.hpp"

namespace strata::internal {

enum class FirstLine : std::uint8_t { names, row, unclear };

/// The first line beside the rows below it.
struct HeaderLook {
  FirstLine verdict = FirstLine::unclear;
  std::size_t width = 0;       // cells in most of the rows; without rows, in the first line
  std::size_t empty_last = 0;  // so many cells at the end are blank in all rows of that width
  bool any_rows = false;
};

/// A cell that looks like a number, in any usual way of writing it.
[[nodiscard]] bool looks_like_number(std::string_view cell);

/// `first` are the cells of the first line. Reads at most 1,000 of the records that the scanner comes to, as
/// `next_sample` does.
[[nodiscard]] HeaderLook look_at_header(const std::vector<std::string>& first, CsvScanner& rows,
                                        std::string_view comment, bool complete);

/// Names for all columns from those that the header has (UTF-8; they may be empty or come twice).
[[nodiscard]] std::vector<std::string> name_columns(std::vector<std::string> names, bool has_row_names,
                                                    std::vector<std::string>& notes);

/// Goes to the next record that is neither blank nor begins with the comment sign; false at the end, at a fault (which
/// `fault` then tells) and at a record that the end of the source may have cut, unless that is the end of the text:
/// `complete`.
[[nodiscard]] bool next_sample(CsvScanner& scanner, std::string_view comment, bool complete, bool* fault = nullptr);

}  // namespace strata::internal
