#include "features/stage_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "config/option_values.hpp"
#include "features/examples.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kBins = 48;

// Before anything is read: a model whose file cannot be written is found by its columns.
void require_few(std::size_t columns, std::size_t most_bins) {
  const std::size_t edges = columns * (most_bins + 1);
  if (edges <= static_cast<std::size_t>(InputStage::kMostEdges)) return;
  throw Error(ErrorCode::usage,
              fmt::format("{}: {} columns of X have up to {} edges each, together {}, and a model file holds {}\nleave "
                          "out columns with {}, or choose {}",
                          spelled("numeric-embedding", "piecewise"), columns, most_bins + 1, edges,
                          InputStage::kMostEdges, spelled("ignore"), spelled("numeric-embedding", "pbld")));
}

// Inputs that are encoded together, alone, and their columns of X that are piecewise: which there, and which here.
struct SomeInputs {
  Features features;
  std::size_t width = 0;
  std::vector<std::pair<std::size_t, std::size_t>> columns = {};

  void add(const InputField& input, const Scaling& scaling, std::size_t first, const std::vector<RowEmbedding>& rows) {
    const std::size_t count = encoded_width(input);
    features.inputs.push_back(input);
    const auto add_of = [&](const auto& from, auto& to) {
      if (from.empty()) return;
      const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first);
      to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    add_of(scaling.offset, features.scaling.offset);
    add_of(scaling.divisor, features.scaling.divisor);
    add_of(scaling.quantiles, features.scaling.quantiles);
    for (std::size_t j = 0; j < count; ++j)
      if (rows[first + j].kind == RowEmbedding::Kind::piecewise) columns.emplace_back(first + j, width + j);
    width += count;
  }
};

// `without`: gets those that vary and have no piece.
void fit_edges_of(const SomeInputs& some, const Table& table, const Rows& train_rows, const Weights& weights,
                  std::vector<RowEmbedding>& rows, std::vector<std::size_t>& without) {
  constexpr Index kRows = 256;  // that are encoded together
  Examples<double> examples(table, some.features, train_rows, 0, Checked::no);
  std::vector<Sample> samples(
      some.columns.size(),
      {.x = std::vector<double>(train_rows.size()), .w = weights.of(train_rows), .unit = weights.unit()});
  for (Index i = 0; i < examples.m(); i += kRows) {
    const View<const double> X = examples.range(i, std::min(kRows, examples.m() - i)).X;
    for (std::size_t k = 0; k < samples.size(); ++k)
      for (Index j = 0; j < X.cols; ++j)
        samples[k].x[static_cast<std::size_t>(i + j)] = X(static_cast<Index>(some.columns[k].second), j);
  }
  for (std::size_t k = 0; k < samples.size(); ++k) {
    const std::size_t column = some.columns[k].first;
    samples[k].sort();
    rows[column].edges = edges_of(samples[k]);
    if (rows[column].bins() == 0 && samples[k].x.front() < samples[k].x.back()) without.push_back(column);
  }
}

}  // namespace

std::vector<RowEmbedding> stage_rows_of(const Features& features, NumericEmbedding numbers) {
  using Kind = RowEmbedding::Kind;
  const Kind of_number = numbers == NumericEmbedding::pbld        ? Kind::periodic
                         : numbers == NumericEmbedding::piecewise ? Kind::piecewise
                                                                  : Kind::none;
  std::vector<RowEmbedding> rows;
  for (const InputField& input : features.inputs) {
    const bool is_number = input.type == ColumnType::number || input.type == ColumnType::date;
    const std::size_t first = rows.size(), missing = input.missing && is_number ? 1 : 0;
    rows.resize(first + encoded_width(input));
    if (input.embedded) rows[first] = {Kind::levels, static_cast<int>(input.levels.size() + 1)};
    if (!is_number || !input.shape.empty()) continue;
    for (std::size_t j = first; j + missing < rows.size(); ++j) rows[j].kind = of_number;
  }
  if (std::ranges::all_of(rows, [](const RowEmbedding& row) { return row.kind == Kind::none; })) rows.clear();
  return rows;
}

std::vector<double> edges_of(const Sample& sorted) {
  const double many = std::max(static_cast<double>(Quantiles(sorted).rows()) / kBins, 1.0) * sorted.unit;
  Sample others{.x = {}, .w = {}, .unit = sorted.unit};
  std::vector<double> all, edges;
  for (std::size_t i = 0, end = 0; i < sorted.size(); i = end) {
    double weight = sorted.weight(i);
    for (end = i + 1; end < sorted.size() && sorted.x[end] == sorted.x[i]; ++end) weight += sorted.weight(end);
    if (weight > many) all.push_back(sorted.x[i]);
    for (std::size_t k = i; k < end && weight <= many; ++k) others.add(sorted.x[k], sorted, k);
  }
  const Quantiles quantile(others);
  const std::size_t bins = std::clamp<std::size_t>(quantile.rows(), 1, kBins - all.size());
  for (std::size_t t = 0; t <= bins && !others.x.empty(); ++t)
    all.push_back(quantile(static_cast<double>(t) / static_cast<double>(bins)));
  std::ranges::sort(all);
  for (const double each : all) {
    const double edge = std::clamp(each, -RowEmbedding::kLargestEdge, RowEmbedding::kLargestEdge) + 0.0;  // −0 is 0
    if (edges.empty() || RowEmbedding::is_bin(edges.back(), edge)) edges.push_back(edge);
  }
  return edges;
}

std::vector<std::size_t> fit_edges(const Table& table, const Features& features, const Rows& train_rows,
                                   const Weights& weights, std::vector<RowEmbedding>& rows,
                                   std::size_t numbers_at_a_time) {
  constexpr auto kPiecewise = RowEmbedding::Kind::piecewise;
  const std::size_t m = train_rows.size(), together = std::max<std::size_t>(numbers_at_a_time / m, 1);
  require_few(static_cast<std::size_t>(std::ranges::count(rows, kPiecewise, &RowEmbedding::kind)),
              weights.empty() ? std::min(kBins, m) : kBins);
  SomeInputs none;
  none.features.missing = features.missing;
  none.features.scaling = {.kind = features.scaling.kind, .levels = features.scaling.levels};
  SomeInputs some = none;
  std::vector<std::size_t> without;
  std::size_t first = 0;
  for (std::size_t i = 0; i < features.inputs.size() && !rows.empty(); ++i) {
    const InputField& input = features.inputs[i];
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(encoded_width(input));
    if (std::ranges::find(begin, end, kPiecewise, &RowEmbedding::kind) != end)
      some.add(input, features.scaling, first, rows);
    first += encoded_width(input);
    if (some.columns.empty() || (some.columns.size() < together && i + 1 < features.inputs.size())) continue;
    fit_edges_of(some, table, train_rows, weights, rows, without);
    some = none;
  }
  return without;
}

}  // namespace strata::internal
