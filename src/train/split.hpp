// Which rows are trained on, and which are held back to measure on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/rows.hpp"
#include "strata/data.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// Both ascending.
struct Split {
  Rows train, held;
};

/// The class of each of `rows`, counted from 0, where the targets are classes (one-hot ones too); else nothing.
[[nodiscard]] std::vector<std::uint32_t> strata_of(const Table& table, std::span<const Field* const> targets,
                                                   const Rows& rows, Task task);

/// How many rows such a part is: at least one, and not all. Throws Error(value) for one row.
[[nodiscard]] std::size_t rows_held(double fraction, std::size_t rows);

/// Holds back this part of the rows, drawn by the seed: at least one on either side and, where there are `strata` (one
/// for each of the rows), of each of these its share, to a row, but never all of it. Errors: as rows_held.
[[nodiscard]] Split split_rows(const Rows& rows, double fraction, std::uint64_t seed,
                               std::span<const std::uint32_t> strata);

/// Which of `parts` each of `count` rows goes to, drawn by the seed. Their sizes, in all and of each stratum, differ by
/// one at most. `draw`: 0, or the number of another parting by the same seed.
[[nodiscard]] std::vector<std::size_t> part_rows(std::size_t count, std::size_t parts, std::uint64_t seed,
                                                 std::span<const std::uint32_t> strata, std::uint32_t draw = 0);

/// Which part each group goes to, of parts that are to have these shares of the rows, and of each stratum. `groups`: of
/// each row, counted from 0. Large groups come first, of equal ones whichever the seed draws, and each goes where it
/// leaves the shares most even. There are at least as many groups as parts, and no part stays empty.
[[nodiscard]] std::vector<std::size_t> part_groups(std::span<const std::uint32_t> groups,
                                                   std::span<const double> shares, std::uint64_t seed,
                                                   std::span<const std::uint32_t> strata, std::uint32_t draw = 0);

}  // namespace strata::internal
