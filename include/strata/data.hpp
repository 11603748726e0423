// Data as the command line and a C++ program need it: tables of examples, read from files or made from arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "strata/export.hpp"
#include "strata/package.hpp"

namespace strata STRATA_EXPORT {

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

  [[nodiscard]] bool is_text() const noexcept { return !categories.empty(); }
  /// How many numbers an example has here: the product of `shape`.
  [[nodiscard]] std::size_t width() const noexcept;
};

/// Given the fields that a file has (no numbers yet; CSV columns not yet known to be text), says which to read, by
/// name.
using FieldChooser = std::function<std::vector<std::string>(std::span<const Field> available)>;

/// Examples in rows, named fields in columns. Movable, not copyable: it may be large.
class Table {
 public:
  Table();
  ~Table();
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;

  [[nodiscard]] std::size_t rows() const noexcept;
  [[nodiscard]] std::span<const Field> fields() const noexcept;
  /// nullptr when there is no such field.
  [[nodiscard]] const Field* find(std::string_view name) const noexcept;
  /// The field, or Error(usage) that lists the names that exist and the nearest one.
  [[nodiscard]] const Field& field(std::string_view name) const;
  /// What the numbers come from, for messages: a file name, or "the table".
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

  /// Adds a field of numbers: rows × Π shape of them, example after example. Throws Error(shape) when the sizes do not
  /// fit.
  void add_numbers(std::string name, std::vector<std::size_t> shape, std::span<const double> values);
  void add_text(std::string name, std::span<const std::string> values);
  void rename(std::string_view from, std::string to);
  /// Takes over the fields of another table. Throws Error(shape) unless it has as many rows, or this one is still
  /// empty.
  void append(Table&& other);

  struct Storage;  ///< internal
  [[nodiscard]] Storage& storage() noexcept { return *storage_; }
  [[nodiscard]] const Storage& storage() const noexcept { return *storage_; }

 private:
  std::unique_ptr<Storage> storage_;
};

/// Reads a CSV (also .gz), HDF5, NPY, NPZ, IDX (also .gz), PNG or JPEG file, or maps what `convert` wrote; the content
/// decides, not the name. "-" is standard input, and a pipe is as good as a file: it is opened once and read from what
/// was opened, and copied to a temporary file without a name where the format jumps about (HDF5, NPZ, pictures, what
/// `convert` wrote).
/// CSV: the first line names the columns; , ; or tab parts them; a column is text when its first cell that is not empty
/// is no number, or when `text` names it; text that is not UTF-8 is taken for Latin-1. Arrays are named as in their
/// file, those of NPY "array", of IDX "images" or "labels", a picture "picture". The fields come in the order of the
/// choice; without a chooser all are read. CSV errors carry file:line:column. Errors: not_found, io, format, usage (a
/// chosen name is not there), shape (chosen fields differ in rows), unsupported.
[[nodiscard]] Table read_table(const std::filesystem::path& file, const FieldChooser& choose = {},
                               std::span<const std::string> text = {});

/// What to read: a file and, where they are not clear from the file or the model, the names of the inputs and the
/// target. A target may also be a file of its own (IDX labels, y.npy) with as many rows.
struct Source {
  std::filesystem::path file;
  std::vector<std::string> inputs;
  std::vector<std::string> target;
};

/// A picture resized to (rows, cols, channels), antialiased: one example, in C order, values 0 … 255.
/// Grey becomes colour by repetition, colour grey by luminance (Rec. 601), transparency is laid on white; the
/// orientation that a camera noted is applied. Errors: format (no picture), unsupported.
[[nodiscard]] std::vector<double> read_image(const std::filesystem::path& file, std::span<const std::size_t> shape);

/// Writes a C-ordered float64 .npy file of this shape; `values` in that order.
void write_npy(const std::filesystem::path& file, std::span<const std::size_t> shape, std::span<const double> values);

}  // namespace strata STRATA_EXPORT
