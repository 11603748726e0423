// The table of options. Each kind of value has a builder of rows.
#include "strata/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

// --- the builders of rows ---

struct Row {
  Text name, value, help;
};
using Set = std::function<void(Options&, Text)>;
using Show = std::function<std::string(const Options&)>;

OptionSpec row(const Row& r, Text group, std::string range, Set set, Show show) {
  return {r.name, r.value, group, {}, std::move(range), r.help, std::move(set), std::move(show)};
}

template <class Group>
OptionSpec names_row(const Row& r, Text group, Text range, std::vector<std::string> Group::* member) {
  return row(
      r, group, std::string(range), [=](Options& o, Text t) { o.*member = names_from(r.name, t); },
      [=](const Options& o) { return list_text(o.*member, name_text); });
}

template <class Group, class Kind>
OptionSpec choice_row(const Row& r, Text group, Kind Group::* member) {
  return row(
      r, group, joined(own_names<Kind>(), 100), [=](Options& o, Text t) { o.*member = kind_from<Kind>(r.name, t); },
      [=](const Options& o) { return std::string(name(o.*member)); });
}

OptionSpec number_row(const Row& r, Text range, double TrainingOptions::* member, bool (*allowed)(double)) {
  return row(
      r, "Training", std::string(range),
      [=](Options& o, Text t) { o.*member = number_from(r.name, t, range, allowed); },
      [=](const Options& o) { return shortest(o.*member); });
}

OptionSpec automatic_row(const Row& r, Text numbers, std::optional<double> TrainingOptions::* member,
                         bool (*allowed)(double)) {
  return row(
      r, "Training", fmt::format("auto; {}", numbers),
      [=](Options& o, Text t) {
        o.*member = normal_form(t) == "auto"
                        ? std::nullopt
                        : std::optional(number_from(r.name, t, fmt::format("{}, or auto", numbers), allowed));
      },
      [=](const Options& o) { return o.*member ? shortest(*(o.*member)) : std::string("auto"); });
}

/// An option that came later than the format of model files.
OptionSpec later(OptionSpec option) {
  option.recorded = Recorded::unless_standard;
  return option;
}
OptionSpec unrecorded(OptionSpec option) {
  option.recorded = Recorded::never;
  return option;
}

/// From 1 to `most`; a word, if there is one, stands for 0.
template <class Group, class Integer>
OptionSpec count_row(const Row& r, Text group, Text numbers, Text word, Integer most, Integer Group::* member) {
  return row(
      r, group, word.empty() ? std::string(numbers) : fmt::format("{}; {}", numbers, word),
      [=](Options& o, Text t) {
        const std::string expected = word.empty() ? std::string(numbers) : fmt::format("{}, or {}", numbers, word);
        const bool is_word = !word.empty() && normal_form(t) == word;
        o.*member = is_word ? Integer{0} : whole_from(r.name, t, expected, Integer{1}, most);
      },
      [=](const Options& o) {
        return o.*member == 0 && !word.empty() ? std::string(word) : std::to_string(o.*member);
      });
}

/// One of the two ways to say how long: the other is forgotten, so that it overrides that of a recipe.
OptionSpec length_row(const Row& r, std::optional<std::int64_t> TrainingOptions::* member,
                      std::optional<std::int64_t> TrainingOptions::* other) {
  return row(
      r, "Training", std::string(kAtLeast1),
      [=](Options& o, Text t) {
        o.*member = whole_from<std::int64_t>(r.name, t, kAtLeast1, 1, kMostSteps);
        (o.*other).reset();
      },
      [=](const Options& o) { return o.*member ? std::to_string(*(o.*member)) : std::string(); });
}

constexpr Text kPatterns = "names or patterns (* any text, ? any sign), separated by commas";

