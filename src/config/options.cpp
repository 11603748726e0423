// The table of options. Each kind of value has a builder that knows how it is read, shown and refused.
#include "strata/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

using Text = std::string_view;

[[noreturn]] void refuse(Text option, Text expected, Text found, Text hint = {}) {
  throw Error(ErrorCode::usage,
              fmt::format("{}: expected {}, found '{}'{}", spelled(option), expected, printable(found), hint));
}

Text trimmed(Text text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Names are compared without regard to case, and '_' is as good as '-': ReLU, leaky_relu.
std::string normal_form(Text text) {
  std::string form(trimmed(text));
  for (char& c : form) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return form;
}

[[noreturn]] void refuse_name(Text option, std::span<const std::string> names, Text found) {
  refuse(option, (names.size() > 1 ? "one of " : "") + joined(names, names.size()), found,
         suggestion(normal_form(found), names));
}

/// `before`: values that the caller has already looked for, listed with the others when nothing fits.
template <class Kind>
Kind kind_from(Text option, Text text, std::initializer_list<std::string> before = {}) {
  if (const std::optional<Kind> kind = kind_named<Kind>(normal_form(text))) return *kind;
  refuse_name(option, own_names<Kind>(before), text);
}

double number_from(Text option, Text text, Text expected, bool (*allowed)(double)) {
  double value = 0;
  if (!parse_number(text, value) || !std::isfinite(value) || !allowed(value)) refuse(option, expected, text);
  return value;
}
bool is_positive(double x) { return x > 0; }
bool is_not_negative(double x) { return x >= 0; }
bool is_fraction(double x) { return x >= 0 && x < 1; }
constexpr Text kFrom0To1 = "a number from 0 to less than 1";

template <class Integer>
bool whole_in(Text text, Integer least, Integer most, Integer& value) {
  const Text digits = trimmed(text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() && value >= least && value <= most;
}

template <class Integer>
Integer whole_from(Text option, Text text, Text expected, Integer least, Integer most) {
  Integer value{};
  if (!whole_in(text, least, most, value)) refuse(option, expected, text);
  return value;
}
constexpr std::int64_t kMostSteps = std::numeric_limits<std::int64_t>::max();

/// "a,b" or, where a name has a comma of its own, "\"a,b\",c" as in a CSV file.
std::vector<std::string> names_from(Text option, Text text) {
  std::vector<std::string> names;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::string name;
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at >= text.size()) refuse(option, "a closing quote (\")", text);
        if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        name += text[at];
      }
      ++at;
      if (at < text.size() && text[at] != ',') refuse(option, "a comma after the closing quote", text);
    } else {
      const std::size_t comma = std::min(text.find(',', at), text.size());
      name = trimmed(text.substr(at, comma - at));
      at = comma;
    }
    if (name.empty()) refuse(option, "names separated by commas", text);
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw Error(ErrorCode::usage, fmt::format("{}: '{}' is named twice", spelled(option), printable(name)));
    names.push_back(std::move(name));
    ++at;
  }
  return names;
}

