// strata_bench worker     a contestant of bench.py (runner.hpp has the conversation)
// strata_bench products   the products of one layer alone, with the options of Google Benchmark
// strata_bench peak       what the machine can do at most
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "engine.hpp"
#include "peak.hpp"
#include "products.hpp"
#include "runner.hpp"

namespace strata_bench {
namespace {

// peak PRECISION THREADS: the best of the instruction sets
bool answer_peak(const std::string& command, std::istream& words, nlohmann::json& answer) {
  std::string precision;
  int threads = 0;
  if (command != "peak" || !(words >> precision >> threads) || threads < 1) return false;
  double best = 0;
  for (const PeakLoop& loop : peak_loops()) {
    if (loop.precision == precision) best = std::max(best, measure(loop, threads));
  }
  if (best == 0) throw NotBuilt("this CPU has no " + precision + " instructions");
  answer["gflops"] = best;
  return true;
}

int worker() {
  const nlohmann::json greeting = {{"ready", "strata"}, {"version", engine_version()}, {"kernels", engine_kernels()}};
  serve(greeting, make_engine_runner, answer_peak);
  return 0;
}

int print_peaks() {
  for (const PeakLoop& loop : peak_loops()) {
    const double one = measure(loop, 1), two = measure(loop, 2);
    std::cout << fmt::format("{:8} {:7} {:7.1f} GFLOP/s on one thread, {:7.1f} on two\n", loop.precision,
                             loop.instructions, one, two);
  }
  return 0;
}

}  // namespace
}  // namespace strata_bench

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  try {
    if (command == "worker") return strata_bench::worker();
    if (command == "peak") return strata_bench::print_peaks();
    if (command == "products") return strata_bench::run_products(argc - 1, argv + 1);
  } catch (const std::exception& error) {
    std::cerr << "strata_bench: " << error.what() << '\n';
    return 1;
  }
  std::cerr << "strata_bench: expected 'worker', 'peak' or 'products', found '" << command << "'\n";
  return 2;
}
