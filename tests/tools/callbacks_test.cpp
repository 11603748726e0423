// A function of the caller's that throws: the call ends, what was thrown arrives as it is, and nothing is left behind.
#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "data/data_test.hpp"
#include "tools/failing_for_tests.hpp"

namespace strata {
namespace {

using namespace testing;
using CallbacksThatThrow = InFolder;

// What a callback throws: by its number, as nothing that the library could make.
struct Own {
  int number;
};

// Callbacks of which one throws.
Callbacks throwing(int number, const std::function<void()>& thrown) {
  const auto at = [=](int own) {
    if (own == number) thrown();
  };
  return {.cost = [=](const CostReport&) { at(0); },
          .epoch = [=](const EpochReport&) { at(1); },
          .progress = [=](const Progress&) { at(2); },
          .note = [=](std::string_view) { at(3); },
          .warning = [=](std::string_view) { at(4); },
          .stop = [=] { return at(5), false; },
          .wants_model = [=] { return at(6), true; },
          .model = [=](const Model&) { at(7); }};
}
constexpr int kCallbacks = 8;

TEST_F(CallbacksThatThrow, ArriveUntouched) {
  Options options = some_options();
  write_file("data.csv", some_csv());
  options.batch_size = 1000;  // worth a warning
  options.epochs = 3;
  options.validation = "data.csv";
  for (int i = 0; i < kCallbacks; ++i) {
    const Callbacks bad_alloc = throwing(i, [] { throw std::bad_alloc(); });
    EXPECT_THROW(static_cast<void>(train(some_table(), options, bad_alloc)), std::bad_alloc) << i;
    EXPECT_THROW(static_cast<void>(train("data.csv", options, bad_alloc)), std::bad_alloc) << i;
    try {
      static_cast<void>(train(some_table(), options, throwing(i, [=] { throw Own{i}; })));
      ADD_FAILURE() << i;
    } catch (const Own& own) {
      EXPECT_EQ(own.number, i);
    }
  }
  const FieldChooser choose = [](std::span<const Field>) -> std::vector<std::string> {
    throw std::length_error("the caller's own");
  };
  EXPECT_THROW(static_cast<void>(read_table("data.csv", choose)), std::length_error);
}

// Nor is anything left of the training that it ended.
TEST_F(CallbacksThatThrow, LeaveNothingBehind) {
  Options options = some_options();
  options.batch_size = 1000;
  options.epochs = 3;
  const auto living_after = [&](int i) {
    try {
      static_cast<void>(train(some_table(), options, throwing(i, [=] { throw Own{i}; })));
      ADD_FAILURE() << i;
    } catch (const Own&) {
      return living_allocations();
    }
    return 0LL;
  };
  for (int i = 0; i < kCallbacks; ++i) {
    const long long once = living_after(i);  // with what is made at the first use
    EXPECT_EQ(living_after(i), once) << i;
    EXPECT_EQ(living_after(i), once) << i;
  }
}

}  // namespace
}  // namespace strata
