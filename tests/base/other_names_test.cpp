// What options and values are called elsewhere.
#include "base/other_names.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace strata::internal {
namespace {

TEST(OtherNames, LeadToThoseOfTheCandidates) {
  const std::vector<std::string> names = {"--learning-rate", "--l2", "--metrics", "--patience"};
  EXPECT_EQ(known_elsewhere("--lr", names), "; did you mean '--learning-rate'?");
  EXPECT_EQ(known_elsewhere("--ALPHA", names), "; did you mean '--learning-rate' or '--l2'?");
  EXPECT_EQ(known_elsewhere("--n_iter_no_change", names), "; did you mean '--patience N'?");
  EXPECT_EQ(known_elsewhere("--auc", names), "; did you mean '--metrics roc-auc'?");
  EXPECT_EQ(known_elsewhere("lr", names), "") << "with as many dashes";
  EXPECT_EQ(known_elsewhere("--cv", names), "") << "no candidate";
  EXPECT_EQ(known_elsewhere("--max", names), "") << "a part of a name";
  EXPECT_EQ(known_elsewhere("--max-iter max-epochs", names), "") << "two names";
  for (const char* none : {"", "-", "--", " "}) EXPECT_EQ(known_elsewhere(none, names), "");
}

TEST(OtherNames, GoBeforeWhatIsSpelledAlike) {
  const std::vector<std::string> losses = {"squared-error", "absolute-error", "huber"};
  EXPECT_EQ(suggestion_of_name("l1", losses), "; did you mean 'absolute-error'?");
  EXPECT_EQ(suggestion_of_name("hubr", losses), "; did you mean 'huber'?");
  EXPECT_EQ(suggestion_of_name("qqqq", losses), "");
}

}  // namespace
}  // namespace strata::internal
