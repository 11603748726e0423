// A limit of time fixes the number of epochs once; what it leaves can be had again without a clock.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata {
namespace {

Table table(std::size_t rows) {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < rows; ++i) {
    x.push_back(std::sin(static_cast<double>(3 * i + 1)));
    y.push_back(x.back() * x.back() + 0.1 * std::cos(static_cast<double>(i * i)));
  }
  Table made;
  made.add_numbers("x", {}, x);
  made.add_numbers("y", {}, y);
  return made;
}

Options limited(double seconds) {
  Options options;
  options.hidden_layers = {4};
  options.threads = 1;
  options.time_limit = seconds;
  return options;
}

/// The options of a record, set one by one.
Options recorded(const Model& model) {
  Options options;
  for (const auto& [name, value] : model.record().options)
    if (!value.empty()) set_option(options, name, value);
  return options;
}

bool same(const Model& a, const Model& b) { return a.to_bytes() == b.to_bytes(); }

// With rows held back by themselves, and on all of them.
TEST(TimeLimit, CanBeRepeatedWithoutAClock) {
  for (const char* validation : {"", "none"}) {
    for (const auto batch : {std::int64_t{0}, std::int64_t{32}}) {
      Options options = limited(0.2);
      options.validation = validation;
      options.batch_size = batch;
      options.dropout = {0.2};
      options.l2 = 0.1;
      Callbacks callbacks;
      std::string note;
      callbacks.note = [&](std::string_view text) {
        if (text.find("by the first steps") != std::string_view::npos) note = text;
      };
      Fit fit = train(table(210), options, callbacks);
      if (fit.ending == Ending::time_limit) continue;  // this machine was busier than at first: as it should end
      ASSERT_TRUE(fit.ending == Ending::done || fit.ending == Ending::early_stopping);
      const Options again = recorded(fit.model);
      ASSERT_TRUE(again.epochs.has_value());
      EXPECT_NE(note.find("--epochs " + std::to_string(*again.epochs) + " repeats"), std::string::npos) << note;
      EXPECT_TRUE(same(train(table(210), again).model, fit.model)) << validation << batch;
    }
  }
}

// More epochs than the usual number would end while a rate that falls to 0 is still high, where one looks for the best.
TEST(TimeLimit, GivesARateThatEndsAt0NoMoreThanTheUsualLength) {
  for (const char* schedule : {"auto", "cosine", "one-cycle", "flat-cosine", "constant"}) {
    Options options = limited(5);
    set_option(options, "schedule", schedule);
    Callbacks callbacks;
    std::vector<std::string> notes;
    callbacks.note = [&](std::string_view text) { notes.emplace_back(text); };
    const bool falls = std::string_view(schedule) != "constant";
    callbacks.stop = [&] { return !falls; };  // which would train for all of the time
    const Fit fit = train(table(500), options, callbacks);
    const Options again = recorded(fit.model);
    const auto said = [&](const std::string& text) {
      return std::ranges::any_of(notes, [&](const std::string& note) { return note.starts_with(text); });
    };
    EXPECT_EQ(said("epochs: at most 30 (as many as pass 500,000 rows, from 10 to 30), the rate by "), falls);
    EXPECT_EQ(said("30 epochs, the usual number, take less than 5 s, by the first steps (--epochs 30 repeats them "),
              falls);
    if (falls) {
      EXPECT_EQ(again.epochs, 30);
      EXPECT_EQ(fit.ending == Ending::done || fit.ending == Ending::early_stopping, true);
      EXPECT_TRUE(same(train(table(500), again).model, fit.model)) << schedule;
    } else {
      EXPECT_GT(again.epochs, 30);
    }
  }
}

// A limit that is less than an epoch takes: a warning, and what was trained by then.
TEST(TimeLimit, EndsATrainingInTime) {
  std::vector<std::string> warnings;
  Callbacks callbacks;
  callbacks.warning = [&](std::string_view text) { warnings.emplace_back(text); };
  const Fit fit = train(table(500), limited(1e-6), callbacks);
  EXPECT_EQ(fit.ending, Ending::time_limit);
  EXPECT_EQ(fit.iterations, 1);
  EXPECT_EQ(fit.model.record().ended, "time limit");
  EXPECT_EQ(fit.explanation, "the time was up after iteration 1 of 13");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(warnings[0].starts_with("1e-06 s are less than one epoch takes: ")) << warnings[0];

  // Steps that become slower than those of the rehearsal, and the best epoch of those that were done.
  Options options = limited(0.3);
  options.validation = "0.2";
  options.patience = 1000;
  Callbacks slow;
  std::optional<Checkpoint> given;
  slow.progress = [](const Progress&) { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
  slow.checkpoint = [&](Checkpoint checkpoint) { given = std::move(checkpoint); };
  const Fit cut = train(table(300), options, slow);
  EXPECT_EQ(cut.ending, Ending::time_limit);
  EXPECT_LE(cut.model.record().epochs, cut.model.record().epochs_tried);
  // It can go on from where it was, to the number of epochs that was found.
  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given->model().record().reached, cut.iterations);
  EXPECT_EQ(given->options().epochs, recorded(cut.model).epochs);
  const Fit rest = resume(table(300), *given, given->options());
  EXPECT_TRUE(same(rest.model, train(table(300), recorded(cut.model)).model));
}

TEST(TimeLimit, IsATimeWithItsUnit) {
  Options options;
  for (const auto& [text, seconds] : std::vector<std::pair<std::string, double>>{
           {"90s", 90}, {"1.5h", 5400}, {"10min", 600}, {"2 min", 120}, {"250ms", 0.25}, {"none", 0}}) {
    set_option(options, "time-limit", text);
    EXPECT_EQ(options.time_limit, seconds) << text;
  }
  for (const char* text : {"60", "s", "-5s", "0s", "nans", "infh", "5 days"}) {
    try {
      set_option(options, "time-limit", text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(),
                "--time-limit: expected a time such as 90s, 10min or 1.5h, or none, found '" + std::string(text) + "'");
    }
  }
  set_option(options, "epochs", "5");
  set_option(options, "time-limit", "5s");
  EXPECT_FALSE(options.epochs.has_value());
  options.epochs = 3;
  try {
    validate(options);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "--time-limit finds out how many epochs fit, and --epochs says how long to train; give one of them");
  }
}

}  // namespace
}  // namespace strata
