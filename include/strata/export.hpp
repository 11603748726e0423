// Which names a shared library shows: those of the installed headers, and no others.
#pragma once

#ifdef STRATA_SHARED  // the package says so where the library is one
#define STRATA_EXPORT __attribute__((visibility("default")))
#else
#define STRATA_EXPORT
#endif
