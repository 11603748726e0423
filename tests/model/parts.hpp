// A model file taken apart and put together again, for tests that damage it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "model/safetensors.hpp"
#include "support.hpp"

namespace strata::testing {
using namespace internal;

/// CRC-32 as its definition has it, bit by bit (ISO 3309).
inline std::uint32_t crc_of(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ (crc % 2 == 1 ? 0xEDB88320U : 0);
  }
  return ~crc;
}

inline std::string crc_text(const std::string& bytes) {
  char hex[9];
  std::snprintf(hex, sizeof hex, "%08x", crc_of(bytes));
  return hex;
}

inline std::string bytes_of(const auto& values) {
  const auto span = std::as_bytes(std::span(values));
  return {reinterpret_cast<const char*>(span.data()), span.size()};
}

inline std::string version_of(const Model& model) {
  const TemporaryFolder folder;
  model.save(folder / "m");
  FileReader file(folder / "m");
  return *SafetensorsHeader(file).metadata("format_version");
}

// A model file taken apart, to be changed and put together again with a right checksum: what is wrong then is what the
// test wants to be wrong.
struct Parts {
  explicit Parts(const Model& model) {
    const TemporaryFolder folder;
    model.save(folder / "m");
    FileReader file(folder / "m");
    const SafetensorsHeader header(file);
    text = *header.metadata("strata");
    const std::string content = content_of(folder / "m");
    for (const StoredTensor& tensor : header.tensors()) {
      tensors.push_back(tensor.spec);
      numbers.push_back(content.substr(tensor.begin, tensor.spec.bytes()));
    }
  }

  void replace(const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " is not in " << text;
    text.replace(at, from.size(), to);
  }

  [[nodiscard]] std::string all_numbers() const {
    std::string all;
    for (const std::string& each : numbers) all += each;
    return all;
  }

  [[nodiscard]] std::string file() const {
    const SafetensorsMetadata metadata = {
        {"format", format}, {"format_version", version}, {"strata", text}, {"crc32", crc_text(text + all_numbers())}};
    return safetensors_header(metadata, tensors) + all_numbers();
  }

  std::string format = "strata", version = "1", text;
  std::vector<TensorSpec> tensors;
  std::vector<std::string> numbers;
};

inline Model load(const std::string& bytes) {
  const TemporaryFolder folder;
  return Model::load(folder.write("m.strata", bytes));
}

// What the message says after the name of the file.
inline std::string message_of(const std::string& bytes) {
  const std::string message = error_of([&] { load(bytes); });
  const std::size_t quote = message.find("m.strata' ");
  return quote == std::string::npos ? message : message.substr(0, message.find('\'')) + message.substr(quote + 10);
}

}  // namespace strata::testing
