// Files that must not outlive the program: their names are kept where a signal handler finds them.
#pragma once

#include <filesystem>

#include "base/signals_blocked.hpp"

namespace strata::internal {

/// While one lives, the files that this thread makes are not seen half done: no handler runs on this thread, and
/// `remove_temporary_files` on another one waits. Make the file and register its name, or take its name away, within.
/// Throws Error(io) once the temporary files were removed, for the program is ending.
class Making {
 public:
  Making();
  ~Making();
  Making(const Making&) = delete;
  Making& operator=(const Making&) = delete;

 private:
  SignalsBlocked blocked_;
};

/// The name of a file (or of a folder of such files) that `remove_temporary_files` removes while this lives.
class TemporaryName {
 public:
  explicit TemporaryName(std::filesystem::path path);
  ~TemporaryName();
  TemporaryName(TemporaryName&& other) noexcept;
  TemporaryName& operator=(TemporaryName&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept;

  struct Registered;  ///< internal
  struct Entry;       ///< internal

 private:
  Registered* registered_;
  Entry* entry_;
};

/// "model.strata.1f0c2a9b.tmp": a name beside `path` that nobody else is likely to choose.
[[nodiscard]] std::filesystem::path name_beside(const std::filesystem::path& path);

/// Removes the files of this process that are being written; what may be called in a signal handler. For the end of a
/// program: no file can be begun afterwards.
void remove_temporary_files() noexcept;

}  // namespace strata::internal
