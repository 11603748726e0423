#include "allocations.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long long> count{0};
std::atomic<long long> bytes{0};
std::atomic<long long> freed{0}, failed{0};
std::atomic<long long> until_failure{0};  // 0: none fails
std::atomic<bool> goes_on{false}, has_failed{false};

#if !STRATA_THREAD_SANITIZER
// Counts an allocation; false where it is one that is to fail.
bool succeeds(std::size_t size) noexcept {
  ++count;
  bytes += static_cast<long long>(size);
  long long left = until_failure.load();
  while (left > 1 && !until_failure.compare_exchange_weak(left, left - 1)) continue;
  if (left != 1) return true;
  if (!goes_on) until_failure = 0;
  has_failed = true;
  ++failed;
  return false;
}

void* counted(std::size_t size) noexcept {
  if (!succeeds(size)) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}
void* counted(std::size_t size, std::align_val_t alignment) noexcept {
  if (!succeeds(size)) return nullptr;
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
}

void free_counted(void* memory) noexcept {
  if (memory != nullptr) ++freed;
  std::free(memory);
}
#endif

}  // namespace

namespace strata::testing {

long long allocations() noexcept { return count; }
long long allocated_bytes() noexcept { return bytes; }
long long living_allocations() noexcept { return count - failed - freed; }

FailingAllocations::FailingAllocations(long long nth, How how) noexcept {
  has_failed = false;
  goes_on = how == How::from_then_on;
  until_failure = nth;
}
FailingAllocations::~FailingAllocations() { until_failure = 0; }
bool FailingAllocations::failed() const noexcept { return has_failed; }

}  // namespace strata::testing

#if !STRATA_THREAD_SANITIZER
// Replaces the program's allocation. The compiler cannot see that new and delete below belong together.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
  if (void* memory = counted(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { free_counted(memory); }
void operator delete[](void* memory) noexcept { free_counted(memory); }
void operator delete(void* memory, std::size_t) noexcept { free_counted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { free_counted(memory); }
// Memory that begins where a cache line does.
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (void* memory = counted(size, alignment)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted(size, alignment);
}
void operator delete(void* memory, std::align_val_t) noexcept { free_counted(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { free_counted(memory); }
#endif
