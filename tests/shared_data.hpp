// The shared reference data: real files that are not part of the repository.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace strata::testing {

inline std::filesystem::path shared_data(const std::string& name) {
  return std::filesystem::path(STRATA_SHARED_DATA) / name;
}

inline bool has_shared_data() { return std::filesystem::exists(STRATA_SHARED_DATA); }

}  // namespace strata::testing

// Where the folder is absent the test is skipped and says so; where it is present, a missing file is a failure.
#define STRATA_NEEDS_SHARED_DATA()                                                                      \
  do {                                                                                                  \
    if (!::strata::testing::has_shared_data()) GTEST_SKIP() << "the shared reference data is not here"; \
  } while (false)
