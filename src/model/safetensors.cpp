#include "model/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/checked.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "strata/error.hpp"

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian; so must the machine be");

namespace strata::internal {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr const char* kMetadataKey = "__metadata__";
constexpr const char* kNotOurs =
    "is no Strata model: it does not begin as a safetensors file does (models are what 'strata train --output' writes)";

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorCode::format, message); }

bool can_be_length(std::uint64_t length) { return length >= 2 && length <= SafetensorsHeader::kMostHeaderBytes; }

// The length of the header and its first letter.
void require_start(std::span<const std::byte> bytes) {
  if (bytes.size() <= kLengthBytes) return;  // told below
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (!can_be_length(length) || bytes[kLengthBytes] != std::byte{'{'}) fail(kNotOurs);
}

TensorSpec read_spec(const std::string& name, const JsonNode& node) {
  TensorSpec spec{.name = name, .dtype = node["dtype"].text(), .shape = {}};
  if (spec.dtype != "F32" && spec.dtype != "F64") node["dtype"].fail("\"F32\" or \"F64\"");
  for (const JsonNode& size : node["shape"].items()) spec.shape.push_back(size.size());
  return spec;
}

}  // namespace

void read_at(FileReader& file, std::size_t begin, std::span<std::byte> into) {
  file.seek(begin);
  while (!into.empty()) {
    const std::size_t got = file.read(into);
    if (got == 0) fail("is truncated: it became shorter while it was read");
    into = into.subspan(got);
  }
}

std::size_t TensorSpec::bytes() const {
  return checked_multiply(checked_product(shape, "is damaged: the size of a tensor"), dtype == "F64" ? 8 : 4,
                          "is damaged: the size of a tensor");
}

SafetensorsHeader::SafetensorsHeader(FileReader& file) {
  if (!file.seekable()) {
    require_start(file.peek(kLengthBytes + 1));  // before room is taken for what may have no end
    file.make_seekable();
  }
  file_size_ = file.size();
  if (file_size_ == 0) fail("is no Strata model: it is empty");
  if (file_size_ <= kLengthBytes) fail(fmt::format("is no Strata model: it has only {} bytes", file_size_));
  std::uint64_t length = 0;
  read_at(file, 0, std::as_writable_bytes(std::span(&length, 1)));
  if (!can_be_length(length)) fail(kNotOurs);
  if (length > file_size_ - kLengthBytes) {
    fail(fmt::format("is truncated, or no Strata model: its header should have {} bytes, and the file ends after {}",
                     length, file_size_ - kLengthBytes));
  }
  std::string text(length, '\0');
  read_at(file, kLengthBytes, std::as_writable_bytes(std::span(text)));
  if (text.front() != '{') fail(kNotOurs);
  data_begin_ = kLengthBytes + length;
  document_ = std::make_unique<JsonDocument>(text, "is damaged: header: ");
  if (const auto metadata = document_->root().find(kMetadataKey)) {
    for (const auto& [key, value] : metadata->members()) metadata_.emplace_back(key, value.text());
  }
}

const std::string* SafetensorsHeader::metadata(std::string_view key) const {
  for (const auto& [name, value] : metadata_) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::vector<StoredTensor> SafetensorsHeader::tensors() const {
  std::vector<StoredTensor> tensors;
  for (const auto& [name, node] : document_->root().members()) {
    if (name == kMetadataKey) continue;
    TensorSpec spec = read_spec(name, node);
    const std::vector<JsonNode> offsets = node["data_offsets"].items();
    if (offsets.size() != 2) node["data_offsets"].fail("two offsets");
    const std::size_t begin = offsets[0].size(), end = offsets[1].size();
    const std::size_t bytes = spec.bytes();
    if (end < begin || end - begin != bytes) {
      fail(fmt::format("is damaged: header: tensor '{}' needs {} bytes, its offsets are {} and {}", printable(name),
                       bytes, begin, end));
    }
    tensors.push_back({std::move(spec), begin});
  }
  // By the end too: a tensor without numbers stands before the one that begins where it does.
  std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return std::pair(a.begin, a.spec.bytes()) < std::pair(b.begin, b.spec.bytes());
  });
  std::size_t end = 0;
  for (StoredTensor& tensor : tensors) {
    if (tensor.begin != end) {
      fail(fmt::format("is damaged: header: tensor '{}' begins at {}, the one before it ends at {}",
                       printable(tensor.spec.name), tensor.begin, end));
    }
    end += tensor.spec.bytes();
    tensor.begin += data_begin_;
  }
  const std::size_t present = file_size_ - data_begin_;
  if (end > present)
    fail(fmt::format("is truncated: its header promises {} bytes of numbers, and {} are there", end, present));
  if (end < present) fail(fmt::format("is damaged: {} bytes follow the last tensor", present - end));
  return tensors;
}

std::string safetensors_header(const SafetensorsMetadata& metadata, std::span<const TensorSpec> tensors) {
  Json json;
  json.object();
  json.key(kMetadataKey).object();
  for (const auto& [key, value] : metadata) json.key(key).text(value);
  json.end();
  std::size_t begin = 0;
  for (const TensorSpec& tensor : tensors) {
    json.key(tensor.name).object().key("dtype").text(tensor.dtype).key("shape").array();
    for (const std::size_t size : tensor.shape) json.whole(size);
    const std::size_t end = checked_add(begin, tensor.bytes(), "the size of the model");
    json.end().key("data_offsets").array().whole(begin).whole(end).end().end();
    begin = end;
  }
  json.end();
  std::string text = json.str();
  while (text.size() % 8 != 0) text += ' ';
  if (text.size() > SafetensorsHeader::kMostHeaderBytes) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the names and classes of the model need {} bytes; a model file has room for {}",
                            text.size(), SafetensorsHeader::kMostHeaderBytes));
  }
  const auto length = std::bit_cast<std::array<char, kLengthBytes>>(static_cast<std::uint64_t>(text.size()));
  return std::string(length.begin(), length.end()) + text;
}

}  // namespace strata::internal
