// What a Model owns. Rooms above (train, tools) build and read it; the public header shows only the Model.
#pragma once

#include <variant>
#include <vector>

#include "network/parameters.hpp"
#include "strata/model.hpp"

namespace strata {
namespace internal {

template <class T>
using Networks = std::vector<Parameters<T>>;

}  // namespace internal

struct [[gnu::visibility("hidden")]] Model::Data : Features {
  Architecture architecture;  // of each network
  TrainingRecord record;
  std::variant<internal::Networks<float>, internal::Networks<double>> networks;
  /// How much each network counts: above 0, 1 together. Of one network empty.
  std::vector<double> shares = {};
  double temperature = 1;  // see average.hpp
  bool bf16 = false;       // the products of a model of floats are formed in bfloat16

  /// The first, or only one.
  template <class T>
  [[nodiscard]] internal::Parameters<T>& first() {
    return std::get<internal::Networks<T>>(networks).front();
  }
  template <class T>
  [[nodiscard]] const internal::Parameters<T>& first() const {
    return std::get<internal::Networks<T>>(networks).front();
  }
  [[nodiscard]] std::size_t network_count() const noexcept {
    return std::visit([](const auto& all) { return all.size(); }, networks);
  }
  [[nodiscard]] Precision precision() const noexcept {
    if (std::holds_alternative<internal::Networks<double>>(networks)) return Precision::float64;
    return bf16 ? Precision::bf16 : Precision::float32;
  }
};

namespace internal {

/// Throws Error(usage) for a network that there is not; they are counted from 0.
void require_network(const Model::Data& data, std::size_t network);

}  // namespace internal
}  // namespace strata
