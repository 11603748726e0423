// A table whose columns were judged by its own cells, as a model reads them.
#pragma once

#include <optional>

#include "strata/data.hpp"
#include "strata/features.hpp"

namespace strata::internal {

/// The table with the inputs that are held otherwise than the model takes them converted, as far as nothing of what the
/// cells said is lost: words that are numbers or dates in the form of the training become these. Nothing where all are
/// held as they should be; an input that is not there is left to others. Errors: value (a word that is none, with its
/// place; spellings that the table no longer has, which `read_for` would have kept).
[[nodiscard]] std::optional<Table> retyped(const Table& table, const Features& features);

}  // namespace strata::internal
