#include "features/calendar.hpp"

#include <chrono>
#include <cmath>

namespace strata::internal {
namespace {

constexpr double kFirst = -719162, kBehind = 2932897;  // 0001-01-01, 10000-01-01
constexpr std::int64_t kMilliseconds = 86'400'000;     // a day's

}  // namespace

std::string_view name(DatePart part) noexcept {
  switch (part) {
    case DatePart::year: return "year";
    case DatePart::month: return "month";
    case DatePart::day: return "day";
    case DatePart::weekday: return "weekday";
    case DatePart::hour: break;
  }
  return "hour";
}

bool is_date(double days) noexcept { return days >= kFirst && days < kBehind; }

double part_of(double days, DatePart part) noexcept {
  // 13 o'clock as a fraction of a day is a little more or less than 13/24.
  const auto time = static_cast<std::int64_t>(std::llround(days * static_cast<double>(kMilliseconds)));
  const std::int64_t of_day = (time % kMilliseconds + kMilliseconds) % kMilliseconds;
  const std::chrono::sys_days day{std::chrono::days{(time - of_day) / kMilliseconds}};
  const std::chrono::year_month_day date{day};
  switch (part) {
    case DatePart::year: return static_cast<int>(date.year());
    case DatePart::month: return static_cast<unsigned>(date.month());
    case DatePart::day: return static_cast<unsigned>(date.day());
    case DatePart::weekday: return std::chrono::weekday{day}.iso_encoding();
    case DatePart::hour: break;
  }
  const auto hour = of_day / 3'600'000;
  return static_cast<double>(hour);
}

}  // namespace strata::internal
