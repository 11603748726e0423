// Every row predicted by a network that was not trained on it.
#pragma once

#include <cstddef>

#include "strata/trainer.hpp"

namespace strata::internal {

/// As strata::cross_validate, of options that are valid.
[[nodiscard]] CrossValidation cross_validated(const Table& table, const Options& options, std::size_t parts,
                                              const Callbacks& callbacks);

}  // namespace strata::internal
