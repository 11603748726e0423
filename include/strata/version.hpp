// The version: three numbers, read by CMake too, and what is made of them.
#pragma once

#define STRATA_VERSION_MAJOR 0
#define STRATA_VERSION_MINOR 1
#define STRATA_VERSION_PATCH 0

/// For comparisons: 100 for 0.1.0, 10203 for 1.2.3.
#define STRATA_VERSION_NUMBER (STRATA_VERSION_MAJOR * 10000 + STRATA_VERSION_MINOR * 100 + STRATA_VERSION_PATCH)
/// "0.1.0"
#define STRATA_VERSION STRATA_VERSION_OF(STRATA_VERSION_MAJOR, STRATA_VERSION_MINOR, STRATA_VERSION_PATCH)

// In two steps: the first puts the numbers in, the second makes text of them.
#define STRATA_VERSION_OF(major, minor, patch) STRATA_VERSION_TEXT(major, minor, patch)
#define STRATA_VERSION_TEXT(major, minor, patch) #major "." #minor "." #patch
