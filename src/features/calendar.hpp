// Dates as numbers: days since 1970-01-01, the time of the day a fraction (UTC, proleptic Gregorian calendar).
#pragma once

#include <string_view>

#include "strata/features.hpp"

namespace strata::internal {

inline constexpr DatePart kDateParts[] = {DatePart::year, DatePart::month, DatePart::day, DatePart::weekday,
                                          DatePart::hour};
[[nodiscard]] std::string_view name(DatePart part) noexcept;

/// Does the number lie in the years 1 to 9999?
[[nodiscard]] bool is_date(double days) noexcept;
/// A part of a date, with the time rounded to milliseconds; Monday is 1, Sunday 7.
[[nodiscard]] double part_of(double days, DatePart part) noexcept;

}  // namespace strata::internal
