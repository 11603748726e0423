// Who looks on while a training goes: each at its own steps.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "strata/trainer.hpp"

namespace strata::internal {

struct Moment {
  std::int64_t iteration = 0;    // updates done
  std::int64_t iterations = 0;   // in all
  double cost = 0;               // J of the last step
  std::optional<Ending> ending;  // set by whoever ends the training here
};

struct Observer {
  /// Asked before a step. Such a step is taken exactly, all of its numbers looked at; then comes the other one, or
  /// both.
  std::function<bool(const Moment&)> wants;
  std::function<void(const Moment&)> before_update = [](const Moment&) {};  // the weights are those of the step
  std::function<void(Moment&)> after_update = [](Moment&) {};
};

}  // namespace strata::internal
