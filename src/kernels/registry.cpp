#include "kernels/registry.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "kernels/panels.hpp"
#include "kernels/reference.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

constexpr std::array kEntries = {
    KernelsEntry{"panels", "the reference's sums on cache-sized panels, shared over threads; any CPU"},
    KernelsEntry{"reference", "plain loops, one thread; any CPU"},
};

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const KernelsEntry& entry : kEntries) all.emplace_back(entry.name);
  return all;
}

[[noreturn]] void unknown(std::string_view name) {
  throw Error(ErrorCode::unsupported, fmt::format("STRATA_KERNELS={}: there are no such kernels; there are: {}",
                                                  printable(name), joined(names())));
}

}  // namespace

std::span<const KernelsEntry> available_kernels() noexcept { return kEntries; }

std::string_view chosen_kernels() {
  const char* forced = std::getenv("STRATA_KERNELS");
  if (forced == nullptr || *forced == '\0') return kEntries.front().name;
  for (const KernelsEntry& entry : kEntries) {
    if (entry.name == forced) return entry.name;
  }
  unknown(forced);
}

template <class T>
std::unique_ptr<Kernels<T>> make_kernels(std::string_view name, ThreadPool& pool) {
  if (name == "panels") return std::make_unique<PanelKernels<T>>(pool);
  if (name == "reference") return std::make_unique<ReferenceKernels<T>>();
  unknown(name);
}

template std::unique_ptr<Kernels<float>> make_kernels(std::string_view, ThreadPool&);
template std::unique_ptr<Kernels<double>> make_kernels(std::string_view, ThreadPool&);

}  // namespace strata
