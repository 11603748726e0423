// How a table holds its numbers. Every array of a file is one block in the number type of the file (a pixel stays one
// byte); a CSV file is one block of doubles. Blocks are row-major: example after example. Tables share the numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/buffer.hpp"
#include "data/cell.hpp"
#include "data/dialect.hpp"
#include "data/rows.hpp"
#include "strata/data.hpp"

namespace strata::internal {

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

/// Numbers in rows. Copies share them, and only take_rows writes over them, where a table alone has them.
struct Block {
  Block(NumberType number_type, std::size_t numbers_in_row, Buffer bytes);
  Block(NumberType number_type, std::size_t numbers_in_row, std::shared_ptr<const std::byte> memory, std::size_t count)
      : type(number_type),
        width(numbers_in_row),
        stride(static_cast<std::ptrdiff_t>(numbers_in_row)),
        numbers(std::move(memory)),
        rows(count) {}

  NumberType type;
  std::size_t width;                         // numbers in a row
  std::ptrdiff_t stride;                     // numbers from where a row begins to where the next does
  std::shared_ptr<const std::byte> numbers;  // keeps what they are in: a buffer, a mapped file, memory of the caller's
  Rows rows;                                 // those of the numbers that the table has
  Buffer* buffer = nullptr;                  // that they are in, if it is one
  bool is_mapped = false;                    // they are in a mapped file

  /// Row i of the table.
  template <class T>
  [[nodiscard]] const T* row(std::size_t i) const noexcept {
    return reinterpret_cast<const T*>(numbers.get()) + static_cast<std::ptrdiff_t>(rows[i]) * stride;
  }
  /// The buffer, where no other block has its numbers: it may be written over.
  [[nodiscard]] Buffer* buffer_alone() const noexcept;
};

/// The lines on which the records of a CSV file begin. Nearly always a record is one line, so only the rows are kept
/// after which the count jumps.
class LineNumbers {
 public:
  /// Rows come in order, from 0.
  void add(std::size_t row, std::size_t line);
  /// Those of rows that follow, which count rows and lines from what is before them.
  void append(const LineNumbers& next, std::size_t rows, std::size_t lines);
  [[nodiscard]] std::size_t line(std::size_t row) const;

 private:
  struct Run {
    std::size_t row, line;
  };
  std::vector<Run> runs_;
};

/// Rows of a table that come from one of several texts.
struct TextFile {
  std::string name;
  std::size_t first_row = 0;
  LineNumbers lines;               // of its rows, counted from 0
  std::vector<std::size_t> cells;  // cell i of the table's first text is which one here, both from 0
};

/// Where fields come from, for messages.
struct Origin {
  std::string name;  // the file, or "the table"
  bool is_csv = false;
  std::size_t first = 0;              // which example of the file the first row is; arrays only
  LineNumbers lines = {};             // CSV only
  bool is_judged = false;             // what its columns are was found out by their cells, not known
  std::vector<TextFile> others = {};  // CSV: where the rows behind those of the first text come from
};

/// A cell of a column of numbers that is none, and does not stand for a missing one.
struct BadCell {
  std::size_t row = 0;   // of the file, counted from 0
  std::size_t line = 0;  // of the file, where the cell begins
  std::string text;
  std::string record;  // the beginning of its row, for a message
};

/// Where the numbers of a field are.
struct Place {
  std::size_t block = 0;          // index in Storage::blocks
  std::size_t offset = 0;         // of its first number in a row of the block
  std::size_t origin = 0;         // index in Storage::origins
  std::size_t cell = 0;           // CSV: which cell of a record, from 1
  std::string name;               // as the file has it; a rename leaves it
  std::vector<BadCell> bad = {};  // in the order of the rows: the first one, and others as far as there is room
  bool has_more_bad = false;      // there was none for cells further down
  std::optional<BadCell> first_missing = {};  // of a column of numbers: the first that is not empty
  bool is_part = false;                       // one of the numbers of an array that has several an example
  std::vector<std::uint32_t> texts = {};      // not empty: which text of the field each number in the block stands for
  bool of_integers = false;  // doubles that were whole numbers, with nulls among them: a CSV file spells 1, and not 1.0
  std::vector<SpelledNumber> spelled = {};  // ascending; the numbers that a text does not spell in the shortest way
};

}  // namespace strata::internal
namespace strata {

struct [[gnu::visibility("hidden")]] Table::Storage {
  std::string source;
  bool is_picture = false;
  std::size_t rows = 0;
  std::vector<Field> fields;
  std::vector<internal::Place> places;  // one a field
  std::vector<internal::Block> blocks;
  std::vector<internal::Origin> origins;
  internal::TextCounts counts;  // of the texts that it was read from
  std::filesystem::path spill;  // the folder for blocks that are read while memory is to be spared; empty: in memory

