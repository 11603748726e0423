// Data as the command line and a C++ program need it: tables of examples, read from files or made from arrays.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/arrow.h"
#include "strata/export.hpp"
#include "strata/options.hpp"
#include "strata/package.hpp"

namespace strata STRATA_EXPORT {

/// The types of numbers that a table holds as they are: whole ones without and with a sign, and floating point, with
/// their bits.
enum class NumberType : std::uint8_t { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

/// A C++ type of such numbers.
template <class T>
concept Number = (std::integral<T> && sizeof(T) <= sizeof(std::uint64_t) && !std::same_as<T, bool>) ||
                 std::same_as<T, float> || std::same_as<T, double>;

template <Number T>
[[nodiscard]] constexpr NumberType number_type() noexcept {
  if (std::is_floating_point_v<T>) return sizeof(T) == sizeof(float) ? NumberType::f32 : NumberType::f64;
  return static_cast<NumberType>(2 * std::countr_zero(sizeof(T)) + (std::is_signed_v<T> ? 1 : 0));
}

/// Numbers in memory of the caller's, which a table reads where they are and never writes.
struct BorrowedNumbers {
  const void* data = nullptr;  ///< the first number of the first example, aligned for its type
  NumberType type = NumberType::f64;
  std::size_t rows = 0;                 ///< examples
  std::vector<std::size_t> shape = {};  ///< of an example, whose numbers follow each other in C order
  /// Bytes from one example to the next, as NumPy counts them; negative: backwards; 0: each begins where the one before
  /// it ends. So a column of a matrix of doubles in C order, with n columns, has the shape {} and the stride 8·n.
  std::ptrdiff_t stride = 0;
  /// Lets go of the memory, which does not change before; may be empty. Called exactly once, by the thread that takes
  /// away the last table which needs the numbers. It must not throw.
  std::function<void()> release = {};
};

/// What a column of a table is, judged by all of its cells.
enum class ColumnType : std::uint8_t {
  number,      ///< quantities
  yes_no,      ///< two words that answer a question: yes and no, true and false …
  category,    ///< words, or codes that look like numbers, that repeat
  date,        ///< days since 1970-01-01, the time of the day a fraction
  identifier,  ///< tells the rows apart and says nothing else: a row number, a key
  text,        ///< free text
  constant,    ///< the same in every row, or empty
};

/// One named quantity of every example: a column of a CSV file, or an array of an HDF5, NPY, NPZ or IDX file whose
/// first index counts the examples.
struct Field {
  std::string name;
  /// The shape of one example: empty for a single number, {64, 64, 3} for a colour picture. The numbers of an example
  /// are in C order (the last index runs fastest).
  std::vector<std::size_t> shape;
  /// Not empty: the field is text; its "number" is the index of its text in this list (order of first appearance).
  std::vector<std::string> categories;
  /// The numbers come from 8-bit unsigned integers, as pixels do.
  bool is_bytes = false;
  /// How many examples it has in its file; 0 when that is not yet known (the columns of a CSV file before they are
  /// read).
  std::size_t rows = 0;
  /// What the whole column was taken for. A field made from an array is a number, one of words a category.
  ColumnType type = ColumnType::number;
  /// Why, with counts, without a full stop: "712 of 891 cells are numbers, 179 are empty". Empty: nobody had to judge.
  std::string why = {};
  /// Cells that say nothing: empty, or a word such as NA. NaN in a field of numbers, the category "" in one of words.
  std::size_t missing = 0;
  /// How the numbers or dates of a text are written, where that is not plain, by an example: "1.234,5", "1234.5 %",
  /// "day/month/year".
  std::string written = {};
  /// A date: day and month could change places in every cell, and nobody said which is which.
  bool is_ambiguous = false;

  [[nodiscard]] bool is_text() const noexcept { return !categories.empty(); }
  /// How many numbers an example has here: the product of `shape`.
  [[nodiscard]] std::size_t width() const noexcept;
};

/// Given the fields that a file has, without numbers, says which to read, by name.
using FieldChooser = std::function<std::vector<std::string>(std::span<const Field> available)>;

/// Examples in rows, named fields in columns. A copy costs the names, not the numbers: tables share these, also with
/// their parts, and write over them only where a training consumes a table that alone has them. Several threads may use
/// copies, or read one table, at the same time.
class Table {
 public:
  Table() : Table(named("the table")) {}
  /// `name`: what messages and the record of a model call it. Throws Error(memory).
  [[nodiscard]] static Table named(std::string_view name);
  ~Table();
  /// Throws Error(memory).
  Table(const Table& other);
  Table& operator=(const Table& other);
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;

