// Where the numbers of the engine lie.
#include "base/aligned.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/huge_pages.hpp"

namespace strata {
using namespace internal;
namespace {

template <class T>
std::uintptr_t place_of(const AlignedVector<T>& v) {
  return reinterpret_cast<std::uintptr_t>(v.data());
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
  if (!lends_huge_pages()) GTEST_SKIP() << "this kernel lends no huge pages to those who ask";
  EXPECT_TRUE(asked_for_huge_pages(v.data()));
}

TEST(AlignedVector, KeepsItsNumbersAsItGrowsIntoHugePages) {
  AlignedVector<std::uint32_t> v;
  for (std::uint32_t i = 0; i < 3 * kHugePage / sizeof(std::uint32_t); ++i) v.push_back(i);
  for (std::uint32_t i = 0; i < v.size(); ++i) ASSERT_EQ(v[i], i);
}

}  // namespace
}  // namespace strata
