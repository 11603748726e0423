// The table of options, and what holds for several of them together.
#include "strata/options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/only_errors.hpp"
#include "base/other_names.hpp"
#include "base/text.hpp"
#include "config/effects.hpp"
#include "config/names.hpp"
#include "config/option_rows.hpp"
#include "config/option_values.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

// What the functions of a row throw besides Error leaves as one.
std::vector<OptionSpec> guarded_rows() {
  std::vector<OptionSpec> table;
  for (const auto& rows : {data_rows, network_rows, training_rows})
    for (OptionSpec& row : rows()) table.push_back(std::move(row));
  for (OptionSpec& row : table) {
    row.standard = row.show(Options());
    row.set = [set = row.set](Options& o, Text t) { only_errors("for the options", [&] { set(o, t); }); };
    row.show = [show = row.show](const Options& o) { return only_errors("for the options", [&] { return show(o); }); };
  }
  return table;
}

// What is chosen by rows that a network was not trained on.
void require_bag(const Options& options) {
  const auto refuse = [](const std::string& asked, const std::string& why) {
    throw Error(ErrorCode::usage, fmt::format("{}: {}", asked, why));
  };
  const Folds& folds = options.folds;
  const bool is_bag = folds != Folds();
  const auto needs = "it needs predictions of rows that a network was not trained on, which only a bag has; give " +
                     spelled("folds", "8") + " too";
  if (options.calibrate != Calibrate::none && !is_bag) refuse(spelled("calibrate", name(options.calibrate)), needs);
  if (options.select != Select::none && !is_bag) refuse(spelled("select", name(options.select)), needs);
  if (const int networks = folds.parts * folds.repeats * options.members; networks > kMostNetworks)
    refuse(spelled("folds", to_text(folds)),
           fmt::format("with {} these are {} networks, and a model has {} at most; ask for fewer of either",
                       spelled("members", std::to_string(options.members)), networks, kMostNetworks));
  if (is_bag && options.random == RandomStream::numpy)
    refuse(spelled("folds", to_text(folds)),
           fmt::format("each network but the first has a seed that numpy.random.seed does not take; leave out {}",
                       spelled("random", "numpy")));
}

// There are several ways to say which rows are held back.
void require_one_split(const Options& options) {
  const auto refuse_both = [](const std::string& one, const std::string& other) {
    throw Error(ErrorCode::usage,
                fmt::format("{} and {} both say which rows are held back; give one of them", one, other));
  };
  const bool is_open = options.validation.empty() || options.validation == kNoValidation;
  const bool is_last = !is_open && validation_part(options.validation).value_or(ValidationPart()).is_last;
  const std::string validation = spelled("validation", options.validation);
  if (!options.validation_column.empty() && !is_open) refuse_both(spelled("validation-column"), validation);
  if (!options.validation_column.empty() && !options.group_column.empty())
    refuse_both(spelled("validation-column"), spelled("group-column"));
  if (!options.group_column.empty() && is_last) refuse_both(spelled("group-column"), validation);
  require_bag(options);
  if (options.folds == Folds()) return;
  const auto refuse_beside_folds = [&](const std::string& other) {
    throw Error(ErrorCode::usage,
                fmt::format("{} and {}: with folds, every fold is what is held back for its network; leave one of them "
                            "out",
                            spelled("folds", to_text(options.folds)), other));
  };
  if (!options.validation.empty()) refuse_beside_folds(validation);
  if (!options.validation_column.empty()) refuse_beside_folds(spelled("validation-column"));
  if (options.initializer.kind == Initializer::Kind::arrays)
    throw Error(
        ErrorCode::usage,
        fmt::format("{} and {}: every network of the folds would start from the same arrays; leave one of them "
                    "out",
                    spelled("folds", to_text(options.folds)), spelled("initializer", options.initializer.file)));
}

}  // namespace

