#include "train/defaults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "optim/schedule.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// Labels are smoothed where the figure looks at them, and not at how sure the network is.
double smoothing_by(std::optional<Metric> monitor) {
  constexpr Metric kOfLabels[] = {Metric::accuracy, Metric::balanced_accuracy, Metric::f1, Metric::mcc};
  return std::ranges::find(kOfLabels, monitor) != std::end(kOfLabels) ? 0.1 : 0;
}

// Which epoch is kept.
bool is_of_stopping(std::string_view option) {
  return option == "patience" || option == "monitor" || option == "min-delta";
}

void require_candidates(const Options& options) {
  if (options.select == Select::none || options.folds.repeats * options.members > 1) return;
  throw Error(ErrorCode::usage, fmt::format("{}: every row has one prediction, of the network of its fold, so that "
                                            "there is nothing to select from; give {} too",
                                            spelled("select", name(options.select)), spelled("members", "4")));
}

}  // namespace

bool decides_recipe(const DataShape& data, const Options& options) {
  return data.columns && data.rows >= kEnoughRows && options.patience != 0 && leaves_recipe_open(options);
}

void decide_defaults(const DataShape& data, Options& options) {
  constexpr std::size_t kFewRows = 500;  // whose parts are small, so that one parting says little
  constexpr std::int64_t kPatience = 20, kFewestEpochs = 10, kMostEpochs = 30, kRowsToPass = 500'000;
  constexpr std::int64_t kEpochsOfCoslog4 = 256;
  // The figures are those of the best epoch, so that a larger net can be tried than one that is trained to the end.
  const std::size_t rows = data.rows;
  const bool is_table =
      data.columns && rows >= kEnoughRows && !options.epochs && !options.iterations && options.patience != 0;
  const bool holds_back = is_table && options.validation.empty() && options.validation_column.empty();
  const bool waits_as_said = options.patience.has_value();
  const bool is_open = decides_recipe(data, options);
  const bool by_table = holds_back || is_open;
  if (options.folds.parts == Folds::kAutomatic) {
    options.folds = rows <= kFewRows ? Folds{5, 5} : Folds{8, 1};
    if (rows < static_cast<std::size_t>(options.folds.parts))
      throw Error(ErrorCode::value,
                  fmt::format("{}: there are {} rows, and every fold has at least one; auto is {} of at most {} rows",
                              spelled("folds", "auto"), rows, to_text(options.folds), kFewRows));
  }
  if (is_open) {
    constexpr int kManyNetworks = 32;  // whose mean is no better with more
    const DefaultRecipe recipe = default_recipe(data);
    const int folds = std::max(1, options.folds.parts * options.folds.repeats);
    if (!is_named("members", options)) options.members = std::clamp(kManyNetworks / folds, 1, recipe.members);
    if (recipe.is_realmlp) set_realmlp(recipe, data.numbers, options);
  }
  require_candidates(options);
  const bool bags = options.folds != Folds();
  const bool monitors = options.monitor != Metric::loss || options.min_delta != 0;
  const bool measures = options.validation != kNoValidation || !options.validation_column.empty();
  if (!options.patience && ((by_table && measures) || monitors || bags)) options.patience = kPatience;
  const bool waits = options.patience.value_or(0) > 0 && options.validation_column.empty() && !bags;
  if (options.validation.empty()) options.validation = waits ? "0.2" : kNoValidation;
  Options plain;
  apply_recipe(plain, "plain");
  // From there on a larger net does better, with less decay.
  if (rows < kManyRows) plain.hidden_layers = {64, 64}, plain.weight_decay = PerKind{0.5};
  if (!options.hidden_layers) {
    options.hidden_layers = by_table ? *plain.hidden_layers : std::vector{64, 32};
    if (by_table && options.dropout.empty()) options.dropout = plain.dropout;
    if (by_table && !options.weight_decay && options.l2 == 0) options.weight_decay = plain.weight_decay;
  }
  if (options.scale == ScaleKind::automatic && by_table) options.scale = plain.scale;
  const ScaleKind otherwise = options.scale == ScaleKind::automatic ? ScaleKind::standard : ScaleKind::quantile;
  if (options.scale < ScaleKind::standard) options.scale = data.pixels ? ScaleKind::divide_255 : otherwise;
  const bool is_adam = options.optimizer == OptimizerKind::adam || options.optimizer == OptimizerKind::adamw;
  const bool is_ntp = options.parametrization == Parametrization::ntp;
  if (by_table && is_adam && !is_ntp && !options.schedule && !options.learning_rate) {
    options.schedule = plain.schedule, options.learning_rate = plain.learning_rate;
    if (options.patience && !waits_as_said) options.patience = 10;
  }
  if (!is_ntp) options.learning_rate = options.effective_learning_rate();
  if (options.schedule == Schedule()) options.schedule.reset();
  if (ends_at_0(options.schedule) && !options.epochs && !options.iterations)
    options.epochs = options.schedule->kind == Schedule::Kind::coslog4
                         ? kEpochsOfCoslog4
                         : std::clamp(kRowsToPass / static_cast<std::int64_t>(std::max<std::size_t>(rows, 1)),
                                      kFewestEpochs, kMostEpochs);
  // Said in one way, so that the same training writes the same file.
  const PerKind decay = options.effective_weight_decay();
  options.weight_decay =
      decay != PerKind() || options.optimizer == OptimizerKind::adamw ? std::optional(decay) : std::nullopt;
  if (std::ranges::all_of(options.dropout, [](double p) { return p == 0; })) options.dropout.clear();
  if (std::ranges::all_of(options.dropout, [&](double p) { return p == options.dropout.front(); }))
    options.dropout.resize(std::min<std::size_t>(options.dropout.size(), 1));
  if (options.patience == 0) options.patience.reset();
}

