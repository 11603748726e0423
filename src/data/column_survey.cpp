#include "data/column_survey.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace strata::internal {
namespace {

constexpr std::size_t kMostWords = 100'000, kMostWordBytes = std::size_t{16} << 20U,
                      kWordSample = std::size_t{1} << 17U;
constexpr std::size_t kMostNumberBytes = std::size_t{16} << 10U, kNumberSample = 1024;
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

}  // namespace

ColumnSurvey::ColumnSurvey(const MissingWords& missing)
    : missing_(&missing),
      numbers_(kMostNumbers, kMostNumberBytes, kNumberSample),
      words_(kMostWords, kMostWordBytes, kWordSample) {}

void ColumnSurvey::Range::add(double value, std::size_t count) noexcept {
  if (!std::isfinite(value)) {
    infinite += count;
    return;
  }
  least = std::min(least, value);
  greatest = std::max(greatest, value);
  if (std::abs(value) > kMostExact) return;  // whole, but in no run
  const auto whole = static_cast<std::int64_t>(value);
  if (static_cast<double>(whole) == value) {
    run += count * mixed(whole);
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

ColumnSurvey ColumnSurvey::like() const {
  ColumnSurvey empty(*missing_);
  empty.numbers_ = numbers_.like();
  empty.words_ = words_.like();
  return empty;
}

double ColumnSurvey::add(std::string_view cell, std::size_t row, std::size_t line, std::size_t count) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const std::string_view bare = trimmed(cell);
  if (missing_->contains(bare)) {
    begin_missing(words_.distinct());
    if (bare.empty()) {
      empty_ += count;
    } else {
      add_missing(bare, row, line, {}, count);
    }
    return kNone;
  }
  filled_ += count;
  const NumberCell number = read_number(bare);
  Kind kind{.number_forms = number.forms,
            .affix = number.affix,
            .is_code = number.is_code,
            .is_large = number.is_large,
            .is_infinite = number.forms == 0 && infinite_sign(bare) != 0};
  // A number is a date only where the user says so, and then of four or of eight digits.
  double given = kNone;
  if (number.forms == 0 || (number.forms == kAllForms && (bare.size() == 4 || bare.size() == 8))) {
    const DateCell date = read_date(bare);
    kind.date_forms = date.forms;
    if (date.forms != 0) given = date.days;
    with_time_ += date.has_time ? count : 0;
    two_orders_ += date.two_orders ? count : 0;
  }
  Group& group = group_at(kind, cell, row, line);
  group.count += count;
  if ((number.forms & kPointForms) != 0) group.by_point.add(number.by_point, count);
  if ((number.forms & kCommaForms) != 0 && number.forms != kAllForms) group.by_comma.add(number.by_comma, count);
  if (number.forms != 0 && !number.is_code && !number.is_large) {
    numbers_.add(bare, count);
  } else {
    const std::size_t word = add_word(cell, bare, count);
    if (kind.date_forms == 0 && word != Spellings::kUnknown) given = static_cast<double>(word);
  }
  if (kind.is_infinite) return infinite_sign(bare) * std::numeric_limits<double>::infinity();
  if (number.forms == 0) return given;
  return (number.forms & 1U) != 0 && number.affix == Affix::none ? number.by_point : kNone;
}

void ColumnSurvey::add_number(double value, bool is_whole, std::size_t row) {
  const Kind kind{.number_forms = is_whole ? kAllForms : kPointForms};
  Group& group = group_at(kind, {}, row, 0);
  ++filled_;
  ++group.count;
  group.by_point.add(value, 1);
  const auto bytes = std::bit_cast<std::array<char, sizeof value>>(value);
  numbers_.add({bytes.data(), bytes.size()});  // they are only counted
}

void ColumnSurvey::begin_missing(std::size_t words_before) noexcept {
  if (words_before_missing_ == Spellings::kUnknown) words_before_missing_ = words_before;
}

void ColumnSurvey::add_missing(std::string_view word, std::size_t row, std::size_t line, const std::string& file,
                               std::size_t count) {
  const auto found =
      std::ranges::find_if(missing_words_, [&](const MissingWord& each) { return each.first.text == word; });
  if (found == missing_words_.end()) {
    missing_words_.push_back({{.row = row, .line = line, .text = std::string(word), .file = file}, count});
    return;
  }
  found->count += count;
  if (row < found->first.row) found->first = {.row = row, .line = line, .text = std::string(word), .file = file};
}

void ColumnSurvey::keep_missing(const MissingWords& only) {
  for (const MissingWord& word : std::exchange(missing_words_, {})) {
    const auto& [row, line, text, file] = word.first;
    if (only.contains(text)) {
      missing_words_.push_back(word);
      continue;
    }
    gave_too_few_words_ = true;
    filled_ += word.count;
    group_of({}, text, row, line, file).count += word.count;
    words_.add(text, word.count);
    bytes_ += text.size() * word.count;
  }
}

std::size_t ColumnSurvey::add_word(std::string_view cell, std::string_view bare, std::size_t count) {
  bytes_ += cell.size() * count;
  with_blanks_ += holds_blank(bare) ? count : 0;
  if (const std::optional<YesNo> answer = yes_or_no(bare)) answers_[answer->pair][answer->yes ? 1 : 0] += count;
  return words_.add(cell, count);
}

ColumnSurvey::Group& ColumnSurvey::group_at(const Kind& kind, std::string_view cell, std::size_t row,
                                            std::size_t line) {
  const bool as_before = last_group_ < groups_.size() && groups_[last_group_].kind == kind;
  return as_before && groups_[last_group_].first.row <= row ? groups_[last_group_] : group_of(kind, cell, row, line);
}

ColumnSurvey::Group& ColumnSurvey::group_of(const Kind& kind, std::string_view cell, std::size_t row, std::size_t line,
                                            const std::string& file) {
  if (last_group_ >= groups_.size() || groups_[last_group_].kind != kind) {
    last_group_ = static_cast<std::size_t>(std::ranges::find(groups_, kind, &Group::kind) - groups_.begin());
    if (last_group_ == groups_.size())
      groups_.push_back({.kind = kind, .count = 0, .first = {}, .by_point = {}, .by_comma = {}});
  }
  Group& group = groups_[last_group_];
  if (group.count == 0 || row < group.first.row)
    group.first = {.row = row, .line = line, .text = std::string(cell.substr(0, kMostOfACell)), .file = file};
  return group;
}

std::vector<std::size_t> ColumnSurvey::append(const ColumnSurvey& next, std::size_t first_row, std::size_t first_line,
                                              const std::string& file) {
  filled_ += next.filled_;
  empty_ += next.empty_;
  for (const auto& [first, count] : next.missing_words_)
    add_missing(first.text, first.row + first_row, first.line + first_line, file, count);
  for (const Group& group : next.groups_) {
    Group& mine =
        group_of(group.kind, group.first.text, group.first.row + first_row, group.first.line + first_line, file);
    mine.count += group.count;
    mine.by_point.append(group.by_point);
    mine.by_comma.append(group.by_comma);
  }
  numbers_.append(next.numbers_);
  const std::size_t before = words_.distinct();
  std::vector<std::size_t> words = words_.append(next.words_);
  if (next.words_before_missing_ != Spellings::kUnknown) {
    const std::size_t seen = std::min(next.words_before_missing_, words.size());
    const auto is_new = [&](std::size_t word) { return word >= before; };
    begin_missing(before + static_cast<std::size_t>(std::count_if(
                               words.begin(), words.begin() + static_cast<std::ptrdiff_t>(seen), is_new)));
  }
  bytes_ += next.bytes_;
  with_blanks_ += next.with_blanks_;
  with_time_ += next.with_time_;
  two_orders_ += next.two_orders_;
  for (std::size_t pair = 0; pair < answers_.size(); ++pair) {
    for (const std::size_t yes : {0, 1}) answers_[pair][yes] += next.answers_[pair][yes];
  }
  return words;
}

bool ColumnSurvey::gives_words() const noexcept {
  return !gave_too_few_words_ && words_.complete() &&
         std::ranges::all_of(groups_, [](const Group& group) { return group.kind == Kind{}; });
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
