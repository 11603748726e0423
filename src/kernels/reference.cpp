#include "kernels/reference.hpp"

namespace strata::internal::reference {

STRATA_REFERENCE(, float)
STRATA_REFERENCE(, double)

}  // namespace strata::internal::reference
