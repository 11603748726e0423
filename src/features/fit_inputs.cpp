#include "features/fit_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "base/text.hpp"
#include "data/table_storage.hpp"
#include "features/calendar.hpp"
#include "features/inputs.hpp"
#include "features/quantiles.hpp"
#include "features/scaling.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kFewValues = 20;  // distinct whole numbers that are no distribution to take quantiles of
constexpr std::string_view kYes[] = {"yes", "y", "true", "t", "on"};

// The numbers first … first + count − 1 of a row.
std::vector<Run> cut(std::span<const Run> runs, std::size_t first, std::size_t count) {
  std::vector<Run> part;
  for (Run run : runs) {
    const std::size_t skipped = std::min(first, run.count), taken = std::min(count, run.count - skipped);
    first -= skipped;
    count -= taken;
    run.offset += skipped;
    run.count = taken;
    if (taken > 0) part.push_back(run);
  }
  return part;
}

// use(j, column) for every number j of the rows of these fields, in order.
void for_each_column(const Table& table, std::span<const Field* const> fields, const Rows& rows,
                     std::size_t numbers_at_a_time,
                     const std::function<void(std::size_t j, std::span<const double> column)>& use) {
  const std::vector<Run> runs = runs_of(table.storage(), fields);
  std::size_t width = 0;
  for (const Run& run : runs) width += run.count;
  const std::size_t m = rows.size(),
                    together = std::clamp<std::size_t>(numbers_at_a_time / std::max<std::size_t>(m, 1), 1, width);
  std::vector<double> columns(together * m), row(together);
  for (std::size_t first = 0; first < width; first += together) {
    const std::size_t count = std::min(together, width - first);
    const std::vector<Run> group = cut(runs, first, count);
    for (std::size_t i = 0; i < m; ++i) {
      read_runs(group, rows[i], row.data());
      for (std::size_t j = 0; j < count; ++j) columns[j * m + i] = row[j];
    }
    for (std::size_t j = 0; j < count; ++j) use(first + j, std::span(columns).subspan(j * m, m));
  }
}

std::vector<double> without_missing(std::span<const double> column) {
  std::vector<double> present;
  for (const double x : column)
    if (!std::isnan(x)) present.push_back(x);
  return present;
}

bool few_whole_numbers(std::span<const double> sorted) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != std::floor(sorted[i])) return false;
    if ((i == 0 || sorted[i] != sorted[i - 1]) && ++different > kFewValues) return false;
  }
  return true;
}

// A column that is scaled, from its numbers that are not missing; at least one. True: they are all the same.
bool add_scaled(Scaling& to, const std::string& name, std::vector<double> present) {
  StandardFit fit(1);
  for (const double x : present) {
    if (!std::isfinite(x))
      throw Error(ErrorCode::value, fmt::format("the input '{}' holds {}", printable(name), shortest(x)));
    fit.add(&x);
  }
  std::vector<std::size_t> constant;
  const Scaling standard = fit.finish(
      present.size(), [&](std::size_t r, double* x) { *x = present[r]; },
      [&](std::size_t) { return "the input '" + printable(name) + "'"; }, constant);
  double offset = standard.offset[0], divisor = standard.divisor[0];
  std::vector<double> quantiles;
  if (to.kind == ScaleKind::robust || to.kind == ScaleKind::quantile) std::ranges::sort(present);
  if (to.kind == ScaleKind::robust) {
    offset = quantile(present, 0.5);
    const double between = quantile(present, 0.75) - quantile(present, 0.25);
    divisor = between > 0 ? between : present.back() / 2 - present.front() / 2;
    if (!constant.empty()) divisor = 0;
    if (!std::isfinite(divisor))
      throw Error(ErrorCode::value,
                  fmt::format("cannot scale the input '{}': its values are too large", printable(name)));
  } else if (to.kind == ScaleKind::quantile && constant.empty() && !few_whole_numbers(present)) {
    quantiles = quantiles_of(present);
  }
  if (to.kind == ScaleKind::none || to.kind == ScaleKind::divide_255) return !constant.empty();
  to.offset.push_back(offset);
  to.divisor.push_back(divisor);
  if (to.kind == ScaleKind::quantile) to.quantiles.push_back(std::move(quantiles));
  return !constant.empty();
}

// Columns that stay as they are.
void add_unscaled(Scaling& to, std::size_t count) {
  if (to.kind == ScaleKind::none || to.kind == ScaleKind::divide_255) return;
  to.offset.resize(to.offset.size() + count, 0.0);
  to.divisor.resize(to.divisor.size() + count, 1.0);
  if (to.kind == ScaleKind::quantile) to.quantiles.resize(to.quantiles.size() + count);
}

double fill_for(std::vector<double> present, Impute impute) {
  if (impute == Impute::median) {
    std::ranges::sort(present);
    return quantile(present, 0.5);
  }
  StandardFit fit(1);
  for (const double& x : present) fit.add(&x);
  return fit.mean(0);
}

void fit_number(FittedInput& to, std::span<const double> column, const DataOptions& options) {
  const std::vector<double> present = without_missing(column);
  to.missing = column.size() - present.size();
  to.input.missing = to.missing > 0;
  if (present.empty()) return;
  to.constant = add_scaled(to.scaling, to.input.name, present) && to.missing == 0;
  const bool is_implied = options.scale == ScaleKind::standard && options.impute == Impute::mean;
  if (!is_implied) to.input.fill = fill_for(present, options.impute);
  if (to.input.missing) add_unscaled(to.scaling, 1);
}

