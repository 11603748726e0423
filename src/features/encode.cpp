#include "features/encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/cell.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

std::vector<const Field*> find_fields(const std::vector<std::string>& names, const Table& table, const char* what) {
  std::vector<const Field*> fields;
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    fields.push_back(table.find(name));
    if (fields.back() == nullptr) missing.push_back(name);
  }
  if (!missing.empty()) throw_missing(table.source(), missing, names.size(), what, table.fields());
  return fields;
}

}  // namespace

std::string example_shape(std::span<const std::size_t> shape) {
  return shape.empty() ? "one number" : fmt::format("{}", fmt::join(shape, "×"));
}

bool same_shape(std::span<const std::size_t> a, std::span<const std::size_t> b) {
  const auto one_number = [](std::span<const std::size_t> shape) {
    return shape.empty() || (shape.size() == 1 && shape[0] == 1);
  };
  return (one_number(a) && one_number(b)) || std::vector(a.begin(), a.end()) == std::vector(b.begin(), b.end());
}

void require_shape(const InputField& input, const Field& field, const std::string& source) {
  if (same_shape(input.shape, field.shape)) return;
  throw Error(ErrorCode::shape,
              fmt::format("{}: an example of {} has the shape {}; the model's input {} has the shape {}",
                          printable(source), in_quotes(field.name), example_shape(field.shape), in_quotes(input.name),
                          example_shape(input.shape)));
}

void throw_missing(const std::string& source, std::span<const std::string> missing, std::size_t wanted,
                   const char* what, std::span<const Field> available, const std::string& advice) {
  constexpr std::size_t kMostNames = 12;
  std::vector<std::string> names, described;
  bool shapes = false;
  for (const Field& field : available) shapes = shapes || !field.shape.empty();
  for (const Field& field : available) {
    names.push_back(field.name);
    described.push_back(shapes ? fmt::format("{} ({})", name_text(field.name), example_shape(field.shape))
                               : name_text(field.name));
  }
  std::string list;
  for (std::size_t i = 0; i < missing.size() && i < kMostNames; ++i) {
    const std::string near = nearest(missing[i], names);
    list += (i == 0 ? "" : ", ") + in_quotes(missing[i]);
    if (!near.empty()) list += " (did you mean " + in_quotes(near) + "?)";
  }
  if (missing.size() > kMostNames) list += fmt::format(", … ({} more)", missing.size() - kMostNames);
  const std::string count = wanted == 1 ? fmt::format("the model's {}", what)
                                        : fmt::format("{} of the model's {} {}s", missing.size(), wanted, what);
  throw Error(ErrorCode::usage, fmt::format("{} lacks {}: {}; it has: {}{}", printable(source), count, list,
                                            described.empty() ? "nothing" : joined(described, kMostNames), advice));
}

std::vector<const Field*> find_inputs(std::span<const InputField> inputs, const Table& table) {
  std::vector<std::string> names;
  for (const InputField& input : inputs) names.push_back(input.name);
  const std::vector<const Field*> fields = find_fields(names, table, "input");
  std::vector<const Field*> numbers;
  bool any_text = false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    require_shape(inputs[i], *fields[i], table.source());
    if (inputs[i].type == ColumnType::yes_no || inputs[i].type == ColumnType::category) continue;
    numbers.push_back(fields[i]);
    any_text = any_text || fields[i]->is_text();
  }
  if (any_text) table.require_numbers(numbers);
  return fields;
}

std::vector<const Field*> find_target(const Target& target, const Table& table) {
  const std::vector<const Field*> fields = find_fields(target.names, table, "target");
  std::size_t width = 0;
  for (const Field* field : fields) {
    width += field->width();
    if (target.task == Task::classes && !target.one_hot && field->width() != 1) {
      throw Error(ErrorCode::shape,
                  fmt::format("{}: the target {} has the shape {} an example; classes take one label each",
                              printable(table.source()), in_quotes(field->name), example_shape(field->shape)));
    }
  }
  if (target.one_hot && width != target.classes.size()) {
    throw Error(ErrorCode::shape,
                fmt::format("{}: the target has {} number{} an example; the model's is one-hot, with "
                            "a number for each of {} classes",
                            printable(table.source()), width, width == 1 ? "" : "s", target.classes.size()));
  }
  return fields;
}

