#include "base/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace strata {
namespace {

TEST(ThreadPool, CountsTheCaller) {
  for (int threads = 1; threads <= 8; ++threads) EXPECT_EQ(ThreadPool(threads).threads(), threads);
  EXPECT_GE(available_cpus(), 1);
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
