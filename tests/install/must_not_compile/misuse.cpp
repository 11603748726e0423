// Each of these must be refused by the compiler; without a CASE the file compiles.
#include <strata/strata.hpp>

int main() {
#if CASE == 1
  strata::Table table;
  table.add_numbers("a", {}, std::vector<long double>{1});  // no numbers that a table holds: they would be rounded
#elif CASE == 2
  const strata::steps::Matrix A(2, 2);
  A(0, 0) = 1;  // a constant matrix
#elif CASE == 3
  strata::Activation g = 3;  // not a number
#elif CASE == 4
  strata::steps::relu(strata::steps::Matrix(1, 1));  // the result thrown away (an error with -Werror)
#endif
  return 0;
}
