#include "train/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/random.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "features/encode.hpp"
#include "strata/error.hpp"
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
    if (!contains(target, field.name) && (target.empty() || field.rows == rows)) names.push_back(field.name);
  }
  if (names.empty()) {
    throw Error(ErrorCode::usage, fmt::format("there is nothing to learn from beside the target\nthe data has: {}",
                                              described(available)));
  }
  return names;
}

void require_numeric_inputs(const Table& table, std::span<const Field* const> fields,
                            std::span<const std::string> target) {
  std::string text_columns, usable;
  for (const Field* field : fields) {
    if (field->is_text()) text_columns += (text_columns.empty() ? "" : ", ") + printable(field->name);
  }
  if (text_columns.empty()) return;
  for (const Field& field : table.fields()) {
    if (!field.is_text() && !contains(target, field.name))
      usable += (usable.empty() ? "" : ",") + printable(field.name);
  }
  throw Error(ErrorCode::value, fmt::format("{}: these inputs are text, and a network takes numbers: {}\n{}",
                                            printable(table.source()), text_columns,
                                            usable.empty() ? "no column holds numbers"
                                                           : "leave them out by naming the others: " +
                                                                 spelled("inputs", "'" + usable + "'")));
}

bool are_pixels(std::span<const Field* const> inputs) {
  return std::ranges::all_of(inputs, [](const Field* field) { return field->is_bytes; });
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
void split_rows(std::size_t rows, Problem& problem) {
  const std::string& validation = problem.options.validation;
  const std::optional<double> fraction = validation.empty() ? std::nullopt : validation_fraction(validation);
  if (!fraction) {
    problem.train_rows = Rows(rows);
    return;
  }
  if (rows < 2)
    throw Error(ErrorCode::value, spelled("validation") + " holds rows back, but the data has only one row");
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffled(problem.options.seed, RandomPurpose::split, 0, std::span(order));
  const auto wanted = static_cast<std::size_t>(std::llround(*fraction * static_cast<double>(rows)));
  const auto held = order.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(wanted, 1, rows - 1));
  std::sort(order.begin(), held);
  std::sort(held, order.end());
  problem.validation_rows = Rows(std::vector(order.begin(), held));
  problem.train_rows = Rows(std::vector(held, order.end()));
}

void scale_target(const Scaling& fitted, Problem& problem, const Messages& messages) {
  if (problem.options.scale_target) {
    problem.target.offset = fitted.offset;
    problem.target.divisor = fitted.divisor;
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

}  // namespace

FieldChooser fields_to_train_on(const Options& options, bool target_elsewhere) {
  return [options, target_elsewhere](std::span<const Field> available) {
    const std::vector<std::string> target =
        target_elsewhere ? std::vector<std::string>{} : target_names(available, options);
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

  std::vector<const Field*> inputs;
  std::size_t n_x = 0;
  for (const std::string& name : problem.options.inputs) {
    inputs.push_back(&table.field(name));
    problem.inputs.push_back({name, inputs.back()->shape});
    n_x += inputs.back()->width();
  }
  require_numeric_inputs(table, inputs, problem.options.target);
  std::vector<const Field*> targets;
  for (const std::string& name : problem.options.target) targets.push_back(&table.field(name));
  split_rows(table.rows(), problem);
  const bool pixels = are_pixels(inputs);
  const bool automatic = options.scale == ScaleKind::automatic;
  problem.options.scale = !automatic ? options.scale : pixels ? ScaleKind::divide_255 : ScaleKind::standard;
  Survey survey(table, inputs, targets, problem.options.scale, problem.train_rows);

  problem.target = decide_target(table, survey.targets(), problem.options, messages);
  problem.options.task = problem.target.task;
  problem.architecture = {static_cast<int>(n_x), hidden_layers(options), output_units(problem.target, table),
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
  const bool is_regression = problem.target.task == Task::regression;
  std::vector<std::size_t> constant;
  Scaling of_target;
  survey.fit(is_regression, problem.scaling, of_target, constant);
  if (!constant.empty() && inputs.size() == n_x) {
    std::vector<std::string> names;
    for (const std::size_t i : constant) names.push_back(inputs[i]->name);
    messages.warning(
        fmt::format("the same number in every row (up to rounding), so nothing to learn from: {}", joined(names)));
  }
  if (is_regression) scale_target(of_target, problem, messages);
  return problem;
}

}  // namespace strata::internal
