#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return "'" + printable(path.string()) + "'"; }

std::string reason(int number) { return std::strerror(number); }

[[noreturn]] void fail(const char* what, const fs::path& path, int number) {
  throw Error(number == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              fmt::format("cannot {} {}: {}", what, quoted(path), reason(number)));
}

// A file is replaced where a link points to, not the link; the file need not be there yet.
fs::path resolved(fs::path path) {
  constexpr int kLongestChain = 40;  // as long as the system follows
  std::error_code error;
  for (int links = 0; links < kLongestChain && fs::is_symlink(path, error); ++links) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// A new, empty file beside `path` that nobody else has; with the permissions that the umask leaves.
std::pair<int, fs::path> open_beside(const fs::path& path) {
  for (unsigned attempt = 0;; ++attempt) {
    fs::path temporary = path;
    temporary += fmt::format(".{}-{}.tmp", ::getpid(), attempt);
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor >= 0) return {descriptor, temporary};
    if (errno != EEXIST || attempt > 1000) {
      const int number = errno;
      if (number == ENOENT) {
        throw Error(ErrorCode::io, fmt::format("cannot write {}: the folder {} does not exist; make it first",
                                               quoted(path), quoted(folder_of(path))));
      }
      throw Error(ErrorCode::io, fmt::format("cannot write {}: {}", quoted(path), reason(number)));
    }
  }
}

void refuse_directory(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    throw Error(ErrorCode::io, fmt::format("cannot write {}: it is a folder; give the name of a file", quoted(path)));
  }
}

void write_all(int descriptor, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write", path, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// Devices and pipes (/dev/stdout, /dev/full) cannot be replaced: they are written to directly.
bool is_special(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return !error && fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void write_special(const fs::path& path, const std::function<void(const Sink&)>& write) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) fail("write", path, errno);
  try {
    write([&](std::span<const std::byte> bytes) { write_all(descriptor, bytes, path); });
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  if (::close(descriptor) != 0) fail("write", path, errno);
}

}  // namespace

FileReader::FileReader(const fs::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail("read", path, errno);
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || S_ISDIR(status.st_mode)) {
    const int number = S_ISDIR(status.st_mode) ? EISDIR : errno;
    ::close(descriptor_);
    fail("read", path, number);
  }
  if (S_ISREG(status.st_mode)) size_ = static_cast<std::size_t>(status.st_size);
}

FileReader::~FileReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileReader::FileReader(FileReader&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

FileReader& FileReader::operator=(FileReader&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

std::size_t FileReader::read(std::span<std::byte> into) {
  while (true) {
    const ssize_t got = ::read(descriptor_, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) fail("read", path_, errno);
  }
}

void FileReader::seek(std::size_t position) {
  if (::lseek(descriptor_, static_cast<off_t>(position), SEEK_SET) < 0) fail("read", path_, errno);
}

void replace_file(const fs::path& given, const std::function<void(const Sink&)>& write) {
  if (is_special(given)) return write_special(given, write);
  const fs::path path = resolved(given);
  refuse_directory(path);
  const auto [descriptor, temporary] = open_beside(path);
  bool open = true;
  try {
    write([&](std::span<const std::byte> bytes) { write_all(descriptor, bytes, path); });
    if (::fsync(descriptor) != 0) fail("write", path, errno);
    open = false;
    if (::close(descriptor) != 0) fail("write", path, errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail("replace", path, errno);
  } catch (...) {
    if (open) ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  // The rename is on the disk only when the folder is; a file system that cannot sync folders has no such promise to
  // keep.
  const int folder = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    const bool synced = ::fsync(folder) == 0 || errno == EINVAL || errno == EROFS;
    const int number = errno;
    ::close(folder);
    if (!synced) fail("sync the folder of", path, number);
  }
}

void require_writable(const fs::path& given) {
  if (is_special(given)) {
    if (::access(given.c_str(), W_OK) != 0) fail("write", given, errno);
    return;
  }
  const fs::path path = resolved(given);
  refuse_directory(path);
  const auto [descriptor, temporary] = open_beside(path);
  ::close(descriptor);
  ::unlink(temporary.c_str());
}

}  // namespace strata
