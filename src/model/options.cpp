#include "strata/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "model/validation.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

template <class Kind>
struct Named {
  std::string_view name;
  Kind kind;
};

constexpr Named<Task> kTasks[] = {
    {"auto", Task::automatic}, {"binary", Task::binary}, {"classes", Task::classes}, {"regression", Task::regression}};
constexpr Named<OptimizerKind> kOptimizers[] = {{"gradient-descent", OptimizerKind::gradient_descent},
                                                {"momentum", OptimizerKind::momentum},
                                                {"adam", OptimizerKind::adam},
                                                {"sgd", OptimizerKind::gradient_descent}};
constexpr Named<RandomStream> kStreams[] = {{"strata", RandomStream::strata}, {"numpy", RandomStream::numpy}};
constexpr Named<Precision> kPrecisions[] = {
    {"float32", Precision::float32}, {"float64", Precision::float64}, {"bf16", Precision::bf16}};
constexpr Named<ScaleKind> kScales[] = {{"auto", ScaleKind::automatic},
                                        {"standard", ScaleKind::standard},
                                        {"1/255", ScaleKind::divide_255},
                                        {"none", ScaleKind::none}};
constexpr Named<Loss> kLosses[] = {{"binary-cross-entropy", Loss::binary_cross_entropy},
                                   {"categorical-cross-entropy", Loss::categorical_cross_entropy},
                                   {"squared-error", Loss::squared_error}};
constexpr Named<Initializer::Kind> kInitializers[] = {
    {"lecun", Initializer::Kind::lecun},   {"he", Initializer::Kind::he},       {"glorot", Initializer::Kind::glorot},
    {"normal", Initializer::Kind::normal}, {"zeros", Initializer::Kind::zeros}, {"xavier", Initializer::Kind::glorot}};

/// The first name of a kind is its own; a later one is what some people call it too.
template <class Kind, std::size_t n>
std::string_view name_in(const Named<Kind> (&table)[n], Kind kind) noexcept {
  for (const Named<Kind>& entry : table)
    if (entry.kind == kind) return entry.name;
  return "?";
}

[[noreturn]] void refuse(std::string_view option, std::string_view expected, std::string_view found,
                         std::string_view hint = {}) {
  throw Error(ErrorCode::usage,
              fmt::format("--{}: expected {}, found '{}'{}", option, expected, printable(found), hint));
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Names are compared without regard to case, and '_' is as good as '-': ReLU, leaky_relu.
std::string normal_form(std::string_view text) {
  std::string form(trimmed(text));
  for (char& c : form) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return form;
}

[[noreturn]] void refuse_name(std::string_view option, std::span<const std::string> names, std::string_view found) {
  refuse(option, (names.size() > 1 ? "one of " : "") + joined(names, names.size()), found,
         suggestion(normal_form(found), names));
}

/// `extra`: values that the caller has already looked for, listed with the others when nothing fits.
template <class Kind, std::size_t n>
Kind kind_from(std::string_view option, const Named<Kind> (&table)[n], std::string_view text,
               std::initializer_list<std::string> extra = {}) {
  const std::string wanted = normal_form(text);
  std::vector<std::string> names(extra);
  for (const Named<Kind>& entry : table) {
    if (entry.name == wanted) return entry.kind;
    if (name_in(table, entry.kind) == entry.name) names.emplace_back(entry.name);
  }
  refuse_name(option, names, text);
}

double number_from(std::string_view option, std::string_view text, std::string_view expected, bool (*allowed)(double)) {
  double value = 0;
  if (!parse_number(text, value) || !std::isfinite(value) || !allowed(value)) refuse(option, expected, text);
  return value;
}
bool is_positive(double x) { return x > 0; }
bool is_not_negative(double x) { return x >= 0; }
bool is_fraction(double x) { return x >= 0 && x < 1; }

template <class Integer>
Integer whole_from(std::string_view option, std::string_view text, std::string_view expected, Integer least,
                   Integer most) {
  const std::string_view digits = trimmed(text);
  Integer value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < least || value > most)
    refuse(option, expected, text);
  return value;
}
constexpr std::int64_t kMostSteps = 1'000'000'000'000'000;  // counts far beyond any run

