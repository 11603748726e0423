#include "base/thread_pool.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "base/cpus.hpp"
#include "base/processor.hpp"
#include "base/signals_blocked.hpp"

namespace strata::internal {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than the serial work between two products of a step, far shorter than a time slice of the scheduler.
constexpr std::chrono::microseconds kSpin{30};

constexpr std::uint32_t kInside = 0xFFFF;          // of a gate: how many threads help
constexpr std::uint32_t kOpen = 1U << 16;          // others may begin to help
constexpr std::uint32_t kCallerSleeps = 1U << 17;  // the last to leave wakes the caller

// After so many rounds in which the threads brought nothing they are not called for a while: this many rounds at first,
// then twice as many each time, up to a limit; before the next while they get so many rounds to show that they can help
// again (the first of them wakes them up). Rounds may be long, so no pause is longer than this either.
constexpr int kPatience = 4, kFirstPause = 14, kLongestPause = 1000, kTrials = 2;
constexpr std::chrono::milliseconds kPauseLasts{100};

constexpr std::size_t kCacheLine = 64;

/// Spins until `ready`, a short while; false when it was not. At most until `other`, the CPU of the thread that is
/// waited for, is this one: then that thread cannot run before this one sleeps.
template <class Ready>
bool spin_until(const Ready& ready, const std::atomic<int>& other) noexcept {
  const auto end = Clock::now() + kSpin;
  do {
    for (int i = 0; i < 16; ++i) {
      if (ready()) return true;
      pause_briefly();
    }
  } while (other.load(std::memory_order_relaxed) != ::sched_getcpu() && Clock::now() < end);
  return ready();
}

/// How many times this process, or those that it comes from, was made by fork.
std::atomic<unsigned> forks{0};

unsigned generation() noexcept {
  // The thread that forks is alone in the child, whatever the others were doing.
  static const int registered = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
  return forks.load(std::memory_order_relaxed);
}

}  // namespace

struct ThreadPool::Crew {
  const unsigned born = generation();
  bool started = false;
  bool spins = false;  // there is a CPU for every thread
  std::atomic<bool> busy{false};
  int unhelped = 0;         // rounds; below 0: rounds to do alone
  int pause = kFirstPause;  // rounds to do alone next time
  Clock::time_point paused;

  // The round: written by the caller before the gate opens, read by threads that came in through the gate.
  Call call = nullptr;
  const void* context = nullptr;
  std::ptrdiff_t count = 0;
  unsigned long mode = 0;
  alignas(kCacheLine) std::atomic<std::ptrdiff_t> next{0};
  alignas(kCacheLine) std::atomic<std::uint32_t> gate{0};
  alignas(kCacheLine) std::atomic<std::uint32_t> signal{0};  // changes with every round
  std::atomic<bool> stopping{false};
  std::atomic<int> sleeping{0};
  std::atomic<int> caller_cpu{-1}, helper_cpu{-1};  // where the caller and the helper that came last ran last
  std::atomic<bool> helped{false};                  // from another CPU than the caller's

  std::mutex mutex;
  std::condition_variable wake, all_left;
  std::vector<std::jthread> threads;  // last: they end before the rest does

  ~Crew() {
    stopping.store(true);
    signal.fetch_add(1);
    {
      const std::lock_guard lock(mutex);
    }
    wake.notify_all();
  }

