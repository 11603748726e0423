// Schedules by hand, and trainings that follow them: by the number of the step and by nothing else.
#include "optim/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "strata/trainer.hpp"
#include "support/weights.hpp"
#include "waves.hpp"

namespace strata {
using namespace internal;
namespace {

Schedule of_kind(Schedule::Kind kind) {
  Schedule schedule;
  schedule.kind = kind;
  return schedule;
}

TEST(Schedules, ByHand) {
  const Schedule constant, cosine = of_kind(Schedule::Kind::cosine), one_cycle = of_kind(Schedule::Kind::one_cycle);
  Schedule step = of_kind(Schedule::Kind::step);
  for (const double t : {0.0, 0.3, 1.0}) EXPECT_EQ(factor_at(constant, t), 1);
  EXPECT_EQ(factor_at(cosine, 0), 1);
  EXPECT_NEAR(factor_at(cosine, 1 / 3.0), 0.75, 1e-15);  // cos 60° = ½
  EXPECT_NEAR(factor_at(cosine, 0.5), 0.5, 1e-15);
  EXPECT_NEAR(factor_at(cosine, 1), 0, 1e-15);
  EXPECT_EQ(factor_at(step, std::nextafter(0.5, 0.0)), 1);
  EXPECT_EQ(factor_at(step, 0.5), 0.1);
  EXPECT_EQ(factor_at(step, 0.75), 0.1 * 0.1);
  step.factor = 0.5;
  step.places = {0.25};
  EXPECT_EQ(factor_at(step, 0), 1);
  EXPECT_EQ(factor_at(step, 1), 0.5);
  EXPECT_EQ(factor_at(one_cycle, 0), 0.04);
  EXPECT_NEAR(factor_at(one_cycle, 0.15), (1 + 0.04) / 2, 1e-15);
  EXPECT_NEAR(factor_at(one_cycle, 0.3), 1, 1e-15);
  EXPECT_NEAR(factor_at(one_cycle, 0.65), (1 + 4e-6) / 2, 1e-15);
  EXPECT_NEAR(factor_at(one_cycle, 1), 4e-6, 1e-15);
  // log2(1 + 15t) is 0, 1, 2, 3, 4 at the ends of the four cycles, 1/2 and 7/2 within the first and the last.
  const Schedule coslog4 = of_kind(Schedule::Kind::coslog4), flat = of_kind(Schedule::Kind::flat_cosine);
  for (const double t : {0.0, 1 / 15.0, 3 / 15.0, 7 / 15.0, 1.0}) EXPECT_NEAR(factor_at(coslog4, t), 0, 1e-14) << t;
  for (const double x : {0.5, 1.5, 2.5, 3.5}) EXPECT_NEAR(factor_at(coslog4, (std::exp2(x) - 1) / 15), 1, 1e-14) << x;
  EXPECT_NEAR(factor_at(coslog4, (std::exp2(3.25) - 1) / 15), 0.5, 1e-14);
  EXPECT_NEAR(factor_at(coslog4, 0.1), 0.7183546884620604, 1e-13);  // log2 2.5 = 1.3219…
  for (const double t : {0.0, 0.25, 0.5}) EXPECT_EQ(factor_at(flat, t), 1);
  EXPECT_NEAR(factor_at(flat, 2 / 3.0), 0.75, 1e-15);  // cos 60°
  EXPECT_NEAR(factor_at(flat, 0.75), 0.5, 1e-15);
  EXPECT_NEAR(factor_at(flat, 1), 0, 1e-15);
}

TEST(Schedules, WhatEndsAt0) {
  for (const auto& [kind, ends] : {std::pair(Schedule::Kind::constant, false),
                                   {Schedule::Kind::step, false},
                                   {Schedule::Kind::cosine, true},
                                   {Schedule::Kind::one_cycle, true},
                                   {Schedule::Kind::coslog4, true},
                                   {Schedule::Kind::flat_cosine, true}})
    EXPECT_EQ(ends_at_0(of_kind(kind)), ends) << to_text(of_kind(kind));
  EXPECT_FALSE(ends_at_0(std::nullopt));
}

TEST(Schedules, WarmUpComesFirstAndIsOfTheRateAlone) {
  TrainingOptions options;
  options.warm_up = 0.2;
  options.decay_schedule.kind = options.dropout_schedule.kind = Schedule::Kind::cosine;
  options.schedule = options.decay_schedule;
  // 20 of 100 updates: the first has a twentieth, the twentieth all of it; halfway through the rest, half of it.
  EXPECT_EQ(factors_of(options, 0, 100).rate, 0.05);
  EXPECT_EQ(factors_of(options, 9, 100).rate, 0.5);
  EXPECT_EQ(factors_of(options, 19, 100).rate, 1);
  EXPECT_EQ(factors_of(options, 20, 100).rate, 1);
  EXPECT_NEAR(factors_of(options, 60, 100).rate, 0.5, 1e-15);
  EXPECT_EQ(factors_of(options, 0, 100).decay, 1);
  EXPECT_NEAR(factors_of(options, 50, 100).decay, 0.5, 1e-15);
  EXPECT_NEAR(factors_of(options, 50, 100).dropout, 0.5, 1e-15);
  // Nothing asked for is nothing done, whatever the length; one that is not known is no division by 0.
  const StepFactors plain = factors_of(TrainingOptions(), 7, 0);
  EXPECT_TRUE(plain.rate == 1 && plain.decay == 1 && plain.dropout == 1);
}

Options everything() {
  Options options;
  options.hidden_layers = {16, 8};
  options.dropout = {0.25};
  options.validation = "none";
  options.batch_size = 16;
  options.epochs = 5;
  options.optimizer = OptimizerKind::adamw;
  options.weight_decay = PerKind{0.05, 0.01};
  options.rate_factor = {1, 2};
  options.clip_norm = 0.5;
  options.warm_up = 0.1;
  options.schedule = Schedule{Schedule::Kind::cosine};
  options.decay_schedule.kind = Schedule::Kind::step;
  options.dropout_schedule.kind = Schedule::Kind::one_cycle;
  options.threads = 1;
  return options;
}

TEST(Schedules, TheSameBitsForAnyThreadsAndForEveryWayToLook) {
  for (const Loss loss : {Loss::huber, Loss::quantile, Loss::absolute_error}) {
    Options options = everything();
    options.loss = loss;
    const auto once = testing::weights_of(train(testing::waves(200), options).model);
    for (const int threads : {2, 3, 8}) {
      options.threads = threads;
      EXPECT_EQ(testing::weights_of(train(testing::waves(200), options).model), once) << threads << " threads";
    }
    options.report_every = 1;  // every step looked at
    Callbacks callbacks;
    callbacks.cost = [](const CostReport&) {};
    EXPECT_EQ(testing::weights_of(train(testing::waves(200), options, callbacks).model), once);
  }
}

// Each of the options changes the weights: none is forgotten on the way.
TEST(Schedules, EachOptionCounts) {
  const auto with = [](void (*change)(Options&)) {
    Options options = everything();
    change(options);
    return testing::weights_of(train(testing::waves(200), options).model);
  };
  const auto all = with([](Options&) {});
  EXPECT_NE(all, with([](Options& o) { o.weight_decay = PerKind{0.05}; }));
  EXPECT_NE(all, with([](Options& o) { o.rate_factor = {1, 1}; }));
  EXPECT_NE(all, with([](Options& o) { o.clip_norm = 0; }));
  EXPECT_NE(all, with([](Options& o) { o.warm_up = 0; }));
  EXPECT_NE(all, with([](Options& o) { o.schedule.reset(); }));
  EXPECT_NE(all, with([](Options& o) { o.decay_schedule = {}; }));
  EXPECT_NE(all, with([](Options& o) { o.dropout_schedule = {}; }));
  EXPECT_EQ(with([](Options& o) { o.clip_norm = 0; }), with([](Options& o) { o.clip_norm = 1e30; }))
      << "nothing is so long";
}

// One update of gradient descent, all rates and schedules in their first step: the change is at most the rate times the
// norm that is left.
TEST(Schedules, AClippedStepIsAsLongAsItMayBe) {
  Options options;
  options.hidden_layers = {4};
  options.validation = "none";
  options.precision = Precision::float64;
  options.optimizer = OptimizerKind::gradient_descent;
  options.learning_rate = 0.5;
  options.batch_size = 0;
  options.iterations = 1;
  options.clip_norm = 0.01;
  const auto start = [&] {
    Options still = options;
    still.learning_rate = 1e-300;
    return testing::weights_of(train(testing::waves(200), still).model);
  }();
  for (const bool looked_at : {false, true}) {
    Callbacks callbacks;
    if (looked_at) callbacks.cost = [](const CostReport&) {};
    const auto end = testing::weights_of(train(testing::waves(200), options, callbacks).model);
    double squares = 0;
    for (std::size_t b = 0; b < end.size(); ++b)
      for (std::size_t i = 0; i < end[b].size(); ++i) squares += (end[b][i] - start[b][i]) * (end[b][i] - start[b][i]);
    EXPECT_NEAR(std::sqrt(squares), 0.5 * 0.01, 1e-12);
  }
}

TEST(Schedules, WithoutWhatTheyChangeTheyAreRefused) {
  const auto refusal = [](const std::function<void(Options&)>& set) -> std::string {
    Options options;
    options.epochs = 1;
    set(options);
    try {
      static_cast<void>(train(testing::waves(200), options));
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(refusal([](Options& o) { o.dropout_schedule = {Schedule::Kind::cosine}; }),
            "--dropout-schedule cosine has no effect: there is no --dropout");
  EXPECT_EQ(refusal([](Options& o) { o.decay_schedule = {Schedule::Kind::cosine}; }),
            "--decay-schedule cosine has no effect: there is no --weight-decay");
  EXPECT_EQ(refusal([](Options& o) { o.decay_schedule = {Schedule::Kind::cosine}, o.weight_decay = PerKind{0, 0.1}; }),
            "nothing");
}

}  // namespace
}  // namespace strata
