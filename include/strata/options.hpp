// Every option of Strata, once: its name, default, range and text. The command line, its help and docs/parameters.md
// are made from the table below; a program sets the same values by name or by member.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strata/architecture.hpp"
#include "strata/export.hpp"

namespace strata STRATA_EXPORT {

enum class Task { automatic, binary, classes, regression };
enum class OptimizerKind { gradient_descent, momentum, adam, adamw, nesterov };
enum class RandomStream { strata, numpy };
/// What the network computes with. bf16: float32, but for the products, whose operands are rounded to bfloat16 (8 bits
/// of mantissa) and whose sums stay in float32; the weights that are trained and stored are of float32.
enum class Precision { float32, float64, bf16 };
/// What a number of a table becomes in front of the network: itself, or what InputStage says of a periodic or of a
/// piecewise embedding.
enum class NumericEmbedding { none, pbld, piecewise };
/// What a rate is of. ntp: of W·√n with n inputs of a layer, in place of W (Jacot et al., 2018; Holzmüller et al.,
/// 2024).
enum class Parametrization { standard, ntp };
/// What becomes of the examples of an epoch that do not fill a batch.
enum class LastBatch { keep, drop };
/// Which networks of a bag count how much. none: all alike. greedy: as Caruana et al., 2004, select them.
enum class Select { none, greedy };
/// Of the probabilities of a bag: none, or a temperature (Guo et al., 2017).
enum class Calibrate { none, temperature };
enum class ScaleKind { automatic, automatic_quantile, standard, divide_255, none, robust, quantile };
/// What stands for a missing number.
enum class Impute { mean, median };
/// What becomes of training rows that lack the target.
enum class MissingTarget { error, drop };
enum class Header { automatic, yes, no };
enum class DecimalSign { automatic, point, comma };
/// Does the last index of an array count its examples? automatic: where its writer turns arrays round, as MATLAB does.
enum class Transpose { automatic, yes, no };
/// Which of day, month and year a date of numbers begins with.
enum class DateOrder { automatic, dmy, mdy, ymd };
/// What becomes of a cell that is no number in a column of numbers.
enum class BadCells { error, missing };
/// What becomes of a line with too many cells or too few.
enum class BadRows { error, skip };
/// A figure of how well predictions fit; which of them a task has, and what they are: docs/metrics.md.
enum class Metric {
  loss,
  accuracy,
  balanced_accuracy,
  f1,
  mcc,
  roc_auc,
  pr_auc,
  log_loss,
  brier,
  rmse,
  mae,
  r2,
  mape,
  pinball
};

[[nodiscard]] std::string_view name(Task task) noexcept;
[[nodiscard]] std::string_view name(OptimizerKind kind) noexcept;
[[nodiscard]] std::string_view name(RandomStream stream) noexcept;
[[nodiscard]] std::string_view name(Precision precision) noexcept;
[[nodiscard]] std::string_view name(NumericEmbedding embedding) noexcept;
[[nodiscard]] std::string_view name(Parametrization parametrization) noexcept;
[[nodiscard]] std::string_view name(LastBatch last) noexcept;
[[nodiscard]] std::string_view name(Select select) noexcept;
[[nodiscard]] std::string_view name(Calibrate calibrate) noexcept;
[[nodiscard]] std::string_view name(ScaleKind kind) noexcept;
[[nodiscard]] std::string_view name(Impute impute) noexcept;
[[nodiscard]] std::string_view name(MissingTarget missing) noexcept;
[[nodiscard]] std::string_view name(Header header) noexcept;
[[nodiscard]] std::string_view name(DecimalSign sign) noexcept;
[[nodiscard]] std::string_view name(DateOrder order) noexcept;
[[nodiscard]] std::string_view name(Transpose transpose) noexcept;
[[nodiscard]] std::string_view name(BadCells bad) noexcept;
[[nodiscard]] std::string_view name(BadRows bad) noexcept;
[[nodiscard]] std::string_view name(Metric metric) noexcept;

/// The standard deviation of the normal numbers that the weights start from; the biases start at zero.
struct Initializer {
  enum class Kind {
    lecun,   ///< 1/√n_{l−1} (LeCun et al., 1998)
    he,      ///< √(2/n_{l−1}) (He et al., 2015)
    glorot,  ///< √(2/(n_{l−1}+n_l)) (Glorot and Bengio, 2010)
    normal,  ///< a constant, `scale`
    zeros,
    arrays,  ///< the user's own, from `file`
    data,  ///< from the training rows: each unit's Z has deviation 1, its zero among their Z (Holzmüller et al., 2024)
  };
  Kind kind = Kind::he;
  double scale = 0.01;
  std::string file;  ///< an .npz file with W1 (n_1, n_0), b1 (n_1, 1), … WL, bL
  bool operator==(const Initializer&) const = default;
};
[[nodiscard]] std::string to_text(const Initializer& initializer);

/// How much the rows of each class count.
struct ClassWeights {
  bool balanced = false;                                  ///< all classes alike: m / (K m_k)
  std::vector<std::pair<std::string, double>> each = {};  ///< a class that is not named: 1
  bool operator==(const ClassWeights&) const = default;
};

/// A bag: the rows are parted, and for each part a network is trained on the others and stopped on this one.
struct Folds {
  static constexpr int kAutomatic = -1;  ///< 5 times 5 of at most 500 rows, else 8
  int parts = 0;                         ///< 0: no bag
  int repeats = 1;                       ///< the rows are parted so many times, each time anew
  bool operator==(const Folds&) const = default;
};
[[nodiscard]] std::string to_text(const Folds& folds);

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
  /// Categories of more levels than that become so many numbers, learned for each level; 0: the rare levels are one.
  int embedding_size = 0;
  NumericEmbedding numeric_embedding = NumericEmbedding::none;
  bool clamp_target = false;  ///< regression: predictions stay between the least and the largest of the training rows
  MissingTarget missing_target = MissingTarget::error;
  std::string weight_column;   ///< how much each row counts; empty: 1
  ClassWeights class_weights;  ///< and times this
  /// A file, a fraction such as 0.2, last:0.2 (the last rows), or none. Empty: 0.2 with a patience, and for a table of
  /// columns with 200 rows or more where none of patience, epochs and iterations is given; else none.
  std::string validation;
  std::string validation_column;  ///< says which rows are held back, in place of `validation`; no input
  std::string group_column;       ///< rows that have the same here are never parted; no input
  std::string time_column;        ///< by which the last rows are the last; empty: as they stand
  Folds folds;                    ///< in place of `validation`: every row is held back from some networks
  Select select = Select::none;
  Calibrate calibrate = Calibrate::none;
  bool operator==(const DataOptions&) const = default;
};

