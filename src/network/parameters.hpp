// All that is learned as one flat vector θ, with W[l], b[l] and the others as views into it. A gradient is a Parameters
// too.
#pragma once

#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "base/view.hpp"
#include "config/blocks.hpp"
#include "kernels/kernels.hpp"
#include "strata/architecture.hpp"

namespace strata::internal {

template <class T>
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(const Architecture& net);  // all zeros
  Parameters(const Parameters& other);
  Parameters& operator=(const Parameters& other);
  Parameters(Parameters&&) noexcept = default;
  Parameters& operator=(Parameters&&) noexcept = default;

  PerLayer<T> W;  // W[l] (n_l, n_{l−1}), l = 1 … L
  PerLayer<T> b;  // b[l] (n_l, 1)
  PerLayer<T> a;  // a[l] (n_l, 1), l = 1 … L−1; empty where the slopes are not learned
  /// θ₀, of the stage in front: F, φ, U, V, c, E, s, as far as it has them.
  [[nodiscard]] StageParts<const T> stage() const noexcept { return {F_, phi_, U_, V_, c_, E_, s_}; }

  [[nodiscard]] int depth() const noexcept { return depth_; }
  /// What θ is made of, as blocks_of says.
  [[nodiscard]] std::span<const ParameterBlock> blocks() const noexcept { return blocks_; }
  [[nodiscard]] const ParameterBlock& W_block(int l) const noexcept { return blocks_[first_of(l)]; }
  [[nodiscard]] const ParameterBlock& b_block(int l) const noexcept { return blocks_[first_of(l) + 1]; }
  /// Null: the layer learns no slopes.
  [[nodiscard]] const ParameterBlock* a_block(int l) const noexcept {
    return l < depth_ && first_of(l + 1) - first_of(l) == 3 ? &blocks_[first_of(l) + 2] : nullptr;
  }
  /// A block of the stage; null: it has none of this kind.
  [[nodiscard]] const ParameterBlock* stage_block(ParameterBlock::Kind kind) const noexcept;
  [[nodiscard]] View<T> view(const ParameterBlock& block) noexcept { return view_of(theta_.data(), block); }
  [[nodiscard]] View<const T> view(const ParameterBlock& block) const noexcept { return view_of(theta_.data(), block); }
  [[nodiscard]] std::span<T> theta() noexcept { return theta_; }
  [[nodiscard]] std::span<const T> theta() const noexcept { return theta_; }

 private:
  void point_into_theta();
  [[nodiscard]] View<T>& view_of_kind(ParameterBlock::Kind kind, int l) noexcept;
  [[nodiscard]] std::size_t first_of(int l) const noexcept { return first_[static_cast<std::size_t>(l)]; }
  template <class Number>
  static View<Number> view_of(Number* theta, const ParameterBlock& block) noexcept {
    return {theta + block.offset, static_cast<Index>(block.rows), static_cast<Index>(block.cols)};
  }

  int depth_ = 0;
  View<T> F_, phi_, U_, V_, c_, E_, s_;
  std::vector<ParameterBlock> blocks_;
  std::vector<std::size_t> first_;  // [l]: which of them is W[l], l = 1 … L
  AlignedVector<T> theta_;          // one block after the other, each column-major
};

extern template class Parameters<float>;
extern template class Parameters<double>;

}  // namespace strata::internal
