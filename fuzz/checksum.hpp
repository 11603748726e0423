// For files with a checksum, which finds most changes: what is behind it is tested with the right one.
#pragma once

#include "fuzz/parsers.hpp"

namespace strata::fuzz {

/// The text between two others.
inline std::string between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + before.size(), end = text.find(after, begin);
  return end == std::string::npos ? "" : text.substr(begin, end - begin);
}

/// Gives the bytes to `load`, and where it says that they have another checksum than they should, again with this one.
template <class Load>
void with_right_checksum(std::string bytes, const Load& load) {
  const std::optional<std::string> error = load(bytes);
  if (!error) return;
  const std::string found = between(*error, "its checksum is ", ", and it should be "),
                    stored = between(*error, ", and it should be ", ";");
  const std::size_t at = stored.empty() ? std::string::npos : bytes.find(stored);
  if (at == std::string::npos || found.size() != stored.size()) return;
  static_cast<void>(load(bytes.replace(at, stored.size(), found)));
}

}  // namespace strata::fuzz
