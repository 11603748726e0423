#include "base/aligned.hpp"

#include <sys/mman.h>

#include "base/only_errors.hpp"

namespace strata::internal {
namespace {

std::align_val_t alignment_of(std::size_t bytes) noexcept {
  return std::align_val_t(bytes < kHugePage ? kAlignment : kHugePage);
}

}  // namespace

void prefer_huge_pages(void* data, std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
  (void)::madvise(data, bytes, MADV_HUGEPAGE);  // a wish: small pages serve too
#else
  (void)data, (void)bytes;
#endif
}

void* allocate_aligned(std::size_t bytes) {
  void* const memory = ::operator new(bytes, alignment_of(bytes), std::nothrow);
  if (memory == nullptr) throw MemoryWanted(bytes);
  if (bytes >= kHugePage) prefer_huge_pages(memory, bytes);
  return memory;
}

void free_aligned(void* memory, std::size_t bytes) noexcept { ::operator delete(memory, alignment_of(bytes)); }

}  // namespace strata::internal
