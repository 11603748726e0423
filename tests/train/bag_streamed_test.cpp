// A bag of a table that lies in a mapped file is the one of the same table in memory.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bag.hpp"
#include "data/table_storage.hpp"
#include "resume.hpp"
#include "strata/tools.hpp"

namespace strata {
using namespace bags;
namespace {

class BagStreamed : public Resume {};

// The file's name apart, which is in the record.
void expect_as_from_memory(const Fit& streamed, const Fit& kept) {
  ASSERT_EQ(streamed.model.networks(), kept.model.networks());
  EXPECT_EQ(streamed.model.shares(), kept.model.shares());
  EXPECT_EQ(streamed.model.temperature(), kept.model.temperature());
  for (std::size_t j = 0; j < kept.model.networks(); ++j)
    for (int l = 1; l <= kept.model.architecture().depth(); ++l) {
      EXPECT_EQ(streamed.model.weights(l, j), kept.model.weights(l, j));
      EXPECT_EQ(streamed.model.biases(l, j), kept.model.biases(l, j));
    }
  const TrainingRecord &one = streamed.model.record(), &other = kept.model.record();
  EXPECT_EQ(one.networks, other.networks);
  EXPECT_EQ(one.cost, other.cost);
  expect_same(one.train, other.train);
  expect_same(*one.out_of_fold, *other.out_of_fold);
  ASSERT_EQ(streamed.parts.size(), kept.parts.size());
  for (std::size_t f = 0; f < kept.parts.size(); ++f) {
    EXPECT_EQ(streamed.parts[f].rows, kept.parts[f].rows);
    expect_same(streamed.parts[f].metrics, kept.parts[f].metrics);
  }
  EXPECT_EQ(streamed.out_of_fold->rows, kept.out_of_fold->rows);
  EXPECT_EQ(streamed.out_of_fold->targets, kept.out_of_fold->targets);
  EXPECT_EQ(streamed.out_of_fold->predictions.values, kept.out_of_fold->predictions.values);
}

// Batches smaller than a fold's rows, as large as they are and smaller than all rows, and of all rows.
TEST_F(BagStreamed, IsTheOneOfTheTableInMemory) {
  for (const bool words : {false, true}) {
    const fs::path text = write("data.csv", csv(90, words, 1, 0, true)), file = folder_.path / "data.sdata";
    static_cast<void>(convert(text, file, Options()));
    for (const std::int64_t batch : {8, 70, 0}) {
      SCOPED_TRACE(std::to_string(batch) + (words ? " words" : ""));
      Options options = small();
      options.target = {"y"}, options.ignore = {"whose"};
      options.weight_column = "count";
      options.batch_size = batch, options.epochs = 5, options.patience = 2, options.members = 2;
      options.folds = {3, 1};
      options.select = Select::greedy;
      if (words) options.calibrate = Calibrate::temperature;
      EXPECT_EQ(plan_training(file, options).example_bytes < plan_training(text, options).example_bytes, batch > 0);
      const Table table = read_table(text), mapped = read_table(file);
      EXPECT_TRUE(mapped.storage().blocks.front().is_mapped);
      EXPECT_FALSE(table.storage().blocks.front().is_mapped);
      const Fit kept = train(table, options);
      for (const int threads : {1, 3}) {
        options.threads = threads;
        expect_as_from_memory(train(mapped, options), kept);
      }
      std::int64_t done = 0;
      Callbacks callbacks;
      callbacks.progress = [&](const Progress&) { ++done; };
      callbacks.stop = [&] { return done == kept.iterations / 2; };
      callbacks.checkpoint = [this](const Checkpoint& made) { made.save(checkpoint()); };
      static_cast<void>(train(file, options, callbacks));
      expect_as_from_memory(go_on(file), kept);
    }
  }
}

}  // namespace
}  // namespace strata
