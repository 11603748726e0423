#include "config/blocks.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/checked.hpp"

namespace strata::internal {
namespace {

constexpr const char* kSize = "the size of the network";

std::string_view letter_of(ParameterBlock::Kind kind) {
  switch (kind) {
    case ParameterBlock::Kind::weights: return "W";
    case ParameterBlock::Kind::biases: return "b";
    case ParameterBlock::Kind::slopes: return "a";
    case ParameterBlock::Kind::frequencies: return "F";
    case ParameterBlock::Kind::phases: return "φ";
    case ParameterBlock::Kind::mixes: return "V";
    case ParameterBlock::Kind::offsets: return "c";
    case ParameterBlock::Kind::levels: return "E";
    case ParameterBlock::Kind::scales: return "s";
    case ParameterBlock::Kind::factors: return "U";
  }
  return "?";
}

// How many numbers are embedded in either way, the bins of these, and how many levels of categories.
struct StageSizes {
  std::size_t periodic = 0, piecewise = 0, bins = 0, levels = 0;
};

StageSizes sizes_of(const InputStage& stage) {
  StageSizes sizes;
  for (const RowEmbedding& row : stage.rows) {
    if (row.kind == RowEmbedding::Kind::periodic) ++sizes.periodic;
    if (row.kind == RowEmbedding::Kind::piecewise) ++sizes.piecewise;
    sizes.bins += static_cast<std::size_t>(row.bins());
    if (row.kind == RowEmbedding::Kind::levels)
      sizes.levels = checked_add(sizes.levels, static_cast<std::size_t>(row.levels), kSize);
  }
  return sizes;
}

}  // namespace

std::string ParameterBlock::name() const {
  const std::string_view letter = kind == Kind::phases ? "phi" : letter_of(kind);
  return layer == 0 ? std::string(letter) : fmt::format("{}{}", letter, layer);
}
std::string ParameterBlock::letter() const {
  return layer == 0 ? std::string(letter_of(kind)) : fmt::format("{}[{}]", letter_of(kind), layer);
}

std::string ParameterBlock::element(std::size_t x) const {
  const std::string row = fmt::format("{}({}", letter(), x % rows + 1);
  return is_vector() ? row + ")" : fmt::format("{}, {})", row, x / rows + 1);
}

double PerKind::* number_of(ParameterBlock::Kind kind) noexcept {
  switch (kind) {
    case ParameterBlock::Kind::weights: return &PerKind::weights;
    case ParameterBlock::Kind::biases: return &PerKind::biases;
    case ParameterBlock::Kind::slopes: return &PerKind::slopes;
    case ParameterBlock::Kind::frequencies:
    case ParameterBlock::Kind::phases:
    case ParameterBlock::Kind::factors:
    case ParameterBlock::Kind::mixes:
    case ParameterBlock::Kind::offsets: return &PerKind::numbers;
    case ParameterBlock::Kind::levels: return &PerKind::levels;
    case ParameterBlock::Kind::scales: break;
  }
  return &PerKind::scales;
}

std::vector<ParameterBlock> blocks_of(const Architecture& net) {
  std::vector<ParameterBlock> blocks;
  for_each_block(net, [&](const ParameterBlock& block) { blocks.push_back(block); });
  return blocks;
}

void for_each_block(const Architecture& net, const std::function<void(const ParameterBlock&)>& use) {
  using Kind = ParameterBlock::Kind;
  std::size_t offset = 0;
  const auto add = [&](Kind kind, int layer, std::size_t rows, std::size_t cols) {
    use({kind, layer, rows, cols, offset});
    offset = checked_add(offset, checked_multiply(rows, cols, kSize), kSize);
  };
  const InputStage& stage = net.stage;
  const auto k = static_cast<std::size_t>(stage.frequencies), q = static_cast<std::size_t>(stage.periodic_units);
  const auto [periodic, piecewise, bins, levels] = sizes_of(stage);
  if (periodic > 0) {
    add(Kind::frequencies, 0, k, periodic);
    add(Kind::phases, 0, k, periodic);
    add(Kind::mixes, 0, k, checked_multiply(q, periodic, kSize));
    add(Kind::offsets, 0, q, periodic);
  }
  if (piecewise > 0) {  // instead: the numbers of a stage are embedded in one way
    const auto d = static_cast<std::size_t>(stage.piecewise_units);
    add(Kind::factors, 0, d, piecewise);
    if (bins > 0) add(Kind::mixes, 0, d, bins);
    add(Kind::offsets, 0, d, piecewise);
  }
  if (levels > 0) add(Kind::levels, 0, static_cast<std::size_t>(stage.level_units), levels);
  if (stage.scales) add(Kind::scales, 0, static_cast<std::size_t>(net.units(0)), 1);
  for (int l = 1; l <= net.depth(); ++l) {
    const auto n = static_cast<std::size_t>(net.units(l)), n_prev = static_cast<std::size_t>(net.units(l - 1));
    add(Kind::weights, l, n, n_prev);
    add(Kind::biases, l, n, 1);
    if (l < net.depth() && net.layer(l).learned_slope) add(Kind::slopes, l, n, 1);
  }
}

}  // namespace strata::internal
