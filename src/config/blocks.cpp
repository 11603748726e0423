#include "config/blocks.hpp"

#include <fmt/format.h>

namespace strata::internal {
namespace {

char letter_of(ParameterBlock::Kind kind) { return kind == ParameterBlock::Kind::weights ? 'W' : 'b'; }

}  // namespace

std::string ParameterBlock::name() const { return fmt::format("{}{}", letter_of(kind), layer); }
std::string ParameterBlock::letter() const { return fmt::format("{}[{}]", letter_of(kind), layer); }

std::string ParameterBlock::element(std::size_t x) const {
  const std::string row = fmt::format("{}({}", letter(), x % rows + 1);
  return kind == Kind::biases ? row + ")" : fmt::format("{}, {})", row, x / rows + 1);
}

std::vector<ParameterBlock> blocks_of(const Architecture& net) {
  static_cast<void>(net.parameter_count());  // can be counted
  std::vector<ParameterBlock> blocks;
  std::size_t offset = 0;
  for (int l = 1; l <= net.depth(); ++l) {
    const auto n = static_cast<std::size_t>(net.units(l)), n_prev = static_cast<std::size_t>(net.units(l - 1));
    for (const auto& [kind, cols] :
         {std::pair(ParameterBlock::Kind::weights, n_prev), std::pair(ParameterBlock::Kind::biases, std::size_t{1})}) {
      blocks.push_back({kind, l, n, cols, offset});
      offset += n * cols;
    }
  }
  return blocks;
}

}  // namespace strata::internal
