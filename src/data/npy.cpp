// NumPy's .npy: a magic word, the length of a header, the header (a Python dictionary), the numbers.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/checked.hpp"
#include "base/file.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/array.hpp"
#include "data/formats.hpp"
#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

constexpr std::size_t kLongestHeader = 10'000;  // as NumPy itself
constexpr std::size_t kMostDimensions = 64;

// The three entries of the header, and nothing else: whoever writes something else did not mean NumPy's format.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  ArrayLayout parse() {
    ArrayLayout layout;
    bool has_type = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !has_type) {
        has_type = true;
        set_type(layout);
      } else if (key == "fortran_order" && !has_order) {
        has_order = true;
        layout.fortran = boolean();
      } else if (key == "shape" && !has_shape) {
        has_shape = true;
        layout.dims = tuple();
      } else {
        fail(fmt::format("the entry '{}' is unknown or there twice", printable(key)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!rest_.empty()) fail("something follows the dictionary");
    if (!has_type || !has_order || !has_shape) fail("it needs 'descr', 'fortran_order' and 'shape'");
    return layout;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::format, fmt::format("{}: the NPY header cannot be read: {}", name_, what));
  }
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool accept(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) {
      fail(fmt::format("expected '{}', found '{}'", c, printable(rest_.substr(0, 1))));
    }
  }
  std::string_view quoted() {
    skip_blanks();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    if (quote != '\'' && quote != '"') fail("expected a text in quotes");
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) fail("a quote is never closed");
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool boolean() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"}) {
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return word == "True";
      }
    }
    fail("fortran_order must be True or False");
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> dims;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::size_t value = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc{}) fail("a dimension of the shape is not a whole number, or too large");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (rest_.starts_with('L')) rest_.remove_prefix(1);  // Python 2 wrote long integers so
      dims.push_back(value);
      if (dims.size() > kMostDimensions) fail("it has more than 64 dimensions");
      if (!accept(',')) {
        expect(')');
        if (dims.size() == 1) fail("a shape of one dimension ends with a comma");
        break;
      }
    }
    return dims;
  }

  void set_type(ArrayLayout& layout) {
    skip_blanks();
    if (rest_.starts_with('[')) {
      throw Error(
          ErrorCode::unsupported,
          fmt::format("{} is a structured array (several named types); save each of its fields by itself", name_));
    }
    const std::string_view type = quoted();
    const auto refuse = [&] {
      throw Error(
          ErrorCode::unsupported,
          fmt::format("{} has numbers of the type '{}'; these can be read: bool, integers of 8 to 64 bits, float16, "
                      "float32, float64 and text",
                      name_, printable(type)));
    };
    if (type.size() < 2) refuse();
    const char order = type[0], letter = type[1];
    if (letter == 'O') {
      throw Error(
          ErrorCode::unsupported,
          fmt::format(
              "{} holds pickled Python objects, which may run code and are never read; save an array of numbers",
              name_));
    }
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(type.data() + 2, type.data() + type.size(), size);
    if (error != std::errc{} || end != type.data() + type.size()) refuse();
    if (order != '<' && order != '>' && order != '|' && order != '=') refuse();
    layout.item_bytes = size;
    layout.swap = order == '>' && size > 1;
    const std::size_t power = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : size == 8 ? 3 : 4;
    if (letter == 'S' || letter == 'U') {
      layout.kind = letter == 'S' ? ArrayLayout::Kind::bytes_text : ArrayLayout::Kind::ucs4_text;
      layout.type = NumberType::u32;
      layout.swap = letter == 'U' && order == '>';
      if (size == 0 || size > (std::size_t{16} << 20)) refuse();
      if (letter == 'U') layout.item_bytes *= 4;
    } else if (letter == 'b' && size == 1) {
      layout.kind = ArrayLayout::Kind::boolean;
      layout.type = NumberType::u8;
    } else if (letter == 'f' && size == 2) {
      layout.kind = ArrayLayout::Kind::half;
      layout.type = NumberType::f32;
    } else if (letter == 'f' && (size == 4 || size == 8)) {
      layout.type = size == 4 ? NumberType::f32 : NumberType::f64;
    } else if (letter == 'u' && power < 4) {
      layout.type = std::array{NumberType::u8, NumberType::u16, NumberType::u32, NumberType::u64}[power];
    } else if (letter == 'i' && power < 4) {
      layout.type = std::array{NumberType::i8, NumberType::i16, NumberType::i32, NumberType::i64}[power];
    } else {
      refuse();
    }
    if (order == '|' && size > 1 && letter != 'S') refuse();  // no byte order, but several bytes
  }

  std::string_view rest_;
  const std::string& name_;
};

}  // namespace

ArrayLayout internal::read_npy_header(Input& input) {
  std::array<std::byte, 8> start;
  input.read_exactly(start, "the NPY header");
  if (std::memcmp(start.data(), "\x93NUMPY", 6) != 0) {
    throw Error(ErrorCode::format, fmt::format("{} does not begin as an NPY array", input.name()));
  }
  const auto major = static_cast<unsigned>(start[6]);
  if (major < 1 || major > 3 || start[7] != std::byte{0}) {
    throw Error(ErrorCode::unsupported, fmt::format("{}: NPY version {}.{}; 1.0, 2.0 and 3.0 can be read", input.name(),
                                                    major, static_cast<unsigned>(start[7])));
  }
  std::array<std::byte, 4> digits{};
  input.read_exactly(std::span(digits).first(major == 1 ? 2 : 4), "the NPY header");
  std::size_t length = 0;
  for (std::size_t i = digits.size(); i-- > 0;) length = length << 8U | static_cast<std::size_t>(digits[i]);
  if (length > kLongestHeader) {
    throw Error(ErrorCode::format, fmt::format("{}: the NPY header has {} bytes; NumPy writes at most {}", input.name(),
                                               length, kLongestHeader));
  }
  std::string header(length, '\0');
  input.read_exactly(std::as_writable_bytes(std::span(header)), "the NPY header");
  return HeaderParser(header, input.name()).parse();
}

Blocks internal::read_npy(std::unique_ptr<Input> input, const Request& request) {
  const ArrayLayout layout = read_npy_header(*input);
  return blocks_of(std::move(input), "array", layout, request);
}

void write_npy(const std::filesystem::path& file, std::span<const std::size_t> shape,
               std::span<const double> values) try {
  if (checked_product(shape, "the shape of an array") != values.size()) {
    throw Error(ErrorCode::shape,
                fmt::format("write_npy: {} numbers do not fill the shape ({})", values.size(), fmt::join(shape, ", ")));
  }
  std::string header = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}{}), }}",
                                   fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t kStart = 10;  // magic word, version, length; the numbers begin at a multiple of 64
  header.append(63 - (kStart + header.size()) % 64, ' ');
  header += '\n';
  std::string start("\x93NUMPY\x01\x00", 8);
  start += static_cast<char>(header.size() & 0xFFU);
  start += static_cast<char>(header.size() >> 8U);
  replace_file(file, [&](const Sink& sink) {
    sink(std::as_bytes(std::span(start)));
    sink(std::as_bytes(std::span(header)));
    sink(std::as_bytes(values));
  });
} catch (...) {
  throw_as_error("to write this array");
}

}  // namespace strata
