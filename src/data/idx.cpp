// IDX, the format of MNIST: two zeros, a type, a rank, the dimensions (32 bits, the largest byte first), the numbers.
#include <fmt/format.h>

#include <array>

#include "data/array.hpp"
#include "data/formats.hpp"
#include "strata/error.hpp"

namespace strata::internal {

Blocks read_idx(std::unique_ptr<Input> input, const Request& request) {
  std::array<std::byte, 4> start;
  input->read_exactly(start, "the IDX header");
  ArrayLayout layout;
  switch (static_cast<unsigned>(start[2])) {
    case 0x08: layout.type = NumberType::u8; break;
    case 0x09: layout.type = NumberType::i8; break;
    case 0x0B: layout.type = NumberType::i16; break;
    case 0x0C: layout.type = NumberType::i32; break;
    case 0x0D: layout.type = NumberType::f32; break;
    case 0x0E: layout.type = NumberType::f64; break;
    default:
      throw Error(ErrorCode::unsupported, fmt::format("{}: IDX numbers of the unknown type 0x{:02x}", input->name(),
                                                      static_cast<unsigned>(start[2])));
  }
  layout.item_bytes = bytes_of(layout.type);
  layout.swap = layout.item_bytes > 1;
  const auto rank = static_cast<std::size_t>(start[3]);
  for (std::size_t d = 0; d < rank; ++d) {
    std::array<std::byte, 4> digits;
    input->read_exactly(digits, "the IDX header");
    std::size_t size = 0;
    for (const std::byte digit : digits) size = size << 8U | static_cast<std::size_t>(digit);
    layout.dims.push_back(size);
  }
  return blocks_of(std::move(input), rank >= 2 ? "images" : "labels", layout, request);
}

}  // namespace strata::internal
