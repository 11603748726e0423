// Training: a table and options in, a model out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "strata/data.hpp"
#include "strata/export.hpp"
#include "strata/matrix.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"

namespace strata STRATA_EXPORT {

/// The cost at iteration i is that of the parameters before update i, on the batch of that update, with L2.
struct CostReport {
  std::int64_t iteration = 0;
  std::int64_t epoch = 0;
  double cost = 0;
};

/// Told after every epoch of mini-batches. With full batches: where there is a validation set, with every reported cost
/// and at the end.
struct EpochReport {
  std::int64_t epoch = 0;      ///< 1 after the first
  std::int64_t iteration = 0;  ///< updates so far
  double mean_cost = 0;        ///< over the batches of the epoch, weighted by their examples; L2's part is sampled
  std::optional<Metrics> validation;
};

/// Told after every update, for a progress bar.
struct Progress {
  std::int64_t iteration = 0;   ///< updates done
  std::int64_t iterations = 0;  ///< updates in all
  double cost = 0;              ///< of the last; what L2 adds to it may be some updates old
};

struct Callbacks {
  std::function<void(const CostReport&)> cost;
  std::function<void(const EpochReport&)> epoch;
  std::function<void(const Progress&)> progress;
  std::function<void(std::string_view)> note;     ///< choices made, with their reasons; a sentence each
  std::function<void(std::string_view)> warning;  ///< what the user probably did not mean
  std::function<bool()> stop;                     ///< asked after every update; true ends the run with what is trained
  std::function<bool()> wants_model;              ///< asked after every update but the last; true: `model` comes next
  /// Gets the model as trained so far, with the figures of its weights in its record, which says "unfinished". Its
  /// weights are good: what `train` would keep if the training diverged now. The training goes on with the same bits.
  std::function<void(const Model&)> model;
};

enum class Ending { done, interrupted, diverged };

struct Fit {
  Model model;
  Ending ending = Ending::done;
  /// diverged: at which iteration, in which layer first, which weights are kept, what to try.
  std::string explanation;
  std::int64_t iterations = 0;
  double seconds = 0;
};

/// Trains on a table. The model's record has the final figures (those of the final weights). `initial`: the weights to
/// start from, W[l] and b[l] at [l−1]; empty: as options.initializer says.
/// Errors: usage (names, options out of range or that contradict each other), value (NaN, a word, one class only),
/// shape.
[[nodiscard]] Fit train(Table table, const Options& options, const Callbacks& callbacks = {},
                        const std::vector<Layer>& initial = {});
/// Reads the file (only what the options name), and the validation file if there is one, then trains.
[[nodiscard]] Fit train(const std::filesystem::path& file, const Options& options, const Callbacks& callbacks = {});

}  // namespace strata STRATA_EXPORT
