#include "features/fit_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
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

// A column of the training rows: all of it, and how much each row counts.
struct Cells {
  std::span<const double> x;
  const Sample& weights;  // without numbers

  [[nodiscard]] Sample none() const { return {.x = {}, .w = {}, .unit = weights.unit}; }
  [[nodiscard]] Sample all() const { return {{x.begin(), x.end()}, weights.w, weights.unit}; }
  [[nodiscard]] Sample present() const {
    Sample present = none();
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!std::isnan(x[i])) present.add(x[i], weights, i);
    return present;
  }
};

bool few_whole_numbers(std::span<const double> sorted) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != std::floor(sorted[i])) return false;
    if ((i == 0 || sorted[i] != sorted[i - 1]) && ++different > kFewValues) return false;
  }
  return true;
}

// A column that is scaled, from its numbers that are not missing; at least one. True: they are all the same.
bool add_scaled(Scaling& to, const std::string& name, Sample present) {
  StandardFit fit(1);
  for (std::size_t i = 0; i < present.size(); ++i) {
    const double x = present.x[i];
    if (!std::isfinite(x))
      throw Error(ErrorCode::value, fmt::format("the input '{}' holds {}", printable(name), shortest(x)));
    fit.add(&x, present.weight(i));
  }
  std::vector<std::size_t> constant;
  const Scaling standard = fit.finish(
      present.size(), [&](std::size_t r, double* x) { *x = present.x[r]; },
      [&](std::size_t) { return "the input '" + printable(name) + "'"; }, constant, present.w);
  double offset = standard.offset[0], divisor = standard.divisor[0];
  std::vector<double> quantiles;
  if (to.kind == ScaleKind::robust || to.kind == ScaleKind::quantile) present.sort();
  if (to.kind == ScaleKind::robust) {
    const Quantiles quantile(present);
    offset = quantile(0.5);
    const double between = quantile(0.75) - quantile(0.25);
    divisor = between > 0 ? between : present.x.back() / 2 - present.x.front() / 2;
    if (!constant.empty()) divisor = 0;
    if (!std::isfinite(divisor))
      throw Error(ErrorCode::value,
                  fmt::format("cannot scale the input '{}': its values are too large", printable(name)));
  } else if (to.kind == ScaleKind::quantile && constant.empty() && !few_whole_numbers(present.x)) {
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

double fill_for(Sample present, Impute impute) {
  if (impute == Impute::median) {
    present.sort();
    return Quantiles(present)(0.5);
  }
  StandardFit fit(1);
  for (std::size_t i = 0; i < present.size(); ++i) fit.add(&present.x[i], present.weight(i));
  return fit.mean(0);
}

void fit_number(FittedInput& to, const Cells& column, const DataOptions& options) {
  const Sample present = column.present();
  to.missing = column.x.size() - present.size();
  to.input.missing = to.missing > 0;
  if (present.size() == 0) return;
  to.constant = add_scaled(to.scaling, to.input.name, present) && to.missing == 0;
  const bool is_implied = options.scale == ScaleKind::standard && options.impute == Impute::mean;
  if (!is_implied) to.input.fill = fill_for(present, options.impute);
  if (to.input.missing) add_unscaled(to.scaling, 1);
}

void fit_date(FittedInput& to, const Cells& column, const DataOptions& options) {
  const Sample present = column.present();
  to.missing = column.x.size() - present.size();
  to.input.missing = to.missing > 0;
  if (present.size() == 0) return;
  for (const double days : present.x) {
    if (!is_date(days))
      throw Error(ErrorCode::value, fmt::format("the input '{}' holds {}, which is no date of the years 1 to 9999",
                                                printable(to.input.name), shortest(days)));
  }
  to.input.fill = fill_for(present, options.impute);
  to.input.earliest = *std::ranges::min_element(present.x);
  for (const DatePart part : kDateParts) {
    Sample numbers = column.none();
    for (std::size_t i = 0; i < present.size(); ++i) numbers.add(part_of(present.x[i], part), present, i);
    if (std::ranges::count(numbers.x, numbers.x.front()) == std::ssize(numbers.x)) continue;
    to.input.parts.push_back(part);
    add_scaled(to.scaling, to.input.name, std::move(numbers));
  }
  to.constant = add_scaled(to.scaling, to.input.name, present) && to.missing == 0;
  if (to.input.missing) add_unscaled(to.scaling, 1);
}

// How many rows there are, and how much they count.
struct Count {
  std::size_t rows = 0;
  double weight = 0;

  void add(double w) {
    ++rows;
    weight += w;
  }
  Count& operator+=(const Count& other) {
    rows += other.rows;
    weight += other.weight;
    return *this;
  }
};

// How many training rows have each level, and which have none.
std::map<std::string, Count> count_levels(FittedInput& to, const Field& field, const Cells& column) {
  std::map<std::string, Count> counts;
  if (field.is_text()) {
    std::vector<Count> of_category(field.categories.size());
    for (std::size_t i = 0; i < column.x.size(); ++i)
      of_category[static_cast<std::size_t>(column.x[i])].add(column.weights.weight(i));
    for (std::size_t c = 0; c < of_category.size(); ++c) {
      if (field.categories[c].empty()) {
        to.missing = of_category[c].rows;
      } else if (of_category[c].rows > 0) {
        const bool is_answer = to.input.type == ColumnType::yes_no;  // Yes and yes are one level
        counts[is_answer ? lower_case(field.categories[c]) : field.categories[c]] += of_category[c];
      }
    }
    return counts;
  }
  const Sample present = column.present();
  std::map<double, Count> of_number;
  for (std::size_t i = 0; i < present.size(); ++i) of_number[present.x[i]].add(present.weight(i));
  to.missing = column.x.size() - present.size();
  for (const auto& [value, count] : of_number) counts[shortest(value == 0 ? 0.0 : value)] += count;
  return counts;
}

void fit_levels(FittedInput& to, const Field& field, const Cells& column, const DataOptions& options) {
  const std::map<std::string, Count> counts = count_levels(to, field, column);
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
      // In millionths of a row: what is as frequent stays so, however its weights are rounded.
      const auto rank = [&](const Count& count) { return std::round(count.weight / column.weights.unit * 0x1p20); };
      std::ranges::sort(levels, [&](const std::string& a, const std::string& b) {
        const double of_a = rank(counts.at(a)), of_b = rank(counts.at(b));
        return of_a != of_b ? of_a > of_b : place.at(a) < place.at(b);
      });
      for (std::size_t l = limit; l < levels.size(); ++l) to.pooled_rows += counts.at(levels[l]).rows;
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
  for (const std::string& word : field.categories) {
    const auto is_same = [&](const std::string& level) { return lower_case(level) == lower_case(word); };
    if (!word.empty() && std::ranges::none_of(levels, is_same)) levels.push_back(word);
  }
  if (levels.size() != 2) return {};
  const auto is_yes = [](const std::string& word) {
    return std::ranges::find(kYes, lower_case(word)) != std::end(kYes);
  };
  sort_levels(levels);
  if (is_yes(levels[0]) && !is_yes(levels[1])) std::swap(levels[0], levels[1]);
  return levels;
}

std::vector<FittedInput> fit_inputs(const Table& table, std::span<const TypedField> fields, const Rows& train_rows,
                                    const DataOptions& options, const Weights& weights, std::size_t numbers_at_a_time) {
  const Sample of_rows{.x = {}, .w = weights.of(train_rows), .unit = weights.unit()};
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
  for_each_column(table, read, train_rows, numbers_at_a_time, [&](std::size_t j, std::span<const double> numbers) {
    const Cells column{numbers, of_rows};
    FittedInput& to = inputs[input_of[j]];
    if (!to.input.shape.empty()) {
      const bool constant = add_scaled(to.scaling, to.input.name, column.all());
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