/// How a table is read. But for `transpose`, which is for arrays, all of it is for text. What is not said here is found
/// in the file, and told where it is not plain.
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
  Transpose transpose = Transpose::automatic;
  bool operator==(const ReadingOptions&) const = default;
};

/// What the network is, and what it starts from.
struct NetworkOptions {
  /// Empty: 64,32 or, with rows held back without being asked for, those of the recipe plain, with its dropout and
  /// weight decay where these are empty too.
  std::optional<std::vector<int>> hidden_layers;
  /// One for all hidden layers, or one each. Empty: relu; with Parametrization::ntp selu for classes, mish for numbers.
  std::vector<Activation> activation;
  std::vector<double> dropout;        ///< one for all hidden layers, or one each; empty: see there
  std::optional<Loss> loss;           ///< empty: the one that belongs to the task
  std::optional<double> huber_delta;  ///< δ in the units of the target; empty: 1.35 of its standard deviations
  std::optional<double> quantile;     ///< q; empty: 0.5, the median
  /// ε of the cross-entropies. Empty: 0.1 where `monitor` looks at labels and not at probabilities, else 0.
  std::optional<double> label_smoothing = 0;
  bool learned_slopes = false;  ///< of the hidden layers
  bool input_scale = false;     ///< a factor is learned for each input
  Initializer initializer;
  RandomStream random = RandomStream::strata;
  std::uint64_t seed = 1;
  int members = 1;  ///< networks that are trained side by side, whose mean the model says
  Precision precision = Precision::float32;
  bool operator==(const NetworkOptions&) const = default;
};

