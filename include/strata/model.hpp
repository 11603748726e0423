// A trained network with all that belongs to it: what is shipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "strata/architecture.hpp"
#include "strata/data.hpp"
#include "strata/export.hpp"
#include "strata/features.hpp"
#include "strata/options.hpp"

namespace strata STRATA_EXPORT {

/// All figures that a task has; the usual ones, which are always measured, come first.
[[nodiscard]] std::span<const Metric> metrics_of(Task task) noexcept;
[[nodiscard]] bool higher_is_better(Metric metric) noexcept;

/// Where a figure lies, were it measured on other examples of the same kind: 95 % percentile interval of a bootstrap.
struct Interval {
  Metric metric = Metric::loss;
  double low = 0, high = 0;
};

/// How well a network does on some examples, each counted by its weight. docs/metrics.md says what each figure is. One
/// that is not defined, such as the AUC of one class, is NaN.
struct Metrics {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  Task task = Task::automatic;  ///< which of them mean something; automatic: none does yet
  std::size_t examples = 0;
  double loss = 0;          ///< the mean loss, without L2, summed in float64
  std::size_t correct = 0;  ///< binary, classes
  double accuracy = 0;      ///< the share that is correct; of several yes/no questions, in all of them
  /// Examples of classes that the model does not know. For the accuracy they are wrong; all else is of the others.
  std::size_t unseen = 0;
  std::string first_unseen = {};  ///< the label of the first of them
  double rmse = 0, mae = 0;       ///< regression, in the units of the target
  /// 1 − residual sum of squares / total sum of squares; NaN where that is not defined: the target of one example, or
  /// of examples that all have the same, has no sum of squares.
  double r2 = 0;
  /// Those of the others that were measured; what is not among them is NaN.
  std::vector<Metric> more = {};
  double balanced_accuracy = kNone, f1 = kNone, mcc = kNone, roc_auc = kNone, pr_auc = kNone, log_loss = kNone,
         brier = kNone;
  double mape = kNone, pinball = kNone;
  std::vector<Interval> intervals = {};          ///< of the figures that are defined; empty without a bootstrap
  std::vector<UnfamiliarInput> unfamiliar = {};  ///< as in Predictions; of Model::evaluate

  [[nodiscard]] double value(Metric metric) const noexcept;
};

/// How many times the examples are drawn again, with replacement (Efron and Tibshirani, 1993).
struct Bootstrap {
  static constexpr int kAutomatic = -1;  ///< 1000, fewer of more than 20,000 examples, at least 200
  int resamples = 0;
  std::uint64_t seed = 1;
};

/// How a training went: a point for each epoch; of more than 1000 (with full batches, where each update is an epoch, of
/// more than 32) every second is left out, and again, but for the last. NaN where a figure is not defined.
struct Curves {
  struct Line {
    Metric metric = Metric::loss;
    std::vector<double> values;
    bool operator==(const Line&) const = default;
  };
  std::vector<std::int64_t> epochs;
  std::vector<double> loss;             ///< the mean over the epoch's batches, each before its update, without L2
  std::vector<Line> train, validation;  ///< what was measured after each epoch
  bool operator==(const Curves&) const = default;
};

/// A training that came before, from whose model the next one went on.
struct EarlierTraining {
  std::string data;
  std::size_t rows = 0;
  std::int64_t iterations = 0, epochs = 0;
  bool operator==(const EarlierTraining&) const = default;
};

/// How one of several networks came to be.
struct NetworkRecord {
  std::int64_t fold = 0;    ///< of a bag: the part of the rows that it was not trained on, 1: the first; else 0
  std::int64_t member = 1;  ///< of the networks that were trained on the same rows: 1, 2, …
  std::uint64_t seed = 0;   ///< that drew its weights and its batches
  std::int64_t epochs = 0;  ///< of its weights, as in TrainingRecord
  std::int64_t epochs_tried = 0;
  std::string ended = "done";  ///< the name of the Ending of its training
  bool operator==(const NetworkRecord&) const = default;
};

/// How the model came to be. Holds nothing that differs between two runs of the same training (no time, no path, no
/// number of threads), so that the same training writes the same file.
struct TrainingRecord {
  std::string data;                                          ///< the name of the file, without its folder
  std::size_t rows = 0;                                      ///< examples trained on
  std::vector<std::pair<std::string, std::string>> options;  ///< the options that were in force, as typed
  std::int64_t iterations = 0;                               ///< of the weights
  std::int64_t epochs = 0;                                   ///< of the weights: whole passes over the data
  std::int64_t epochs_tried = 0;  ///< with early stopping: passes in all, of which the best was the `epochs`-th; else 0
  std::string ended = "done";     ///< the name of its Ending; "unfinished": it went on
  double l2 = 0;                  ///< the λ of the cost
  double cost = 0;                ///< of the final weights, with L2
  Metrics train;
  std::optional<Metrics> validation;
  std::string version;       ///< of Strata
  std::size_t dropped = 0;   ///< rows left out because they lacked the target
  std::size_t weight_0 = 0;  ///< rows left out because they had the weight 0
  /// Of a checkpoint, whose weights have no figures: updates done and in all. Else 0.
  std::int64_t reached = 0, planned = 0;
  /// Of a text: lines left out because they had too many cells, too few or a wrong one; wrong cells taken as missing.
  std::size_t bad_rows = 0, bad_cells = 0;
  Curves curves;  ///< empty unless something was measured after each epoch
  /// The trainings before this one, the first of them first; all else in a record is of the last.
  std::vector<EarlierTraining> before;
  /// Of several networks: each of them. Then iterations and epochs above are those of the longest training, and the
  /// rows of a bag are all that there are, of which each network was trained on those outside of its fold.
  std::vector<NetworkRecord> networks;
  /// Of a bag: the figures of the rows of its folds, each predicted by the networks that were not trained on it.
  std::optional<Metrics> out_of_fold;
};

/// What predict gives: an (n_y, m) matrix, example after example, and what it means.
struct Predictions {
  std::size_t examples = 0;
  std::size_t columns = 0;          ///< probabilities or values an example (binary: two)
  std::vector<std::string> header;  ///< a name for each column
  std::vector<double> values;       ///< columns × examples, example after example
  std::vector<std::size_t> label;   ///< the predicted class of each example; empty for regression
  std::vector<std::string> classes;
  std::vector<UnfamiliarInput> unfamiliar = {};  ///< in the order of the inputs; empty where there is nothing to say
};

/// Numbers of a model that belong together.
struct LearnedMatrix {
  std::string name;
  std::size_t rows = 0, cols = 0;
  std::vector<double> values;  ///< column-major
};

class TableReader;

class Model {
 public:
  struct Data;  ///< internal
  explicit Model(std::unique_ptr<Data> data);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  /// Errors: not_found, io, format (truncated, foreign, damaged, newer than this program).
  [[nodiscard]] static Model load(const std::filesystem::path& file);
  /// Replaces `file` by the complete model or leaves it as it was. Errors: io.
  void save(const std::filesystem::path& file) const;
  /// The same from and to memory: the bytes are those of the file. (`bytes` are needed no longer once it returns.)
  /// Errors: as load and save, without not_found and io; memory.
  [[nodiscard]] static Model from_bytes(std::span<const std::byte> bytes);
  [[nodiscard]] std::vector<std::byte> to_bytes() const;

