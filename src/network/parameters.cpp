#include "network/parameters.hpp"

#include <fmt/format.h>

#include "strata/error.hpp"

namespace strata::internal {
template <class T>
Parameters<T>::Parameters(const Architecture& net)
    : W(net.depth()), b(net.depth()), a(net.depth()), depth_(net.depth()) {
  net.validate();
  blocks_ = blocks_of(net);
  const std::size_t count = net.parameter_count();
  try {
    theta_.resize(count);
  } catch (const std::exception&) {  // bad_alloc, or length_error for a count that no vector can have
    throw Error(ErrorCode::memory, fmt::format("no memory for the network's {} parameters ({:.1f} GB); use fewer units",
                                               count, static_cast<double>(count) * sizeof(T) / 1e9));
  }
  point_into_theta();
}

template <class T>
Parameters<T>::Parameters(const Parameters& other)
    : W(other.depth()),
      b(other.depth()),
      a(other.depth()),
      depth_(other.depth()),
      blocks_(other.blocks_),
      theta_(other.theta_) {
  point_into_theta();
}

template <class T>
Parameters<T>& Parameters<T>::operator=(const Parameters& other) {
  if (blocks_ == other.blocks_ && !theta_.empty()) {
    theta_ = other.theta_;  // the same sizes: the memory stays, and so do the views
  } else {
    *this = Parameters(other);
  }
  return *this;
}

template <class T>
void Parameters<T>::point_into_theta() {
  first_.resize(static_cast<std::size_t>(depth_) + 1);
  for (std::size_t x = 0; x < blocks_.size(); ++x) {
    const ParameterBlock& block = blocks_[x];
    view_of_kind(block.kind, block.layer) = view(block);
    if (block.kind == ParameterBlock::Kind::weights) first_[static_cast<std::size_t>(block.layer)] = x;
  }
}

template <class T>
View<T>& Parameters<T>::view_of_kind(ParameterBlock::Kind kind, int l) noexcept {
  switch (kind) {
    case ParameterBlock::Kind::weights: return W[l];
    case ParameterBlock::Kind::biases: return b[l];
    case ParameterBlock::Kind::slopes: return a[l];
    case ParameterBlock::Kind::frequencies: return F_;
    case ParameterBlock::Kind::phases: return phi_;
    case ParameterBlock::Kind::mixes: return V_;
    case ParameterBlock::Kind::offsets: return c_;
    case ParameterBlock::Kind::levels: return E_;
    case ParameterBlock::Kind::scales: return s_;
    case ParameterBlock::Kind::factors: return U_;
  }
  return s_;
}

template <class T>
const ParameterBlock* Parameters<T>::stage_block(ParameterBlock::Kind kind) const noexcept {
  for (const ParameterBlock& block : blocks_) {
    if (block.layer > 0) break;
    if (block.kind == kind) return &block;
  }
  return nullptr;
}

template class Parameters<float>;
template class Parameters<double>;

}  // namespace strata::internal
