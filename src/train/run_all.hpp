// Tasks of a pool that may throw.
#pragma once

#include <cstddef>
#include <exception>
#include <vector>

#include "base/thread_pool.hpp"

namespace strata::internal {

/// Calls task(0) … task(count − 1) on the pool, all of them. What they throw reaches the caller then: of several that
/// of the first.
template <class Task>
void run_all(ThreadPool& pool, std::size_t count, const Task& task) {
  std::vector<std::exception_ptr> errors(count);
  pool.run(static_cast<std::ptrdiff_t>(count), [&](std::ptrdiff_t each) {
    const auto i = static_cast<std::size_t>(each);
    try {
      task(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace strata::internal
