#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/checked.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/table_storage.hpp"

namespace strata {
namespace {

std::vector<std::string> names_of(std::span<const Field> fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const Field& field : fields) names.push_back(field.name);
  return names;
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

// Why a word may stand where a number should, where we can guess it.
std::string hint_for(std::string_view word) {
  for (const char* marker : {"?", "-", "NA", "N/A", "n/a", "na", "null", "NULL", "None", "none", "."}) {
    if (word == marker) return "; if it marks a missing value: these are not supported";
  }
  std::string with_point(word);
  double value = 0;
  if (std::ranges::count(with_point, ',') == 1) {
    *std::ranges::find(with_point, ',') = '.';
    if (parse_number(with_point, value)) return "; decimals are written with a point, thousands without a comma";
  }
  return "";
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
      const T* numbers = run.block->numbers<T>() + row * run.block->width + run.offset;
      if (all_finite(numbers, run.count)) continue;
      for (std::size_t k = 0; k < run.count; ++k) {
        if (!std::isfinite(numbers[k])) return std::pair{row, run.offset + k};
      }
    }
    return std::nullopt;
  };
  return run.block->type == NumberType::f32 ? scan(float{}) : scan(double{});
}

std::string csv_place(const Origin& origin, std::size_t line, std::size_t cell) {
  return fmt::format("{}:{}:{}", origin.name, line, cell);
}

[[noreturn]] void refuse_word(const Table& table, const Field& field, std::size_t row, std::string_view word) {
  const Place& place = table.storage().place(field);
  const Origin& origin = table.storage().origins[place.origin];
  if (!origin.is_csv) {
    throw Error(ErrorCode::value,
                fmt::format("{} is the text '{}'; expected a number", table.where(field, row), cell_text(word)));
  }
  const std::size_t line = place.bad && place.bad->row == row ? place.bad->line : origin.lines.line(row);
  throw Error(ErrorCode::value,
              fmt::format("{}: expected a number in column '{}', found '{}'{}", csv_place(origin, line, place.cell),
                          printable(place.name), cell_text(word), hint_for(word)));
}

[[noreturn]] void refuse_number(const Table& table, const Field& field, std::size_t row, std::size_t k) {
  const Place& place = table.storage().place(field);
  const Origin& origin = table.storage().origins[place.origin];
  const double value = table.number(field, row, k);
  const char* word = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (!origin.is_csv) {
    throw Error(ErrorCode::value,
                fmt::format("{} is {}; every number must be finite", table.where(field, row, k), word));
  }
  if (place.bad && place.bad->row == row) {
    if (!place.bad->text.empty()) refuse_word(table, field, row, place.bad->text);
    throw Error(ErrorCode::value, fmt::format("{}: the cell of column '{}' is empty; missing values are not supported",
                                              csv_place(origin, place.bad->line, place.cell), printable(place.name)));
  }
  throw Error(ErrorCode::value,
              fmt::format("{}: column '{}' holds {}; every number must be finite",
                          csv_place(origin, origin.lines.line(row), place.cell), printable(place.name), word));
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

}  // namespace

std::size_t Field::width() const noexcept {
  std::size_t product = 1;
  for (const std::size_t n : shape) product *= n;
  return product;
}

void LineNumbers::add(std::size_t row, std::size_t line) {
  if (runs_.empty() || runs_.back().line + (row - runs_.back().row) != line) runs_.push_back({row, line});
}

std::size_t LineNumbers::line(std::size_t row) const {
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

void Table::Storage::add_array(Field field, NumberType type, Buffer bytes, std::size_t origin) {
  if (!fields.empty() && field.rows != rows) {
    throw Error(ErrorCode::shape, fmt::format("{}: '{}' has {} examples, but '{}' has {}; choose fields with as many",
                                              origins[origin].name, printable(field.name), field.rows,
                                              printable(fields.front().name), rows));
  }
  Place place{.block = blocks.size(), .offset = 0, .origin = origin, .cell = 0, .name = field.name, .bad = {}};
  make_room(places, 1);
  make_room(blocks, 1);
  make_room(fields, 1);
  rows = field.rows;
  places.push_back(std::move(place));
  blocks.push_back({type, field.width(), std::move(bytes)});
  fields.push_back(std::move(field));
}

bool is_mapped(const Table& table, std::span<const Field* const> fields) {
  const Table::Storage& storage = table.storage();
  return std::ranges::any_of(
      fields, [&](const Field* field) { return storage.blocks[storage.place(*field).block].mapped != nullptr; });
}

Table::Table() : storage_(only_errors("for a table", [] { return std::make_unique<Storage>(); })) {}
Table::~Table() = default;
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
  throw Error(ErrorCode::usage, fmt::format("{} has no {} '{}'{}{}", source(), is_csv ? "column" : "field",
                                            printable(name), suggestion(name, names),
                                            names.empty() ? " (it is empty)" : " (it has: " + joined(names) + ")"));
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
  return with_number_type(block.type, [&](auto zero) {
    return static_cast<double>(block.numbers<decltype(zero)>()[row * block.width + place.offset + k]);
  });
} catch (...) {
  throw_as_error("for this table");
}

