// Raw memory that grows in place where the system can do it: realloc moves the pages of a large block, it does not copy
// them, so a table that grows row by row never needs the room of two. Or, for data larger than memory, a file.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "data/mapped_file.hpp"
#include "strata/error.hpp"

namespace strata {

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
  ~Buffer() { file_ ? file_->unmap(data_, capacity_) : std::free(data_); }
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
  /// The caller frees the memory, which is not in a file, with std::free.
  [[nodiscard]] std::byte* release() noexcept {
    size_ = capacity_ = 0;
    return std::exchange(data_, nullptr);
  }
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
    void* moved = std::realloc(data_, bytes);
    if (moved == nullptr) {
      throw Error(ErrorCode::memory,
                  "the data need " + std::to_string(bytes) + " bytes in one piece, more than there are free");
    }
    data_ = static_cast<std::byte*>(moved);
    capacity_ = bytes;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<FileMemory> file_;
};

}  // namespace strata
