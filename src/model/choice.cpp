#include "model/choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/file_reader.hpp"
#include "base/text.hpp"
#include "config/option_values.hpp"
#include "features/encode.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::vector<std::string> names_of(std::span<const InputField> inputs) {
  std::vector<std::string> names;
  for (const InputField& input : inputs) names.push_back(input.name);
  return names;
}

std::string described(std::span<const Field* const> fields) {
  const bool shapes = std::ranges::any_of(fields, [](const Field* field) { return field->rows > 0; });  // else columns
  std::vector<std::string> list;
  for (const Field* field : fields) {
    list.push_back(name_text(field->name));
    if (shapes) list.back() += fmt::format(" ({})", example_shape(field->shape));
  }
  return joined(list);
}

// "4 inputs (len, wid, …)"
std::string inputs_text(std::span<const InputField> inputs) {
  return fmt::format("{} input{} ({})", inputs.size(), inputs.size() == 1 ? "" : "s",
                     joined_names(names_of(inputs), 6));
}

}  // namespace

bool names_the_inputs(const Features& features, std::vector<std::string> names) {
  std::vector<std::string> own = names_of(features.inputs);
  std::ranges::sort(own), std::ranges::sort(names);
  return own == names;
}

KnownColumn known_target(const Target& target, const std::string& name, std::size_t which) {
  if (target.task != Task::regression && target.names.size() == 1 && !target.one_hot)
    return {name, ColumnType::category, {}, true};
  return {name, ColumnType::number, which < target.written.size() ? target.written[which] : std::string(),
          target.task != Task::regression || target.names.size() > 1};
}

std::string described(std::span<const Field> fields) {
  std::vector<const Field*> all;
  for (const Field& field : fields) all.push_back(&field);
  return described(std::span<const Field* const>(all));
}

std::vector<std::string> Choice::choose(std::span<const Field> available) {
  available_ = available;
  for (const Field& field : available) by_name_.emplace(field.name, &field);
  choose_inputs();
  if (with_target_) choose_target();
  std::vector<std::string> names = chosen_;
  if (!matrix_.empty()) names.insert(names.begin(), matrix_);
  choose_kept(names);
  choose_of_rows(names);
  return names;
}

std::vector<KnownColumn> Choice::known() const {
  std::unordered_map<std::string_view, const InputField*> inputs;
  for (const InputField& input : features_.inputs) inputs.emplace(input.name, &input);
  std::vector<KnownColumn> columns;
  if (!matrix_.empty()) columns.push_back({.name = matrix_});
  const std::size_t first_target = matrix_.empty() ? features_.inputs.size() : 0;
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    if (i >= first_target) {
      columns.push_back(known_target(features_.target, chosen_[i], i - first_target));
    } else {
      const InputField& input = *inputs.at(known_as_[i]);
      columns.push_back({chosen_[i], input.type, input.written});
    }
  }
  if (!source_.weight_column.empty()) columns.push_back({.name = source_.weight_column});
  for (const ColumnOfRows& column : of_rows_)
    if (column.is_weight()) columns.push_back({.name = column.name});
  return columns;
}

void Choice::take(const std::string& name, const std::string& known_as) {
  if (const auto [place, is_new] = taken_.emplace(name, chosen_.size()); !is_new)
    throw Error(ErrorCode::usage,
                fmt::format("{}: the field {} is asked for twice, for the model's {} and for its {}", file(),
                            in_quotes(name), in_quotes(known_as_[place->second]), in_quotes(known_as)));
  chosen_.push_back(name);
  known_as_.push_back(known_as);
}

void Choice::note(const std::string& text) const { notes_.push_back(text); }

bool Choice::is_of_rows(const std::string& name) const {
  return name == source_.weight_column || std::ranges::find(of_rows_, name, &ColumnOfRows::name) != of_rows_.end();
}

const Field* Choice::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::string Choice::file() const { return input_name(source_.file); }

