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
  double epoch_loss = 0;     // Σ of this epoch's batches: mean loss × Σ w
  SquaresOfSteps squares{};  // and of their ‖W‖², with L2

  /// What the steps since another state do not give back. (The position follows from the iteration.)
  template <class Visit>
  void counts(const Visit& visit) {
    visit("iteration", iteration), visit("epoch_loss", epoch_loss), visit("squares", squares);
  }
  template <class Visit>
  void fields(const Visit& visit) {
    counts(visit), visit("theta", p.theta()), visit("optimizer", optimizer);
  }
};

}  // namespace strata::internal
