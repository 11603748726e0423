// All that decides how a training goes on: what is kept to go back to.
#pragma once

#include <cstdint>

#include "network/parameters.hpp"
#include "optim/optimizer.hpp"
#include "train/loader.hpp"
#include "train/penalty.hpp"

namespace strata::internal {

template <class T>
struct TrainingState {
  std::int64_t iteration = 0;               // updates done
  typename Loader<T>::Position position{};  // of the batch of the next
  Parameters<T> p;
  Optimizer<T> optimizer;
  double epoch_loss = 0;     // Σ of this epoch's batches: mean loss × examples
  SquaresOfSteps squares{};  // and of their ‖W‖², with L2
};

}  // namespace strata::internal
