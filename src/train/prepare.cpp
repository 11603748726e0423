#include "train/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>

#include "base/random.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "features/encode.hpp"
#include "strata/error.hpp"
#include "train/choose_inputs.hpp"
#include "train/survey.hpp"
#include "train/task.hpp"

namespace strata::internal {
namespace {

std::string describe(const Field& field) {
  std::string text = printable(field.name);
  if (field.rows > 0) {
    text += fmt::format(" ({} examples", field.rows);
    if (!field.shape.empty()) text += fmt::format(" of {}", fmt::join(field.shape, "×"));
    text += ")";
  }
  return text;
}

std::string described(std::span<const Field> fields) {
  std::vector<std::string> all;
  for (const Field& field : fields) all.push_back(describe(field));
  return joined(all, 40);
}

void require_known(std::span<const Field> available, std::span<const std::string> names, const char* option) {
  std::vector<std::string> known;
  for (const Field& field : available) known.push_back(field.name);
  for (const std::string& wanted : names) {
    if (std::find(known.begin(), known.end(), wanted) == known.end()) {
      throw Error(ErrorCode::usage, fmt::format("{}: there is no '{}'{}\nthe data has: {}", spelled(option),
                                                printable(wanted), suggestion(wanted, known), described(available)));
    }
  }
}

bool contains(std::span<const std::string> names, const std::string& wanted) {
  return std::find(names.begin(), names.end(), wanted) != names.end();
}

// The target: as asked for, else the last column of a table of columns.
std::vector<std::string> target_names(std::span<const Field> available, const Options& options) {
  if (!options.target.empty()) {
    require_known(available, options.target, "target");
    return options.target;
  }
  const bool columns = std::all_of(available.begin(), available.end(), [](const Field& f) { return f.shape.empty(); });
  if (!columns || available.size() < 2) {
    throw Error(
        ErrorCode::usage,
        fmt::format("what is to be predicted? Name it with {}, or {} where it has a file of its own\nthe data has: {}",
                    spelled("target", "NAME"), spelled("target", "FILE"), described(available)));
  }
  return {available.back().name};
}

void require_ignored(std::span<const Field> available, std::span<const std::string> patterns) {
  for (const std::string& pattern : patterns) {
    const auto fits = [&](const Field& field) { return fits_pattern(field.name, pattern); };
    if (std::ranges::any_of(available, fits)) continue;
    require_known(available, std::span(&pattern, 1), "ignore");
  }
}

std::vector<std::string> input_names(std::span<const Field> available, const Options& options,
                                     std::span<const std::string> target) {
  if (!options.inputs.empty()) {
    require_known(available, options.inputs, "inputs");
    for (const std::string& name : options.inputs) {
      if (contains(target, name)) {
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' is an input and the target: a network that sees the answer learns "
                                "nothing; leave it out of {}",
                                printable(name), spelled("inputs")));
      }
    }
    return options.inputs;
  }
  std::size_t rows = 0;
  for (const Field& field : available) {
    if (contains(target, field.name)) rows = field.rows;
  }
  std::vector<std::string> names;
  for (const Field& field : available) {
    if (!contains(target, field.name) && (target.empty() || field.rows == rows) &&
        !fits_any(field.name, options.ignore)) {
      names.push_back(field.name);
    }
  }
  if (names.empty()) {
    throw Error(ErrorCode::usage, fmt::format("there is nothing to learn from beside the target\nthe data has: {}",
                                              described(available)));
  }
  return names;
}

bool are_pixels(std::span<const TypedField> inputs) {
  return std::ranges::all_of(
      inputs, [](const TypedField& input) { return input.field->is_bytes && input.type == ColumnType::number; });
}

// Those whose cells are numbers.
std::vector<const Field*> numbers_of(std::span<const TypedField> inputs) {
  std::vector<const Field*> numbers;
  for (const TypedField& input : inputs)
    if (!input.field->is_text()) numbers.push_back(input.field);
  return numbers;
}

// Is each input its numbers as they are, but for their scale?
bool are_plain(std::span<const TypedField> inputs, const DataOptions& options) {
  return options.impute == Impute::mean && options.scale != ScaleKind::robust && options.scale != ScaleKind::quantile &&
         std::ranges::all_of(inputs, [](const TypedField& input) { return input.type == ColumnType::number; });
}

