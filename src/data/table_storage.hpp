// How a table holds its numbers. Every array of a file is one block in the number type of the file (a pixel stays one
// byte); a CSV file is one block of doubles. Blocks are row-major: example after example.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/buffer.hpp"
#include "data/rows.hpp"
#include "strata/data.hpp"

namespace strata {

enum class NumberType : std::uint8_t { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

/// Calls `visit` with a zero of the C++ type that belongs to `type`.
template <class Visitor>
decltype(auto) with_number_type(NumberType type, Visitor&& visit) {
  switch (type) {
    case NumberType::u8: return visit(std::uint8_t{});
    case NumberType::i8: return visit(std::int8_t{});
    case NumberType::u16: return visit(std::uint16_t{});
    case NumberType::i16: return visit(std::int16_t{});
    case NumberType::u32: return visit(std::uint32_t{});
    case NumberType::i32: return visit(std::int32_t{});
    case NumberType::u64: return visit(std::uint64_t{});
    case NumberType::i64: return visit(std::int64_t{});
    case NumberType::f32: return visit(float{});
    case NumberType::f64: break;
  }
  return visit(double{});
}

[[nodiscard]] inline std::size_t bytes_of(NumberType type) {
  return with_number_type(type, [](auto zero) { return sizeof zero; });
}

struct Block {
  NumberType type = NumberType::f64;
  std::size_t width = 0;              // numbers in a row
  Buffer bytes;                       // rows × width numbers
  const std::byte* mapped = nullptr;  // the numbers are there instead, in a file that cannot be written to

  template <class T>
  [[nodiscard]] const T* numbers() const noexcept {
    return mapped != nullptr ? reinterpret_cast<const T*>(mapped) : bytes.as<T>();
  }
};

/// The lines on which the records of a CSV file begin. Nearly always a record is one line, so only the rows are kept
/// after which the count jumps.
class LineNumbers {
 public:
  /// Rows come in order, from 0.
  void add(std::size_t row, std::size_t line);
  [[nodiscard]] std::size_t line(std::size_t row) const;

 private:
  struct Run {
    std::size_t row, line;
  };
  std::vector<Run> runs_;
};

/// Where fields come from, for messages.
struct Origin {
  std::string name;  // the file, or "the table"
  bool is_csv = false;
  LineNumbers lines;  // CSV only
};

/// The first cell of a column of numbers that is none.
struct BadCell {
  std::size_t row = 0;   // of the table
  std::size_t line = 0;  // of the file, where the cell begins
  std::string text;      // empty: the cell is
};

/// Where the numbers of a field are.
struct Place {
  std::size_t block = 0;   // index in Storage::blocks
  std::size_t offset = 0;  // of its first number in a row of the block
  std::size_t origin = 0;  // index in Storage::origins
  std::size_t cell = 0;    // CSV: which cell of a record, from 1
  std::string name;        // as the file has it; a rename leaves it
  std::optional<BadCell> bad;
};

struct [[gnu::visibility("hidden")]] Table::Storage {
  std::string source = "the table";
  bool is_picture = false;
  std::size_t rows = 0;
  std::vector<Field> fields;
  std::vector<Place> places;  // one a field
  std::vector<Block> blocks;
  std::vector<Origin> origins;
  std::vector<MappedFile> maps;  // that blocks point into
  std::filesystem::path spill;   // the folder for blocks that are read while memory is to be spared; empty: in memory

  /// Error(internal) for a field of another table.
  [[nodiscard]] const Place& place(const Field& field) const;
  /// One array of `field.rows` examples. Throws Error(shape) when the table has another number of rows.
  void add_array(Field field, NumberType type, Buffer bytes, std::size_t origin);
};

/// Are the numbers of any of these fields in a mapped file? Then they may be more than memory holds.
[[nodiscard]] bool is_mapped(const Table& table, std::span<const Field* const> fields);

/// Numbers that stand one after the other in the rows of a block.
struct Run {
  const Block* block = nullptr;
  std::size_t offset = 0;
  std::size_t count = 0;
};

/// The fields as runs, neighbours joined.
[[nodiscard]] std::vector<Run> runs_of(const Table::Storage& storage, std::span<const Field* const> fields);
/// One row of the runs, one after the other, as doubles.
void read_runs(std::span<const Run> runs, std::size_t row, double* out);

/// Turns a table into the columns of a matrix, and consumes it. For every r of `rows`, in their order, the numbers of
/// `fields` (the sum of their widths) go to transform(raw, out), which writes the n_out numbers of the next column.
/// The result holds rows.size() × n_out numbers of T. Where the fields are doubles of one block, `rows` ascend and a
/// column is no longer than a row was, this happens in the memory of the block: X then costs no more than the data did.
template <class T>
[[nodiscard]] Buffer take_rows(Table&& table, std::span<const Field* const> fields, const Rows& rows, std::size_t n_out,
                               const std::function<void(const double* raw, T* out)>& transform);

extern template Buffer take_rows(Table&&, std::span<const Field* const>, const Rows&, std::size_t,
                                 const std::function<void(const double*, float*)>&);
extern template Buffer take_rows(Table&&, std::span<const Field* const>, const Rows&, std::size_t,
                                 const std::function<void(const double*, double*)>&);

}  // namespace strata
