// A bag with a limit of time. Nothing here depends on how fast the machine is, unless it stands still for a second.
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "bag.hpp"

namespace strata {
using namespace bags;
namespace {

/// Of a rate that ends at 0 there is a usual number of epochs, for which there is time.
Options limited(double seconds) {
  Options options = asked({"y"});
  options.epochs.reset();
  options.patience = 1'000'000'000;
  options.schedule = Schedule{Schedule::Kind::cosine};
  options.time_limit = seconds;
  return options;
}

std::int64_t epochs_of(const TrainingRecord& record) {
  for (const auto& [name, value] : record.options)
    if (name == "epochs") return std::stoll(value);
  return 0;
}

TEST(Bag, FixesTheLengthOnceForALimitOfTime) {
  Options options = limited(600);
  const Fit fit = train(data(), options);
  ASSERT_EQ(fit.ending, Ending::done);
  ASSERT_EQ(fit.parts.size(), 4U);
  const std::int64_t epochs = epochs_of(fit.model.record());
  EXPECT_GT(epochs, 1);
  for (const PartReport& part : fit.parts) EXPECT_EQ(part.epochs_tried, epochs);
  options.time_limit = 0, options.epochs = epochs;
  expect_same(train(data(), options), fit);
}

// What is left of the time is shared by the folds that are left.
TEST(Bag, FitsFoldsIntoWhatIsLeftOfTheTime) {
  Options options = limited(3);
  std::string warnings, notes;
  Callbacks callbacks = telling(warnings, &notes);
  std::int64_t done = 0;
  callbacks.progress = [&](const Progress&) {
    if (++done == 1) std::this_thread::sleep_for(std::chrono::milliseconds(1300));
  };
  const Fit fit = train(data(), options, callbacks);
  ASSERT_EQ(fit.ending, Ending::done) << fit.explanation;
  ASSERT_EQ(fit.parts.size(), 4U);
  const std::string begin = "fold 2 and the next have time for ";
  const std::size_t at = notes.find(begin);
  ASSERT_NE(at, std::string::npos) << notes;
  const std::int64_t epochs = std::stoll(notes.substr(at + begin.size()));
  const std::int64_t first = epochs_of(fit.model.record());
  EXPECT_LT(epochs, first);
  EXPECT_EQ(fit.parts[0].epochs_tried, first);
  EXPECT_EQ(fit.parts[1].epochs_tried, epochs);
  options.time_limit = 0;
  for (std::size_t f = 0; f < 4; ++f) {
    options.epochs = fit.parts[f].epochs_tried;
    expect_network(fit.model, f, alone(options, fit.parts[f], f).model);
  }
}

TEST(Bag, ThatHasNoTimeKeepsItsFirstFold) {
  const Fit fit = train(data(), limited(1e-3));
  EXPECT_EQ(fit.ending, Ending::time_limit);
  EXPECT_EQ(fit.model.record().ended, "time limit");
  ASSERT_EQ(fit.model.networks(), 1U);
  EXPECT_EQ(fit.iterations, 1);
  EXPECT_EQ(fit.explanation.find("fold 1 of 4: the time was up after iteration 1 of "), 0U) << fit.explanation;
  EXPECT_EQ(fit.parts.front().ending, Ending::time_limit);
}

}  // namespace
}  // namespace strata
