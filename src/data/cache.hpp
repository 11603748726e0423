// The data cache: one file whose numbers lie as a table has them in memory, so that it can be used where it is, whether
// it fits into memory or not. The bytes: docs/formats.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "strata/data.hpp"

namespace strata::internal {

using namespace std::string_view_literals;

/// The first eight bytes; what a transfer as text would change is among them.
inline constexpr std::string_view kCacheMagic = "\x89SDATA\r\n"sv;

/// Writes the whole table; an old file is replaced by the complete new one or stays. Errors: io.
void write_cache(const Table& table, const std::filesystem::path& file);

/// Reads every byte and compares the checksums, which reading does not. Errors: as read_table; format where they
/// differ.
void verify_cache(const std::filesystem::path& file);

}  // namespace strata::internal
