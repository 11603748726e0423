// Several networks in one model: what must be true of them.
#pragma once

#include "model/model_data.hpp"

namespace strata::internal {

/// Throws Error(format) for shares, a temperature or a record that the networks of a model cannot have.
void require_networks(const Model::Data& data);

}  // namespace strata::internal