  [[nodiscard]] std::size_t rows() const noexcept;
  [[nodiscard]] std::span<const Field> fields() const noexcept;
  /// nullptr when there is no such field.
  [[nodiscard]] const Field* find(std::string_view name) const noexcept;
  /// The field, or Error(usage) that lists the names that exist and the nearest one.
  [[nodiscard]] const Field& field(std::string_view name) const;
  /// What the numbers come from, for messages: a file name, the name that a program gave, or "the table".
  [[nodiscard]] const std::string& source() const noexcept;
  /// One picture that `read_for` made an example of.
  [[nodiscard]] bool is_picture() const noexcept;

  /// Number k of example `row`. A cell that is empty or not a number is NaN; `require_numbers` tells which it is.
  [[nodiscard]] double number(const Field& field, std::size_t row, std::size_t k = 0) const;
  /// All numbers of an example, the fields one after the other. `out` holds the sum of their widths.
  void read_row(std::span<const Field* const> fields, std::size_t row, double* out) const;
  /// Throws Error(value) with file:line:column when a cell of these fields is empty, a word, NaN or infinite.
  void require_numbers(std::span<const Field* const> fields) const;
  /// Where a number stands: "data.csv:17:3 (column 'age')", that is line 17, the third cell of its record; or
  /// "pictures.h5: train_set_x, example 17 (counted from 0), number 3".
  [[nodiscard]] std::string where(const Field& field, std::size_t row, std::size_t k = 0) const;

  /// The examples of this list, in its order; one may come several times. What is said of a cell names its place in the
  /// file, as here. A text field keeps the categories that are left, in the order of their first appearance; of no
  /// examples, all. Throws Error(usage) for an example that is not there.
  [[nodiscard]] Table select_rows(std::span<const std::size_t> rows) const;
  /// Examples first … first + count − 1. Errors: as select_rows.
  [[nodiscard]] Table slice_rows(std::size_t first, std::size_t count) const;
  /// These fields, in this order. Errors: as field; usage (a name comes twice).
  [[nodiscard]] Table select_fields(std::span<const std::string> names) const;

  /// Adds a field of numbers: rows × Π shape of them, example after example. They are copied, in their own type; 8-bit
  /// unsigned ones count as pixels. Errors: shape (the sizes do not fit), usage (the name is taken), value (a whole
  /// number that float64 cannot hold exactly), memory. The table is then as it was.
  template <std::ranges::contiguous_range Numbers = std::span<const double>>
    requires Number<std::ranges::range_value_t<Numbers>>
  void add_numbers(std::string name, std::vector<std::size_t> shape, const Numbers& values) {
    add_copy(std::move(name), std::move(shape), number_type<std::ranges::range_value_t<Numbers>>(),
             std::as_bytes(std::span(values)));
  }
  /// The same without a copy. Errors: as add_numbers; usage (no memory, or addresses that do not suit the type). By the
  /// time that an error arrives, `release` has been called.
  void add_borrowed(std::string name, BorrowedNumbers numbers);
  void add_text(std::string name, std::span<const std::string> values);
  void rename(std::string_view from, std::string to);
  /// Takes over the fields of another table. Throws Error(shape) unless it has as many rows, or this one is still
  /// empty.
  void append(Table&& other);

  struct Storage;  ///< internal
  [[nodiscard]] Storage& storage() noexcept { return *storage_; }
  [[nodiscard]] const Storage& storage() const noexcept { return *storage_; }

 private:
  explicit Table(std::unique_ptr<Storage> storage) noexcept;
  void add_copy(std::string name, std::vector<std::size_t> shape, NumberType type, std::span<const std::byte> values);

