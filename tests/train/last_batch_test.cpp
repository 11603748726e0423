// The examples of an epoch that do not fill a batch, and are left out of it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "strata/trainer.hpp"
#include "support/weights.hpp"
#include "train/descents.hpp"
#include "train/prepare.hpp"

namespace strata {
namespace {

using namespace internal;

constexpr std::size_t kRows = 45;
constexpr std::int64_t kSize = 8, kBatches = 5;  // 40 of them

Options dropping() {
  Options options;
  options.task = Task::regression;
  options.scale = ScaleKind::none;
  options.scale_target = false;
  options.validation = "none";
  options.precision = Precision::float64;
  options.hidden_layers = std::vector<int>{};
  options.initializer.kind = Initializer::Kind::zeros;
  options.batch_size = kSize;
  options.last_batch = LastBatch::drop;
  options.threads = 1;
  return options;
}

double y_of(std::size_t i) { return std::sin(static_cast<double>(i)) + static_cast<double>(i % 7); }
double weight_of(std::size_t i) { return 0.25 + static_cast<double>(i % 5); }

Table table_of(std::size_t rows) {
  std::vector<double> a, y;
  for (std::size_t i = 0; i < rows; ++i) {
    a.push_back(std::cos(static_cast<double>(i * i)));
    y.push_back(y_of(i));
  }
  Table table;
  table.add_numbers("a", {}, a);
  table.add_numbers("y", {}, y);
  return table;
}

struct Data {
  explicit Data(const Options& options, bool weighted = false, std::size_t rows = kRows) {
    const auto ignore = [](std::string_view) {};
    const Table table = table_of(rows);
    problem = define_problem(table, options, {ignore, ignore});
    examples = Examples<double>(table, problem, problem.train_rows, problem.architecture.outputs, Checked::no);
    examples.keep();
    std::vector<double> weights;
    for (std::size_t i = 0; weighted && i < rows; ++i) weights.push_back(weight_of(i));
    if (weighted) examples.set_weights(weights);
  }
  Problem problem;
  Examples<double> examples;
};

// The rows of the next batch.
std::vector<std::size_t> next(Loader<double>& loader, std::int64_t step) {
  const Batch<double> batch = loader.next(step);
  return {batch.pass.rows, batch.pass.rows + batch.X.cols};
}

TEST(LastBatch, IsLeftOutAndTheOthersAreThoseOfBefore) {
  const Options options = dropping();
  Options keeping = options;
  keeping.last_batch = LastBatch::keep;
  Data data(options);
  Loader<double> loader(data.examples, options, 3, true), whole(data.examples, keeping, 3, true);
  EXPECT_EQ(loader.batches_per_epoch(), kBatches);
  EXPECT_EQ(whole.batches_per_epoch(), kBatches + 1);
  std::vector<std::set<std::size_t>> epochs;
  std::vector<Loader<double>::Position> positions;
  std::vector<std::vector<std::size_t>> batches;
  for (std::int64_t step = 0; step < 3 * kBatches; ++step) {
    if (step % kBatches == 0) epochs.emplace_back();
    positions.push_back(loader.position());
    batches.push_back(next(loader, step));
    EXPECT_EQ(batches.back().size(), static_cast<std::size_t>(kSize));
    EXPECT_EQ(batches.back(), next(whole, step));
    epochs.back().insert(batches.back().begin(), batches.back().end());
    if (step % kBatches == kBatches - 1) static_cast<void>(next(whole, step));  // the five that are left
  }
  for (const auto& rows : epochs) EXPECT_EQ(rows.size(), 40U) << "each at most once";
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
  // Where a step begins is known without the steps before it.
  for (std::int64_t step = 3 * kBatches - 1; step >= 0; --step) {
    const auto at = loader.at(step), then = positions[static_cast<std::size_t>(step)];
    EXPECT_TRUE(at.epoch == then.epoch && at.example == then.example) << step;
    loader.seek(at);
    EXPECT_EQ(next(loader, step), batches[static_cast<std::size_t>(step)]) << step;
  }
}

TEST(LastBatch, FewerRowsThanABatchAreOne) {
  Options options = dropping();
  for (const std::size_t rows : {std::size_t{2}, std::size_t{7}, std::size_t{8}}) {
    Data data(options, false, rows);
    Loader<double> loader(data.examples, options, 3, true);
    EXPECT_EQ(loader.batches_per_epoch(), 1);
    EXPECT_TRUE(loader.full());
    EXPECT_EQ(next(loader, 0).size(), rows);
    EXPECT_EQ(loader.epoch_weight(), static_cast<double>(rows));
  }
}

// All zeros predict 0, and a rate that moves nothing leaves it at that: the cost is half the mean square of the targets
// that were used.
TEST(LastBatch, TheCostOfAnEpochIsOfTheExamplesThatWereUsed) {
  for (const bool weighted : {false, true}) {
    for (const double l2 : {0.0, 0.5}) {
      Options options = dropping();
      options.optimizer = OptimizerKind::gradient_descent;
      options.learning_rate = 1e-300;
      options.l2 = l2;
      Data data(options, weighted);
      Descents<double> descent(data.problem.architecture, data.problem.options, data.examples);
      Loader<double> loader(data.examples, options, options.seed, true);
      for (std::int64_t step = 0; step < 3 * kBatches; ++step) {
        EXPECT_TRUE(descent.step((step + 1) % kBatches == 0));
        descent.update();
        if ((step + 1) % kBatches != 0) continue;
        double squares = 0, weights = 0;
        for (std::int64_t each = step + 1 - kBatches; each <= step; ++each)
          for (const std::size_t row : next(loader, each)) {
            const double w = weighted ? weight_of(row) : 1;
            squares += w * y_of(row) * y_of(row) / 2, weights += w;
          }
        EXPECT_NEAR(descent.epoch_cost(), squares / weights, 1e-13) << weighted << " " << l2;
        EXPECT_NEAR(descent.epoch_loss(), squares / weights, 1e-13) << weighted << " " << l2;
      }
    }
  }
}

struct Told {
  std::vector<std::string> notes, warnings;
  std::vector<std::int64_t> epochs;
  Callbacks callbacks;
  Told() {
    callbacks.note = [this](std::string_view text) { notes.emplace_back(text); };
    callbacks.warning = [this](std::string_view text) { warnings.emplace_back(text); };
    callbacks.epoch = [this](const EpochReport& report) { epochs.push_back(report.iteration); };
  }
};

TEST(LastBatch, IsToldOnceAndPlanned) {
  Options options = dropping();
  options.epochs = 3;
  Told told;
  const Fit fit = train(table_of(kRows), options, told.callbacks);
  EXPECT_EQ(fit.iterations, 15);
  EXPECT_EQ(fit.model.record().epochs, 3);
  EXPECT_EQ(told.epochs, (std::vector<std::int64_t>{5, 10, 15}));
  EXPECT_EQ(std::ranges::count(told.notes,
                               "5 of 45 rows are left out of each epoch, other ones each time: they do not fill a "
                               "batch of 8 (--last-batch keep trains on them too)"),
            1);
  const TrainingPlan plan = plan_training(table_of(kRows), options);
  EXPECT_EQ(plan.batches, 5);
  EXPECT_EQ(plan.iterations, 15);
  // What fills its batches, and what is too few for one, leaves nothing out.
  for (const std::size_t rows : {std::size_t{40}, std::size_t{7}}) {
    Told other;
    const Fit all = train(table_of(rows), options, other.callbacks);
    EXPECT_EQ(all.iterations, rows == 40 ? 15 : 3);
    EXPECT_TRUE(other.warnings.empty());
    for (const std::string& note : other.notes) EXPECT_EQ(note.find("left out"), std::string::npos) << note;
    EXPECT_EQ(std::ranges::count(other.notes,
                                 "there are 7 rows to train on, fewer than --batch-size 8: every update uses all of "
                                 "them"),
              rows == 7 ? 1 : 0);
  }
}

TEST(LastBatch, ThreadsAndLengthsMakeNoDifference) {
  Options options = dropping();
  options.hidden_layers = {6, 5};
  options.initializer = {};
  options.dropout = {0.25};
  options.epochs = 4;
  const auto once = testing::weights_of(train(table_of(kRows), options).model);
  options.threads = 3;
  EXPECT_EQ(testing::weights_of(train(table_of(kRows), options).model), once);
  options.epochs.reset();
  options.iterations = 20;
  EXPECT_EQ(testing::weights_of(train(table_of(kRows), options).model), once);
  options.last_batch = LastBatch::keep;
  EXPECT_NE(testing::weights_of(train(table_of(kRows), options).model), once);
}

}  // namespace
}  // namespace strata
