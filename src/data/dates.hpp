// Dates as people write them, and their number: days since 1970-01-01, the time of the day a fraction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata::internal {

/// What comes first: year, month, day …; year and month; a year alone.
enum class DateParts : std::uint8_t { ymd, dmy, mdy, ym, y };

/// How the dates of a column are written. Months are numbers, or names: English, whole or of three letters (also
/// Sept), in any case. A year has four digits; behind day and month also two: 69 … 99 mean 1969 … 1999, 00 … 68 mean
/// 2000 … 2068, as POSIX has it; but not between hyphens and numbers, for 24-03-01 may begin with the year. Every form
/// but ym, y and the one without separator may have a time behind "T" or blanks: 12:30, 12:30:05, fractions of a
/// second, 1:05 PM, and an offset: Z, UTC, GMT, +01:00, +0100, +01.
struct DateForm {
  DateParts order = DateParts::ymd;
  char separator = '-';  ///< between the parts; ' ' may have a comma before it (Mar 1, 2024); 0: none (20240301)
  bool named = false;    ///< months by name

  [[nodiscard]] bool operator==(const DateForm&) const = default;
};

/// All forms. The last two are numbers, and dates only where the user says so. (Month.day.year is written nowhere.)
inline constexpr std::array<DateForm, 14> kDateForms{{
    {DateParts::ymd, '-', false},  // 2024-03-01
    {DateParts::ymd, '/', false},  // 2024/03/01
    {DateParts::ymd, '.', false},  // 2024.03.01
    {DateParts::dmy, '.', false},  // 01.03.2024
    {DateParts::dmy, '/', false},  // 01/03/2024
    {DateParts::dmy, '-', false},  // 01-03-2024
    {DateParts::mdy, '/', false},  // 03/01/2024
    {DateParts::mdy, '-', false},  // 03-01-2024
    {DateParts::dmy, ' ', true},   // 1 Mar 2024
    {DateParts::dmy, '-', true},   // 01-Mar-2024
    {DateParts::mdy, ' ', true},   // Mar 1, 2024
    {DateParts::ym, '-', false},   // 2024-03
    {DateParts::ymd, 0, false},    // 20240301
    {DateParts::y, 0, false},      // 2024
}};
inline constexpr std::uint16_t kNumberLikeDates = 0b11U << (kDateForms.size() - 2);

/// "day/month/year", "2024-03": how the form writes, for messages.
[[nodiscard]] std::string example_of(const DateForm& form);

/// The form that writes so, of all that there are.
[[nodiscard]] std::optional<DateForm> date_form_of(std::string_view example);

/// A cell as a date.
struct DateCell {
  std::uint16_t forms = 0;  ///< bit i: kDateForms[i] reads it; 0: it is no date
  double days = 0;          ///< as the first of them reads it
  bool has_time = false;    ///< a time stands behind the date
  bool two_orders = false;  ///< day/month and month/day both read it, and say different dates
};

/// All forms that read the cell. Proleptic Gregorian calendar, years 1 to 9999, months of their real length.
[[nodiscard]] DateCell read_date(std::string_view cell) noexcept;
/// Days since 1970-01-01 00:00 UTC; a date without an offset is taken to be UTC. False, and the value as it was, when
/// the form does not read the cell.
[[nodiscard]] bool parse_date_as(std::string_view cell, const DateForm& form, double& days) noexcept;

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
[[nodiscard]] std::int64_t days_since_1970(std::int64_t year, unsigned month, unsigned day) noexcept;

}  // namespace strata::internal
