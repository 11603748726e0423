#include "kernels/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

#include "base/text.hpp"
#include "kernels/bf16_reference.hpp"
#include "kernels/cpu/instruction_sets.hpp"
#include "kernels/panels.hpp"
#include "kernels/reference.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

constexpr KernelsEntry kPanels{"panels", "the reference's sums on cache-sized panels, shared over threads; any CPU"};
constexpr KernelsEntry kReference{"reference", "plain loops, one thread; any CPU"};

struct Entries {
  std::vector<KernelsEntry> here;
  std::vector<std::string_view> elsewhere;  // in this build, but not for this CPU
};

const Entries& entries() {
  static const Entries all = [] {
    Entries found;
    for (const cpu::InstructionSet& set : cpu::instruction_sets()) {
      if (set.runs_here()) {
        found.here.push_back({set.name, set.about});
      } else {
        found.elsewhere.push_back(set.name);
      }
    }
    found.here.push_back(kPanels);
    found.here.push_back(kReference);
    return found;
  }();
  return all;
}

[[noreturn]] void unknown(std::string_view name) {
  std::vector<std::string> names;
  for (const KernelsEntry& entry : entries().here) names.emplace_back(entry.name);
  for (const std::string_view other : entries().elsewhere) {
    if (other == name) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("STRATA_KERNELS={}: this CPU does not have these instructions; here run: {}", name,
                              joined(names)));
    }
  }
  throw Error(ErrorCode::unsupported, fmt::format("STRATA_KERNELS={}: there are no such kernels; here run: {}",
                                                  printable(name), joined(names)));
}

template <class T>
std::unique_ptr<Kernels<T>> make_for(const cpu::InstructionSet& set, ThreadPool& pool) {
  if constexpr (std::is_same_v<T, float>) {
    return set.make_float32(pool);
  } else {
    return set.make_float64(pool);
  }
}

}  // namespace

std::span<const KernelsEntry> available_kernels() { return entries().here; }

std::string_view chosen_kernels() {
  const char* forced = std::getenv("STRATA_KERNELS");
  if (forced == nullptr || *forced == '\0') return entries().here.front().name;
  for (const KernelsEntry& entry : entries().here) {
    if (entry.name == forced) return entry.name;
  }
  unknown(forced);
}

template <class T>
std::unique_ptr<Kernels<T>> make_kernels(std::string_view name, ThreadPool& pool) {
  if (const cpu::InstructionSet* const set = cpu::instruction_set_here(name)) return make_for<T>(*set, pool);
  if (name == "panels") return std::make_unique<PanelKernels<T>>(pool);
  if (name == "reference") return std::make_unique<ReferenceKernels<T>>();
  unknown(name);
}

double measured_peak(std::string_view name) {
  using Clock = std::chrono::steady_clock;
  const cpu::InstructionSet* const set = cpu::instruction_set_here(name);
  if (set == nullptr) return 0;
  double best = 0;
  for (int i = 0; i < 50; ++i) {
    const auto start = Clock::now();
    const double operations = set->multiply_adds(200'000);
    best = std::max(best, operations / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

bool has_native_bf16(std::string_view name) noexcept {
  const cpu::InstructionSet* const set = cpu::instruction_set_here(name);
  return set != nullptr && set->native_bf16();
}

std::span<const std::string_view> kernels_for_other_cpus() { return entries().elsewhere; }

std::unique_ptr<Kernels<float>> make_bf16_kernels(std::string_view name, ThreadPool& pool) {
  if (const cpu::InstructionSet* const set = cpu::instruction_set_here(name)) return set->make_bf16(pool);
  if (name == "panels" || name == "reference") return std::make_unique<Bf16ReferenceKernels>();
  unknown(name);
}

template std::unique_ptr<Kernels<float>> make_kernels(std::string_view, ThreadPool&);
template std::unique_ptr<Kernels<double>> make_kernels(std::string_view, ThreadPool&);

}  // namespace strata
