// What is read: a file, a pipe or standard input, opened once; or bytes in memory.
#pragma once

#include <cstddef>
#include <ctime>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace strata::internal {

/// Reads in pieces what was opened once; its first bytes can be looked at before. "-" is standard input. Every failure
/// is an Error that names the file and the system's reason.
class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& path);  // not_found, io; refuses directories
  /// A file that lies in memory, without a name; borrows the bytes.
  explicit FileReader(std::span<const std::byte> bytes) noexcept
      : seekable_(true), size_(bytes.size()), memory_(bytes) {}

  /// Up to `into.size()` bytes; 0 at the end.
  [[nodiscard]] std::size_t read(std::span<std::byte> into);
  /// The next bytes, which stay to be read; fewer than asked for only where the file ends.
  [[nodiscard]] std::span<const std::byte> peek(std::size_t bytes);
  /// A regular file, from its beginning: all but a pipe, a device, and what is left of a file on standard input.
  [[nodiscard]] bool seekable() const noexcept { return seekable_; }
  /// Where it is not seekable, copies all that is not read yet to a file without a name, which takes its place. That
  /// file lies in `folder`, or where the system keeps temporary files. Its room is reserved before it is written.
  void make_seekable(const std::filesystem::path& folder = {});
  /// From the beginning. Only where it is seekable.
  void seek(std::size_t position);
  /// Throws Error(io) where a file is not any more as it was when it was opened or copied: another size, another time.
  void require_unchanged() const;
  /// In bytes, where it is seekable; else 0.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// As messages show it, see `input_name`.
  [[nodiscard]] std::string name() const;
  /// The same, a path in quotes; for a sentence.
  [[nodiscard]] std::string quoted_name() const;
  /// Still this object's; its position moves with `read`. −1: there is none, the bytes are in memory.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.number(); }

 private:
  void inspect();
  [[nodiscard]] std::size_t read_directly(std::span<std::byte> into);
  [[noreturn]] void fail(const char* what, int number) const;

  std::filesystem::path path_;
  Descriptor descriptor_;
  bool seekable_ = false, ended_ = false;
  std::size_t size_ = 0;
  std::timespec changed_{};            // when it was changed last
  std::span<const std::byte> memory_;  // from the position on, where there is no descriptor
  std::vector<std::byte> ahead_;       // looked at, not read: [begin_, size)
  std::size_t begin_ = 0;
};

/// Does the name mean standard input?
[[nodiscard]] bool is_standard_input(const std::filesystem::path& path);
/// The path as messages show it, or "standard input".
[[nodiscard]] std::string input_name(const std::filesystem::path& path);

/// A new file that no folder lists and that is gone when its descriptor is closed. Throws Error(io).
[[nodiscard]] int open_unnamed(const std::filesystem::path& folder);

/// TMPDIR, or else /var/tmp, which is on a disk where /tmp may be memory, or /tmp.
[[nodiscard]] std::filesystem::path temporary_folder();

}  // namespace strata::internal
