#include "data/decoder.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "strata/error.hpp"
#include "strata/package.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestMessage = 4096;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      throw Error(ErrorCode::io, fmt::format("cannot make a pipe to strata-decode: {}", std::strerror(errno)));
    }
    read_end = Descriptor(ends[0]);
    write_end = Descriptor(ends[1]);
  }
  Descriptor read_end, write_end;
};

// How the program starts: its own group, so that Ctrl-C reaches only us; default signals; no descriptor but three.
class SpawnSettings {
 public:
  SpawnSettings(int in, int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_adddup2(&actions_, in, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, 1);
    posix_spawn_file_actions_adddup2(&actions_, err, 2);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
#endif
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  int spawn(pid_t& process, const char* program, char* const* arguments) {
    return posix_spawn(&process, program, &actions_, &attributes_, arguments, environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

constexpr const char* kName = "strata-decode";
constexpr const char* kInstalled = "libexec/strata/strata-decode";

// Where the package that a program was built with has it; known before main.
std::atomic<const char*> place_of_package{nullptr};

// The shared library that this code is in: where that is a part of something that another program loads, such as a
// module of Python, the running program tells nothing. Of a program, or of what was loaded by a relative name, only the
// word is known that was typed, and what has that name in the present folder may be anything.
fs::path own_object() {
  Dl_info info{};
  std::error_code error;
  if (::dladdr(reinterpret_cast<const void*>(&find_decoder), &info) == 0) return {};
  if (info.dli_fname == nullptr || info.dli_fname[0] != '/') return {};
  const fs::path object = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : object;
}

fs::path running_program() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program;
}

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

bool decoder_is_at(const char* program) noexcept {
  place_of_package.store(program, std::memory_order_relaxed);
  return true;
}

fs::path find_decoder() {
  std::vector<fs::path> places;
  const auto add = [&](const fs::path& place) {
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  };
  if (const char* named = std::getenv("STRATA_DECODE"); named != nullptr && *named != '\0') {
    add(named);  // whoever names one does not want another
  } else {
    for (const fs::path& self : {own_object(), running_program()}) {
      if (self.empty()) continue;
      const fs::path folder = self.parent_path(), above = folder.parent_path();
      add(folder / kName);
      add(above / kInstalled);
      if (above.filename() == "lib") add(above.parent_path() / kInstalled);  // lib/x86_64-linux-gnu
    }
    if (const char* known = place_of_package.load(std::memory_order_relaxed)) add(known);
#ifdef STRATA_LIBEXECDIR
    add(fs::path(STRATA_LIBEXECDIR) / kName);
#endif
  }
  std::vector<std::string> looked;
  for (const fs::path& place : places) {
    if (is_program(place)) return place;
    looked.push_back(place.string());
  }
  throw Error(
      ErrorCode::unsupported,
      fmt::format(
          "HDF5, PNG, JPEG and zstd files are read by the program {}, which is not here (looked for: {}); install "
          "Strata completely, or name the program in the environment variable STRATA_DECODE",
          kName, joined(looked)));
}

DecoderProcess::DecoderProcess(const std::string& command, const FileReader& file, const std::string& array)
    : file_(file.name()),
      library_(command == "image"  ? "PNG or JPEG library"
               : command == "zstd" ? "zstd library"
                                   : "HDF5 library") {
  std::string program = find_decoder().string();
  std::string words[] = {program, command, array};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  if (command != "read") arguments.pop_back();
  arguments.push_back(nullptr);

  Pipe bytes, messages;
  SpawnSettings settings(file.descriptor(), bytes.write_end.number(), messages.write_end.number());
  pid_t process = -1;
  if (const int error = settings.spawn(process, program.c_str(), arguments.data()); error != 0) {
    throw Error(ErrorCode::unsupported, fmt::format("cannot start {}: {}", printable(program), std::strerror(error)));
  }
  process_ = process;
  bytes_ = std::move(bytes.read_end);
  messages_ = std::move(messages.read_end);
}

DecoderProcess::~DecoderProcess() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  static_cast<void>(reap());
}

std::size_t DecoderProcess::read(std::span<std::byte> into) {
  while (!ended_) {
    // Both pipes are watched, so that the program never waits for us while we wait for it.
    pollfd watched[] = {{bytes_.number(), POLLIN, 0}, {messages_.number(), POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      throw Error(ErrorCode::io, fmt::format("{}: cannot wait for strata-decode: {}", file_, std::strerror(errno)));
    }
    if (watched[1].revents != 0) drain_messages();
    if (watched[0].revents == 0) continue;
    const ssize_t got = ::read(bytes_.number(), into.data(), into.size());
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && errno == EINTR) continue;
    finish();
  }
  return 0;
}

void DecoderProcess::drain_messages() {
  char text[512];
  const ssize_t got = ::read(messages_.number(), text, sizeof text);
  if (got > 0) {
    const std::size_t room = kLongestMessage - message_.size();
    message_.append(text, std::min(static_cast<std::size_t>(got), room));
  } else if (got == 0 || errno != EINTR) {
    static_cast<void>(messages_.close());  // poll passes over it
  }
}

int DecoderProcess::reap() {
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0) {
    if (errno == EINTR) continue;
    status = 0;  // a program that ignores SIGCHLD has no status to give; the array itself tells whether it is whole
    break;
  }
  process_ = -1;
  return status;
}

void DecoderProcess::finish() {
  while (messages_.number() >= 0) drain_messages();
  const int status = reap();
  ended_ = true;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGXCPU) {
      throw Error(ErrorCode::format,
                  fmt::format("the {} took too long over {}: the file is damaged or hostile", library_, file_));
    }
    if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) {
      throw Error(ErrorCode::io, fmt::format("reading {} was interrupted", file_));
    }
    throw Error(ErrorCode::format,
                fmt::format("the {} crashed while reading {}: the file is damaged or hostile", library_, file_));
  }
  const std::string reason = printable(std::string_view(message_).substr(0, message_.find('\n')));
  if (WEXITSTATUS(status) == 1) {
    throw Error(ErrorCode::format, fmt::format("{}: {}", file_, reason.empty() ? "the file cannot be read" : reason));
  }
  throw Error(ErrorCode::unsupported, fmt::format("{}: strata-decode failed with the exit code {}{}{}", file_,
                                                  WEXITSTATUS(status), reason.empty() ? "" : ": ", reason));
}

}  // namespace strata::internal
