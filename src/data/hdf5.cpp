// HDF5 files, read through strata-decode; what it writes is described in decode/decode.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "data/array.hpp"
#include "data/decoder.hpp"
#include "data/formats.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kLongestList = std::size_t{100} << 20;

std::string read_all(ByteSource& source, const std::string& name) {
  std::string text;
  std::array<std::byte, 4096> piece;
  while (const std::size_t got = source.read(piece)) {
    text.append(reinterpret_cast<const char*>(piece.data()), got);
    if (text.size() > kLongestList)
      throw Error(ErrorCode::format, fmt::format("{}: its list of arrays is too long", name));
  }
  return text;
}

std::optional<NumberType> number_type(std::string_view code) {
  // In the order of NumberType.
  constexpr std::array<std::string_view, 10> kCodes = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"};
  const auto found = std::ranges::find(kCodes, code);
  if (found == kCodes.end()) return std::nullopt;
  return static_cast<NumberType>(found - kCodes.begin());
}

struct Listed {
  std::string name;
  ArrayLayout layout;
};

// "u1<tab>209,64,64,3<tab>train_set_x"; "S" for text; "b" for truth values; a T behind these where the last index
// counts the examples; "?<tab>reason<tab>name" for what cannot be read.
void parse_line(std::string_view line, const std::string& source, Transpose transpose, std::vector<Listed>& listed,
                std::vector<RefusedArray>& refused) {
  const auto fail = [&]() -> Error {
    return Error(ErrorCode::format,
                 fmt::format("{}: strata-decode lists '{}', which makes no sense", source, printable(line)));
  };
  const std::size_t first = line.find('\t');
  const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
  if (second == std::string_view::npos) throw fail();
  std::string_view code = line.substr(0, first);
  const std::string_view middle = line.substr(first + 1, second - first - 1);
  Listed array{.name = std::string(line.substr(second + 1)), .layout = {}};
  if (code == "?") {
    refused.push_back({array.name, std::string(middle)});
    return;
  }
  array.layout.is_turned = code.ends_with('T');
  if (array.layout.is_turned) code.remove_suffix(1);
  for (const std::string& digits : split(middle, ',')) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (error != std::errc{} || end != digits.data() + digits.size()) throw fail();
    array.layout.dims.push_back(size);
  }
  if (code == "S") {
    array.layout.kind = ArrayLayout::Kind::counted_text;
  } else if (code == "b") {
    array.layout.kind = ArrayLayout::Kind::boolean;
    array.layout.type = NumberType::u8;
    array.layout.item_bytes = 1;
  } else {
    const std::optional<NumberType> type = number_type(code);
    if (!type) throw fail();
    array.layout.type = *type;
    array.layout.item_bytes = bytes_of(*type);
  }
  if (const std::string reason = why_no_field(examples_first(array.layout, transpose)); !reason.empty()) {
    refused.push_back({array.name, reason});
  } else {
    listed.push_back(std::move(array));
  }
}

// MATLAB has no lists: a row, where another array has as many examples, is a list of these.
void take_rows_for_lists(std::vector<Listed>& listed) {
  for (Listed& row : listed) {
    const std::vector<std::size_t>& dims = row.layout.dims;  // as in the file: a row of n is n×1
    if (!row.layout.is_turned || dims.size() != 2 || dims[1] != 1) continue;
    row.layout.is_turned = std::ranges::none_of(listed, [&](const Listed& other) {
      return &other != &row && examples_first(other.layout, Transpose::automatic).dims.front() == dims[0];
    });
  }
}

}  // namespace

Blocks read_hdf5(FileReader& file, const Request& request) {
  const std::string name = file.name();
  std::vector<Listed> listed;
  std::vector<RefusedArray> refused;
  const Transpose transpose = request.reading.transpose;
  DecoderProcess lister("list", file);
  const std::string list = read_all(lister, name);
  for (std::string_view rest = list; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    parse_line(rest.substr(0, end), name, transpose, listed, refused);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (transpose == Transpose::automatic) take_rows_for_lists(listed);
  std::vector<Field> available;
  for (const Listed& array : listed) available.push_back(field_of(array.name, examples_first(array.layout, transpose)));
  if (available.empty()) {
    const std::string what = refused.empty() ? "" : fmt::format(" ({})", reasons_of(refused));
    throw Error(ErrorCode::format, fmt::format("{} is an HDF5 file without arrays of examples{}", name, what));
  }
  const std::vector<std::size_t> chosen = chosen_fields(name, available, request.choose, refused);
  require_equal_rows(name, available, chosen);
  std::vector<ArrayField> arrays;
  std::vector<std::string> turned;
  for (const std::size_t i : chosen) {
    const ArrayLayout& in_file = listed[i].layout;
    if (in_file.is_turned && in_file.dims.size() > 1 && transpose == Transpose::automatic)
      turned.push_back(listed[i].name);
    const auto open = [&file, array = listed[i]] {
      const std::string shown = fmt::format("{}: {}", file.name(), printable(array.name));
      auto input = std::make_unique<Input>(std::make_unique<DecoderProcess>("read", file, array.name), shown);
      if (array.layout.is_text()) return input;
      const ArrayLayout layout = read_npy_header(*input);
      if (layout.dims != array.layout.dims || layout.type != array.layout.type)
        throw Error(ErrorCode::format, fmt::format("{} changed while it was read", shown));
      return input;
    };
    arrays.push_back({available[i], examples_first(in_file, transpose), open});
  }
  report_arrays(request, turned, refused);
  return blocks_of(name, std::move(arrays), request);
}

}  // namespace strata::internal