/// "a,b" or, where a name has a comma of its own, "\"a,b\",c" as in a CSV file.
std::vector<std::string> names_from(std::string_view option, std::string_view text) {
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
      throw Error(ErrorCode::usage, fmt::format("--{}: '{}' is named twice", option, printable(name)));
    names.push_back(std::move(name));
    ++at;
  }
  return names;
}

std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ',';
    if (name.find_first_of(",\"") == std::string::npos && trimmed(name) == name) {
      text += name;
      continue;
    }
    text += '"';
    for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    text += '"';
  }
  return text;
}

std::vector<int> layers_from(std::string_view option, std::string_view text) {
  constexpr std::string_view kExpected = "the numbers of units, such as 20,7,5 (each from 1 to 1000000), or none";
  if (normal_form(text) == "none") return {};
  std::vector<int> units;
  for (const std::string& part : split(text, ',')) {
    const std::string_view digits = trimmed(part);
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value < 1 || value > 1'000'000)
      refuse(option, kExpected, text);
    units.push_back(value);
  }
  if (units.size() > 1000) refuse(option, "at most 1000 hidden layers", fmt::format("{} of them", units.size()));
  return units;
}

std::string activation_text(Activation activation) { return normal_form(name(activation)); }

std::vector<Activation> activations_from(std::string_view option, std::string_view text) {
  std::vector<Activation> list;
  for (const std::string& part : split(text, ',')) {
    const std::string form = normal_form(part);
    const std::string wanted = form == "swish" ? "silu" : form;
    const auto all = all_activations();
    const auto found = std::find_if(all.begin(), all.end(), [&](Activation a) { return activation_text(a) == wanted; });
    if (found == all.end()) {
      std::vector<std::string> names;
      for (const Activation a : all) names.push_back(activation_text(a));
      refuse_name(option, names, part);
    }
    list.push_back(*found);
  }
  return list;
}

Initializer initializer_from(std::string_view option, std::string_view text) {
  const std::string form = normal_form(text);
  const std::size_t colon = form.find(':');
  Initializer initializer;
  if (text.ends_with(".npz")) {
    initializer.kind = Initializer::Kind::arrays;
    initializer.file = text;
    return initializer;
  }
  initializer.kind = kind_from(option, kInitializers, form.substr(0, colon));
  if (colon == std::string::npos) return initializer;
  if (initializer.kind != Initializer::Kind::normal)
    refuse(option, fmt::format("no number after {}: only normal takes one, as in normal:0.01", form.substr(0, colon)),
           text);
  double scale = 0;
  if (!parse_number(form.substr(colon + 1), scale) || !std::isfinite(scale) || scale <= 0)
    refuse(option, "a number greater than 0 after normal:, as in normal:0.01", text);
  initializer.scale = scale;
  return initializer;
}

std::string validation_from(std::string_view text) {
  static_cast<void>(validation_fraction(text));
  return std::string(text);
}

constexpr std::string_view kAtLeast1 = "a whole number, at least 1";
constexpr std::string_view kFrom0To1 = "a number from 0 to less than 1";

using Text = std::string_view;

