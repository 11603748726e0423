// Whether a sanitizer watches, as Clang and GCC 14 tell.
#pragma once

#ifdef __has_feature
#define STRATA_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#define STRATA_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define STRATA_ADDRESS_SANITIZER 0
#define STRATA_THREAD_SANITIZER 0
#endif
