// What a training prints while it goes on: a table of its costs, of a bag a table of its folds and, where it is asked
// for, the costs of each; or JSON.
#pragma once

#include <cstddef>
#include <optional>

#include "arguments.hpp"
#include "part_table.hpp"
#include "progress.hpp"
#include "strata/trainer.hpp"
#include "training_table.hpp"

namespace strata::cli {

class LiveReport {
 public:
  /// `options`: those in force. Borrows them and the bar.
  LiveReport(const Arguments& arguments, const Options& options, ProgressBar& bar);

  void cost(const CostReport& report);
  void epoch(const EpochReport& report);
  void fold(const PartReport& report);
  /// At the end; on a terminal with a drawing of the curves.
  void finish(const TrainingRecord& record);

 private:
  [[nodiscard]] TrainingTable& table_of(std::size_t fold);
  void finish_table();

  const Options& options_;
  ProgressBar& bar_;
  bool is_bag_, json_, quiet_, tells_costs_;
  std::optional<TrainingTable> table_;  // of the fold that is trained, or of all there is
  std::size_t fold_ = 0;                // whose it is; 0: there are none
  PartTable folds_;
  bool begun_ = false;  // the folds
};

}  // namespace strata::cli
