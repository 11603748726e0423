#include "base/cpus.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

// A root folder with a /proc and a /sys of our own.
class ControlGroups : public testing::Test {
 protected:
  ControlGroups() : root_(fs::temp_directory_path() / ("strata-cpus-" + std::to_string(::getpid()))) {
    fs::remove_all(root_);
  }
  ~ControlGroups() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    const fs::path path = root_ / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void version_2(const std::string& group, const std::string& mounted = "/") const {
    write("proc/self/cgroup", "0::" + group + "\n");
    write("proc/self/mountinfo",
          "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
          "31 23 0:28 " +
              mounted + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  [[nodiscard]] std::optional<double> cpus() const { return control_group_cpus(root_); }

  const fs::path root_;
};

TEST_F(ControlGroups, NoneMeansNoLimit) {
  EXPECT_EQ(cpus(), std::nullopt);
  version_2("/");
  EXPECT_EQ(cpus(), std::nullopt);  // the outermost group has no cpu.max
}

TEST_F(ControlGroups, Version2) {
  version_2("/a");
  write("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
  EXPECT_EQ(cpus(), 2.5);
  write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(cpus(), std::nullopt);
}

TEST_F(ControlGroups, LimitTheCpusToWholeOnes) {
  version_2("/a");
  for (const char* quota : {"10000", "100000", "199000"}) {
    write("sys/fs/cgroup/a/cpu.max", std::string(quota) + " 100000\n");
    EXPECT_EQ(available_cpus(root_), 1) << quota;
  }
  write("sys/fs/cgroup/a/cpu.max", "99900000 100000\n");
  EXPECT_EQ(available_cpus(root_), available_cpus(root_ / "nowhere"));
}

TEST_F(ControlGroups, TheTightestOfNestedGroupsCounts) {
  version_2("/a/b/c");
  write("sys/fs/cgroup/a/cpu.max", "50000 100000\n");
  write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
  EXPECT_EQ(cpus(), 0.5);
  write("sys/fs/cgroup/a/cpu.max", "800000 100000\n");
  EXPECT_EQ(cpus(), 4.0);
}

// A container sees its own group as the mounted folder, and may see its name from outside, or as a way out of the
// mount.
TEST_F(ControlGroups, InsideAContainer) {
  write("sys/fs/cgroup/cpu.max", "300000 100000\n");
  for (const auto& [group, mounted] : {std::pair{"/", "/"},
                                       {"/docker/1234", "/docker/1234"},
                                       {"/docker/1234", "/"},
                                       {"/../../user", "/"},
                                       {"/docker/12345", "/docker/1234"}}) {
    version_2(group, mounted);
    EXPECT_EQ(cpus(), 3.0) << group << " in " << mounted;
  }
  write("sys/fs/cgroup/inner/cpu.max", "150000 100000\n");
  version_2("/docker/1234/inner", "/docker/1234");
  EXPECT_EQ(cpus(), 1.5);
}

TEST_F(ControlGroups, Version1) {
  write("proc/self/cgroup", "9:name=systemd:/x\n5:cpuset:/x\n4:cpu,cpuacct:/x/y\n0::/x\n");
  write("proc/self/mountinfo",
        "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  const std::string group = "sys/fs/cgroup/cpu,cpuacct/x/";
  write(group + "y/cpu.cfs_quota_us", "-1\n");
  write(group + "y/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpus(), std::nullopt);
  write(group + "cpu.cfs_quota_us", "75000\n");
  write(group + "cpu.cfs_period_us", "50000\n");
  EXPECT_EQ(cpus(), 1.5);
}

// Both versions at once, a blank in the name of the folder.
TEST_F(ControlGroups, Hybrid) {
  write("proc/self/cgroup", "4:cpu:/\n0::/u\n");
  write("proc/self/mountinfo",
        "33 31 0:30 / /sys/my\\040groups rw - cgroup cgroup rw,cpu\n"
        "41 31 0:38 / /sys/unified rw,relatime - cgroup2 cgroup2 rw\n");
  write("sys/my groups/cpu.cfs_quota_us", "200000");
  write("sys/my groups/cpu.cfs_period_us", "100000");
  write("sys/unified/u/cpu.max", "700000 100000");
  EXPECT_EQ(cpus(), 2.0);
  write("sys/unified/u/cpu.max", "100000 100000");
  EXPECT_EQ(cpus(), 1.0);
}

TEST_F(ControlGroups, NonsenseIsNoLimit) {
  version_2("/a");
  for (const char* text : {"", "\n", "max", "lots 100000", "0 100000", "100000 0", "-5 100000", "100000", "\xFF\xFE"}) {
    write("sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(cpus(), std::nullopt) << text;
  }
  write("sys/fs/cgroup/a/cpu.max", "100000 100000");
  for (const char* text :
       {"", "-", "- -", "31 23 0:28 / /sys/fs/cgroup - cgroup2", "31 23 0:28 /", "\n\n- cgroup2\n"}) {
    write("proc/self/mountinfo", text);
    EXPECT_EQ(cpus(), std::nullopt) << text;
  }
  version_2("/a");
  for (const char* text : {"", ":", "0:", "::", "0::"}) {
    write("proc/self/cgroup", text);
    EXPECT_EQ(cpus(), std::nullopt) << text;
  }
}

TEST(Cpus, TheAffinityMaskCounts) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_LE(available_cpus(), CPU_COUNT(&before));
  EXPECT_GE(available_cpus(), 1);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(available_cpus(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

class ThreadsVariable : public testing::Test {
 protected:
  ThreadsVariable() {
    if (const char* old = std::getenv("STRATA_THREADS")) before_ = old;
  }
  ~ThreadsVariable() override {
    before_ ? ::setenv("STRATA_THREADS", before_->c_str(), 1) : ::unsetenv("STRATA_THREADS");
  }
  std::optional<std::string> before_;
};

TEST_F(ThreadsVariable, SaysHowManyUnlessTheCallerDoes) {
  ::setenv("STRATA_THREADS", "7", 1);
  EXPECT_EQ(chosen_threads(0), 7);
  EXPECT_EQ(chosen_threads(3), 3);
  ::setenv("STRATA_THREADS", "1024", 1);
  EXPECT_EQ(chosen_threads(0), 1024);
  for (const char* text : {"", "auto"}) {
    ::setenv("STRATA_THREADS", text, 1);
    EXPECT_EQ(chosen_threads(0), available_cpus());
  }
  ::unsetenv("STRATA_THREADS");
  EXPECT_EQ(chosen_threads(0), available_cpus());
}

TEST_F(ThreadsVariable, SmallWorkTakesOneWhereNobodySays) {
  ::unsetenv("STRATA_THREADS");
  EXPECT_EQ(chosen_threads(0, true), 1);
  EXPECT_EQ(chosen_threads(3, true), 3);
  ::setenv("STRATA_THREADS", "7", 1);
  EXPECT_EQ(chosen_threads(0, true), 7);
  ::setenv("STRATA_THREADS", "many", 1);
  EXPECT_THROW(static_cast<void>(chosen_threads(0, true)), Error);
}

TEST_F(ThreadsVariable, ANumberThatNobodyMeantIsRefused) {
  EXPECT_EQ(chosen_threads(1024), 1024);
  for (const int asked : {-1, -1000, 1025, 2'000'000'000}) {
    try {
      static_cast<void>(chosen_threads(asked));
      ADD_FAILURE() << asked;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      EXPECT_EQ(std::string(error.what()),
                "expected a number of threads from 1 to 1024, or 0 for as many as the process may use, found " +
                    std::to_string(asked));
    }
  }
}

TEST_F(ThreadsVariable, AnythingElseIsRefused) {
  for (const char* text : {"0", "-1", "1025", "2x", " 2", "two", "2.5", "99999999999999999999"}) {
    ::setenv("STRATA_THREADS", text, 1);
    try {
      static_cast<void>(chosen_threads(0));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      EXPECT_EQ(
          std::string(error.what()),
          "STRATA_THREADS=" + std::string(text) +
              ": expected a whole number from 1 to 1024, or auto; unset the variable, or use --threads, which goes "
              "before it");
    }
    EXPECT_EQ(chosen_threads(2), 2);  // then it is not asked
  }
}

}  // namespace
}  // namespace strata
