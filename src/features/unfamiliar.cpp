// What the inputs of some examples held that was new to the model.
#include <fmt/format.h>

#include <algorithm>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "strata/features.hpp"

namespace strata {
using namespace internal;

void add(std::vector<UnfamiliarInput>& to, std::span<const UnfamiliarInput> more) try {
  for (const UnfamiliarInput& each : more) {
    const auto same = std::ranges::find(to, each.name, &UnfamiliarInput::name);
    if (same == to.end()) {
      to.push_back(each);
      continue;
    }
    if (same->unknown == 0) same->first_unknown = each.first_unknown;
    same->unknown += each.unknown;
    same->missing += each.missing;
    same->early += each.early;
  }
} catch (...) {
  throw_as_error("for what is new to the model");
}

std::string to_text(const UnfamiliarInput& input) try {
  std::vector<std::string> parts;
  const auto cells = [](std::size_t count) { return fmt::format("{} cell{}", count, count == 1 ? "" : "s"); };
  if (input.unknown > 0)
    parts.push_back(fmt::format("{} with a value that no training row had (the first: '{}')", cells(input.unknown),
                                printable(input.first_unknown)));
  if (input.missing > 0)
    parts.push_back(fmt::format("{} missing, and no training row was without", cells(input.missing)));
  if (input.early > 0) parts.push_back(fmt::format("{} before the first date of the training", cells(input.early)));
  return fmt::format("'{}': {}", printable(input.name), fmt::join(parts, "; "));
} catch (...) {
  throw_as_error("for what is new to the model");
}

}  // namespace strata