std::optional<ValidationPart> internal::validation_part(Text text) {
  constexpr Text kOption = "validation", kLast = "last:";
  if (without_blanks(text).empty()) refuse(kOption, "a file, or a fraction such as 0.2", text);
  const std::string form = normal_form(text);
  const bool is_last = form.starts_with(kLast);
  ValidationPart part{.is_last = is_last};
  double percent = 0;
  const bool is_percent = form.ends_with('%') && parse_number(Text(form).substr(0, form.size() - 1), percent);
  if (form == "last" || (is_percent && percent > 0 && percent < 100))
    refuse(kOption, "a file, a fraction such as 0.2, or last: and such a fraction", text,
           fmt::format("; did you mean '{}'? (a file of that name: ./{})",
                       is_percent ? shortest(percent / 100) : "last:0.2", printable(without_blanks(text))));
  if (!parse_number(is_last ? Text(form).substr(kLast.size()) : text, part.fraction)) {
    if (!is_last) return std::nullopt;
    part.fraction = 0;
  }
  if (!(part.fraction > 0 && part.fraction < 1))
    refuse(kOption,
           is_last ? "a fraction greater than 0 and less than 1 behind last:"
                   : "a file, or a fraction greater than 0 and less than 1",
           text, fmt::format(" (a file of that name: ./{})", printable(without_blanks(text))));
  return part;
}

std::string to_text(const Initializer& initializer) try {
  if (initializer.kind == Initializer::Kind::arrays) return initializer.file;
  const std::string text(name_in_table(initializer.kind));
  return initializer.kind == Initializer::Kind::normal ? text + ":" + shortest(initializer.scale) : text;
} catch (...) {
  throw_as_error("for the options");
}

std::string to_text(const Folds& folds) try {
  if (folds.parts == 0) return "none";
  if (folds.parts == Folds::kAutomatic) return "auto";
  return fmt::format("{}{}", folds.parts, folds.repeats == 1 ? "" : fmt::format("x{}", folds.repeats));
} catch (...) {
  throw_as_error("for the options");
}

std::string to_text(const Schedule& schedule) try {
  const std::string text(name_in_table(schedule.kind));
  return schedule.kind == Schedule::Kind::step
             ? fmt::format("{}:{}@{}", text, shortest(schedule.factor), rates_text(schedule.places))
             : text;
} catch (...) {
  throw_as_error("for the options");
}

double TrainingOptions::effective_learning_rate(Task task) const noexcept {
  if (learning_rate) return *learning_rate;
  switch (optimizer) {
    case OptimizerKind::gradient_descent: return 0.0075;
    case OptimizerKind::momentum:
    case OptimizerKind::nesterov: return 0.01;
    case OptimizerKind::adam:
    case OptimizerKind::adamw: break;
  }
  return parametrization == Parametrization::standard ? 0.001 : task == Task::regression ? 0.2 : 0.04;
}

PerKind TrainingOptions::effective_weight_decay() const noexcept {
  return weight_decay.value_or(PerKind{optimizer == OptimizerKind::adamw ? 0.01 : 0});
}

Metric TrainingOptions::effective_monitor(Task task, Loss loss, int outputs) const noexcept {
  if (monitor) return *monitor;
  if (task != Task::regression) return task == Task::binary ? Metric::roc_auc : Metric::log_loss;
  return loss == Loss::squared_error && outputs == 1 ? Metric::rmse : Metric::loss;
}

std::span<const OptionSpec> option_table() {
  return only_errors("for the options", []() -> std::span<const OptionSpec> {
    static const std::vector<OptionSpec> table = guarded_rows();
    return table;
  });
}

std::vector<std::string> option_names(Text option, Text text) try { return names_from(option, text); } catch (...) {
  throw_as_error("for the options");
}

double option_seconds(Text option, Text text, Text others) try {
  return seconds_from(option, text, others);
} catch (...) {
  throw_as_error("for the options");
}

void set_option(Options& options, Text name, Text text) try {
  std::string wanted = normal_form(name);
  if (wanted.starts_with("--")) wanted.erase(0, 2);
  std::vector<std::string> names;
  for (const OptionSpec& option : option_table()) {
    if (option.name == wanted) {
      option.set(options, text);
      std::erase(options.inherited, wanted);
      options.named.insert(wanted);
      return;
    }
    names.emplace_back(option.name);
  }
  throw Error(ErrorCode::usage,
              fmt::format("there is no option '{}'{}", printable(name), suggestion_of_name(wanted, names)));
} catch (...) {
  throw_as_error("for the options");
}

