#include "train/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <optional>
#include <set>

#include "base/random.hpp"
#include "base/text.hpp"
#include "config/names.hpp"
#include "data/table_storage.hpp"
#include "features/scaling.hpp"
#include "model/encode.hpp"
#include "strata/error.hpp"
#include "train/task.hpp"

namespace strata {
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

ScaleKind chosen_scale(ScaleKind wanted, std::span<const Field* const> inputs, const Messages& messages) {
  if (wanted != ScaleKind::automatic) return wanted;
  const bool pixels = std::all_of(inputs.begin(), inputs.end(), [](const Field* f) { return f->is_bytes; });
  messages.note(pixels ? "scale: 1/255, because the inputs are 8-bit numbers, as pixels are"
                       : "scale: standard (each input minus its mean, divided by its standard deviation)");
  return pixels ? ScaleKind::divide_255 : ScaleKind::standard;
}

std::vector<LayerSpec> hidden_layers(const Options& options) {
  const std::size_t count = options.hidden_layers.size();
  std::vector<LayerSpec> hidden;
  for (std::size_t l = 0; l < count; ++l) {
    hidden.push_back({options.hidden_layers[l], options.activation[options.activation.size() == 1 ? 0 : l]});
  }
  return hidden;
}

// --validation 0.2: rows drawn by the seed are held back, at least one on either side.
void split_rows(std::size_t rows, Problem& problem) {
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::string& validation = problem.options.validation;
  const std::optional<double> fraction = validation.empty() ? std::nullopt : validation_fraction(validation);
  if (!fraction) {
    problem.train_rows = std::move(order);
    return;
  }
  if (rows < 2)
    throw Error(ErrorCode::value, spelled("validation") + " holds rows back, but the data has only one row");
  shuffled(problem.options.seed, RandomPurpose::split, 0, std::span(order));
  const auto wanted = static_cast<std::size_t>(std::llround(*fraction * static_cast<double>(rows)));
  const std::size_t held = std::clamp<std::size_t>(wanted, 1, rows - 1);
  problem.validation_rows.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(held));
  problem.train_rows.assign(order.begin() + static_cast<std::ptrdiff_t>(held), order.end());
  std::sort(problem.validation_rows.begin(), problem.validation_rows.end());
  std::sort(problem.train_rows.begin(), problem.train_rows.end());
}

