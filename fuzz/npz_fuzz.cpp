// NPZ: archives of arrays, read from a file.
#include "fuzz/parsers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strata;
  using namespace strata::internal;
  const fuzz::MemoryFile file(fuzz::bytes_of(data, size));
  const FieldChooser choose = fuzz::of_equal_rows;
  FileReader reader(file.path());
  fuzz::error_of([&] { fuzz::description(*read_npz(reader, Request{choose})->next(kAllRows)); });
  return 0;
}
