// Where bytes come from: a file, a stream that is inflated on the way, a member of an archive, the decoder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_reader.hpp"

namespace strata::internal {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to `into.size()` bytes (at least one of room); 0 at the end. Throws Error.
  [[nodiscard]] virtual std::size_t read(std::span<std::byte> into) = 0;
};

class FileSource final : public ByteSource {
 public:
  /// Borrows the file and reads on from where it stands.
  explicit FileSource(FileReader& file) : file_(file) {}
  std::size_t read(std::span<std::byte> into) override { return file_.read(into); }

 private:
  FileReader& file_;
};

/// A text in memory, which it borrows.
class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string_view text) : left_(text) {}
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min(into.size(), left_.size());
    std::memcpy(into.data(), left_.data(), count);
    left_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view left_;
};

/// A source whose first bytes can be looked at before they are read.
class Input final : public ByteSource {
 public:
  /// `name` for messages; `size`: of all that the source will give, where that is known.
  Input(std::unique_ptr<ByteSource> source, std::string name, std::optional<std::size_t> size = {})
      : source_(std::move(source)), name_(std::move(name)), size_(size) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The bytes that are left, where that is known.
  [[nodiscard]] std::optional<std::size_t> left() const noexcept;
  /// The next bytes, fewer than asked for only where the source ends.
  [[nodiscard]] std::span<const std::byte> peek(std::size_t bytes);
  std::size_t read(std::span<std::byte> into) override;
  /// Fills `into` or throws Error(format): the file ends inside `what`.
  void read_exactly(std::span<std::byte> into, const char* what);
  /// The same, but keeps the fault: how many bytes came before it.
  [[nodiscard]] std::size_t fill(std::span<std::byte> into, const char* what);
  /// Throws Error(format) when anything follows.
  void require_end(const char* after);
  /// Keeps what `read` throws.
  template <class Read>
  void keep_fault(const Read& read) noexcept try {
    read();
  } catch (...) {
    fault_ = std::current_exception();
  }
  [[nodiscard]] const std::exception_ptr& fault() const noexcept { return fault_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::optional<std::size_t> size_;
  std::size_t given_ = 0;
  std::vector<std::byte> ahead_;  // looked at, not read: [begin_, size)
  std::size_t begin_ = 0;
  std::exception_ptr fault_;
};

/// The bytes of a gzip stream (RFC 1952; several members one after the other are one stream), inflated as they are
/// read.
[[nodiscard]] std::unique_ptr<ByteSource> inflate_gzip(std::unique_ptr<ByteSource> compressed, std::string name);

/// The most that deflate can shrink anything: a stream that promises more than this is a bomb or damaged.
inline constexpr std::size_t kDeflateRatio = 1032;

}  // namespace strata::internal
