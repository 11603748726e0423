#include "data/column_survey.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace strata::internal {
namespace {

constexpr std::size_t kMostWords = 100'000, kMostWordBytes = std::size_t{16} << 20U,
                      kWordSample = std::size_t{1} << 17U;
constexpr std::size_t kMostNumbers = 1000, kMostNumberBytes = std::size_t{16} << 10U, kNumberSample = 1024;
constexpr std::size_t kMostOfACell = 200;          // bytes that are remembered of the first cell of its kind
constexpr double kMostExact = 9007199254740992.0;  // 2^53

// A hash of a whole number whose sums tell sets of numbers apart.
std::uint64_t mixed(std::int64_t number) noexcept {
  std::uint64_t x = static_cast<std::uint64_t>(number) + 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

bool holds_blank(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

void add_count(std::vector<Level>& levels, std::string_view text, std::size_t count) {
  const auto found = std::ranges::find(levels, text, &Level::text);
  if (found != levels.end()) {
    found->count += count;
  } else {
    levels.push_back({.text = std::string(text), .count = count});
  }
}

}  // namespace

ColumnSurvey::ColumnSurvey(const MissingWords& missing)
    : missing_(&missing),
      numbers_(kMostNumbers, kMostNumberBytes, kNumberSample),
      words_(kMostWords, kMostWordBytes, kWordSample) {}

void ColumnSurvey::Range::add(double value) noexcept {
  if (!std::isfinite(value)) {
    ++infinite;
    return;
  }
  least = std::min(least, value);
  greatest = std::max(greatest, value);
  if (std::abs(value) > kMostExact) return;  // whole, but in no run
  const auto whole = static_cast<std::int64_t>(value);
  if (static_cast<double>(whole) == value) {
    run += mixed(whole);
  } else {
    is_whole = false;
  }
}

void ColumnSurvey::Range::append(const Range& other) noexcept {
  least = std::min(least, other.least);
  greatest = std::max(greatest, other.greatest);
  run += other.run;
  infinite += other.infinite;
  is_whole = is_whole && other.is_whole;
}

std::uint64_t ColumnSurvey::Range::run_between(double first, double last) noexcept {
  std::uint64_t sum = 0;
  for (auto number = static_cast<std::int64_t>(first); number <= static_cast<std::int64_t>(last); ++number)
    sum += mixed(number);
  return sum;
}

void ColumnSurvey::add(std::string_view cell, std::size_t row, std::size_t line) {
  const std::string_view bare = trimmed(cell);
  if (bare.empty()) {
    ++empty_;
    return;
  }
  if (missing_->contains(bare)) return add_count(missing_words_, bare, 1);
  ++filled_;
  const NumberCell number = read_number(bare);
  Kind kind{.number_forms = number.forms,
            .affix = number.affix,
            .is_code = number.is_code,
            .is_large = number.is_large,
            .is_infinite = number.forms == 0 && infinite_sign(bare) != 0};
  // A number is a date only where the user says so, and then of four or of eight digits.
  if (number.forms == 0 || (number.forms == kAllForms && (bare.size() == 4 || bare.size() == 8))) {
    const DateCell date = read_date(bare);
    kind.date_forms = date.forms;
    with_time_ += date.has_time ? 1 : 0;
    two_orders_ += date.two_orders ? 1 : 0;
  }
  Group& group = group_of(kind, cell, row, line);
  ++group.count;
  if ((number.forms & kPointForms) != 0) group.by_point.add(number.by_point);
  if ((number.forms & kCommaForms) != 0 && number.forms != kAllForms) group.by_comma.add(number.by_comma);
  if (number.forms != 0 && !number.is_code && !number.is_large) {
    numbers_.add(bare);
  } else {
    add_word(cell, bare);
  }
}

void ColumnSurvey::add_word(std::string_view cell, std::string_view bare) {
  words_.add(cell);
  bytes_ += cell.size();
  with_blanks_ += holds_blank(bare) ? 1 : 0;
  if (const std::optional<YesNo> answer = yes_or_no(bare)) ++answers_[answer->pair][answer->yes ? 1 : 0];
}

ColumnSurvey::Group& ColumnSurvey::group_of(const Kind& kind, std::string_view cell, std::size_t row,
                                            std::size_t line) {
  if (last_group_ >= groups_.size() || groups_[last_group_].kind != kind) {
    last_group_ = static_cast<std::size_t>(std::ranges::find(groups_, kind, &Group::kind) - groups_.begin());
    if (last_group_ == groups_.size())
      groups_.push_back({.kind = kind, .count = 0, .first = {}, .by_point = {}, .by_comma = {}});
  }
  Group& group = groups_[last_group_];
  if (group.count == 0 || row < group.first.row)
    group.first = {.row = row, .line = line, .text = std::string(cell.substr(0, kMostOfACell))};
  return group;
}

void ColumnSurvey::append(const ColumnSurvey& next, std::size_t first_row, std::size_t first_line) {
  filled_ += next.filled_;
  empty_ += next.empty_;
  for (const Level& word : next.missing_words_) add_count(missing_words_, word.text, word.count);
  for (const Group& group : next.groups_) {
    Group& mine = group_of(group.kind, group.first.text, group.first.row + first_row, group.first.line + first_line);
    mine.count += group.count;
    mine.by_point.append(group.by_point);
    mine.by_comma.append(group.by_comma);
  }
  numbers_.append(next.numbers_);
  words_.append(next.words_);
  bytes_ += next.bytes_;
  with_blanks_ += next.with_blanks_;
  with_time_ += next.with_time_;
  two_orders_ += next.two_orders_;
  for (std::size_t pair = 0; pair < answers_.size(); ++pair) {
    for (const std::size_t yes : {0, 1}) answers_[pair][yes] += next.answers_[pair][yes];
  }
}

bool names_rows(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  name = trimmed(name);
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view word : {"", "id", "index", "row", "rownames", "row_names", "no", "nr", "#"}) {
    if (lower == word) return true;
  }
  if (lower.starts_with("unnamed:")) return true;
  if (lower.size() < 3 || !lower.ends_with("id")) return false;
  const char before = name[name.size() - 3], i = name[name.size() - 2];
  return !is_letter(before) || (before >= 'a' && i == 'I');  // "user id", "userId", and not "paid"
}

char decimal_sign_of(std::span<const ColumnSurvey> columns) {
  bool comma = false, point = false;
  for (const ColumnSurvey& column : columns) {
    const char sign = column.decimal_sign();
    comma = comma || sign == ',';
    point = point || sign == '.';
  }
  return comma == point ? '\0' : comma ? ',' : '.';
}

}  // namespace strata::internal
