// A bag goes on where it was stopped: within a fold, with its last update, before the next one.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bag.hpp"
#include "model/model_data.hpp"
#include "resume.hpp"
#include "train/checkpoint.hpp"

namespace strata {
using namespace bags;
namespace {

class BagResumed : public Resume {
 protected:
  /// As it comes back from a file.
  Checkpoint through_a_file(const Checkpoint& made) {
    made.save(checkpoint());
    return Checkpoint::load(checkpoint());
  }
};

Callbacks collecting(std::vector<Checkpoint>& to) {
  Callbacks callbacks;
  callbacks.checkpoint = [&](Checkpoint made) { to.push_back(std::move(made)); };
  return callbacks;
}

/// Some folds stop early, and some do not.
Options early() {
  Options options = asked({"kind"});
  options.patience = 2;
  return options;
}

TEST_F(BagResumed, IsTheBagThatWasNeverStopped) {
  const fs::path file = write("data.csv", csv(60, true, 1, 0, true));
  for (const bool repeats : {false, true}) {
    Options options = small();
    options.epochs = 6, options.patience = 2, options.hidden_layers = {4};
    options.folds = repeats ? Folds{2, 2} : Folds{3, 1};
    options.weight_column = "count", options.group_column = "whose";
    std::vector<std::int64_t> all;
    Callbacks counting;
    counting.progress = [&](const Progress& progress) { all.push_back(progress.iteration); };
    const Fit whole = train(file, options, counting);
    for (std::size_t stop = 1; stop < all.size(); stop += 5) {
      SCOPED_TRACE(all[stop]);
      Callbacks callbacks;
      std::size_t done = 0;
      callbacks.progress = [&](const Progress&) { ++done; };
      callbacks.wants_checkpoint = [&](const Progress&) { return done == stop; };
      callbacks.stop = [&] { return done == stop; };
      callbacks.checkpoint = [this](const Checkpoint& made) { made.save(checkpoint()); };
      const Fit cut = train(file, options, callbacks);
      EXPECT_EQ(cut.ending, Ending::interrupted);
      expect_same(go_on(file), whole);
    }
  }
}

TEST_F(BagResumed, HasACheckpointBeforeEachFoldButTheFirst) {
  const Options options = early();
  std::vector<Checkpoint> made;
  Callbacks callbacks = collecting(made);
  std::vector<std::size_t> parts;
  std::size_t done = 0;
  callbacks.part = [&](const PartReport&) { ++done; };
  callbacks.checkpoint = [&](Checkpoint checkpoint) {
    parts.push_back(done);
    made.push_back(std::move(checkpoint));
  };
  const Fit whole = train(data(), options, callbacks);
  EXPECT_EQ(parts, (std::vector<std::size_t>{1, 2, 3}));
  std::set<Ending> endings;
  for (const PartReport& part : whole.parts) endings.insert(part.ending);
  EXPECT_EQ(endings, (std::set<Ending>{Ending::done, Ending::early_stopping}));  // or nothing is shown of them
  for (std::size_t f = 0; f < made.size(); ++f) {
    SCOPED_TRACE(f);
    EXPECT_EQ(made[f].model().networks(), f + 2);  // with the one that is still to be trained
    const TrainingRecord& record = made[f].model().record();
    EXPECT_EQ(record.ended, "unfinished");
    EXPECT_EQ(record.reached, 0);
    EXPECT_EQ(record.networks.back().fold, static_cast<std::int64_t>(f + 2));
    std::vector<Checkpoint> later;
    expect_same(resume(data(), through_a_file(made[f]), made[f].options(), collecting(later)), whole);
    ASSERT_EQ(later.size(), 2 - f);  // those before the folds that follow, and they do as well
    for (const Checkpoint& from : later) expect_same(resume(data(), from, from.options()), whole);
  }
}

// However it ends, the last update of a fold included, and however often.
TEST_F(BagResumed, GoesOnFromWhereverItWasStopped) {
  const Options options = early();
  std::vector<std::int64_t> ends;  // the last update of each fold
  std::int64_t updates = 0;
  Callbacks counting;
  counting.progress = [&](const Progress&) { ++updates; };
  counting.part = [&](const PartReport&) { ends.push_back(updates); };
  const Fit whole = train(data(), options, counting);
  ASSERT_EQ(updates, whole.iterations);
  std::vector<std::int64_t> stops;
  for (const std::int64_t end : ends)
    for (const std::int64_t by : {-1, 0, 1}) stops.push_back(end + by);
  for (const std::int64_t stop : stops) {
    SCOPED_TRACE(stop);
    if (stop > ends.back()) continue;
    std::int64_t done = 0;
    std::vector<Checkpoint> made;
    Callbacks callbacks = collecting(made);
    callbacks.progress = [&](const Progress&) { ++done; };
    callbacks.stop = [&] { return done == stop; };  // once
    const Fit fit = train(data(), options, callbacks);
    if (stop == ends.back()) {
      expect_same(fit, whole);
      continue;
    }
    const bool at_end = std::ranges::count(ends, stop) == 1;
    EXPECT_EQ(fit.ending, Ending::interrupted);
    EXPECT_EQ(fit.iterations, stop + (at_end ? 1 : 0));  // it is noticed with the first of the next fold
    ASSERT_FALSE(made.empty());
    expect_same(resume(data(), through_a_file(made.back()), made.back().options()), whole);
  }
  // Stopped after every 50 updates, again and again.
  std::vector<Checkpoint> made;
  const auto brief = [&](std::int64_t& done) {
    Callbacks callbacks = collecting(made);
    callbacks.progress = [&](const Progress&) { ++done; };
    callbacks.stop = [&] { return done == 50; };
    return callbacks;
  };
  std::int64_t done = 0, times = 0;
  Fit fit = train(data(), options, brief(done));
  for (; fit.ending == Ending::interrupted; ++times) {
    done = 0;
    const Checkpoint from = through_a_file(made.back());
    fit = resume(data(), from, from.options(), brief(done));
  }
  EXPECT_GE(times, whole.iterations / 51);
  expect_same(fit, whole);
}

TEST_F(BagResumed, CountsEpochsOverAllFoldsWhereACheckpointIsAskedFor) {
  const Options options = early();
  std::vector<std::int64_t> epochs;
  Callbacks callbacks;
  callbacks.wants_checkpoint = [&](const Progress& progress) {
    epochs.push_back(progress.epoch);
    return false;
  };
  callbacks.checkpoint = [](const Checkpoint&) {};
  const Fit fit = train(data(), options, callbacks);
  std::vector<std::int64_t> expected;
  std::int64_t before = 0;
  for (const PartReport& part : fit.parts) {
    const auto batches = static_cast<std::int64_t>((part.train_rows + 7) / 8);
    for (std::int64_t update = 1; update <= part.epochs_tried * batches; ++update)
      expected.push_back(before + update / batches);
    before += part.epochs_tried;
  }
  EXPECT_EQ(epochs, expected);
  // So does a bag that goes on.
  std::vector<Checkpoint> made;
  static_cast<void>(train(data(), options, collecting(made)));
  epochs.clear();
  static_cast<void>(resume(data(), made[1], made[1].options(), callbacks));
  ASSERT_FALSE(epochs.empty());
  EXPECT_EQ(epochs,
            std::vector<std::int64_t>(expected.end() - static_cast<std::ptrdiff_t>(epochs.size()), expected.end()));
}

TEST_F(BagResumed, KeepsTheLengthOfFoldsThatAreDone) {
  const fs::path file = write("data.csv", csv(60, false));
  Options options = small();
  options.folds = {3, 1};
  std::size_t done = 0;
  Callbacks callbacks;
  callbacks.progress = [&](const Progress&) { ++done; };
  callbacks.stop = [&] { return done == 90; };
  callbacks.checkpoint = [this](const Checkpoint& made) { made.save(checkpoint()); };
  static_cast<void>(train(file, options, callbacks));
  const Checkpoint from = Checkpoint::load(checkpoint());
  EXPECT_EQ(from.model().networks(), 2U);
  EXPECT_EQ(from.model().record().networks.back().fold, 2);
  EXPECT_EQ(refusal([&] { static_cast<void>(go_on(file, [](Options& o) { o.epochs = 14; })); }, ErrorCode::usage),
            "--epochs: 1 of the folds are done and had another length; a bag that goes on keeps it: leave it out");
}

TEST_F(BagResumed, OfADamagedCheckpointIsAnError) {
  Options options = early();
  options.members = 2;
  std::vector<Checkpoint> made;
  const Fit whole = train(data(), options, collecting(made));
  const Checkpoint::Data& from = made[1].data();  // two folds are done
  ASSERT_EQ(from.done.folds, 2U);
  const auto changed = [&](const std::function<void(std::vector<NetworkRecord>&, std::size_t& folds)>& change) {
    auto model = std::make_unique<Model::Data>(from.model.data());
    internal::FoldsDone done = from.done;
    change(model->record.networks, done.folds);
    const Checkpoint damaged(std::make_unique<Checkpoint::Data>(Checkpoint::Data{.model = Model(std::move(model)),
                                                                                 .asked = from.asked,
                                                                                 .open_length = from.open_length,
                                                                                 .kernels = from.kernels,
                                                                                 .fields = from.fields,
                                                                                 .done = done}));
    return resume(data(), damaged, damaged.options());
  };
  expect_same(changed([](std::vector<NetworkRecord>&, std::size_t&) {}), whole);
  const std::vector<std::function<void(std::vector<NetworkRecord>&, std::size_t&)>> damages = {
      [](auto&, auto& folds) { folds = 4; },
      [](auto&, auto& folds) { folds = 3; },
      [](auto&, auto& folds) { folds = 1; },
      [](auto& told, auto&) { told[0].fold = told[1].fold = 0; },
      [](auto& told, auto&) { told[0].fold = told[1].fold = 3; },
      [](auto& told, auto&) { told[1].fold = 2; },
      [](auto& told, auto&) { told[0].member = 2; },
      [](auto& told, auto&) { told[5].fold = 2; },
      [](auto& told, auto&) { told.pop_back(); },
  };
  for (std::size_t i = 0; i < damages.size(); ++i)
    EXPECT_EQ(refusal([&] { static_cast<void>(changed(damages[i])); }, ErrorCode::format),
              "the checkpoint is damaged: its folds")
        << i;
}

}  // namespace
}  // namespace strata