/// What a number is multiplied by as the training goes: a function of t, the share of the planned updates that are
/// done.
struct Schedule {
  enum class Kind {
    constant,
    step,        ///< `factor` to the power of the number of `places` that t has reached
    cosine,      ///< (1 + cos πt)/2 (Loshchilov and Hutter, 2017)
    one_cycle,   ///< up from 1/25 until t = 0.3, then down to 1/250000, each along half a cosine (Smith, 2018)
    coslog4,     ///< (1 − cos(2π log2(1 + 15t)))/2: four times up and down, ever longer (Holzmüller et al., 2024)
    flat_cosine  ///< 1 until t = 0.5, then (1 + cos(π(2t − 1)))/2 (Holzmüller et al., 2024)
  };
  Kind kind = Kind::constant;
  double factor = 0.1;
  std::vector<double> places = {0.5, 0.75};  ///< ascending, between 0 and 1
  bool operator==(const Schedule&) const = default;
};
[[nodiscard]] std::string to_text(const Schedule& schedule);

/// A number for the parameters of each kind.
struct PerKind {
  double weights = 0, biases = 0, slopes = 0;
  double numbers = 0;  ///< F, φ, U, V and c of the numbers that are embedded
  double levels = 0;   ///< E of the categories that are
  double scales = 0;   ///< s
  bool operator==(const PerKind&) const = default;
};

/// How it learns.
struct TrainingOptions {
  OptimizerKind optimizer = OptimizerKind::adam;
  /// Empty: adam and adamw 0.001, or 0.005 with the cosine of an empty `schedule`, and with Parametrization::ntp 0.04
  /// for classes and 0.2 for numbers; momentum and nesterov 0.01, gradient descent 0.0075.
  std::optional<double> learning_rate;
  PerKind rate_factor = {1, 1, 1, 1, 1, 1};  ///< the rate of each kind is so many times the learning rate
  /// Of the rate, after the warm-up. Empty: constant, or cosine from 0.005 (docs/decisions/0007-defaults.md).
  std::optional<Schedule> schedule;
  double warm_up = 0;     ///< the share of the updates in which the rate rises in a straight line
  double clip_norm = 0;   ///< a longer gradient is shortened to this; 0: none is
  double momentum = 0.9;  ///< β of v = βv + (1−β)dW
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double l2 = 0;  ///< λ: λ/(2m)·Σ‖W‖² in the cost
  /// λ of W = W − rate·(step + λW), apart from the cost, for each kind. Empty: of the weights adamw 0.01, else 0.
  std::optional<PerKind> weight_decay;
  Schedule decay_schedule;       ///< of all of them
  Schedule dropout_schedule;     ///< of the rates of dropout
  std::int64_t batch_size = 32;  ///< examples an update; 0: full
  LastBatch last_batch = LastBatch::keep;
  Parametrization parametrization = Parametrization::standard;
  std::optional<std::int64_t> iterations;
  /// Neither: 100; of a rate that ends at 0 what 500,000 rows take, 10 to 30; of coslog4 256.
  std::optional<std::int64_t> epochs;
  /// Epochs without a better `monitor` after which the training stops; the weights of the best one are kept, and of
  /// epochs that do equally well those of the last (with a `min_delta` those of the first). 0: never, and the last
  /// weights are kept. Empty: 10 with the cosine of an empty `schedule`; else 20 where rows are held back without being
  /// asked for, with `folds`, or with another `monitor` than the loss or a `min_delta`; else 0.
  std::optional<std::int64_t> patience;
  /// Which figure of the validation part says what the best epoch is. Empty: roc_auc for two classes, log_loss for
  /// more, rmse for the squared error of one target, the loss for other numbers.
  std::optional<Metric> monitor = Metric::loss;
  double min_delta = 0;  ///< an epoch is better only where it is by more than this
  /// Measured beside the usual figures: after every epoch on the validation part or, without one, on the training rows;
  /// and on both at the end.
  std::vector<Metric> metrics;
  /// The cost of `tol_epochs` epochs that falls by no more than this ends the training; empty: never.
  std::optional<double> tol;
  std::int64_t tol_epochs = 10;

