#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/descriptor.hpp"
#include "base/file_reader.hpp"
#include "base/only_errors.hpp"
#include "base/temporary.hpp"
#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return in_quotes(path.native()); }

[[noreturn]] void fail(const char* what, const fs::path& path, int number) {
  throw Error(number == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              fmt::format("cannot {} {}: {}", what, quoted(path), reason_of(number)));
}

// A file is replaced where a link points to, not the link; the file need not be there yet.
fs::path resolved(fs::path path) {
  constexpr int kLongestChain = 40;  // as long as the system follows
  std::error_code error;
  for (int links = 0; links < kLongestChain; ++links) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / target;
  }
  return path;
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// A new file beside another, that nobody else has; it ends with this, unless it is renamed before.
struct NewFile {
  Descriptor file;
  TemporaryName name;
  ~NewFile() { ::unlink(name.path().c_str()); }
};

// Empty; with the permissions that the umask leaves.
NewFile open_beside(const fs::path& path) {
  for (int attempt = 0;; ++attempt) {
    const Making making;
    TemporaryName name(name_beside(path));
    Descriptor file(::open(name.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (file.number() >= 0) return {std::move(file), std::move(name)};
    if (errno != EEXIST || attempt > 1000) {
      if (errno != ENOENT) fail("write", path, errno);
      throw Error(ErrorCode::io, fmt::format("cannot write {}: the folder {} does not exist; make it first",
                                             quoted(path), quoted(folder_of(path))));
    }
  }
}

// '-' is standard input where a file is read, so no file of that name is made that could not be read by it.
void refuse_dash(const fs::path& path) {
  if (!is_standard_input(path)) return;
  throw Error(ErrorCode::usage, "'-' is standard input and no file to write; name a file (one named so: ./-)");
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
      // Whoever opened it may not want to wait; we do.
      pollfd watched = {descriptor, POLLOUT, 0};
      if (errno == EINTR || (errno == EAGAIN && ::poll(&watched, 1, -1) >= 0)) continue;
      fail("write", path, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// The descriptor of this process that the path names, if it does: /dev/stdin, /dev/stdout, /dev/stderr, /dev/fd/3.
std::optional<int> descriptor_named(const fs::path& path) {
  std::string_view name = path.native();
  if (name == "/dev/stdin") return STDIN_FILENO;
  if (name == "/dev/stdout") return STDOUT_FILENO;
  if (name == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!name.starts_with(folder)) continue;
    name.remove_prefix(folder.size());
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) return number;
  }
  return std::nullopt;
}

// Until it is on the disk; with the permissions of `like`, if there is such a file.
void fill(NewFile& made, const std::function<void(const Sink&)>& write, const fs::path& path, const fs::path& like) {
  const int descriptor = made.file.number();
  write([&](std::span<const std::byte> bytes) { write_all(descriptor, bytes, path); });
  struct stat old{};
  if (::stat(like.c_str(), &old) == 0) static_cast<void>(!::fchmod(descriptor, old.st_mode & 07777U));
  if (::fsync(descriptor) != 0 || !made.file.close()) fail("write", path, errno);
}

void copy(const fs::path& path, const Sink& sink) {
  FileReader file(path);
  std::vector<std::byte> piece(std::size_t{1} << 20);
  while (const std::size_t count = file.read(piece)) sink(std::span(piece).first(count));
}

// The file gets one more name, in the place of another.
bool link_over(const fs::path& path, const fs::path& under) {
  const Making making;
  const fs::path name = name_beside(under);
  if (::link(path.c_str(), name.c_str()) != 0) return false;
  const bool done = ::rename(name.c_str(), under.c_str()) == 0;
  ::unlink(name.c_str());  // it is still there, too, where `under` was a name of the same file: that is no renaming
  return done;
}

// Where a file can have but one name, a copy gets the other.
void keep(const fs::path& path, const fs::path& under) {
  std::error_code error;
  if (!fs::exists(path, error) || link_over(path, under)) return;
  NewFile made = open_beside(under);
  fill(made, [&](const Sink& sink) { copy(path, sink); }, under, path);
  if (::rename(made.name.path().c_str(), under.c_str()) != 0) fail("keep the one before as", under, errno);
}

void write_special(const fs::path& path, const std::function<void(const Sink&)>& write) {
  const std::optional<int> own = descriptor_named(path);
  Descriptor file(own ? ::fcntl(*own, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.number() < 0) fail("write", path, errno);
  write([&](std::span<const std::byte> bytes) { write_all(file.number(), bytes, path); });
  if (!file.close()) fail("write", path, errno);
}

}  // namespace

bool is_special(const fs::path& path) {
  if (descriptor_named(path)) return true;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return !error && fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

std::string reason_of(int number) {
  rlimit limit{};
  if (number != EFBIG || ::getrlimit(RLIMIT_FSIZE, &limit) != 0) return std::strerror(number);
  if (limit.rlim_cur == RLIM_INFINITY)
    return fmt::format("{}: files of this size do not fit into the file system; use another", std::strerror(number));
  return fmt::format(
      "{}: the limit on the size of files is {} bytes here; raise it (in the shell: ulimit -f unlimited)",
      std::strerror(number), limit.rlim_cur);
}

void replace_file(const fs::path& given, const std::function<void(const Sink&)>& write, const fs::path& previous) {
  refuse_dash(given);
  if (is_special(given)) return write_special(given, write);
  const fs::path path = resolved(given);
  refuse_directory(path);
  NewFile made = open_beside(path);
  fill(made, write, path, path);
  if (!previous.empty()) keep(path, resolved(previous));
  if (::rename(made.name.path().c_str(), path.c_str()) != 0) fail("replace", path, errno);
  // The rename is on the disk only when the folder is; a file system that cannot sync folders has no such promise to
  // keep.
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.number() >= 0 && ::fsync(folder.number()) != 0 && errno != EINVAL && errno != EROFS)
    fail("sync the folder of", path, errno);
}

void require_writable(const fs::path& given) try {
  refuse_dash(given);
  if (const std::optional<int> own = descriptor_named(given)) {
    const int mode = ::fcntl(*own, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY) fail("write", given, EBADF);
    return;
  }
  if (is_special(given)) {
    if (::access(given.c_str(), W_OK) != 0) fail("write", given, errno);
    return;
  }
  const fs::path path = resolved(given);
  refuse_directory(path);
  static_cast<void>(open_beside(path));
} catch (...) {
  throw_as_error("for a message");
}

}  // namespace strata::internal
