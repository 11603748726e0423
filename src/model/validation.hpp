// What --validation says: which rows are held back, or which file has them.
#pragma once

#include <optional>
#include <string_view>

namespace strata {

/// The part of the rows that is held back, or nothing where the text names a file. Throws Error(usage) for a number
/// that is not greater than 0 and less than 1 (a file of such a name is given as ./1), and for blanks alone.
[[nodiscard]] std::optional<double> validation_fraction(std::string_view text);

}  // namespace strata
