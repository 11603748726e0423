// What the tests of errors share: a small training, and operations in which every allocation fails in turn.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "strata/strata.hpp"

namespace strata::testing {

inline Table some_table() {
  std::vector<double> a, b;
  std::vector<std::string> y;
  for (int i = 0; i < 12; ++i) {
    a.push_back(std::sin(i));
    b.push_back(std::cos(2 * i));
    y.push_back(i % 3 == 0 ? "a label that is longer than a small string" : "the other one, which is as long as that");
  }
  Table table;
  table.add_numbers("an input with a long name", {}, a);
  table.add_numbers("another input with a long name", {}, b);
  table.add_text("the target, with a long name", y);
  return table;
}

inline std::string some_csv() {
  std::string text = "an input with a long name,another input with a long name,\"the target, with a long name\"\n";
  for (int i = 0; i < 12; ++i) {
    text +=
        std::to_string(std::sin(i)) + "," + std::to_string(std::cos(2 * i)) + "," +
        (i % 3 == 0 ? "a label that is longer than a small string" : "\"the other one, which is as long as that\"") +
        "\n";
  }
  return text;
}

inline Options some_options() {
  Options options;
  options.hidden_layers = {4, 3};
  options.epochs = 2;
  options.batch_size = 5;
  options.validation = "0.25";
  options.threads = 2;
  return options;
}

// Calls `operation` again and again with what `prepare` gives; in each call another allocation fails, until a call
// needs fewer. (What `prepare` and the end of its result need is there.)
template <class Prepare, class Operation>
void fail_everywhere(const std::string& what, const Prepare& prepare, const Operation& operation) {
  SCOPED_TRACE(what);
  const auto works = [&] {
    auto state = prepare();
    operation(state);
  };
  works();  // what is made once, such as the list of kernels, is there now
  long long failures = 0;
  for (const auto how : {FailingAllocations::How::once, FailingAllocations::How::from_then_on}) {
    for (long long nth = 1;; nth += 1 + nth / (how == FailingAllocations::How::once ? 40 : 10)) {
      auto state = prepare();
      std::optional<Error> error;
      std::exception_ptr other;
      bool failed = false;
      {
        const FailingAllocations failing(nth, how);
        try {
          operation(state);
        } catch (const Error& thrown) {
          error = thrown;
        } catch (...) {
          other = std::current_exception();
        }
        failed = failing.failed();
      }
      ASSERT_FALSE(other) << "allocation " << nth << ": not an Error";
      if (error) {
        ASSERT_TRUE(error->code() == ErrorCode::memory) << "allocation " << nth << ": " << error->what();
      }
      if (!failed) break;
      ++failures;
    }
  }
  EXPECT_GT(failures, 0);
  EXPECT_NO_THROW(works());  // all is as usable as before
}

template <class Operation>
void fail_everywhere(const std::string& what, const Operation& operation) {
  fail_everywhere(what, [] { return 0; }, [&](int) { operation(); });
}

// An operation that must refuse what it is given, where it has the memory to say so.
template <class Operation>
void refused(ErrorCode code, const Operation& operation) {
  bool done = false;
  try {
    operation();
    done = true;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::memory) throw;
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
  }
  EXPECT_FALSE(done);
}

}  // namespace strata::testing
