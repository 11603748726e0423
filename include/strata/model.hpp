// A trained network with all that belongs to it: what is shipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
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

/// How well a network does on some examples.
struct Metrics {
  Task task = Task::automatic;  ///< which of them mean something; automatic: none does yet
  std::size_t examples = 0;
  double loss = 0;           ///< the mean loss, without L2, summed in float64
  std::size_t correct = 0;   ///< binary, classes
  double accuracy = 0;       ///< correct / examples
  double rmse = 0, mae = 0;  ///< regression, in the units of the target
  /// 1 − residual sum of squares / total sum of squares; NaN where that is not defined: the target of one example, or
  /// of examples that all have the same, has no sum of squares.
  double r2 = 0;
};

/// How the model came to be. Holds nothing that differs between two runs of the same training (no time, no path, no
/// number of threads), so that the same training writes the same file.
struct TrainingRecord {
  std::string data;                                          ///< the name of the file, without its folder
  std::size_t rows = 0;                                      ///< examples trained on
  std::vector<std::pair<std::string, std::string>> options;  ///< the options that were in force, as typed
  std::int64_t iterations = 0;
  std::int64_t epochs = 0;     ///< whole passes over the data
  std::string ended = "done";  ///< "done", "interrupted", "diverged"; "unfinished": saved while it went on
  double l2 = 0;               ///< the λ of the cost
  double cost = 0;             ///< of the final weights, with L2
  Metrics train;
  std::optional<Metrics> validation;
  std::string version;      ///< of Strata
  std::size_t dropped = 0;  ///< rows left out because they lacked the target
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
  /// W[l], (n_l, n_{l−1}) column-major, and b[l], (n_l); l = 1 … L.
  [[nodiscard]] std::vector<double> weights(int l) const;
  [[nodiscard]] std::vector<double> biases(int l) const;

  /// Fields match by name; others are ignored. What is missing in an input that may lack it has its fill. An example
  /// alone and in any batch gives the same bits, with any number of threads. `threads`: 1 to 1024, or 0: as the
  /// environment variable STRATA_THREADS says, else as many as the process may use. Errors: usage (a field is missing,
  /// the number of threads), shape, value (NaN in an array, an infinite number, a word where a number is expected).
  [[nodiscard]] Predictions predict(const Table& table, int threads = 0) const;
  /// Needs the target too. Errors: as predict; value (a label that the model does not know).
  [[nodiscard]] Metrics evaluate(const Table& table, int threads = 0) const;
  /// The same of all that `reader` still gives, block by block: the figures are those of the whole table, bit for bit.
  [[nodiscard]] Metrics evaluate(TableReader& reader, int threads = 0) const;
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
  /// Opens the file and chooses the fields. `features` must outlive it. Errors: as read_for.
  TableReader(const Features& features, const Source& source, bool with_target,
              std::vector<std::string>* notes = nullptr);
  ~TableReader();
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;

  /// The next `rows` examples, fewer before the end or a fault; then nothing, or its error, which ends the reading. 0:
  /// as many as take a few megabytes. Messages count the examples of the whole file. Errors: as read_for.
  [[nodiscard]] std::optional<Table> next(std::size_t rows = 0);
  /// How many next() gives.
  [[nodiscard]] std::size_t usual_rows() const noexcept;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace strata STRATA_EXPORT
