// Tests that pass, are skipped and fail, for skips.py.
#include <gtest/gtest.h>

TEST(Some, Passes) { SUCCEED(); }
TEST(Some, IsSkipped) { GTEST_SKIP() << "what it needs is not here"; }
TEST(Some, IsSkippedToo) { GTEST_SKIP(); }
TEST(Some, Fails) { FAIL(); }

class WithoutSetUp : public testing::Test {
 protected:
  void SetUp() override { GTEST_SKIP() << "nothing is set up"; }
};
TEST_F(WithoutSetUp, IsSkipped) { FAIL(); }
