// What the trace and the gradient check look at, wherever it comes from: a model, or a training that has not begun.
#pragma once

#include <cstddef>

#include "features/examples.hpp"
#include "network/parameters.hpp"
#include "network/step.hpp"
#include "strata/data.hpp"
#include "strata/model.hpp"

namespace strata::internal {

/// A network, its parameters, the λ of its cost, and examples as it sees them, in memory: X (n_x, m) scaled, Y (n_y, m)
/// encoded; where there is no target, Y is (0, m).
template <class T>
struct Examined {
  Architecture net;
  Parameters<T> p;
  double lambda = 0;
  Examples<T> examples;

  [[nodiscard]] Batch<T> batch() {
    const auto [X, Y, w] = examples.all();
    return {X, Y, {}, w, examples.weight()};
  }
};

/// One of a model's networks, counted from 0, widened where T is, with rows `first` … `first + count − 1` of a table.
/// Errors: as Model::evaluate; value (no rows); usage (no such network).
template <class T>
[[nodiscard]] Examined<T> examined(const Model& model, const Table& table, std::size_t first, std::size_t count,
                                   bool with_target, std::size_t network);

extern template Examined<float> examined(const Model&, const Table&, std::size_t, std::size_t, bool, std::size_t);
extern template Examined<double> examined(const Model&, const Table&, std::size_t, std::size_t, bool, std::size_t);

}  // namespace strata::internal
