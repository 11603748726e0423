// How the course of a bag is told, and when its checkpoints are due.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "cli/checkpoints.hpp"
#include "cli/commands.hpp"
#include "cli/ending.hpp"
#include "cli/out_of_fold.hpp"
#include "strata/error.hpp"

namespace strata::cli {
namespace {

Fit fit_of(std::size_t folds, Ending ending, const std::vector<std::pair<std::size_t, Ending>>& parts) {
  Fit fit{.model = Model::load(std::filesystem::path(STRATA_SOURCE_DIR) / "tests/model/golden/bag.strata"),
          .ending = ending,
          .iterations = 1200,
          .folds = folds};
  for (const auto& [part, own] : parts)
    fit.parts.push_back({.part = part, .parts = folds, .rows = {}, .metrics = {}, .ending = own});
  return fit;
}

TEST(CourseOfBags, HowFar) {
  constexpr Ending kDone = Ending::done, kCut = Ending::interrupted;
  EXPECT_EQ(how_far(fit_of(0, kCut, {})), "1,200 iterations");
  EXPECT_EQ(how_far(fit_of(8, kCut, {{1, kCut}})), "a part of fold 1 of 8");
  EXPECT_EQ(how_far(fit_of(8, kCut, {{1, kDone}})), "1 of 8 folds (one that was cut short is left out)");
  EXPECT_EQ(how_far(fit_of(8, Ending::time_limit, {{1, kDone}, {2, Ending::early_stopping}})),
            "2 of 8 folds (one that was cut short is left out)");
  EXPECT_EQ(how_far(fit_of(2, kDone, {{1, kDone}, {2, kDone}})), "2 of 2 folds");
}

TEST(CourseOfBags, WhatIsKept) {
  constexpr Ending kDone = Ending::done, kDiverged = Ending::diverged;
  EXPECT_EQ(what_is_kept(fit_of(0, kDiverged, {}), "m"), "The last good weights are in m");
  EXPECT_EQ(what_is_kept(fit_of(3, kDiverged, {{1, kDone}, {3, kDone}}), "m"), "2 of 3 folds are in m");
  EXPECT_EQ(what_is_kept(fit_of(2, kDiverged, {{1, kDone}, {2, kDiverged}}), "m"),
            "2 of 2 folds are in m, 1 of them with the best epoch before it diverged");
  EXPECT_EQ(what_is_kept(fit_of(3, kDiverged, {{1, kDiverged}, {2, kDiverged}}), "m"),
            "2 of 3 folds are in m, 2 of them with the best epoch before they diverged");
  EXPECT_EQ(what_is_kept(fit_of(8, Ending::failed, {{1, kDone}}), "m"), "1 of 8 folds are in m");
}

TEST(CourseOfBags, EpochsAreThoseOfAllFolds) {
  TrainingRecord record{.epochs = 30, .epochs_tried = 40};
  EXPECT_EQ(epochs_of(record), 40);
  record.networks = {{.member = 1, .epochs = 30}, {.member = 2, .epochs = 30}};
  EXPECT_EQ(epochs_of(record), 40);
  record.networks = {{.fold = 1, .member = 1, .epochs = 9, .epochs_tried = 19},
                     {.fold = 1, .member = 2, .epochs = 9, .epochs_tried = 19},
                     {.fold = 2, .member = 1, .epochs = 7},
                     {.fold = 2, .member = 2, .epochs = 7}};
  EXPECT_EQ(epochs_of(record), 26);
}

TEST(CourseOfBags, PlacesOfCheckpoints) {
  EXPECT_EQ(place_of({.reached = 1}), "after 1 update");
  EXPECT_EQ(place_of({.reached = 0, .networks = {{.member = 1}, {.member = 2}}}), "after 0 updates");
  TrainingRecord record{.networks = {{.fold = 1}, {.fold = 2}}};
  EXPECT_EQ(place_of(record), "before fold 2");
  record.reached = 1200;
  EXPECT_EQ(place_of(record), "in fold 2 after 1,200 updates");
}

TEST(CourseOfBags, PredictionsOutOfFoldThatLackMemory) {
  testing::internal::CaptureStderr();
  EXPECT_FALSE(save_out_of_fold(fit_of(2, Ending::done, {}), "said.csv", "m.strata", true));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "strata: error: there is not enough memory for the out-of-fold predictions: 'said.csv' is not written; the "
            "model is in m.strata\n");
  EXPECT_FALSE(std::filesystem::exists("said.csv"));
}

class OfCheckpoints : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_ = (std::filesystem::temp_directory_path() / "strata-course-XXXXXX").string();
};

TEST_F(OfCheckpoints, AreDueWhereTheirEpochsHavePassed) {
  const std::vector<std::string> words = {"d.csv", "--checkpoint", "5"};
  Checkpoints checkpoints(parse(train_command(), words), folder_ + "/m.strata", 12);
  Callbacks callbacks;
  checkpoints.attach(callbacks, [] {});
  std::vector<std::int64_t> due;
  for (const std::int64_t epoch : {12, 14, 15, 15, 16, 23, 24, 25})  // a fold may end before its last epoch
    if (callbacks.wants_checkpoint({.epoch = epoch})) due.push_back(epoch);
  EXPECT_EQ(due, (std::vector<std::int64_t>{15, 23, 25}));
}

// A training of six epochs, of which the fourth throws; a checkpoint comes every second one, or never.
TEST_F(OfCheckpoints, AnErrorSaysHowToGoOn) {
  const auto error_of = [&](const std::string& every, const std::function<void()>& fail) {
    const std::vector<std::string> words = {"d.csv", "--checkpoint", every};
    Checkpoints checkpoints(parse(train_command(), words), folder_ + "/m.strata", 0);
    Callbacks callbacks;
    callbacks.epoch = [&](const EpochReport& report) {
      if (report.epoch == 4) fail();
    };
    checkpoints.attach(callbacks, [] {});
    Options options;
    options.epochs = 6;
    options.hidden_layers = {4};
    const std::filesystem::path data = std::filesystem::path(STRATA_SOURCE_DIR) / "data/breast_cancer.csv";
    try {
      static_cast<void>(checkpoints.trained([&] { return train(data, options, callbacks); }));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto memory = [] { throw std::bad_alloc(); };
  const auto disk = [] { throw Error(ErrorCode::io, "a disk"); };
  const std::string on = "\n--resume " + folder_ + "/m.strata.checkpoint goes on from the last checkpoint.";
  EXPECT_EQ(error_of("2", memory), "there is not enough memory" + on);
  EXPECT_EQ(error_of("2", disk), "a disk" + on);
  EXPECT_EQ(error_of("2", [] { throw Error(ErrorCode::value, "a row"); }), "a row");
  EXPECT_EQ(error_of("1h", memory), "there is not enough memory");
  EXPECT_EQ(error_of("1h", disk), "a disk");
  EXPECT_EQ(error_of("2", [] {}), "");
}

}  // namespace
}  // namespace strata::cli
