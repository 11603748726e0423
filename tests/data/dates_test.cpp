// Dates in every form, and their days since 1970.
#include "data/dates.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>

namespace strata::internal {
namespace {

constexpr std::array<const char*, 12> kNames{"January", "February", "March",     "April",   "May",      "June",
                                             "July",    "August",   "September", "October", "November", "December"};

std::vector<std::size_t> forms_of(std::string_view cell) {
  const DateCell date = read_date(cell);
  std::vector<std::size_t> forms;
  for (std::size_t i = 0; i < kDateForms.size(); ++i) {
    if ((date.forms >> i & 1U) != 0) forms.push_back(i);
  }
  return forms;
}

// The day in the first form that reads the cell; NaN when none does.
double day_of(std::string_view cell) {
  double days = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::size_t> forms = forms_of(cell);
  if (forms.empty()) return days;
  EXPECT_TRUE(parse_date_as(cell, kDateForms[forms.front()], days)) << cell;
  return days;
}

double days(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  return static_cast<double>(
      sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)).time_since_epoch().count());
}

// A day as a form writes it.
std::string written(const DateForm& form, int year, unsigned month, unsigned day) {
  const std::string m = form.named ? kNames[month - 1] : fmt::format("{:02}", month);
  const std::string s = form.separator == 0 ? "" : std::string(1, form.separator);
  switch (form.order) {
    case DateParts::ymd: return fmt::format("{:04}{}{}{}{:02}", year, s, m, s, day);
    case DateParts::dmy: return fmt::format("{:02}{}{}{}{:04}", day, s, m, s, year);
    case DateParts::mdy: return fmt::format("{}{}{:02}{}{:04}", m, s, day, s, year);
    case DateParts::ym: return fmt::format("{:04}{}{}", year, s, m);
    case DateParts::y: break;
  }
  return fmt::format("{:04}", year);
}

TEST(Dates, round_trips_against_the_calendar_of_the_standard_library) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const int year = 1 + static_cast<int>(random() % 9999);
    const auto month = 1 + static_cast<unsigned>(random() % 12), day = 1 + static_cast<unsigned>(random() % 31);
    const bool is_day = (std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)).ok();
    for (std::size_t f = 0; f < kDateForms.size(); ++f) {
      const DateForm& form = kDateForms[f];
      const std::string cell = written(form, year, month, day);
      double value = 0.25;
      const bool whole_month = form.order == DateParts::ym, whole_year = form.order == DateParts::y;
      const bool right = is_day || whole_month || whole_year;
      ASSERT_EQ(parse_date_as(cell, form, value), right) << cell;
      ASSERT_EQ((read_date(cell).forms >> f & 1U) != 0, right) << cell;
      const double expected = !right        ? 0.25
                              : whole_year  ? days(year, 1, 1)
                              : whole_month ? days(year, month, 1)
                                            : days(year, month, day);
      ASSERT_EQ(value, expected) << cell;
    }
  }
}

TEST(Dates, written_as_people_do) {
  const double day = days(2024, 3, 1);
  for (const char* cell : {"2024-03-01",  "2024-3-1",     "2024/03/01",   "2024/3/1", "2024.03.01",   "01.03.2024",
                           "1.3.2024",    "1.3.24",       "01/03/2024",   "1/3/24",   "1 Mar 2024",   "1 MARCH 2024",
                           "01 march 24", "1. Mar 2024",  "01-Mar-2024",  "1-mar-24", "Mar 1, 2024",  "March 01, 2024",
                           "Mar 1 2024",  "Mar. 1, 2024", "march 1,2024", "2024-03",  " 2024-03-01 ", "20240301"}) {
    EXPECT_EQ(day_of(cell), day) << cell;
  }
  EXPECT_EQ(day_of("3 Sept 2024"), days(2024, 9, 3));
  EXPECT_EQ(day_of("2024"), days(2024, 1, 1));
  EXPECT_EQ(day_of("1970-01-01"), 0);
  EXPECT_EQ(day_of("0001-01-01"), -719162);
  EXPECT_EQ(day_of("9999-12-31"), 2932896);
  EXPECT_EQ(day_of("1/1/68"), days(2068, 1, 1));
  EXPECT_EQ(day_of("1/1/69"), days(1969, 1, 1));
  EXPECT_EQ(day_of("29.02.2000"), days(2000, 2, 29));
}

