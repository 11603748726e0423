// How much the rows of a table count.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "data/rows.hpp"
#include "strata/data.hpp"

namespace strata::internal {

/// One number for each row of a table; or none, where each counts 1.
class Weights {
 public:
  /// Each of so many rows counts 1.
  explicit Weights(std::size_t rows = 0) : rows_(rows) {}
  /// What this column of numbers says. Errors: usage (no such field, with the nearest), shape (an array), value (with
  /// the place of the first that is missing, negative or not finite).
  Weights(const Table& table, const std::string& column);

  [[nodiscard]] bool empty() const noexcept { return of_rows_.empty(); }
  [[nodiscard]] double operator[](std::size_t row) const noexcept { return empty() ? 1 : of_rows_[row]; }
  /// Of these rows, one each; empty where each counts 1.
  [[nodiscard]] std::vector<double> of(const Rows& rows) const;

  /// The rows that count, and how many there are that have the weight 0.
  [[nodiscard]] const Rows& rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t of_weight_0() const noexcept { return of_weight_0_; }
  /// Of each of these rows, ascending, how many come before it that count: its number, were the others not there. Empty
  /// where that is the row itself.
  [[nodiscard]] std::vector<std::size_t> numbers_of(const Rows& rows) const;

  /// Where numbers are ranked: as much as one row counts. Weights that are whole numbers say how often a row is there;
  /// others say no more than how much it counts beside the others, and are of the mean that makes them 1 a row.
  [[nodiscard]] double unit() const noexcept { return unit_; }

  /// Each of `rows` times `factor(row)`. As much as they counted before, they count where numbers are ranked.
  void multiply(const Rows& rows, const std::function<double(std::size_t row)>& factor);

 private:
  [[nodiscard]] double sum(const Rows& rows) const;

  std::vector<double> of_rows_;
  Rows rows_;
  std::size_t of_weight_0_ = 0;
  double unit_ = 1;
};

/// Those of the column; without a name each row counts 1. Throws Error(value) where all of them are 0, too.
[[nodiscard]] Weights weights_of(const Table& table, const std::string& column);

[[noreturn]] void throw_all_0(const std::string& source, const std::string& column, std::size_t rows);

}  // namespace strata::internal
