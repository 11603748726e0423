// The JSON inside model files.
#include "fuzz/parsers.hpp"
#include "model/strict_json.hpp"

namespace {

void walk(const strata::internal::JsonNode& node) {
  strata::fuzz::error_of([&] { static_cast<void>(node.text()); });
  strata::fuzz::error_of([&] { static_cast<void>(node.number()); });
  strata::fuzz::error_of([&] { static_cast<void>(node.size(1, 1000)); });
  strata::fuzz::error_of([&] {
    for (const auto& item : node.items()) walk(item);
  });
  strata::fuzz::error_of([&] {
    for (const auto& [key, value] : node.members()) walk(value);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strata;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::error_of([&] {
    const internal::JsonDocument document(text, "the model");
    walk(document.root());
  });
  return 0;
}
