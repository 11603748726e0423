#include "features/calendar.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdint>

#include "base/only_errors.hpp"
#include "base/text.hpp"

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

namespace strata {
using namespace internal;

std::string date_text(double days) try {
  if (!is_date(days)) return shortest(days);
  const double all = std::round(days * 86'400);  // seconds
  const double day = std::floor(all / 86'400);
  const auto seconds = static_cast<std::int64_t>(all - day * 86'400);
  std::string text = fmt::format("{:04}-{:02}-{:02}", part_of(day, DatePart::year), part_of(day, DatePart::month),
                                 part_of(day, DatePart::day));
  if (seconds == 0) return text;
  return fmt::format("{} {:02}:{:02}:{:02}", text, seconds / 3600, seconds / 60 % 60, seconds % 60);
} catch (...) {
  throw_as_error("for a date");
}

}  // namespace strata
