#pragma once

#include <hdf5.h>

namespace strata::decode {

/// Standard input as an HDF5 file, to be closed with H5Fclose; negative where it is none.
[[nodiscard]] hid_t open_standard_input();

}  // namespace strata::decode
