#include "kernels/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "kernels/bf16_reference.hpp"
#include "kernels/cpu/instruction_sets.hpp"
#include "kernels/reference.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

template <class T, class Kernels_>
std::unique_ptr<Kernels<T>> make(ThreadPool&) {
  return std::make_unique<Kernels_>();
}
template <class T, class Kernels_>
std::unique_ptr<PreparedNetwork<T>> prepare(const NetworkValues<T>& values) {
  return prepare_plain<T>(std::make_unique<Kernels_>(), values);
}

constexpr Backend kReference{"reference",
                             "plain loops, one thread; any CPU",
                             [] { return true; },
                             [] { return false; },
                             make<float, ReferenceKernels<float>>,
                             make<double, ReferenceKernels<double>>,
                             make<float, Bf16ReferenceKernels>,
                             prepare<float, ReferenceKernels<float>>,
                             prepare<double, ReferenceKernels<double>>,
                             prepare<float, Bf16ReferenceKernels>,
                             nullptr};

struct Backends {
  std::vector<Backend> here, elsewhere;
};

const Backends& backends() {
  static const Backends all = [] {
    Backends found;
    for (const Backend& set : cpu::instruction_sets()) (set.runs_here() ? found.here : found.elsewhere).push_back(set);
    found.here.push_back(kReference);
    return found;
  }();
  return all;
}

}  // namespace

std::span<const Backend> available_backends() { return backends().here; }
std::span<const Backend> backends_for_other_cpus() { return backends().elsewhere; }

const Backend& backend_named(std::string_view name) {
  std::vector<std::string> names;
  for (const Backend& backend : backends().here) {
    if (backend.name == name) return backend;
    names.emplace_back(backend.name);
  }
  const bool elsewhere = std::ranges::find(backends().elsewhere, name, &Backend::name) != backends().elsewhere.end();
  throw Error(ErrorCode::unsupported,
              fmt::format("STRATA_KERNELS={}: {}; here run: {}", printable(name),
                          elsewhere ? "this CPU does not have these instructions" : "there are no such kernels",
                          joined(names)));
}

std::string_view chosen_kernels() {
  const char* forced = std::getenv("STRATA_KERNELS");
  return forced == nullptr || *forced == '\0' ? backends().here.front().name : backend_named(forced).name;
}

double measured_peak(const Backend& backend) {
  using Clock = std::chrono::steady_clock;
  if (backend.multiply_adds == nullptr) return 0;
  double best = 0;
  for (int i = 0; i < 50; ++i) {
    const auto start = Clock::now();
    const double operations = backend.multiply_adds(200'000);
    best = std::max(best, operations / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace strata::internal
