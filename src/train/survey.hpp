// One look at all numbers that a training uses: are they finite, or missing, what does the target hold, what is their
// mean? And a second one, for the deviations.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "data/rows.hpp"
#include "features/scaling.hpp"
#include "strata/data.hpp"

namespace strata::internal {

/// What a field holds.
struct Values {
  static constexpr std::size_t kMost = 65536;  // distinct values beyond which nobody counts
  std::map<double, std::size_t> rows;          // of each number, or text of the field: at most kMost + 1 of them
  bool all_whole = true;                       // of numbers
};

/// The means and deviations of the inputs are asked for with ScaleKind::standard, those of a regression's targets
/// always.
class Survey {
 public:
  /// Looks once at each of `rows`, some of which are trained on. `inputs`: those that are numbers. Throws Error(value)
  /// with the place of the first cell that is no finite number and not missing: of the inputs, else of the targets that
  /// are not text. In arrays nothing can be missing. `weights`: of the training rows, or none; they count in what is
  /// fitted, and not where rows are counted.
  Survey(const Table& table, std::span<const Field* const> inputs, std::span<const Field* const> targets,
         ScaleKind scale, const Rows& rows, const Rows& train_rows, std::vector<double> weights = {});

  /// Is an input missing in a training row?
  [[nodiscard]] bool has_missing() const noexcept { return has_missing_; }
  /// The rows without a target, ascending, and the target that the first of them lacks. Where there are any, what else
  /// is said here is not to be used.
  [[nodiscard]] const std::vector<std::size_t>& without_target() const noexcept { return without_target_; }
  [[nodiscard]] const Field& lacked_target() const noexcept { return *lacked_target_; }
  /// Of each target.
  [[nodiscard]] const std::vector<Values>& targets() const noexcept { return values_; }
  /// How many rows were looked at.
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  /// The targets are several numbers, of which in every row one is 1 and the others are 0: of each, in how many rows it
  /// is the 1. Else empty.
  [[nodiscard]] const std::vector<std::size_t>& one_hot() const noexcept { return ones_; }
  /// The scale of the targets of a regression and, where `inputs` is not null, of these, none of which is missing; they
  /// get what stands for a missing one later. Looks at the training rows again, at what is asked for. `constant`: the
  /// inputs that hold the same number everywhere.
  void fit(std::vector<InputField>* inputs, bool with_targets, Scaling& scaling, Scaling& of_targets,
           std::vector<std::size_t>& constant);

 private:
  [[nodiscard]] std::size_t width_of(std::span<const Field* const> fields) const;
  void look_at(std::size_t row, const double* x, bool trains);
  void look_at_texts(const Rows& rows);
  void look_for_one(std::span<const double> y);

  const Table& table_;
  std::vector<const Field*> inputs_, targets_, numeric_;  // numeric_: targets that are not text
  ScaleKind scale_;
  const Rows& train_rows_;
  std::vector<double> weights_;
  std::vector<Values> values_;
  std::size_t rows_;
  std::vector<std::size_t> ones_;
  bool reads_inputs_ = false;  // somebody asks for them
  std::size_t n_x_ = 0;        // of what is read
  StandardFit fit_;
  bool has_missing_ = false;
  std::vector<std::size_t> without_target_;
  const Field* lacked_target_ = nullptr;
};

}  // namespace strata::internal
