#include "features/calendar.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace strata::internal {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

double days(int y, unsigned m, unsigned d) {
  return static_cast<double>(
      sys_days{year{y} / std::chrono::month{m} / std::chrono::day{d}}.time_since_epoch().count());
}

TEST(Calendar, KnowsThePartsOfADate) {
  EXPECT_EQ(days(1970, 1, 1), 0);
  const double leap = days(2024, 2, 29);  // a Thursday
  EXPECT_EQ(part_of(leap, DatePart::year), 2024);
  EXPECT_EQ(part_of(leap, DatePart::month), 2);
  EXPECT_EQ(part_of(leap, DatePart::day), 29);
  EXPECT_EQ(part_of(leap, DatePart::weekday), 4);
  EXPECT_EQ(part_of(leap, DatePart::hour), 0);
  EXPECT_EQ(part_of(days(2023, 1, 1), DatePart::weekday), 7);  // a Sunday
  EXPECT_EQ(part_of(days(1969, 12, 31), DatePart::year), 1969);
  EXPECT_EQ(part_of(-0.25, DatePart::hour), 18);
  EXPECT_EQ(part_of(-0.25, DatePart::day), 31);
}

// 13/24 of a day is no double.
TEST(Calendar, EveryFullHourIsItsOwn) {
  for (const double day : {-719162.0, -1.0, 0.0, 19800.0, 2932896.0}) {
    for (int hour = 0; hour < 24; ++hour) {
      EXPECT_EQ(part_of(day + hour / 24.0, DatePart::hour), hour) << day;
      EXPECT_EQ(part_of(day + hour / 24.0 + 0.04, DatePart::hour), hour) << day;
      EXPECT_EQ(part_of(day + hour / 24.0, DatePart::day), part_of(day, DatePart::day)) << day;
    }
  }
}

TEST(Calendar, EndsWithTheYears1And9999) {
  EXPECT_TRUE(is_date(days(1, 1, 1)));
  EXPECT_FALSE(is_date(days(1, 1, 1) - 0.001));
  EXPECT_TRUE(is_date(days(9999, 12, 31) + 0.99));
  EXPECT_FALSE(is_date(days(9999, 12, 31) + 1));
  EXPECT_FALSE(is_date(std::numeric_limits<double>::quiet_NaN()));
}

}  // namespace
}  // namespace strata::internal