  [[nodiscard]] const Architecture& architecture() const noexcept;
  [[nodiscard]] Precision precision() const noexcept;
  /// The inputs, their scaling and the target in one.
  [[nodiscard]] const Features& features() const noexcept;
  [[nodiscard]] const std::vector<InputField>& inputs() const noexcept;
  [[nodiscard]] const Target& target() const noexcept;
  [[nodiscard]] const Scaling& scaling() const noexcept;
  [[nodiscard]] const TrainingRecord& record() const noexcept;
  /// How many networks there are. Of several, the model says the mean A[L] = Σ share · A[L] of each, in float64 and in
  /// their order; docs/decisions/0017-bags.md.
  [[nodiscard]] std::size_t networks() const noexcept;
  /// How much each counts: above 0, 1 together.
  [[nodiscard]] std::vector<double> shares() const;
  /// What the probabilities were calibrated with: softmax(log A[L] / temperature); 1: they were not.
  [[nodiscard]] double temperature() const noexcept;
  /// W[l], (n_l, n_{l−1}) column-major, and b[l], (n_l); l = 1 … L; of the first network, or another one, counted from
  /// 0. Errors: usage (there is no such layer or network).
  [[nodiscard]] std::vector<double> weights(int l, std::size_t network = 0) const;
  [[nodiscard]] std::vector<double> biases(int l, std::size_t network = 0) const;
  /// a[l], (n_l), of a hidden layer whose slopes are learned; else empty.
  [[nodiscard]] std::vector<double> slopes(int l, std::size_t network = 0) const;
  /// What the stage in front of the layers has learned, as far as it has any: "F", "phi", "U", "V", "c", "E" and "s",
  /// whose shapes docs/notation.md says.
  [[nodiscard]] std::vector<LearnedMatrix> stage(std::size_t network = 0) const;

