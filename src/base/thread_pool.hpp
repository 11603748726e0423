// A pool of threads for loops whose iterations are independent. How the work is cut depends on the work alone, never on
// the number of threads, so the results are the same bits for any number of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace strata::internal {

/// The threads are started at the first run that can use them. They wait for the next run by spinning for a few tens of
/// microseconds, where there is a CPU for each of them, and then asleep. A run never waits for a thread that has not
/// begun to help: when the caller was quicker than the wake-up, it does everything itself; when that goes on, because
/// others keep the CPUs busy, most runs do not call the threads at all. So tasks must not wait for each other.
///
/// A pool goes on working in a child process made by fork, with threads of the child's own. (A task must not fork.)
/// Several threads may use one pool: while one of them runs on it, the others, and tasks that call run, work alone.
class ThreadPool {
 public:
  /// `threads` counts the caller; with 1 there is never another. Where the system gives fewer, those do the work.
  explicit ThreadPool(int threads) noexcept : threads_(threads) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int threads() const noexcept { return threads_; }

  /// Calls task(0) … task(count − 1), each once, on the caller and the pool, all rounding as the caller does (and
  /// flushing denormals or not); returns when all are done. `task` must not throw. Needs no memory once the threads are
  /// there.
  template <class Task>
  void run(std::ptrdiff_t count, const Task& task) noexcept {
    run_on_threads(
        count, [](const void* context, std::ptrdiff_t i) { (*static_cast<const Task*>(context))(i); }, &task);
  }

  /// How many runs have called the threads so far: work that stays with its caller never counts.
  [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_.load(std::memory_order_relaxed); }

 private:
  struct Crew;  // the threads of one process
  using Call = void (*)(const void* context, std::ptrdiff_t i);

  void run_on_threads(std::ptrdiff_t count, Call call, const void* context) noexcept;
  [[nodiscard]] Crew* crew() noexcept;

  const int threads_;
  std::atomic<Crew*> crew_{nullptr};
  std::atomic<std::uint64_t> rounds_{0};
};

}  // namespace strata::internal
