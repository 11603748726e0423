// Files: read whole or in pieces, written so that an old file is replaced by a complete new one or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace strata {

/// Reads from a file in pieces; every failure is an Error that names the file and the system's reason.
class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& path);  // not_found, io; refuses directories
  ~FileReader();
  FileReader(FileReader&&) noexcept;
  FileReader& operator=(FileReader&&) noexcept;

  /// Up to `into.size()` bytes; 0 at the end.
  [[nodiscard]] std::size_t read(std::span<std::byte> into);
  void seek(std::size_t position);
  /// The size of a regular file; 0 for a pipe.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

/// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the folder. When `write` or the
/// system fails, the temporary file is removed, an old `path` is untouched, and an Error(io) says why.
using Sink = std::function<void(std::span<const std::byte>)>;
void replace_file(const std::filesystem::path& path, const std::function<void(const Sink&)>& write);

/// What the system says of `number` (an errno), and what to do where a limit on the size of files was met.
[[nodiscard]] std::string reason_of(int number);

/// Throws Error(io) when a file could not be created at `path` (folder missing, no permission, a directory is there).
void require_writable(const std::filesystem::path& path);

}  // namespace strata
