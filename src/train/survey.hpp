// One look at all numbers that a training uses: are they finite, what does the target hold, what is their mean? And a
// second one, for the deviations.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <vector>

#include "data/rows.hpp"
#include "features/scaling.hpp"
#include "strata/data.hpp"

namespace strata::internal {

/// What a field of numbers holds.
struct Values {
  static constexpr std::size_t kMost = 65536;  // distinct values beyond which nobody counts
  std::set<double> distinct;                   // at most kMost + 1 of them
  bool all_whole = true;
};

/// The means and deviations of the inputs are asked for with ScaleKind::standard, those of a regression's targets
/// always.
class Survey {
 public:
  /// Looks once at every row. Throws Error(value) with the place of the first cell that is no finite number: of the
  /// inputs, else of the targets that are not text.
  Survey(const Table& table, std::span<const Field* const> inputs, std::span<const Field* const> targets,
         ScaleKind scale, const Rows& train_rows);

  /// Of each target; a text has none.
  [[nodiscard]] const std::vector<Values>& targets() const noexcept { return values_; }
  /// Looks at the training rows again. `constant`: the inputs that hold the same number everywhere.
  void fit(bool with_targets, Scaling& inputs, Scaling& targets, std::vector<std::size_t>& constant);

 private:
  [[nodiscard]] std::size_t width_of(std::span<const Field* const> fields) const;

  const Table& table_;
  std::vector<const Field*> inputs_, targets_,
      read_;  // read_: the inputs, unless nobody asks for them, then the targets
  ScaleKind scale_;
  const Rows& train_rows_;
  std::vector<Values> values_;
  std::size_t n_x_ = 0;  // of what is read
  StandardFit fit_;
};

}  // namespace strata::internal
