// What tells examples from others: whether a training that goes on has the data that it began with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "features/examples.hpp"

namespace strata::internal {

/// Of examples as the network takes them.
struct Fingerprint {
  std::uint64_t rows = 0;
  std::uint64_t order = 0;  // where they stand in their table
  std::uint64_t inputs = 0, targets = 0, weights = 0;

  template <class Visit>
  void fields(const Visit& visit) {
    visit("rows", rows), visit("order", order), visit("inputs", inputs), visit("targets", targets);
    visit("weights", weights);
  }
  bool operator==(const Fingerprint&) const = default;
};

/// Reads all of them, a block after the other.
template <class T>
[[nodiscard]] Fingerprint fingerprint_of(Examples<T>& examples);

/// How the examples differ from those of then, in words; they do. `which`: "training", "validation".
[[nodiscard]] std::string difference(const Fingerprint& then, const Fingerprint& now, std::string_view which);

extern template Fingerprint fingerprint_of(Examples<float>&);
extern template Fingerprint fingerprint_of(Examples<double>&);

}  // namespace strata::internal