  /// Error(internal) for a field of another table.
  [[nodiscard]] const internal::Place& place(const Field& field) const;
  /// Where a row stands that the field has: the line of its text, from 1, or which example of its file, from 0.
  [[nodiscard]] std::size_t number_of(const Field& field, std::size_t row) const;
  /// Which of the texts of the field it is from, 0: the first.
  [[nodiscard]] std::size_t text_of(const Field& field, std::size_t row) const;
  [[nodiscard]] bool has_lines(const Field& field) const { return origins[place(field).origin].is_csv; }
  /// Error(usage) for a row that is not there.
  void require_row(std::size_t row) const;
  /// One array of `field.rows` examples, as many as the table has, unless it is the first.
  void add_array(Field field, internal::Block block, std::size_t origin);
};

}  // namespace strata
namespace strata::internal {

/// Without fields yet, of one origin that is no CSV file.
[[nodiscard]] Table table_from(const std::string& source, const std::filesystem::path& spill = {});

/// Number k of an example of an array, for messages: "pictures.h5: X, example 17 (counted from 0), number 3".
[[nodiscard]] std::string array_place(const std::string& source, const std::string& name, std::size_t row,
                                      std::size_t k, std::size_t width);

/// Of a cell that is no number: is it a word, or may it be one that was not remembered? One that says nothing is none.
[[nodiscard]] bool holds_word(const Table& table, const Field& field, std::size_t row);
/// The Error(value) for a cell that is no finite number, as require_numbers says it.
[[noreturn]] void refuse_cell(const Table& table, const Field& field, std::size_t row, std::size_t k);

/// Are the numbers of any of these fields in a mapped file? Then they may be more than memory holds.
[[nodiscard]] bool is_mapped(const Table& table, std::span<const Field* const> fields);

/// Numbers that stand one after the other in the rows of a block.
struct Run {
  const Block* block = nullptr;
  std::size_t offset = 0;
  std::size_t count = 0;
  const std::vector<std::uint32_t>* texts = nullptr;  // where numbers of texts have changed: the new ones
};

/// The fields as runs, neighbours joined.
[[nodiscard]] std::vector<Run> runs_of(const Table::Storage& storage, std::span<const Field* const> fields);
/// One row of the runs, one after the other, as doubles.
void read_runs(std::span<const Run> runs, std::size_t row, double* out);

/// Turns a table into the columns of a matrix, and consumes it. For every r of `rows`, in their order, the numbers of
/// `fields` (the sum of their widths) go to transform(raw, out), which writes the n_out numbers of the next column.
/// The result holds rows.size() × n_out numbers of T. Where the fields are doubles of one block that no other table
/// has, `rows` ascend and a column is no longer than a row was, this happens in the memory of the block: X then costs
/// no more than the data did.
template <class T>
[[nodiscard]] Buffer take_rows(Table&& table, std::span<const Field* const> fields, const Rows& rows, std::size_t n_out,
                               const std::function<void(const double* raw, T* out)>& transform);

extern template Buffer take_rows(Table&&, std::span<const Field* const>, const Rows&, std::size_t,
                                 const std::function<void(const double*, float*)>&);
extern template Buffer take_rows(Table&&, std::span<const Field* const>, const Rows&, std::size_t,
                                 const std::function<void(const double*, double*)>&);

}  // namespace strata::internal
