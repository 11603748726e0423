// Networks side by side: each is the very one that its seed trains alone, they share the epoch of their mean, and
// nothing depends on the threads.
#include "train/members.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <utility>

#include "strata/tools.hpp"
#include "train/descents.hpp"
#include "train/run_all.hpp"
#include "train/side_by_side.hpp"

namespace strata {
using namespace internal;
namespace {

// The costs that are told, of steps and of epochs.
Callbacks telling_costs(std::vector<double>& costs) {
  Callbacks callbacks;
  callbacks.cost = [&](const CostReport& report) { costs.push_back(report.cost); };
  callbacks.epoch = [&](const EpochReport& report) { costs.push_back(report.mean_cost); };
  return callbacks;
}

TEST_F(Members, SeedsAreApartAndTheFirstIsTheSeed) {
  EXPECT_EQ(seed_of_network(17, 0), 17U);
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    for (std::size_t j = 1; j <= 64; ++j) {
      EXPECT_LT(seed_of_network(seed, j), std::uint64_t{1} << 53);  // a number of JSON is not rounded
      seeds.insert(seed_of_network(seed, j));
    }
  EXPECT_EQ(seeds.size(), 6400U);
}

TEST_F(Members, AreTheNetworksThatTheirSeedsTrainAlone) {
  for (const MembersCase& each : members_cases()) {
    Options options = large();
    each.set(options);
    set_target(options);
    options.seed = 5;
    options.members = kThree;
    const fs::path file = write("data.csv", rows_held(each.words));
    std::vector<double> costs, sums;
    const Fit together = train(file, options, telling_costs(costs));
    ASSERT_EQ(together.model.networks(), 3U) << each.name;
    EXPECT_EQ(together.model.shares(), std::vector<double>(3, 1.0 / 3));
    ASSERT_EQ(together.model.record().networks.size(), 3U);
    double mean_cost = 0;
    std::set<std::vector<double>> different;
    for (std::size_t i = 0; i < 3; ++i) {
      Options alone = options;
      alone.members = 1;
      alone.seed = seed_of_network(5, i);
      std::vector<double> own;
      const Fit fit = train(file, alone, telling_costs(own));
      ASSERT_EQ(own.size(), costs.size());
      sums.resize(own.size());
      for (std::size_t k = 0; k < own.size(); ++k) sums[k] += own[k];
      EXPECT_TRUE(fit.model.record().networks.empty());
      EXPECT_EQ(network_of(together.model, i), network_of(fit.model)) << each.name << " " << i;
      different.insert(network_of(fit.model));
      mean_cost += (fit.model.record().cost - fit.model.record().train.loss) / 3;
      const NetworkRecord& record = together.model.record().networks[i];
      EXPECT_EQ(record, (NetworkRecord{.fold = 0,
                                       .member = static_cast<std::int64_t>(i) + 1,
                                       .seed = alone.seed,
                                       .epochs = *options.epochs,
                                       .epochs_tried = together.model.record().epochs_tried}));
    }
    EXPECT_EQ(different.size(), 3U);
    for (std::size_t k = 0; k < costs.size(); ++k) EXPECT_EQ(costs[k], sums[k] / 3) << each.name << " " << k;
    // The cost: the loss of the mean, and the mean of what L2 adds.
    EXPECT_NEAR(together.model.record().cost - together.model.record().train.loss, mean_cost, 1e-9) << each.name;
    EXPECT_EQ(mean_cost > 0, options.l2 > 0);
  }
}

// Its file has the format from before there were several, and no word of them.
TEST_F(Members, OneIsWhatItWas) {
  Options options = large();
  set_target(options);
  options.members = 1;
  const fs::path file = write("data.csv", rows_held(false));
  const std::string one = bytes_of(train(file, options).model);
  options.members = 2;
  const std::string two = bytes_of(train(file, options).model);
  for (const char* word : {"members", "networks", "shares"}) {
    EXPECT_EQ(one.find(word), std::string::npos) << word;
    EXPECT_NE(two.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(one.find("\"format_version\":\"5\""), std::string::npos);
  EXPECT_NE(two.find("\"format_version\":\"5\""), std::string::npos);
}

// Of the figures that are told, too: they are those of the model that is left.
TEST_F(Members, ShareTheEpochOfTheirMean) {
  Options options = large();
  set_target(options);
  options.learning_rate = 0.03;
  options.epochs = 25;
  options.patience = 25;
  const fs::path file = write("data.csv", rows_held(true));
  const auto best_of = [&](int members, std::uint64_t seed) {
    Options of = options;
    of.members = members, of.seed = seed;
    return train(file, of).model.record().epochs;
  };
  int apart = 0;
  for (const std::uint64_t seed : {1, 2, 3}) {
    options.seed = seed;
    options.members = kThree;
    std::vector<double> told;
    Callbacks callbacks;
    callbacks.epoch = [&](const EpochReport& report) { told.push_back(report.validation->loss); };
    const Fit fit = train(file, options, callbacks);
    const TrainingRecord& record = fit.model.record();
    // By brute force: the mean after each number of epochs.
    double least = INFINITY;
    std::int64_t best = 0;
    for (std::int64_t epochs = 1; epochs <= 25; ++epochs) {
      Options until = options;
      until.epochs = epochs, until.patience = 0;
      const Model model = train(file, until).model;
      const double loss = model.record().validation->loss;
      EXPECT_EQ(loss, told[static_cast<std::size_t>(epochs) - 1]);
      if (loss <= least) least = loss, best = epochs;
      if (epochs != record.epochs) continue;
      for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(network_of(fit.model, i), network_of(model, i));
    }
    EXPECT_EQ(record.epochs, best);
    EXPECT_EQ(record.epochs_tried, 25);
    EXPECT_EQ(record.validation->loss, least);
    for (const NetworkRecord& each : record.networks)
      EXPECT_EQ(std::pair(each.epochs, each.epochs_tried), std::pair(best, std::int64_t{25}));
    std::set<std::int64_t> own;
    for (std::size_t i = 0; i < 3; ++i) own.insert(best_of(1, seed_of_network(seed, i)));
    if (own.size() > 1 && !own.contains(best)) ++apart;
  }
  EXPECT_GT(apart, 0);  // or nothing was shown
}

TEST_F(Members, RunSideBySideWhereThreadsArePaid) {
  EXPECT_FALSE(is_side_by_side(1, 8, 1e7));
  EXPECT_FALSE(is_side_by_side(8, 1, 1e7));
  EXPECT_FALSE(is_side_by_side(2, 2, 1e5));  // too little for a call of threads
  EXPECT_TRUE(is_side_by_side(2, 2, 3e5));
  EXPECT_TRUE(is_side_by_side(2, 2, 1e10));
  EXPECT_TRUE(is_side_by_side(8, 2, 1e10));
  EXPECT_TRUE(is_side_by_side(3, 2, 9e7));  // the third alone: 2 steps long, against 1.5 and the price of sharing
  EXPECT_FALSE(is_side_by_side(3, 2, 1.1e8));
  EXPECT_TRUE(is_side_by_side(2, 16, 3e7));  // 14 threads idle
  EXPECT_FALSE(is_side_by_side(2, 16, 5e7));
}

TEST_F(Members, OfWhomOneThrowsAreAllWaitedFor) {
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      std::atomic<int> done = 0;
      const auto one = [&](std::size_t i) {
        ++done;
        if (i % 2 == 1) throw Error(ErrorCode::memory, std::to_string(i));
      };
      EXPECT_EQ(refusal([&] { run_all(pool, 4, one); }, ErrorCode::memory), "1");
      EXPECT_EQ(done, 4);
    }
  }
}

// Both ways: of the last two, too much work of a step for a third network that has the threads to itself, and examples
// that only one may read at a time.
TEST_F(Members, AreTheSameForAnyNumberOfThreads) {
  for (const MembersCase& each : members_cases()) {
    Options options = large();
    each.set(options);
    set_target(options);
    options.members = kThree;
    const fs::path file = write("data.csv", rows_held(each.words));
    std::set<std::string> models;
    for (const int threads : {1, 2, 3, 8}) {
      options.threads = threads;
      models.insert(bytes_of(train(file, options).model));
    }
    EXPECT_EQ(models.size(), 1U) << each.name;
  }
}

TEST_F(Members, AreTheSameOneAfterTheOther) {
  Options options = large();
  set_target(options);
  options.members = kThree;
  options.hidden_layers = {500, 500};
  options.batch_size = 0;  // 160 rows
  options.epochs = 2;
  const double parameters = 500.0 * 500 + 500 * 9 + 500 * 2;
  ASSERT_FALSE(is_side_by_side(3, 2, 3 * parameters * 161));
  ASSERT_TRUE(is_side_by_side(3, 3, 3 * parameters * 161));
  const fs::path file = write("data.csv", rows_held(false));
  std::set<std::string> models;
  for (const int threads : {1, 2, 3}) {
    options.threads = threads;
    models.insert(bytes_of(train(file, options).model));
  }
  EXPECT_EQ(models.size(), 1U);
}

// Of a file larger than memory.
TEST_F(Members, ReadStreamedExamplesOneAfterTheOther) {
  constexpr int kInputs = 100;
  std::string text = "y";
  for (int j = 0; j < kInputs; ++j) text += ",x" + std::to_string(j);
  for (int i = 0; i < 400; ++i) {
    text += "\n" + std::to_string(std::sin(i));
    for (int j = 0; j < kInputs; ++j) text += "," + std::to_string(std::sin(7 * i + j * j));
  }
  const fs::path file = folder_.path / "data.sdata";
  static_cast<void>(convert(write("data.csv", text), file, Options()));
  Options options = large();
  options.validation_column.clear();
  options.validation = "none";
  options.target = {"y"};
  options.members = kThree;
  options.epochs = 60;  // or threads would seldom meet
  ASSERT_EQ(plan_training(file, options).example_bytes, 0U);
  ASSERT_TRUE(is_side_by_side(3, 2, 3.0 * 64 * (kInputs * 64 + 64 * 64)));  // were they in memory
  std::set<std::string> models;
  for (const int threads : {1, 2, 3}) {
    options.threads = threads;
    models.insert(bytes_of(train(file, options).model));
  }
  EXPECT_EQ(models.size(), 1U);
  options.members = 1;
  options.seed = seed_of_network(1, 2);
  const Model third = train(file, options).model;
  options.seed = 1, options.members = kThree;
  EXPECT_EQ(network_of(train(file, options).model, 2), network_of(third));
}

// The first of them ends it, and all keep the weights before its update.
TEST_F(Members, DivergeTogether) {
  std::set<std::size_t> first_ones;
  std::set<bool> initial;
  for (const double rate : {0.3, 2.0, 40.0, 1e6, 1e18, 1e30}) {
    for (const std::int64_t batch : {0, 16, -1}) {
      const bool many = batch < 0;  // rows: every step is one that is gone back to
      Options options = large();
      set_target(options);
      options.activation = {Activation::leaky_relu};
      options.optimizer = OptimizerKind::gradient_descent;
      options.learning_rate = rate;
      options.batch_size = std::max<std::int64_t>(batch, 0);
      if (many) options.hidden_layers = {4};
      options.epochs = 400;
      options.seed = 3;
      options.patience = 0;
      const fs::path file = write("data.csv", rows_held(false, many ? 12000 : 215));
      std::vector<std::int64_t> ends;
      std::vector<std::string> said;
      std::vector<Options> alone(3, options);
      for (std::size_t i = 0; i < 3; ++i) {
        alone[i].seed = seed_of_network(3, i);
        const Fit fit = train(file, alone[i]);
        ends.push_back(fit.ending == Ending::diverged ? fit.model.record().iterations : 1 << 30);
        said.push_back(fit.explanation);
      }
      const auto first = static_cast<std::size_t>(std::ranges::min_element(ends) - ends.begin());
      if (ends[first] == 1 << 30) continue;
      first_ones.insert(first);
      initial.insert(ends[first] == 0);
      options.members = kThree;
      for (const int threads : {1, 2}) {
        options.threads = threads;
        const Fit fit = train(file, options);
        ASSERT_EQ(fit.ending, Ending::diverged) << rate << " " << batch;
        EXPECT_EQ(fit.model.record().iterations, ends[first]);
        const std::string found = ", in member " + std::to_string(first + 1) + " of 3: ";
        const std::size_t at = fit.explanation.find(found);
        ASSERT_NE(at, std::string::npos) << fit.explanation;
        std::string rest = fit.explanation;
        EXPECT_EQ(rest.replace(at, found.size(), ": "), said[first]);
        for (std::size_t i = 0; i < 3 && ends[first] > 0; ++i) {
          Options until = alone[i];
          until.epochs.reset();
          until.iterations = ends[first];
          EXPECT_EQ(network_of(fit.model, i), network_of(train(file, until).model)) << rate << " " << batch << " " << i;
        }
      }
    }
  }
  EXPECT_GT(first_ones.size(), 1U);
  EXPECT_EQ(initial.size(), 2U);
}

// With a best epoch its weights stay, of all of them.
TEST_F(Members, KeepTheBestEpochWhenTheyDiverge) {
  Options options = large();
  set_target(options);
  options.activation = {Activation::leaky_relu};
  options.optimizer = OptimizerKind::gradient_descent;
  options.learning_rate = 2;
  options.batch_size = 0;
  options.epochs = 400;
  options.patience = 400;
  options.members = kThree;
  const fs::path file = write("data.csv", rows_held(false));
  const Fit fit = train(file, options);
  ASSERT_EQ(fit.ending, Ending::diverged);
  const std::int64_t kept = fit.model.record().iterations;
  EXPECT_NE(fit.explanation.find("The weights after update " + std::to_string(kept) + " are kept"), std::string::npos)
      << fit.explanation;
  options.patience = 0, options.epochs.reset(), options.iterations = kept;
  const Model until = train(file, options).model;
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(network_of(fit.model, i), network_of(until, i));
}

TEST_F(Members, CanBeRepeatedWithoutAClock) {
  Options options = large();
  set_target(options);
  options.members = 2;
  options.epochs.reset();
  options.time_limit = 0.3;
  const fs::path file = write("data.csv", rows_held(true));
  for (int trial = 0; trial < 5; ++trial) {
    const Fit fit = train(file, options);
    if (fit.ending == Ending::time_limit) continue;  // the machine was busier than at first: as it should end
    Options again = options;
    again.time_limit = 0;
    for (const auto& [name, value] : fit.model.record().options)
      if (name == "epochs") set_option(again, name, value);
    ASSERT_TRUE(again.epochs.has_value());
    EXPECT_EQ(bytes_of(train(file, again).model), bytes_of(fit.model));
    return;
  }
}

TEST_F(Members, GiveTheModelOnTheWay) {
  Options options = large();
  set_target(options);
  options.members = 2;
  const fs::path file = write("data.csv", rows_held(false));
  const std::string whole = bytes_of(train(file, options).model);
  Callbacks callbacks;
  std::int64_t asked = 0;
  callbacks.wants_model = [&] { return ++asked == 5; };
  int given = 0;
  callbacks.model = [&](const Model& model) {
    ++given;
    ASSERT_EQ(model.networks(), 2U);
    Options until = options;
    until.epochs.reset(), until.iterations = model.record().iterations;
    const Model same = train(file, until).model;
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(network_of(model, i), network_of(same, i));
    EXPECT_EQ(model.record().train.loss, same.record().train.loss);
  };
  EXPECT_EQ(bytes_of(train(file, options, callbacks).model), whole);
  EXPECT_EQ(given, 1);
}

TEST_F(Members, ArePlanned) {
  Options options = large();
  set_target(options);
  const fs::path file = write("data.csv", rows_held(false));
  const std::size_t one = plan_training(file, options).weight_bytes;
  options.members = 5;
  EXPECT_EQ(plan_training(file, options).weight_bytes, 5 * one);
}

TEST_F(Members, DoNotStartAlike) {
  Options options = small();
  options.members = 3;
  const auto said = [&] { return refusal([&] { validate(options); }, ErrorCode::usage); };
  EXPECT_EQ(said(), "nothing");
  set_option(options, "initializer", "own.npz");
  EXPECT_EQ(said(),
            "--members 3: with --initializer own.npz all of them would start alike, and their mean is worth "
            "something only where they differ; leave one of the two out (--members 1 trains one network from "
            "these arrays)");
  set_option(options, "initializer", "lecun");
  options.random = RandomStream::numpy;
  EXPECT_EQ(said(),
            "--members 3: each but the first has a seed that numpy.random.seed does not take; leave out "
            "--random numpy, or train one network with --members 1");
  options.random = RandomStream::strata;
  Table table;
  table.add_numbers("x", {}, std::vector<double>{1, 2, 3, 4});
  table.add_numbers("y", {}, std::vector<double>{1, 0, 1, 0});
  options.hidden_layers = std::vector<int>{};
  EXPECT_EQ(refusal([&] { static_cast<void>(train(std::move(table), options, {}, {{Matrix(1, 1), Matrix(1, 1)}})); },
                    ErrorCode::usage),
            "--members 3: with initial weights of your own all of them would start alike, and their mean is worth "
            "something only where they differ; leave the weights out, or train one with --members 1");
}

}  // namespace
}  // namespace strata
