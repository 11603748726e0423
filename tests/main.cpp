// The main function of the test programs. GoogleTest's own ends with 0 when tests were skipped, and CTest then shows
// what was not tested as passed.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

constexpr int kSkipped = 77;  // as in tests/cli/run.py; CTest knows it by the property SKIP_RETURN_CODE

// "ReadFor.TheCourseFilesByShape: the shared reference data is not here"
std::string skipped_tests(const testing::UnitTest& program) {
  std::string text;
  for (int s = 0; s < program.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *program.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const testing::TestInfo& test = *suite.GetTestInfo(t);
      if (!test.should_run() || !test.result()->Skipped()) continue;
      text += std::string(text.empty() ? "" : "; ") + suite.name() + "." + test.name();
      for (int p = 0; p < test.result()->total_part_count(); ++p) {
        const testing::TestPartResult& part = test.result()->GetTestPartResult(p);
        std::string reason = part.summary();
        reason.erase(reason.find_last_not_of(" \n") + 1);  // newer versions end it with a line
        if (part.skipped() && !reason.empty()) text += ": " + reason;
      }
    }
  }
  return text;
}

}  // namespace

// What failed goes before what was skipped.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  const testing::UnitTest& program = *testing::UnitTest::GetInstance();
  if (result != 0 || GTEST_FLAG_GET(list_tests)) return result;
  if (program.test_to_run_count() == 0) {
    std::printf("no test was run: is the filter '%s' right?\n", GTEST_FLAG_GET(filter).c_str());
    return 1;
  }
  const std::string skipped = skipped_tests(program);
  if (skipped.empty()) return 0;
  std::printf("%d of %d tests skipped: %s\n", program.skipped_test_count(), program.test_to_run_count(),
              skipped.c_str());
  return kSkipped;
}
