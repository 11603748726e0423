// IDX: a table or an error, the same however the bytes arrive.
#include "fuzz/parsers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strata;
  fuzz::read_in_pieces(fuzz::bytes_of(data, size), internal::read_idx);
  return 0;
}