std::vector<OptionSpec> rows() {
  return {
      // --- Data ---
      names_row({"target", "COLUMN",
                 "What to predict; it may also be a file of its own (IDX labels, NPY). When not given: the last column "
                 "of a CSV file."},
                "Data", "a name; several, separated by commas, for regression", &DataOptions::target),
      names_row({"inputs", "COLUMNS",
                 "What to predict it from. When not given: every other column, without identifiers, free text and "
                 "constants."},
                "Data", "names, separated by commas", &DataOptions::inputs),
      choice_row({"task", "TASK",
                  "The kind of prediction. auto: a text target, or one with at most 20 distinct whole numbers, is "
                  "classes (binary when there are two); anything else is regression."},
                 "Data", &DataOptions::task),
      choice_row(
          {"scale", "SCALE",
           "How inputs are scaled. standard: mean 0 and standard deviation 1, fitted on the training rows. robust: "
           "by the median and the quartiles, large numbers bent to at most 3. quantile: to a normal distribution. "
           "auto: 1/255 for 8-bit pixels, standard for anything else. The model remembers it."},
          "Data", &DataOptions::scale),
      later(
          choice_row({"impute", "HOW",
                      "What stands for a missing number: the mean or the median of the training rows. Where these lack "
                      "some, a column of its own tells the network which were missing."},
                     "Data", &DataOptions::impute)),
      later(count_row({"one-hot-limit", "N",
                       "How many values of a category have a column of their own: the most frequent ones; the others "
                       "share one."},
                      "Data", "a whole number from 1 to 1000000", {}, 1'000'000, &DataOptions::one_hot_limit)),
      later(choice_row(
          {"missing-target", "HOW", "Rows to train on that lack the target: error, or drop to leave them out."}, "Data",
          &DataOptions::missing_target)),
      row(
          {"scale-target", "SCALE",
           "Regression: train on the target scaled to mean 0 and standard deviation 1. Costs are then of the scaled "
           "target; predictions stay in the units of the data. auto: standard where inputs and target are columns, "
           "none "
           "for arrays."},
          "Data", "auto, standard, none",
          [](Options& o, Text t) {
            const std::string form = normal_form(t);
            const std::string names[] = {"auto", "standard", "none"};
            if (std::ranges::find(names, form) == std::end(names)) refuse_name("scale-target", names, t);
            o.scale_target = form == names[0] ? std::nullopt : std::optional(form == names[1]);
          },
          [](const Options& o) {
            return std::string(!o.scale_target ? "auto" : *o.scale_target ? "standard" : "none");
          }),
      row(
          {"validation", "FILE|FRACTION",
           "Rows to measure on that are not trained on: a file of their own, or this part of the data. When not given: "
           "none."},
          "Data", "a file; or a number greater than 0 and less than 1",
          [](Options& o, Text t) {
            static_cast<void>(validation_fraction(t));
            o.validation = t;
          },
          [](const Options& o) { return o.validation; }),

      // --- Reading ---
      later(row(
          {"separator", "SIGN", "What parts the cells of a line. auto: found from the header and the rows together."},
          "Reading", "auto; one sign, such as ; or |; tab",
          [](Options& o, Text t) { o.separator = separator_from("separator", t); },
          [](const Options& o) { return separator_text(o.separator); })),
      later(choice_row({"header", "WHICH",
                        "Does the first line name the columns? auto: unless it looks like the rows below it. Without "
                        "a header the columns are c1, c2, and so on."},
                       "Reading", &ReadingOptions::header)),
      later(row(
          {"comment", "SIGN", "Lines that begin with it are no rows."}, "Reading", "none; one sign, such as #",
          [](Options& o, Text t) { o.comment = normal_form(t) == "none" ? '\0' : sign_from("comment", t, "or none"); },
          [](const Options& o) { return o.comment == 0 ? std::string("none") : std::string(1, o.comment); })),
      later(choice_row({"decimal", "SIGN", "What stands before the decimals. auto: what the columns show."}, "Reading",
                       &ReadingOptions::decimal)),
      later(names_row({"missing", "WORDS",
                       "What stands for a missing cell, beside an empty one, NA, N/A, NaN, null, None, ?, #N/A, - and "
                       "a point alone."},
                      "Reading", "words, separated by commas", &ReadingOptions::missing)),
      later(names_row({"numeric", "COLUMNS", "Columns of numbers, whatever else they seem to be."}, "Reading",
                      kPatterns, &ReadingOptions::numeric)),
      later(names_row({"categorical", "COLUMNS",
                       "Columns whose cells are names for a kind of thing, even where they are numbers, or differ in "
                       "most rows."},
                      "Reading", kPatterns, &ReadingOptions::categorical)),
      later(names_row({"date", "COLUMNS", "Columns of dates or times."}, "Reading", kPatterns, &ReadingOptions::date)),
      later(names_row({"ignore", "COLUMNS", "Columns that are not to be learned from."}, "Reading", kPatterns,
                      &ReadingOptions::ignore)),
      later(choice_row({"date-order", "ORDER",
                        "How dates of numbers are written: 3.4.2024 is in April (dmy) or in March (mdy). auto: what "
                        "the whole column shows; where it shows neither, the column is left out."},
                       "Reading", &ReadingOptions::date_order)),
      later(
          choice_row({"bad-cells", "WHAT", "What becomes of a word in a column of numbers. missing: it counts as one."},
                     "Reading", &ReadingOptions::bad_cells)),
      later(choice_row(
          {"bad-rows", "WHAT", "What becomes of a line with too many cells or too few. skip: left out, and counted."},
          "Reading", &ReadingOptions::bad_rows)),

      // --- Network ---
      row(
          {"hidden-layers", "UNITS",
           "The units of each hidden layer, from input to output. none: logistic or linear regression."},
          "Network", "whole numbers from 1, separated by commas; none",
          [](Options& o, Text t) { o.hidden_layers = layers_from("hidden-layers", t); },
          [](const Options& o) {
            return o.hidden_layers.empty() ? std::string("none") : fmt::format("{}", fmt::join(o.hidden_layers, ","));
          }),
      row(
          {"activation", "NAME", "g of the hidden layers: one for all of them, or one for each, separated by commas."},
          "Network", joined(own_names<Activation>(), 100),
          [](Options& o, Text t) { o.activation = activations_from("activation", t); },
          [](const Options& o) { return activations_text(o.activation); }),
      later(row(
          {"dropout", "RATE",
           "Training leaves each unit of a hidden layer out with this probability, anew for every example of every "
           "update: one for all hidden layers, or one for each, separated by commas. Prediction uses all units."},
          "Network", fmt::format("{}; several, separated by commas", kFrom0To1),
          [](Options& o, Text t) { o.dropout = rates_from("dropout", t); },
          [](const Options& o) { return rates_text(o.dropout); })),
      row(
          {"loss", "LOSS",
           "What is minimised, and with it the last activation: sigmoid, softmax, identity. auto: the one that belongs "
           "to the task."},
          "Network", joined(own_names<Loss>({"auto"}), 100),
          [](Options& o, Text t) {
            o.loss = normal_form(t) == "auto" ? std::nullopt : std::optional(kind_from<Loss>("loss", t, {"auto"}));
          },
          [](const Options& o) { return std::string(o.loss ? name(*o.loss) : "auto"); }),
      row(
          {"initializer", "NAME|FILE",
           "The standard deviation of the normal numbers that weights start from: lecun 1/sqrt(n_in), he sqrt(2/n_in), "
           "glorot sqrt(2/(n_in+n_out)), normal:0.01 as given; biases start at 0. FILE.npz: your own arrays, named W1 "
           "(n_1, n_0), b1 (n_1, 1), W2, and so on."},
          "Network", "lecun, he, glorot, normal:NUMBER, zeros, an .npz file",
          [](Options& o, Text t) { o.initializer = initializer_from("initializer", t); },
          [](const Options& o) { return to_text(o.initializer); }),
      choice_row(
          {"random", "STREAM",
           "Where those numbers come from: strata's own stream, or that of numpy.random.seed(SEED) followed by randn."},
          "Network", &NetworkOptions::random),
      row(
          {"seed", "N", "The same seed gives the same run, bit for bit, for any number of threads."}, "Network",
          "a whole number from 0 to 18446744073709551615 (numpy: to 4294967295)",
          [](Options& o, Text t) {
            o.seed =
                whole_from<std::uint64_t>("seed", t, "a whole number from 0 to 18446744073709551615", 0, UINT64_MAX);
          },
          [](const Options& o) { return std::to_string(o.seed); }),
      choice_row({"precision", "TYPE",
                  "The numbers that the network computes with. bf16: float32, but products of numbers rounded to "
                  "bfloat16, which are faster on large layers."},
                 "Network", &NetworkOptions::precision),

      // --- Training ---
      choice_row({"optimizer", "NAME", "The rule that changes the weights."}, "Training", &TrainingOptions::optimizer),
      automatic_row(
          {"learning-rate", "RATE",
           "How far a step goes. auto: 0.001 for adam and adamw, 0.01 for momentum, 0.0075 for gradient-descent."},
          "a number greater than 0", &TrainingOptions::learning_rate, is_positive),
      number_row({"momentum", "BETA", "momentum: the beta of v = beta v + (1 - beta) dW, W = W - rate v."}, kFrom0To1,
                 &TrainingOptions::momentum, is_fraction),
      number_row({"beta1", "BETA", "adam, adamw: how slowly the mean of the gradient follows."}, kFrom0To1,
                 &TrainingOptions::beta1, is_fraction),
      number_row({"beta2", "BETA", "adam, adamw: how slowly the mean of its square follows."}, kFrom0To1,
                 &TrainingOptions::beta2, is_fraction),
      number_row({"epsilon", "NUMBER", "adam, adamw: added to the root in the denominator."}, "a number greater than 0",
                 &TrainingOptions::epsilon, is_positive),
      number_row(
          {"l2", "LAMBDA", "Adds lambda/(2m) times the sum of the squared weights to the cost; biases are left out."},
          "a number, at least 0", &TrainingOptions::l2, is_not_negative),
      later(
          automatic_row({"weight-decay", "LAMBDA",
                         "Draws the weights towards 0 beside the step that their gradient makes, and not through it: W "
                         "= W - rate (step + lambda W); biases are left out. auto: 0.01 for adamw, else 0."},
                        "a number, at least 0", &TrainingOptions::weight_decay, is_not_negative)),
      count_row(
          {"batch-size", "N|full", "Examples for each update. full: all of them. The last, shorter batch is used too."},
          "Training", kAtLeast1, "full", kMostSteps, &TrainingOptions::batch_size),
      length_row({"iterations", "N", "Updates in all; instead of --epochs."}, &TrainingOptions::iterations,
                 &TrainingOptions::epochs),
      length_row(
          {"epochs", "N", "Passes over the training rows; instead of --iterations. When neither is given: 100 epochs."},
          &TrainingOptions::epochs, &TrainingOptions::iterations),

      // --- Running ---
      unrecorded(count_row(
          {"threads", "N|auto",
           "How many threads compute. auto: what the environment variable STRATA_THREADS says, else one for each "
           "CPU that the process and its container may use. The result does not depend on it."},
          "Running", "a whole number from 1 to 1024", "auto", 1024, &RunningOptions::threads)),
      unrecorded(count_row({"report-every", "N|auto",
                            "Iterations from one reported cost to the next. auto: chosen from the length of the run."},
                           "Running", kAtLeast1, "auto", kMostSteps, &RunningOptions::report_every)),
  };
}

