// How far a training came, in words.
#pragma once

#include <string>

#include "strata/trainer.hpp"

namespace strata::cli {

/// "1,200 iterations"; of a bag "3 of 8 folds", and whether one that was cut short is left out.
[[nodiscard]] std::string how_far(const Fit& fit);

/// Of a training that diverged, or of which a fold failed: what is in the model nevertheless, without the full stop.
[[nodiscard]] std::string what_is_kept(const Fit& fit, const std::string& model);

}  // namespace strata::cli
