// Memory that the system maps: a file, read only, its pages fetched when they are looked at and given back when memory
// is short; a file that grows; or pages of their own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/file_reader.hpp"

namespace strata::internal {

class MappedFile {
 public:
  /// The whole of a file that is seekable, as it is now. A file that another program shortens meanwhile ends the
  /// process with SIGBUS when a page is looked at that is gone. Errors: io.
  explicit MappedFile(const FileReader& file) : MappedFile(file, 0, file.size()) {}
  /// So many bytes of it.
  MappedFile(const FileReader& file, std::size_t begin, std::size_t size);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t before_ = 0;  // bytes of its first page that were not asked for
};

/// Memory that can be written and that grows, in a file without a name: it needs room on the disk, not in memory.
class FileMemory {
 public:
  /// In this folder. Throws Error(io).
  explicit FileMemory(const std::filesystem::path& folder);
  ~FileMemory();
  FileMemory(const FileMemory&) = delete;
  FileMemory& operator=(const FileMemory&) = delete;
  /// Keeps what is there; the place may be another. `old_bytes`: the size so far. Throws Error(io) when the disk is
  /// full.
  [[nodiscard]] std::byte* resize(std::byte* data, std::size_t old_bytes, std::size_t bytes);
  void unmap(std::byte* data, std::size_t bytes) noexcept;

 private:
  std::filesystem::path folder_;
  int descriptor_ = -1;
};

/// `bytes` ≥ 1 in pages of their own, zeros; nullptr where there is no room.
[[nodiscard]] std::byte* take_pages(std::size_t bytes) noexcept;
/// The same pages for more or fewer bytes, perhaps at another place: nothing is copied. nullptr, and nothing has
/// changed, where there is no room.
[[nodiscard]] std::byte* resize_pages(std::byte* data, std::size_t old_bytes, std::size_t bytes) noexcept;
void give_pages(std::byte* data, std::size_t bytes) noexcept;

}  // namespace strata::internal
