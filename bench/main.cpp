// strata_bench worker     a contestant of bench.py (runner.hpp has the conversation)
// strata_bench products   the products of one layer alone, with the options of Google Benchmark
// strata_bench peak       what the machine can do at most
// strata_bench spawn CMD… runs a program from a small process, and says how long it took and its peak memory
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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
  const double cost = store_cost();
  if (cost >= 0) std::cout << fmt::format("a store beside multiply-adds costs {:.1f} of them\n", cost);
  return 0;
}

// The peak memory that Linux reports of a child starts at that of the process that made it: too much from Python.
int spawn(char** argv) {
  const auto start = Clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(argv[0], argv);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) throw std::runtime_error("the system starts no process");
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::cout << nlohmann::json{{"seconds", seconds},
                              {"mib", static_cast<double>(usage.ru_maxrss) / 1024},
                              {"status", code}}
            << std::endl;
  return code;
}

}  // namespace
}  // namespace strata_bench

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  try {
    if (command == "worker") return strata_bench::worker();
    if (command == "peak") return strata_bench::print_peaks();
    if (command == "spawn" && argc > 2) return strata_bench::spawn(argv + 2);
    if (command == "products") return strata_bench::run_products(argc - 1, argv + 1);
  } catch (const std::exception& error) {
    std::cerr << "strata_bench: " << error.what() << '\n';
    return 1;
  }
  std::cerr << "strata_bench: expected 'worker', 'peak', 'products' or 'spawn CMD', found '" << command << "'\n";
  return 2;
}
