// What a Checkpoint owns, and what a training must have in common with one that it goes on from
// (docs/decisions/0013-checkpoints.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "strata/trainer.hpp"
#include "train/fields.hpp"
#include "train/prepare.hpp"

namespace strata {

namespace internal {

/// Of a bag that goes on: what its folds have come to that are done. Their networks are the first of the model.
struct FoldsDone {
  std::size_t folds = 0;
  std::int64_t updates = 0;     // of all their trainings
  std::int64_t iterations = 0;  // those of the weights, of the longest
  std::int64_t epochs = 0;      // passes of all their trainings
  std::int64_t length = 0;      // epochs of the first, where a limit of time gave the next ones fewer; else 0
  std::string diverged = {};    // why the first did that did; empty: none
};

}  // namespace internal

struct [[gnu::visibility("hidden")]] Checkpoint::Data {
  Model model;
  Options asked;             // but for those that cannot change the result; its length is the one in force
  bool open_length = false;  // at the first beginning none was asked for, on which other options depend
  bool own_start = false;    // the first weights were arrays of the caller's
  bool continues = false;    // they were those of another model, as were the features
  std::string kernels;       // that computed it
  internal::SavedFields fields = {};
  internal::FoldsDone done = {};
};

namespace internal {

/// Throws Error(usage) for an option that is not as it was, but for the length and what cannot change the result.
void require_same_options(const Checkpoint::Data& from, const Options& options);
/// Throws Error(value) where the data make other inputs, another target or another network.
void require_same_problem(const Model& then, const Problem& now);

}  // namespace internal
}  // namespace strata