void Table::read_row(std::span<const Field* const> fields, std::size_t row, double* out) const try {
  if (row >= storage_->rows) {
    throw Error(ErrorCode::usage, fmt::format("{} has {} examples; there is no example {} (counted from 0)", source(),
                                              storage_->rows, row));
  }
  // Neighbours are joined on the way, so that many columns of one file are one loop.
  Run run;
  for (const Field* field : fields) {
    const Place& place = storage_->place(*field);
    const Block* block = &storage_->blocks[place.block];
    if (run.block == block && run.offset + run.count == place.offset) {
      run.count += field->width();
      continue;
    }
    if (run.block != nullptr) read_runs({&run, 1}, row, out);
    out += run.count;
    run = {block, place.offset, field->width()};
  }
  if (run.block != nullptr) read_runs({&run, 1}, row, out);
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
  // A column of words may begin with empty cells.
  for (std::size_t row = 0; row < storage_->rows; ++row) {
    const std::string& word = worst->categories[static_cast<std::size_t>(number(*worst, row))];
    if (!word.empty() || row + 1 == storage_->rows) refuse_word(*this, *worst, row, word);
  }
} catch (...) {
  throw_as_error("for this table");
}

std::string Table::where(const Field& field, std::size_t row, std::size_t k) const try {
  const Place& place = storage_->place(field);
  const Origin& origin = storage_->origins[place.origin];
  if (origin.is_csv) {
    const std::size_t line = place.bad && place.bad->row == row ? place.bad->line : origin.lines.line(row);
    return fmt::format("{} (column '{}')", csv_place(origin, line, place.cell), printable(place.name));
  }
  std::string text = fmt::format("{}: {}, example {} (counted from 0)", origin.name, printable(place.name), row);
  if (field.width() > 1) text += fmt::format(", number {}", k);
  return text;
} catch (...) {
  throw_as_error("for this table");
}

void Table::add_numbers(std::string name, std::vector<std::size_t> shape, std::span<const double> values) try {
  require_new_name(*this, name);
  const std::size_t width = checked_product(shape, "the shape of an example");
  const bool fits = width > 0 && !values.empty() &&
                    (storage_->fields.empty() ? values.size() % width == 0
                                              : values.size() / width == storage_->rows && values.size() % width == 0);
  if (!fits) {
    throw Error(
        ErrorCode::shape,
        fmt::format("field '{}': {} numbers do not make {} examples of shape {}", printable(name), values.size(),
                    storage_->fields.empty() ? "whole" : std::to_string(storage_->rows), shape_words(shape)));
  }
  Buffer bytes(values.size_bytes());
  std::ranges::copy(values, bytes.as<double>());
  storage_->origins.push_back({.name = source(), .is_csv = false, .lines = {}});
  storage_->add_array(
      {.name = std::move(name), .shape = std::move(shape), .categories = {}, .rows = values.size() / width},
      NumberType::f64, std::move(bytes), storage_->origins.size() - 1);
} catch (...) {
  throw_as_error("for this table");
}

void Table::add_text(std::string name, std::span<const std::string> values) try {
  require_new_name(*this, name);
  if (values.empty() || (!storage_->fields.empty() && values.size() != storage_->rows)) {
    throw Error(ErrorCode::shape, fmt::format("field '{}': {} texts for {} examples", printable(name), values.size(),
                                              storage_->fields.empty() ? "any" : std::to_string(storage_->rows)));
  }
  Field field{.name = std::move(name), .shape = {}, .categories = {}, .rows = values.size()};
  std::unordered_map<std::string_view, std::uint32_t> index;
  Buffer bytes(checked_multiply(values.size(), sizeof(std::uint32_t), "a field of text"));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto [found, is_new] = index.try_emplace(values[i], static_cast<std::uint32_t>(field.categories.size()));
    if (is_new) field.categories.push_back(values[i]);
    bytes.as<std::uint32_t>()[i] = found->second;
  }
  storage_->origins.push_back({.name = source(), .is_csv = false, .lines = {}});
  storage_->add_array(std::move(field), NumberType::u32, std::move(bytes), storage_->origins.size() - 1);
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
  make_room(storage_->maps, from.maps.size());
  for (Place& place : from.places) {
    place.block += storage_->blocks.size();
    place.origin += storage_->origins.size();
  }
  std::ranges::move(from.fields, std::back_inserter(storage_->fields));
  std::ranges::move(from.places, std::back_inserter(storage_->places));
  std::ranges::move(from.blocks, std::back_inserter(storage_->blocks));
  std::ranges::move(from.origins, std::back_inserter(storage_->origins));
  std::ranges::move(from.maps, std::back_inserter(storage_->maps));
  other.storage_ = std::move(nothing);
} catch (...) {
  throw_as_error("for this table");
}

}  // namespace strata