  std::unique_ptr<Storage> storage_;
};

/// Reads a CSV (also .gz), HDF5, NPY, NPZ, IDX (also .gz), PNG or JPEG file, or maps what `convert` wrote; the content
/// decides, not the name. "-" is standard input, and a pipe is as good as a file: it is opened once and read from what
/// was opened, and copied to a temporary file without a name where the format jumps about (HDF5, NPZ, pictures, what
/// `convert` wrote).
/// A text is CSV and what is like it: how it is written is found, as far as `reading` does not say it, and what its
/// columns are is decided over all of their cells. Arrays are named as in their file, those of NPY "array", of IDX
/// "images" or "labels", a picture "picture". The fields come in the order of the choice; without a chooser all are
/// read. CSV errors carry file:line:column. `notes`: gets a sentence on each thing that is not plain in a text. Errors:
/// not_found, io, format, usage (a chosen name is not there), shape (chosen fields differ in rows), unsupported.
[[nodiscard]] Table read_table(const std::filesystem::path& file, const FieldChooser& choose = {},
                               const ReadingOptions& reading = {}, std::vector<std::string>* notes = nullptr);
/// The same of several files of text (CSV) that are one table: the rows of the first, then those of the next. All have
/// the same columns, in any order; what these are is decided over the cells of all files. Errors: as above; usage (no
/// file, or one that is no text); shape (a column that not all have, which the message names).
[[nodiscard]] Table read_table(std::span<const std::filesystem::path> files, const FieldChooser& choose = {},
                               const ReadingOptions& reading = {}, std::vector<std::string>* notes = nullptr);

/// A table from memory in the form of the Arrow C data interface, which pandas, polars, pyarrow and DuckDB give. A
/// struct array is a table, its children are the columns; what they are called is kept. Whole numbers and numbers of
/// 32 and 64 bits that are all there, in one array, stay where they are: the table lets go of the array by its
/// `release`. All else is copied. A null is missing, as NaN and the empty text are.
///
/// - Numbers (c C s S i I l L e f g) are numbers; whole ones with nulls become float64, and a column that has one
/// beyond
///   2^53 becomes text, for such are codes.
/// - Texts (u U vu) have the type `text` and booleans (b), which are the words True and False, the type `yes_no`, until
///   their cells are looked at: see `judged`.
/// - Dictionaries are what their values are; of texts they have the type `category`.
/// - Dates (tdD tdm) and timestamps (ts…) are days since 1970-01-01 in UTC; those without a time zone are taken to be
///   UTC.
/// - A column of nulls (n) holds nothing.
///
/// `name` is what messages and the record of a model call the table. `stream`, or `schema` and `array`, are taken over,
/// whatever comes of it: they are released here or with the table, exactly once, by any thread. Errors: unsupported
/// (another type, with the name of its column), format (structs that cannot be what they say, text that is no UTF-8),
/// io (the stream's own), usage (released structs, two columns of one name), value (no rows), memory. How long a buffer
/// is the interface does not say, so that nobody can check it.
[[nodiscard]] Table read_arrow(ArrowArrayStream& stream, const std::string& name = "the frame");
[[nodiscard]] Table read_arrow(ArrowSchema& schema, ArrowArray& array, const std::string& name = "the frame");

/// What to read: a file and, where they are not clear from the file or the model, the names of the inputs and the
/// target, in the model's order; the model's own names may be in any. A target may also be a file of its own (IDX
/// labels, y.npy) with as many rows.
struct Source {
  std::filesystem::path file;
  std::vector<std::string> inputs = {};
  std::vector<std::string> target = {};
  /// Of a text; but for the types of its columns, which the model knows.
  ReadingOptions reading = {};
  /// Fields of one number or word an example that TableReader::kept hands on, whatever the model makes of them.
  std::vector<std::string> keep = {};
  /// With the target: rows that lack it are left out, and counted by TableReader::left_out; else they are no good.
  MissingTarget missing_target = MissingTarget::error;
  /// With the target: a column of numbers that says how much each row counts. Rows of weight 0 are left out, and
  /// counted.
  std::string weight_column = {};
};

/// A picture resized to (rows, cols, channels), antialiased: one example, in C order, values 0 … 255.
/// Grey becomes colour by repetition, colour grey by luminance (Rec. 601), transparency is laid on white; the
/// orientation that a camera noted is applied. Errors: format (no picture), unsupported.
[[nodiscard]] std::vector<double> read_image(const std::filesystem::path& file, std::span<const std::size_t> shape);

/// Writes a C-ordered float64 .npy file of this shape; `values` in that order.
void write_npy(const std::filesystem::path& file, std::span<const std::size_t> shape, std::span<const double> values);

}  // namespace strata STRATA_EXPORT
