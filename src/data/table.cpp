#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/checked.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/table_storage.hpp"

namespace strata {
using namespace internal;
namespace {

std::vector<std::string> names_of(std::span<const Field> fields) {
  const auto names = std::views::transform(fields, &Field::name);
  return {names.begin(), names.end()};
}

// "(64, 64, 3)"; "(5,)"; "()": as Python writes shapes.
std::string shape_words(std::span<const std::size_t> shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

// A cell for a message: short, and harmless for a terminal.
std::string cell_text(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return printable(text);
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a UTF-8 sequence
  return printable(text.substr(0, end)) + "…";
}

template <class T>
bool all_finite(const T* numbers, std::size_t count) {
  // An exponent of all ones is an infinity or a NaN. Written without a branch, for the vectoriser.
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits kExponent = sizeof(T) == 4 ? Bits{0x7F800000U} : static_cast<Bits>(0x7FF0000000000000ULL);
  unsigned bad = 0;
  for (std::size_t k = 0; k < count; ++k) bad |= (std::bit_cast<Bits>(numbers[k]) & kExponent) == kExponent ? 1U : 0U;
  return bad == 0;
}

// The first number of the run that is not finite: {row, number in the row of the block}.
std::optional<std::pair<std::size_t, std::size_t>> first_not_finite(const Run& run, std::size_t rows) {
  if (run.block->type != NumberType::f32 && run.block->type != NumberType::f64) return std::nullopt;
  const auto scan = [&]<class T>(T) -> std::optional<std::pair<std::size_t, std::size_t>> {
    for (std::size_t row = 0; row < rows; ++row) {
      const T* numbers = run.block->row<T>(row) + run.offset;
      if (all_finite(numbers, run.count)) continue;
      for (std::size_t k = 0; k < run.count; ++k) {
        if (!std::isfinite(numbers[k])) return std::pair{row, run.offset + k};
      }
    }
    return std::nullopt;
  };
  return run.block->type == NumberType::f32 ? scan(float{}) : scan(double{});
}

// Which example of its file a row of the table is.
std::size_t row_in_file(const Table::Storage& storage, const Place& place, std::size_t row) {
  return storage.blocks[place.block].rows[row];
}

// What stands in a cell instead of a number, where that is remembered.
const BadCell* bad_cell(const Place& place, std::size_t row_in_file) {
  const auto found = std::ranges::lower_bound(place.bad, row_in_file, {}, &BadCell::row);
  return found != place.bad.end() && found->row == row_in_file ? &*found : nullptr;
}

// "data.csv:17:3": of a cell of a text.
std::string csv_place(const Table::Storage& storage, const Place& place, std::size_t row) {
  const std::size_t in_file = row_in_file(storage, place, row);
  const Origin& origin = storage.origins[place.origin];
  const BadCell* const bad = bad_cell(place, in_file);
  const auto after = std::ranges::upper_bound(origin.others, in_file, {}, &TextFile::first_row);
  if (after == origin.others.begin())
    return fmt::format("{}:{}:{}", origin.name, bad != nullptr ? bad->line : origin.lines.line(in_file), place.cell);
  const TextFile& file = *(after - 1);
  return fmt::format("{}:{}:{}", file.name, bad != nullptr ? bad->line : file.lines.line(in_file - file.first_row),
                     file.cells[place.cell - 1] + 1);
}

[[noreturn]] void refuse_word(const Table& table, const Field& field, std::size_t row, std::string_view word) {
  const Place& place = table.storage().place(field);
  const Origin& origin = table.storage().origins[place.origin];
  const bool is_date = field.type == ColumnType::date;
  const BadCell* const bad = bad_cell(place, row_in_file(table.storage(), place, row));
  std::string ways = fmt::format("to let such cells count as missing: {}", spelled("bad-cells", "missing"));
  if (origin.is_csv || origin.is_judged) ways += "; to leave such rows out: " + spelled("bad-rows", "skip");
  // A model knows what the column is, and how it is written.
  if (origin.is_judged) ways += "; for a column of words: " + spelled_names("categorical", std::span(&place.name, 1));
  if (!origin.is_csv) {
    const std::string help = bad == nullptr ? "" : fmt::format(" ({})", ways);
    const std::string record = bad == nullptr || bad->record.empty() ? "" : ": " + bad->record;
    throw Error(ErrorCode::value, fmt::format("{} is the text '{}'; expected a {}{}{}", table.where(field, row),
                                              cell_text(word), is_date ? "date" : "number", help, record));
  }
  const std::string written = origin.is_judged || field.written.empty() ? "" : " written like " + field.written;
  throw Error(ErrorCode::value,
              fmt::format("{}: expected a {}{} in column '{}', found '{}' ({}){}",
                          csv_place(table.storage(), place, row), is_date ? "date" : "number", written,
                          cell_text(place.name), cell_text(word), ways, bad != nullptr ? ": " + bad->record : ""));
}

[[noreturn]] void refuse_number(const Table& table, const Field& field, std::size_t row, std::size_t k) {
  const Place& place = table.storage().place(field);
  const Origin& origin = table.storage().origins[place.origin];
  const BadCell* const bad = bad_cell(place, row_in_file(table.storage(), place, row));
  if (bad != nullptr) refuse_word(table, field, row, bad->text);
  const double value = table.number(field, row, k);
  const char* word = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (!origin.is_csv) {
    throw Error(ErrorCode::value,
                fmt::format("{} is {}; every number must be finite", table.where(field, row, k), word));
  }
  const std::string where = csv_place(table.storage(), place, row);
  if (std::isnan(value) && !holds_word(table, field, row)) {
    const std::optional<BadCell>& first = place.first_missing;
    const std::size_t in_file = row_in_file(table.storage(), place, row);
    const std::string what = !first || in_file < first->row ? "is empty"
                             : in_file == first->row
                                 ? fmt::format("holds '{}', which counts as missing", cell_text(first->text))
                                 : "is missing";
    throw Error(ErrorCode::value, fmt::format("{}: the cell of column '{}' {}", where, cell_text(place.name), what));
  }
  const bool infinite = !std::isnan(value);
  const std::string way = infinite ? fmt::format(" (to let it count as missing: {})", spelled("missing", word)) : "";
  throw Error(ErrorCode::value, fmt::format("{}: column '{}' holds {}; every number must be finite{}", where,
                                            cell_text(place.name), infinite ? word : "no number", way));
}

// A whole number of more than 53 bits, between the first and the last that is set, has no double of its own.
template <std::integral T>
bool is_exact(T value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (std::is_signed_v<T> && value < 0) magnitude = 0 - magnitude;
  return magnitude == 0 || std::bit_width(magnitude) - std::countr_zero(magnitude) <= 53;
}

void require_exact(const Block& block, const Field& field, const std::string& source) {
  with_number_type(block.type, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      for (std::size_t row = 0; row < field.rows; ++row) {
        const T* const numbers = block.row<T>(row);
        for (std::size_t k = 0; k < block.width; ++k) {
          if (is_exact(numbers[k])) continue;
          throw Error(ErrorCode::value,
                      fmt::format("{} is {}, which float64 cannot hold exactly; add it as text, or as float64 where "
                                  "rounding does not matter",
                                  array_place(source, field.name, row, k, block.width), numbers[k]));
        }
      }
    }
  });
}

// What is added to several lists at once is added to all of them or to none: from here on nothing needs memory.
template <class T>
void make_room(std::vector<T>& list, std::size_t more) {
  if (list.capacity() - list.size() < more) list.reserve(std::max(list.size() + more, 2 * list.size()));
}

void require_new_name(const Table& table, std::string_view name) {
  if (table.find(name) != nullptr) {
    throw Error(ErrorCode::usage, fmt::format("{} already has a field named '{}'", table.source(), printable(name)));
  }
}

// Sets the rows of a new field of `count` numbers.
void require_fit(const Table& table, Field& field, std::size_t count) {
  require_new_name(table, field.name);
  const std::size_t width = checked_product(field.shape, "the shape of an example");
  const bool is_first = table.fields().empty();
  if (width == 0 || count == 0 || count % width != 0 || (!is_first && count / width != table.rows())) {
    throw Error(ErrorCode::shape,
                fmt::format("field '{}': {} numbers do not make {} examples of shape {}", printable(field.name), count,
                            is_first ? "whole" : std::to_string(table.rows()), shape_words(field.shape)));
  }
  field.rows = count / width;
}

// A field that a program made.
void add_field(Table::Storage& storage, Field field, Block block) {
  require_exact(block, field, storage.source);
  storage.origins.push_back({.name = storage.source, .is_csv = false, .lines = {}});
  storage.add_array(std::move(field), std::move(block), storage.origins.size() - 1);
}

}  // namespace

