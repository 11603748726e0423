// Loaded before the C library by signals_test.py: sends the program signals at a chosen instant, before or after one of
// its calls that open, fill, keep, rename or remove a file. SIGNAL_AT=7 chooses the seventh instant, SIGNAL_AT=0 every
// one; SIGNALS="1 15" says which signals, one after the other.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>

#include <csignal>
#include <cstdarg>
#include <cstdlib>

namespace {

int instants = 0;

void instant() {
  const char* at = std::getenv("SIGNAL_AT");
  const char* signals = std::getenv("SIGNALS");
  if (at == nullptr || signals == nullptr) return;
  ++instants;
  if (std::atoi(at) != 0 && std::atoi(at) != instants) return;
  for (char* end = nullptr;; signals = end) {
    const long number = std::strtol(signals, &end, 10);
    if (number == 0) return;
    std::raise(static_cast<int>(number));
  }
}

template <class Function, class... Arguments>
auto between(const char* name, Function* /*type*/, Arguments... arguments) {
  instant();
  const auto result = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name))(arguments...);
  instant();
  return result;
}

}  // namespace

extern "C" {
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return between("open", static_cast<int (*)(const char*, int, ...)>(nullptr), path, flags, mode);
}
int mkostemp(char* pattern, int flags) {
  return between("mkostemp", static_cast<int (*)(char*, int)>(nullptr), pattern, flags);
}
char* mkdtemp(char* pattern) { return between("mkdtemp", static_cast<char* (*)(char*)>(nullptr), pattern); }
ssize_t write(int file, const void* bytes, size_t count) {
  return between("write", static_cast<ssize_t (*)(int, const void*, size_t)>(nullptr), file, bytes, count);
}
int fsync(int file) { return between("fsync", static_cast<int (*)(int)>(nullptr), file); }
int close(int file) { return between("close", static_cast<int (*)(int)>(nullptr), file); }
int rename(const char* from, const char* to) {
  return between("rename", static_cast<int (*)(const char*, const char*)>(nullptr), from, to);
}
int unlink(const char* path) { return between("unlink", static_cast<int (*)(const char*)>(nullptr), path); }
}