namespace {

// What a figure lies between, where that is known.
std::optional<std::pair<int, int>> range_of(Metric metric) {
  switch (metric) {
    case Metric::accuracy:
    case Metric::balanced_accuracy:
    case Metric::f1:
    case Metric::roc_auc:
    case Metric::pr_auc: return std::pair(0, 1);
    case Metric::mcc: return std::pair(-1, 1);
    case Metric::brier: return std::pair(0, 2);
    default: return {};
  }
}

// Early stopping looks at rows that are held back, and looks at all only where it is asked to wait.
void require_monitored(const Options& options) {
  const bool held = options.validation != kNoValidation || !options.validation_column.empty();
  const bool monitors = options.monitor != Metric::loss;
  if (options.patience.value_or(0) > 0 && !held) {
    throw Error(ErrorCode::usage,
                fmt::format("{} waits for the validation loss to fall, and {} measures none; leave one of them out",
                            spelled("patience", std::to_string(*options.patience)), spelled("validation", "none")));
  }
  if (!monitors && options.min_delta == 0) return;
  const std::string figure = monitor_text(options.monitor);
  const std::string what = monitors ? spelled("monitor", figure) : spelled("min-delta", shortest(options.min_delta));
  if (!held) {
    const std::string advice = monitors && options.monitor
                                   ? fmt::format(" ({} measures on the rows trained on)", spelled("metrics", figure))
                                   : "";
    throw Error(ErrorCode::usage, fmt::format("{} is about rows that are held back, and {} holds none back; leave one "
                                              "of them out{}",
                                              what, spelled("validation", "none"), advice));
  }
  if (options.patience == 0) {
    throw Error(ErrorCode::usage,
                fmt::format("{} is about the best epoch, and {} looks for none; leave one of them out", what,
                            spelled("patience", "none")));
  }
  const auto range = options.monitor ? range_of(*options.monitor) : std::nullopt;
  if (range && options.min_delta >= range->second - range->first) {
    throw Error(ErrorCode::usage,
                fmt::format("{}: {} goes from {} to {} (1 % of that is {}), so no epoch can be better "
                            "by more than this",
                            spelled("min-delta", shortest(options.min_delta)), figure, range->first, range->second,
                            0.01 * (range->second - range->first)));
  }
}

// Networks side by side differ by what they start from.
void require_members(const Options& options) {
  if (options.members == 1) return;
  const std::string asked = spelled("members", std::to_string(options.members));
  const std::string alone = spelled("members", "1");
  if (options.initializer.kind == Initializer::Kind::arrays)
    throw Error(ErrorCode::usage,
                fmt::format("{}: with {} all of them would start alike, and their mean is worth something only where "
                            "they differ; leave one of the two out ({} trains one network from these arrays)",
                            asked, spelled("initializer", to_text(options.initializer)), alone));
  if (options.random == RandomStream::numpy)
    throw Error(ErrorCode::usage, fmt::format("{}: each but the first has a seed that numpy.random.seed does not take; "
                                              "leave out {}, or train one network with {}",
                                              asked, spelled("random", "numpy"), alone));
}

}  // namespace

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
  if (options.time_limit > 0 && (options.iterations || options.epochs)) {
    throw Error(ErrorCode::usage,
                fmt::format("{} finds out how many epochs fit, and {} says how long to train; give one of them",
                            spelled("time-limit"), spelled(options.epochs ? "epochs" : "iterations")));
  }
  const PerKind decays = options.effective_weight_decay();
  if (options.l2 != 0 && decays != PerKind()) {
    throw Error(ErrorCode::usage,
                fmt::format("{} and {} both draw the weights towards 0; give one of them, and 0 for the other",
                            spelled("l2", shortest(options.l2)), spelled("weight-decay", decays_text(decays))));
  }
  require_one_split(options);
  require_monitored(options);
  require_members(options);
  const std::size_t layers = options.hidden_layers ? options.hidden_layers->size() : kAutomaticLayers;
  const auto require_count = [layers](const char* option, std::size_t given, const char* what) {
    if (given <= 1 || given == layers) return;
    throw Error(ErrorCode::usage, fmt::format("{} names {} {} for {} hidden layers; give one for all, or one for each",
                                              spelled(option), given, what, layers));
  };
  require_count("activation", options.activation.size(), "activations");
  require_count("dropout", options.dropout.size(), "rates");
  if (layers == 0 && std::ranges::any_of(options.dropout, [](double rate) { return rate != 0; })) {
    throw Error(ErrorCode::usage, fmt::format("{}: there is no hidden layer whose units could be left out",
                                              spelled("dropout", rates_text(options.dropout))));
  }
  if (layers == 0 && options.learned_slopes) {
    throw Error(ErrorCode::usage, fmt::format("{}: there is no hidden layer whose slopes could be learned",
                                              spelled("slopes", "learned")));
  }
  require_effect(options);
} catch (...) {
  throw_as_error("for the options");
}

}  // namespace strata