std::size_t Field::width() const noexcept {
  std::size_t product = 1;
  for (const std::size_t n : shape) product *= n;
  return product;
}

void internal::LineNumbers::append(const LineNumbers& next, std::size_t rows, std::size_t lines) {
  for (const Run& run : next.runs_) add(run.row + rows, run.line + lines);
}

void internal::LineNumbers::add(std::size_t row, std::size_t line) {
  if (runs_.empty() || runs_.back().line + (row - runs_.back().row) != line) runs_.push_back({row, line});
}

std::size_t internal::LineNumbers::line(std::size_t row) const {
  const auto after = std::ranges::upper_bound(runs_, row, {}, &Run::row);
  if (after == runs_.begin()) return 0;
  const Run& run = *(after - 1);
  return run.line + (row - run.row);
}

const Place& Table::Storage::place(const Field& field) const {
  const std::less<const Field*> before;
  if (!before(&field, fields.data()) && before(&field, fields.data() + fields.size())) {
    return places[static_cast<std::size_t>(&field - fields.data())];
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {  // a copy of a field
    if (fields[i].name == field.name && fields[i].shape == field.shape) return places[i];
  }
  throw Error(ErrorCode::internal, fmt::format("the field '{}' is not one of {}", printable(field.name), source));
}

void Table::Storage::require_row(std::size_t row) const {
  if (row < rows) return;
  throw Error(ErrorCode::usage,
              fmt::format("{} has {} examples; there is no example {} (counted from 0)", source, rows, row));
}

internal::Block::Block(NumberType number_type, std::size_t numbers_in_row, Buffer bytes)
    : Block(number_type, numbers_in_row, nullptr,
            numbers_in_row == 0 ? 0 : bytes.size() / (numbers_in_row * bytes_of(number_type))) {
  const auto held = std::make_shared<Buffer>(std::move(bytes));
  numbers = {held, held->data()};
  buffer = held.get();
}

Buffer* internal::Block::buffer_alone() const noexcept {
  if (buffer == nullptr || numbers.use_count() != 1) return nullptr;
  // use_count waits for nobody. A copy that comes and goes does: what the threads of former sharers read is read.
  std::shared_ptr<const std::byte>(numbers).reset();
  return buffer;
}

void Table::Storage::add_array(Field field, Block block, std::size_t origin) {
  assert(fields.empty() || field.rows == rows);
  Place place{.block = blocks.size(), .offset = 0, .origin = origin, .cell = 0, .name = field.name, .bad = {}};
  make_room(places, 1);
  make_room(blocks, 1);
  make_room(fields, 1);
  rows = field.rows;
  places.push_back(std::move(place));
  blocks.push_back(std::move(block));
  fields.push_back(std::move(field));
}

Table internal::table_from(const std::string& source, const std::filesystem::path& spill) {
  Table table;
  table.storage().source = source;
  table.storage().spill = spill;
  table.storage().origins.push_back({.name = source, .is_csv = false, .lines = {}});
  return table;
}

std::string internal::array_place(const std::string& source, const std::string& name, std::size_t row, std::size_t k,
                                  std::size_t width) {
  std::string text = fmt::format("{}: {}, example {} (counted from 0)", source, printable(name), row);
  if (width > 1) text += fmt::format(", number {}", k);
  return text;
}

bool internal::holds_word(const Table& table, const Field& field, std::size_t row) {
  const Place& place = table.storage().place(field);
  const std::size_t in_file = row_in_file(table.storage(), place, row);
  if (bad_cell(place, in_file) != nullptr) return true;
  return place.has_more_bad && in_file > place.bad.back().row;
}

void internal::refuse_cell(const Table& table, const Field& field, std::size_t row, std::size_t k) {
  refuse_number(table, field, row, k);
}

bool internal::is_mapped(const Table& table, std::span<const Field* const> fields) {
  const Table::Storage& storage = table.storage();
  return std::ranges::any_of(fields,
                             [&](const Field* field) { return storage.blocks[storage.place(*field).block].is_mapped; });
}

Table Table::named(std::string_view name) {
  return only_errors("for a table", [&] { return Table(std::make_unique<Storage>(std::string(name))); });
}
Table::Table(std::unique_ptr<Storage> storage) noexcept : storage_(std::move(storage)) {}
Table::~Table() = default;
Table::Table(const Table& other)
    : storage_(only_errors("for a copy of this table", [&] {
        return other.storage_ ? std::make_unique<Storage>(*other.storage_) : nullptr;  // none: it was moved from
      })) {}
Table& Table::operator=(const Table& other) { return *this = Table(other); }
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;

std::size_t Table::rows() const noexcept { return storage_->rows; }
std::span<const Field> Table::fields() const noexcept { return storage_->fields; }
const std::string& Table::source() const noexcept { return storage_->source; }
bool Table::is_picture() const noexcept { return storage_->is_picture; }

const Field* Table::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(storage_->fields, name, &Field::name);
  return found == storage_->fields.end() ? nullptr : &*found;
}

