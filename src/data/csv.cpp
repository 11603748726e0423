#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "data/array.hpp"
#include "data/csv_scanner.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostColumns = 1'000'000;
constexpr std::size_t kMostBad = 10'000;  // cells that are no numbers: remembered beside the first of each column
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_blank_line(const CsvScanner::Cell& cell) {
  return cell.ends_record && !cell.quoted && without_blanks(cell.text).empty();
}

// A first line of numbers is an example whose file has no header, and would be lost as names. Only 0, 1, … n−1 are
// names: those that are written for columns without any.
bool looks_like_numbers(std::span<const std::string> names) {
  bool any = false, counts = names.size() > 1;
  std::size_t next = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 0 && names[i].empty()) continue;
    double value = 0;
    const bool missing = names[i].empty() || names[i] == "?" || names[i] == "NA" || names[i] == "-";
    if (!missing && !parse_number(names[i], value)) return false;
    any = any || (!missing && std::isfinite(value));
    counts = counts && !missing && names[i] == std::to_string(next++);
  }
  return any && !counts;
}

struct Header {
  std::vector<std::string> names;
  std::size_t line = 0;
};

Header read_header(CsvScanner& scanner, const std::string& name) {
  scanner.set_delimiter(scanner.sniff_delimiter());
  if (scanner.at_end()) throw Error(ErrorCode::format, fmt::format("{} holds nothing but blank lines", name));
  Header header{.names = {}, .line = scanner.line()};
  std::string room;
  for (bool last = false; !last;) {
    const CsvScanner::Cell cell = scanner.next();
    header.names.emplace_back(as_utf8(without_blanks(cell.text), room));
    last = cell.ends_record;
    if (header.names.size() > kMostColumns) scanner.fail(header.line, "more than 1,000,000 columns");
  }
  std::vector<std::string>& names = header.names;
  if (looks_like_numbers(names)) {
    scanner.fail(
        header.line,
        fmt::format("the first line must name the columns, but it holds numbers ({}); put a line of names before it",
                    joined(names, 4)));
  }
  if (names.front().empty()) names.front() = "column_1";  // the row numbers that pandas writes have no name
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      scanner.fail(header.line,
                   fmt::format("column {} of {} has no name; every column needs one{}", i + 1, names.size(),
                               i + 1 == names.size() ? " (does the line end with a delimiter too many?)" : ""));
    }
    const auto [first, is_new] = seen.try_emplace(names[i], i);
    if (!is_new) {
      scanner.fail(header.line,
                   fmt::format("columns {} and {} are both named '{}'; every column needs a name of its own",
                               first->second + 1, i + 1, printable(names[i])));
    }
  }
  return header;
}

// A column while it is read. What it holds is decided by its first cell that is not empty.
struct Column {
  enum class Kind { undecided, numbers, text };
  Kind kind = Kind::undecided;
  Categories categories;
  std::vector<BadCell> bad;
  bool has_more_bad = false;
};

class CsvBlocks final : public TableBlocks {
 public:
  CsvBlocks(std::unique_ptr<Input> input, const Request& request)
      : input_(std::move(input)), name_(input_->name()), scanner_(*input_, name_), spill_(request.spill) {
    const Header header = read_header(scanner_, name_);
    choose(header, request);
  }

  std::optional<Table> read(std::size_t most) override {
    numbers_ = Buffer::in(spill_);
    rows_ = kept_bad_ = 0;
    origin_ = {.name = name_, .is_csv = true, .lines = {}};
    try {
      while (rows_ < most && !scanner_.at_end()) read_record();
    } catch (...) {
      if (rows_ == 0) throw;
      keep_fault(std::current_exception());
    }
    if (rows_ > 0) return finish();
    if (is_first_) throw Error(ErrorCode::format, fmt::format("{} has a header but no rows", name_));
    return std::nullopt;
  }

