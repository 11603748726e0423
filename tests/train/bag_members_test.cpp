// Members in folds: network f·N + i is the one that its seed trains alone on the rows of the other folds.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bag.hpp"

namespace strata {
using namespace bags;
namespace {

constexpr std::size_t kMembers = 3;

Options with_members(std::vector<std::string> target, Folds folds, std::int64_t patience) {
  Options options = asked(std::move(target), folds);
  options.members = static_cast<int>(kMembers), options.patience = patience;
  return options;
}

/// Network f·N + i, trained alone.
Fit member(Options options, const PartReport& fold, std::size_t network, std::int64_t epochs) {
  options.members = 1, options.patience = 0, options.epochs = epochs;
  return alone(options, fold, network);
}

TEST(BagOfMembers, HasEachNetworkThatItsSeedTrainsAlone) {
  for (const Folds folds : {Folds{3, 1}, Folds{2, 2}}) {
    const Options options = with_members({"kind"}, folds, 0);
    const Fit fit = train(data(), options);
    const auto number = static_cast<std::size_t>(folds.parts * folds.repeats);
    ASSERT_EQ(fit.model.networks(), number * kMembers);
    ASSERT_EQ(fit.parts.size(), number);
    const std::vector<NetworkRecord>& told = fit.model.record().networks;
    ASSERT_EQ(told.size(), number * kMembers);
    EXPECT_EQ(fit.model.shares(), std::vector<double>(told.size(), 1 / static_cast<double>(told.size())));
    std::set<std::vector<double>> different;
    for (std::size_t f = 0; f < number; ++f)
      for (std::size_t i = 0; i < kMembers; ++i) {
        const std::size_t j = f * kMembers + i;
        expect_network(fit.model, j, member(options, fit.parts[f], j, 12).model);
        different.insert(fit.model.weights(1, j));
        EXPECT_EQ(told[j], (NetworkRecord{.fold = static_cast<std::int64_t>(f + 1),
                                          .member = static_cast<std::int64_t>(i + 1),
                                          .seed = internal::seed_of_network(7, j),
                                          .epochs = 12,
                                          .epochs_tried = 0,
                                          .ended = "done"}));
      }
    EXPECT_EQ(different.size(), told.size());
  }
}

// Those of one fold stop together, where their mean has the least loss on it; every fold where it does.
TEST(BagOfMembers, ShareTheEpochOfTheirFold) {
  const Options options = with_members({"kind"}, {.parts = 3}, 3);
  const Fit fit = train(data(), options);
  std::set<std::int64_t> epochs;
  for (std::size_t f = 0; f < 3; ++f) {
    SCOPED_TRACE(f);
    const std::span told = std::span(fit.model.record().networks).subspan(f * kMembers, kMembers);
    epochs.insert(told.front().epochs);
    double least = INFINITY;
    std::int64_t best = 0;
    for (std::int64_t epoch = 1; epoch <= told.front().epochs_tried; ++epoch) {
      std::vector<double> mean(kRows);  // of "up"
      for (std::size_t i = 0; i < kMembers; ++i) {
        const Model single = member(options, fit.parts[f], f * kMembers + i, epoch).model;
        const Predictions own = single.predict(data());
        for (std::size_t row = 0; row < kRows; ++row) mean[row] += own.values[2 * row + 1] / kMembers;
        if (epoch == told[i].epochs) expect_network(fit.model, f * kMembers + i, single);
      }
      const Predictions truth = fit.model.predict(data());
      ASSERT_EQ(truth.classes, (std::vector<std::string>{"down", "up"}));
      double loss = 0;
      for (std::size_t i = 0; i < fit.out_of_fold->rows.size(); ++i) {
        const std::size_t row = fit.out_of_fold->rows[i];
        if (std::ranges::count(fit.parts[f].rows, row) == 0) continue;
        loss -= std::log(fit.out_of_fold->targets[i] > 0 ? mean[row] : 1 - mean[row]);
      }
      loss /= static_cast<double>(fit.parts[f].rows.size());
      if (loss <= least) least = loss, best = epoch;
    }
    for (const NetworkRecord& each : told) {
      EXPECT_EQ(each.epochs, best);
      EXPECT_EQ(each.epochs_tried, told.front().epochs_tried);
      EXPECT_EQ(each.ended, name(fit.parts[f].ending));
    }
    EXPECT_EQ(fit.parts[f].epochs, best);
    EXPECT_NEAR(fit.parts[f].metrics.loss, least, 1e-6);
  }
  EXPECT_GT(epochs.size(), 1U);  // or nothing was shown of the folds
}

TEST(BagOfMembers, IsTheSameForAnyNumberOfThreadsAndWhereverItWasStopped) {
  for (const std::int64_t patience : {0, 3}) {
    Options options = with_members({"level"}, {.parts = 3}, patience);
    options.hidden_layers = {96, 96}, options.batch_size = 32, options.epochs = 5;  // so large that threads are called
    options.threads = 1;
    const Fit whole = train(data(), options);
    for (const int threads : {2, 3}) {
      options.threads = threads;
      expect_same(train(data(), options), whole);
      for (std::int64_t stop = 1; stop < whole.iterations; stop += 4) {
        SCOPED_TRACE(stop);
        std::int64_t done = 0;
        std::vector<Checkpoint> made;
        Callbacks callbacks;
        callbacks.progress = [&](const Progress&) { ++done; };
        callbacks.stop = [&] { return done == stop; };
        callbacks.checkpoint = [&](Checkpoint checkpoint) { made.push_back(std::move(checkpoint)); };
        EXPECT_EQ(train(data(), options, callbacks).ending, Ending::interrupted);
        ASSERT_FALSE(made.empty());
        Options others = made.back().options();
        others.threads = 5 - threads;
        expect_same(resume(data(), made.back(), others), whole);
      }
    }
  }
}

}  // namespace
}  // namespace strata
