// Files written so that an old file is replaced by a complete new one or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>

namespace strata::internal {

/// Writes a temporary file beside `path`, with the permissions of an old one there, syncs it, renames it over `path`
/// and syncs the folder. When `write` or the system fails, the temporary file is removed, an old `path` is untouched,
/// and an Error(io) says why. What is_special is written to directly. `previous`, unless it is empty: is replaced by
/// the old one, a link or a copy of it, before that is replaced.
using Sink = std::function<void(std::span<const std::byte>)>;
void replace_file(const std::filesystem::path& path, const std::function<void(const Sink&)>& write,
                  const std::filesystem::path& previous = {});

/// A device, a pipe or something that is open already: it cannot be replaced.
[[nodiscard]] bool is_special(const std::filesystem::path& path);

/// What the system says of `number` (an errno), and what to do where a limit on the size of files was met.
[[nodiscard]] std::string reason_of(int number);

/// Throws Error(io) when a file could not be created at `path` (folder missing, no permission, a directory is there).
void require_writable(const std::filesystem::path& path);

}  // namespace strata::internal
