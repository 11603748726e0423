// Raw memory that grows without being copied: a large block has pages of its own, which are moved, so a table that
// grows row by row never needs the room of two, and its first number begins a cache line. Or, for data larger than
// memory, a file.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "data/mapped_file.hpp"
#include "strata/error.hpp"

namespace strata::internal {

class Buffer {
 public:
  Buffer() = default;
  /// `bytes` bytes, not initialised.
  explicit Buffer(std::size_t bytes) { resize(bytes); }
  /// Empty; what it will hold is in a file without a name in `folder`, or, without a folder, in memory.
  [[nodiscard]] static Buffer in(const std::filesystem::path& folder) {
    Buffer buffer;
    if (!folder.empty()) buffer.file_ = std::make_unique<FileMemory>(folder);
    return buffer;
  }
  ~Buffer() { give_back(); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  template <class T>
  [[nodiscard]] T* as() noexcept {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return reinterpret_cast<const T*>(data_);
  }

  /// Keeps what is there; new bytes are not initialised. A first size is taken exactly, later growth is by halves.
  /// Throws Error(memory).
  void resize(std::size_t bytes) {
    if (bytes > capacity_) {
      const std::size_t more = capacity_ + capacity_ / 2;
      reallocate(bytes > more ? bytes : more);
    }
    size_ = bytes;
  }
  /// Gives back what is beyond the size.
  void shrink_to_fit() {
    if (size_ < capacity_) reallocate(size_);
  }
  void clear() noexcept { Buffer().swap(*this); }
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(file_, other.file_);
  }

 private:
  void reallocate(std::size_t bytes) {
    if (bytes == 0) return clear();
    if (file_) {
      data_ = file_->resize(data_, capacity_, bytes);
      capacity_ = bytes;
      return;
    }
    std::byte* const moved = moved_to(bytes);
    if (moved == nullptr) {
      throw Error(ErrorCode::memory,
                  "the data need " + std::to_string(bytes) + " bytes in one piece, more than there are free");
    }
    data_ = moved;
    capacity_ = bytes;
  }

  std::byte* moved_to(std::size_t bytes) noexcept {
    const bool has_pages = capacity_ >= kPages, gets_pages = bytes >= kPages;
    if (has_pages && gets_pages) return resize_pages(data_, capacity_, bytes);
    if (!has_pages && !gets_pages) return static_cast<std::byte*>(std::realloc(data_, bytes));
    std::byte* const fresh = gets_pages ? take_pages(bytes) : static_cast<std::byte*>(std::malloc(bytes));
    if (fresh == nullptr) return nullptr;
    const std::size_t kept = size_ < bytes ? size_ : bytes;
    if (kept > 0) std::memcpy(fresh, data_, kept);
    give_back();
    return fresh;
  }

  void give_back() noexcept {
    if (file_) {
      file_->unmap(data_, capacity_);
    } else if (capacity_ >= kPages) {
      give_pages(data_, capacity_);
    } else {
      std::free(data_);
    }
  }

  static constexpr std::size_t kPages = std::size_t{1} << 20;  // bytes; a smaller block shares its pages

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<FileMemory> file_;
};

}  // namespace strata::internal
