// The program strata-decode reads HDF5, PNG, JPEG and zstd files in a process of its own: a fault in one of those
// libraries then costs an error message, not the program. It writes what it reads to its standard output.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "base/descriptor.hpp"
#include "data/byte_source.hpp"

namespace strata::internal {

/// What strata-decode writes while it runs. The end of the bytes is only reported when the program ended well.
class DecoderProcess final : public ByteSource {
 public:
  /// `command`: list, read, image or zstd; `array`: for read. The file must be seekable. Errors: unsupported (the
  /// program is not there).
  DecoderProcess(const std::string& command, const FileReader& file, const std::string& array = {});
  /// Kills the program when it still runs.
  ~DecoderProcess() override;
  DecoderProcess(const DecoderProcess&) = delete;
  DecoderProcess& operator=(const DecoderProcess&) = delete;

  std::size_t read(std::span<std::byte> into) override;

 private:
  void drain_messages();
  void finish();
  [[nodiscard]] int reap();

  std::string file_;     // for messages
  const char* library_;  // for messages
  int process_ = -1;
  Descriptor bytes_, messages_;  // the ends of the pipes that are read here
  std::string message_;
  bool ended_ = false;
};

/// The path of strata-decode: the environment variable STRATA_DECODE, or beside the shared library that this code is
/// in, or in ../libexec/strata from there, or the same from the running program, or where the package is that the
/// program was built with, or where Strata was to be installed. Error(unsupported) says where it was looked for.
[[nodiscard]] std::filesystem::path find_decoder();

}  // namespace strata::internal
