#include "features/encode.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
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
    described.push_back(shapes ? fmt::format("{} ({})", field.name, example_shape(field.shape)) : field.name);
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
  for (const Field* field : fields) {
    if (target.task == Task::classes && field->width() != 1) {
      throw Error(ErrorCode::shape,
                  fmt::format("{}: the target {} has the shape {} an example; classes take one label each",
                              printable(table.source()), in_quotes(field->name), example_shape(field->shape)));
    }
  }
  return fields;
}

TargetEncoder::TargetEncoder(const Target& target, const Table& table)
    : target_(&target), table_(&table), fields_(find_target(target, table)) {
  for (const Field* field : fields_) width_ += field->width();
  if (target.task == Task::regression) return;

  std::unordered_map<std::string_view, std::size_t> by_text;
  bool all_numbers = true;
  for (std::size_t c = 0; c < target.classes.size(); ++c) {
    by_text.emplace(target.classes[c], c);
    double value = 0;
    if (parse_number(target.classes[c], value) && std::isfinite(value)) {
      by_number_.emplace(value, c);
    } else {
      all_numbers = false;
    }
  }
  for (const Field* field : fields_) {
    std::vector<std::ptrdiff_t> classes;
    for (const std::string& text : field->categories) {
      std::ptrdiff_t found = -1;
      double value = 0;
      if (const auto same = by_text.find(text); same != by_text.end()) {
        found = static_cast<std::ptrdiff_t>(same->second);
      } else if (all_numbers && parse_number(text, value)) {
        if (const auto equal = by_number_.find(value); equal != by_number_.end())
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
  throw Error(ErrorCode::value, fmt::format("{}: label {} is not one of the classes that the model knows: {}", where,
                                            in_quotes(label), joined(target_->classes)));
}

std::size_t TargetEncoder::class_of(std::size_t f, std::size_t row, std::size_t k) const {
  const double value = table_->number(*fields_[f], row, k);
  if (fields_[f]->is_text()) {
    const std::ptrdiff_t found = by_category_[f][static_cast<std::size_t>(value)];
    if (found >= 0) return static_cast<std::size_t>(found);
  } else if (const auto found = by_number_.find(value); found != by_number_.end()) {
    return found->second;
  }
  unknown_label(f, row, k);
}

std::size_t TargetEncoder::label(std::size_t row) const { return class_of(0, row, 0); }

template <class T>
void TargetEncoder::encode(std::size_t row, T* y, int n_y) const {
  const auto outputs = static_cast<std::size_t>(n_y);
  // One label, an output for each class: softmax.
  if (target_->task != Task::regression && width_ == 1 && outputs == target_->classes.size()) {
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