const Field& Table::field(std::string_view name) const try {
  if (const Field* found = find(name)) return *found;
  const std::vector<std::string> names = names_of(storage_->fields);
  const bool is_csv = !storage_->origins.empty() && storage_->origins.front().is_csv;
  throw Error(ErrorCode::usage,
              fmt::format("{} has no {} '{}'{}{}", source(), is_csv ? "column" : "field", printable(name),
                          suggestion(name, names),
                          names.empty() ? " (it is empty)" : " (it has: " + joined_names(names) + ")"));
} catch (...) {
  throw_as_error("for this table");
}

double Table::number(const Field& field, std::size_t row, std::size_t k) const try {
  const Place& place = storage_->place(field);
  if (row >= storage_->rows || k >= field.width()) {
    throw Error(
        ErrorCode::usage,
        fmt::format("{}: there is no number {} of example {} in '{}' of {} examples of {} numbers (counted from 0)",
                    source(), k, row, printable(field.name), storage_->rows, field.width()));
  }
  const Block& block = storage_->blocks[place.block];
  const auto value = with_number_type(
      block.type, [&](auto zero) { return static_cast<double>(block.row<decltype(zero)>(row)[place.offset + k]); });
  return place.texts.empty() ? value : place.texts[static_cast<std::size_t>(value)];
} catch (...) {
  throw_as_error("for this table");
}

