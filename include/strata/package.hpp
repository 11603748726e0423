// Where an installed package of Strata lies, told to the library by the programs that are built with it: a static
// library has no place of its own. The package's CMake file defines STRATA_DECODE_PROGRAM, also after it was moved.
#pragma once

namespace strata::internal {

/// Says where strata-decode is, the program that reads HDF5, PNG and JPEG files. For the line below only.
bool decoder_is_at(const char* program) noexcept;

#if defined(STRATA_DECODE_PROGRAM) && !defined(STRATA_SHARED)
inline const bool decoder_is_known = decoder_is_at(STRATA_DECODE_PROGRAM);
#endif

}  // namespace strata::internal
