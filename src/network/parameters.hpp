// All weights and biases as one flat vector θ, with W[l] and b[l] as views into it. A gradient is a Parameters too.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "base/view.hpp"
#include "config/blocks.hpp"
#include "strata/architecture.hpp"
#include "strata/options.hpp"

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

  [[nodiscard]] int depth() const noexcept { return static_cast<int>(blocks_.size() / 2); }
  /// What θ is made of: W[1], b[1], …, W[L], b[L].
  [[nodiscard]] std::span<const ParameterBlock> blocks() const noexcept { return blocks_; }
  [[nodiscard]] const ParameterBlock& W_block(int l) const noexcept {
    return blocks_[static_cast<std::size_t>(2 * l - 2)];
  }
  [[nodiscard]] const ParameterBlock& b_block(int l) const noexcept {
    return blocks_[static_cast<std::size_t>(2 * l - 1)];
  }
  [[nodiscard]] View<T> view(const ParameterBlock& block) noexcept { return view_of(theta_.data(), block); }
  [[nodiscard]] View<const T> view(const ParameterBlock& block) const noexcept { return view_of(theta_.data(), block); }
  [[nodiscard]] std::span<T> theta() noexcept { return theta_; }
  [[nodiscard]] std::span<const T> theta() const noexcept { return theta_; }

 private:
  void point_into_theta();
  template <class Number>
  static View<Number> view_of(Number* theta, const ParameterBlock& block) noexcept {
    return {theta + block.offset, static_cast<Index>(block.rows), static_cast<Index>(block.cols)};
  }

  std::vector<ParameterBlock> blocks_;
  AlignedVector<T> theta_;  // one block after the other, each column-major
};

/// Weights drawn as the initializer says, biases zero. The numbers are drawn in float64 and then rounded to T.
/// Strata's stream: element (i, j) of W[l] is number i·n_{l−1} + j of stream l. NumPy's: row by row, W[1] first.
/// Throws Error(usage) when a NumPy seed does not fit 32 bits.
template <class T>
[[nodiscard]] Parameters<T> initialize(const Architecture& net, const Initializer& initializer, RandomStream random,
                                       std::uint64_t seed);

extern template class Parameters<float>;
extern template class Parameters<double>;
extern template Parameters<float> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);
extern template Parameters<double> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);

}  // namespace strata::internal