void Choice::require_count(const std::vector<std::string>& given, std::size_t wanted, const char* option) const {
  if (given.size() == wanted) return;
  throw Error(ErrorCode::usage,
              fmt::format("{} names {} field{}, and the model has {}; name them in the model's order, or leave {} out",
                          spelled(option), given.size(), given.size() == 1 ? "" : "s", wanted, spelled(option)));
}

void Choice::require_there(const std::string& name, const char* option, const std::string& advice) const {
  if (find(name) != nullptr) return;
  std::vector<std::string> names;
  for (const Field& field : available_) names.push_back(field.name);
  throw Error(ErrorCode::usage,
              fmt::format("{}: {} has no such field{}{} (it has: {})", spelled_names(option, std::span(&name, 1)),
                          file(), advice, suggestion(name, names), internal::described(available_)));
}

void Choice::choose_inputs() {
  const std::vector<InputField>& inputs = features_.inputs;
  if (!source_.inputs.empty() && !names_the_inputs(features_, source_.inputs)) {
    require_count(source_.inputs, inputs.size(), "inputs");
    std::vector<std::string> others;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      require_there(source_.inputs[i], "inputs", "");
      require_shape(inputs[i], *find(source_.inputs[i]), file());
      take(source_.inputs[i], inputs[i].name);
      if (source_.inputs[i] != inputs[i].name)
        others.push_back(fmt::format("{} for {}", in_quotes(source_.inputs[i]), in_quotes(inputs[i].name)));
    }
    if (!others.empty()) note(fmt::format("takes {}, in the model's order", joined(others)));
    return;
  }
  std::vector<const InputField*> missing;
  for (const InputField& input : inputs)
    if (find(input.name) == nullptr) missing.push_back(&input);
  if (!missing.empty() && is_text() && !text_.header_found && choose_columns_by_position()) return;
  if (missing.size() == inputs.size() && !is_text() && choose_matrix()) return;
  for (const InputField& input : inputs) {
    const Field* const field = find(input.name);
    if (field == nullptr) continue;
    require_shape(input, *field, file());
    take(input.name, input.name);
  }
  if (!missing.empty()) choose_missing(missing);
}

// A text without names: the inputs in the model's order, and behind them the targets, unless these are named or have a
// file of their own.
bool Choice::choose_columns_by_position() {
  const std::vector<InputField>& inputs = features_.inputs;
  if (std::ranges::any_of(inputs, [](const InputField& input) { return !input.shape.empty(); })) return false;
  std::vector<std::string> columns;
  for (const Field& field : available_)
    if (!is_of_rows(field.name) && (!with_target_ || !contains(source_.target, field.name)))
      columns.push_back(field.name);
  const std::size_t targets = with_target_ && source_.target.empty() ? features_.target.names.size() : 0;
  if (columns.size() != inputs.size() + targets) {
    const std::string behind = targets == 0 ? ""
                                            : fmt::format(" and behind them the target{}, so {}",
                                                          targets == 1 ? "" : "s", inputs.size() + targets);
    throw Error(
        ErrorCode::shape,
        fmt::format("{} has {} column{} without names, and by position the model takes its {}{}; {} names those "
                    "to take, {} says that the first line names the columns",
                    file(), columns.size(), columns.size() == 1 ? "" : "s", inputs_text(inputs), behind,
                    spelled("inputs", "c1,c2"), spelled("header", "yes")));
  }
  std::vector<std::string> said;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    take(columns[i], inputs[i].name);
    said.push_back(fmt::format("{} for {}", columns[i], inputs[i].name));
  }
  last_columns_.assign(columns.begin() + static_cast<std::ptrdiff_t>(inputs.size()), columns.end());
  for (std::size_t k = 0; k < last_columns_.size(); ++k)
    said.push_back(fmt::format("{} for {}", last_columns_[k], features_.target.names[k]));
  note(fmt::format("{} has no names of columns: they are taken by position, {}", file(), joined(said)));
  return true;
}

