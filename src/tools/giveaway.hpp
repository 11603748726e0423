// Which fields give the target away: how closely each goes together with it, seen block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "strata/tools.hpp"
#include "tools/field_summary.hpp"

namespace strata::internal {

/// Pairs of a value and a class, and how often each comes: all of them, while they are few.
class PairCounts {
 public:
  void add(std::uint64_t value, std::uint32_t of_class);

  struct Pair {
    std::uint64_t value = 0;
    std::uint32_t of_class = 0;
    std::size_t count = 0;  // 0: free
  };
  /// By value; none where there were too many.
  [[nodiscard]] std::vector<Pair> pairs() const;

 private:
  static constexpr std::size_t kMost = 1024;

  void grow();

  std::vector<Pair> slots_ = {};
  std::size_t size_ = 0;
};

/// The values of the target, numbered in the order in which they come: while they are at most kMost.
class TargetClasses {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();  // missing, or there are too many

  /// The class of each row of a block.
  [[nodiscard]] std::span<const std::uint32_t> add(const ColumnOfBlock& target);
  /// None where there are too many.
  [[nodiscard]] const std::vector<std::size_t>& counts() const noexcept { return counts_; }

 private:
  std::vector<std::uint64_t> hashes_ = {};
  std::vector<std::size_t> counts_ = {};
  std::vector<std::uint32_t> of_rows_ = {};
  bool are_too_many_ = false;
};

/// How one field goes together with the target.
class Tie {
 public:
  void add(const ColumnOfBlock& column, const ColumnOfBlock& target, std::span<const std::uint32_t> classes);
  /// How it gives the target away; empty: it does not. Measures: see strata::describe.
  [[nodiscard]] std::string giveaway(const std::vector<std::size_t>& counts) const;

 private:
  struct Range {
    double least = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();
  };

  [[nodiscard]] std::string by_line() const;
  [[nodiscard]] std::string by_value(const std::vector<std::size_t>& counts) const;
  [[nodiscard]] std::string by_range(const std::vector<std::size_t>& counts) const;

  PairCounts pairs_;
  std::vector<Range> ranges_ = {};  // of each class
  bool has_ranges_ = true;          // all of its cells are finite numbers
  // Sums over the rows in which both are finite, from the first of these on.
  std::size_t count_ = 0;
  double x0_ = 0, y0_ = 0, x_ = 0, y_ = 0, xx_ = 0, yy_ = 0, xy_ = 0;
};

}  // namespace strata::internal