// What the functions of a row throw besides Error leaves as one.
std::vector<OptionSpec> guarded_rows() {
  std::vector<OptionSpec> table = rows();
  for (OptionSpec& row : table) {
    row.standard = row.show(Options());
    row.set = [set = row.set](Options& o, Text t) { only_errors("for the options", [&] { set(o, t); }); };
    row.show = [show = row.show](const Options& o) { return only_errors("for the options", [&] { return show(o); }); };
  }
  return table;
}

}  // namespace

std::optional<double> internal::validation_fraction(Text text) {
  constexpr Text kOption = "validation";
  if (without_blanks(text).empty()) refuse(kOption, "a file, or a fraction such as 0.2", text);
  double fraction = 0;
  if (!parse_number(text, fraction)) return std::nullopt;
  if (!(fraction > 0 && fraction < 1))
    refuse(kOption, "a file, or a fraction greater than 0 and less than 1", text,
           fmt::format(" (a file of that name: ./{})", printable(without_blanks(text))));
  return fraction;
}

std::string to_text(const Initializer& initializer) try {
  if (initializer.kind == Initializer::Kind::arrays) return initializer.file;
  const std::string text(name_in_table(initializer.kind));
  return initializer.kind == Initializer::Kind::normal ? text + ":" + shortest(initializer.scale) : text;
} catch (...) {
  throw_as_error("for the options");
}

