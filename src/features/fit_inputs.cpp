#include "features/fit_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <initializer_list>
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

constexpr std::size_t kMostEmbedded = 1'000'000;  // levels; of a category of more, the rare ones are pooled
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

// A column of a few values, ascending, in so many rows each; at least one.
void add_levels(Scaling& to, std::span<const std::pair<double, Count>> values, double unit) {
  if (to.kind != ScaleKind::robust) return add_unscaled(to, 1);
  constexpr double kRounding = 1e-9;  // that of weights sets no quartiles apart
  Sample sample{.x = {}, .w = {}, .unit = unit};
  for (const auto& [value, count] : values) {
    if (count.rows == 0) continue;
    sample.x.push_back(value);
    sample.w.push_back(count.weight);
  }
  const Quantiles quantile(sample);
  const double between = quantile(0.75) - quantile(0.25);
  to.offset.push_back(quantile(0.5));
  to.divisor.push_back(between > kRounding ? between : (sample.x.back() - sample.x.front()) / 2);
  to.levels = true;
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

using Counts = std::map<std::string, Count>;

// The levels that have a column of their own: the most frequent ones, or all of them.
void choose_levels(FittedInput& to, const Counts& counts, const Cells& column, const DataOptions& options) {
  std::vector<std::string>& levels = to.input.levels;
  for (const auto& [level, count] : counts) levels.push_back(level);
  sort_levels(levels);
  const auto limit = static_cast<std::size_t>(options.one_hot_limit);
  if (levels.size() <= limit) return;
  to.input.embedded = options.embedding_size > 0 && levels.size() <= kMostEmbedded;
  if (to.input.embedded) return;
  // In millionths of a row: what is as frequent stays so, however its weights are rounded; of equals the first by
  // value.
  std::vector<std::pair<double, std::size_t>> by_rank;
  for (std::size_t l = 0; l < levels.size(); ++l)
    by_rank.emplace_back(-std::round(counts.at(levels[l]).weight / column.weights.unit * 0x1p20), l);
  std::ranges::sort(by_rank);
  std::vector<std::string> frequent;
  for (std::size_t r = 0; r < by_rank.size(); ++r) {
    std::string& level = levels[by_rank[r].second];
    if (r >= limit)
      to.pooled_rows += counts.at(level).rows;
    else
      frequent.push_back(std::move(level));
  }
  levels = std::move(frequent);
  sort_levels(levels);
  to.input.pooled = true;
}

void fit_levels(FittedInput& to, const Field& field, const Cells& column, const DataOptions& options) {
  const Counts counts = count_levels(to, field, column);
  to.input.missing = to.missing > 0;
  to.levels = counts.size();
  to.constant = counts.size() + (to.missing > 0 ? 1 : 0) <= 1;
  Count all;
  for (std::size_t i = 0; i < column.x.size(); ++i) all.add(column.weights.weight(i));
  const auto others = [&](const Count& count) { return Count{all.rows - count.rows, all.weight - count.weight}; };
  const auto add = [&](std::initializer_list<std::pair<double, Count>> values) {
    add_levels(to.scaling, values, column.weights.unit);
  };
  if (to.input.type == ColumnType::yes_no) {
    to.input.levels = yes_no_levels(field);
    Count no_or_yes[2];
    for (std::size_t l = 0; l < 2; ++l) {
      const auto found = counts.find(lower_case(to.input.levels[l]));
      if (found != counts.end()) no_or_yes[l] = found->second;
    }
    const auto& [no, yes] = no_or_yes;
    return add({{-1, no}, {0, others({no.rows + yes.rows, no.weight + yes.weight})}, {1, yes}});
  }
  choose_levels(to, counts, column, options);
  if (to.input.embedded) return add_unscaled(to.scaling, 1);
  Count listed;
  for (const std::string& level : to.input.levels) {
    const Count& count = counts.at(level);
    listed += count;
    add({{0, others(count)}, {1, count}});
  }
  if (to.input.pooled) {
    Count pooled;
    for (const auto& [level, count] : counts) pooled += count;
    pooled = {pooled.rows - listed.rows, pooled.weight - listed.weight};
    add({{0, others(pooled)}, {1, pooled}});
  }
  if (to.input.missing) add_unscaled(to.scaling, 1);
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
    features.scaling.levels = features.scaling.levels || each.scaling.levels;
  }
  return features;
}

}  // namespace strata::internal
