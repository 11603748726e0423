// A module that holds Strata, as one for Python would.
#include <cstdio>
#include <strata/strata.hpp>

extern "C" __attribute__((visibility("default"))) int count_rows(const char* file) {
  try {
    return static_cast<int>(strata::read_table(file).rows());
  } catch (const strata::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return -1;
  }
}
