// All that a model was trained to, for comparing models bit by bit.
#pragma once

#include <vector>

#include "strata/model.hpp"

namespace strata::testing {

/// W[1], b[1], …, W[L], b[L].
inline std::vector<std::vector<double>> weights_of(const Model& model) {
  std::vector<std::vector<double>> all;
  for (int l = 1; l <= model.architecture().depth(); ++l) {
    all.push_back(model.weights(l));
    all.push_back(model.biases(l));
  }
  return all;
}

}  // namespace strata::testing
