// What the tests of options share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

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

/// The value of an option, as typed.
inline std::string shown(const Options& options, std::string_view name) {
  for (const OptionSpec& option : option_table())
    if (option.name == name) return option.show(options);
  return "no such option";
}

}  // namespace strata
