// The comparison behind check_gradients(), for any kernels and any gradient: the tests hand in faulty ones.
#pragma once

#include "base/thread_pool.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "network/step.hpp"
#include "strata/architecture.hpp"
#include "strata/tools.hpp"
#include "tools/differences.hpp"

namespace strata::internal {

/// Compares `gradient` with central differences of the cost J = 1/m Σ wL + λ/(2m) Σ‖W‖² that the kernels `k` compute at
/// the parameters `p`: every parameter, ε = 1e-5, no retry. The parameters are shared out over `pool`; the result is
/// the same for any number of threads. `k` is called from all of them at once, so where the pool has more than one
/// thread, `k` must not use that pool itself: make it with a ThreadPool of one thread. Throws Error(diverged) when the
/// cost at `p` is not finite; Error(memory). `way`: see differences.hpp; the figures are the same up to rounding.
[[nodiscard]] GradientCheck compare_gradients(const Architecture& net, const Parameters<double>& p, Batch<double> batch,
                                              double lambda, const Kernels<double>& k, ThreadPool& pool,
                                              const Parameters<double>& gradient, Way way = Way::rank_one);

}  // namespace strata::internal
