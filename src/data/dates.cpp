#include "data/dates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "data/cell.hpp"

namespace strata::internal {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};
constexpr double kSecondsOfDay = 86400;
constexpr int kPivot = 69;  // two digits from here on are of the last century

bool is_letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }

// A cursor over the cell.
class DateReading {
 public:
  explicit DateReading(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return text_.empty(); }
  [[nodiscard]] char next() const noexcept { return text_.empty() ? '\0' : text_.front(); }
  [[nodiscard]] bool take(char c) noexcept {
    if (next() != c || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_blanks() noexcept {
    const std::size_t before = text_.size();
    while (take(' ')) {
    }
    return text_.size() != before;
  }
  // The letters that come.
  [[nodiscard]] std::string_view letters() const noexcept {
    return text_.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text_, is_letter) - text_.begin()));
  }
  // A whole word, without regard to case.
  [[nodiscard]] bool take_word(std::string_view word) noexcept {
    if (!std::ranges::equal(letters(), word, {}, lower)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  // All digits that come, if they are `least` to `most`.
  [[nodiscard]] std::optional<int> digits(std::size_t least, std::size_t most) noexcept {
    std::size_t count = 0;
    int value = 0;
    for (; count < text_.size() && is_digit(text_[count]); ++count) {
      if (count == most) return std::nullopt;
      value = 10 * value + (text_[count] - '0');
    }
    if (count < least) return std::nullopt;
    text_.remove_prefix(count);
    return value;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return text_; }

 private:
  std::string_view text_;
};

// One of the three parts of a date: a number with its count of digits, or a month by name.
struct Part {
  int number = 0;
  std::size_t digits = 0;  // 0: a name
};

std::optional<Part> read_part(DateReading& text) noexcept {
  if (is_digit(text.next())) {
    const std::size_t before = text.rest().size();
    const std::optional<int> number = text.digits(1, 8);
    if (!number) return std::nullopt;
    return Part{.number = *number, .digits = before - text.rest().size()};
  }
  const std::string_view word = text.letters();
  if (word.size() < 3) return std::nullopt;
  for (std::size_t month = 0; month < kMonths.size(); ++month) {
    const std::string_view whole = kMonths[month];
    if (lower(word.front()) != whole.front()) continue;
    if (text.take_word(whole) || text.take_word(whole.substr(0, 3)) || (month == 8 && text.take_word("sept")))
      return Part{.number = static_cast<int>(month) + 1, .digits = 0};
  }
  return std::nullopt;
}

// - / . or blanks, which may have a comma or a point before them: ' '. 0: none.
char read_separator(DateReading& text) noexcept {
  if (text.take(',')) {
    text.take_blanks();
    return ' ';
  }
  for (const char c : {'-', '/', '.'}) {
    if (text.take(c)) return c == '.' && text.take_blanks() ? ' ' : c;
  }
  return text.take_blanks() ? ' ' : '\0';
}

// The seconds of an offset from UTC, 0 when there is none.
std::optional<std::int64_t> read_offset(DateReading& text) noexcept {
  text.take_blanks();
  if (text.at_end() || text.take_word("z") || text.take_word("utc") || text.take_word("gmt")) return 0;
  const bool west = text.next() == '-';
  if (!text.take('-') && !text.take('+')) return std::nullopt;
  const std::size_t before = text.rest().size();
  std::optional<int> hours = text.digits(2, 4), minutes = 0;
  if (!hours || before - text.rest().size() == 3) return std::nullopt;
  if (before - text.rest().size() == 4) {
    minutes = *hours % 100;
    hours = *hours / 100;
  } else if (text.take(':')) {
    minutes = text.digits(2, 2);
  }
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
  return west ? -seconds : seconds;
}

// The rest of the cell as a time of the day: seconds, in UTC.
std::optional<double> read_time(DateReading text) noexcept {
  const std::optional<int> hour = text.digits(1, 2);
  if (!hour || !text.take(':')) return std::nullopt;
  const std::optional<int> minute = text.digits(2, 2);
  std::optional<int> second = 0;
  if (text.take(':')) second = text.digits(2, 2);
  if (!minute || !second) return std::nullopt;
  double fraction = 0;
  if (text.take('.') || text.take(',')) {
    if (!is_digit(text.next())) return std::nullopt;
    double digits = 0, unit = 1;
    for (; is_digit(text.next()); static_cast<void>(text.take(text.next()))) {
      if (unit >= 1e15) continue;  // less than a double can add to a day
      digits = 10 * digits + (text.next() - '0');
      unit *= 10;
    }
    fraction = digits / unit;
  }
  int hours = *hour;
  DateReading with_half = text;
  with_half.take_blanks();
  const bool before_noon = with_half.take_word("am");
  if (before_noon || with_half.take_word("pm")) {
    text = with_half;
    if (hours < 1 || hours > 12) return std::nullopt;
    hours = hours % 12 + (before_noon ? 0 : 12);
  }
  const std::optional<std::int64_t> offset = read_offset(text);
  // 60 is a leap second, which the calendar of POSIX does not count.
  if (!offset || !text.at_end() || hours > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::int64_t seconds = std::int64_t{hours} * 3600 + std::int64_t{*minute} * 60 + *second - *offset;
  return static_cast<double>(seconds) + fraction;
}

bool is_leap(int year) noexcept { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

bool is_day(int year, int month, int day) noexcept {
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  return day <= days[static_cast<std::size_t>(month) - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

// A cell taken apart, before it is known which part is the day.
struct Dissected {
  std::array<Part, 3> parts;
  std::size_t count = 0;
  char separator = 0;
  bool has_time = false;
  double seconds = 0;  // of the day; beyond it where the offset leads there
};

std::optional<Dissected> dissect(std::string_view cell) noexcept {
  constexpr std::size_t longest = 80;  // of a date with a time
  cell = trimmed(cell);
  if (cell.size() < 4 || cell.size() > longest) return std::nullopt;
  DateReading text(cell);
  Dissected date;
  while (true) {
    const std::optional<Part> part = read_part(text);
    if (!part) return std::nullopt;
    date.parts[date.count++] = *part;
    if (text.at_end()) break;
    if (date.count == date.parts.size()) {
      const bool apart = text.take('T') || text.take('t') || (static_cast<void>(text.take(',')), text.take_blanks());
      const std::optional<double> time = apart ? read_time(text) : std::nullopt;
      if (!time) return std::nullopt;
      date.has_time = true;
      date.seconds = *time;
      break;
    }
    const char separator = read_separator(text);
    if (separator == 0 || (date.count == 2 && separator != date.separator)) return std::nullopt;
    date.separator = separator;
  }
  return date;
}

struct Day {
  int year = 0, month = 0, day = 0;
};

// The day as a form reads it, be there such a day or not.
std::optional<Day> order_in(const Dissected& date, const DateForm& form) noexcept {
  const auto& [first, second, third] = date.parts;
  if (date.count == 1) {
    if (form.order == DateParts::y && first.digits == 4) return Day{first.number, 1, 1};
    if (form.order != DateParts::ymd || first.digits != 8) return std::nullopt;
    return Day{first.number / 10000, first.number / 100 % 100, first.number % 100};
  }
  if (date.count == 2) {
    if (form.order != DateParts::ym || first.digits != 4 || second.digits != 2) return std::nullopt;
    return Day{first.number, second.number, 1};
  }
  const bool year_first = form.order == DateParts::ymd, day_first = form.order == DateParts::dmy;
  if (!year_first && !day_first && form.order != DateParts::mdy) return std::nullopt;
  const Part& year = year_first ? first : third;
  const Part& month = day_first || year_first ? second : first;
  const Part& day = year_first ? third : day_first ? first : second;
  const bool short_year = year.digits == 2 && !year_first && (form.named || form.separator != '-');
  if ((year.digits != 4 && !short_year) || (month.digits == 0) != form.named || month.digits > 2) return std::nullopt;
  if (day.digits < 1 || day.digits > 2) return std::nullopt;
  return Day{year.number + (!short_year ? 0 : year.number >= kPivot ? 1900 : 2000), month.number, day.number};
}

std::optional<Day> day_in(const Dissected& date, const DateForm& form) noexcept {
  if (date.separator != form.separator) return std::nullopt;
  const std::optional<Day> day = order_in(date, form);
  return day && is_day(day->year, day->month, day->day) ? day : std::nullopt;
}

double days_of(const Day& day, const Dissected& date) noexcept {
  const std::int64_t whole =
      days_since_1970(day.year, static_cast<unsigned>(day.month), static_cast<unsigned>(day.day));
  return (static_cast<double>(whole) * kSecondsOfDay + date.seconds) / kSecondsOfDay;
}

// 2024-03-01, and with 12:30:05 behind it: what dates mostly are, without a look at the other forms, which read no such
// cell. False for all others, dates or not.
bool read_iso(std::string_view cell, DateCell& read) noexcept {
  if (cell.size() != 10 && cell.size() != 19) return false;
  bool all_digits = true;
  const auto number = [&](std::size_t at) {
    all_digits = all_digits && is_digit(cell[at]) && is_digit(cell[at + 1]);
    return 10 * (cell[at] - '0') + (cell[at + 1] - '0');
  };
  const Day day{.year = 100 * number(0) + number(2), .month = number(5), .day = number(8)};
  if (cell[4] != '-' || cell[7] != '-' || !all_digits || !is_day(day.year, day.month, day.day)) return false;
  Dissected date;
  if (cell.size() == 19) {
    const int hour = number(11), minute = number(14), second = number(17);
    const bool is_time = (cell[10] == ' ' || cell[10] == 'T') && cell[13] == ':' && cell[16] == ':' && all_digits;
    if (!is_time || hour > 23 || minute > 59 || second > 59) return false;
    date.seconds = 3600 * hour + 60 * minute + second;
  }
  read = {.forms = 1, .days = days_of(day, date), .has_time = cell.size() == 19};
  return true;
}

}  // namespace

std::int64_t days_since_1970(std::int64_t year, unsigned month, unsigned day) noexcept {
  // Years begin in March, so that the day that comes and goes is the last; 400 of them have 146,097 days.
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t from_march = (153 * (std::int64_t{month} + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + from_march - 719468;
}

std::string example_of(const DateForm& form) {
  if (form.order == DateParts::y) return "year";
  if (form.separator == 0) return "20240301";
  if (form.order == DateParts::ym) return "year-month";
  const std::string_view month = form.named ? "Mar" : "month";
  std::array<std::string_view, 3> parts{"year", month, "day"};
  if (form.order == DateParts::dmy) parts = {"day", month, "year"};
  if (form.order == DateParts::mdy) parts = {month, "day", "year"};
  return fmt::format("{}{}{}{}{}", parts[0], form.separator, parts[1], form.separator, parts[2]);
}

std::optional<DateForm> date_form_of(std::string_view example) {
  for (const DateForm& form : kDateForms)
    if (example_of(form) == example) return form;
  return std::nullopt;
}

DateCell read_date(std::string_view cell) noexcept {
  DateCell read;
  cell = trimmed(cell);
  if (cell.size() == 4 && cell != "0000" && std::ranges::all_of(cell, is_digit)) {  // so are years, and many numbers
    read.forms = 1U << (kDateForms.size() - 1);
    return read;
  }
  if (read_iso(cell, read)) return read;
  const std::optional<Dissected> date = dissect(cell);
  if (!date) return read;
  int by_day = 0, by_month = 0;  // the day, as the orders have it
  for (std::size_t i = 0; i < kDateForms.size(); ++i) {
    if (kDateForms[i].separator != date->separator) continue;
    const std::optional<Day> day = day_in(*date, kDateForms[i]);
    if (!day) continue;
    if (read.forms == 0) read.days = days_of(*day, *date);
    read.forms = static_cast<std::uint16_t>(read.forms | 1U << i);
    if (kDateForms[i].order == DateParts::dmy) by_day = day->day;
    if (kDateForms[i].order == DateParts::mdy) by_month = day->day;
  }
  read.has_time = read.forms != 0 && date->has_time;
  read.two_orders = by_day != 0 && by_month != 0 && by_day != by_month;
  return read;
}

bool parse_date_as(std::string_view cell, const DateForm& form, double& days) noexcept {
  const std::optional<Dissected> date = dissect(cell);
  const std::optional<Day> day = date ? day_in(*date, form) : std::nullopt;
  if (!day) return false;
  days = days_of(*day, *date);
  return true;
}

}  // namespace strata::internal