// One array that has several numbers an example, for inputs of one number each.
bool Choice::choose_matrix() {
  const std::vector<InputField>& inputs = features_.inputs;
  if (std::ranges::any_of(inputs, [](const InputField& input) { return !input.shape.empty(); })) return false;
  std::vector<const Field*> matrices;
  const std::vector<std::string> targets = target_names();
  for (const Field& field : available_) {
    const bool is_row = field.shape.size() == 1 || (field.shape.empty() && inputs.size() == 1);
    if (is_row && !field.is_text() && !contains(targets, field.name)) matrices.push_back(&field);
  }
  if (matrices.size() != 1) return false;
  const Field& matrix = *matrices.front();
  if (matrix.width() != inputs.size())
    throw Error(ErrorCode::shape,
                fmt::format("{}: an example of {} has {} numbers, and by position the model takes its {}", file(),
                            in_quotes(matrix.name), matrix.width(), inputs_text(inputs)));
  require_numbers(matrix.name);
  matrix_ = matrix.name;
  note(fmt::format("{} has no names of columns: the {} number{} of {} are taken by position, for {}", file(),
                   matrix.width(), matrix.width() == 1 ? "" : "s", in_quotes(matrix.name),
                   joined_names(names_of(inputs))));
  return true;
}

// The inputs of an array can be numbers, or categories whose words are numbers.
void Choice::require_numbers(const std::string& array) const {
  for (const InputField& input : features_.inputs) {
    double value = 0;
    const bool is_number = input.type != ColumnType::date && std::ranges::all_of(input.levels, [&](const auto& level) {
                             return parse_number(level, value) && std::isfinite(value);
                           });
    if (is_number) continue;
    throw Error(
        ErrorCode::value,
        fmt::format("{}: {} holds numbers, and the model's input {} is a {}{}; give it a table with its columns",
                    file(), in_quotes(array), in_quotes(input.name), name(input.type),
                    input.levels.empty() ? "" : " of words such as " + in_quotes(input.levels.front())));
  }
}

// Columns go by their names alone. An array may be known by its shape.
void Choice::choose_missing(const std::vector<const InputField*>& missing) {
  if (missing.size() == 1 && !missing.front()->shape.empty()) return choose_by_shape(*missing.front());
  std::vector<std::string> names;
  for (const InputField* input : missing) names.push_back(input->name);
  throw_missing(file(), names, features_.inputs.size(), "input", available_);
}

void Choice::choose_by_shape(const InputField& input) {
  const bool arrays = std::ranges::any_of(available_, [](const Field& field) { return !field.shape.empty(); });
  const std::string advice = arrays ? "; name it with " + spelled("inputs", "NAME") : "";
  std::vector<const Field*> candidates;
  for (const Field& field : available_) {
    if (field.is_text() || taken_.contains(field.name) || contains(target_names(), field.name)) continue;
    if (is_of_rows(field.name)) continue;
    if (field.shape == input.shape) candidates.push_back(&field);
  }
  if (candidates.empty())
    throw_missing(file(), std::span(&input.name, 1), features_.inputs.size(), "input", available_,
                  fmt::format("; none of them has the shape {}{}", example_shape(input.shape), advice));
  if (candidates.size() > 1)
    throw Error(ErrorCode::usage,
                fmt::format("{} has no {}, and several arrays have the shape of that input of the model: {}{}", file(),
                            in_quotes(input.name), described(candidates), advice));
  take(candidates.front()->name, input.name);
  note(fmt::format("takes {} for the model's input {}: the only array of shape {}", in_quotes(candidates.front()->name),
                   in_quotes(input.name), example_shape(input.shape)));
}

std::vector<std::string> Choice::target_names() const {
  return source_.target.empty() ? features_.target.names : source_.target;
}

