// What stands between the data and the network: which fields are its inputs, how they are scaled, what it predicts.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "strata/export.hpp"
#include "strata/options.hpp"

namespace strata STRATA_EXPORT {

/// An input of the network as its data names it.
struct InputField {
  std::string name;
  std::vector<std::size_t> shape;  ///< of one example; empty: one number
  bool operator==(const InputField&) const = default;
};

/// What the network predicts.
struct Target {
  std::vector<std::string> names;    ///< one; several for regression with several outputs
  Task task = Task::binary;          ///< never automatic
  std::vector<std::string> classes;  ///< binary: {the no, the yes}; classes: in the order of the outputs; else empty
  /// Regression with --scale-target: y = output·divisor + offset, one each; else empty.
  std::vector<double> offset, divisor;
  bool operator==(const Target&) const = default;
};

/// x_scaled = (x − offset) / divisor, fitted on the training examples only.
struct Scaling {
  ScaleKind kind = ScaleKind::none;     ///< never automatic
  std::vector<double> offset, divisor;  ///< standard: one each an input; else empty
  bool operator==(const Scaling&) const = default;
};

/// All of it: fitted on the training examples, remembered by the model, applied everywhere alike.
struct Features {
  std::vector<InputField> inputs;
  Scaling scaling;
  Target target;
};

}  // namespace strata STRATA_EXPORT
