// The folds of a bag: which rows each network is trained on, and which it is stopped by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "train/prepare.hpp"

namespace strata::internal {

/// Partings of the rows, one after the other; folds are counted from 0 over all of them.
struct FoldsOf {
  std::size_t parts = 0;                          // folds of a parting
  std::vector<std::vector<std::uint8_t>> of_row;  // of each parting: the part of each row
  std::string how;                                // "drawn by the seed, each with its share of every class"

  [[nodiscard]] std::size_t size() const noexcept { return parts * of_row.size(); }
  /// Its place among all the rows, of each row of the fold, and of each other: ascending.
  [[nodiscard]] std::vector<std::size_t> held(std::size_t fold) const { return chosen(fold, true); }
  [[nodiscard]] std::vector<std::size_t> others(std::size_t fold) const { return chosen(fold, false); }
  /// How many rows it has.
  [[nodiscard]] std::size_t rows(std::size_t fold) const;

 private:
  [[nodiscard]] std::vector<std::size_t> chosen(std::size_t fold, bool held) const;
};

/// As problem.options.folds says, of the problem's train_rows. Warns and throws as part_of_rows; warns of what the
/// network of a fold never sees: a class, another number than one.
[[nodiscard]] FoldsOf folds_of(const Table& table, const Problem& problem, const Messages& messages);

}  // namespace strata::internal