void fit_date(FittedInput& to, std::span<const double> column, const DataOptions& options) {
  const std::vector<double> present = without_missing(column);
  to.missing = column.size() - present.size();
  to.input.missing = to.missing > 0;
  if (present.empty()) return;
  for (const double days : present) {
    if (!is_date(days))
      throw Error(ErrorCode::value, fmt::format("the input '{}' holds {}, which is no date of the years 1 to 9999",
                                                printable(to.input.name), shortest(days)));
  }
  to.input.fill = fill_for(present, options.impute);
  to.input.earliest = *std::ranges::min_element(present);
  for (const DatePart part : kDateParts) {
    std::vector<double> numbers;
    for (const double days : present) numbers.push_back(part_of(days, part));
    if (std::ranges::count(numbers, numbers.front()) == std::ssize(numbers)) continue;
    to.input.parts.push_back(part);
    add_scaled(to.scaling, to.input.name, std::move(numbers));
  }
  to.constant = add_scaled(to.scaling, to.input.name, present) && to.missing == 0;
  if (to.input.missing) add_unscaled(to.scaling, 1);
}

// How many training rows have each level, and which have none.
std::map<std::string, std::size_t> count_levels(FittedInput& to, const Field& field, std::span<const double> column) {
  std::map<std::string, std::size_t> counts;
  if (field.is_text()) {
    std::vector<std::size_t> of_category(field.categories.size());
    for (const double index : column) ++of_category[static_cast<std::size_t>(index)];
    for (std::size_t c = 0; c < of_category.size(); ++c) {
      if (field.categories[c].empty()) {
        to.missing = of_category[c];
      } else if (of_category[c] > 0) {
        counts[field.categories[c]] = of_category[c];
      }
    }
    return counts;
  }
  std::map<double, std::size_t> of_number;
  for (const double x : without_missing(column)) ++of_number[x];
  to.missing = column.size();
  for (const auto& [value, count] : of_number) {
    counts[shortest(value == 0 ? 0.0 : value)] += count;
    to.missing -= count;
  }
  return counts;
}

void fit_levels(FittedInput& to, const Field& field, std::span<const double> column, const DataOptions& options) {
  const std::map<std::string, std::size_t> counts = count_levels(to, field, column);
  to.input.missing = to.missing > 0;
  to.levels = counts.size();
  to.constant = counts.size() + (to.missing > 0 ? 1 : 0) <= 1;
  if (to.input.type == ColumnType::yes_no) {
    to.input.levels = yes_no_levels(field);
  } else {
    std::vector<std::string>& levels = to.input.levels;
    for (const auto& [level, count] : counts) levels.push_back(level);
    sort_levels(levels);
    const auto limit = static_cast<std::size_t>(options.one_hot_limit);
    if (levels.size() > limit) {
      std::map<std::string, std::size_t, std::less<>> place;  // by value: decides among equals
      for (std::size_t l = 0; l < levels.size(); ++l) place[levels[l]] = l;
      std::ranges::sort(levels, [&](const std::string& a, const std::string& b) {
        const std::size_t of_a = counts.at(a), of_b = counts.at(b);
        return of_a != of_b ? of_a > of_b : place.at(a) < place.at(b);
      });
      for (std::size_t l = limit; l < levels.size(); ++l) to.pooled_rows += counts.at(levels[l]);
      levels.resize(limit);
      sort_levels(levels);
      to.input.pooled = true;
    }
  }
  add_unscaled(to.scaling, encoded_width(to.input));
}

}  // namespace

std::vector<std::string> yes_no_levels(const Field& field) {
  std::vector<std::string> levels;
  for (const std::string& word : field.categories)
    if (!word.empty()) levels.push_back(word);
  if (levels.size() != 2) return {};
  const auto is_yes = [](const std::string& word) {
    return std::ranges::find(kYes, lower_case(word)) != std::end(kYes);
  };
  sort_levels(levels);
  if (is_yes(levels[0]) && !is_yes(levels[1])) std::swap(levels[0], levels[1]);
  return levels;
}

std::vector<FittedInput> fit_inputs(const Table& table, std::span<const TypedField> fields, const Rows& train_rows,
                                    const DataOptions& options, std::size_t numbers_at_a_time) {
  std::vector<FittedInput> inputs;
  std::vector<const Field*> read;
  std::vector<std::size_t> input_of;  // of each number of a row
  for (const TypedField& typed : fields) {
    FittedInput& to = inputs.emplace_back();
    to.input = {.name = typed.field->name, .shape = typed.field->shape, .type = typed.type};
    to.scaling.kind = options.scale;
    input_of.insert(input_of.end(), typed.field->width(), read.size());
    read.push_back(typed.field);
  }
  for_each_column(table, read, train_rows, numbers_at_a_time, [&](std::size_t j, std::span<const double> column) {
    FittedInput& to = inputs[input_of[j]];
    if (!to.input.shape.empty()) {
      const bool constant = add_scaled(to.scaling, to.input.name, {column.begin(), column.end()});
      to.constant = constant && to.input.shape.size() == 1 && to.input.shape[0] == 1;
    } else if (to.input.type == ColumnType::number) {
      fit_number(to, column, options);
    } else if (to.input.type == ColumnType::date) {
      fit_date(to, column, options);
    } else {
      fit_levels(to, *read[input_of[j]], column, options);
    }
  });
  return inputs;
}

Features features_of(std::span<const FittedInput> inputs, ScaleKind scale) {
  Features features;
  features.scaling.kind = scale;
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  for (const FittedInput& each : inputs) {
    features.inputs.push_back(each.input);
    append(features.scaling.offset, each.scaling.offset);
    append(features.scaling.divisor, each.scaling.divisor);
    append(features.scaling.quantiles, each.scaling.quantiles);
  }
  return features;
}

}  // namespace strata::internal
