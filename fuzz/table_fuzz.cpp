// Any file of data: the format is found in the content, compression taken off first.
#include "fuzz/parsers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strata;
  const fuzz::MemoryFile file(fuzz::bytes_of(data, size));
  fuzz::error_of([&] { fuzz::description(read_table(file.path(), fuzz::of_equal_rows)); });
  return 0;
}
