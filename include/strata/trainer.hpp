// Training: a table and options in, a model out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "strata/data.hpp"
#include "strata/export.hpp"
#include "strata/features.hpp"
#include "strata/matrix.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"

namespace strata STRATA_EXPORT {

/// The cost at iteration i is that of the parameters before update i, on the batch of that update, with L2.
struct CostReport {
  std::int64_t iteration = 0;
  std::int64_t epoch = 0;
  double cost = 0;
  std::size_t fold = 0;  ///< of a bag: which is trained, 1: the first; else 0
};

/// Told after every epoch of mini-batches. With full batches: where there is a validation set, before every reported
/// cost (of the weights that it is the cost of) and at the end.
struct EpochReport {
  std::int64_t epoch = 0;      ///< 1 after the first
  std::int64_t iteration = 0;  ///< updates so far
  double mean_cost = 0;        ///< over the batches of the epoch, weighted by their examples; L2's part is sampled
  std::optional<Metrics> validation;
  std::optional<Metrics> train;     ///< where Options::metrics are asked for and nothing is held back
  bool best = false;                ///< with a patience: the best so far
  Metric monitored = Metric::loss;  ///< the figure of the validation part that says so
  std::size_t fold = 0;             ///< as of a CostReport
};

/// Told after every update, for a progress bar.
struct Progress {
  std::int64_t iteration = 0;   ///< updates done
  std::int64_t iterations = 0;  ///< updates in all
  double cost = 0;              ///< of the last; what L2 adds to it may be some updates old
  std::int64_t epoch = 0;       ///< whole passes done
};

/// A training as it stands between two of its updates, in a file or in memory. With the same data `resume` goes on from
/// there, and what it leaves has the same bits as if the training had never stopped, for any number of threads.
class Checkpoint {
 public:
  struct Data;  ///< internal
  explicit Checkpoint(std::unique_ptr<Data> data);
  ~Checkpoint();
  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;

  /// Errors: as Model::load; format, where the file is a model and no checkpoint.
  [[nodiscard]] static Checkpoint load(const std::filesystem::path& file);
  /// Replaces `file` by the complete checkpoint or leaves it as it was; what was there gets the name `previous`, if one
  /// is given, where an older one may be. Errors: io; then `file` is what it was, and so is `previous`, or it is
  /// `file`.
  void save(const std::filesystem::path& file, const std::filesystem::path& previous = {}) const;

  /// What would be left if the training ended now. Its record says "unfinished", how many updates are done and how many
  /// there are in all, and has no figures. Every function that takes a model's file takes that of a checkpoint as this.
  [[nodiscard]] const Model& model() const noexcept;
  /// Those that the training was begun with; threads and report_every, which cannot change the result, are the usual.
  [[nodiscard]] const Options& options() const noexcept;

  [[nodiscard]] const Data& data() const noexcept { return *data_; }

