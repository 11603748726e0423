// When a training writes checkpoints, and where: beside its model, the last two of them. They are written while the
// training goes on, one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "arguments.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {

class Checkpoints {
 public:
  ~Checkpoints() {
    if (writer_.joinable()) writer_.join();
  }
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  /// As --checkpoint says, of a training whose model goes to `model` and which has done so many epochs already; without
  /// it, one that goes on writes where it is interrupted. Throws Error(usage).
  Checkpoints(const Arguments& arguments, const std::string& model, std::int64_t epoch);

  /// Lets the training ask and write. `before` is called before something is said.
  void attach(Callbacks& callbacks, std::function<void()> before);
  /// Waits for the one that is being written, if any; says once when it could not be.
  void settle();
  /// What `training` gives. An error that ends it says too how to go on from the last checkpoint, if one was written:
  /// but for errors in the options or the data, which would come again.
  [[nodiscard]] Fit trained(const std::function<Fit()>& training);
  [[nodiscard]] bool any_written() const noexcept { return written_; }
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

 private:
  [[nodiscard]] bool due(const Progress& progress);
  void write(const Checkpoint& checkpoint) noexcept;

  std::filesystem::path file_;
  std::int64_t epochs_ = 0;  // 0: by time, or none
  double seconds_ = 0;
  std::int64_t last_epoch_;
  std::chrono::steady_clock::time_point last_time_ = std::chrono::steady_clock::now();
  std::function<void()> before_;
  std::optional<Checkpoint> made_;  // the one that is being written
  std::thread writer_;
  std::string failure_;  // its last one's; empty: it is there
  bool written_ = false, said_ = false;
};

/// Checkpoint::load; where the file is damaged, the error names the one before it, if there is one.
[[nodiscard]] Checkpoint load_checkpoint(const std::string& file);

/// The checkpoint's file of a training whose model goes to `model`.
[[nodiscard]] std::string checkpoint_of(const std::string& model);

/// "before fold 2", "after 8 updates", "in fold 2 after 8 updates": where in its training a checkpoint was made.
[[nodiscard]] std::string place_of(const TrainingRecord& record);

/// The epochs that a training has done, of a bag those of all its folds.
[[nodiscard]] std::int64_t epochs_of(const TrainingRecord& record);

/// The model's file of a training that goes on from this checkpoint, where its name tells.
[[nodiscard]] std::string model_of_checkpoint(const std::string& checkpoint, std::string_view otherwise);

}  // namespace strata::cli
