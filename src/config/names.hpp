// One table of names for every kind of choice: what the help lists, what the parser takes, what a model file says.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "strata/options.hpp"

namespace strata::internal {

template <class Kind>
struct Named {
  std::string_view name;
  Kind kind;
};

/// In the order in which they are listed. The first name of a kind is its own; a later one is what some people call it
/// too.
template <class Kind>
[[nodiscard]] std::span<const Named<Kind>> names_of() noexcept;

/// The kind's own name; "?" for a number that is no kind.
template <class Kind>
[[nodiscard]] std::string_view name_in_table(Kind kind) noexcept {
  for (const Named<Kind>& entry : names_of<Kind>())
    if (entry.kind == kind) return entry.name;
  return "?";
}

/// The own names, behind `before`.
template <class Kind>
[[nodiscard]] std::vector<std::string> own_names(std::initializer_list<std::string> before = {}) {
  std::vector<std::string> names(before);
  for (const Named<Kind>& entry : names_of<Kind>())
    if (name_in_table(entry.kind) == entry.name) names.emplace_back(entry.name);
  return names;
}

template <class Kind>
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name) noexcept {
  for (const Named<Kind>& entry : names_of<Kind>())
    if (entry.name == name) return entry.kind;
  return std::nullopt;
}

/// How many hidden layers there are where the user names none.
inline constexpr std::size_t kAutomaticLayers = 2;
/// What --validation says where nothing is measured.
inline constexpr std::string_view kNoValidation = "none";
/// Rows of the data that are held back: so much of them, drawn by the seed or the last.
struct ValidationPart {
  double fraction = 0;
  bool is_last = false;
};
/// --validation as a part of the rows; nothing: it is a file, or none. Throws Error(usage) for a number out of range.
[[nodiscard]] std::optional<ValidationPart> validation_part(std::string_view text);

/// As set_option, but nobody names the option.
void set_unnamed(Options& options, std::string_view name, std::string_view text);
/// Sets `settings`, and then `explicitly`, to which those of the settings give way that it contradicts. `decided`: the
/// settings leave nothing open.
void set_giving_way(Options& options, const TypedOptions& settings, const TypedOptions& explicitly, bool decided);

}  // namespace strata::internal