void Choice::choose_target() {
  const std::vector<std::string>& wanted = features_.target.names;
  if (!source_.target.empty()) {
    require_count(source_.target, wanted.size(), "target");
    if (source_.target.size() == 1 && find(source_.target[0]) == nullptr && names_input(source_.target[0])) {
      target_file_ = source_.target[0];
      return;
    }
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      require_there(source_.target[k], "target", ", and there is no file of that name");
      take(source_.target[k], wanted[k]);
    }
    return;
  }
  if (!last_columns_.empty()) {
    for (std::size_t k = 0; k < wanted.size(); ++k) take(last_columns_[k], wanted[k]);
    return;
  }
  std::vector<std::string> missing;
  for (const std::string& name : wanted)
    if (find(name) == nullptr) missing.push_back(name);
  if (!missing.empty()) return choose_only_target(missing);
  for (const std::string& name : wanted) take(name, name);
}

// In a file of arrays the one that has what a target has for each example, and is no input, must be it.
void Choice::choose_only_target(const std::vector<std::string>& missing) {
  const std::vector<std::string>& wanted = features_.target.names;
  const Field& input = *find(matrix_.empty() ? chosen_.front() : matrix_);
  std::vector<std::size_t> shape;
  if (features_.target.one_hot) shape.push_back(features_.target.classes.size());
  const std::string numbers = shape.empty() ? "a number" : fmt::format("{} numbers", shape.front());
  std::vector<const Field*> candidates;
  for (const Field& field : available_) {
    // The columns of a CSV file do not know yet how many rows they have: they go by their names alone.
    if (taken_.contains(field.name) || field.name == matrix_ || is_of_rows(field.name)) continue;
    if (field.rows == 0 || field.rows != input.rows) continue;
    if (same_shape(field.shape, shape)) candidates.push_back(&field);
  }
  if (wanted.size() > 1 || candidates.empty())
    throw_missing(file(), missing, wanted.size(), "target", available_,
                  fmt::format("; name it with {}, or {}", spelled("target", "NAME"), spelled("target", "FILE")));
  if (candidates.size() > 1)
    throw Error(
        ErrorCode::usage,
        fmt::format("{} has no {}, and several arrays have {} for each of the {} examples: {}; name the target with {}",
                    file(), in_quotes(wanted[0]), numbers, input.rows, described(candidates),
                    spelled("target", "NAME")));
  take(candidates.front()->name, wanted[0]);
  note(fmt::format("takes {} for the model's target {}: the only other array with {} for each of the {} examples",
                   in_quotes(candidates.front()->name), in_quotes(wanted[0]), numbers, input.rows));
}

// It goes by its name, which no input and no target has.
void Choice::choose_of_rows(std::vector<std::string>& names) const {
  const auto choose = [&](const ColumnOfRows& column, const std::string& advice) {
    const std::string& name = column.name;
    require_there(name, column.option, advice);
    if (name == matrix_ || taken_.contains(name))
      throw Error(ErrorCode::usage, fmt::format("{}: {} is {} of the model, and says nothing of how {}",
                                                spelled_names(column.option, std::span(&name, 1)), in_quotes(name),
                                                contains(features_.target.names, name) ? "the target" : "an input",
                                                column.is_weight() ? "much a row counts" : "rows are parted"));
    if (!contains(names, name)) names.push_back(name);
  };
  for (const ColumnOfRows& column : of_rows_)
    choose(column, fmt::format("; a training that goes on names the columns that the model's own did, unless it is "
                               "told otherwise: {} ''",
                               spelled(column.option)));
  if (!source_.weight_column.empty())
    choose({"weight-column", source_.weight_column}, "; rows count by their weights wherever a model is measured");
}

// The cells of a text are kept beside what is read of them.
void Choice::choose_kept(std::vector<std::string>& names) const {
  for (const std::string& name : source_.keep) {
    require_there(name, "keep", "");
    const Field& field = *find(name);
    if (field.width() != 1)
      throw Error(ErrorCode::shape,
                  fmt::format("{}: an example of it has the shape {}, and a column has one number or word a row",
                              spelled_names("keep", std::span(&name, 1)), example_shape(field.shape)));
    if (!is_text() && !contains(names, name)) names.push_back(name);
  }
}

}  // namespace strata::internal
