// What a Model owns. Rooms above (train, tools) build and read it; the public header shows only the Model.
#pragma once

#include <variant>

#include "network/parameters.hpp"
#include "strata/model.hpp"

namespace strata {

struct [[gnu::visibility("hidden")]] Model::Data : Features {
  Architecture architecture;
  TrainingRecord record;
  std::variant<internal::Parameters<float>, internal::Parameters<double>> parameters;
  bool bf16 = false;  // the products of a model of floats are formed in bfloat16

  [[nodiscard]] Precision precision() const noexcept {
    if (std::holds_alternative<internal::Parameters<double>>(parameters)) return Precision::float64;
    return bf16 ? Precision::bf16 : Precision::float32;
  }
};

}  // namespace strata
