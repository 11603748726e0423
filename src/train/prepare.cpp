#include "train/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "features/stage_rows.hpp"
#include "model/metrics.hpp"
#include "strata/error.hpp"
#include "train/choose_inputs.hpp"
#include "train/class_weights.hpp"
#include "train/defaults.hpp"
#include "train/hold_back.hpp"
#include "train/survey.hpp"
#include "train/task.hpp"
#include "train/training_fields.hpp"

namespace strata::internal {
namespace {

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
  const std::vector<int>& units = *options.hidden_layers;
  std::vector<LayerSpec> hidden;
  for (std::size_t l = 0; l < units.size(); ++l) {
    const double dropout = options.dropout.empty() ? 0 : options.dropout[options.dropout.size() == 1 ? 0 : l];
    hidden.push_back(
        {units[l], options.activation[options.activation.size() == 1 ? 0 : l], dropout, options.learned_slopes});
  }
  return hidden;
}

InputStage stage_of(const Table& table, const Problem& problem, const Messages& messages) {
  const Options& options = problem.options;
  InputStage stage{.rows = stage_rows_of(problem, options.numeric_embedding), .scales = options.input_scale};
  std::vector<std::string> names;
  for (const std::size_t j : fit_edges(table, problem, problem.train_rows, problem.weights, stage.rows))
    names.push_back(encoded_columns(problem)[j].name);
  if (!names.empty())
    messages.warning(fmt::format(
        "{}: no pieces for {}, whose numbers are too near each other as they are scaled ({} brings them apart)",
        spelled("numeric-embedding", "piecewise"), joined_names(names), spelled("scale", "standard")));
  if (options.embedding_size > 0) stage.level_units = options.embedding_size;
  return stage;
}

// The recipe of a table, where it was open. Gives whether it says what else is decided.
bool say_recipe(const DataShape& data, const Options& asked, const Options& decided, const Messages& messages) {
  if (!decides_recipe(data, asked)) return false;
  const bool is_realmlp = decided.parametrization == Parametrization::ntp;
  const std::string networks =
      decided.members > 1 ? fmt::format(", {} networks, of which the model says the mean", decided.members) : "";
  const std::string table = fmt::format("{} rows and {} inputs", data.rows, data.inputs);
  if (is_realmlp) {
    messages.note(
        fmt::format("recipe: RealMLP{}{}, {}{} epochs: what does best on many tables as large as this, of {} "
                    "({} takes far less time)",
                    decided.numeric_embedding == NumericEmbedding::piecewise ? " with numbers in pieces" : "", networks,
                    decided.time_limit > 0 ? "at most " : "", *decided.epochs, table, spelled("recipe", "plain")));
  } else if (default_recipe(data).members > 1) {
    messages.note(
        fmt::format("recipe: plain{}: what does best on many tables of two classes and fewer than {} rows ({} "
                    "takes a larger network)",
                    networks, kManyRows, spelled("recipe", "realmlp")));
  } else {
    messages.note(fmt::format("recipe: plain, because {} are much work for a better one ({} does it all the same)",
                              table, spelled("recipe", "realmlp")));
  }
  return is_realmlp;
}

// What was open and is decided.
void say_defaults(const Options& asked, const Options& decided, const Messages& messages) {
  const bool open = !asked.hidden_layers && asked.dropout.empty() && !asked.weight_decay && asked.l2 == 0;
  if (open && !decided.dropout.empty()) {
    messages.note(fmt::format(
        "network: hidden layers of {} units, {} of them left out in each update, weight decay {}: what does "
        "best on many tables when the best epoch is kept",
        fmt::join(*decided.hidden_layers, " and "), fmt::join(decided.dropout, " and "),
        decays_text(decided.effective_weight_decay())));
  }
  const bool rises = decided.schedule && (decided.schedule->kind == Schedule::Kind::coslog4 ||
                                          decided.schedule->kind == Schedule::Kind::one_cycle);
  if (decided.epochs && !asked.epochs)
    messages.note(fmt::format("epochs: {}{}, the rate by {} {} {}", decided.time_limit > 0 ? "at most " : "",
                              decided.schedule->kind == Schedule::Kind::coslog4
                                  ? std::to_string(*decided.epochs)
                                  : fmt::format("{} (as many as pass 500,000 rows, from 10 to 30)", *decided.epochs),
                              to_text(*decided.schedule), rises ? "up to" : "from", shortest(*decided.learning_rate)));
  if (asked.scale != ScaleKind::automatic) return;
  messages.note(decided.scale == ScaleKind::divide_255
                    ? "scale: 1/255, because the inputs are 8-bit numbers, as pixels are"
                : decided.scale == ScaleKind::quantile
                    ? "scale: quantile (each input by its rank to a normal distribution)"
                    : "scale: standard (each input minus its mean, divided by its standard deviation)");
}

// Is each of them a number an example, as the columns of a table are?
bool are_columns(std::span<const Field* const> fields) {
  return std::ranges::all_of(fields, [](const Field* field) { return field->shape.empty(); });
}

// `columns`: inputs and targets are columns.
void scale_target(const Scaling& fitted, bool columns, Problem& problem, const Messages& messages) {
  const bool automatic = !problem.options.scale_target;
  const bool scales =
      problem.options.scale_target.value_or(columns || problem.options.parametrization == Parametrization::ntp);
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

// Between what the targets lie in the training rows, in the units of the data.
void find_range(const Table& table, std::span<const Field* const> targets, Problem& problem) {
  Target& target = problem.target;
  for (const Field* field : targets) {
    for (std::size_t k = 0; k < field->width(); ++k) {
      double least = std::numeric_limits<double>::infinity(), largest = -least;
      for (std::size_t i = 0; i < problem.train_rows.size(); ++i) {
        const double y = table.number(*field, problem.train_rows[i], k);
        least = std::min(least, y), largest = std::max(largest, y);
      }
      target.least.push_back(least), target.largest.push_back(largest);
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
    fitted = fit_chosen(table, chosen, by_name, problem.train_rows, problem.options, problem.weights);
    Features made = features_of(fitted, problem.options.scale);
    problem.inputs = std::move(made.inputs);
    problem.scaling = std::move(made.scaling);
    survey.fit(nullptr, with_targets, problem.scaling, of_target, same);
    for (const FittedInput& each : fitted)
      if (each.constant) constant.push_back(each.input.name);
  }
  describe_inputs(chosen, fitted, problem.train_rows.size(), problem.options, messages);
  problem.left_out = chosen.left_out;
  problem.options.inputs.clear();
  for (const InputField& input : problem.inputs) problem.options.inputs.push_back(input.name);
  return constant;
}

// How the columns are written, for those who read others like them.
void remember_writing(const Table& table, Problem& problem) {
  for (InputField& input : problem.inputs)
    if (input.type == ColumnType::number || input.type == ColumnType::date)
      input.written = table.field(input.name).written;
  problem.missing = problem.options.missing;
  std::vector<std::string> written;
  for (const std::string& name : problem.target.names) {
    const Field& field = table.field(name);
    const bool in_its_spelling = !problem.target.classes.empty() && problem.target.names.size() == 1 &&
                                 !table.storage().place(field).spelled.empty();
    written.push_back(in_its_spelling ? std::string() : field.written);
  }
  if (std::ranges::any_of(written, [](const std::string& each) { return !each.empty(); }))
    problem.target.written = std::move(written);
}

// A target that nobody named is the last column but for those of the rows.
void say_target(const Table& table, const Options& options, const std::string& target, const Messages& messages) {
  const std::string& last = table.fields().back().name;
  if (!options.target.empty() || last == target) return;
  messages.note(fmt::format("the target is {}, the last column beside '{}'; {} names another", in_quotes(target),
                            printable(last), spelled("target")));
}

// What the target is, for the recipe of the table. What may be wrong with it is said later.
void look_at_target(const Table& table, std::span<const Field* const> targets, const Rows& rows, const Options& options,
                    DataShape& shape) try {
  shape.numbers = shape.two_classes = false;
  const Survey survey(table, {}, targets, ScaleKind::none, rows, rows);
  if (!survey.without_target().empty()) return;
  const auto ignore = [](std::string_view) {};
  const Target target = decide_target(table, survey, options, {ignore, ignore});
  shape.numbers = target.task == Task::regression;
  shape.two_classes = target.classes.size() == 2;
} catch (const Error&) {
  return;
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

void require_metrics(Task task, const Options& options) {
  const auto require = [&](const char* option, Metric metric) {
    if (has_metric(task, metric)) return;
    std::vector<std::string> names;
    for (const Metric each : metrics_of(task)) names.emplace_back(name(each));
    throw Error(ErrorCode::usage, fmt::format("{}: the task is {}, which has no such figure\nit has: {}",
                                              spelled(option, name(metric)), name(task), joined(names, names.size())));
  };
  require("monitor", *options.monitor);
  for (const Metric each : options.metrics) require("metrics", each);
  if (options.calibrate != Calibrate::none && task == Task::regression)
    throw Error(ErrorCode::usage, fmt::format("{}: the target is a number, which has no probabilities",
                                              spelled("calibrate", name(options.calibrate))));
}

void say_validation(const Problem& problem, const Options& asked, const Messages& messages,
                    const std::string& on_all_rows) {
  const bool drawn = asked.validation.empty() && asked.validation_column.empty();
  const std::optional<ValidationPart> part = validation_part(problem.options.validation);
  if (!drawn && part && !part->is_last && asked.group_column.empty()) return;
  const std::size_t held = problem.validation_rows.size();
  std::string text = fmt::format("validation: {} of {} rows are held back, {}", held, held + problem.train_rows.size(),
                                 problem.held_how);
  if (drawn)
    text += fmt::format(
        ", and the epoch that does best on them is kept ({} trains the same network on all rows, to the last epoch)",
        on_all_rows);
  messages.note(text);
}

void require_weights_of(const Problem& problem, const Table& table) {
  if (problem.weights.empty() || problem.options.precision == Precision::float64) return;
  for (const Rows* rows : {&problem.train_rows, &problem.validation_rows}) {
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const double weight = problem.weights[(*rows)[i]];
      if (std::isnormal(static_cast<float>(weight))) continue;
      throw Error(
          ErrorCode::value,
          fmt::format("{}: the row counts {}, which float32 cannot hold; only how the weights are to each other "
                      "matters, so divide all by one number, or choose {}",
                      table.where(table.field(problem.options.target.front()), (*rows)[i]), shortest(weight),
                      spelled("precision", "float64")));
    }
  }
}

Problem define_problem(const Table& table, const Options& options, const Messages& messages, bool tells_held) {
  if (table.rows() == 0) throw Error(ErrorCode::value, fmt::format("{} has no rows", printable(table.source())));
  Problem problem;
  problem.options = options;
  problem.options.target = target_names(table.fields(), options);
  problem.options.inputs = input_names(table.fields(), options, problem.options.target);
  say_target(table, options, problem.options.target.front(), messages);
  const bool by_name = !options.inputs.empty();
  ChosenInputs chosen = choose_inputs(table, problem.options.inputs, by_name, problem.options);
  std::vector<const Field*> targets;
  for (const std::string& name : problem.options.target) {
    targets.push_back(&table.field(name));
    require_target(*targets.back(), problem.options);
  }
  const std::vector<const Field*> numbers = numbers_of(chosen.fields);
  const bool columns = are_columns(targets) && std::ranges::all_of(chosen.fields, [](const TypedField& input) {
                         return input.field->shape.empty();
                       });
  DataShape shape{.columns = columns, .pixels = are_pixels(chosen.fields), .inputs = chosen.fields.size()};
  const Options open = problem.options;
  problem.weights = weights_of(table, options.weight_column);
  Rows rows = problem.weights.rows();
  if (const std::size_t left_out = problem.weights.of_weight_0(); left_out > 0)
    messages.note(fmt::format("left out: {} of {} rows, which have the weight 0", left_out, table.rows()));
  Holdout holdout;
  const auto look = [&] {
    problem.options = open;
    shape.rows = rows.size();
    if (decides_recipe(shape, open)) look_at_target(table, targets, rows, open, shape);
    decide_defaults(shape, problem.options);
    holdout = hold_back(table, targets, rows, problem.options, options.task);
    problem.train_rows = holdout.train;
    problem.validation_rows = holdout.held;
    problem.held_how = holdout.how;
    return std::make_unique<Survey>(table, numbers, targets, problem.options.scale, rows, problem.train_rows,
                                    problem.weights.of(problem.train_rows));
  };
  std::unique_ptr<Survey> survey = look();
  if (const std::vector<std::size_t>& without = survey->without_target(); !without.empty()) {
    rows = rows_with_target(table, rows, survey->lacked_target(), without, options, messages);
    problem.dropped = without.size();
    survey = look();
  }
  if (tells_held && !problem.validation_rows.empty())
    say_validation(problem, options, messages, same_on_all_rows(options, shape));
  require_classes(table, targets, holdout, messages);
  problem.target = decide_target(table, *survey, problem.options, messages);
  problem.options.task = problem.target.task;
  const Loss loss = decide_loss(problem.target, problem.options);
  const int outputs = output_units(problem.target, table);
  decide_by_task(problem.target.task, loss, outputs, problem.options);
  problem.class_weights =
      class_weights(table, problem.target, problem.train_rows, problem.weights, options.class_weights);
  if (!problem.class_weights.empty()) {
    multiply(problem.weights, table, problem.target, problem.class_weights, problem.train_rows);
    survey = std::make_unique<Survey>(table, numbers, targets, problem.options.scale, rows, problem.train_rows,
                                      problem.weights.of(problem.train_rows));
  }
  require_weights_of(problem, table);
  const bool is_regression = problem.target.task == Task::regression;
  Scaling of_target;
  const std::vector<std::string> constant =
      fit_features(table, chosen, by_name, is_regression, *survey, problem, of_target, messages);
  remember_writing(table, problem);
  problem.architecture = {.inputs = inputs_of(problem),
                          .hidden = hidden_layers(problem.options),
                          .outputs = outputs,
                          .loss = loss,
                          .stage = stage_of(table, problem, messages)};
  if (problem.architecture.head() == Head::softmax)
    problem.architecture.outputs = static_cast<int>(problem.target.classes.size());
  problem.options.loss = problem.architecture.loss;
  require_metrics(problem.target.task, problem.options);
  problem.without_effect = without_effect(problem.options, problem.architecture);
  if (!embeds_numbers(problem.architecture)) problem.options.numeric_embedding = NumericEmbedding::none;

  if (!say_recipe(shape, options, problem.options, messages)) say_defaults(options, problem.options, messages);
  if (!constant.empty()) {
    messages.warning(
        fmt::format("the same number in every row (up to rounding), so nothing to learn from: {}", joined(constant)));
  }
  if (is_regression) {
    scale_target(of_target, columns, problem, messages);
    if (problem.options.clamp_target) find_range(table, targets, problem);
  } else {
    problem.options.scale_target = problem.options.scale_target.value_or(false);
    problem.options.clamp_target = false;  // is of numbers
  }
  problem.architecture.loss_parameters = decide_loss_parameters(problem.architecture.loss, problem.options,
                                                                of_target.divisor, *problem.options.scale_target);
  problem.architecture.validate();
  return problem;
}

}  // namespace strata::internal
