// The ceiling: how many floating-point operations a second this machine can do in registers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strata_bench {

struct PeakLoop {
  std::string_view precision;     // float32, float64, bf16
  std::string_view instructions;  // avx512, avx2, neon, …
  double flops_of_iteration;
  void (*loop)(long iterations);
};

/// What this CPU can run, the fastest of each precision not necessarily first.
[[nodiscard]] std::vector<PeakLoop> peak_loops();

/// GFLOP/s of one loop on `threads` threads at once, the best of some short repeats.
[[nodiscard]] double measure(const PeakLoop& loop, int threads);

/// What a store of a vector costs beside multiply-adds on vectors as wide, in multiply-adds: 0 where stores go beside
/// them for nothing, 2 where each takes the place of two. Negative when it was not measured on this CPU.
double store_cost();

}  // namespace strata_bench
