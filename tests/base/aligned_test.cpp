// Where the numbers of the engine lie.
#include "base/aligned.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace strata {
namespace {

template <class T>
std::uintptr_t place_of(const AlignedVector<T>& v) {
  return reinterpret_cast<std::uintptr_t>(v.data());
}

// What the kernel says of the mapping that holds an address: two letters for each of its properties.
std::string properties_of_mapping(std::uintptr_t address) {
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) here = begin <= address && address < end;
    if (here && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST(AlignedVector, BeginsACacheLine) {
  for (std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{1000}, kHugePage / sizeof(float) - 1}) {
    const AlignedVector<float> v(size);
    EXPECT_EQ(place_of(v) % kAlignment, 0U) << size;
  }
}

TEST(AlignedVector, LiesInHugePagesFromOneOn) {
  const AlignedVector<float> v(kHugePage / sizeof(float) + 1);
  EXPECT_EQ(place_of(v) % kHugePage, 0U);
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) {
    GTEST_SKIP() << "this kernel lends no huge pages to those who ask";
  }
  EXPECT_NE(properties_of_mapping(place_of(v)).find(" hg "), std::string::npos);
}

TEST(AlignedVector, KeepsItsNumbersAsItGrowsIntoHugePages) {
  AlignedVector<std::uint32_t> v;
  for (std::uint32_t i = 0; i < 3 * kHugePage / sizeof(std::uint32_t); ++i) v.push_back(i);
  for (std::uint32_t i = 0; i < v.size(); ++i) ASSERT_EQ(v[i], i);
}

}  // namespace
}  // namespace strata