void Table::read_row(std::span<const Field* const> fields, std::size_t row, double* out) const try {
  storage_->require_row(row);
  read_runs(runs_of(*storage_, fields), row, out);
} catch (...) {
  throw_as_error("for this table");
}

void Table::require_numbers(std::span<const Field* const> fields) const try {
  // The first bad number in the order of the rows is the one that a reader of the file meets first.
  const Field* worst = nullptr;
  std::size_t worst_row = std::numeric_limits<std::size_t>::max();
  std::size_t worst_k = 0;
  for (const Field* field : fields) {
    if (field->is_text() && storage_->rows > 0 && worst_row > 0) worst = field, worst_row = 0, worst_k = 0;
  }
  for (const Run& run : runs_of(*storage_, fields)) {
    const auto found = first_not_finite(run, storage_->rows);
    if (!found || found->first >= worst_row) continue;
    for (const Field* field : fields) {
      const Place& place = storage_->place(*field);
      if (&storage_->blocks[place.block] != run.block) continue;
      if (found->second < place.offset || found->second >= place.offset + field->width()) continue;
      worst = field, worst_row = found->first, worst_k = found->second - place.offset;
      break;
    }
  }
  if (worst == nullptr) return;
  if (!worst->is_text()) refuse_number(*this, *worst, worst_row, worst_k);
  // A column of words may begin with empty cells and with numbers.
  for (std::size_t row = 0; row < storage_->rows; ++row) {
    const std::string& word = worst->categories[static_cast<std::size_t>(number(*worst, row))];
    double ignored = 0;
    if ((!word.empty() && !parse_number(word, ignored)) || row + 1 == storage_->rows)
      refuse_word(*this, *worst, row, word);
  }
} catch (...) {
  throw_as_error("for this table");
}

std::string Table::where(const Field& field, std::size_t row, std::size_t k) const try {
  storage_->require_row(row);
  const Place& place = storage_->place(field);
  const Origin& origin = storage_->origins[place.origin];
  if (origin.is_csv) return fmt::format("{} (column '{}')", csv_place(*storage_, place, row), printable(place.name));
  const std::size_t first = place.is_part ? place.offset : 0;
  const std::size_t width = place.is_part ? storage_->blocks[place.block].width : field.width();
  return array_place(origin.name, place.name, origin.first + row_in_file(*storage_, place, row), first + k, width);
} catch (...) {
  throw_as_error("for this table");
}

void Table::add_copy(std::string name, std::vector<std::size_t> shape, NumberType type,
                     std::span<const std::byte> values) try {
  Field field{.name = std::move(name), .shape = std::move(shape), .categories = {}, .is_bytes = type == NumberType::u8};
  require_fit(*this, field, values.size() / bytes_of(type));
  Buffer bytes(values.size());
  std::ranges::copy(values, bytes.data());
  Block block(type, field.width(), std::move(bytes));
  add_field(*storage_, std::move(field), std::move(block));
} catch (...) {
  throw_as_error("for this table");
}