std::vector<LayerSpec> hidden_layers(const Options& options) {
  const std::size_t count = options.hidden_layers.size();
  std::vector<LayerSpec> hidden;
  for (std::size_t l = 0; l < count; ++l) {
    hidden.push_back({options.hidden_layers[l], options.activation[options.activation.size() == 1 ? 0 : l],
                      options.dropout[options.dropout.size() == 1 ? 0 : l]});
  }
  return hidden;
}

// --validation 0.2: rows drawn by the seed are held back, at least one on either side.
void split_rows(const Rows& all, Problem& problem) {
  const std::string& validation = problem.options.validation;
  const std::optional<double> fraction = validation.empty() ? std::nullopt : validation_fraction(validation);
  if (!fraction) {
    problem.train_rows = all;
    return;
  }
  const std::size_t rows = all.size();
  if (rows < 2)
    throw Error(ErrorCode::value, spelled("validation") + " holds rows back, but the data has only one row");
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffled(problem.options.seed, RandomPurpose::split, 0, std::span(order));
  const auto wanted = static_cast<std::size_t>(std::llround(*fraction * static_cast<double>(rows)));
  const auto held = order.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(wanted, 1, rows - 1));
  std::sort(order.begin(), held);
  std::sort(held, order.end());
  problem.validation_rows = all.of(Rows(std::vector(order.begin(), held)));
  problem.train_rows = all.of(Rows(std::vector(held, order.end())));
}

// Is each of them a number an example, as the columns of a table are?
bool are_columns(std::span<const Field* const> fields) {
  return std::ranges::all_of(fields, [](const Field* field) { return field->shape.empty(); });
}

// `columns`: inputs and targets are columns.
void scale_target(const Scaling& fitted, bool columns, Problem& problem, const Messages& messages) {
  const bool automatic = !problem.options.scale_target;
  const bool scales = problem.options.scale_target.value_or(columns);
  problem.options.scale_target = scales;
  if (scales) {
    problem.target.offset = fitted.offset;
    problem.target.divisor = fitted.divisor;
    if (automatic) {
      messages.note(
          fmt::format("scale-target: standard; costs are of (y - mean) / deviation, and predictions and errors "
                      "in the target's own units ({} trains on these)",
                      spelled("scale-target", "none")));
    }
    return;
  }
  for (std::size_t k = 0; k < fitted.offset.size(); ++k) {
    // Far from what a network's first outputs are, so most of the training would go into finding the mean.
    if (std::abs(fitted.offset[k]) > 100 || fitted.divisor[k] > 100) {
      messages.warning(
          fmt::format("the target has mean {:.4g} and standard deviation {:.4g}; {} trains on (y - mean) / deviation "
                      "and predicts in the target's own units, which learns much faster",
                      fitted.offset[k], fitted.divisor[k], spelled("scale-target", "standard")));
      return;
    }
  }
}

// The inputs, fitted on the training rows, and the scale of the targets of a regression. Gives the names of the inputs
// that hold the same everywhere.
std::vector<std::string> fit_features(const Table& table, ChosenInputs& chosen, bool by_name, bool with_targets,
                                      Survey& survey, Problem& problem, Scaling& of_target, const Messages& messages) {
  std::vector<std::string> constant;
  std::vector<std::size_t> same;  // numbers of a row
  std::vector<FittedInput> fitted;
  if (are_plain(chosen.fields, problem.options) && !survey.has_missing()) {
    for (const TypedField& each : chosen.fields) problem.inputs.push_back({each.field->name, each.field->shape});
    survey.fit(&problem.inputs, with_targets, problem.scaling, of_target, same);
    const bool one_each =
        std::ranges::all_of(chosen.fields, [](const TypedField& each) { return each.field->width() == 1; });
    for (const std::size_t i : same)
      if (one_each) constant.push_back(problem.inputs[i].name);
  } else {
    fitted = fit_chosen(table, chosen, by_name, problem.train_rows, problem.options);
    Features made = features_of(fitted, problem.options.scale);
    problem.inputs = std::move(made.inputs);
    problem.scaling = std::move(made.scaling);
    survey.fit(nullptr, with_targets, problem.scaling, of_target, same);
    for (const FittedInput& each : fitted)
      if (each.constant) constant.push_back(each.input.name);
  }
  describe_inputs(chosen, fitted, problem.train_rows.size(), problem.options, messages);
  problem.options.inputs.clear();
  for (const InputField& input : problem.inputs) problem.options.inputs.push_back(input.name);
  return constant;
}

