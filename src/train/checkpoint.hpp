// What a Checkpoint owns, and what a training must have in common with one that it goes on from
// (docs/decisions/0013-checkpoints.md).
#pragma once

#include <string>

#include "strata/trainer.hpp"
#include "train/fields.hpp"
#include "train/prepare.hpp"

namespace strata {

struct [[gnu::visibility("hidden")]] Checkpoint::Data {
  Model model;
  Options asked;             // but for those that cannot change the result; its length is the one in force
  bool open_length = false;  // at the first beginning none was asked for, on which other options depend
  bool own_start = false;    // the first weights were arrays of the caller's
  bool continues = false;    // they were those of another model, as were the features
  std::string kernels;       // that computed it
  internal::SavedFields fields = {};
};

namespace internal {

/// Throws Error(usage) for an option that is not as it was, but for the length and what cannot change the result.
void require_same_options(const Checkpoint::Data& from, const Options& options);
/// Throws Error(value) where the data make other inputs, another target or another network.
void require_same_problem(const Model& then, const Problem& now);

}  // namespace internal
}  // namespace strata
