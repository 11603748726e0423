// Bags that are stopped, of which a network diverges, or in which something throws: what is done is not lost.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "bag.hpp"
#include "model/model_data.hpp"

namespace strata {
using namespace bags;
namespace {

using testing::FailingAllocations;

constexpr std::size_t kEnormous = 40;  // a row of data_with_one_enormous()

/// One row has an input by which no network with a linear output and gradient descent trains.
Table data_with_one_enormous() {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < kRows; ++i) {
    x.push_back(i == kEnormous ? 1e8 : std::sin(3.0 * static_cast<double>(i) + 1));
    y.push_back(std::cos(static_cast<double>(i)));
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, y);
  return table;
}

Options diverging(int members = 1) {
  Options options = asked({"y"});
  options.inputs = {"x"};
  options.hidden_layers = std::vector<int>();
  options.optimizer = OptimizerKind::gradient_descent, options.learning_rate = 0.05;
  options.patience = 0, options.members = members;
  return options;
}

// Of the second fold an epoch is measured after 9 updates of its own: even then it is left out.
TEST(Bag, ThatIsStoppedKeepsWhatIsDone) {
  Options options = asked({"y"});
  options.patience = 12;  // of 9 updates an epoch, 108 a fold
  const Fit whole = train(data(), options);
  for (const std::int64_t stop : {3, 60, 107, 109, 115, 130}) {
    SCOPED_TRACE(stop);
    std::int64_t done = 0;
    Callbacks callbacks;
    callbacks.progress = [&](const Progress&) { ++done; };
    callbacks.stop = [&] { return done == stop; };
    const Fit fit = train(data(), options, callbacks);
    EXPECT_EQ(fit.ending, Ending::interrupted);
    EXPECT_EQ(fit.model.record().ended, "interrupted");
    EXPECT_EQ(fit.iterations, stop);
    EXPECT_EQ(fit.folds, 4U);
    ASSERT_EQ(fit.model.networks(), 1U);
    ASSERT_EQ(fit.parts.size(), 1U);
    const NetworkRecord& told = fit.model.record().networks.front();
    EXPECT_EQ(told.fold, 1);
    EXPECT_EQ(told.ended, stop < 108 ? "interrupted" : "done");
    EXPECT_EQ(name(fit.parts.front().ending), told.ended);
    EXPECT_EQ(fit.explanation, stop < 108
                                   ? "fold 1 of 4: interrupted after iteration " + std::to_string(stop) + " of 108"
                                   : "fold 2 of 4: interrupted after iteration " + std::to_string(stop - 108) +
                                         " of 108; what it has is not in the model");
    if (stop >= 108) {
      for (int l = 1; l <= 3; ++l) EXPECT_EQ(fit.model.weights(l), whole.model.weights(l, 0));
      expect_same(fit.parts.front().metrics, whole.parts.front().metrics);
    }
    EXPECT_EQ(fit.model.record().out_of_fold->examples, fit.parts.front().rows.size());
    EXPECT_EQ(fit.out_of_fold->rows, fit.parts.front().rows);
    EXPECT_EQ(Model::from_bytes(fit.model.to_bytes()).networks(), 1U);
  }
}

// Only where nothing is finished yet it has networks of the fold that is trained.
TEST(Bag, GivesItsModelSoFarWhenItIsAskedFor) {
  Options options = asked({"y"});
  options.patience = 12;
  const Fit whole = train(data(), options);
  for (const std::int64_t when : {50, 120, 250}) {
    SCOPED_TRACE(when);
    const auto finished = static_cast<std::size_t>(when / 108);
    std::int64_t done = 0, given = 0;
    Callbacks callbacks;
    callbacks.progress = [&](const Progress&) { ++done; };
    callbacks.wants_model = [&] { return done == when; };
    callbacks.model = [&](const Model& model) {
      ++given;
      ASSERT_EQ(model.networks(), std::max<std::size_t>(finished, 1));
      ASSERT_EQ(model.record().networks.size(), model.networks());
      EXPECT_EQ(model.record().ended, "unfinished");
      EXPECT_EQ(model.record().train.examples, kRows);
      EXPECT_EQ(model.record().networks.front().ended, finished == 0 ? "unfinished" : "done");
      EXPECT_EQ(model.record().networks.back().fold, static_cast<std::int64_t>(model.networks()));
      EXPECT_EQ(model.record().out_of_fold.has_value(), finished > 0);
      std::size_t rows = 0;
      for (std::size_t f = 0; f < finished; ++f) {
        rows += whole.parts[f].rows.size();
        for (int l = 1; l <= 3; ++l) EXPECT_EQ(model.weights(l, f), whole.model.weights(l, f));
      }
      if (finished > 0) {
        EXPECT_EQ(model.record().out_of_fold->examples, rows);
      }
    };
    expect_same(train(data(), options, callbacks), whole);
    EXPECT_EQ(given, 1);
  }
}

// Its best epoch is kept, and the model says that it diverged.
TEST(Bag, OfANetworkThatDivergesKeepsItsBestEpoch) {
  Options options = asked({"y"});
  options.optimizer = OptimizerKind::gradient_descent, options.learning_rate = 8, options.patience = 12;
  options.hidden_layers = std::vector<int>();  // grows by a factor in every update
  const std::string warnings = warnings_of(data(), options);
  EXPECT_NE(warnings.find("fold 1 of 4: the training diverged at "), std::string::npos) << warnings;
  EXPECT_NE(warnings.find(" are kept, those of the best epoch. "), std::string::npos) << warnings;
  const Fit fit = train(data(), options);
  EXPECT_EQ(fit.ending, Ending::diverged);
  EXPECT_EQ(fit.model.record().ended, "diverged");
  EXPECT_EQ(fit.explanation.find("fold 1 of 4: the training diverged at "), 0U) << fit.explanation;
  ASSERT_EQ(fit.parts.size(), 4U);
  for (std::size_t f = 0; f < 4; ++f) {
    const Fit single = alone(options, fit.parts[f], f);
    expect_network(fit.model, f, single.model);
    EXPECT_EQ(fit.parts[f].ending, single.ending);
    EXPECT_EQ(fit.model.record().networks[f].ended, name(single.ending));
  }
  EXPECT_EQ(fit.parts.front().ending, Ending::diverged);
}

TEST(Bag, LeavesOutNetworksThatDivergeWithoutAGoodEpoch) {
  for (const int members : {1, 2}) {
    SCOPED_TRACE(members);
    const Options options = diverging(members);
    std::string warnings;
    Callbacks callbacks = telling(warnings);
    std::vector<Checkpoint> checkpoints;
    callbacks.checkpoint = [&](Checkpoint made) { checkpoints.push_back(std::move(made)); };
    const Fit fit = train(data_with_one_enormous(), options, callbacks);
    EXPECT_EQ(fit.ending, Ending::diverged);
    EXPECT_EQ(fit.model.record().ended, "diverged");
    // The fold that holds the enormous row is the only one whose network never sees it.
    ASSERT_EQ(fit.parts.size(), 1U);
    const PartReport& part = fit.parts.front();
    EXPECT_EQ(std::ranges::count(part.rows, kEnormous), 1);
    EXPECT_EQ(part.ending, Ending::done);
    EXPECT_EQ(part.parts, 4U);
    ASSERT_EQ(fit.model.networks(), static_cast<std::size_t>(members));
    for (const NetworkRecord& each : fit.model.record().networks) {
      EXPECT_EQ(each.fold, static_cast<std::int64_t>(part.part));
      EXPECT_EQ(each.ended, "done");
    }
    EXPECT_EQ(fit.out_of_fold->rows, part.rows);
    std::size_t left_out = 0;
    for (std::size_t f = 1; f <= 4; ++f) {
      const std::size_t at = warnings.find("fold " + std::to_string(f) + " of 4: the training diverged at iteration ");
      EXPECT_EQ(at == std::string::npos, f == part.part) << warnings;
      if (at == std::string::npos) continue;
      const std::string line = warnings.substr(at, warnings.find('\n', at) - at);
      EXPECT_NE(line.find("It has no epoch that is known to be good, and is left out. Lower --learning-rate (it is "
                          "0.05)"),
                std::string::npos)
          << line;
      if (left_out++ == 0) {
        EXPECT_EQ(fit.explanation, line);
      }
    }
    EXPECT_EQ(left_out, 3U);
    // It is told after going on, too.
    EXPECT_EQ(checkpoints.size(), 3U);
    for (const Checkpoint& from : checkpoints) expect_same(resume(data_with_one_enormous(), from, from.options()), fit);
  }
}

TEST(Bag, OfWhichEveryNetworkDivergesIsAnError) {
  Options options = asked({"y"});
  options.optimizer = OptimizerKind::gradient_descent, options.learning_rate = 1e25;
  options.activation = {Activation::tanh};
  const std::string said = refusal([&] { static_cast<void>(train(data(), options)); }, ErrorCode::value);
  EXPECT_EQ(said.find("fold 1 of 4: the training diverged at iteration "), 0U) << said;
  EXPECT_TRUE(said.ends_with("\nNo fold is left.")) << said;
  EXPECT_NE(said.find("It has no epoch that is known to be good, and is left out. Lower --learning-rate (it is 1e+25)"),
            std::string::npos)
      << said;
}

struct Own {};

// Whatever a function of the caller's throws in a later fold.
TEST(Bag, PassesOnWhatTheCallerThrows) {
  const std::vector<std::function<void()>> throws = {[] { throw Own(); }, [] { throw Error(ErrorCode::value, "mine"); },
                                                     [] { throw std::bad_alloc(); },
                                                     [] { throw std::runtime_error("mine"); }};
  const auto caught = [](const std::function<void()>& act) -> std::size_t {
    try {
      act();
    } catch (const Own&) {
      return 0;
    } catch (const Error& error) {
      return error.what() == std::string("mine") ? 1 : 9;
    } catch (const std::bad_alloc&) {
      return 2;
    } catch (const std::runtime_error& error) {
      return error.what() == std::string("mine") ? 3 : 9;
    }
    return 8;
  };
  const std::vector<std::function<void(Callbacks&, std::function<void()>)>> places = {
      [](Callbacks& c, auto act) { c.cost = [=](const CostReport&) { act(); }; },
      [](Callbacks& c, auto act) { c.epoch = [=](const EpochReport&) { act(); }; },
      [](Callbacks& c, auto act) { c.progress = [=](const Progress&) { act(); }; },
      [](Callbacks& c, auto act) { c.stop = [=] { return act(), false; }; },
      [](Callbacks& c, auto act) { c.wants_model = [=] { return act(), false; }; },
      [](Callbacks& c, auto act) { c.wants_model = [] { return true; }, c.model = [=](const Model&) { act(); }; },
      [](Callbacks& c, auto act) {
        c.wants_checkpoint = [=](const Progress&) { return act(), false; };
        c.checkpoint = [](const Checkpoint&) {};
      },
      [](Callbacks& c, auto act) { c.checkpoint = [=](const Checkpoint&) { act(); }; },
      [](Callbacks& c, auto act) { c.part = [=](const PartReport& part) { part.part == 2 ? act() : void(); }; }};
  Options options = asked({"y"});
  options.epochs = 2;
  for (std::size_t place = 0; place < places.size(); ++place)
    for (std::size_t what = 0; what < throws.size(); ++what) {
      SCOPED_TRACE(std::to_string(place) + ", " + std::to_string(what));
      std::int64_t done = 0, called = 0;
      Callbacks callbacks;
      const auto act = [&] {
        if (done < 18) return;  // the updates of the first fold
        ++called;
        throws[what]();
      };
      callbacks.progress = [&](const Progress&) { ++done; };
      places[place](callbacks, act);
      if (place == 2)
        callbacks.progress = [&](const Progress&) {
          ++done;
          if (done > 18) act();
        };
      EXPECT_EQ(caught([&] { static_cast<void>(train(data(), options, callbacks)); }), what);
      EXPECT_EQ(called, 1);
    }
}

// Whichever allocation it is that fails while it is trained.
TEST(Bag, OfWhichALaterFoldFailsKeepsThoseBeforeIt) {
  if (!testing::kCountsAllocations) return;
  for (const int members : {1, 2}) {
    Options options = asked({"kind"}, {.parts = 3});
    options.epochs = 2, options.threads = 1, options.members = members;
    const Fit whole = train(data(), options);
    std::size_t failed = 0, ended_well = 0;
    for (long long nth = 1; ended_well < 3; nth += 1 + nth / 40) {
      SCOPED_TRACE(std::to_string(members) + ", " + std::to_string(nth));
      std::optional<FailingAllocations> failing;
      bool did_fail = false;
      std::int64_t done = 0;
      Callbacks callbacks;
      callbacks.part = [&](const PartReport& part) {
        if (part.part == 1) failing.emplace(nth, FailingAllocations::How::once);
      };
      callbacks.progress = [&](const Progress&) {
        if (++done < 32 || !failing) return;  // the last update of the second fold
        did_fail = failing->failed();
        failing.reset();
      };
      const Fit fit = train(data(), options, callbacks);
      if (failing) did_fail = failing->failed();
      failing.reset();
      if (!did_fail) ++ended_well;
      if (fit.ending == Ending::done) {  // or something was done without
        expect_same(fit, whole);
        continue;
      }
      ++failed;
      EXPECT_TRUE(did_fail);
      EXPECT_EQ(fit.ending, Ending::failed);
      EXPECT_EQ(fit.model.record().ended, "error");
      EXPECT_EQ(fit.folds, 3U);
      EXPECT_EQ(fit.explanation.find("fold 2 of 3: "), 0U) << fit.explanation;
      EXPECT_NE(fit.explanation.find("memory"), std::string::npos) << fit.explanation;
      ASSERT_EQ(fit.parts.size(), 1U);
      ASSERT_EQ(fit.model.networks(), static_cast<std::size_t>(members));
      const std::vector<NetworkRecord>& told = fit.model.record().networks;
      ASSERT_EQ(told.size(), static_cast<std::size_t>(members));
      for (std::size_t j = 0; j < told.size(); ++j) {
        EXPECT_EQ(told[j], whole.model.record().networks[j]);
        for (int l = 1; l <= 3; ++l) EXPECT_EQ(fit.model.weights(l, j), whole.model.weights(l, j));
      }
      expect_same(fit.parts.front().metrics, whole.parts.front().metrics);
      EXPECT_EQ(fit.out_of_fold->rows, fit.parts.front().rows);
      EXPECT_EQ(Model::from_bytes(fit.model.to_bytes()).networks(), told.size());
    }
    EXPECT_GT(failed, 10U);
  }
}

// Once it is trained, too: a fold that cannot be measured is not in the model.
TEST(Bag, OfWhichALaterFoldCannotBeTakenKeepsThoseBeforeIt) {
  if (!testing::kCountsAllocations) return;
  for (const int members : {1, 2}) {
    Options options = asked({"kind"}, {.parts = 3});
    options.epochs = 2, options.threads = 1, options.members = members;
    if (members > 1) options.select = Select::greedy;
    const Fit whole = train(data(), options);
    std::size_t failed = 0, ended_well = 0;
    for (long long nth = 1; ended_well < 3; nth += 1 + nth / 40) {
      SCOPED_TRACE(std::to_string(members) + ", " + std::to_string(nth));
      std::optional<FailingAllocations> failing;
      bool did_fail = false;
      std::int64_t done = 0;
      Callbacks callbacks;
      callbacks.progress = [&](const Progress&) {
        if (++done == 32) failing.emplace(nth, FailingAllocations::How::once);
      };
      callbacks.part = [&](const PartReport& part) {
        if (part.part != 2) return;
        did_fail = failing->failed();
        failing.reset();
      };
      const Fit fit = train(data(), options, callbacks);
      if (failing) did_fail = failing->failed();
      failing.reset();
      if (!did_fail) ++ended_well;
      if (fit.ending == Ending::done) {
        expect_same(fit, whole);
        continue;
      }
      ++failed;
      EXPECT_TRUE(did_fail);
      EXPECT_EQ(fit.ending, Ending::failed);
      EXPECT_EQ(fit.explanation.find("fold 2 of 3: "), 0U) << fit.explanation;
      ASSERT_EQ(fit.parts.size(), 1U);
      ASSERT_EQ(fit.model.networks(), static_cast<std::size_t>(members));
      ASSERT_EQ(fit.model.record().networks.size(), static_cast<std::size_t>(members));
      EXPECT_EQ(fit.out_of_fold->rows, fit.parts.front().rows);
      EXPECT_EQ(Model::from_bytes(fit.model.to_bytes()).networks(), static_cast<std::size_t>(members));
    }
    EXPECT_GT(failed, 10U);
  }
}

// And where memory lacks for what is chosen, measured and told by the rows of all folds.
TEST(Bag, OfWhichWhatComesAfterTheLastFoldLacksMemoryKeepsAllNetworks) {
  if (!testing::kCountsAllocations) return;
  Options options = asked({"kind"}, {.parts = 3});
  options.epochs = 2, options.threads = 1, options.members = 2;
  options.select = Select::greedy, options.calibrate = Calibrate::temperature;
  const Fit whole = train(data(), options);
  std::size_t lacked = 0, lost = 0;
  std::string warnings;
  for (long long nth = 1;; nth += 1 + nth / 60) {
    SCOPED_TRACE(nth);
    std::optional<FailingAllocations> failing;
    Callbacks callbacks;
    callbacks.part = [&](const PartReport& part) {
      if (part.part == 3) failing.emplace(nth, FailingAllocations::How::once);
    };
    callbacks.warning = [&](std::string_view text) { warnings += text; };
    std::optional<Fit> fit;
    try {
      fit.emplace(train(data(), options, callbacks));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::memory);
    }
    const bool did_fail = failing->failed();
    failing.reset();
    if (!did_fail) break;
    ++lacked;
    if (!fit) {
      ++lost;  // the model itself could not be made
      continue;
    }
    EXPECT_EQ(fit->ending, Ending::done);
    EXPECT_EQ(fit->parts.size(), 3U);
    EXPECT_EQ(fit->model.record().train.examples, whole.model.record().train.examples);
    EXPECT_GE(Model::from_bytes(fit->model.to_bytes()).networks(), 3U);
  }
  EXPECT_GT(lacked, 20U);
  EXPECT_LT(lost, lacked / 4);
  for (const char* purpose : {"to select and to calibrate; what is not done is left", "for figures out of fold",
                              "for predictions out of fold"})
    EXPECT_NE(warnings.find(purpose), std::string::npos) << purpose;
}

}  // namespace
}  // namespace strata