// How the columns are written, for those who read others like them.
void remember_writing(const Table& table, Problem& problem) {
  for (InputField& input : problem.inputs) input.written = table.field(input.name).written;
  problem.missing = problem.options.missing;
  if (problem.target.task != Task::regression) return;
  std::vector<std::string> written;
  for (const std::string& name : problem.target.names) written.push_back(table.field(name).written);
  if (std::ranges::any_of(written, [](const std::string& each) { return !each.empty(); }))
    problem.target.written = std::move(written);
}

// n_x
int inputs_of(const Features& features) {
  std::size_t n_x = 0;
  for (const InputField& input : features.inputs) n_x += encoded_width(input);
  if (n_x > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(ErrorCode::value, fmt::format("the inputs become {} columns, more than a network can take", n_x));
  return static_cast<int>(n_x);
}

}  // namespace

FieldChooser fields_to_train_on(const Options& options, bool target_elsewhere) {
  return [options, target_elsewhere](std::span<const Field> available) {
    const std::vector<std::string> target =
        target_elsewhere ? std::vector<std::string>{} : target_names(available, options);
    require_ignored(available, options.ignore);
    std::vector<std::string> names = input_names(available, options, target);
    names.insert(names.end(), target.begin(), target.end());
    return names;
  };
}

Problem define_problem(const Table& table, const Options& options, const Messages& messages) {
  if (table.rows() == 0) throw Error(ErrorCode::value, fmt::format("{} has no rows", printable(table.source())));
  Problem problem;
  problem.options = options;
  problem.options.target = target_names(table.fields(), options);
  problem.options.inputs = input_names(table.fields(), options, problem.options.target);
  const bool by_name = !options.inputs.empty();
  ChosenInputs chosen = choose_inputs(table, problem.options.inputs, by_name, problem.options);
  std::vector<const Field*> targets;
  for (const std::string& name : problem.options.target) {
    targets.push_back(&table.field(name));
    require_target(*targets.back(), problem.options);
  }
  const bool pixels = are_pixels(chosen.fields);
  const bool automatic = options.scale == ScaleKind::automatic;
  problem.options.scale = !automatic ? options.scale : pixels ? ScaleKind::divide_255 : ScaleKind::standard;
  const std::vector<const Field*> numbers = numbers_of(chosen.fields);
  Rows rows(table.rows());
  const auto look = [&] {
    split_rows(rows, problem);
    return std::make_unique<Survey>(table, numbers, targets, problem.options.scale, rows, problem.train_rows);
  };
  std::unique_ptr<Survey> survey = look();
  if (const std::vector<std::size_t>& without = survey->without_target(); !without.empty()) {
    rows = rows_with_target(table, survey->lacked_target(), without, options, messages);
    problem.dropped = without.size();
    survey = look();
  }
  problem.target = decide_target(table, survey->targets(), problem.options, messages);
  problem.options.task = problem.target.task;
  const bool is_regression = problem.target.task == Task::regression;
  Scaling of_target;
  const std::vector<std::string> constant =
      fit_features(table, chosen, by_name, is_regression, *survey, problem, of_target, messages);
  remember_writing(table, problem);
  problem.architecture = {inputs_of(problem), hidden_layers(options), output_units(problem.target, table),
                          decide_loss(problem.target, options)};
  if (problem.architecture.head() == Head::softmax)
    problem.architecture.outputs = static_cast<int>(problem.target.classes.size());
  problem.architecture.validate();
  problem.options.loss = problem.architecture.loss;
  problem.options.learning_rate = options.effective_learning_rate();
  // Said in one way, so that the same training writes the same file.
  const double decay = options.effective_weight_decay();
  problem.options.weight_decay =
      decay != 0 || options.optimizer == OptimizerKind::adamw ? std::optional(decay) : std::nullopt;
  if (std::ranges::all_of(options.dropout, [&](double p) { return p == options.dropout.front(); }))
    problem.options.dropout.resize(1);

  if (automatic) {
    messages.note(pixels ? "scale: 1/255, because the inputs are 8-bit numbers, as pixels are"
                         : "scale: standard (each input minus its mean, divided by its standard deviation)");
  }
  if (!constant.empty()) {
    messages.warning(
        fmt::format("the same number in every row (up to rounding), so nothing to learn from: {}", joined(constant)));
  }
  if (is_regression) {
    const bool columns = are_columns(targets) && std::ranges::all_of(problem.inputs, [](const InputField& input) {
                           return input.shape.empty();
                         });
    scale_target(of_target, columns, problem, messages);
  } else {
    problem.options.scale_target = problem.options.scale_target.value_or(false);
  }
  return problem;
}

}  // namespace strata::internal
