// Every option of Strata, once: its name, default, range and text. The command line, its help and docs/parameters.md
// are made from the table below; a program sets the same values by name or by member.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strata/architecture.hpp"
#include "strata/export.hpp"

namespace strata STRATA_EXPORT {

enum class Task { automatic, binary, classes, regression };
enum class OptimizerKind { gradient_descent, momentum, adam, adamw };
enum class RandomStream { strata, numpy };
/// What the network computes with. bf16: float32, but for the products, whose operands are rounded to bfloat16 (8 bits
/// of mantissa) and whose sums stay in float32; the weights that are trained and stored are of float32.
enum class Precision { float32, float64, bf16 };
enum class ScaleKind { automatic, standard, divide_255, none, robust, quantile };
/// What stands for a missing number.
enum class Impute { mean, median };
/// What becomes of training rows that lack the target.
enum class MissingTarget { error, drop };
enum class Header { automatic, yes, no };
enum class DecimalSign { automatic, point, comma };
/// Which of day, month and year a date of numbers begins with.
enum class DateOrder { automatic, dmy, mdy, ymd };
/// What becomes of a cell that is no number in a column of numbers.
enum class BadCells { error, missing };
/// What becomes of a line with too many cells or too few.
enum class BadRows { error, skip };

[[nodiscard]] std::string_view name(Task task) noexcept;
[[nodiscard]] std::string_view name(OptimizerKind kind) noexcept;
[[nodiscard]] std::string_view name(RandomStream stream) noexcept;
[[nodiscard]] std::string_view name(Precision precision) noexcept;
[[nodiscard]] std::string_view name(ScaleKind kind) noexcept;
[[nodiscard]] std::string_view name(Impute impute) noexcept;
[[nodiscard]] std::string_view name(MissingTarget missing) noexcept;
[[nodiscard]] std::string_view name(Header header) noexcept;
[[nodiscard]] std::string_view name(DecimalSign sign) noexcept;
[[nodiscard]] std::string_view name(DateOrder order) noexcept;
[[nodiscard]] std::string_view name(BadCells bad) noexcept;
[[nodiscard]] std::string_view name(BadRows bad) noexcept;

/// The standard deviation of the normal numbers that the weights start from; the biases start at zero.
struct Initializer {
  enum class Kind {
    lecun,   ///< 1/√n_{l−1} (LeCun et al., 1998)
    he,      ///< √(2/n_{l−1}) (He et al., 2015)
    glorot,  ///< √(2/(n_{l−1}+n_l)) (Glorot and Bengio, 2010)
    normal,  ///< a constant, `scale`
    zeros,
    arrays,  ///< the user's own, from `file`
  };
  Kind kind = Kind::he;
  double scale = 0.01;
  std::string file;  ///< an .npz file with W1 (n_1, n_0), b1 (n_1, 1), … WL, bL
  bool operator==(const Initializer&) const = default;
};
[[nodiscard]] std::string to_text(const Initializer& initializer);

/// What to learn from, and what to ask of it.
struct DataOptions {
  std::vector<std::string> target;  ///< empty: the last column of a CSV file
  std::vector<std::string> inputs;  ///< empty: every other column that says something
  Task task = Task::automatic;
  ScaleKind scale = ScaleKind::automatic;
  /// Regression: train on (y − mean)/std, predict in the units of the data? Empty: where inputs and target are columns.
  std::optional<bool> scale_target = {};
  Impute impute = Impute::mean;
  int one_hot_limit = 100;  ///< levels of a category with a column of their own
  MissingTarget missing_target = MissingTarget::error;
  std::string validation;  ///< a file, a fraction such as 0.2, or empty
  bool operator==(const DataOptions&) const = default;
};

/// How the text of a table is read. What is not said here is found in the file, and told where it is not plain.
struct ReadingOptions {
  char separator = 0;  ///< 0: found
  Header header = Header::automatic;
  char comment = 0;  ///< lines that begin with it are no rows; 0: none, unless all lines before the first row do
  DecimalSign decimal = DecimalSign::automatic;
  std::vector<std::string> missing;  ///< words that stand for a missing cell, beside the usual ones
  /// Columns whose type is known, by name or by a pattern: * is any text, ? any character.
  std::vector<std::string> numeric, categorical, date;
  std::vector<std::string> ignore;  ///< columns that are no inputs
  DateOrder date_order = DateOrder::automatic;
  BadCells bad_cells = BadCells::error;
  BadRows bad_rows = BadRows::error;
  bool operator==(const ReadingOptions&) const = default;
};

/// What the network is, and what it starts from.
struct NetworkOptions {
  std::vector<int> hidden_layers = {64, 32};
  std::vector<Activation> activation = {Activation::relu};  ///< one for all hidden layers, or one each
  std::vector<double> dropout = {0};                        ///< one for all hidden layers, or one each
  std::optional<Loss> loss;                                 ///< empty: the one that belongs to the task
  Initializer initializer;
  RandomStream random = RandomStream::strata;
  std::uint64_t seed = 1;
  Precision precision = Precision::float32;
  bool operator==(const NetworkOptions&) const = default;
};

/// How it learns.
struct TrainingOptions {
  OptimizerKind optimizer = OptimizerKind::adam;
  std::optional<double> learning_rate;  ///< empty: adam and adamw 0.001, momentum 0.01, gradient descent 0.0075
  double momentum = 0.9;                ///< β of v = βv + (1−β)dW
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double l2 = 0;  ///< λ: λ/(2m)·Σ‖W‖² in the cost
  std::optional<double>
      weight_decay;              ///< λ of W = W − rate·(step + λW), apart from the cost; empty: adamw 0.01, else 0
  std::int64_t batch_size = 32;  ///< examples an update; 0: full
  std::optional<std::int64_t> iterations;
  std::optional<std::int64_t> epochs;  ///< neither: 100 epochs

