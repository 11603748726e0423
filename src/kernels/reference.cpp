#include "kernels/reference.hpp"

namespace strata::reference {

STRATA_REFERENCE(, float)
STRATA_REFERENCE(, double)

}  // namespace strata::reference
