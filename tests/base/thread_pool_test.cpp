#include "base/thread_pool.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/cpus.hpp"
#include "base/sanitizers.hpp"

namespace strata {
using namespace internal;
namespace {

// The tasks of a run, all at the same time, so that every thread of the pool has one.
void all_together(ThreadPool& pool, const std::function<void()>& task) {
  std::atomic<int> here{0};
  pool.run(pool.threads(), [&](std::ptrdiff_t) {
    ++here;
    while (here < pool.threads()) std::this_thread::yield();
    task();
  });
}

// Every thread of the pool has begun and has done a task. A thread that begins takes memory, and a fork at that moment
// leaves the lock of the address sanitizer's allocator taken for ever in the child (glibc's own is let go there).
void all_at_work(ThreadPool& pool) {
  all_together(pool, [] {});
}

std::ptrdiff_t threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

// True when a child that runs `check` ends well and in time.
template <class Check>
bool holds_in_a_child(const Check& check) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // a deadlock ends too
    ::_exit(check() ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool adds_up(ThreadPool& pool) {
  std::atomic<int> sum{0};
  for (int round = 0; round < 100; ++round) pool.run(10, [&](std::ptrdiff_t i) { sum += static_cast<int>(i); });
  return sum == 4500;
}

#if STRATA_THREAD_SANITIZER
constexpr bool kChildrenMayHaveThreads = false;  // its runtime refuses threads in the child of a program with threads
#else
constexpr bool kChildrenMayHaveThreads = true;
#endif

TEST(ThreadPool, CountsTheCaller) {
  for (int threads = 1; threads <= 8; ++threads) EXPECT_EQ(ThreadPool(threads).threads(), threads);
}

TEST(ThreadPool, CountsTheRoundsThatCallItsThreads) {
  ThreadPool pool(3), alone(1);
  EXPECT_EQ(pool.rounds(), 0U);
  pool.run(1, [](std::ptrdiff_t) {});
  pool.run(0, [](std::ptrdiff_t) {});
  EXPECT_EQ(pool.rounds(), 0U);
  pool.run(2, [](std::ptrdiff_t) {});
  pool.run(3, [&](std::ptrdiff_t) { pool.run(5, [](std::ptrdiff_t) {}); });
  EXPECT_EQ(pool.rounds(), 2U);
  alone.run(10, [](std::ptrdiff_t) {});
  EXPECT_EQ(alone.rounds(), 0U);
}

// On one CPU no thread can help: most rounds stop calling them, all goes on adding up, and later they are called again.
TEST(ThreadPool, StopsCallingThreadsThatCannotHelp) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  ThreadPool pool(2);  // its thread inherits the mask
  std::string found;
  const auto run = [&] {
    const std::uint64_t so_far = pool.rounds();
    std::atomic<int> sum{0};
    pool.run(10, [&](std::ptrdiff_t i) { sum += static_cast<int>(i); });
    EXPECT_EQ(sum, 45);
    found += pool.rounds() > so_far ? '1' : '0';
  };
  for (int round = 0; round < 100; ++round) run();
  std::string expected = "1111" + std::string(14, '0') + "11" + std::string(28, '0') + "11";
  expected.resize(100, '0');  // 56 alone
  EXPECT_EQ(found, expected);

  // Rounds may be long: a pause ends with the clock too.
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  found.clear();
  for (int round = 0; round < 4; ++round) run();
  EXPECT_EQ(found, "0110");
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(ThreadPool, StartsItsThreadsWhenTheyAreNeeded) {
  const std::ptrdiff_t before = threads_of_this_process();
  {
    ThreadPool pool(4);
    pool.run(1, [](std::ptrdiff_t) {});
    EXPECT_EQ(threads_of_this_process(), before);
    pool.run(2, [](std::ptrdiff_t) {});
    EXPECT_EQ(threads_of_this_process(), before + 3);
  }
  EXPECT_EQ(threads_of_this_process(), before);
}

// Then nobody spins: the other way of waiting.
TEST(ThreadPool, MoreThreadsThanCpus) {
  ThreadPool pool(4 * available_cpus() + 4);
  for (int round = 0; round < 10; ++round) EXPECT_TRUE(adds_up(pool));
}

TEST(ThreadPool, ThreadsOfTheUserMayShareAPool) {
  ThreadPool pool(3);
  std::atomic<int> sum{0};
  {
    std::vector<std::jthread> users;
    for (int user = 0; user < 4; ++user) {
      users.emplace_back([&] {
        for (int round = 0; round < 500; ++round) pool.run(7, [&](std::ptrdiff_t i) { sum += static_cast<int>(i); });
      });
    }
  }
  EXPECT_EQ(sum, 4 * 500 * 21);
}

// The threads round as the caller does, also when it changes its mind: else the bits would depend on who does a task.
TEST(ThreadPool, TheThreadsRoundAsTheCallerDoes) {
  ThreadPool pool(3);
  const auto third = [] {
    volatile float one = 1, three = 3;
    return one / three;
  };
  const float nearest = third();
  for (const int rounding : {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TONEAREST}) {
    std::fesetround(rounding);
    const float expected = third();
    std::atomic<int> others{0};
    all_together(pool, [&] { others += third() == expected ? 0 : 1; });
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(others, 0) << rounding;
    EXPECT_EQ(expected == nearest, rounding != FE_DOWNWARD);  // 1/3 in float32 is rounded up
  }
}

TEST(ThreadPool, SignalsAreForTheCaller) {
  ThreadPool pool(3);
  const auto caller = std::this_thread::get_id();
  std::atomic<int> open{0};
  all_together(pool, [&] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    const bool is_caller = std::this_thread::get_id() == caller;
    for (const int number : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD}) open += !is_caller && !sigismember(&blocked, number);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE}) open += sigismember(&blocked, number);
  });
  EXPECT_EQ(open, 0);
}

