#include "train/task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "features/inputs.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostClasses = 20;  // distinct whole numbers that --task auto still takes for classes
std::string count_text(std::size_t count) {
  return count > Values::kMost ? fmt::format("more than {}", Values::kMost) : std::to_string(count);
}

std::size_t count_of(const Field& field, const Values& values) {
  if (!field.is_text()) return values.distinct.size();
  return field.categories.size() - static_cast<std::size_t>(std::ranges::count(field.categories, ""));
}

const std::string& first_text(const Field& field) {
  return field.categories[field.categories.size() > 1 && field.categories.front().empty() ? 1 : 0];
}

// Text labels in alphabetical order, numbers in theirs: the order of the outputs.
std::vector<std::string> class_names(const Field& field, const Values& values) {
  std::vector<std::string> names;
  if (field.is_text()) {
    names = field.categories;
    std::erase(names, "");  // of rows that are left out
    sort_levels(names);
    return names;
  }
  for (const double value : values.distinct) names.push_back(shortest(value));
  return names;
}

// Several targets: regression with several outputs, or several yes/no questions.
Target decide_several(const Table& table, std::span<const Values> values, const Options& options,
                      const Messages& messages) {
  bool yes_or_no = true;
  for (std::size_t t = 0; t < options.target.size(); ++t) {
    const std::string& name = options.target[t];
    if (table.field(name).is_text()) {
      throw Error(ErrorCode::value,
                  fmt::format("target '{}' is text; several targets must be numbers", printable(name)));
    }
    for (const double value : values[t].distinct) yes_or_no = yes_or_no && (value == 0 || value == 1);
  }
  if (options.task == Task::classes || (options.task == Task::binary && !yes_or_no)) {
    throw Error(
        ErrorCode::usage,
        fmt::format("{} with several target numbers needs each of them to be 0 or 1 ({}), or use {}",
                    spelled("task", name(options.task)), spelled("task", "binary"), spelled("task", "regression")));
  }
  Target target{options.target, options.task, {}, {}, {}};
  if (options.task == Task::automatic) {
    target.task = yes_or_no ? Task::binary : Task::regression;
    messages.note(yes_or_no ? "task: binary, a yes/no question for each target, because they hold only 0 and 1"
                            : "task: regression, because there are several targets that hold numbers");
  }
  if (target.task == Task::binary) target.classes = {"0", "1"};
  return target;
}

Task automatic_task(const Field& field, const Values& values, const Messages& messages) {
  const std::string quoted = "'" + printable(field.name) + "'";
  const std::size_t count = count_of(field, values);
  if (field.is_text() || (values.all_whole && count <= kMostClasses)) {
    const std::string what = field.is_text() ? "different texts" : "different whole numbers";
    if (count == 2) {
      messages.note(fmt::format("task: binary, because the target {} holds 2 {}", quoted, what));
      return Task::binary;
    }
    messages.note(fmt::format("task: classes, because the target {} holds {} {}{}", quoted, count, what,
                              field.is_text() ? "" : fmt::format(" (at most {})", kMostClasses)));
    return Task::classes;
  }
  messages.note(fmt::format(
      "task: regression, because the target {} holds {}", quoted,
      values.all_whole ? fmt::format("{} different whole numbers (more than {})", count_text(count), kMostClasses)
                       : "numbers that are not whole"));
  return Task::regression;
}

}  // namespace

Target decide_target(const Table& table, std::span<const Values> all_values, const Options& options,
                     const Messages& messages) {
  const Field& field = table.field(options.target.front());
  if (options.target.size() > 1 || field.width() > 1) return decide_several(table, all_values, options, messages);
  const std::string quoted = "'" + printable(field.name) + "'";
  const Values& values = all_values.front();
  const std::size_t count = count_of(field, values);
  if (count == 1 && options.task != Task::regression) {
    throw Error(
        ErrorCode::value,
        fmt::format(
            "the target {} is the same in every row ({}), so there is nothing to learn; is it the right column?",
            quoted, field.is_text() ? "'" + printable(first_text(field)) + "'" : shortest(*values.distinct.begin())));
  }
  Target target{options.target, options.task, {}, {}, {}};
  if (target.task == Task::automatic) target.task = automatic_task(field, values, messages);
  if (target.task == Task::regression) {
    if (field.is_text()) {
      throw Error(ErrorCode::value, fmt::format("{} needs numbers, but the target {} is text (for example '{}')",
                                                spelled("task", "regression"), quoted, printable(first_text(field))));
    }
    if (count == 1) messages.warning(fmt::format("the target {} is the same in every row", quoted));
    return target;
  }
  if (target.task == Task::binary && count != 2) {
    throw Error(ErrorCode::usage,
                fmt::format("{} needs a target with two different values; {} has {}; use {}", spelled("task", "binary"),
                            quoted, count_text(count), spelled("task", "classes")));
  }
  if (count > Values::kMost) {
    throw Error(ErrorCode::usage,
                fmt::format("{}: the target {} has {} different values; that is a regression, or the wrong column",
                            spelled("task", "classes"), quoted, count_text(count)));
  }
  target.classes = class_names(field, values);
  return target;
}

int output_units(const Target& target, const Table& table) {
  if (target.task == Task::classes) return static_cast<int>(target.classes.size());
  std::size_t units = 0;
  for (const std::string& name : target.names) units += table.field(name).width();
  return static_cast<int>(units);
}

Loss decide_loss(const Target& target, const Options& options) {
  const auto wrong = [&](const char* fits) {
    return Error(ErrorCode::usage, fmt::format("{} does not fit the task {}; it takes {}",
                                               spelled("loss", name(*options.loss)), name(target.task), fits));
  };
  switch (target.task) {
    case Task::binary:
      if (options.loss == Loss::squared_error) throw wrong("binary-cross-entropy or categorical-cross-entropy");
      if (options.loss == Loss::categorical_cross_entropy && target.names.size() > 1)
        throw wrong("binary-cross-entropy");
      return options.loss.value_or(Loss::binary_cross_entropy);
    case Task::classes:
      if (options.loss && options.loss != Loss::categorical_cross_entropy) throw wrong("categorical-cross-entropy");
      return Loss::categorical_cross_entropy;
    case Task::regression:
    case Task::automatic: break;
  }
  if (options.loss && options.loss != Loss::squared_error) throw wrong("squared-error");
  return Loss::squared_error;
}

}  // namespace strata::internal
