// The files that are being written when a program ends: each test lets a child end in the middle of it.
#include "base/temporary.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "base/sanitizers.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;
using internal::remove_temporary_files;  // what the public ones call
using internal::require_writable;
using Names = std::vector<std::string>;

class Temporary : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "strata-temporary-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  [[nodiscard]] Names names() const {
    Names found;
    for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

  void write(const char* name, const std::string& text) const {
    replace_file(folder / name, [&](const Sink& sink) { sink(std::as_bytes(std::span(text))); });
  }

  fs::path folder;
};

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The exit code of a child that does this, 0 where it comes to its end; 128 and the number of the signal that ended
/// it.
template <class Function>
int in_a_child(const Function& function) {
  const pid_t child = ::fork();
  if (child == 0) {
    function();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void remove_and_end(int /*number*/) {
  remove_temporary_files();
  ::_exit(7);
}

TEST_F(Temporary, ASignalInTheMiddleLeavesTheOldFileAndNothingElse) {
  write("model", "old");
  const int code = in_a_child([&] {
    std::signal(SIGTERM, remove_and_end);
    replace_file(folder / "model", [&](const Sink& sink) {
      sink(std::as_bytes(std::span("half of the ne", 14)));
      if (names().size() != 2) ::_exit(1);
      std::raise(SIGTERM);
    });
  });
  EXPECT_EQ(code, 7);
  EXPECT_EQ(text_of(folder / "model"), "old");
  EXPECT_EQ(names(), (Names{"model"}));
}

TEST_F(Temporary, AllOfSeveralFilesAreRemovedAndEachNameIsUsedAgain) {
  const int code = in_a_child([&] {
    for (int i = 0; i < 3; ++i) {
      write("a", "whole");
      require_writable(folder / "b");
    }
    const auto inner = [&](const Sink&) { replace_file(folder / "c", [](const Sink&) { remove_and_end(0); }); };
    const auto middle = [&](const Sink&) { replace_file(folder / "b", inner); };
    replace_file(folder / "b", middle);  // the same target twice at a time
  });
  EXPECT_EQ(code, 7);
  EXPECT_EQ(names(), (Names{"a"}));
}

TEST_F(Temporary, WhatIsFinishedIsNotRemoved) {
  EXPECT_EQ(in_a_child([&] {
              write("a", "whole");
              {
                const TemporaryName name(folder / "b");
              }
              std::ofstream(folder / "b") << "no longer temporary";
              remove_temporary_files();
            }),
            0);
  EXPECT_EQ(names(), (Names{"a", "b"}));
}

TEST_F(Temporary, AFolderIsRemovedWithItsFilesInWhateverOrder) {
  EXPECT_EQ(in_a_child([&] {
              std::optional<TemporaryName> first(folder / "first");
              const TemporaryName place(folder / "place");
              fs::create_directory(place.path());
              first.reset();  // its place in the list is taken by the next
              const TemporaryName inside(place.path() / "inside"), moved = TemporaryName(place.path() / "moved");
              std::ofstream(inside.path()) << "x";
              std::ofstream(moved.path()) << "x";
              remove_temporary_files();
              ::_exit(0);
            }),
            0);
  EXPECT_TRUE(names().empty());
}

TEST_F(Temporary, AChildDoesNotRemoveTheFilesOfItsParent) {
  replace_file(folder / "model", [&](const Sink&) {
    EXPECT_EQ(in_a_child([] { remove_temporary_files(); }), 0);
    EXPECT_EQ(names().size(), 1U);
  });
  EXPECT_EQ(names(), (Names{"model"}));
}

TEST_F(Temporary, AfterwardsNoFileIsBegun) {
  const int code = in_a_child([&] {
    remove_temporary_files();
    for (const bool probe : {true, false}) {
      try {
        if (probe) {
          require_writable(folder / "a");
        } else {
          write("a", "x");
        }
        ::_exit(1);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::io || std::string(error.what()) != "cannot make a file: the program is ending")
          ::_exit(2);
      }
    }
    ::_exit(9);
  });
  EXPECT_EQ(code, 9);
  EXPECT_TRUE(names().empty());
}

// The handler must not come between the making of a file and the registration of its name.
TEST_F(Temporary, ASignalWaitsWhileAFileIsMade) {
  const int code = in_a_child([&] {
    std::signal(SIGTERM, remove_and_end);
    std::optional<TemporaryName> name;
    {
      const Making making;
      std::ofstream(folder / "a") << "x";
      std::raise(SIGTERM);
      const Making inner;
      name.emplace(folder / "a");
    }
    ::_exit(1);
  });
  EXPECT_EQ(code, 7);
  EXPECT_TRUE(names().empty());
}

#if STRATA_THREAD_SANITIZER
constexpr int kRounds = 5;  // it looks back for a second at the end of each program
#else
constexpr int kRounds = 60;
#endif

// Four threads that write without a pause, and an end at some instant.
TEST_F(Temporary, NothingIsLeftWhateverOtherThreadsDo) {
  write("0", "old");
  for (int round = 0; round < kRounds; ++round) {
    const int code = in_a_child([&] {
      std::atomic<int> written{0};
      for (const char* name : {"0", "1", "2", "2"}) {
        std::thread([this, name, &written] {
          try {
            while (true) {
              write(name, "new");
              require_writable(folder / name);
              written.fetch_add(1);
            }
          } catch (const Error&) {
            while (true) ::pause();  // the program is ending
          }
        }).detach();
      }
      while (written.load() < 4) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::microseconds(37 * (round % 20)));
      remove_and_end(0);
    });
    ASSERT_EQ(code, 7);
    for (const std::string& name : names()) ASSERT_EQ(name.size(), 1U) << name << " is left in round " << round;
  }
}

TEST(TemporaryNames, AreRandomAndBesideTheirFile) {
  const fs::path a = name_beside("folder/model.strata"), b = name_beside("folder/model.strata");
  EXPECT_NE(a, b);
  EXPECT_EQ(a.parent_path(), "folder");
  EXPECT_TRUE(a.filename().string().starts_with("model.strata."));
  EXPECT_TRUE(a.string().ends_with(".tmp"));
}

}  // namespace
}  // namespace strata