  /// As many as the system gives.
  void start(int wanted) noexcept {
    started = true;
    const SignalsBlocked blocked;  // the signals of a program are for its own threads
    try {
      spins = wanted <= available_cpus();
      threads.reserve(static_cast<std::size_t>(wanted) - 1);
      for (int i = 1; i < wanted; ++i) threads.emplace_back([this] { work(); });
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): those that started do the work
    } catch (const std::bad_alloc&) {     // NOLINT(bugprone-empty-catch)
    }
  }

  void take_tasks() noexcept {
    for (std::ptrdiff_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
         i = next.fetch_add(1, std::memory_order_relaxed)) {
      call(context, i);
    }
  }

  void work() noexcept {
    for (std::uint32_t seen = 0;;) {
      seen = await_signal(seen);
      if (stopping.load()) return;
      if (!enter()) continue;
      const int cpu = ::sched_getcpu();
      helper_cpu.store(cpu, std::memory_order_relaxed);
      if (cpu != caller_cpu.load(std::memory_order_relaxed)) helped.store(true, std::memory_order_relaxed);
      if (float_mode() != mode) set_float_mode(mode);
      take_tasks();
      leave();
    }
  }

  std::uint32_t await_signal(std::uint32_t seen) noexcept {
    const auto changed = [&] { return signal.load() != seen; };
    if (!(spins && spin_until(changed, caller_cpu)) && !changed()) {
      std::unique_lock lock(mutex);
      sleeping.fetch_add(1);  // before the last look at the signal; the caller looks the other way round
      wake.wait(lock, changed);
      sleeping.fetch_sub(1);
    }
    return signal.load();
  }

  void call_helpers(std::ptrdiff_t wanted) noexcept {
    signal.fetch_add(1);
    const int asleep = sleeping.load();
    const std::ptrdiff_t awake = static_cast<std::ptrdiff_t>(threads.size()) - asleep;
    const std::ptrdiff_t missing = std::min<std::ptrdiff_t>(asleep, wanted - awake);
    if (missing <= 0) return;
    {
      const std::lock_guard lock(mutex);
    }  // who counted itself as asleep is so now, or has seen the signal
    for (std::ptrdiff_t i = 0; i < missing; ++i) wake.notify_one();
  }

  bool enter() noexcept {
    std::uint32_t now = gate.load(std::memory_order_relaxed);
    while ((now & kOpen) != 0) {
      if (gate.compare_exchange_weak(now, now + 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void leave() noexcept {
    if (gate.fetch_sub(1, std::memory_order_acq_rel) - 1 != kCallerSleeps) return;
    {
      const std::lock_guard lock(mutex);
    }
    all_left.notify_one();
  }

  /// Nobody may begin to help any more; those who do are waited for.
  void finish() noexcept {
    const auto empty = [&] { return (gate.load(std::memory_order_acquire) & kInside) == 0; };
    gate.fetch_and(~kOpen, std::memory_order_acq_rel);
    if (empty() || (spins && spin_until(empty, helper_cpu))) return;
    std::unique_lock lock(mutex);
    gate.fetch_or(kCallerSleeps, std::memory_order_acq_rel);
    all_left.wait(lock, empty);
  }

  /// Where other processes keep the CPUs busy, a thread comes too late, or onto the caller's own CPU, or stops in the
  /// middle of a task: then calling it costs more than it brings, and most rounds do without it.
  [[nodiscard]] bool expects_help() noexcept {
    if (unhelped >= 0) return true;
    if (++unhelped == 0 || Clock::now() - paused >= kPauseLasts) unhelped = kPatience - kTrials;
    return false;
  }
  void judge_help(Clock::duration worked, Clock::duration waited) noexcept {
    if (helped.load(std::memory_order_relaxed) && waited <= worked) {
      unhelped = 0;
      pause = kFirstPause;
    } else if (++unhelped >= kPatience) {
      unhelped = -pause;
      paused = Clock::now();
      pause = std::min(2 * pause, kLongestPause);
    }
  }

  void run(std::ptrdiff_t tasks, Call task, const void* its_context) noexcept {
    call = task;
    context = its_context;
    count = tasks;
    mode = float_mode();
    caller_cpu.store(::sched_getcpu(), std::memory_order_relaxed);
    helper_cpu.store(-1, std::memory_order_relaxed);
    helped.store(false, std::memory_order_relaxed);
    next.store(0, std::memory_order_relaxed);
    gate.store(kOpen, std::memory_order_release);
    call_helpers(tasks - 1);
    const auto begin = Clock::now();
    take_tasks();
    const auto done = Clock::now();
    finish();
    judge_help(done - begin, Clock::now() - done);
  }
};

ThreadPool::~ThreadPool() {
  Crew* const crew = crew_.load();
  // A parent's crew is left alone: its threads are not in this process, and its locks may be held by them.
  if (crew != nullptr && crew->born == generation()) delete crew;
}

/// The crew of this process; nullptr where there is no memory for one.
ThreadPool::Crew* ThreadPool::crew() noexcept {
  Crew* present = crew_.load(std::memory_order_acquire);
  if (present != nullptr && present->born == generation()) return present;
  std::unique_ptr<Crew> fresh(new (std::nothrow) Crew);
  if (fresh && crew_.compare_exchange_strong(present, fresh.get(), std::memory_order_acq_rel)) return fresh.release();
  return present != nullptr && present->born == generation() ? present : nullptr;
}

void ThreadPool::run_on_threads(std::ptrdiff_t count, Call call, const void* context) noexcept {
  Crew* const crew = threads_ <= 1 || count <= 1 ? nullptr : this->crew();
  if (crew == nullptr || crew->busy.exchange(true, std::memory_order_acquire)) {
    for (std::ptrdiff_t i = 0; i < count; ++i) call(context, i);
    return;
  }
  if (!crew->started) crew->start(threads_);
  if (crew->expects_help()) {
    rounds_.fetch_add(1, std::memory_order_relaxed);
    crew->run(count, call, context);
  } else {
    for (std::ptrdiff_t i = 0; i < count; ++i) call(context, i);
  }
  crew->busy.store(false, std::memory_order_release);
}

}  // namespace strata::internal
