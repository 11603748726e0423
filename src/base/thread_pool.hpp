// A pool of threads for loops whose iterations are independent. How the work is cut depends on the work alone, never on
// the number of threads, so the results are the same bits for any number of them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace strata {

/// The number of CPUs that this process may use (affinity mask), at least 1.
[[nodiscard]] int available_cpus();

class ThreadPool {
 public:
  /// `threads` counts the caller; 1 starts no thread at all. Throws Error(memory) when the system gives no thread.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int threads() const noexcept;
  /// Calls task(0) … task(count − 1), each once, on the caller and the pool; returns when all are done. `task` must not
  /// throw.
  void run(std::ptrdiff_t count, const std::function<void(std::ptrdiff_t)>& task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace strata
