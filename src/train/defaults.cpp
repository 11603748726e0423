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

}  // namespace

void decide_defaults(bool columns, bool pixels, std::size_t rows, Options& options) {
  constexpr std::size_t kManyRows = 2000;  // a larger net does better from there on, with less decay
  constexpr std::size_t kFewRows = 500;    // whose parts are small, so that one parting says little
  constexpr std::int64_t kPatience = 20, kFewestEpochs = 10, kMostEpochs = 30, kRowsToPass = 500'000;
  constexpr std::int64_t kEpochsOfCoslog4 = 256;
  // The figures are those of the best epoch, so that a larger net can be tried than one that is trained to the end.
  const bool holds_back = columns && rows >= kEnoughRows && options.validation.empty() &&
                          options.validation_column.empty() && !options.epochs && !options.iterations &&
                          !options.patience;
  if (options.folds.parts == Folds::kAutomatic) {
    options.folds = rows <= kFewRows ? Folds{5, 5} : Folds{8, 1};
    if (rows < static_cast<std::size_t>(options.folds.parts))
      throw Error(ErrorCode::value,
                  fmt::format("{}: there are {} rows, and every fold has at least one; auto is {} of at most {} rows",
                              spelled("folds", "auto"), rows, to_text(options.folds), kFewRows));
  }
  require_candidates(options);
  const bool bags = options.folds != Folds();
  const bool monitors = options.monitor != Metric::loss || options.min_delta != 0;
  if (holds_back || ((monitors || bags) && !options.patience)) options.patience = kPatience;
  const bool waits = options.patience.value_or(0) > 0 && options.validation_column.empty() && !bags;
  if (options.validation.empty()) options.validation = waits ? "0.2" : kNoValidation;
  Options plain;
  apply_recipe(plain, "plain");
  if (rows < kManyRows) plain.hidden_layers = {64, 64}, plain.weight_decay = PerKind{0.5};
  if (!options.hidden_layers) {
    options.hidden_layers = holds_back ? *plain.hidden_layers : std::vector{64, 32};
    if (holds_back && options.dropout.empty()) options.dropout = plain.dropout;
    if (holds_back && !options.weight_decay && options.l2 == 0) options.weight_decay = plain.weight_decay;
  }
  if (options.scale == ScaleKind::automatic && holds_back) options.scale = plain.scale;
  const ScaleKind otherwise = options.scale == ScaleKind::automatic ? ScaleKind::standard : ScaleKind::quantile;
  if (options.scale < ScaleKind::standard) options.scale = pixels ? ScaleKind::divide_255 : otherwise;
  const bool is_adam = options.optimizer == OptimizerKind::adam || options.optimizer == OptimizerKind::adamw;
  const bool is_ntp = options.parametrization == Parametrization::ntp;
  if (holds_back && is_adam && !is_ntp && !options.schedule && !options.learning_rate)
    options.schedule = plain.schedule, options.learning_rate = plain.learning_rate, options.patience = 10;
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

std::string same_on_all_rows(const Options& asked, bool columns, bool pixels, std::size_t rows) {
  const auto decided = [&](Options options) {
    decide_defaults(columns, pixels, rows, options);
    options.epochs = asked.epochs;  // follows from the rest
    options.validation = kNoValidation;
    options.label_smoothing = options.label_smoothing.value_or(smoothing_by(options.monitor));
    options.patience.reset(), options.monitor = Metric::loss, options.min_delta = 0;
    return options;
  };
  const Options wanted = decided(asked);
  std::string least;
  for (const bool by_recipe : {true, false}) {
    std::string text = by_recipe ? spelled("recipe", "plain") : spelled("validation", kNoValidation);
    Options all = asked;
    all.validation = kNoValidation;
    all.monitor = Metric::loss, all.min_delta = 0;
    for (const OptionSpec& option : option_table())
      for (const auto& [name, value] : all_recipes().front().settings)
        if (by_recipe && name == option.name && option.show(all) == option.standard) option.set(all, value);
    all = decided(std::move(all));
    for (const OptionSpec& option : option_table())
      if (const std::string value = option.show(wanted); value != option.show(all))
        text += " " + spelled(option.name, value);
    if (least.empty() || text.size() < least.size()) least = std::move(text);
  }
  std::vector<std::string> left_out;
  for (const OptionSpec& option : option_table())
    if ((option.name == "patience" || option.name == "monitor" || option.name == "min-delta") &&
        option.show(asked) != option.standard && std::ranges::count(asked.inherited, option.name) == 0)
      left_out.push_back(spelled(option.name));
  return left_out.empty() ? least : fmt::format("{} without {}", least, fmt::join(left_out, ", "));
}

}  // namespace strata::internal
