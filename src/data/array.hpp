// Arrays as files hold them, and as tables do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/byte_source.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"

namespace strata::internal {

/// How an array lies in a file.
struct ArrayLayout {
  enum class Kind { number, boolean, half, bytes_text, ucs4_text, counted_text };
  Kind kind = Kind::number;
  NumberType type = NumberType::f64;  // in the table; half: f32, boolean: u8, text: u32
  std::size_t item_bytes = 8;         // in the file
  bool swap = false;                  // the bytes of an item stand the other way round
  bool fortran = false;               // the first index runs fastest
  bool is_turned = false;             // by its writer: the last index counts the examples
  std::vector<std::size_t> dims;

  [[nodiscard]] bool is_text() const noexcept { return kind >= Kind::bytes_text; }
};

/// The layout with the examples first: its indices the other way round where they are last. Not `is_turned` any more.
[[nodiscard]] ArrayLayout examples_first(const ArrayLayout& layout, Transpose transpose);

/// The field that an array makes: rows = the first dimension, shape = the others. Text has no categories before the
/// reading.
[[nodiscard]] Field field_of(std::string name, const ArrayLayout& layout);
/// Why an array cannot be a field ("has no examples", …), or nothing.
[[nodiscard]] std::string why_no_field(const ArrayLayout& layout);

/// An array of a file that becomes a field; `open` gives its items when they are asked for.
struct ArrayField {
  Field field;
  ArrayLayout layout;
  std::function<std::unique_ptr<Input>()> open;
};
/// Arrays of as many examples, from their beginning. In blocks they are open together and read side by side; all rows
/// at once are read one array after the other, into C order and the byte order of this machine. Throws Error(format)
/// when an input has fewer or more bytes than its layout says.
[[nodiscard]] Blocks blocks_of(std::string name, std::vector<ArrayField> arrays, const Request& request);
/// Says which of the chosen arrays were turned round, and what of the file cannot be read.
void report_arrays(const Request& request, std::span<const std::string> turned, std::span<const RefusedArray> refused);
/// The array that is all of an input, of which the header is read.
[[nodiscard]] Blocks blocks_of(std::unique_ptr<Input> input, const std::string& field, const ArrayLayout& layout,
                               const Request& request);

/// Gives texts their numbers, in the order of their first appearance.
class Categories {
 public:
  Categories();
  ~Categories();
  Categories(Categories&&) noexcept;
  Categories& operator=(Categories&&) noexcept;
  /// Text that is no UTF-8 is taken for Windows-1252, so that every name is UTF-8.
  [[nodiscard]] std::size_t index(std::string_view text);
  /// In order; this object is empty afterwards.
  [[nodiscard]] std::vector<std::string> take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A number of IEEE 754 binary16; every value has an exact float.
[[nodiscard]] float from_half(std::uint16_t half) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text);
/// `text` itself where it is UTF-8; else its bytes as characters of Windows-1252, in `room`.
[[nodiscard]] std::string_view as_utf8(std::string_view text, std::string& room);

/// The layout of an .npy file: its header is read, its numbers come next. Errors: format, unsupported.
[[nodiscard]] ArrayLayout read_npy_header(Input& input);

}  // namespace strata::internal
