// What a Model owns. Rooms above (train, tools) build and read it; the public header shows only the Model.
#pragma once

#include <variant>

#include "network/parameters.hpp"
#include "strata/model.hpp"

namespace strata {

struct Model::Data {
  Architecture architecture;
  std::vector<InputField> inputs;
  Target target;
  Scaling scaling;
  TrainingRecord record;
  std::variant<Parameters<float>, Parameters<double>> parameters;
};

}  // namespace strata
