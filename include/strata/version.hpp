// The version, read by CMake too.
#pragma once

#define STRATA_VERSION "0.1.0"