  /// Fields match by name; others are ignored. What is missing in an input that may lack it has its fill. An example
  /// alone and in any batch gives the same bits, with any number of threads. `threads`: 1 to 1024, or 0: as the
  /// environment variable STRATA_THREADS says, else as many as the process may use. Errors: usage (a field is missing,
  /// the number of threads), shape, value (NaN in an array, an infinite number, a word where a number is expected).
  /// `threshold`: of a model of two classes, the label is the second where its probability is at least this, from 0 to
  /// 1; without it, where it is more than 0.5. Errors: usage (another model).
  [[nodiscard]] Predictions predict(const Table& table, int threads = 0, std::optional<double> threshold = {}) const;
  /// All figures of the task. Needs the target too. An example of one class of several that the model does not know is
  /// counted (Metrics::unseen). Errors: as predict; value (a label is missing; an answer to one of several questions is
  /// none). `weight_column`: numbers that say how much each row counts; rows of weight 0 are left out.
  [[nodiscard]] Metrics evaluate(const Table& table, int threads = 0, const Bootstrap& bootstrap = {},
                                 const std::string& weight_column = {}) const;
  /// The same of all that `reader` still gives, block by block: the figures are those of the whole table, bit for bit.
  /// Of each example it keeps the outputs and the truth, some 50 bytes for one output.
  [[nodiscard]] Metrics evaluate(TableReader& reader, int threads = 0, const Bootstrap& bootstrap = {}) const;
  /// Raw inputs, as in the data (the model encodes and scales them): the numbers of each input, one behind the other,
  /// example after example. A category or a yes or no is the index of its level in InputField::levels, their number for
  /// any other word; a date its days since 1970-01-01; NaN, where an input of one number is missing. So there are as
  /// many for an example as Π shape says of all inputs together, which is n_x unless inputs have several columns. Gives
  /// the activations A[L], (n_y, m): the probability of class 1, of every class, or the values in the units of the
  /// target. A Predictor does the same with less around it. Errors: as for a table.
  [[nodiscard]] std::vector<double> predict(std::span<const double> X, std::size_t m, int threads = 0) const;

  [[nodiscard]] Data& data() noexcept { return *data_; }
  [[nodiscard]] const Data& data() const noexcept { return *data_; }

 private:
  std::unique_ptr<Data> data_;
};

/// Reads the fields that the model needs, renamed to the names that the model knows. In files of arrays (HDF5, NPY,
/// NPZ, IDX) an input under another name is taken when it alone has the right shape. A picture is resized to the
/// network's input. `notes` receives a sentence on each choice made.
[[nodiscard]] Table read_for(const Features& features, const Source& source, bool with_target,
                             std::vector<std::string>* notes = nullptr);
[[nodiscard]] inline Table read_for(const Model& model, const Source& source, bool with_target,
                                    std::vector<std::string>* notes = nullptr) {
  return read_for(model.features(), source, with_target, notes);
}

/// A table from memory, whose fields have the model's names, as the model would have read them from a CSV file of the
/// same cells: words that are numbers or dates become these, and those that say nothing are missing. `reading`: but for
/// the types of the columns, which the model knows. Errors: value (a cell that is none of what it should be).
[[nodiscard]] Table read_for(const Features& features, Table table, bool with_target,
                             const ReadingOptions& reading = {}, std::vector<std::string>* notes = nullptr);
[[nodiscard]] inline Table read_for(const Model& model, Table table, bool with_target,
                                    const ReadingOptions& reading = {}, std::vector<std::string>* notes = nullptr) {
  return read_for(model.features(), std::move(table), with_target, reading, notes);
}

/// read_for in blocks of rows, for a file of any size in little memory:
///
///     TableReader reader(model.features(), {"new.csv"}, false);
///     while (const auto block = reader.next()) use(model.predict(*block));
///
/// What is wrong with the file is found when its place is reached; the examples before it come first. What kind a
/// column is, is decided once for all blocks. Read in parts are CSV, NPY, IDX (these three also from gzip or a pipe),
/// NPZ, HDF5 and what `convert` wrote; as a whole, in one block, are pictures, arrays in Fortran's order, in which
/// every example is all over the file, and more than 32 arrays of one file, which would all be open.
class TableReader {
 public:
  struct Data;  ///< internal
  /// Opens the file and chooses the fields. `features` must outlive it. Errors: as read_for.
  TableReader(const Features& features, const Source& source, bool with_target,
              std::vector<std::string>* notes = nullptr);
  ~TableReader();
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;

  /// The next `rows` examples, fewer before the end or a fault; then nothing, or its error, which ends the reading. 0:
  /// as many as take a few megabytes. Messages count the examples of the whole file. Errors: as read_for.
  [[nodiscard]] std::optional<Table> next(std::size_t rows = 0);
  /// Source::keep, of the rows that next() gave last: for each of these fields the cells as they are spelled in the
  /// file; numbers of an array in the shortest digits.
  [[nodiscard]] const std::vector<std::vector<std::string>>& kept() const noexcept;
  /// How many next() gives.
  [[nodiscard]] std::size_t usual_rows() const noexcept;
  /// What `next` left out of a text so far, or took as missing though it is a word: a sentence each, with the count.
  [[nodiscard]] std::vector<std::string> left_out() const;
  /// That of the source, where the target is read too; else empty.
  [[nodiscard]] const std::string& weight_column() const noexcept;

 private:
  std::unique_ptr<Data> data_;
};

}  // namespace strata STRATA_EXPORT