TEST(ThreadPool, AChildMadeBeforeTheFirstRunMayRun) {
  ThreadPool pool(3);
  EXPECT_TRUE(holds_in_a_child([&] { return adds_up(pool) && pool.rounds() > 0; }));
  EXPECT_TRUE(adds_up(pool));
}

TEST(ThreadPool, AChildMadeAfterwardsGetsThreadsOfItsOwn) {
  if (!kChildrenMayHaveThreads) GTEST_SKIP() << "the thread sanitizer stops such a child";
  ThreadPool pool(3);
  all_at_work(pool);
  EXPECT_TRUE(adds_up(pool));
  for (int child = 0; child < 20; ++child) {
    EXPECT_TRUE(holds_in_a_child([&] {
      if (threads_of_this_process() != 1) return false;
      int together = 0;
      std::mutex mutex;
      all_together(pool, [&] {
        const std::lock_guard lock(mutex);
        ++together;
      });
      return together == 3 && threads_of_this_process() == 3 && adds_up(pool) &&
             holds_in_a_child([&] { return adds_up(pool); });  // and a child of the child
    }));
    EXPECT_TRUE(adds_up(pool));
  }
}

// The child's copy of the pool says that a round is going on and that locks are held, by threads which the child lacks.
TEST(ThreadPool, AChildMadeInTheMiddleOfARunMayRun) {
  if (!kChildrenMayHaveThreads) GTEST_SKIP() << "the thread sanitizer stops such a child";
  ThreadPool pool(3);
  std::atomic<bool> stop{false};
  all_at_work(pool);
  std::jthread user([&] {
    while (!stop) adds_up(pool);
  });
  const auto rounds_before = pool.rounds();
  while (pool.rounds() == rounds_before) std::this_thread::yield();
  for (int child = 0; child < 50; ++child) EXPECT_TRUE(holds_in_a_child([&] { return adds_up(pool); }));
  stop = true;
}

TEST(ThreadPool, AChildMayDestroyThePool) {
  auto pool = std::make_unique<ThreadPool>(3);
  EXPECT_TRUE(adds_up(*pool));
  EXPECT_TRUE(holds_in_a_child([&] {
    pool.reset();
    return true;
  }));
  EXPECT_TRUE(adds_up(*pool));
}

