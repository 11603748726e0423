// Vectors that begin where a cache line does: a wide load or store then touches one line, not two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace strata::internal {

inline constexpr std::size_t kAlignment = 64;                   // bytes
inline constexpr std::size_t kHugePage = std::size_t{2} << 20;  // bytes; x86-64, and AArch64 with pages of 4 KiB

/// Asks the system to keep `bytes` from `data` on, the start of a page, in huge pages where they fill them: numbers
/// that lie 4 KiB apart cost a translation of an address each in small ones.
void prefer_huge_pages(void* data, std::size_t bytes) noexcept;

/// `bytes` that begin a cache line, in huge pages where they fill one. Throws MemoryWanted, a std::bad_alloc.
[[nodiscard]] void* allocate_aligned(std::size_t bytes);
void free_aligned(void* memory, std::size_t bytes) noexcept;

template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(allocate_aligned(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept { free_aligned(memory, count * sizeof(T)); }
  template <class U>
  bool operator==(const AlignedAllocator<U>&) const noexcept {
    return true;
  }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace strata::internal