void decide_by_task(Task task, Loss loss, int outputs, Options& options) {
  const bool is_ntp = options.parametrization == Parametrization::ntp, is_regression = task == Task::regression;
  options.learning_rate = options.effective_learning_rate(task);
  if (options.activation.empty()) {
    const bool smooth = is_ntp && !options.hidden_layers->empty();
    options.activation = {!smooth ? Activation::relu : is_regression ? Activation::mish : Activation::selu};
  }
  options.monitor = options.effective_monitor(task, loss, outputs);
  if (!options.label_smoothing) options.label_smoothing = is_regression ? 0 : smoothing_by(options.monitor);
}

std::string same_on_all_rows(const Options& asked, const DataShape& data) {
  const auto decided = [&](Options options) {
    decide_defaults(data, options);
    if (options.parametrization == Parametrization::standard) options.epochs = asked.epochs;  // follows from the rest
    options.validation = kNoValidation;
    options.label_smoothing = options.label_smoothing.value_or(smoothing_by(options.monitor));
    options.patience.reset(), options.monitor = Metric::loss, options.min_delta = 0;
    return options;
  };
  const Options wanted = decided(asked);
  std::string least;
  for (const std::string_view recipe : {"plain", "realmlp", ""}) {
    std::string text = recipe.empty() ? std::string() : spelled("recipe", recipe);
    if (recipe != "plain") text += (text.empty() ? "" : " ") + spelled("validation", kNoValidation);
    Options all = asked;
    all.validation = kNoValidation;
    all.monitor = Metric::loss, all.min_delta = 0, all.patience.reset();
    std::erase_if(all.named, [](const std::string& name) { return is_of_stopping(name); });
    for (const Recipe& each : all_recipes())
      for (const auto& [name, value] : each.settings) {
        if (each.name != recipe || name == "validation" || is_of_stopping(name)) continue;
        const auto option = std::ranges::find(option_table(), name, &OptionSpec::name);
        if (option->show(all) == option->standard) option->set(all, value);
      }
    const bool was_open = leaves_recipe_open(all);
    Options typed = all;  // and what is named beside it
    all = decided(std::move(all));
    for (const OptionSpec& option : option_table()) {
      const std::string value = option.show(wanted);
      if (value == option.show(all)) continue;
      text += " " + spelled(option.name, value);
      typed.named.emplace(option.name);
    }
    if (was_open && !leaves_recipe_open(typed)) continue;  // it would be the user's then
    if (least.empty() || text.size() < least.size()) least = std::move(text);
  }
  std::vector<std::string> left_out;
  for (const OptionSpec& option : option_table())
    if (is_of_stopping(option.name) && option.show(asked) != option.standard &&
        std::ranges::count(asked.inherited, option.name) == 0)
      left_out.push_back(spelled(option.name));
  return left_out.empty() ? least : fmt::format("{} without {}", least, fmt::join(left_out, ", "));
}

}  // namespace strata::internal
