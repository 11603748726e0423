// Which rows are held back, as the options and the columns that they name say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/rows.hpp"
#include "strata/data.hpp"
#include "strata/options.hpp"
#include "train/prepare.hpp"
#include "train/split.hpp"

namespace strata::internal {

/// The class of a row whose target is classes, as messages name it; of one-hot numbers, which of them is the 1.
[[nodiscard]] std::string class_of(const Table& table, std::span<const Field* const> targets, std::size_t row);

/// The group of each row, counted from 0 in the order of the rows.
struct Groups {
  std::vector<std::uint32_t> of_row;
  std::size_t number = 0;
};
/// As options.group_column says. Throws Error(value) where a row has none, Error(usage) for an array.
[[nodiscard]] Groups groups_of(const Table& table, const Rows& rows, const Options& options);

/// How rows are parted, and how that is spoken of.
struct Parting {
  std::string asked;      // the option with its value
  std::string_view noun;  // "part"
  std::size_t parts = 0;
  std::uint32_t draw = 0;  // the number of the parting, of several by the same seed
};
struct Parts {
  std::vector<std::size_t> of_row;  // from 0, of each of the rows
  std::string how;                  // "drawn by the seed, each with its share of every class"
};
/// Parts the rows by options.seed: every part has its share of each class of the targets, whose task is decided, and
/// with options.group_column whole groups. Warns of classes with fewer rows than there are parts. Throws Error(value)
/// where every class is such, or rows or groups are fewer than parts.
[[nodiscard]] Parts part_of_rows(const Table& table, std::span<const Field* const> targets, const Rows& rows,
                                 const Options& options, const Parting& parting, const Messages& messages);

/// How many rows of a class are on which side.
struct ClassRows {
  std::size_t first = 0;  // of the table
  std::size_t held = 0, train = 0;
};

struct Holdout : Split {
  std::vector<ClassRows> classes;  // where the target is classes
  std::string how;                 // "drawn by the seed, of each class its share"
};

/// Of `rows`, which are some of the table; nothing where `options`, in which nothing is open, name no part of them.
/// `task`: as it was asked for. Errors: usage (a column that is of no use for this), value (what it holds; no row is
/// held back, or every one).
[[nodiscard]] Holdout hold_back(const Table& table, std::span<const Field* const> targets, const Rows& rows,
                                const Options& options, Task task);

/// Warns of classes that no row of the validation has. Throws Error(value) for one that no training row has.
void require_classes(const Table& table, std::span<const Field* const> targets, const Holdout& holdout,
                     const Messages& messages);

}  // namespace strata::internal
