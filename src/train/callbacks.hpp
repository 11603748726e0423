// What a training tells its caller, and how it says that it ended.
#pragma once

#include <string_view>

#include "base/only_errors.hpp"
#include "strata/trainer.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

/// The same functions, each watched. Borrows both.
[[nodiscard]] Callbacks watched(Caller& caller, const Callbacks& callbacks);

/// Those of the callbacks, which are borrowed.
[[nodiscard]] Messages messages_of(const Callbacks& callbacks);

/// The ending of this name; done, where there is none.
[[nodiscard]] Ending ending_named(std::string_view text) noexcept;

}  // namespace strata::internal
