/* The header alone. */
#include "strata/strata.h"

/* What a caller was compiled with stays: these are read by programs that were not compiled again. */
typedef char statuses_are_known[STRATA_OK == 0 && STRATA_STOPPED == 11 ? 1 : -1];
typedef char types_are_known[STRATA_U8 == 0 && STRATA_F64 == 9 ? 1 : -1];

const char *what_happened(void);
const char *what_happened(void) { return strata_last_error()->message; }
