// Memory for the parts of matrices that products lay out anew: one set of blocks for every thread at work.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <thread>

#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal::cpu {

// Bytes. A block of the left matrix stays in a second-level cache, with room for what passes beside it; one of the
// right in a third-level cache.
inline constexpr std::size_t kLeftBytes = std::size_t{384} << 10;
inline constexpr std::size_t kRightBytes = std::size_t{2} << 20;
inline constexpr std::size_t kResultBytes = std::size_t{512} << 10;

/// As many sets of blocks as a pool has threads. A thread that finds none free waits: that happens only when more
/// threads than the pool's share one implementation.
class Scratch {
 public:
  explicit Scratch(int threads)
      : count_(static_cast<std::size_t>(threads)), taken_(std::make_unique<std::atomic<bool>[]>(count_)) {
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(4096, kSetBytes * count_)));
    if (!memory_) {
      throw Error(ErrorCode::memory, fmt::format("no memory for the products of {} threads, {:.1f} MB each: use fewer "
                                                 "with {}",
                                                 threads, static_cast<double>(kSetBytes) / 1e6, spelled("threads")));
    }
  }

  /// The blocks of one thread, taken when one of them is first asked for: a small product needs none, and what takes
  /// them waits for every number that the product before has stored. Pages that no product reaches cost nothing.
  class Lease {
   public:
    explicit Lease(const Scratch& from) noexcept : from_(from) {}
    ~Lease() {
      if (flag_ != nullptr) flag_->store(false, std::memory_order_release);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    template <class T>
    [[nodiscard]] T* left() noexcept {
      return reinterpret_cast<T*>(memory());
    }
    template <class T>
    [[nodiscard]] T* right() noexcept {
      return reinterpret_cast<T*>(memory() + kLeftBytes);
    }
    template <class T>
    [[nodiscard]] T* result() noexcept {
      return reinterpret_cast<T*>(memory() + kLeftBytes + kRightBytes);
    }

   private:
    std::byte* memory() noexcept {
      while (flag_ == nullptr) {
        for (std::size_t i = 0; i < from_.count_; ++i) {
          if (from_.taken_[i].exchange(true, std::memory_order_acquire)) continue;
          flag_ = &from_.taken_[i];
          memory_ = from_.memory_.get() + i * kSetBytes;
          return memory_;
        }
        std::this_thread::yield();
      }
      return memory_;
    }

    const Scratch& from_;
    std::atomic<bool>* flag_ = nullptr;
    std::byte* memory_ = nullptr;
  };

 private:
  static constexpr std::size_t kSetBytes = kLeftBytes + kRightBytes + kResultBytes;
  struct Free {
    void operator()(std::byte* memory) const noexcept { std::free(memory); }
  };
  std::size_t count_;
  std::unique_ptr<std::atomic<bool>[]> taken_;
  std::unique_ptr<std::byte, Free> memory_;
};

}  // namespace strata::internal::cpu
