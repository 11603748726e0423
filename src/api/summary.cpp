#include "api/summary.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace strata::internal {

std::string_view activation_of(const Architecture& net, int l) {
  return l == net.depth() ? name(net.head()) : name(net.layer(l).activation);
}

bool learns_slopes(const Architecture& net, int l) { return l < net.depth() && net.layer(l).learned_slope; }

std::size_t parameters_of(const Architecture& net, int l) {
  return static_cast<std::size_t>(net.units(l)) *
         (static_cast<std::size_t>(net.units(l - 1)) + 1 + learns_slopes(net, l));
}

std::size_t parameters_of_stage(const Architecture& net) {
  std::size_t count = net.parameter_count();
  for (int l = 1; l <= net.depth(); ++l) count -= parameters_of(net, l);
  return count;
}

std::string layer_sizes(const Architecture& net) {
  std::string text;
  for (int l = 0; l <= net.depth(); ++l) text += fmt::format("{}{}", l == 0 ? "" : "-", net.units(l));
  return text;
}

std::vector<StageColumn> stage_columns(const Architecture& net) {
  std::vector<StageColumn> columns;
  std::int64_t first = 1;
  for (std::size_t j = 0; j < static_cast<std::size_t>(net.inputs); ++j) {
    const RowEmbedding row = net.stage.rows.empty() ? RowEmbedding() : net.stage.rows[j];
    columns.push_back({row, first, net.stage.units_of(row.kind)});
    first += columns.back().units;
  }
  return columns;
}

bool has_columns(const Features& features) {
  const ScaleKind scale = features.scaling.kind;
  return scale == ScaleKind::robust || scale == ScaleKind::quantile ||
         std::ranges::any_of(features.inputs,
                             [](const InputField& input) { return input.type != ColumnType::number || input.missing; });
}

bool has_networks(const Model& model) { return model.networks() > 1 || !model.record().networks.empty(); }

std::vector<double> deltas_of(const Model& model) {
  std::vector<double> deltas = model.architecture().loss_parameters.delta;
  const std::vector<double>& divisor = model.target().divisor;
  for (std::size_t k = 0; k < std::min(deltas.size(), divisor.size()); ++k) deltas[k] *= divisor[k];
  return deltas;
}

}  // namespace strata::internal