TEST(ThreadPool, EveryIndexOnce) {
  for (int threads = 1; threads <= 8; ++threads) {
    ThreadPool pool(threads);
    for (const std::ptrdiff_t count : {0, 1, 2, 3, 7, 8, 9, 100, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
      std::atomic<int> outside{0};
      pool.run(count, [&](std::ptrdiff_t i) {
        if (i < 0 || i >= count) {
          ++outside;
        } else {
          ++seen[static_cast<std::size_t>(i)];
        }
      });
      EXPECT_EQ(outside, 0);
      for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], 1) << i << " of " << count << ", " << threads;
    }
  }
}

TEST(ThreadPool, OneThreadRunsInOrderOnTheCaller) {
  ThreadPool pool(1);
  std::vector<std::ptrdiff_t> order;
  const auto caller = std::this_thread::get_id();
  pool.run(5, [&](std::ptrdiff_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
  });
  EXPECT_EQ(order, (std::vector<std::ptrdiff_t>{0, 1, 2, 3, 4}));
}

// Four tasks that wait for each other can only end when four threads work at the same time.
TEST(ThreadPool, TheThreadsWorkAtTheSameTime) {
  ThreadPool pool(4);
  std::atomic<int> here{0};
  std::mutex mutex;
  std::set<std::thread::id> ids;
  pool.run(4, [&](std::ptrdiff_t) {
    {
      const std::lock_guard lock(mutex);
      ids.insert(std::this_thread::get_id());
    }
    ++here;
    while (here < 4) std::this_thread::yield();
  });
  EXPECT_EQ(ids.size(), 4U);
}

// All that the tasks wrote is there when run returns, though they write without any lock.
TEST(ThreadPool, ResultsAreVisibleToTheCaller) {
  ThreadPool pool(4);
  std::vector<std::ptrdiff_t> values(5000);
  for (std::ptrdiff_t round = 1; round <= 50; ++round) {
    pool.run(5000, [&](std::ptrdiff_t i) { values[static_cast<std::size_t>(i)] = i * round; });
    for (std::ptrdiff_t i = 0; i < 5000; ++i) ASSERT_EQ(values[static_cast<std::size_t>(i)], i * round);
  }
}

TEST(ThreadPool, TenThousandRunsWithoutALostWakeUp) {
  for (const int threads : {2, 3, 8}) {
    ThreadPool pool(threads);
    std::atomic<long long> sum{0};
    for (int run = 0; run < 10000; ++run) {
      pool.run(2 + run % 7, [&](std::ptrdiff_t i) { sum += i + 1; });
    }
    long long expected = 0;
    for (int run = 0; run < 10000; ++run) {
      const long long n = 2 + run % 7;
      expected += n * (n + 1) / 2;
    }
    EXPECT_EQ(sum, expected);
  }
}

TEST(ThreadPool, TasksMayUseAnotherPool) {
  ThreadPool outer(3);
  std::atomic<int> sum{0};
  outer.run(12, [&](std::ptrdiff_t) {
    ThreadPool inner(2);
    inner.run(10, [&](std::ptrdiff_t) { ++sum; });
  });
  EXPECT_EQ(sum, 120);
}

TEST(ThreadPool, ATaskMayRunOnItsOwnPool) {
  for (const int threads : {1, 2, 8}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 100; ++round) {
      std::vector<std::atomic<int>> seen(60);
      pool.run(6, [&](std::ptrdiff_t i) {
        pool.run(10, [&](std::ptrdiff_t j) { ++seen[static_cast<std::size_t>(10 * i + j)]; });
      });
      for (const auto& n : seen) ASSERT_EQ(n, 1);
    }
  }
}

TEST(ThreadPool, StartsAndStopsAThousandTimes) {
  std::atomic<int> sum{0};
  for (int i = 0; i < 1000; ++i) {
    ThreadPool pool(1 + i % 4);
    if (i % 3 != 0) pool.run(4, [&](std::ptrdiff_t) { ++sum; });  // also a pool that never worked
  }
  EXPECT_EQ(sum, 4 * 666);
}

}  // namespace
}  // namespace strata
