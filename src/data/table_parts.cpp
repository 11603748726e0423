// Tables that are parts of others: some of the rows, some of the fields. The numbers stay where they are.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/table_storage.hpp"

namespace strata {
using namespace internal;
namespace {

// Only the texts that are still there, numbered as if the field had been read with these rows alone.
void number_texts(const Table& table, Field& field, Place& place) {
  constexpr std::uint32_t kAbsent = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> number(field.categories.size(), kAbsent);
  std::vector<std::string> present;
  for (std::size_t row = 0; row < field.rows; ++row) {
    const auto before = static_cast<std::size_t>(table.number(field, row));
    if (number[before] != kAbsent) continue;
    number[before] = static_cast<std::uint32_t>(present.size());
    present.push_back(field.categories[before]);
  }
  for (std::uint32_t& text : place.texts)
    if (text != kAbsent) text = number[text];
  if (place.texts.empty()) place.texts = std::move(number);
  field.categories = std::move(present);
}

Table with_rows(const Table& whole, const Rows& chosen) {
  Table part = whole;
  Table::Storage& storage = part.storage();
  storage.rows = chosen.size();
  Rows before, after;  // the blocks that share a list go on sharing one
  for (Block& block : storage.blocks) {
    if (!(block.rows == before)) after = (before = block.rows).of(chosen);
    block.rows = after;
  }
  for (std::size_t i = 0; i < storage.fields.size(); ++i) {
    Field& field = storage.fields[i];
    field.rows = chosen.size();
    if (field.is_text() && !chosen.empty()) number_texts(part, field, storage.places[i]);
  }
  return part;
}

}  // namespace

Table Table::select_rows(std::span<const std::size_t> rows) const try {
  for (const std::size_t row : rows) storage_->require_row(row);
  return with_rows(*this, Rows(std::vector(rows.begin(), rows.end())));
} catch (...) {
  throw_as_error("for a part of this table");
}

Table Table::slice_rows(std::size_t first, std::size_t count) const try {
  if (first > rows() || count > rows() - first) storage_->require_row(std::max(first, rows()));
  return with_rows(*this, Rows(count, first));
} catch (...) {
  throw_as_error("for a part of this table");
}

Table Table::select_fields(std::span<const std::string> names) const try {
  constexpr std::size_t kUnused = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> block(storage_->blocks.size(), kUnused);  // its number in the part
  Table part;
  Storage& storage = part.storage();
  storage.source = storage_->source;
  storage.is_picture = storage_->is_picture;
  storage.rows = storage_->rows;
  storage.origins = storage_->origins;
  for (const std::string& name : names) {
    const Field& chosen = field(name);
    if (part.find(name) != nullptr)
      throw Error(ErrorCode::usage, fmt::format("{}: the field '{}' is chosen twice", source(), printable(name)));
    Place place = storage_->place(chosen);
    std::size_t& number = block[place.block];
    if (number == kUnused) {
      number = storage.blocks.size();
      storage.blocks.push_back(storage_->blocks[place.block]);
    }
    place.block = number;
    storage.fields.push_back(chosen);
    storage.places.push_back(std::move(place));
  }
  return part;
} catch (...) {
  throw_as_error("for a part of this table");
}

}  // namespace strata