  [[nodiscard]] double effective_learning_rate() const noexcept;
  [[nodiscard]] double effective_weight_decay() const noexcept;
  bool operator==(const TrainingOptions&) const = default;
};

/// What the result does not depend on.
struct RunningOptions {
  /// 1 to 1024, or 0: as the environment variable STRATA_THREADS says, else as many as the process may use.
  int threads = 0;
  std::int64_t report_every = 0;  ///< iterations from one cost to the next; 0: chosen from the length of the run
  bool operator==(const RunningOptions&) const = default;
};

/// How to train. The members have the names of the options; the defaults are those of a first, sensible run.
struct Options : DataOptions, ReadingOptions, NetworkOptions, TrainingOptions, RunningOptions {
  bool operator==(const Options&) const = default;
};

/// Throws Error(usage) when a member has a value that its option does not take, or two options contradict each other.
/// Every function that takes Options asks this first.
void validate(const Options& options);

/// Does the record of a training name an option?
enum class Recorded {
  always,
  unless_standard,  ///< those that came later, so that what was trained without them still gives the same file
  never,            ///< what cannot change the result
};

/// One row of the table of options.
struct OptionSpec {
  std::string_view name;   ///< as typed, without the dashes
  std::string_view value;  ///< what follows it in the help: "RATE", "N|full"
  std::string_view group;  ///< the heading it stands under
  std::string standard;    ///< the default, as typed
  std::string range;       ///< the values it takes
  std::string_view help;
  std::function<void(Options& options, std::string_view text)> set;  ///< throws Error(usage): expected, found
  std::function<std::string(const Options& options)> show;           ///< the value, as typed
  Recorded recorded = Recorded::always;
};

[[nodiscard]] std::span<const OptionSpec> option_table();
/// Sets one option from its text. Throws Error(usage) for an unknown name (with the nearest) or a value out of range.
void set_option(Options& options, std::string_view name, std::string_view text);

/// A named set of options. Explicit options are set after it and so override it.
struct Recipe {
  std::string_view name;
  std::string_view help;
  std::vector<std::pair<std::string_view, std::string_view>> settings;
};
[[nodiscard]] std::span<const Recipe> all_recipes();
void apply_recipe(Options& options, std::string_view name);

/// How messages name an option, alone or (where `value` is not empty) with a value.
using OptionSpelling = std::string (*)(std::string_view option, std::string_view value);
/// For a binding to another language, once, at its beginning; it must not throw. Null, which it is at first: as the
/// command line does.
void spell_options(OptionSpelling spelling) noexcept;

/// The reference page docs/parameters.md.
[[nodiscard]] std::string options_markdown();

}  // namespace strata STRATA_EXPORT
