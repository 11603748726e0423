#include "base/file_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/file.hpp"
#include "base/temporary.hpp"
#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

// A file without a name, filled from its beginning.
class UnnamedFile {
 public:
  explicit UnnamedFile(const fs::path& folder) : folder_(folder), descriptor_(open_unnamed(folder)) {}

  void append(std::span<const std::byte> bytes) {
    reserve(size_ + bytes.size());
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(errno);
      size_ += static_cast<std::size_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

  /// Without the room that was not needed.
  Descriptor give_away() {
    if (::ftruncate(descriptor_.number(), static_cast<off_t>(size_)) != 0) fail(errno);
    return std::move(descriptor_);
  }

 private:
  // A disk that is full is then found here, and not when a page that was never written is looked at.
  void reserve(std::size_t bytes) {
    if (bytes <= reserved_) return;
    constexpr std::size_t kLeast = std::size_t{1} << 20;
    std::size_t wanted = std::max({bytes, reserved_ + reserved_ / 4, kLeast});
    int number = allocate(wanted);
    if (number != 0) number = allocate(wanted = bytes);
    if (number != 0) fail(number);
    reserved_ = wanted;
  }

  [[nodiscard]] int allocate(std::size_t until) const {
    int number = EINTR;
    while (number == EINTR)
      number =
          ::posix_fallocate(descriptor_.number(), static_cast<off_t>(reserved_), static_cast<off_t>(until - reserved_));
    return number;
  }

  [[noreturn]] void fail(int number) const {
    const bool elsewhere = number == ENOSPC && folder_ == temporary_folder();
    throw Error(ErrorCode::io,
                fmt::format("no room in '{}' for what comes through a pipe and must be a file: {}{}",
                            printable(folder_.string()), reason_of(number),
                            elsewhere ? "; the environment variable TMPDIR can name another folder" : ""));
  }

  fs::path folder_;
  Descriptor descriptor_;
  std::size_t size_ = 0, reserved_ = 0;
};

}  // namespace

bool is_standard_input(const fs::path& path) { return path == "-"; }

std::string input_name(const fs::path& path) {
  return is_standard_input(path) ? "standard input" : printable(path.string());
}

int open_unnamed(const fs::path& folder) {
  std::string name = (folder / ".strata-XXXXXX").string();
  const Making making;  // nobody sees the name
  int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {  // a file system without them
    descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) ::unlink(name.c_str());
  }
  if (descriptor < 0) {
    throw Error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot make a file in '{}': {}", printable(folder.string()), std::strerror(errno)));
  }
  return descriptor;
}

fs::path temporary_folder() {
  if (const char* named = std::getenv("TMPDIR"); named != nullptr && *named != '\0') return named;
  return ::access("/var/tmp", W_OK | X_OK) == 0 ? "/var/tmp" : "/tmp";
}

FileReader::FileReader(const fs::path& path) : path_(path) {
  if (is_standard_input(path)) {
    // Where it was closed, something that can only be written to may stand in its place.
    const int mode = ::fcntl(STDIN_FILENO, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) == O_WRONLY)
      throw Error(ErrorCode::io, "standard input cannot be read: it is closed");
    descriptor_ = Descriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));  // our own to close; the caller's stays
  } else {
    do {
      descriptor_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    } while (descriptor_.number() < 0 && errno == EINTR);  // a FIFO is waited for
  }
  if (descriptor_.number() < 0) fail("read", errno);
  inspect();
}

// What was opened, whatever has the name by now.
void FileReader::inspect() {
  struct stat status{};
  if (::fstat(descriptor_.number(), &status) != 0) fail("read", errno);
  if (S_ISDIR(status.st_mode)) fail("read", EISDIR);
  // Standard input may be a file whose beginning somebody else has read already.
  seekable_ = S_ISREG(status.st_mode) && ::lseek(descriptor_.number(), 0, SEEK_CUR) == 0;
  size_ = seekable_ ? static_cast<std::size_t>(status.st_size) : 0;
  changed_ = status.st_mtim;
}

void FileReader::require_unchanged() const {
  struct stat now{};
  if (!seekable_ || descriptor_.number() < 0 || ::fstat(descriptor_.number(), &now) != 0) return;
  if (static_cast<std::size_t>(now.st_size) == size_ && now.st_mtim.tv_sec == changed_.tv_sec &&
      now.st_mtim.tv_nsec == changed_.tv_nsec)
    return;
  throw Error(ErrorCode::io,
              fmt::format("{} changed while it was read; read it again when nothing writes to it", quoted_name()));
}

std::size_t FileReader::read(std::span<std::byte> into) {
  if (begin_ == ahead_.size()) return read_directly(into);
  const std::size_t got = std::min(into.size(), ahead_.size() - begin_);
  std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(begin_), got, into.begin());
  begin_ += got;
  return got;
}

std::size_t FileReader::read_directly(std::span<std::byte> into) {
  if (descriptor_.number() < 0) {
    const auto got = memory_.first(std::min(into.size(), memory_.size()));
    std::ranges::copy(got, into.begin());
    memory_ = memory_.subspan(got.size());
    return got.size();
  }
  while (!ended_) {  // a terminal would go on after an end
    const ssize_t got = ::read(descriptor_.number(), into.data(), into.size());
    if (got >= 0) {
      ended_ = got == 0 && !into.empty();
      return static_cast<std::size_t>(got);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {  // whoever gave us the pipe does not want to wait; we do
      pollfd watched = {descriptor_.number(), POLLIN, 0};
      static_cast<void>(::poll(&watched, 1, -1));
    } else if (errno != EINTR) {
      fail("read", errno);
    }
  }
  return 0;
}

std::span<const std::byte> FileReader::peek(std::size_t bytes) {
  ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  while (ahead_.size() < bytes) {
    std::vector<std::byte> more(bytes - ahead_.size());
    const std::size_t got = read_directly(more);
    if (got == 0) break;
    ahead_.insert(ahead_.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return std::span(ahead_).first(std::min(bytes, ahead_.size()));
}

void FileReader::make_seekable(const fs::path& folder) {
  if (seekable_) return;
  UnnamedFile copy(folder.empty() ? temporary_folder() : folder);
  std::vector<std::byte> piece(std::size_t{1} << 20);
  while (const std::size_t got = read(piece)) copy.append(std::span(piece).first(got));
  descriptor_ = copy.give_away();
  ahead_.clear();
  begin_ = 0;
  seek(0);
  inspect();
}

void FileReader::seek(std::size_t position) {
  ahead_.clear();
  begin_ = 0;
  ended_ = false;
  if (descriptor_.number() < 0) {  // what was read lies before what is left
    memory_ = {memory_.data() + memory_.size() - size_ + position, size_ - position};
  } else if (::lseek(descriptor_.number(), static_cast<off_t>(position), SEEK_SET) < 0) {
    fail("read", errno);
  }
}

std::string FileReader::name() const { return input_name(path_); }
std::string FileReader::quoted_name() const { return is_standard_input(path_) ? name() : "'" + name() + "'"; }

void FileReader::fail(const char* what, int number) const {
  throw Error(number == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              fmt::format("cannot {} {}: {}", what, quoted_name(), std::strerror(number)));
}

}  // namespace strata::internal
