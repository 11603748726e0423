#include "strata/architecture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/blocks.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

void require_parameters(const Architecture& net) {
  const LossParameters& of = net.loss_parameters;
  const auto refuse = [&](const std::string& expected) {
    throw Error(ErrorCode::usage, fmt::format("the loss {} needs {}", name(net.loss), expected));
  };
  const std::size_t deltas = net.loss == Loss::huber ? static_cast<std::size_t>(net.outputs) : 0;
  if (of.delta.size() != deltas) refuse(fmt::format("{} deltas, found {}", deltas, of.delta.size()));
  for (const double delta : of.delta) {
    if (!(delta > 0 && std::isfinite(delta))) refuse(fmt::format("a delta greater than 0, found {}", shortest(delta)));
  }
  if (!(of.quantile > 0 && of.quantile < 1))
    refuse(fmt::format("a quantile greater than 0 and less than 1, found {}", shortest(of.quantile)));
  if (of.quantile != LossParameters().quantile && net.loss != Loss::quantile) refuse("no quantile");
  if (!(of.smoothing >= 0 && of.smoothing < 1))
    refuse(fmt::format("a smoothing from 0 to less than 1, found {}", shortest(of.smoothing)));
  if (of.smoothing != 0 && net.head() == Head::identity) refuse("no smoothing");
}

void require_edges(const RowEmbedding& row, const std::function<void(const std::string&)>& refuse) {
  const std::vector<double>& edges = row.edges;
  if (row.kind != RowEmbedding::Kind::piecewise) {
    if (!edges.empty()) refuse("has edges where it embeds nothing in pieces");
    return;
  }
  if (edges.empty() || row.bins() > RowEmbedding::kMostBins)
    refuse(fmt::format("has {} edges of a piecewise embedding; it needs from 1 to {}", edges.size(),
                       RowEmbedding::kMostBins + 1));
  for (std::size_t t = 0; t < edges.size(); ++t) {
    if (!(std::abs(edges[t]) <= RowEmbedding::kLargestEdge))
      refuse(fmt::format("has the edge {}; it needs numbers from {} to {}", shortest(edges[t]),
                         shortest(-RowEmbedding::kLargestEdge), shortest(RowEmbedding::kLargestEdge)));
    if (t > 0 && !RowEmbedding::is_bin(edges[t - 1], edges[t]))
      refuse(fmt::format("has a piece from {} to {}; its edges ascend, by a millionth or more", shortest(edges[t - 1]),
                         shortest(edges[t])));
  }
}

void require_stage(const Architecture& net) {
  const InputStage& stage = net.stage;
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorCode::shape, "the stage in front of the network " + message);
  };
  const auto has = [&](RowEmbedding::Kind kind) {
    return std::ranges::find(stage.rows, kind, &RowEmbedding::kind) != stage.rows.end();
  };
  if (!stage.rows.empty() && stage.rows.size() != static_cast<std::size_t>(net.inputs))
    refuse(fmt::format("embeds {} rows of X, which has {}", stage.rows.size(), net.inputs));
  for (const auto& [size, what] : {std::pair(stage.frequencies, "frequencies"),
                                   {stage.periodic_units, "numbers of a periodic embedding"},
                                   {stage.level_units, "numbers of a level"},
                                   {stage.piecewise_units, "numbers of a piecewise embedding"}}) {
    if (size < 1) refuse(fmt::format("has {} {}; it needs at least one", size, what));
  }
  std::int64_t units = 0, edges = 0;
  for (const RowEmbedding& row : stage.rows) {
    if (row.kind < RowEmbedding::Kind::none || row.kind > RowEmbedding::Kind::piecewise)
      refuse(fmt::format("has an embedding number {}, which there is not", static_cast<int>(row.kind)));
    const bool is_code = row.kind == RowEmbedding::Kind::levels;
    if (is_code ? row.levels < 1 : row.levels != 0)
      refuse(fmt::format("has {} levels where it embeds {}", row.levels, is_code ? "a code" : "a number"));
    require_edges(row, refuse);
    units += stage.units_of(row.kind);
    edges += std::ssize(row.edges);
  }
  if (has(RowEmbedding::Kind::periodic) && has(RowEmbedding::Kind::piecewise))
    refuse("embeds some numbers periodically and some piecewise; it does all in one way");
  if (edges > InputStage::kMostEdges)
    refuse(
        fmt::format("has {} edges of pieces, more than the {} that a model file holds", edges, InputStage::kMostEdges));
  if (units > std::numeric_limits<int>::max())
    refuse(fmt::format("gives {} rows, more than a network can take", units));
}

}  // namespace

bool RowEmbedding::is_bin(double edge, double next) noexcept {
  constexpr double kLeast = 1e-6;
  return next - edge >= kLeast * std::max({1.0, std::abs(edge), std::abs(next)});
}

Head head_of(Loss loss) noexcept {
  switch (loss) {
    case Loss::binary_cross_entropy: return Head::sigmoid;
    case Loss::categorical_cross_entropy: return Head::softmax;
    case Loss::squared_error:
    case Loss::absolute_error:
    case Loss::huber:
    case Loss::quantile: break;
  }
  return Head::identity;
}

int Architecture::embedded_inputs() const noexcept {
  if (stage.rows.empty()) return inputs;
  std::int64_t units = 0;  // as many as can be counted: validate() says where there are more
  for (const RowEmbedding& row : stage.rows) units += stage.units_of(row.kind);
  return static_cast<int>(std::min<std::int64_t>(units, std::numeric_limits<int>::max()));
}

std::size_t Architecture::parameter_count() const try {
  std::size_t count = 0;
  for_each_block(*this, [&](const ParameterBlock& block) { count = block.offset + block.size(); });
  return count;
} catch (...) {
  throw_as_error("for a message");
}

void Architecture::validate() const try {
  require_stage(*this);
  for (int l = 0; l <= depth(); ++l) {
    if (units(l) < 1) {
      throw Error(ErrorCode::shape, l == 0 ? fmt::format("the network has {} inputs; it needs at least one", inputs)
                                           : fmt::format("layer {} has {} units; it needs at least one", l, units(l)));
    }
  }
  for (const LayerSpec& layer : hidden) {
    if (name(layer.activation) == "?") {
      throw Error(ErrorCode::usage,
                  fmt::format("there is no activation number {}", static_cast<int>(layer.activation)));
    }
    if (!(layer.dropout >= 0 && layer.dropout < 1)) {
      throw Error(ErrorCode::usage,
                  fmt::format("a dropout of {}; it needs a number from 0 to less than 1", shortest(layer.dropout)));
    }
  }
  if (name(loss) == "?")
    throw Error(ErrorCode::usage, fmt::format("there is no loss number {}", static_cast<int>(loss)));
  require_parameters(*this);
  if (head() == Head::softmax && outputs < 2) {
    throw Error(
        ErrorCode::shape,
        "softmax chooses among outputs, so it needs at least two; for a yes/no question use binary-cross-entropy");
  }
  static_cast<void>(parameter_count());
} catch (...) {
  throw_as_error("for a message");
}

}  // namespace strata
