#include "base/thread_pool.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "strata/error.hpp"

namespace strata {

int available_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

namespace {

// The pool whose task this thread is running: a task that asks its own pool for help gets it from itself.
thread_local const void* running_on = nullptr;

}  // namespace

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable work_here, work_done;
  const std::function<void(std::ptrdiff_t)>* task = nullptr;
  std::ptrdiff_t count = 0;
  std::atomic<std::ptrdiff_t> next{0};
  std::size_t round = 0;    // of the work; a thread that has seen it sleeps until the next
  std::size_t working = 0;  // threads of the pool that have not finished this round
  bool stopping = false;
  std::vector<std::jthread> threads;

  void take_tasks() {
    const void* const outside = std::exchange(running_on, this);
    for (std::ptrdiff_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) (*task)(i);
    running_on = outside;
  }

  void work() {
    std::size_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      work_here.wait(lock, [&] { return stopping || round != seen; });
      if (stopping) return;
      seen = round;
      lock.unlock();
      take_tasks();
      lock.lock();
      if (--working == 0) work_done.notify_one();
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    work_here.notify_all();
    threads.clear();
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  try {
    for (int i = 1; i < threads; ++i) state_->threads.emplace_back([state = state_.get()] { state->work(); });
  } catch (const std::system_error& error) {
    const std::size_t started = state_->threads.size() + 1;
    state_->stop();
    throw Error(ErrorCode::memory, fmt::format("the system gives {} of {} threads ({}): use fewer with --threads",
                                               started, threads, error.what()));
  }
}

ThreadPool::~ThreadPool() { state_->stop(); }

int ThreadPool::threads() const noexcept { return static_cast<int>(state_->threads.size()) + 1; }

void ThreadPool::run(std::ptrdiff_t count, const std::function<void(std::ptrdiff_t)>& task) {
  State& state = *state_;
  if (state.threads.empty() || count <= 1 || running_on == &state) {
    for (std::ptrdiff_t i = 0; i < count; ++i) task(i);
    return;
  }
  {
    const std::lock_guard lock(state.mutex);
    state.task = &task;
    state.count = count;
    state.next = 0;
    state.working = state.threads.size();
    ++state.round;
  }
  state.work_here.notify_all();
  state.take_tasks();
  std::unique_lock lock(state.mutex);
  state.work_done.wait(lock, [&] { return state.working == 0; });
}

}  // namespace strata