double TrainingOptions::effective_learning_rate() const noexcept {
  if (learning_rate) return *learning_rate;
  switch (optimizer) {
    case OptimizerKind::gradient_descent: return 0.0075;
    case OptimizerKind::momentum: return 0.01;
    case OptimizerKind::adam:
    case OptimizerKind::adamw: break;
  }
  return 0.001;
}

double TrainingOptions::effective_weight_decay() const noexcept {
  return weight_decay.value_or(optimizer == OptimizerKind::adamw ? 0.01 : 0);
}

std::span<const OptionSpec> option_table() {
  return only_errors("for the options", []() -> std::span<const OptionSpec> {
    static const std::vector<OptionSpec> table = guarded_rows();
    return table;
  });
}

void set_option(Options& options, Text name, Text text) try {
  std::string wanted = normal_form(name);
  if (wanted.starts_with("--")) wanted.erase(0, 2);
  std::vector<std::string> names;
  for (const OptionSpec& option : option_table()) {
    if (option.name == wanted) return option.set(options, text);
    names.emplace_back(option.name);
  }
  throw Error(ErrorCode::usage, fmt::format("there is no option '{}'{}", printable(name), suggestion(wanted, names)));
} catch (...) {
  throw_as_error("for the options");
}

// A member is right when its option takes what it shows.
void validate(const Options& options) try {
  Options scratch;
  for (const OptionSpec& option : option_table()) {
    const std::string text = option.show(options);
    if (text != option.standard) option.set(scratch, text);
  }
  if (options.iterations && options.epochs) {
    throw Error(ErrorCode::usage, fmt::format("{} and {} both say how long to train; give one of them",
                                              spelled("iterations"), spelled("epochs")));
  }
  if (options.l2 != 0 && options.effective_weight_decay() != 0) {
    throw Error(ErrorCode::usage,
                fmt::format("{} and {} both draw the weights towards 0; give one of them, and 0 for the other",
                            spelled("l2", shortest(options.l2)),
                            spelled("weight-decay", shortest(options.effective_weight_decay()))));
  }
  const std::size_t layers = options.hidden_layers.size();
  const auto require_count = [layers](const char* option, std::size_t given, const char* what) {
    if (given == 1 || given == layers) return;
    throw Error(ErrorCode::usage, fmt::format("{} names {} {} for {} hidden layers; give one for all, or one for each",
                                              spelled(option), given, what, layers));
  };
  require_count("activation", options.activation.size(), "activations");
  require_count("dropout", options.dropout.size(), "rates");
  if (layers == 0 && options.dropout != std::vector{0.0}) {
    throw Error(ErrorCode::usage, fmt::format("{}: there is no hidden layer whose units could be left out",
                                              spelled("dropout", rates_text(options.dropout))));
  }
} catch (...) {
  throw_as_error("for the options");
}

}  // namespace strata
