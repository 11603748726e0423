#include "network/initialize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/denormals.hpp"
#include "base/random.hpp"
#include "network/workspace.hpp"
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
    case Initializer::Kind::data:    // not drawn here
      return {0, 1};
  }
  return {};
}

// What no initializer is about: the stage and the slopes.
template <class T>
void draw_stage(const Architecture& net, Parameters<T>& p, std::uint64_t seed) {
  const bool piecewise = p.stage_block(ParameterBlock::Kind::factors) != nullptr;
  const double bound = 1 / std::sqrt(piecewise ? net.stage.piecewise_units : net.stage.frequencies);
  for (const ParameterBlock& block : p.blocks()) {
    if (block.kind == ParameterBlock::Kind::weights || block.kind == ParameterBlock::Kind::biases) continue;
    const View<T> to = p.view(block);
    const CounterRandom random(seed, RandomPurpose::stage, static_cast<std::uint32_t>(block.kind));
    for (Index x = 0; x < to.size(); ++x) {
      const auto n = static_cast<std::uint64_t>(x);
      const auto draw = [&]() -> double {
        switch (block.kind) {
          case ParameterBlock::Kind::weights:
          case ParameterBlock::Kind::biases: break;
          case ParameterBlock::Kind::slopes:
          case ParameterBlock::Kind::scales: return 1;
          case ParameterBlock::Kind::frequencies: return 0.1 * random.normal(n);
          case ParameterBlock::Kind::phases: return std::numbers::pi * (2 * random.uniform(n) - 1);
          case ParameterBlock::Kind::mixes: return piecewise ? 0 : bound * (2 * random.uniform(n) - 1);
          case ParameterBlock::Kind::factors:
          case ParameterBlock::Kind::offsets: return bound * (2 * random.uniform(n) - 1);
          case ParameterBlock::Kind::levels: return random.normal(n);
        }
        return 0;
      };
      to.data[x] = static_cast<T>(draw());
    }
  }
  // What stands for every other level begins as nothing: without missing cells among the rows it stays so.
  Index at = 0;
  for (const RowEmbedding& row : net.stage.rows) {
    at += row.levels;
    const ParameterBlock* const E = p.stage_block(ParameterBlock::Kind::levels);
    if (row.kind == RowEmbedding::Kind::levels) std::fill_n(p.view(*E).col(at - 1), E->rows, T(0));
  }
}

// The deviation of each row of Z; 0 where it is no more than the rounding of sums of n_prev terms of that size.
// Reckoned from the first column, so that equal numbers have none at all.
template <class T>
std::vector<double> deviations(View<const T> Z, Index n_prev) {
  const auto n = static_cast<std::size_t>(Z.rows);
  const auto m = static_cast<double>(Z.cols);
  std::vector<double> mean(n), squares(n), largest(n);
  for (Index j = 0; j < Z.cols; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto z = static_cast<double>(Z.col(j)[i]);
      mean[i] += (z - static_cast<double>(Z.col(0)[i])) / m;
      largest[i] = std::max(largest[i], std::abs(z));
    }
  }
  for (Index j = 0; j < Z.cols; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      const double distance = static_cast<double>(Z.col(j)[i]) - static_cast<double>(Z.col(0)[i]) - mean[i];
      squares[i] += distance * distance;
    }
  }
  const double rounding = 4 * static_cast<double>(n_prev + 1) * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (std::size_t i = 0; i < n; ++i) {
    squares[i] = std::sqrt(squares[i] / m);
    if (!(squares[i] > rounding * largest[i])) squares[i] = 0;
  }
  return squares;
}

// b = −Σ_k λ_k Z^(i_k) of five examples for each unit, Σ λ = 1.
template <class T>
void draw_biases(View<const T> Z, int l, std::uint64_t seed, View<T> b) {
  constexpr std::uint64_t kExamples = 5;
  CounterRandom which(seed, RandomPurpose::biases, 2 * static_cast<std::uint32_t>(l));
  const CounterRandom how_much(seed, RandomPurpose::biases, 2 * static_cast<std::uint32_t>(l) + 1);
  for (Index i = 0; i < Z.rows; ++i) {
    double sum = 0, weights = 0;
    for (std::uint64_t e = 0; e < kExamples; ++e) {
      const double weight = -std::log(how_much.uniform(static_cast<std::uint64_t>(i) * kExamples + e));
      sum += weight * static_cast<double>(Z(i, static_cast<Index>(which.below(static_cast<std::uint64_t>(Z.cols)))));
      weights += weight;
    }
    b.data[i] = static_cast<T>(-sum / weights);
  }
}

}  // namespace

template <class T>
Parameters<T> initialize(const Architecture& net, const Initializer& initializer, RandomStream random,
                         std::uint64_t seed) {
  if (random == RandomStream::numpy && seed > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::usage, fmt::format("NumPy's stream takes seeds from 0 to 4294967295, found {}", seed));
  }
  Parameters<T> p(net);
  draw_stage(net, p, seed);
  if (initializer.kind == Initializer::Kind::zeros || initializer.kind == Initializer::Kind::data) return p;
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

Index examples_for_start(const Architecture& net, Index m) {
  constexpr Index kMost = 4096, kFewest = 256, kNumbers = Index{1} << 22;
  const auto numbers = static_cast<Index>(workspace_numbers(net, Keep::forward)) + net.inputs;
  return std::min(m, std::clamp(kNumbers / numbers, kFewest, kMost));
}

template <class T>
void initialize_by(View<const T> X, const Architecture& net, std::uint64_t seed, const Kernels<T>& k,
                   Parameters<T>& p) {
  const FlushDenormals flush;
  Workspace<T> ws(net, X.cols, Keep::forward);
  ws.set_input(p, X);
  if (!net.stage.empty()) k.stage_forward(ws.stage, X, ws.Z[0], ws.A[0]);
  for (int l = 1; l <= net.depth(); ++l) {
    const View<T> W = p.W[l], b = p.b[l];
    const CounterRandom random(seed, RandomPurpose::weights, static_cast<std::uint32_t>(l));
    for (Index j = 0; j < W.cols; ++j)
      for (Index i = 0; i < W.rows; ++i)
        W(i, j) = static_cast<T>(random.normal(static_cast<std::uint64_t>(i * W.cols + j)));
    k.linear_forward(W, b, ws.A[l - 1], ws.Z[l]);  // b is 0
    std::vector<double> divisor = deviations<T>(ws.Z[l], W.cols);
    for (double& each : divisor)
      if (!(each > 0 && std::isfinite(each))) each = std::sqrt(static_cast<double>(W.cols));
    for (Index j = 0; j < W.cols; ++j)
      for (Index i = 0; i < W.rows; ++i)
        W(i, j) = static_cast<T>(static_cast<double>(W(i, j)) / divisor[static_cast<std::size_t>(i)]);
    k.linear_forward(W, b, ws.A[l - 1], ws.Z[l]);
    draw_biases<T>(ws.Z[l], l, seed, b);
    if (l < net.depth())
      k.linear_activation_forward(ws.g[static_cast<std::size_t>(l)], W, b, ws.A[l - 1], ws.Z[l], ws.A[l]);
  }
}

template Parameters<float> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);
template Parameters<double> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);
template void initialize_by(View<const float>, const Architecture&, std::uint64_t, const Kernels<float>&,
                            Parameters<float>&);
template void initialize_by(View<const double>, const Architecture&, std::uint64_t, const Kernels<double>&,
                            Parameters<double>&);

}  // namespace strata::internal
