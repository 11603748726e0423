// The safetensors format: an 8-byte little-endian length, a JSON header of that length, then the numbers without gaps.
// https://huggingface.co/docs/safetensors describes it; the rules checked here are those of its reference reader.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file_reader.hpp"
#include "model/strict_json.hpp"

namespace strata::internal {

/// What a tensor is: its name, "F32" or "F64", and its C-ordered shape.
struct TensorSpec {
  std::string name;
  std::string dtype;
  std::vector<std::size_t> shape;

  [[nodiscard]] std::size_t bytes() const;  // Error(format) when the product does not fit
  bool operator==(const TensorSpec&) const = default;
};

struct StoredTensor {
  TensorSpec spec;
  std::size_t begin = 0;  // in the file
};

/// Fills `into` with the bytes of the file from `begin` on. Error(format) where it ends before.
void read_at(FileReader& file, std::size_t begin, std::span<std::byte> into);

using SafetensorsMetadata = std::vector<std::pair<std::string, std::string>>;

/// The header of a file, read in two steps so that a file of another program can be told from a damaged one. The
/// messages of the Error(format) thrown begin with a verb: the caller puts the name of the file before them.
class SafetensorsHeader {
 public:
  static constexpr std::size_t kMostHeaderBytes = 100'000'000;

  explicit SafetensorsHeader(FileReader& file);

  /// The text under this key of "__metadata__", or nullptr.
  [[nodiscard]] const std::string* metadata(std::string_view key) const;
  /// All tensors, by their place in the file; they fill it from the header to the end, without holes or overlap.
  [[nodiscard]] std::vector<StoredTensor> tensors() const;

 private:
  std::unique_ptr<JsonDocument> document_;
  SafetensorsMetadata metadata_;
  std::size_t data_begin_ = 0, file_size_ = 0;
};

/// Length and header of a file that holds these tensors one after the other; padded so that the numbers begin at a
/// multiple of 8 bytes.
[[nodiscard]] std::string safetensors_header(const SafetensorsMetadata& metadata, std::span<const TensorSpec> tensors);

}  // namespace strata::internal
