#include "network/parameters.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// The weights are scale * draw, or draw / divisor: LeCun's rule as the notes write it is a true division.
struct LayerScale {
  double factor = 1, divisor = 1;
};

LayerScale scale_of(const Initializer& initializer, double n, double n_prev) {
  switch (initializer.kind) {
    case Initializer::Kind::lecun: return {1, std::sqrt(n_prev)};
    case Initializer::Kind::he: return {std::sqrt(2.0 / n_prev), 1};
    case Initializer::Kind::glorot: return {std::sqrt(2.0 / (n_prev + n)), 1};
    case Initializer::Kind::normal: return {initializer.scale, 1};
    case Initializer::Kind::zeros:
    case Initializer::Kind::arrays:  // not drawn
      return {0, 1};
  }
  return {};
}

}  // namespace

template <class T>
Parameters<T>::Parameters(const Architecture& net) : W(net.depth()), b(net.depth()) {
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
    : W(other.depth()), b(other.depth()), blocks_(other.blocks_), theta_(other.theta_) {
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
  for (const ParameterBlock& block : blocks_) {
    (block.kind == ParameterBlock::Kind::weights ? W : b)[block.layer] = view(block);
  }
}

template <class T>
Parameters<T> initialize(const Architecture& net, const Initializer& initializer, RandomStream random,
                         std::uint64_t seed) {
  if (random == RandomStream::numpy && seed > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::usage, fmt::format("NumPy's stream takes seeds from 0 to 4294967295, found {}", seed));
  }
  Parameters<T> p(net);
  if (initializer.kind == Initializer::Kind::zeros) return p;
  NumpyRandom numpy(static_cast<std::uint32_t>(seed));
  for (int l = 1; l <= net.depth(); ++l) {
    const View<T> W = p.W[l];
    const LayerScale scale = scale_of(initializer, static_cast<double>(W.rows), static_cast<double>(W.cols));
    const CounterRandom counter(seed, RandomPurpose::weights, static_cast<std::uint32_t>(l));
    for (Index i = 0; i < W.rows; ++i) {  // row by row, as NumPy fills an array
      for (Index k = 0; k < W.cols; ++k) {
        const double draw =
            random == RandomStream::numpy ? numpy.normal() : counter.normal(static_cast<std::uint64_t>(i * W.cols + k));
        W(i, k) = static_cast<T>(draw * scale.factor / scale.divisor);
      }
    }
  }
  return p;
}

template class Parameters<float>;
template class Parameters<double>;
template Parameters<float> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);
template Parameters<double> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);

}  // namespace strata::internal