std::string name_text(const std::string& name) {
  if (!name.empty() && name.find_first_of(",\"") == std::string::npos && trimmed(name) == name) return name;
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

template <class T, class Show>
std::string list_text(const std::vector<T>& list, const Show& show) {
  std::string text;
  for (const T& item : list) text += (text.empty() ? "" : ",") + std::string(show(item));
  return text;
}

std::vector<int> layers_from(Text option, Text text) {
  constexpr Text kExpected = "the numbers of units, such as 20,7,5 (each from 1 to 1000000), or none";
  if (normal_form(text) == "none") return {};
  std::vector<int> units;
  for (const std::string& part : split(text, ','))
    if (!whole_in(part, 1, 1'000'000, units.emplace_back())) refuse(option, kExpected, text);
  if (units.size() > 1000) refuse(option, "at most 1000 hidden layers", fmt::format("{} of them", units.size()));
  return units;
}

std::vector<Activation> activations_from(Text option, Text text) {
  std::vector<Activation> list;
  for (const std::string& part : split(text, ',')) list.push_back(kind_from<Activation>(option, part));
  return list;
}

std::vector<double> rates_from(Text option, Text text) {
  std::vector<double> list;
  for (const std::string& part : split(text, ',')) list.push_back(number_from(option, part, kFrom0To1, is_fraction));
  return list;
}

std::string activations_text(const std::vector<Activation>& list) {
  return list_text(list, [](Activation g) { return name(g); });
}
std::string rates_text(const std::vector<double>& list) {
  return list_text(list, [](double rate) { return shortest(rate); });
}

Initializer initializer_from(Text option, Text text) {
  const std::string form = normal_form(text);
  const std::size_t colon = form.find(':');
  Initializer initializer;
  if (text.ends_with(".npz")) {
    initializer.kind = Initializer::Kind::arrays;
    initializer.file = text;
    return initializer;
  }
  const std::string kind = form.substr(0, colon);
  std::error_code ignored;
  if (!kind_named<Initializer::Kind>(kind) &&
      (kind.find_first_of("./") != std::string::npos || std::filesystem::exists(text, ignored)))
    refuse(option, "a file of arrays to be named *.npz (NumPy's savez writes it)", text);
  initializer.kind = kind_from<Initializer::Kind>(option, kind);
  if (colon == std::string::npos) return initializer;
  if (initializer.kind != Initializer::Kind::normal)
    refuse(option, fmt::format("no number after {}: only normal takes one, as in normal:0.01", kind), text);
  double scale = 0;
  if (!parse_number(form.substr(colon + 1), scale) || !std::isfinite(scale) || scale <= 0)
    refuse(option, "a number greater than 0 after normal:, as in normal:0.01", text);
  initializer.scale = scale;
  return initializer;
}

constexpr Text kAtLeast1 = "a whole number, at least 1";

// --- the builders of rows ---

struct Row {
  Text name, value, help;
};
using Set = std::function<void(Options&, Text)>;
using Show = std::function<std::string(const Options&)>;

OptionSpec row(const Row& r, Text group, std::string range, Set set, Show show) {
  return {r.name, r.value, group, {}, std::move(range), r.help, std::move(set), std::move(show)};
}

OptionSpec names_row(const Row& r, Text range, std::vector<std::string> DataOptions::* member) {
  return row(
      r, "Data", std::string(range), [=](Options& o, Text t) { o.*member = names_from(r.name, t); },
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

/// From 1 to `most`; a word stands for 0.
template <class Group, class Integer>
OptionSpec count_row(const Row& r, Text group, Text numbers, Text word, Integer most, Integer Group::* member) {
  return row(
      r, group, fmt::format("{}; {}", numbers, word),
      [=](Options& o, Text t) {
        const std::string expected = fmt::format("{}, or {}", numbers, word);
        o.*member = normal_form(t) == word ? Integer{0} : whole_from(r.name, t, expected, Integer{1}, most);
      },
      [=](const Options& o) { return o.*member == 0 ? std::string(word) : std::to_string(o.*member); });
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

std::vector<OptionSpec> rows() {
  return {
      // --- Data ---
      names_row({"target", "COLUMN",
                 "What to predict; it may also be a file of its own (IDX labels, NPY). When not given: the last column "
                 "of a CSV file."},
                "a name; several, separated by commas, for regression", &Options::target),
      names_row({"inputs", "COLUMNS", "What to predict it from. When not given: every other column."},
                "names, separated by commas", &Options::inputs),
      choice_row({"task", "TASK",
                  "The kind of prediction. auto: a text target, or one with at most 20 distinct whole numbers, is "
                  "classes (binary when there are two); anything else is regression."},
                 "Data", &DataOptions::task),
      choice_row({"scale", "SCALE",
                  "How inputs are scaled. standard: mean 0 and standard deviation 1, fitted on the training rows. "
                  "auto: 1/255 for 8-bit pixels, standard for anything else. The model remembers it."},
                 "Data", &DataOptions::scale),
      row(
          {"scale-target", "SCALE",
           "Regression: train on the target scaled to mean 0 and standard deviation 1. Predictions stay in the units "
           "of the data."},
          "Data", "standard, none",
          [](Options& o, Text t) {
            const std::string form = normal_form(t);
            const std::string names[] = {"standard", "none"};
            if (form != names[0] && form != names[1]) refuse_name("scale-target", names, t);
            o.scale_target = form == names[0];
          },
          [](const Options& o) { return std::string(o.scale_target ? "standard" : "none"); }),
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
  if (trimmed(text).empty()) refuse(kOption, "a file, or a fraction such as 0.2", text);
  double fraction = 0;
  if (!parse_number(text, fraction)) return std::nullopt;
  if (!(fraction > 0 && fraction < 1))
    refuse(kOption, "a file, or a fraction greater than 0 and less than 1", text,
           fmt::format(" (a file of that name: ./{})", printable(trimmed(text))));
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