 private:
  void choose(const Header& header, const Request& request) {
    std::vector<Field> available;
    available.reserve(header.names.size());
    for (const std::string& column : header.names) available.push_back({.name = column, .shape = {}, .categories = {}});
    const std::vector<std::size_t> chosen = chosen_fields(name_, available, request.choose);
    slot_of_cell_.assign(header.names.size(), kSkipped);
    columns_.resize(chosen.size());
    for (std::size_t slot = 0; slot < chosen.size(); ++slot) {
      slot_of_cell_[chosen[slot]] = slot;
      cells_.push_back(chosen[slot]);
      fields_.push_back(std::move(available[chosen[slot]]));
      if (std::ranges::find(request.text, fields_.back().name) != request.text.end())
        columns_[slot].kind = Column::Kind::text;
    }
    row_bytes_ = checked_multiply(columns_.size(), sizeof(double), "the size of a row");
  }

  void read_record() {
    const std::size_t expected = slot_of_cell_.size();
    const std::size_t line = scanner_.line();
    CsvScanner::Cell cell = scanner_.next();
    if (is_blank_line(cell)) return;
    numbers_.resize(
        checked_add(checked_multiply(rows_, row_bytes_, "the size of the table"), row_bytes_, "the size of the table"));
    std::size_t count = 0;
    while (true) {
      if (count < expected) {
        const std::size_t slot = slot_of_cell_[count];
        if (slot != kSkipped) store(slot, cell);
      }
      ++count;
      if (cell.ends_record) break;
      cell = scanner_.next();
    }
    if (count != expected) scanner_.fail(line, fmt::format("expected {} cells, found {}", expected, count));
    for (const auto& [slot, word] : words_) begin_text(slot, word);
    words_.clear();
    origin_.lines.add(rows_, line);
    ++rows_;
  }

  void store(std::size_t slot, const CsvScanner::Cell& cell) {
    Column& column = columns_[slot];
    double& number = numbers_.as<double>()[rows_ * columns_.size() + slot];
    if (column.kind == Column::Kind::text) {
      number = static_cast<double>(column.categories.index(cell.text));
      return;
    }
    if (parse_number(cell.text, number)) {
      column.kind = Column::Kind::numbers;
      return;
    }
    number = kNotANumber;
    const bool is_empty = without_blanks(cell.text).empty();
    if (!is_empty && column.kind == Column::Kind::undecided) return words_.push_back({slot, std::string(cell.text)});
    if (column.bad.empty() || (kept_bad_ < kMostBad && !column.has_more_bad)) {
      std::string room;
      column.bad.push_back({.row = rows_,
                            .line = cell.line,
                            .text = is_empty ? "" : std::string(as_utf8(without_blanks(cell.text), room))});
      ++kept_bad_;
    } else {
      column.has_more_bad = true;
    }
  }

  // Until here all cells of the column were empty. (What it is stays decided in the blocks that follow.)
  void begin_text(std::size_t slot, const std::string& word) {
    Column& column = columns_[slot];
    column.kind = Column::Kind::text;
    kept_bad_ -= column.bad.size();
    column.bad.clear();
    column.has_more_bad = false;
    double* numbers = numbers_.as<double>() + slot;
    for (std::size_t row = 0; row < rows_; ++row) {
      numbers[row * columns_.size()] = static_cast<double>(column.categories.index(""));
    }
    numbers[rows_ * columns_.size()] = static_cast<double>(column.categories.index(word));
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

  static constexpr std::size_t kSkipped = std::numeric_limits<std::size_t>::max();

  std::unique_ptr<Input> input_;
  std::string name_;
  CsvScanner scanner_;
  std::filesystem::path spill_;
  std::vector<std::size_t> slot_of_cell_;  // cell of a record → chosen column, or kSkipped
  std::vector<std::size_t> cells_;         // chosen column → cell of a record
  std::vector<Field> fields_;
  std::vector<Column> columns_;
  std::size_t row_bytes_ = 0;
  bool is_first_ = true;
  // Of this block
  Origin origin_;
  Buffer numbers_;  // rows × chosen columns doubles
  std::size_t rows_ = 0;
  std::size_t kept_bad_ = 0;
  std::vector<std::pair<std::size_t, std::string>> words_;  // of this record: each makes its column one of text
};

}  // namespace

Blocks read_csv(std::unique_ptr<Input> input, const Request& request) {
  return std::make_unique<CsvBlocks>(std::move(input), request);
}

}  // namespace strata::internal
