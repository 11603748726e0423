// Looking inside: every quantity of the equations for given data, and the check of the gradients.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "strata/data.hpp"
#include "strata/export.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"

namespace strata STRATA_EXPORT {

/// A matrix of the equations, with the equation that made it.
struct TracedMatrix {
  /// "X", "Y", "Z", "A", "dA", "dZ", "dW", "db"; "a", "da" where slopes are learned; of a stage in front of the layers
  /// "F", "phi", "V", "c", "E", "s" and their gradients "dF", …
  std::string name;
  std::string equation;  ///< "Z[2] = W[2] A[1] + b[2]"
  /// For a file, another one for each matrix of a trace also where A is a: "Z1", "dW2"; "slopes1", "dslopes1"; without
  /// a layer X, Y and what the stage learns.
  std::string file;
  std::size_t rows = 0, cols = 0;
  std::vector<double> values;  ///< column-major, in float64 whatever the model's precision
  /// X of a model whose inputs are more than scaled numbers, and Z[0] of a stage: what each row is; else empty.
  std::vector<EncodedColumn> meaning = {};

  [[nodiscard]] double operator()(std::size_t i, std::size_t j) const { return values[i + j * rows]; }
};

struct TracedLayer {
  int layer = 0;           ///< 0: the input
  std::string activation;  ///< g, or the head
  std::vector<TracedMatrix> matrices;
};

struct Trace {
  std::size_t examples = 0;
  double cost = 0;
  std::vector<TracedLayer>
      layers;  ///< 0 (X, the stage in front of the layers, and Y), 1 … L; or the one that was asked for
  /// Of several networks, with layer L: what the model says, the mean of the A[L] of all.
  std::optional<TracedMatrix> mean = {};
};

/// One forward and one backward pass over example `example` (from 0), or over the whole table, with the model's weights
/// and in the model's own precision: what is shown is what the network computes. Layer 0 has X and Y, and with a stage
/// in front of the layers what it learns, Z, A, dA, dZ and its gradients; layers 1 … L have Z, A, dA, dZ, dW, db, and
/// a, da where slopes are learned. dW and db are those of this batch (m = 1 for one example); a model that was trained
/// with L2 shows the term λ/m W in dW and in the cost. dA[L] is the un-fused formula of the notes, infinite where an
/// output is saturated on the wrong side; dZ[L], which comes from the logits, does not use it. Where the table has no
/// target, there is no Y, no backward pass and no cost (NaN). `network`: of a model of several, counted from 0. With as
/// many threads as Model::evaluate. Errors: as Model::evaluate; usage (no such example, layer or network); value (no
/// rows).
[[nodiscard]] Trace trace(const Model& model, const Table& table, std::optional<std::size_t> example = {},
                          std::optional<int> layer = {}, std::size_t network = 0);

/// A parameter left out of the comparison because ±ε crosses a kink of its activation.
struct KinkedParameter {
  std::string where;  ///< "W[2](3, 1)", "b[2](3)": units counted from 1, as in the notes
  double gradient = 0, difference = 0;
};

struct BlockCheck {
  std::string name;             ///< "W[1]", "b[1]", …
  std::size_t parameters = 0;   ///< compared
  double largest_gradient = 0;  ///< max|g|
  double largest_error = 0;     ///< max|g − ĝ|
  double relative_error = 0;    ///< max|g − ĝ| / max|g|; where max|g| is 0: 0 if the block passed, else infinite
  std::string where;            ///< of the largest error; in a block that fails, of the largest that nothing explains
  double gradient = 0, difference = 0;  ///< g and ĝ there
  double allowed_error = 0;  ///< there: 1e-7·max|g|, plus what rounding and the length of the step can explain
  bool passed = false;
  std::vector<KinkedParameter> kinks;
};

struct GradientCheck {
  std::size_t examples = 0;
  double epsilon = 1e-5;
  std::vector<BlockCheck> blocks;
  bool passed = false;
};

/// Compares every gradient with (J(θ+ε) − J(θ−ε)) / 2ε in float64, ε = 1e-5, on the first `examples` examples (0: all).
/// With the λ that the model was trained with, and as many threads as Model::evaluate. Errors: as Model::evaluate;
/// value (no rows); usage (no such network); diverged (the cost is infinite). `network`: as above.
[[nodiscard]] GradientCheck check_gradients(const Model& model, const Table& table, std::size_t examples = 0,
                                            std::size_t network = 0);
/// The same for the network that `options` describe, with its initial weights in float64, whatever options.precision
/// says. Errors: as train; diverged.
[[nodiscard]] GradientCheck check_gradients(const Table& table, const Options& options, std::size_t examples = 0);
/// Reads the file as a training would (only what the options name), then checks.
[[nodiscard]] GradientCheck check_gradients(const std::filesystem::path& file, const Options& options,
                                            std::size_t examples = 0);

/// What a conversion made.
struct Conversion {
  std::size_t rows = 0;
  std::vector<Field> fields;
  std::uintmax_t bytes = 0;           ///< of the new file
  std::vector<std::string> notes;     ///< how a text is written, where that is not plain
  std::vector<std::string> warnings;  ///< words that count as missing, columns of numbers with cells that are none
};

/// Writes a data set as one file that training maps into memory instead of reading it: for data larger than memory, and
/// to begin at once. Of `options` it uses inputs, target (a name, or a file of its own) and task, as training does;
/// without inputs and target all fields are written. Needs room on the disk for the numbers twice, and little memory.
/// The new file is read back and its checksums are compared. Errors: as read_table; usage; shape; io.
[[nodiscard]] Conversion convert(const std::filesystem::path& from, const std::filesystem::path& to,
                                 const Options& options);
/// Reads every byte of what `convert` wrote and compares the checksums. Errors: not_found, io, format (what is
/// damaged).
void verify_converted(const std::filesystem::path& file);

/// A word, or a class, and in how many rows it stands.
struct CountedValue {
  std::string text;
  std::size_t count = 0;
};

/// What all cells of a field say together.
struct FieldDescription {
  Field field;                            ///< without its categories; rows and missing are of all of it
  std::size_t wrong = 0;                  ///< cells of a column of numbers or dates that are none
  std::size_t infinite = 0;               ///< numbers
  std::size_t zeros = 0;                  ///< numbers that are 0
  std::size_t distinct = 0;               ///< values, without what is missing; of arrays not counted
  bool distinct_is_exact = true;          ///< else an estimate: there are more than 16,384
  std::optional<double> least, greatest;  ///< of the finite numbers, or dates, where there are any
  std::vector<CountedValue> levels;       ///< of words: the most frequent ones, where they are not too many to count
  std::string same_as;                    ///< a field before it that holds the same in every row
};

/// A field that nearly says what is to be predicted.
struct Giveaway {
  std::string name;
  std::string how;  ///< "each of its 3 values goes with one value of the target"
};

/// What is in a file, or a table.
struct Description {
  std::string source;
  std::size_t rows = 0;            ///< of the target, or of the first field; arrays may differ
  std::vector<std::string> notes;  ///< how a text is written, where that is not plain
  std::vector<FieldDescription> fields;
  std::size_t repeated_rows = 0;  ///< that are the same as one before them, identifiers left out
  std::string target;             ///< empty: it is not clear
  bool target_is_guessed = false;
  std::vector<CountedValue> classes;        ///< of a target of words, or of at most 20 different numbers
  std::string weight_column, group_column;  ///< what the options name so; they are no target and give none away
  std::vector<Giveaway> giveaways;
  std::vector<std::string> warnings;  ///< a sentence each: what is probably not meant, giveaways among it
};

/// Looks at all of a table: its types, ranges and words, and what is wrong with it. `target`: a field of it; empty: the
/// last one, where all are columns. A field gives the target away when (without identifiers and free text, over all
/// rows that have the target)
/// - both are numbers, at least 10 rows have both, and a line through them leaves 1/10,000 of the target's variance;
/// - knowing it leaves 1/100 of the mistakes that guessing the most frequent value of the target makes (Goodman and
///   Kruskal's lambda is 0.99 or more), where its values, of which being missing is one, come in at least 10 rows in
///   the mean and are at most 256, and so many mistakes are at least 10;
/// - it is a number, and its ranges in the classes of the target do not touch, of which each has at least 10 rows in
///   the mean.
/// Errors: usage (there is no such target).
[[nodiscard]] Description describe(const Table& table, const std::string& target = {});
/// The same of a file. NPY, IDX, NPZ, HDF5 and what `convert` wrote are looked at in parts, in little memory; of a text
/// all cells are held, in 8 bytes each. Of `options` it uses the target and those of reading; a text without a header
/// is described as one with `header` no. Errors: as read_table; usage.
[[nodiscard]] Description describe(const std::filesystem::path& file, const Options& options);

/// One thing that ought to work here, tried.
struct SelfTest {
  std::string name;  ///< "reading PNG"
  bool passed = false;
  std::string found;   ///< what happened
  std::string advice;  ///< what to do where it failed
};

/// What this build, this machine and this installation can do: for `strata doctor` and for reports of faults.
struct Diagnosis {
  std::string version, compiler, instructions, processor;
  int cpus = 0;                                ///< that the process may use
  std::vector<std::string> kernels;            ///< fastest first
  std::vector<std::string> kernels_elsewhere;  ///< in this program too, but not for this processor
  std::string chosen_kernels;                  ///< empty: STRATA_KERNELS names one that does not exist
  std::string chosen_because;
  double peak = 0;           ///< measured: float32 operations a second, one thread, registers only; 0: not known
  bool native_bf16 = false;  ///< the chosen kernels have an instruction for products in bfloat16
  std::vector<SelfTest> tests;
};

/// Tries what needs more than this library: the helper that decodes files, the temporary folder, the arithmetic.
[[nodiscard]] Diagnosis diagnose();

/// Throws Error(io) when a file could not be created at `file` (no such folder, no permission, a folder is there).
void require_writable(const std::filesystem::path& file);
/// Is it, or will it be, a file that is replaced? Not a device, a pipe or what this process has open (/dev/stdout).
[[nodiscard]] bool is_replaced(const std::filesystem::path& file);
/// Replaces `file` by this text as a whole or leaves it as it was. Errors: io.
void write_text(const std::filesystem::path& file, std::string_view text);
/// The same of text that comes in pieces: `write` hands each to the function that it is given. What `write` throws
/// passes, and leaves the file as it was.
using TextSink = std::function<void(std::string_view piece)>;
void write_text(const std::filesystem::path& file, const std::function<void(const TextSink&)>& write);
/// Removes the temporary files of this process, so that a signal that ends it leaves nothing behind: what is being
/// written is then neither finished nor there, and an old file is as it was. May be called in a signal handler, by a
/// program that ends then: writing a file afterwards is an Error(io). (The library handles no signal by itself.)
void remove_temporary_files() noexcept;

}  // namespace strata STRATA_EXPORT
