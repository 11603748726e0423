// Model files. A change is mostly found by the checksum; then the file gets the checksum that it should have, so that
// what is behind is tested too.
#include "fuzz/checksum.hpp"
#include "strata/model.hpp"

namespace {

using namespace strata;

std::optional<std::string> load(std::string_view bytes) {
  return fuzz::error_of([&] {
    const Model model = Model::from_bytes(std::as_bytes(std::span(bytes)));
    const std::vector<double> X(static_cast<std::size_t>(model.architecture().inputs), 0.5);
    const auto outputs = static_cast<std::size_t>(model.architecture().outputs);
    if (model.predict(X, 1).size() != outputs) fuzz::wrong("it predicts too few or too many numbers");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::with_right_checksum(std::string(reinterpret_cast<const char*>(data), size), load);
  return 0;
}
