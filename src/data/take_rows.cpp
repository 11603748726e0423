#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/checked.hpp"
#include "data/table_storage.hpp"

namespace strata::internal {

std::vector<Run> runs_of(const Table::Storage& storage, std::span<const Field* const> fields) {
  std::vector<Run> runs;
  for (const Field* field : fields) {
    const Place& place = storage.place(*field);
    const Block* block = &storage.blocks[place.block];
    const bool is_next = !runs.empty() && runs.back().block == block && runs.back().texts == nullptr &&
                         runs.back().offset + runs.back().count == place.offset && place.texts.empty();
    if (is_next) {
      runs.back().count += field->width();
    } else {
      runs.push_back({block, place.offset, field->width(), place.texts.empty() ? nullptr : &place.texts});
    }
  }
  return runs;
}

void read_runs(std::span<const Run> runs, std::size_t row, double* out) {
  for (const Run& run : runs) {
    with_number_type(run.block->type, [&](auto zero) {
      const auto* from = run.block->row<decltype(zero)>(row) + run.offset;
      for (std::size_t k = 0; k < run.count; ++k) out[k] = static_cast<double>(from[k]);
    });
    if (run.texts != nullptr) *out = (*run.texts)[static_cast<std::size_t>(*out)];
    out += run.count;
  }
}

template <class T>
Buffer take_rows(Table&& table, std::span<const Field* const> fields, const Rows& rows, std::size_t n_out,
                 const std::function<void(const double* raw, T* out)>& transform) {
  Table owned = std::move(table);
  Table::Storage& storage = owned.storage();
  const std::vector<Run> runs = runs_of(storage, fields);
  std::size_t raw_size = 0;
  for (const Run& run : runs) raw_size += run.count;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const std::size_t row = rows[i]; row >= storage.rows) {
      throw Error(ErrorCode::internal, fmt::format("take_rows: row {} of a table of {} rows", row, storage.rows));
    }
  }
  const std::size_t column_bytes = checked_multiply(n_out, sizeof(T), "the size of a column");
  const std::size_t total_bytes = checked_multiply(rows.size(), column_bytes, "the size of a matrix");

  // With strictly ascending rows, row i of `rows` is at least row i of the block, so the columns that are already
  // written end at or before the row that is read next.
  const Block* const block = runs.empty() ? nullptr : runs.front().block;
  Buffer* const used = block != nullptr ? block->buffer_alone() : nullptr;
  const bool in_place = used != nullptr && block->type == NumberType::f64 &&
                        std::ranges::all_of(runs, [&](const Run& run) { return run.block == block; }) &&
                        column_bytes <= block->width * sizeof(double) && rows.ascend() && block->rows.ascend();

  Buffer fresh;
  if (!in_place) fresh.resize(total_bytes);
  Buffer& target = in_place ? *used : fresh;
  const auto raw = std::make_unique<double[]>(raw_size);
  const auto column = std::make_unique<T[]>(n_out);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    read_runs(runs, rows[i], raw.get());
    transform(raw.get(), column.get());
    // A copy, so that the caller's code never writes through a pointer into memory that still holds the table's
    // doubles.
    if (column_bytes > 0) std::memcpy(target.data() + i * column_bytes, column.get(), column_bytes);
  }
  Buffer result = std::move(target);
  result.resize(total_bytes);
  result.shrink_to_fit();
  return result;
}

template Buffer take_rows(Table&&, std::span<const Field* const>, const Rows&, std::size_t,
                          const std::function<void(const double*, float*)>&);
template Buffer take_rows(Table&&, std::span<const Field* const>, const Rows&, std::size_t,
                          const std::function<void(const double*, double*)>&);

}  // namespace strata::internal

namespace strata {
using namespace internal;

std::size_t Table::Storage::number_of(const Field& field, std::size_t row) const {
  const Place& at = place(field);
  const Origin& origin = origins[at.origin];
  const std::size_t in_file = blocks[at.block].rows[row];
  if (!origin.is_csv) return origin.first + in_file;
  const auto after = std::ranges::upper_bound(origin.others, in_file, {}, &TextFile::first_row);
  return after == origin.others.begin() ? origin.lines.line(in_file)
                                        : (after - 1)->lines.line(in_file - (after - 1)->first_row);
}

std::size_t Table::Storage::text_of(const Field& field, std::size_t row) const {
  const Place& at = place(field);
  const std::vector<TextFile>& others = origins[at.origin].others;
  const auto after = std::ranges::upper_bound(others, blocks[at.block].rows[row], {}, &TextFile::first_row);
  return static_cast<std::size_t>(after - others.begin());
}

}  // namespace strata
