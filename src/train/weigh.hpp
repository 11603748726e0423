// How much each network of a bag counts in its model, and how sure they are together.
#pragma once

#include <cstddef>

#include "model/model_data.hpp"
#include "train/held_out.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

/// As problem.options.select and calibrate say, by the rows of the folds, of which a parting has `parts`. A bag without
/// all of its networks stays as it is, with a warning. Where memory lacks, what is not done is left undone.
template <class T>
void weigh(const Problem& problem, std::size_t parts, HeldOut<T>& held_out, const Messages& messages,
           Model::Data& model);

}  // namespace strata::internal
