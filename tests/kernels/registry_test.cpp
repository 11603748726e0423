#include "kernels/registry.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <string>

#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

// STRATA_KERNELS set for a while.
class Forced {
 public:
  explicit Forced(const char* name) {
    if (const char* old = std::getenv("STRATA_KERNELS")) before_ = old;
    name == nullptr ? ::unsetenv("STRATA_KERNELS") : ::setenv("STRATA_KERNELS", name, 1);
  }
  ~Forced() { before_ ? ::setenv("STRATA_KERNELS", before_->c_str(), 1) : ::unsetenv("STRATA_KERNELS"); }
  Forced(const Forced&) = delete;
  Forced& operator=(const Forced&) = delete;

 private:
  std::optional<std::string> before_;
};

TEST(Registry, TheReferenceIsThereAndLast) {
  const auto entries = available_backends();
  ASSERT_GE(entries.size(), 2U);
  EXPECT_EQ(entries.back().name, "reference");
  std::set<std::string_view> names;
  ThreadPool pool(2);
  for (const Backend& entry : entries) {
    EXPECT_TRUE(names.insert(entry.name).second) << "two of the name " << entry.name;
    EXPECT_FALSE(entry.about.empty());
    EXPECT_EQ(make_kernels<float>(entry.name, pool)->name(), entry.name);
    EXPECT_EQ(make_kernels<double>(entry.name, pool)->name(), entry.name);
  }
}

TEST(Registry, TheFirstIsChosenUnlessTheEnvironmentForcesAnother) {
  {
    const Forced none(nullptr);
    EXPECT_EQ(chosen_kernels(), available_backends().front().name);
  }
  {
    const Forced empty("");
    EXPECT_EQ(chosen_kernels(), available_backends().front().name);
  }
  for (const Backend& entry : available_backends()) {
    const Forced forced(std::string(entry.name).c_str());
    EXPECT_EQ(chosen_kernels(), entry.name);
  }
}

TEST(Registry, AnUnknownNameIsAnErrorThatListsTheNames) {
  const auto expect_helpful = [](const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    const std::string text = error.what();
    EXPECT_NE(text.find("panles"), std::string::npos) << text;
    for (const Backend& entry : available_backends()) EXPECT_NE(text.find(entry.name), std::string::npos) << text;
  };
  const Forced forced("panles");
  try {
    (void)chosen_kernels();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    expect_helpful(error);
    EXPECT_NE(std::string(error.what()).find("STRATA_KERNELS"), std::string::npos);
  }
  ThreadPool pool(1);
  try {
    (void)make_kernels<float>("panles", pool);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    expect_helpful(error);
  }
  const Forced escape("\x1b[31m");
  try {
    (void)chosen_kernels();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos);
  }
}

TEST(Registry, OnlyAvx512HasAnInstructionForBf16) {
  for (const Backend& entry : available_backends()) {
#if defined(__x86_64__)
    const bool expected = entry.name == "avx512" && __builtin_cpu_supports("avx512bf16") != 0;
#else
    const bool expected = false;
#endif
    EXPECT_EQ(entry.native_bf16(), expected) << entry.name;
  }
}

TEST(Registry, TooManyThreadsForTheMemoryIsAnErrorThatSaysSo) {
  ThreadPool pool(100'000'000);  // no thread is started before there is work
  for (const Backend& entry : available_backends()) {
    if (entry.name == "reference") continue;
    try {
      (void)make_kernels<float>(entry.name, pool);
      ADD_FAILURE() << entry.name << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::memory);
      EXPECT_NE(std::string(error.what()).find("100000000 threads, 3.0 MB each: use fewer with --threads"),
                std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace strata
