// The part of a model file that is text: what the network is, what it takes and gives, and how it came to be.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_data.hpp"

namespace strata::internal {

/// Does a scaling of this kind subtract and divide?
[[nodiscard]] bool has_offsets(ScaleKind kind) noexcept;

/// The first version of the format that can say what the model is: 1 where all inputs are numbers, whose scaling is
/// standard, 1/255 or none and says what stands for a missing one; 2 of other inputs; 3 of other losses; 4 of a stage
/// in front of the network, learned slopes, scaled levels and a target that is kept within bounds; 5 of several
/// networks; 6 of piecewise embeddings.
[[nodiscard]] int format_version_of(const Model::Data& data) noexcept;

/// The JSON text; the same model gives the same bytes.
[[nodiscard]] std::string write_metadata(const Model::Data& data, Precision precision);

struct ModelMetadata {
  std::unique_ptr<Model::Data>
      data;  ///< all but the numbers: the networks, their shares, the offsets and divisors, the bounds are empty
  Precision precision = Precision::float32;
  bool target_is_scaled = false, target_is_clamped = false;
  std::size_t networks = 1;
  std::vector<std::size_t> quantiles = {};  ///< how many each column of X has; empty unless the scaling is quantile
};

/// Throws Error(format), beginning with "is damaged: ".
[[nodiscard]] ModelMetadata read_metadata(std::string_view text, int format_version);

/// Throws Error(format), beginning with "is damaged: ", unless the sizes of the parts fit each other and every offset
/// and divisor is a number to be used.
void require_consistent(const Model::Data& data);

}  // namespace strata::internal
