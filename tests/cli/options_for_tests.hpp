// What the tests of options share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "strata/error.hpp"
#include "strata/options.hpp"

namespace strata {

/// What `validate` says of options of which one member is another than by default.
inline std::string objection(const std::function<void(Options&)>& change) {
  Options options;
  change(options);
  try {
    validate(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "";
}

}  // namespace strata
