// Which implementations there are, fastest first, the reference last.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/thread_pool.hpp"
#include "kernels/kernels.hpp"
#include "strata/options.hpp"

namespace strata {

struct KernelsEntry {
  std::string_view name;
  std::string_view about;
};
[[nodiscard]] std::span<const KernelsEntry> available_kernels();

/// The name that the environment variable STRATA_KERNELS asks for, else the fastest that this machine can run.
/// Throws Error(unsupported), listing the names, when there is no such implementation.
[[nodiscard]] std::string_view chosen_kernels();

/// The implementation of that name. The pool must outlive it.
template <class T>
[[nodiscard]] std::unique_ptr<Kernels<T>> make_kernels(std::string_view name, ThreadPool& pool);

/// The same with products in bfloat16: their operands are rounded to 8 bits of mantissa, their sums and all else are of
/// float32. `panels` has none of its own and gives the reference's.
[[nodiscard]] std::unique_ptr<Kernels<float>> make_bf16_kernels(std::string_view name, ThreadPool& pool);

/// Either, for a precision whose numbers are stored as T: float for float32 and bf16.
template <class T>
[[nodiscard]] std::unique_ptr<Kernels<T>> make_kernels(std::string_view name, Precision precision, ThreadPool& pool) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16) return make_bf16_kernels(name, pool);
  }
  return make_kernels<T>(name, pool);
}
template <class T>
[[nodiscard]] std::unique_ptr<Kernels<T>> make_chosen_kernels(Precision precision, ThreadPool& pool) {
  return make_kernels<T>(chosen_kernels(), precision, pool);
}

/// Float32 operations a second of one thread with these kernels' vectors, when nothing but registers is needed: the
/// best of some 50 ms. 0 for kernels without vectors of their own.
[[nodiscard]] double measured_peak(std::string_view name);

/// Whether products in bfloat16 have an instruction of their own with these kernels.
[[nodiscard]] bool has_native_bf16(std::string_view name) noexcept;

/// Kernels of this build for which this CPU lacks the instructions.
[[nodiscard]] std::span<const std::string_view> kernels_for_other_cpus();

extern template std::unique_ptr<Kernels<float>> make_kernels(std::string_view, ThreadPool&);
extern template std::unique_ptr<Kernels<double>> make_kernels(std::string_view, ThreadPool&);

}  // namespace strata