constexpr OptionSpec kTable[] = {
    // --- Data ---
    {"target", "COLUMN", "Data", "", "a name; several, separated by commas, for regression",
     "What to predict; it may also be a file of its own (IDX labels, NPY). When not given: the last column of a CSV "
     "file.",
     [](Options& o, Text t) { o.target = names_from("target", t); },
     [](const Options& o) { return names_text(o.target); }},
    {"inputs", "COLUMNS", "Data", "", "names, separated by commas",
     "What to predict it from. When not given: every other column.",
     [](Options& o, Text t) { o.inputs = names_from("inputs", t); },
     [](const Options& o) { return names_text(o.inputs); }},
    {"task", "TASK", "Data", "auto", "auto, binary, classes, regression",
     "The kind of prediction. auto: a text target, or one with at most 20 distinct whole numbers, is classes (binary "
     "when "
     "there are two); anything else is regression.",
     [](Options& o, Text t) { o.task = kind_from("task", kTasks, t); },
     [](const Options& o) { return std::string(name(o.task)); }},
    {"scale", "SCALE", "Data", "auto", "auto, standard, 1/255, none",
     "How inputs are scaled. standard: mean 0 and standard deviation 1, fitted on the training rows. auto: 1/255 for "
     "8-bit "
     "pixels, standard for anything else. The model remembers it.",
     [](Options& o, Text t) { o.scale = kind_from("scale", kScales, t); },
     [](const Options& o) { return std::string(name(o.scale)); }},
    {"scale-target", "SCALE", "Data", "none", "standard, none",
     "Regression: train on the target scaled to mean 0 and standard deviation 1. Predictions stay in the units of the "
     "data.",
     [](Options& o, Text t) {
       static constexpr Named<bool> kKinds[] = {{"standard", true}, {"none", false}};
       o.scale_target = kind_from("scale-target", kKinds, t);
     },
     [](const Options& o) { return std::string(o.scale_target ? "standard" : "none"); }},
    {"validation", "FILE|FRACTION", "Data", "", "a file; or a number greater than 0 and less than 1",
     "Rows to measure on that are not trained on: a file of their own, or this part of the data. When not given: none.",
     [](Options& o, Text t) { o.validation = validation_from(t); }, [](const Options& o) { return o.validation; }},

    // --- Network ---
    {"hidden-layers", "UNITS", "Network", "64,32", "whole numbers from 1, separated by commas; none",
     "The units of each hidden layer, from input to output. none: logistic or linear regression.",
     [](Options& o, Text t) { o.hidden_layers = layers_from("hidden-layers", t); },
     [](const Options& o) {
       return o.hidden_layers.empty() ? std::string("none") : fmt::format("{}", fmt::join(o.hidden_layers, ","));
     }},
    {"activation", "NAME", "Network", "relu",
     "identity, sigmoid, tanh, relu, leaky-relu, elu, selu, gelu, silu, mish, softplus",
     "g of the hidden layers: one for all of them, or one for each, separated by commas.",
     [](Options& o, Text t) { o.activation = activations_from("activation", t); },
     [](const Options& o) {
       std::string text;
       for (const Activation a : o.activation) text += (text.empty() ? "" : ",") + activation_text(a);
       return text;
     }},
    {"loss", "LOSS", "Network", "auto", "auto, binary-cross-entropy, categorical-cross-entropy, squared-error",
     "What is minimised, and with it the last activation: sigmoid, softmax, identity. auto: the one that belongs to "
     "the task.",
     [](Options& o, Text t) {
       o.loss = normal_form(t) == "auto" ? std::nullopt : std::optional(kind_from("loss", kLosses, t, {"auto"}));
     },
     [](const Options& o) { return std::string(o.loss ? name_in(kLosses, *o.loss) : "auto"); }},
    {"initializer", "NAME|FILE", "Network", "he", "lecun, he, glorot, normal:NUMBER, zeros, an .npz file",
     "The standard deviation of the normal numbers that weights start from: lecun 1/sqrt(n_in), he sqrt(2/n_in), "
     "glorot sqrt(2/(n_in+n_out)), normal:0.01 as given; biases start at 0. FILE.npz: your own arrays, named W1 "
     "(n_1, n_0), b1 (n_1, 1), W2, and so on.",
     [](Options& o, Text t) { o.initializer = initializer_from("initializer", t); },
     [](const Options& o) { return to_text(o.initializer); }},
    {"random", "STREAM", "Network", "strata", "strata, numpy",
     "Where those numbers come from: strata's own stream, or that of numpy.random.seed(SEED) followed by randn.",
     [](Options& o, Text t) { o.random = kind_from("random", kStreams, t); },
     [](const Options& o) { return std::string(name(o.random)); }},
    {"seed", "N", "Network", "1", "a whole number from 0 to 18446744073709551615 (numpy: to 4294967295)",
     "The same seed gives the same run, bit for bit, for any number of threads.",
     [](Options& o, Text t) {
       o.seed = whole_from<std::uint64_t>("seed", t, "a whole number from 0 to 18446744073709551615", 0, UINT64_MAX);
     },
     [](const Options& o) { return std::to_string(o.seed); }},
    {"precision", "TYPE", "Network", "float32", "float32, float64, bf16",
     "The numbers that the network computes with. bf16: float32, but products of numbers rounded to bfloat16, which "
     "are "
     "faster on large layers.",
     [](Options& o, Text t) { o.precision = kind_from("precision", kPrecisions, t); },
     [](const Options& o) { return std::string(name(o.precision)); }},

    // --- Training ---
    {"optimizer", "NAME", "Training", "adam", "gradient-descent, momentum, adam", "The rule that changes the weights.",
     [](Options& o, Text t) { o.optimizer = kind_from("optimizer", kOptimizers, t); },
     [](const Options& o) { return std::string(name(o.optimizer)); }},
    {"learning-rate", "RATE", "Training", "auto", "auto; a number greater than 0",
     "How far a step goes. auto: 0.001 for adam, 0.01 for momentum, 0.0075 for gradient-descent.",
     [](Options& o, Text t) {
       if (normal_form(t) == "auto")
         o.learning_rate.reset();
       else
         o.learning_rate = number_from("learning-rate", t, "a number greater than 0, or auto", is_positive);
     },
     [](const Options& o) { return o.learning_rate ? shortest(*o.learning_rate) : std::string("auto"); }},
    {"momentum", "BETA", "Training", "0.9", kFrom0To1,
     "momentum: the beta of v = beta v + (1 - beta) dW, W = W - rate v.",
     [](Options& o, Text t) { o.momentum = number_from("momentum", t, kFrom0To1, is_fraction); },
     [](const Options& o) { return shortest(o.momentum); }},
    {"beta1", "BETA", "Training", "0.9", kFrom0To1, "adam: how slowly the mean of the gradient follows.",
     [](Options& o, Text t) { o.beta1 = number_from("beta1", t, kFrom0To1, is_fraction); },
     [](const Options& o) { return shortest(o.beta1); }},
    {"beta2", "BETA", "Training", "0.999", kFrom0To1, "adam: how slowly the mean of its square follows.",
     [](Options& o, Text t) { o.beta2 = number_from("beta2", t, kFrom0To1, is_fraction); },
     [](const Options& o) { return shortest(o.beta2); }},
    {"epsilon", "NUMBER", "Training", "1e-08", "a number greater than 0", "adam: added to the root in the denominator.",
     [](Options& o, Text t) { o.epsilon = number_from("epsilon", t, "a number greater than 0", is_positive); },
     [](const Options& o) { return shortest(o.epsilon); }},
    {"l2", "LAMBDA", "Training", "0", "a number, at least 0",
     "Adds lambda/(2m) times the sum of the squared weights to the cost; biases are left out.",
     [](Options& o, Text t) { o.l2 = number_from("l2", t, "a number, at least 0", is_not_negative); },
     [](const Options& o) { return shortest(o.l2); }},
    {"batch-size", "N|full", "Training", "32", "a whole number, at least 1; full",
     "Examples for each update. full: all of them. The last, shorter batch is used too.",
     [](Options& o, Text t) {
       o.batch_size =
           normal_form(t) == "full"
               ? 0
               : whole_from<std::int64_t>("batch-size", t, "a whole number, at least 1, or full", 1, kMostSteps);
     },
     [](const Options& o) { return o.batch_size == 0 ? std::string("full") : std::to_string(o.batch_size); }},
    {"iterations", "N", "Training", "", kAtLeast1, "Updates in all; instead of --epochs.",
     [](Options& o, Text t) {
       o.iterations = whole_from<std::int64_t>("iterations", t, kAtLeast1, 1, kMostSteps);
       o.epochs.reset();  // so that it overrides the epochs of a recipe
     },
     [](const Options& o) { return o.iterations ? std::to_string(*o.iterations) : std::string(); }},
    {"epochs", "N", "Training", "", kAtLeast1,
     "Passes over the training rows; instead of --iterations. When neither is given: 100 epochs.",
     [](Options& o, Text t) {
       o.epochs = whole_from<std::int64_t>("epochs", t, kAtLeast1, 1, kMostSteps);
       o.iterations.reset();
     },
     [](const Options& o) { return o.epochs ? std::to_string(*o.epochs) : std::string(); }},

    // --- Running ---
    {"threads", "N|auto", "Running", "auto", "a whole number from 1 to 1024; auto",
     "How many threads compute. auto: what the environment variable STRATA_THREADS says, else one for each CPU that "
     "the process and its container may use. The result does not depend on it.",
     [](Options& o, Text t) {
       o.threads = normal_form(t) == "auto"
                       ? 0
                       : whole_from<int>("threads", t, "a whole number from 1 to 1024, or auto", 1, 1024);
     },
     [](const Options& o) { return o.threads == 0 ? std::string("auto") : std::to_string(o.threads); }},
    {"report-every", "N|auto", "Running", "auto", "a whole number, at least 1; auto",
     "Iterations from one reported cost to the next. auto: chosen from the length of the run.",
     [](Options& o, Text t) {
       o.report_every =
           normal_form(t) == "auto"
               ? 0
               : whole_from<std::int64_t>("report-every", t, "a whole number, at least 1, or auto", 1, kMostSteps);
     },
     [](const Options& o) { return o.report_every == 0 ? std::string("auto") : std::to_string(o.report_every); }},
};

