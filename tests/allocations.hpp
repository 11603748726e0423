// Every allocation of a test program is counted, once allocations.cpp is among its sources, and may be made to fail.
#pragma once

#include "base/sanitizers.hpp"

namespace strata::testing {

/// The thread sanitizer has an allocation of its own, and no second one: there nothing is counted, and nothing fails.
inline constexpr bool kCountsAllocations = !STRATA_THREAD_SANITIZER;

/// Since the program began, of all its threads.
[[nodiscard]] long long allocations() noexcept;
[[nodiscard]] long long allocated_bytes() noexcept;
/// How many there are now that nobody has freed.
[[nodiscard]] long long living_allocations() noexcept;

/// While it lives, the `nth` allocation of the program from now on fails (1: the next one), or it and all that follow.
class FailingAllocations {
 public:
  enum class How { once, from_then_on };
  FailingAllocations(long long nth, How how) noexcept;
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  [[nodiscard]] bool failed() const noexcept;  ///< did any allocation fail so far?
};

}  // namespace strata::testing
