// The back ends, one list: fastest first, the reference last. A new one is a row.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/thread_pool.hpp"
#include "kernels/kernels.hpp"
#include "kernels/prepared.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// An implementation of the contract in every precision, and of the networks made ready for prediction. In bf16 the
/// operands of products are rounded to 8 bits of mantissa; their sums and all else are of float32.
struct Backend {
  std::string_view name;
  std::string_view about;
  bool (*runs_here)();
  bool (*native_bf16)();  ///< with an instruction for products in bfloat16
  std::unique_ptr<Kernels<float>> (*make_float32)(ThreadPool&);
  std::unique_ptr<Kernels<double>> (*make_float64)(ThreadPool&);
  std::unique_ptr<Kernels<float>> (*make_bf16)(ThreadPool&);
  std::unique_ptr<PreparedNetwork<float>> (*prepare_float32)(const NetworkValues<float>&);
  std::unique_ptr<PreparedNetwork<double>> (*prepare_float64)(const NetworkValues<double>&);
  std::unique_ptr<PreparedNetwork<float>> (*prepare_bf16)(const NetworkValues<float>&);
  /// So many rounds of multiply-adds in float32 that need nothing but registers; gives the number of operations. Null:
  /// it has no vectors of its own.
  double (*multiply_adds)(std::int64_t rounds);
};

/// Those that this machine can run.
[[nodiscard]] std::span<const Backend> available_backends();
/// Those of this build for which this CPU lacks the instructions.
[[nodiscard]] std::span<const Backend> backends_for_other_cpus();
/// The one of that name. Throws Error(unsupported), listing the names, when it does not exist or does not run here.
[[nodiscard]] const Backend& backend_named(std::string_view name);
/// The name that the environment variable STRATA_KERNELS asks for, else the fastest. Throws as above.
[[nodiscard]] std::string_view chosen_kernels();

/// The kernels of that name for a precision whose numbers are stored as T: float for float32 and bf16. The pool must
/// outlive them.
template <class T>
[[nodiscard]] std::unique_ptr<Kernels<T>> make_kernels(std::string_view name, Precision precision, ThreadPool& pool) {
  const Backend& backend = backend_named(name);
  if constexpr (std::is_same_v<T, double>) {
    return backend.make_float64(pool);
  } else {
    return precision == Precision::bf16 ? backend.make_bf16(pool) : backend.make_float32(pool);
  }
}
template <class T>
[[nodiscard]] std::unique_ptr<Kernels<T>> make_kernels(std::string_view name, ThreadPool& pool) {
  return make_kernels<T>(name, std::is_same_v<T, double> ? Precision::float64 : Precision::float32, pool);
}

/// A network made ready by the back end of that name.
template <class T>
[[nodiscard]] std::unique_ptr<PreparedNetwork<T>> prepare_network(std::string_view name, Precision precision,
                                                                  const NetworkValues<T>& values) {
  const Backend& backend = backend_named(name);
  if constexpr (std::is_same_v<T, double>) {
    return backend.prepare_float64(values);
  } else {
    return precision == Precision::bf16 ? backend.prepare_bf16(values) : backend.prepare_float32(values);
  }
}

/// Float32 operations a second of one thread with its vectors, when nothing but registers is needed: the best of some
/// 50 ms. 0 where it has none.
[[nodiscard]] double measured_peak(const Backend& backend);

}  // namespace strata::internal
