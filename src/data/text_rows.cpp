#include "data/text_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "base/checked.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostBad = 10'000;  // wrong cells that are remembered beside the first of each column
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

}  // namespace

CellRules::CellRules(const ReadingOptions& reading)
    : missing(reading.missing),
      named_missing(MissingWords::only(reading.missing)),
      missing_are_numbers(std::ranges::any_of(
          reading.missing, [](const std::string& word) { return internal::read_number(word).forms != 0; })),
      bad_are_missing(reading.bad_cells == BadCells::missing),
      skip_bad_rows(reading.bad_rows == BadRows::skip) {}

TextRows::TextRows(std::span<const CellForm> forms, const CellRules& rules, const std::filesystem::path& spill)
    : rules_(&rules), columns_(forms.size()), numbers_(Buffer::in(spill)) {
  for (std::size_t i = 0; i < forms.size(); ++i) columns_[i].form = forms[i];
  for (const bool words : {false, true}) {
    for (std::size_t i = 0; i < forms.size(); ++i)
      if ((forms[i].held_as == HeldAs::words) == words) order_.push_back(i);
  }
}

double* TextRows::new_row() {
  const std::size_t before = checked_multiply(rows_, columns_.size(), "the size of the table");
  const std::size_t after = checked_add(before, columns_.size(), "the size of the table");
  numbers_.resize(checked_multiply(after, sizeof(double), "the size of the table"));
  return numbers_.as<double>() + before;
}

bool read_cell(const CellForm& form, const CellRules& rules, std::string_view cell, double& number) {
  if (form.may_be_answers) {
    if (const std::optional<YesNo> answer = yes_or_no(cell)) {
      number = answer->yes ? 1 : 0;
      return true;
    }
  }
  const bool read = form.held_as == HeldAs::numbers ? parse_number_as(cell, form.numbers, number)
                                                    : parse_date_as(cell, form.dates, number);
  return read && !(rules.missing_are_numbers && rules.missing.contains(cell));
}

void TextRows::add_bad(TextColumn& column, BadCell cell) {
  if (column.bad.empty() || (kept_bad_ < kMostBad && !column.has_more_bad)) {
    column.bad.push_back(std::move(cell));
    ++kept_bad_;
  } else {
    column.has_more_bad = true;
  }
}

void TextRows::add(const CsvScanner& record, std::span<const std::size_t> cells) {
  double* const numbers = new_row();
  const auto texts = record.cells();
  for (const std::size_t i : order_) {
    TextColumn& column = columns_[i];
    const std::string_view cell = texts[cells[i]].text;
    if (column.form.held_as == HeldAs::words) {
      const MissingWords& missing = column.form.only_named_missing ? rules_->named_missing : rules_->missing;
      const bool is_missing = missing.contains(cell);
      column.missing += is_missing ? 1 : 0;
      numbers[i] = static_cast<double>(column.words.index(is_missing ? std::string_view() : cell));
      continue;
    }
    if (read_cell(column.form, *rules_, cell, numbers[i])) continue;
    numbers[i] = kNotANumber;
    const bool is_missing = rules_->missing.contains(cell);
    if (is_missing || rules_->bad_are_missing) ++column.missing;
    if ((is_missing || rules_->bad_are_missing) && !cell.empty() && !column.first_missing)
      column.first_missing = {.row = rows_, .line = record.line_of(cells[i]), .text = std::string(cell)};
    if (is_missing) continue;
    const std::size_t line = record.line_of(cells[i]);
    if (rules_->bad_are_missing) {
      if (counts_.bad_cells++ == 0) counts_.first_bad_cell_line = line;
    } else if (rules_->skip_bad_rows) {
      if (counts_.bad_rows++ == 0) counts_.first_bad_row_line = line;
      for (const std::size_t before : order_) {  // nothing of the row counts
        if (before == i) return;
        TextColumn& other = columns_[before];
        if (std::isnan(numbers[before])) --other.missing;
        if (other.first_missing && other.first_missing->row == rows_) other.first_missing.reset();
      }
    } else {
      add_bad(column, {.row = rows_, .line = line, .text = std::string(cell), .record = record.shown_record()});
    }
  }
  lines_.add(rows_, record.line());
  ++rows_;
}

void TextRows::append(TextRows&& next, std::size_t lines) {
  const std::size_t width = columns_.size();
  double* const from = next.numbers_.as<double>();
  for (std::size_t i = 0; i < width; ++i) {
    TextColumn &mine = columns_[i], &other = next.columns_[i];
    mine.missing += other.missing;
    if (other.first_missing && !mine.first_missing) {
      mine.first_missing = std::move(other.first_missing);
      mine.first_missing->row += rows_;
      mine.first_missing->line += lines;
    }
    for (BadCell& cell : other.bad) {
      cell.row += rows_;
      cell.line += lines;
      add_bad(mine, std::move(cell));
    }
    mine.has_more_bad = mine.has_more_bad || other.has_more_bad;
    if (mine.form.held_as != HeldAs::words) continue;
    const std::vector<double> number = mine.words.indices(other.words);
    for (std::size_t row = 0; row < next.rows_; ++row) {
      double& category = from[row * width + i];
      category = number[static_cast<std::size_t>(category)];
    }
  }
  const std::size_t before = rows_ * width * sizeof(double), more = next.rows_ * width * sizeof(double);
  numbers_.resize(checked_add(before, more, "the size of the table"));
  if (more > 0) std::memcpy(numbers_.data() + before, from, more);
  lines_.append(next.lines_, rows_, lines);
  counts_.append(next.counts_, lines);
  rows_ += next.rows_;
}

}  // namespace strata::internal