  /// `task`: automatic where it is not known, which counts as classes.
  [[nodiscard]] double effective_learning_rate(Task task = Task::automatic) const noexcept;
  [[nodiscard]] PerKind effective_weight_decay() const noexcept;
  /// `loss` and `outputs`: those of the network.
  [[nodiscard]] Metric effective_monitor(Task task, Loss loss, int outputs) const noexcept;
  bool operator==(const TrainingOptions&) const = default;
};

/// What the result does not depend on, but for a limit of time.
struct RunningOptions {
  /// 1 to 1024, or 0: as the environment variable STRATA_THREADS says, else as many as the process may use.
  int threads = 0;
  std::int64_t report_every = 0;  ///< iterations from one cost to the next; 0: chosen from the length of the run
  /// Seconds for all of it, with the reading; 0: none. The number of epochs that fit is found out from the first steps,
  /// which are undone, and recorded (of a rate that ends at 0 at most what `epochs` says); a training that takes longer
  /// all the same ends in time with the best so far.
  double time_limit = 0;
  bool operator==(const RunningOptions&) const = default;
};

/// How to train. The members have the names of the options; the defaults are those of a first, sensible run.
struct Options : DataOptions, ReadingOptions, NetworkOptions, TrainingOptions, RunningOptions {
  /// Names of options that a recipe or the record of a model has set, and nobody since: no message tells who trains to
  /// leave them out, or that they do nothing.
  std::vector<std::string> inherited;
  /// Names of options that set_option has set, to whatever value. What is not among them and has its default is open: a
  /// table decides more of it than its default says (docs/decisions/0018-default-recipe.md).
  std::set<std::string> named;
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
/// Sets one option from its text, and names it. Throws Error(usage) for an unknown name (with the nearest) or a value
/// out of range.
void set_option(Options& options, std::string_view name, std::string_view text);

/// Names as an option takes them, with commas between, and quotes where a name has a comma of its own: a,"b, c".
/// `option`: for messages. Errors: usage.
[[nodiscard]] std::vector<std::string> option_names(std::string_view option, std::string_view text);

/// A time with its unit as an option takes it, 90s, 10min or 1.5h, in seconds. `others`: for messages, what else it
/// takes. Errors: usage.
[[nodiscard]] double option_seconds(std::string_view option, std::string_view text, std::string_view others = {});

/// Options and their values, as typed.
using TypedOptions = std::vector<std::pair<std::string_view, std::string_view>>;

/// A named set of options.
struct Recipe {
  std::string_view name;
  std::string_view help;
  TypedOptions settings;
};
[[nodiscard]] std::span<const Recipe> all_recipes();
/// Sets these, and then `explicitly`, which overrides it: what it contradicts in the recipe is not set.
void apply_recipe(Options& options, std::string_view name, const TypedOptions& explicitly = {});

/// How messages name an option, alone or (where `value` is not empty) with a value.
using OptionSpelling = std::string (*)(std::string_view option, std::string_view value);
/// For a binding to another language, once, at its beginning; it must not throw. Null, which it is at first: as the
/// command line does.
void spell_options(OptionSpelling spelling) noexcept;

/// The reference page docs/parameters.md.
[[nodiscard]] std::string options_markdown();

}  // namespace strata STRATA_EXPORT
