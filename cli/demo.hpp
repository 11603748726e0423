// Pictures made of characters, for the demo.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "output.hpp"
#include "strata/data.hpp"

namespace strata::cli {

/// The rows of a table in two: those to learn from and those held back, and which row of the file each was.
struct HeldBack {
  Table train, test;
  std::vector<std::size_t> train_rows, test_rows;
};
/// Every fifth row of a fixed shuffle is held back: the same rows on every machine.
[[nodiscard]] HeldBack hold_back(const Table& table);

/// Grey pixels, 0 to `white`, two characters each; a line for every row of the picture.
[[nodiscard]] std::vector<std::string> picture(std::span<const double> pixels, std::size_t cols, double white,
                                               const Output& on);

}  // namespace strata::cli
