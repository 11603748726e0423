// The trainings that the seeds of checkpoint_fuzz are checkpoints of.
#pragma once

#include <cmath>
#include <filesystem>
#include <vector>

#include "strata/data.hpp"
#include "strata/trainer.hpp"

namespace strata::fuzz {

inline Table table_of_checkpoints() {
  std::vector<double> x, z, y;
  for (int i = 0; i < 24; ++i) {
    x.push_back(std::sin(3 * i + 1));
    z.push_back(std::cos(i * i));
    y.push_back(x.back() - 0.5 * z.back() + 0.1 * (i % 3));
  }
  Table table;
  table.add_numbers("x", {}, std::move(x));
  table.add_numbers("z", {}, std::move(z));
  table.add_numbers("y", {}, std::move(y));
  return table;
}

/// Of mini-batches and early stopping, and of whole batches.
inline std::vector<Options> trainings_of_checkpoints() {
  Options batches;
  batches.inputs = {"x", "z"};
  batches.target = {"y"};
  batches.task = Task::regression;
  batches.hidden_layers = {3};
  batches.batch_size = 6;
  batches.epochs = 12;
  batches.validation = "0.25";
  batches.patience = 5;
  batches.metrics = {Metric::mape};
  Options whole = batches;
  whole.precision = Precision::float64;
  whole.optimizer = OptimizerKind::momentum;
  whole.hidden_layers = {2, 2};
  whole.batch_size = 0;
  whole.epochs = 60;
  whole.patience = 0;
  whole.tol = 1e-3;
  whole.l2 = 0.1;
  return {batches, whole};
}

/// Writes a checkpoint of such a training after so many updates.
inline void make_checkpoint(const Options& options, std::int64_t updates, const std::filesystem::path& file) {
  Callbacks callbacks;
  callbacks.wants_checkpoint = [=](const Progress& progress) { return progress.iteration == updates; };
  callbacks.checkpoint = [&](const Checkpoint& made) { made.save(file); };
  static_cast<void>(train(table_of_checkpoints(), options, callbacks));
}

}  // namespace strata::fuzz
