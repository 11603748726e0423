// --out-of-fold: what a bag says of each row by the networks that were not trained on it, as CSV.
#pragma once

#include <string>

#include "arguments.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {

/// Throws Error for a file that cannot be written, that the training reads or writes itself, or that is there and is
/// no such table: found out before the training, not after it. `options`: those in force. `model`: where it goes.
void check_out_of_fold(const Arguments& arguments, const Options& options, const std::string& model);

/// Writes them and says so. False: an error says that they are not written, and that the model is in `model`. (Where
/// memory lacked, the training has none to give.)
[[nodiscard]] bool save_out_of_fold(const Fit& fit, const std::string& file, const std::string& model, bool quiet);

}  // namespace strata::cli
