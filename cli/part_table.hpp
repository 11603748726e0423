// The parts of a cross-validation and the folds of a bag, as they are told one after the other, and their means.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "output.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {

/// A table that grows by a row for each: "1", or "1 of 8" where it is said how many there are.
class PartTable {
 public:
  /// `noun`: "part". Borrows both.
  PartTable(std::string_view noun, const TrainingOptions& options) : noun_(noun), options_(options) {}
  void add(const PartReport& report);
  /// After something else was printed: the next row gets a heading again.
  void begin_anew() noexcept { widths_.clear(); }

 private:
  std::string_view noun_;
  const TrainingOptions& options_;
  std::vector<std::size_t> widths_;  // of the columns; empty: there is no heading yet
};
/// "loss 0.1 ± 0.02, accuracy 0.9 ± 0.01"
[[nodiscard]] std::string describe_mean(std::span<const PartReport> parts, const TrainingOptions& options);

}  // namespace strata::cli
