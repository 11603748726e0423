#include "base/temporary.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "strata/error.hpp"

namespace strata::internal {

// Whoever exchanges the pointer of an entry for null owns what it pointed to. A handler never gives it back to the
// heap; entries are used again and never freed.
struct TemporaryName::Registered {
  pid_t process;  // a child of fork has the entries too, but not the files
  std::filesystem::path path;
};
struct TemporaryName::Entry {
  std::atomic<Registered*> registered;
  Entry* next;
};

namespace {

using Registered = TemporaryName::Registered;
using Entry = TemporaryName::Entry;

static_assert(std::atomic<Registered*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
std::atomic<Entry*> entries{nullptr};
std::atomic<int> being_made{0};
std::atomic<bool> removed{false};

Entry* entry_of(Registered* registered) {
  for (Entry* entry = entries.load(); entry != nullptr; entry = entry->next) {
    Registered* free = nullptr;
    if (entry->registered.compare_exchange_strong(free, registered)) return entry;
  }
  auto* const entry = new Entry{registered, entries.load()};
  while (!entries.compare_exchange_weak(entry->next, entry)) {
  }
  return entry;
}

// Takes out, one after the other, what belongs to this process; `remove` says whether it is done with.
template <class Remove>
void for_each_registered(const Remove& remove) noexcept {
  for (Entry* entry = entries.load(); entry != nullptr; entry = entry->next) {
    Registered* const registered = entry->registered.exchange(nullptr);
    if (registered == nullptr) continue;
    if (registered->process == ::getpid() && remove(registered->path.c_str())) continue;
    entry->registered.store(registered);
  }
}

}  // namespace

Making::Making() {
  being_made.fetch_add(1);
  if (!removed.load()) return;
  being_made.fetch_sub(1);
  throw Error(ErrorCode::io, "cannot make a file: the program is ending");
}

Making::~Making() { being_made.fetch_sub(1); }

TemporaryName::TemporaryName(std::filesystem::path path)
    : registered_(new Registered{::getpid(), std::move(path)}), entry_(entry_of(registered_)) {}

TemporaryName::TemporaryName(TemporaryName&& other) noexcept
    : registered_(std::exchange(other.registered_, nullptr)), entry_(other.entry_) {}

TemporaryName::~TemporaryName() {
  Registered* mine = registered_;
  if (mine != nullptr && entry_->registered.compare_exchange_strong(mine, nullptr)) delete registered_;
}

const std::filesystem::path& TemporaryName::path() const noexcept { return registered_->path; }

std::filesystem::path name_beside(const std::filesystem::path& path) {
  std::uint32_t digits = 0;
  static_cast<void>(!::getrandom(&digits, sizeof digits, 0));  // 4 bytes are never cut short
  std::filesystem::path name = path;
  name += fmt::format(".{:08x}.tmp", digits);
  return name;
}

void remove_temporary_files() noexcept {
  const int before = errno;
  removed.store(true);
  // The others are between two system calls; only a file system that hangs takes longer than a moment.
  for (int waited = 0; being_made.load() > 0 && waited < 1000; ++waited) ::poll(nullptr, 0, 1);
  for_each_registered([](const char* name) { return ::unlink(name) == 0 || (errno != EISDIR && errno != EPERM); });
  for_each_registered([](const char* name) { return ::rmdir(name), true; });
  errno = before;
}

}  // namespace strata::internal
