// Whether what was asked for does something beside the other options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "strata/options.hpp"

namespace strata::internal {

/// An option that was set and does nothing, and a sentence that says why.
struct WithoutEffect {
  std::string_view option;
  std::string text;
};

/// Throws Error(usage) for an option of something that is not chosen: the momentum of adam. Whether another is set
/// shows its value: one that differs from its default.
void require_effect(const Options& options);
/// Does the option do something, as far as the others are known? (One that has its default does.)
[[nodiscard]] bool has_effect(std::string_view option, const Options& options);
/// The same of `decided`, in which nothing is open any more, with the options of a loss and of what may be 0. Gives
/// those that merely do nothing.
[[nodiscard]] std::vector<WithoutEffect> without_effect(const Options& decided);
/// And those that do nothing in this network, for it has nothing that they are about. Of all only what somebody asked
/// for: what is inherited may do nothing.
[[nodiscard]] std::vector<WithoutEffect> without_effect(const Options& decided, const Architecture& net);
/// Is a number embedded?
[[nodiscard]] bool embeds_numbers(const Architecture& net);

}  // namespace strata::internal
