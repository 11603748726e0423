// What a program may write into the options that the command line would not let through.
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"

namespace strata {
namespace {

Table ten_rows() {
  std::vector<double> x, y;
  for (int i = 0; i < 10; ++i) {
    x.push_back(i);
    y.push_back(i % 2);
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, y);
  return table;
}

std::string refusal(const Options& options) {
  try {
    return std::to_string(train(ten_rows(), options).iterations) + " iterations";
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(ErrorCode::usage)) << error.what();
    return error.what();
  }
}

// A number that is no fraction held back all rows but one, or none.
TEST(Validation, ANumberIsAFractionOrRefused) {
  Options options;
  options.target = {"y"};
  options.hidden_layers = std::vector<int>{};
  options.epochs = 1;
  for (const char* text : {"1.5", "-0.2", "0", "1", "nan", "inf", "-inf", "1e-400", "0.0", "1e400", " 2 "}) {
    options.validation = text;
    std::string bare(text);
    if (bare == " 2 ") bare = "2";
    const std::string expected = std::string(
                                     "--validation: expected a file, or a fraction greater than 0 and less than "
                                     "1, found '") +
                                 text + "' (a file of that name: ./" + bare + ")";
    EXPECT_EQ(refusal(options), expected);
    EXPECT_THROW(static_cast<void>(check_gradients(ten_rows(), options)), Error) << text;
    Options typed;
    EXPECT_THROW(set_option(typed, "validation", text), Error) << text;
  }
  options.validation = " ";
  EXPECT_EQ(refusal(options), "--validation: expected a file, or a fraction such as 0.2, found ' '");
  options.validation = "0.3";
  options.batch_size = 0;
  const Fit fit = train(ten_rows(), options);
  EXPECT_EQ(fit.model.record().rows, 7U);
  ASSERT_TRUE(fit.model.record().validation);
  EXPECT_EQ(fit.model.record().validation->examples, 3U);
}

// Every door of the library, and before a file is opened: none of these files is there.
TEST(EveryDoor, RefusesOptionsThatTheCommandLineWouldRefuse) {
  Options options;
  options.target = {"y"};
  options.hidden_layers = std::vector<int>{};
  options.learning_rate = -1;
  const std::function<void()> doors[] = {
      [&] { static_cast<void>(train(ten_rows(), options)); },
      [&] { static_cast<void>(train("missing.csv", options)); },
      [&] { static_cast<void>(check_gradients(ten_rows(), options)); },
      [&] { static_cast<void>(check_gradients("missing.csv", options)); },
      [&] { static_cast<void>(convert("missing.csv", "converted.stc", options)); },
  };
  std::string expected;
  try {
    validate(options);
  } catch (const Error& error) {
    expected = error.what();
  }
  ASSERT_TRUE(expected.starts_with("--learning-rate: ")) << expected;
  for (std::size_t i = 0; i < std::size(doors); ++i) {
    SCOPED_TRACE("door " + std::to_string(i));
    try {
      doors[i]();
      ADD_FAILURE() << "let through";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      EXPECT_EQ(std::string(error.what()), expected);
    }
  }
}

TEST(Threads, OutOfRangeAreRefused) {
  Options options;
  for (const int threads : {-1, 1025}) {
    options.threads = threads;
    const std::string expected =
        "--threads: expected a whole number from 1 to 1024, or auto, found '" + std::to_string(threads) + "'";
    EXPECT_EQ(refusal(options), expected);
    EXPECT_THROW(static_cast<void>(check_gradients(ten_rows(), options)), Error);
  }
}

TEST(Iterations, ThatCannotBeCountedAreRefused) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  Options options;
  options.target = {"y"};
  options.hidden_layers = std::vector<int>{};
  options.batch_size = 3;  // four batches
  Callbacks stop;
  stop.stop = [] { return true; };
  const auto iterations = [&] { return train(ten_rows(), options, stop).iterations; };
  for (const std::int64_t epochs : {kMost / 4 + 1, kMost}) {
    options.epochs = epochs;
    EXPECT_EQ(refusal(options), "--epochs " + std::to_string(epochs) +
                                    ": each epoch has 4 batches, which makes more updates than can be counted; the "
                                    "largest possible number is 2305843009213693951");
  }
  options.epochs = kMost / 4;  // the largest that is possible
  EXPECT_EQ(iterations(), 1);
  options.epochs.reset();
  options.iterations = kMost;
  EXPECT_EQ(iterations(), 1);
}

}  // namespace
}  // namespace strata
