// Model files. A change is mostly found by the checksum; then the file gets the checksum that it should have, so that
// what is behind is tested too.
#include "fuzz/parsers.hpp"
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

// The text between two others.
std::string between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + before.size(), end = text.find(after, begin);
  return end == std::string::npos ? "" : text.substr(begin, end - begin);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::optional<std::string> error = load(bytes);
  if (!error) return 0;
  const std::string found = between(*error, "its checksum is ", ", and it should be "),
                    stored = between(*error, ", and it should be ", ";");
  const std::size_t at = stored.empty() ? std::string::npos : bytes.find(stored);
  if (at == std::string::npos || found.size() != stored.size()) return 0;
  static_cast<void>(load(bytes.replace(at, stored.size(), found)));
  return 0;
}
