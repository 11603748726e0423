// A table of numbers to learn from, for the tests of trainings.
#pragma once

#include <cmath>
#include <vector>

#include "strata/data.hpp"

namespace strata::testing {

/// y = 2a − b, and a little that neither says.
inline Table waves(int rows) {
  std::vector<double> a, b, y;
  for (int i = 0; i < rows; ++i) {
    a.push_back(std::sin(i));
    b.push_back(std::cos(3 * i));
    y.push_back(2 * a.back() - b.back() + 0.1 * std::sin(7 * i));
  }
  Table table;
  table.add_numbers("a", {}, a);
  table.add_numbers("b", {}, b);
  table.add_numbers("y", {}, y);
  return table;
}

}  // namespace strata::testing
