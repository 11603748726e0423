// Every allocation of a test program is counted, once allocations.cpp is among its sources.
#pragma once

namespace strata::testing {

/// Since the program began, of all its threads.
[[nodiscard]] long long allocations() noexcept;
[[nodiscard]] long long allocated_bytes() noexcept;

}  // namespace strata::testing
