// The kernels for the vector instructions of CPUs: one text, compiled once for every instruction set.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/thread_pool.hpp"
#include "kernels/kernels.hpp"

namespace strata::cpu {

struct InstructionSet {
  std::string_view name;
  std::string_view about;
  bool (*runs_here)();
  std::unique_ptr<Kernels<float>> (*make_float32)(ThreadPool&);
  std::unique_ptr<Kernels<double>> (*make_float64)(ThreadPool&);
  std::unique_ptr<Kernels<float>> (*make_bf16)(ThreadPool&);
  double (*multiply_adds)(std::int64_t rounds);  // operations in registers alone, in float32; gives their number
};

/// What this build has code for, fastest first.
[[nodiscard]] std::span<const InstructionSet> instruction_sets() noexcept;

/// Whether this CPU has an instruction for products in bfloat16.
[[nodiscard]] bool native_bf16() noexcept;

}  // namespace strata::cpu
