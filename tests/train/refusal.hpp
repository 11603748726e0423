// What an error says that is expected.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "strata/error.hpp"

namespace strata {

inline std::string refusal(const std::function<void()>& act, ErrorCode code) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "nothing";
}

}  // namespace strata
