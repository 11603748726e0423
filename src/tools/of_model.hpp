// What the tools need of a model and a table: examples as the network sees them, and the λ that the model was trained
// with.
#pragma once

#include <cstddef>

#include "features/examples.hpp"
#include "network/parameters.hpp"
#include "network/step.hpp"
#include "strata/data.hpp"
#include "strata/model.hpp"

namespace strata {

/// Rows `first` … `first + count − 1` as columns: X (n_x, m) scaled, Y (n_y, m) encoded; without `with_target` Y is (0,
/// m). Errors: as Model::evaluate; value (no rows).
template <class T>
[[nodiscard]] Examples<T> examples_of(const Model& model, const Table& table, std::size_t first, std::size_t count,
                                      bool with_target);

extern template Examples<float> examples_of(const Model&, const Table&, std::size_t, std::size_t, bool);
extern template Examples<double> examples_of(const Model&, const Table&, std::size_t, std::size_t, bool);

/// All of them, which are in memory.
template <class T>
[[nodiscard]] Batch<T> batch_of(Examples<T>& examples) {
  const auto [X, Y] = examples.all();
  return {X, Y};
}

/// The weights, widened where the model is of float32.
[[nodiscard]] Parameters<double> parameters_in_float64(const Model& model);

/// λ of λ/(2m) Σ‖W‖² in the model's training record; 0 when it has none.
[[nodiscard]] double l2_of(const Model& model);

}  // namespace strata
