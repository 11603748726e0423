#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "data/array.hpp"
#include "data/csv_scanner.hpp"
#include "data/csv_survey.hpp"
#include "data/dialect.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostBad = 10'000;  // cells that are no numbers: remembered beside the first of each column
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

// How the cells of a column are read.
struct Form {
  HeldAs held_as = HeldAs::numbers;
  NumberForm numbers;
  DateForm dates;
};

// A column while it is read.
struct Column {
  Form form;
  Categories categories;
  std::vector<BadCell> bad;
  bool has_more_bad = false;
  std::size_t missing = 0;
};

Form form_of(const ColumnVerdict& verdict, Field& field) {
  if (verdict.held_as == HeldAs::dates) field.written = example_of(verdict.date_form);
  if (verdict.held_as == HeldAs::numbers && verdict.number_form != NumberForm{})
    field.written = example_of(verdict.number_form);
  return {.held_as = verdict.held_as, .numbers = verdict.number_form, .dates = verdict.date_form};
}

// Of a column that is known. (What is written in no form that there is cannot come from here.)
Form form_of(const Request& request, Field& field) {
  const auto known = std::ranges::find(*request.known, field.name, &KnownColumn::name);
  if (known == request.known->end()) return {};
  field.type = known->type;
  field.written = known->written;
  switch (known->type) {
    case ColumnType::number: return {.numbers = number_form_of(known->written).value_or(NumberForm{})};
    case ColumnType::date:
      return {.held_as = HeldAs::dates, .dates = date_form_of(known->written).value_or(DateForm{})};
    default: return {.held_as = HeldAs::words};
  }
}

class CsvBlocks final : public TableBlocks {
 public:
  CsvBlocks(std::unique_ptr<Input> input, Dialect dialect, const Request& request, const TextSurvey* survey)
      : input_(std::move(input)),
        name_(input_->name()),
        scanner_(*input_, name_, dialect),
        spill_(request.spill),
        report_(request.report),
        missing_(request.reading.missing),
        missing_are_numbers_(std::ranges::any_of(request.reading.missing,
                                                 [](const std::string& word) { return read_number(word).forms != 0; })),
        bad_are_missing_(request.reading.bad_cells == BadCells::missing) {
    choose(dialect.names, request, survey);
    if (report_ != nullptr) *report_ = {.dialect = std::move(dialect), .counts = {}};
  }

  std::optional<Table> read(std::size_t most) override {
    numbers_ = Buffer::in(spill_);
    rows_ = kept_bad_ = 0;
    origin_ = {.name = name_, .is_csv = true, .lines = {}};
    try {
      while (rows_ < most && scanner_.next_row()) store_row();
    } catch (...) {
      if (rows_ == 0) throw;
      keep_fault(std::current_exception());
    }
    if (report_ != nullptr) report_->counts = scanner_.counts();
    if (rows_ > 0) return finish();
    if (is_first_) throw Error(ErrorCode::format, fmt::format("{} has a header but no rows", name_));
    return std::nullopt;
  }

 private:
  void choose(const std::vector<std::string>& names, const Request& request, const TextSurvey* survey) {
    std::vector<Field> available;
    available.reserve(names.size());
    for (std::size_t c = 0; c < names.size(); ++c) {
      available.push_back({.name = names[c], .shape = {}, .categories = {}});
      if (survey == nullptr) continue;
      const ColumnVerdict& verdict = survey->columns[c];
      available.back().type = verdict.type;
      available.back().why = verdict.why;
      available.back().missing = verdict.missing;
    }
    const std::vector<std::size_t> chosen = chosen_fields(name_, available, request.choose);
    columns_.resize(chosen.size());
    for (std::size_t slot = 0; slot < chosen.size(); ++slot) {
      cells_.push_back(chosen[slot]);
      Field& field = available[chosen[slot]];
      columns_[slot].form = survey != nullptr ? form_of(survey->columns[chosen[slot]], field) : form_of(request, field);
      fields_.push_back(std::move(field));
    }
    row_bytes_ = checked_multiply(columns_.size(), sizeof(double), "the size of a row");
  }

  void store_row() {
    numbers_.resize(
        checked_add(checked_multiply(rows_, row_bytes_, "the size of the table"), row_bytes_, "the size of the table"));
    const auto cells = scanner_.cells();
    for (std::size_t slot = 0; slot < columns_.size(); ++slot) store(slot, cells[cells_[slot]].text);
    origin_.lines.add(rows_, scanner_.line());
    ++rows_;
  }

  void store(std::size_t slot, std::string_view cell) {
    Column& column = columns_[slot];
    double& number = numbers_.as<double>()[rows_ * columns_.size() + slot];
    if (column.form.held_as == HeldAs::words) {
      const bool is_missing = missing_.contains(cell);
      column.missing += is_missing ? 1 : 0;
      number = static_cast<double>(column.categories.index(is_missing ? std::string_view() : cell));
      return;
    }
    const bool read = column.form.held_as == HeldAs::numbers ? parse_number_as(cell, column.form.numbers, number)
                                                             : parse_date_as(cell, column.form.dates, number);
    if (read && !(missing_are_numbers_ && missing_.contains(cell))) return;
    number = kNotANumber;
    if (bad_are_missing_ || missing_.contains(cell)) {
      ++column.missing;
    } else if (column.bad.empty() || (kept_bad_ < kMostBad && !column.has_more_bad)) {
      column.bad.push_back({.row = rows_, .line = scanner_.line_of(cells_[slot]), .text = std::string(cell)});
      ++kept_bad_;
    } else {
      column.has_more_bad = true;
    }
  }

  Table finish() {
    numbers_.resize(rows_ * row_bytes_);
    numbers_.shrink_to_fit();
    Table table;
    Table::Storage& storage = table.storage();
    storage.source = name_;
    storage.rows = rows_;
    for (std::size_t slot = 0; slot < columns_.size(); ++slot) {
      Column& column = columns_[slot];
      Field field = fields_[slot];
      field.rows = rows_;
      field.missing = std::exchange(column.missing, 0);
      field.categories = column.categories.take();
      storage.places.push_back({.offset = slot,
                                .cell = cells_[slot] + 1,
                                .name = field.name,
                                .bad = std::exchange(column.bad, {}),
                                .has_more_bad = std::exchange(column.has_more_bad, false)});
      storage.fields.push_back(std::move(field));
    }
    is_first_ = false;
    storage.blocks.push_back({NumberType::f64, columns_.size(), std::move(numbers_)});
    storage.origins.push_back(std::move(origin_));
    return table;
  }

  std::unique_ptr<Input> input_;
  std::string name_;
  CsvScanner scanner_;
  std::filesystem::path spill_;
  TextReport* report_;
  MissingWords missing_;
  bool missing_are_numbers_;  // some of them: -99
  bool bad_are_missing_;
  std::vector<std::size_t> cells_;  // chosen column → cell of a record
  std::vector<Field> fields_;
  std::vector<Column> columns_;
  std::size_t row_bytes_ = 0;
  bool is_first_ = true;
  // Of this block
  Origin origin_;
  Buffer numbers_;  // rows × chosen columns doubles
  std::size_t rows_ = 0;
  std::size_t kept_bad_ = 0;
};

}  // namespace

Blocks read_csv(std::unique_ptr<Input> input, const Request& request, const TextSurvey* survey) {
  Dialect dialect = survey != nullptr ? survey->dialect : dialect_of(*input, request);
  return std::make_unique<CsvBlocks>(std::move(input), std::move(dialect), request, survey);
}

}  // namespace strata::internal