// The rows that are shown: what the functions above throw besides Error leaves as one.
template <std::size_t i>
void set_row(Options& options, Text text) {
  only_errors("for the options", [&] { kTable[i].set(options, text); });
}

template <std::size_t i>
std::string show_row(const Options& options) {
  return only_errors("for the options", [&] { return kTable[i].show(options); });
}

template <std::size_t... i>
constexpr std::array<OptionSpec, sizeof...(i)> shown_rows(std::index_sequence<i...>) {
  return {OptionSpec{kTable[i].name, kTable[i].value, kTable[i].group, kTable[i].standard, kTable[i].range,
                     kTable[i].help, set_row<i>, show_row<i>}...};
}

constexpr std::array kRows = shown_rows(std::make_index_sequence<std::size(kTable)>());

}  // namespace

std::string_view name(Task task) noexcept { return name_in(kTasks, task); }
std::string_view name(OptimizerKind kind) noexcept { return name_in(kOptimizers, kind); }
std::string_view name(RandomStream stream) noexcept { return name_in(kStreams, stream); }
std::string_view name(Precision precision) noexcept { return name_in(kPrecisions, precision); }
std::string_view name(ScaleKind kind) noexcept { return name_in(kScales, kind); }

std::optional<double> validation_fraction(std::string_view text) {
  constexpr std::string_view kOption = "validation";
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
  const std::string text(name_in(kInitializers, initializer.kind));
  return initializer.kind == Initializer::Kind::normal ? text + ":" + shortest(initializer.scale) : text;
} catch (...) {
  throw_as_error("for the options");
}

double Options::effective_learning_rate() const noexcept {
  if (learning_rate) return *learning_rate;
  switch (optimizer) {
    case OptimizerKind::gradient_descent:
      return 0.0075;
    case OptimizerKind::momentum:
      return 0.01;
    case OptimizerKind::adam:
      return 0.001;
  }
  return 0.001;
}

std::span<const OptionSpec> option_table() noexcept { return kRows; }

void set_option(Options& options, std::string_view name, std::string_view text) try {
  std::string wanted = normal_form(name);
  if (wanted.starts_with("--")) wanted.erase(0, 2);
  std::vector<std::string> names;
  for (const OptionSpec& option : kRows) {
    if (option.name == wanted) return option.set(options, text);
    names.emplace_back(option.name);
  }
  throw Error(ErrorCode::usage, fmt::format("there is no option '{}'{}", printable(name), suggestion(wanted, names)));
} catch (...) {
  throw_as_error("for the options");
}

}  // namespace strata
