// The kernels for the vector instructions of CPUs: one text, compiled once for every instruction set.
#pragma once

#include <span>

#include "kernels/registry.hpp"

namespace strata::internal::cpu {

/// What this build has code for, fastest first.
[[nodiscard]] std::span<const Backend> instruction_sets() noexcept;

/// Whether this CPU has AVX-512 with its extension for bfloat16.
[[nodiscard]] bool has_avx512_bf16() noexcept;

}  // namespace strata::internal::cpu
