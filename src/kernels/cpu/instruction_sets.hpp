// The kernels for the vector instructions of CPUs: one text, compiled once for every instruction set.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/thread_pool.hpp"
#include "kernels/kernels.hpp"
#include "kernels/prepared.hpp"

namespace strata::cpu {

struct InstructionSet {
  std::string_view name;
  std::string_view about;
  bool (*runs_here)();
  bool (*native_bf16)();  // with an instruction for products in bfloat16
  std::unique_ptr<Kernels<float>> (*make_float32)(ThreadPool&);
  std::unique_ptr<Kernels<double>> (*make_float64)(ThreadPool&);
  std::unique_ptr<Kernels<float>> (*make_bf16)(ThreadPool&);
  std::unique_ptr<PreparedNetwork<float>> (*prepare_float32)(const NetworkValues<float>&);
  std::unique_ptr<PreparedNetwork<double>> (*prepare_float64)(const NetworkValues<double>&);
  std::unique_ptr<PreparedNetwork<float>> (*prepare_bf16)(const NetworkValues<float>&);
  double (*multiply_adds)(std::int64_t rounds);  // operations in registers alone, in float32; gives their number
};

/// What this build has code for, fastest first.
[[nodiscard]] std::span<const InstructionSet> instruction_sets() noexcept;

/// The one of that name; null when this build has none, or this CPU lacks its instructions.
[[nodiscard]] const InstructionSet* instruction_set_here(std::string_view name) noexcept;

/// Whether this CPU has AVX-512 with its extension for bfloat16.
[[nodiscard]] bool has_avx512_bf16() noexcept;

}  // namespace strata::cpu
