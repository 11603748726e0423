#include "train/training_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "features/encode.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

std::string describe(const Field& field) {
  std::string text = printable(name_text(field.name));
  if (field.rows > 0) {
    text += fmt::format(" ({} examples", field.rows);
    if (!field.shape.empty()) text += fmt::format(" of {}", fmt::join(field.shape, "×"));
    text += ")";
  }
  return text;
}

std::string listed(std::span<const Field> fields) {
  std::vector<std::string> all;
  for (const Field& field : fields) all.push_back(describe(field));
  return joined(all, 40);
}

// A name with a comma, typed without the quotes that it needs, comes in pieces.
std::string suggestion_for(const char* option, const std::string& wanted, std::span<const std::string> known) {
  for (const std::string& name : known)
    if (name.find(',') != std::string::npos && name.starts_with(wanted + ","))
      return fmt::format("; a name with a comma stands in quotes: {}", spelled_names(option, std::span(&name, 1)));
  return suggestion(wanted, known);
}

void require_known(std::span<const Field> available, std::span<const std::string> names, const char* option) {
  std::vector<std::string> known;
  for (const Field& field : available) known.push_back(field.name);
  for (const std::string& wanted : names) {
    if (std::find(known.begin(), known.end(), wanted) == known.end()) {
      throw Error(ErrorCode::usage,
                  fmt::format("{}: there is no '{}'{}\nthe data has: {}", spelled(option), printable(wanted),
                              suggestion_for(option, wanted, known), listed(available)));
    }
  }
}

bool contains(std::span<const std::string> names, const std::string& wanted) {
  return std::find(names.begin(), names.end(), wanted) != names.end();
}

void require_columns_of_rows(std::span<const Field> available, const Options& options,
                             std::span<const std::string> target) {
  for (const auto& [option, name] : columns_of_rows(options)) {
    require_known(available, std::span(&name, 1), option);
    const bool is_target = contains(target, name);
    if (!is_target && !contains(options.inputs, name)) continue;
    throw Error(ErrorCode::usage, fmt::format("{}: '{}' is {}, and a column that says how rows are parted or how "
                                              "much they count is neither an input nor the target",
                                              spelled(option), printable(name), is_target ? "the target" : "an input"));
  }
  if (!options.time_column.empty()) require_known(available, std::span(&options.time_column, 1), "time-column");
}

void require_ignored(std::span<const Field> available, std::span<const std::string> patterns) {
  for (const std::string& pattern : patterns) {
    const auto fits = [&](const Field& field) { return fits_pattern(field.name, pattern); };
    if (std::ranges::any_of(available, fits)) continue;
    require_known(available, std::span(&pattern, 1), "ignore");
  }
}

}  // namespace

std::vector<ColumnOfRows> columns_of_rows(const Options& options) {
  std::vector<ColumnOfRows> columns = {{"validation-column", options.validation_column},
                                       {"group-column", options.group_column},
                                       {"weight-column", options.weight_column}};
  std::erase_if(columns, [](const ColumnOfRows& column) { return column.name.empty(); });
  return columns;
}

bool is_of_rows(const std::string& name, const Options& options) {
  return std::ranges::any_of(columns_of_rows(options), [&](const ColumnOfRows& column) { return column.name == name; });
}

std::vector<std::string> target_names(std::span<const Field> available, const Options& options) {
  if (!options.target.empty()) {
    require_known(available, options.target, "target");
    return options.target;
  }
  const bool columns = std::all_of(available.begin(), available.end(), [](const Field& f) { return f.shape.empty(); });
  const auto says_of_rows = [&](const Field& field) { return is_of_rows(field.name, options); };
  if (!columns || std::ranges::count_if(available, std::not_fn(says_of_rows)) < 2) {
    throw Error(
        ErrorCode::usage,
        fmt::format("what is to be predicted? Name it with {}, or {} where it has a file of its own\nthe data has: {}",
                    spelled("target", "NAME"), spelled("target", "FILE"), listed(available)));
  }
  return {last_target(available, options)->name};
}

std::vector<std::string> input_names(std::span<const Field> available, const Options& options,
                                     std::span<const std::string> target) {
  require_columns_of_rows(available, options, target);
  if (!options.inputs.empty()) {
    require_known(available, options.inputs, "inputs");
    for (const std::string& name : options.inputs) {
      if (contains(target, name)) {
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' is an input and the target: a network that sees the answer learns "
                                "nothing; leave it out of {}",
                                printable(name), spelled("inputs")));
      }
      for (const std::string& pattern : options.ignore)
        if (fits_pattern(name, pattern))
          throw Error(ErrorCode::usage,
                      fmt::format("{} names '{}', and {} leaves it out; leave it out of one of them", spelled("inputs"),
                                  printable(name), spelled_names("ignore", std::span(&pattern, 1))));
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
        !fits_any(field.name, options.ignore) && !is_of_rows(field.name, options)) {
      names.push_back(field.name);
    }
  }
  if (names.empty()) {
    throw Error(ErrorCode::usage,
                fmt::format("there is nothing to learn from beside the target\nthe data has: {}", listed(available)));
  }
  return names;
}

FieldChooser fields_to_train_on(const Options& options, bool target_elsewhere) {
  return [options, target_elsewhere](std::span<const Field> available) {
    const std::vector<std::string> target =
        target_elsewhere ? std::vector<std::string>{} : target_names(available, options);
    require_ignored(available, options.ignore);
    std::vector<std::string> names = input_names(available, options, target);
    names.insert(names.end(), target.begin(), target.end());
    for (const auto& [option, name] : columns_of_rows(options))
      if (!contains(names, name)) names.push_back(name);
    if (!options.time_column.empty() && !contains(names, options.time_column)) names.push_back(options.time_column);
    return names;
  };
}

const Field* last_target(std::span<const Field> available, const Options& options) {
  const auto is_target = [&](const Field& field) {
    const bool only_tells_time = field.name == options.time_column && fits_any(field.name, options.ignore);
    return !only_tells_time && !is_of_rows(field.name, options);
  };
  const auto last = std::find_if(available.rbegin(), available.rend(), is_target);
  return last == available.rend() ? nullptr : &*last;
}

FieldChooser fields_not_ignored(const Options& options) {
  return [&options](std::span<const Field> available) {
    require_ignored(available, options.ignore);
    std::vector<std::string> names;
    for (const Field& field : available)
      if (!fits_any(field.name, options.ignore)) names.push_back(field.name);
    return names;
  };
}

}  // namespace strata::internal