namespace {

// What a label says as a number, if it does; beyond 2^53 several would say the same.
std::optional<double> value_of(const std::string& label, const NumberForm& form) {
  double value = 0;
  if (!parse_number_as(label, form, value) || !std::isfinite(value) || read_number(label).is_large) return std::nullopt;
  return value;
}

NumberForm form_of(const std::string& written) { return number_form_of(written).value_or(NumberForm{}); }

}  // namespace

std::vector<std::size_t> rows_without(const Table& table, std::span<const Field* const> targets, const Rows& rows) {
  std::vector<std::size_t> without;
  std::vector<double> nothing;  // of each: the number of the text that says nothing; NaN: of none
  for (const Field* target : targets) {
    const auto found = std::ranges::find(target->categories, "");
    const bool any = found != target->categories.end();
    nothing.push_back(any ? static_cast<double>(found - target->categories.begin())
                          : std::numeric_limits<double>::quiet_NaN());
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool lacks = false;
    for (std::size_t t = 0; t < targets.size() && !lacks; ++t) {
      const Field& target = *targets[t];
      if (target.is_text()) {
        lacks = table.number(target, rows[i]) == nothing[t];
      } else if (target.shape.empty()) {
        lacks = std::isnan(table.number(target, rows[i])) && !holds_word(table, target, rows[i]);
      }
    }
    if (lacks) without.push_back(rows[i]);
  }
  return without;
}

std::vector<std::size_t> rows_without_target(const Target& target, const Table& table) {
  const std::vector<const Field*> fields = find_target(target, table);
  std::vector<std::size_t> without = rows_without(table, fields, Rows(table.rows()));
  const Field& field = *fields.front();
  if (fields.size() > 1 || !field.is_text() || target.task == Task::regression) return without;
  const MissingWords missing;
  std::vector<bool> is_nothing;
  for (const std::string& text : field.categories)
    is_nothing.push_back(missing.contains(text) && std::ranges::find(target.classes, text) == target.classes.end());
  without.clear();
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (is_nothing[static_cast<std::size_t>(table.number(field, row))]) without.push_back(row);
  return without;
}

TargetEncoder::TargetEncoder(const Target& target, const Table& table)
    : target_(&target), table_(&table), fields_(find_target(target, table)) {
  for (const Field* field : fields_) width_ += field->width();
  if (target.task == Task::regression || target.one_hot) return;

  std::unordered_map<std::string_view, std::size_t> by_text;
  for (std::size_t c = 0; c < target.classes.size(); ++c) by_text.emplace(target.classes[c], c);
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    const Field& field = *fields_[f];
    // Classes are spelled as the data spelled them, or plainly where these have several ways for one number.
    const bool plainly = !target.written.empty();
    std::unordered_map<double, std::size_t>& by_number = by_number_.emplace_back();
    for (std::size_t c = 0; c < target.classes.size(); ++c) {
      const NumberForm form = plainly ? NumberForm{} : form_of(field.written);
      if (const std::optional<double> value = value_of(target.classes[c], form)) by_number.emplace(*value, c);
    }
    const bool all_numbers = by_number.size() == target.classes.size();
    std::vector<std::ptrdiff_t> classes;
    for (const std::string& text : field.categories) {
      std::ptrdiff_t found = -1;
      if (const auto same = by_text.find(text); same != by_text.end()) {
        found = static_cast<std::ptrdiff_t>(same->second);
      } else if (all_numbers) {
        const std::optional<double> value = value_of(text, plainly ? form_of(target.written[f]) : NumberForm{});
        if (const auto equal = value ? by_number.find(*value) : by_number.end(); equal != by_number.end())
          found = static_cast<std::ptrdiff_t>(equal->second);
      }
      classes.push_back(found);
    }
    by_category_.push_back(std::move(classes));
  }
}

