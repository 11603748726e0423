#include "train/finite.hpp"

#include <fmt/format.h>

#include <limits>

namespace strata::internal {
namespace {

template <class T>
bool finite(View<const T> M) {
  for (Index j = 0; j < M.cols; ++j) {
    if (!all_finite(std::span<const T>(M.col(j), static_cast<std::size_t>(M.rows)))) return false;
  }
  return true;
}

}  // namespace

template <class T>
bool all_finite(std::span<const T> values) noexcept {
  // No early exit: a loop without one is done many numbers at a time, and all numbers are nearly always finite.
  unsigned bad = 0;
  for (const T value : values) {
    const T magnitude = value < T(0) ? -value : value;
    bad |= static_cast<unsigned>(!(magnitude <= std::numeric_limits<T>::max()));
  }
  return bad == 0;
}

template <class T>
std::string first_not_finite(const Architecture& net, const Parameters<T>& p, const Workspace<T>& ws,
                             const Parameters<T>& gradient) {
  if (!net.stage.empty() && !finite(ws.A[0]))
    return "the stage in front of layer 1 was the first, whose A[0] overflowed";
  for (int l = 1; l <= net.depth(); ++l) {
    if (!finite(ws.A[l]) || !finite(ws.Z[l])) {
      return fmt::format("layer {} of {} was the first whose Z[{}] = W[{}] A[{}] + b[{}] overflowed", l, net.depth(), l,
                         l, l - 1, l);
    }
  }
  const auto overflows = [](const Parameters<T>& in, const ParameterBlock& block) {
    return !all_finite(in.theta().subspan(block.offset, block.size()));
  };
  for (std::size_t x = p.blocks().size(); x-- > 0;) {
    const int l = p.blocks()[x].layer;
    if (overflows(gradient, p.blocks()[x])) {
      if (l == 0)
        return fmt::format("on the way back the gradient d{} of the stage overflowed", p.blocks()[x].letter());
      return fmt::format("on the way back layer {} of {} was the first whose gradient dW[{}] overflowed", l,
                         net.depth(), l);
    }
  }
  for (const ParameterBlock& block : p.blocks()) {
    const int l = block.layer;
    if (overflows(p, block) && l == 0) return fmt::format("{} of the stage in front overflowed", block.letter());
    if (overflows(p, block))
      return fmt::format(
          "layer {} of {} was the first whose {} overflowed", l, net.depth(),
          block.kind == ParameterBlock::Kind::slopes ? block.letter() : fmt::format("W[{}] or b[{}]", l, l));
  }
  return "the sum of the losses overflowed";
}

template bool all_finite(std::span<const float>) noexcept;
template bool all_finite(std::span<const double>) noexcept;
template std::string first_not_finite(const Architecture&, const Parameters<float>&, const Workspace<float>&,
                                      const Parameters<float>&);
template std::string first_not_finite(const Architecture&, const Parameters<double>&, const Workspace<double>&,
                                      const Parameters<double>&);

}  // namespace strata::internal
