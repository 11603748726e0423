// Which implementations there are, fastest first, the reference last.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/thread_pool.hpp"
#include "kernels/kernels.hpp"

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

extern template std::unique_ptr<Kernels<float>> make_kernels(std::string_view, ThreadPool&);
extern template std::unique_ptr<Kernels<double>> make_kernels(std::string_view, ThreadPool&);

}  // namespace strata