void TargetEncoder::unknown_label(std::size_t f, std::size_t row, std::size_t k) const {
  const Field& field = *fields_[f];
  const double value = table_->number(field, row, k);
  // The table knows what stands in a cell of a column of numbers that is none: nothing, or a word.
  if (!field.is_text() && !std::isfinite(value)) table_->require_numbers(std::span(&fields_[f], 1));
  const std::string where = table_->where(field, row, k);
  const std::string label = field.is_text() ? field.categories[static_cast<std::size_t>(value)] : shortest(value);
  if (label.empty()) throw Error(ErrorCode::value, fmt::format("{}: the label is missing", where));
  if (MissingWords().contains(label))
    throw Error(ErrorCode::value, fmt::format("{}: the label is missing ({})", where, in_quotes(label)));
  throw Error(ErrorCode::value, fmt::format("{}: label {} is not one of the classes that the model knows: {}", where,
                                            in_quotes(label), joined(target_->classes)));
}

std::size_t TargetEncoder::class_of(std::size_t f, std::size_t row, std::size_t k) const {
  const double value = table_->number(*fields_[f], row, k);
  if (fields_[f]->is_text()) {
    const std::ptrdiff_t found = by_category_[f][static_cast<std::size_t>(value)];
    if (found >= 0) return static_cast<std::size_t>(found);
  } else if (const auto found = by_number_[f].find(value); found != by_number_[f].end()) {
    return found->second;
  }
  unknown_label(f, row, k);
}

bool TargetEncoder::is_unseen(std::size_t row) const {
  const Field& field = *fields_.front();
  const double value = table_->number(field, row);
  if (!field.is_text()) return std::isfinite(value) && !by_number_.front().contains(value);
  const auto index = static_cast<std::size_t>(value);
  return by_category_.front()[index] < 0 && !MissingWords().contains(field.categories[index]);
}

std::string TargetEncoder::text(std::size_t row) const {
  const Field& field = *fields_.front();
  const double value = table_->number(field, row);
  return field.is_text() ? field.categories[static_cast<std::size_t>(value)] : shortest(value);
}

std::size_t TargetEncoder::label(std::size_t row) const { return target_->one_hot ? one_of(row) : class_of(0, row, 0); }

// Which of the numbers is the 1.
std::size_t TargetEncoder::one_of(std::size_t row) const {
  std::size_t ones = 0, zeros = 0, one = 0, j = 0;
  for (const Field* field : fields_) {
    for (std::size_t k = 0; k < field->width(); ++k, ++j) {
      const double value = table_->number(*field, row, k);
      if (field->is_text() || !std::isfinite(value)) table_->require_numbers(fields_);
      ones += value == 1 ? 1 : 0;
      zeros += value == 0 ? 1 : 0;
      if (value == 1) one = j;
    }
  }
  if (ones == 1 && zeros + 1 == width_) return one;
  throw Error(
      ErrorCode::value,
      fmt::format("{}: of the {} numbers of the target one must be 1 and the others 0; found {} of 1 and {} of 0",
                  table_->where(*fields_.front(), row), width_, ones, zeros));
}

template <class T>
void TargetEncoder::encode(std::size_t row, T* y, int n_y) const {
  const auto outputs = static_cast<std::size_t>(n_y);
  // One label, an output for each class: softmax.
  if (target_->task != Task::regression && (width_ == 1 || target_->one_hot) && outputs == target_->classes.size()) {
    const std::size_t right = label(row);
    for (std::size_t c = 0; c < outputs; ++c) y[c] = c == right ? T{1} : T{0};
    return;
  }
  if (width_ != outputs) {
    throw Error(ErrorCode::shape, fmt::format("{}: the target has {} number{} an example; the network has {} output{}",
                                              printable(table_->source()), width_, width_ == 1 ? "" : "s", outputs,
                                              outputs == 1 ? "" : "s"));
  }
  std::size_t j = 0;
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    for (std::size_t k = 0; k < fields_[f]->width(); ++k, ++j) {
      if (target_->task != Task::regression) {
        y[j] = static_cast<T>(class_of(f, row, k));
        continue;
      }
      const double value = table_->number(*fields_[f], row, k);
      if (fields_[f]->is_text() || !std::isfinite(value)) table_->require_numbers(fields_);
      y[j] = static_cast<T>(target_->offset.empty() ? value : (value - target_->offset[j]) / target_->divisor[j]);
    }
  }
}

template void TargetEncoder::encode(std::size_t, float*, int) const;
template void TargetEncoder::encode(std::size_t, double*, int) const;

}  // namespace strata::internal