void standardise_target(const Table& table, Problem& problem, const Messages& messages) {
  const std::vector<const Field*> fields = match_target(problem.target, table);
  const auto read = [&](std::size_t r, double* out) { table.read_row(fields, problem.train_rows[r], out); };
  const auto n_y = static_cast<std::size_t>(problem.architecture.outputs);
  const Scaling fitted = fit_scaling(ScaleKind::standard, n_y, problem.train_rows.size(), read);
  if (problem.options.scale_target) {
    problem.target.offset = fitted.offset;
    problem.target.divisor = fitted.divisor;
    return;
  }
  for (std::size_t k = 0; k < n_y; ++k) {
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

template <class T>
std::vector<T> encode_targets(const Table& table, const Problem& problem, std::span<const std::size_t> rows) {
  const auto n_y = static_cast<std::size_t>(problem.architecture.outputs);
  const TargetEncoder encoder(problem.target, table);
  std::vector<T> Y(rows.size() * n_y);
  for (std::size_t r = 0; r < rows.size(); ++r)
    encoder.encode(rows[r], Y.data() + r * n_y, problem.architecture.outputs);
  return Y;
}

template <class T>
Examples<T> examples_of(const Problem& problem, std::vector<T> Y, std::size_t rows) {
  Examples<T> examples;
  examples.n_x = problem.architecture.inputs;
  examples.n_y = problem.architecture.outputs;
  examples.m = static_cast<Index>(rows);
  examples.Y_memory = std::move(Y);
  return examples;
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
  table.require_numbers(inputs);

  problem.target = decide_target(table, problem.options, messages);
  problem.options.task = problem.target.task;
  problem.architecture = {static_cast<int>(n_x), hidden_layers(options), output_units(problem.target, table),
                          decide_loss(problem.target, options)};
  if (problem.architecture.head() == Head::softmax)
    problem.architecture.outputs = static_cast<int>(problem.target.classes.size());
  problem.architecture.validate();
  problem.options.loss = problem.architecture.loss;
  problem.options.learning_rate = options.effective_learning_rate();

  split_rows(table.rows(), problem);
  problem.options.scale = chosen_scale(options.scale, inputs, messages);
  std::vector<std::size_t> constant;
  const auto read = [&](std::size_t r, double* out) { table.read_row(inputs, problem.train_rows[r], out); };
  problem.scaling = fit_scaling(problem.options.scale, n_x, problem.train_rows.size(), read, &constant);
  if (!constant.empty() && inputs.size() == n_x) {
    std::vector<std::string> names;
    for (const std::size_t i : constant) names.push_back(inputs[i]->name);
    messages.warning(
        fmt::format("the same number in every row (up to rounding), so nothing to learn from: {}", joined(names)));
  }
  if (problem.target.task == Task::regression) standardise_target(table, problem, messages);
  return problem;
}

template <class T>
Examples<T> copy_examples(const Table& table, const Problem& problem, std::span<const std::size_t> rows) {
  Examples<T> examples = examples_of(problem, encode_targets<T>(table, problem, rows), rows.size());
  const std::vector<const Field*> fields = match_inputs(problem.inputs, table);
  const auto n_x = static_cast<std::size_t>(examples.n_x);
  examples.X_memory = Buffer(rows.size() * n_x * sizeof(T));
  std::vector<double> raw(n_x);
  T* x = reinterpret_cast<T*>(examples.X_memory.data());
  for (const std::size_t row : rows) {
    table.read_row(fields, row, raw.data());
    apply_scaling(problem.scaling, raw, x);
    x += n_x;
  }
  return examples;
}

template <class T>
Examples<T> take_examples(Table&& table, const Problem& problem) {
  Examples<T> examples =
      examples_of(problem, encode_targets<T>(table, problem, problem.train_rows), problem.train_rows.size());
  const std::vector<const Field*> fields = match_inputs(problem.inputs, table);
  const auto n_x = static_cast<std::size_t>(examples.n_x);
  examples.X_memory = take_rows<T>(std::move(table), fields, problem.train_rows, n_x, [&](const double* raw, T* x) {
    apply_scaling(problem.scaling, std::span<const double>(raw, n_x), x);
  });
  return examples;
}

template <class T>
Examples<T> make_examples(const Table& table, const Problem& problem, std::span<const std::size_t> rows) {
  Examples<T> examples = examples_of<T>(problem, {}, rows.size());
  const auto n_x = static_cast<std::size_t>(examples.n_x);
  const int n_y = problem.architecture.outputs;
  // A pixel has 256 values: looked up, the division that their scaling needs is as good as free.
  std::vector<T> scaled_bytes;
  const std::vector<const Field*> fields = match_inputs(problem.inputs, table);
  const std::vector<Run> runs = runs_of(table.storage(), fields);
  if (problem.scaling.kind != ScaleKind::standard && runs.size() == 1 && runs.front().block->type == NumberType::u8) {
    scaled_bytes.resize(256);
    std::vector<double> values(256);
    std::iota(values.begin(), values.end(), 0.0);
    apply_scaling(problem.scaling, values, scaled_bytes.data());
  }
  examples.make = [&problem, rows, runs, scaled_bytes, n_y, raw = std::vector<double>(n_x),
                   encoder = TargetEncoder(problem.target, table)](Index example, T* x, T* y) mutable {
    const std::size_t row = rows[static_cast<std::size_t>(example)];
    if (scaled_bytes.empty()) {
      read_runs(runs, row, raw.data());
      apply_scaling(problem.scaling, raw, x);
    } else {
      const Run& run = runs.front();
      const std::uint8_t* bytes = run.block->template numbers<std::uint8_t>() + row * run.block->width + run.offset;
      for (std::size_t i = 0; i < run.count; ++i) x[i] = scaled_bytes[bytes[i]];
    }
    encoder.encode(row, y, n_y);
  };
  return examples;
}

template Examples<float> make_examples(const Table&, const Problem&, std::span<const std::size_t>);
template Examples<double> make_examples(const Table&, const Problem&, std::span<const std::size_t>);
template Examples<float> copy_examples(const Table&, const Problem&, std::span<const std::size_t>);
template Examples<double> copy_examples(const Table&, const Problem&, std::span<const std::size_t>);
template Examples<float> take_examples(Table&&, const Problem&);
template Examples<double> take_examples(Table&&, const Problem&);

}  // namespace strata
