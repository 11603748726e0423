// The parameters that a training starts from, drawn anew.
#pragma once

#include <cstdint>

#include "base/view.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "strata/architecture.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// Weights drawn as the initializer says (data: they stay 0), biases zero, slopes and scales 1. The numbers are drawn
/// in float64 and then rounded to T. Strata's stream: element (i, j) of W[l] is number i·n_{l−1} + j of stream l.
/// NumPy's: row by row, W[1] first. The other parts of the stage as in Holzmüller et al., 2024, whatever the
/// initializer and the stream: F normal with deviation 0.1, φ uniform in (−π, π), V and c uniform in ±1/√k, E normal
/// with deviation 1. Of piecewise embeddings V is 0, and U and c uniform in ±1/√d (the package rtdl_num_embeddings of
/// Gorishniy et al., version B): at first they are linear. Throws Error(usage) when a NumPy seed does not fit 32 bits.
template <class T>
[[nodiscard]] Parameters<T> initialize(const Architecture& net, const Initializer& initializer, RandomStream random,
                                       std::uint64_t seed);

/// How many of m examples initialize_by is to look at: 4,096, for more say no more; fewer, but at least 256, where they
/// would take more than some 16 MB.
[[nodiscard]] Index examples_for_start(const Architecture& net, Index m);

/// Initializer::data, layer by layer, from examples X (n_x, m): W[l] normal, and then each unit's weights divided by
/// the deviation of its W[l] A[l−1] over them (by √n_{l−1} where there is none); b[l] the negative of a mean of that
/// over five of the examples, drawn for each unit, with weights from Exp(1) (He et al.'s variance, and "he+5" of
/// Steinwart, 2019, "A sober look at neural network initializations"). Nothing is dropped. `p` has the rest.
template <class T>
void initialize_by(View<const T> X, const Architecture& net, std::uint64_t seed, const Kernels<T>& k, Parameters<T>& p);

extern template Parameters<float> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);
extern template Parameters<double> initialize(const Architecture&, const Initializer&, RandomStream, std::uint64_t);
extern template void initialize_by(View<const float>, const Architecture&, std::uint64_t, const Kernels<float>&,
                                   Parameters<float>&);
extern template void initialize_by(View<const double>, const Architecture&, std::uint64_t, const Kernels<double>&,
                                   Parameters<double>&);

}  // namespace strata::internal
