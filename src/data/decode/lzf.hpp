// LZF (Marc Lehmann), the fast compression of h5py, which HDF5 itself does not know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace strata::decode {

/// Inflates all of `packed`; false unless it fills `out` exactly.
[[nodiscard]] bool inflate_lzf(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept;

/// From now on HDF5 reads what was written with it.
void register_lzf();

}  // namespace strata::decode