 private:
  std::unique_ptr<Data> data_;
};

/// done: after the updates that were planned. early_stopping: by the patience. tolerance: by tol. failed: of a bag that
/// has folds already, by an error in a later one.
enum class Ending { done, interrupted, diverged, time_limit, early_stopping, tolerance, failed };
/// As the record of a model has it: "early stopping".
[[nodiscard]] std::string_view name(Ending ending) noexcept;

/// One part of a cross-validation, or one fold of a bag: rows that a training on all others has predicted.
struct PartReport {
  std::size_t part = 0;           ///< 1: the first; of a bag counted on over its partings
  std::size_t parts = 0;          ///< of a bag: its folds in all; else 0
  std::vector<std::size_t> rows;  ///< of the table, ascending
  std::size_t train_rows = 0;     ///< without those that its training held back
  Metrics metrics;                ///< of these rows
  std::int64_t epochs = 0;        ///< of the weights that predicted
  std::int64_t epochs_tried = 0;  ///< as in the record of its model
  Ending ending = Ending::done;
};

/// Of a bag: what its model says of each row by the networks that were not trained on it.
struct OutOfFold {
  std::vector<std::size_t> rows;  ///< of the table, ascending, from 0: those of the folds that the model has
  /// Where each stands in its file: the line of a text, from 1 (`are_lines`), or which example of an array, from 0.
  std::vector<std::size_t> numbers;
  bool are_lines = false;
  std::vector<std::string> files;    ///< of a table of several texts: the names of all of them; else empty
  std::vector<std::size_t> file_of;  ///< of each row: its place in `files`
  /// The truth: of one label which of the classes, else the numbers of the targets, example after example.
  std::vector<double> targets;
  Predictions predictions;
};

struct Callbacks {
  std::function<void(const CostReport&)> cost;
  std::function<void(const EpochReport&)> epoch;
  std::function<void(const Progress&)> progress;  ///< of a cross-validation or a bag: of the trainings of all parts
  std::function<void(const PartReport&)> part;    ///< told after each part of a cross-validation, each fold of a bag
  std::function<void(std::string_view)> note;     ///< choices made, with their reasons; a sentence each
  std::function<void(std::string_view)> warning;  ///< what the user probably did not mean
  std::function<bool()> stop;                     ///< asked after every update; true ends the run with what is trained
  std::function<bool()> wants_model;              ///< asked after every update but the last; true: `model` comes next
  /// Gets the model as trained so far, with the figures of its weights in its record, which says "unfinished". Its
  /// weights are good: what `train` would keep if the training diverged now. The training goes on with the same bits.
  std::function<void(const Model&)> model;
  std::function<bool(const Progress&)> wants_checkpoint;  ///< asked after every update; true: `checkpoint` comes next
  /// Gets the training as it stands, to keep; it goes on with the same bits. Comes unasked too, where `stop` or a limit
  /// of time ends the training before its last update, and before each fold of a bag but the first.
  std::function<void(Checkpoint)> checkpoint;
};

struct Fit {
  Model model;
  /// Of a training that continues a model: the figures that this had on the rows that are held back, if there are any,
  /// else on those to train on.
  std::optional<Metrics> before = {};
  Ending ending = Ending::done;
  /// Unless it is done: where and why it ended; diverged: in which layer first, which weights are kept, what to try.
  std::string explanation;
  std::int64_t iterations = 0;  ///< in all; those that made the weights are in the record
  double seconds = 0;
  std::size_t folds = 0;               ///< of a bag: how many there are in all; else 0
  std::vector<PartReport> parts = {};  ///< of a bag: the folds whose networks were trained and measured
  std::optional<OutOfFold> out_of_fold = {};
};

/// A field that is no input, and why.
struct LeftOut {
  std::string name;
  std::string type;  ///< "identifier", "text", "constant", "date" (of which day and month could change places)
  std::string why;   ///< with counts; may be empty
};

/// What a training would do.
struct TrainingPlan {
  Features features;  ///< inputs, scaling and target, as fitted on the training rows
  std::vector<LeftOut> left_out;
  Architecture architecture;
  Options options;                 ///< those in force: nothing is left to be chosen
  std::size_t rows = 0;            ///< trained on
  std::size_t held = 0;            ///< of the validation
  std::string held_how;            ///< why these: "drawn by the seed"; empty where they have a file of their own
  std::vector<std::size_t> folds;  ///< of a bag: the rows of each, which one network is not trained on
  std::size_t dropped = 0;         ///< left out because they lack the target
  std::size_t weight_0 = 0;        ///< left out because they have the weight 0
  std::int64_t batches = 0;        ///< an epoch
  std::int64_t iterations = 0;     ///< of a bag: of all networks
  /// Bytes that it would take: the data as they are read (but for what is mapped); the examples as the network takes
  /// them, which often get the memory of the data, and of a bag what is said of them; the weights with what the
  /// optimizer remembers and those of the best epoch; and what the steps of the networks that are trained at once need.
  std::size_t data_bytes = 0, example_bytes = 0, weight_bytes = 0, workspace_bytes = 0;
};

/// Reads and decides all that `train` would, and stops before the first step. Of `callbacks` it uses note and warning.
/// Errors: as train.
[[nodiscard]] TrainingPlan plan_training(const Table& table, const Options& options, const Callbacks& callbacks = {});
[[nodiscard]] TrainingPlan plan_training(const std::filesystem::path& file, const Options& options,
                                         const Callbacks& callbacks = {});
[[nodiscard]] TrainingPlan plan_training(std::span<const std::filesystem::path> files, const Options& options,
                                         const Callbacks& callbacks = {});

/// A table from memory as a training with these options would have read it from a CSV file of the same cells: the
/// fields that they name, with their types, classes and missing cells. So `train(judged(read_arrow(…), options),
/// options)` writes the model that `train("same.csv", options)` does, where the file spells numbers, dates, True and
/// False as pandas writes them. `notes` gets a sentence on each thing that is not plain. A field that was judged before
/// (Field::why), an array of several numbers an example, and words that are categories already stay what they are.
/// Errors: as train and read_table.
[[nodiscard]] Table judged(Table table, const Options& options, std::vector<std::string>* notes = nullptr);

/// Trains on a table. The model's record has the final figures (those of the final weights). `initial`: the weights to
/// start from, W[l] and b[l] at [l−1]; empty: as options.initializer says.
/// Errors: usage (names, options out of range or that contradict each other), value (NaN, a word, one class only),
/// shape.
[[nodiscard]] Fit train(Table table, const Options& options, const Callbacks& callbacks = {},
                        const std::vector<Layer>& initial = {});
/// Reads the file (only what the options name), and the validation file if there is one, then trains.
[[nodiscard]] Fit train(const std::filesystem::path& file, const Options& options, const Callbacks& callbacks = {});
/// The same of several files of text that are one table; see read_table.
[[nodiscard]] Fit train(std::span<const std::filesystem::path> files, const Options& options,
                        const Callbacks& callbacks = {});

/// What a cross-validation found. Two of the same options give the same bits, for any number of threads.
struct CrossValidation {
  std::vector<PartReport> parts;  ///< those that are done, in their order
  std::string how;                ///< how the rows were parted
  Options options;                ///< those in force: what is open is decided once, by all rows
  Ending ending = Ending::done;   ///< or interrupted, or diverged where a part did
};

/// Parts the rows in `parts`, trains on all parts but one, measures on that one, and so for each. Where the target is
/// classes, every part has its share of each; with options.group_column groups stay whole; else the seed draws, and a
/// time_column is not looked at. Features are fitted on the rows that are trained on, of which the part is none; what a
/// training holds back (options.validation) are some of them. Writes nothing; a table keeps its numbers.
/// callbacks.stop ends it with the parts that are done. Of `callbacks`, cost, epoch, wants_model and model are those of
/// the trainings. Errors: as train; usage (fewer than two parts, a validation_column), value (more parts than rows or
/// groups, or than every class has rows).
[[nodiscard]] CrossValidation cross_validate(const Table& table, const Options& options, std::size_t parts,
                                             const Callbacks& callbacks = {});
[[nodiscard]] CrossValidation cross_validate(std::span<const std::filesystem::path> files, const Options& options,
                                             std::size_t parts, const Callbacks& callbacks = {});

/// Which figures a training tells: the usual ones of the task, then those that options.metrics and options.monitor
/// name.
[[nodiscard]] std::vector<Metric> figures_of(Task task, const TrainingOptions& options);

/// Of a figure of several parts.
struct Spread {
  double mean = 0;
  double deviation = 0;  ///< Σ (x − mean)² / (parts − 1), its root; NaN of one part
};
[[nodiscard]] Spread spread_of(std::span<const PartReport> parts, Metric metric) noexcept;

/// How a model was trained, as its record and the model itself say: for a training that continues it, but for what is
/// to be otherwise: `explicitly`, to which the model's options give way that it contradicts. A file that was measured
/// on, and the first weights, are not among it. Errors: format (a record that this program does not understand); usage.
[[nodiscard]] Options options_of(const Model& model, const TypedOptions& explicitly = {});

/// Trains a model further, with other data. What it is stays as it is: its columns with their types, levels and
/// scaling, its target with its classes, its network. The data are read as for a prediction, under the names of the
/// model's fields or those of options.inputs and options.target, in the model's order. The rule of the updates begins
/// anew, and with it the schedules. `options`: options_of(model) and what is to be otherwise: of the training, of
/// what is held back, of weights, dropout and, where its last layer allows it, the loss. Errors: as train; usage (an
/// option that would change what stays; a field is missing), value (a label that is none of the classes).
[[nodiscard]] Fit continue_training(Table table, const Model& model, const Options& options,
                                    const Callbacks& callbacks = {});
[[nodiscard]] Fit continue_training(std::span<const std::filesystem::path> files, const Model& model,
                                    const Options& options, const Callbacks& callbacks = {});
/// What it would do; see plan_training.
[[nodiscard]] TrainingPlan plan_continuation(std::span<const std::filesystem::path> files, const Model& model,
                                             const Options& options, const Callbacks& callbacks = {});

/// Goes on from a checkpoint, with the data that it was made of. `options`: those of the checkpoint; threads and
/// report_every may be others, and so may the length (epochs or iterations), where it is not less than what is done.
/// Errors: as train; usage (an option that differs, with both values); value (data that differ, and in what); format.
[[nodiscard]] Fit resume(Table table, const Checkpoint& checkpoint, const Options& options,
                         const Callbacks& callbacks = {});
[[nodiscard]] Fit resume(std::span<const std::filesystem::path> files, const Checkpoint& checkpoint,
                         const Options& options, const Callbacks& callbacks = {});

}  // namespace strata STRATA_EXPORT
