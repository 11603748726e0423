#include "data/mapped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/aligned.hpp"
#include "base/file.hpp"
#include "base/sanitizers.hpp"
#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* what, const fs::path& path, int number) {
  throw Error(ErrorCode::io, fmt::format("cannot {} '{}': {}", what, printable(path.string()), reason_of(number)));
}

}  // namespace

MappedFile::MappedFile(const FileReader& file, std::size_t begin, std::size_t size) {
  if (size == 0) return;
  before_ = begin % static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const data =
      ::mmap(nullptr, size + before_, PROT_READ, MAP_SHARED, file.descriptor(), static_cast<off_t>(begin - before_));
  if (data == MAP_FAILED) fail("map", file.name(), errno);
  bytes_ = {static_cast<const std::byte*>(data) + before_, size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()) - before_, bytes_.size() + before_);
}

FileMemory::FileMemory(const fs::path& folder)
    : folder_(folder.empty() ? fs::path(".") : folder), descriptor_(open_unnamed(folder_)) {}

FileMemory::~FileMemory() { ::close(descriptor_); }

std::byte* FileMemory::resize(std::byte* data, std::size_t old_bytes, std::size_t bytes) {
  if (bytes > old_bytes) {
    // Room on the disk now: a hole that cannot be filled later would be a SIGBUS instead of an error.
    const int number =
        ::posix_fallocate(descriptor_, static_cast<off_t>(old_bytes), static_cast<off_t>(bytes - old_bytes));
    if (number != 0) fail("find room in", folder_, number);
  }
  // NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions): from nothing it only grows
  void* const moved = old_bytes == 0 ? ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0)
                                     : ::mremap(data, old_bytes, bytes, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) fail("map a file in", folder_, errno);
  if (bytes < old_bytes && ::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0)
    fail("shorten a file in", folder_, errno);
  return static_cast<std::byte*>(moved);
}

void FileMemory::unmap(std::byte* data, std::size_t bytes) noexcept {
  if (data != nullptr) ::munmap(data, bytes);
}

std::byte* take_pages(std::size_t bytes) noexcept {
  void* const data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  prefer_huge_pages(data, bytes);
  return static_cast<std::byte*>(data);
}

std::byte* resize_pages(std::byte* data, std::size_t old_bytes, std::size_t bytes) noexcept {
#if STRATA_THREAD_SANITIZER  // it does not see that mremap gives memory back, which another thread may get
  std::byte* const fresh = take_pages(bytes);
  if (fresh == nullptr) return nullptr;
  std::memcpy(fresh, data, std::min(old_bytes, bytes));
  give_pages(data, old_bytes);
  return fresh;
#else
  void* const moved = ::mremap(data, old_bytes, bytes, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? nullptr : static_cast<std::byte*>(moved);
#endif
}

void give_pages(std::byte* data, std::size_t bytes) noexcept { ::munmap(data, bytes); }

}  // namespace strata::internal
