// What a training prints while it goes on: a table that grows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "progress.hpp"
#include "strata/model.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {

/// A row for each reported cost or, with mini-batches, for each epoch; of many epochs, for some.
class TrainingTable {
 public:
  TrainingTable(const Options& options, ProgressBar& bar);

  void cost(const CostReport& report);
  /// Which epochs are told is decided by their number; the last one always is, at the end where it came early.
  void epoch(const EpochReport& report);
  /// At the end: a run that was too short for an epoch shows its costs; the best epoch, if its row was left out, stands
  /// behind the last. An empty line follows the table.
  void finish();
  /// The curves that the record has, or without them the cost of every epoch; nothing where it was told by iterations.
  void draw(const TrainingRecord& record) const;

 private:
  void show(const CostReport& report);
  void show(const EpochReport& report);
  void show_waiting();
  [[nodiscard]] std::string number(double value) const;
  void print(std::string_view heading, std::string row);

  bool by_epoch_;
  bool single_;
  std::vector<Metric> more_;  // the figures beside the usual ones that a row shows
  ProgressBar& bar_;
  bool headed_ = false, shown_ = false, best_shown_ = false;  // the latest; the best
  std::int64_t every_ = 0;
  std::optional<EpochReport> latest_, best_;
  std::vector<CostReport> waiting_;
  std::optional<CostReport> first_;  // not shown yet
  Curves costs_;
};

}  // namespace strata::cli