void Table::add_borrowed(std::string name, BorrowedNumbers numbers) try {
  // First, so that whatever goes wrong from here on, where there is no memory for it included, releases them.
  std::shared_ptr<const std::byte> memory(static_cast<const std::byte*>(numbers.data),
                                          [release = std::move(numbers.release)](const std::byte*) {
                                            if (release) release();
                                          });
  Field field{.name = std::move(name),
              .shape = std::move(numbers.shape),
              .categories = {},
              .is_bytes = numbers.type == NumberType::u8};
  const std::size_t width = checked_product(field.shape, "the shape of an example");
  require_fit(*this, field, checked_multiply(numbers.rows, width, "the size of an array"));
  const std::size_t bytes = bytes_of(numbers.type);
  const auto apart = numbers.stride / static_cast<std::ptrdiff_t>(bytes);
  if (memory == nullptr)
    throw Error(ErrorCode::usage, fmt::format("field '{}': its memory is a null pointer", printable(field.name)));
  const auto address = reinterpret_cast<std::uintptr_t>(memory.get());
  if (address % bytes != 0 || apart * static_cast<std::ptrdiff_t>(bytes) != numbers.stride) {
    throw Error(ErrorCode::usage,
                fmt::format("field '{}': numbers of {} bytes must begin at a multiple of {} and be a multiple of it "
                            "apart; found the address {:#x} and the stride {}: copy them, with add_numbers",
                            printable(field.name), bytes, bytes, address, numbers.stride));
  }
  Block block(numbers.type, width, std::move(memory), numbers.rows);
  if (numbers.stride != 0) block.stride = apart;
  add_field(*storage_, std::move(field), std::move(block));
} catch (...) {
  throw_as_error("for this table");
}

void Table::add_text(std::string name, std::span<const std::string> values) try {
  require_new_name(*this, name);
  if (values.empty() || (!storage_->fields.empty() && values.size() != storage_->rows)) {
    throw Error(ErrorCode::shape, fmt::format("field '{}': {} texts for {} examples", printable(name), values.size(),
                                              storage_->fields.empty() ? "any" : std::to_string(storage_->rows)));
  }
  Field field{
      .name = std::move(name), .shape = {}, .categories = {}, .rows = values.size(), .type = ColumnType::category};
  std::unordered_map<std::string_view, std::uint32_t> index;
  Buffer bytes(checked_multiply(values.size(), sizeof(std::uint32_t), "a field of text"));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto [found, is_new] = index.try_emplace(values[i], static_cast<std::uint32_t>(field.categories.size()));
    if (is_new) field.categories.push_back(values[i]);
    bytes.as<std::uint32_t>()[i] = found->second;
  }
  add_field(*storage_, std::move(field), Block(NumberType::u32, 1, std::move(bytes)));
} catch (...) {
  throw_as_error("for this table");
}

void Table::rename(std::string_view from, std::string to) try {
  const Field& found = field(from);
  if (found.name == to) return;
  require_new_name(*this, to);
  storage_->fields[static_cast<std::size_t>(&found - storage_->fields.data())].name = std::move(to);
} catch (...) {
  throw_as_error("for this table");
}

void Table::append(Table&& other) try {
  Storage& from = *other.storage_;
  if (from.fields.empty()) return;
  if (storage_->fields.empty()) {
    std::swap(storage_, other.storage_);
    return;
  }
  if (from.rows != storage_->rows) {
    throw Error(ErrorCode::shape, fmt::format("{} has {} examples, but {} has {}; they must belong together row by row",
                                              other.source(), from.rows, source(), storage_->rows));
  }
  for (const Field& field : from.fields) require_new_name(*this, field.name);
  auto nothing = std::make_unique<Storage>();
  make_room(storage_->fields, from.fields.size());
  make_room(storage_->places, from.places.size());
  make_room(storage_->blocks, from.blocks.size());
  make_room(storage_->origins, from.origins.size());
  for (Place& place : from.places) {
    place.block += storage_->blocks.size();
    place.origin += storage_->origins.size();
  }
  std::ranges::move(from.fields, std::back_inserter(storage_->fields));
  std::ranges::move(from.places, std::back_inserter(storage_->places));
  std::ranges::move(from.blocks, std::back_inserter(storage_->blocks));
  std::ranges::move(from.origins, std::back_inserter(storage_->origins));
  other.storage_ = std::move(nothing);
} catch (...) {
  throw_as_error("for this table");
}

}  // namespace strata