TEST(Dates, what_is_none) {
  for (const char* cell : {"",
                           "x",
                           "2024-02-30",
                           "29.02.1900",
                           "2023-02-29",
                           "31.04.2024",
                           "2024-13",
                           "2024-00-01",
                           "2024-01-00",
                           "0000-01-01",
                           "0000",
                           "32/01/2024",
                           "13/13/2024",
                           "1/3/024",
                           "1/3/2",
                           "24-03-01",
                           "1-3-24",
                           "2024-3",
                           "2024-03-01-",
                           "2024-03/01",
                           "1.3-2024",
                           "1 3 2024",
                           "Mrz 1, 2024",
                           "Ma 1, 2024",
                           "Marc 1, 2024",
                           "Mar 2024",
                           "1 Mar",
                           "Mar",
                           "May",
                           "10000-01-01",
                           "2024-03-001",
                           "123456789",
                           "2024030",
                           "20240230",
                           "12:30",
                           "2024-03-01x",
                           "2024-03-01 x",
                           "-2024-03-01",
                           "2024-03-01T",
                           "2024-03 12:30",
                           "20240301 12:30",
                           "1,3,2024",
                           "\xFF",
                           "1.2.3.4",
                           "555-12-3456",
                           "2024-03-01 12:30 12:30"}) {
    EXPECT_TRUE(forms_of(cell).empty()) << cell;
  }
  EXPECT_TRUE(forms_of(std::string_view("2024-03-01\0", 11)).empty());
  EXPECT_TRUE(forms_of("2024-03-01" + std::string(100, '1')).empty());
  EXPECT_TRUE(forms_of(std::string(1 << 20, '1')).empty());
}

TEST(Dates, times) {
  const double day = days(2024, 3, 1);
  const auto at = [&](double hours, double minutes = 0, double seconds = 0) {
    return (day * 86400 + hours * 3600 + minutes * 60 + seconds) / 86400;
  };
  EXPECT_EQ(day_of("2024-03-01T12:30"), at(12, 30));
  EXPECT_EQ(day_of("2024-03-01 12:30:05"), at(12, 30, 5));
  EXPECT_EQ(day_of("2024-03-01t12:30:05.25"), at(12, 30, 5.25));
  EXPECT_EQ(day_of("2024-03-01 12:30:05,250"), at(12, 30, 5.25));
  EXPECT_EQ(day_of("2024-03-01 12:30:05.123456789012345678901234567890"), at(12, 30, 5.123456789012346));
  EXPECT_EQ(day_of("2024-03-01  1:05"), at(1, 5));
  EXPECT_EQ(day_of("2024-03-01T12:30Z"), at(12, 30));
  EXPECT_EQ(day_of("2024-03-01 12:30:05 UTC"), at(12, 30, 5));
  EXPECT_EQ(day_of("2024-03-01T12:30+02:00"), at(10, 30));
  EXPECT_EQ(day_of("2024-03-01T12:30:00-0530"), at(18, 0));
  EXPECT_EQ(day_of("2024-03-01T12:30+01"), at(11, 30));
  EXPECT_EQ(day_of("2024-03-01T00:30+01:00"), at(-1, 30));
  EXPECT_EQ(day_of("3/1/2024 1:05 PM"), std::floor(day_of("3/1/2024")) + (13 * 60 + 5) / 1440.0);
  EXPECT_EQ(day_of("01.03.2024 1:05pm"), at(13, 5));
  EXPECT_EQ(day_of("Mar 1, 2024, 12:00 AM"), at(0));
  EXPECT_EQ(day_of("Mar 1, 2024 12:00 pm"), at(12));
  EXPECT_EQ(day_of("2024-03-01 23:59:60"), at(24));
  EXPECT_TRUE(read_date("2024-03-01 00:00").has_time);
  EXPECT_FALSE(read_date("2024-03-01").has_time);
  for (const char* time :
       {"24:00", "12:60", "12:30:61", "1230", "12", "12:3", "123:00", "12:30:", "12:30:05.", "13:00 PM", "0:30 AM",
        "12:30 XM", "12:30+1", "12:30+24:00", "12:30+01:60", "12:30+100", "12:30+012", "12:30ZZ", "12:30 P"}) {
    EXPECT_TRUE(forms_of(std::string("2024-03-01 ") + time).empty()) << time;
  }
}

TEST(Dates, day_and_month_may_change_places) {
  EXPECT_EQ(forms_of("03/04/2024"), (std::vector<std::size_t>{4, 6}));
  EXPECT_TRUE(read_date("03/04/2024").two_orders);
  EXPECT_FALSE(read_date("03/03/2024").two_orders);
  EXPECT_EQ(forms_of("13/04/2024"), (std::vector<std::size_t>{4}));
  EXPECT_EQ(forms_of("04/13/2024"), (std::vector<std::size_t>{6}));
  EXPECT_EQ(forms_of("03-04-2024"), (std::vector<std::size_t>{5, 7}));
  EXPECT_EQ(forms_of("03.04.2024"), (std::vector<std::size_t>{3}));
  EXPECT_EQ(forms_of("04.13.2024"), (std::vector<std::size_t>{}));
}

TEST(Dates, names_of_forms) {
  EXPECT_EQ(example_of(kDateForms[0]), "year-month-day");
  EXPECT_EQ(example_of(kDateForms[4]), "day/month/year");
  EXPECT_EQ(example_of(kDateForms[10]), "Mar day year");
  EXPECT_EQ(example_of(kDateForms[11]), "year-month");
  EXPECT_EQ(example_of(kDateForms[12]), "20240301");
  EXPECT_EQ(example_of(kDateForms[13]), "year");
}

}  // namespace
}  // namespace strata::internal
