// The rules by which a column gets its type.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "base/text.hpp"
#include "data/column_survey.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostLevels = 100;        // in a verdict
constexpr std::size_t kFewWords = 50;           // words that may all differ in a small table and still be categories
constexpr std::size_t kLongestIdentifier = 64;  // bytes: the hexadecimal digits of 256 bits
constexpr std::size_t kShownOfACell = 40;

// Where two forms read as many cells, the first is meant. A comma before three digits parts thousands, as a decimal
// comma would now and then stand before more or fewer of them; but for a file that has shown decimal commas.
constexpr std::array<std::size_t, kNumberForms.size()> kPlainestFirst{0, 2, 1, 3, 4, 5, 6};
constexpr std::array<std::size_t, kNumberForms.size()> kCommaFirst{1, 3, 5, 0, 2, 4, 6};

std::string shown(std::string_view text) {
  text = trimmed(text);
  if (text.size() <= kShownOfACell) return printable(text);
  std::size_t end = kShownOfACell;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return printable(text.substr(0, end)) + "…";
}

std::string line_of(const PlacedCell& cell) {
  if (cell.line == 0) return fmt::format("example {} (counted from 0)", cell.row);
  return cell.file.empty() ? fmt::format("line {}", cell.line) : fmt::format("line {} of {}", cell.line, cell.file);
}

std::string_view are(std::size_t count) { return count == 1 ? "is" : "are"; }

// "all 891 cells", "712 of 891 cells".
std::string of_cells(std::size_t count, std::size_t all) {
  if (count == all) return all == 1 ? "the only cell" : fmt::format("all {} cells", all);
  return fmt::format("{} of {} cells", count, all);
}

// "is a number", "are numbers".
std::string are_all(std::size_t count, std::string_view noun) {
  return count == 1 ? fmt::format("is a {}", noun) : fmt::format("are {}s", noun);
}

std::string numbered(std::size_t count, bool is_exact) { return fmt::format("{}{}", is_exact ? "" : "about ", count); }

}  // namespace

struct ColumnSurvey::Numbers {
  NumberForm form;
  std::size_t index = 0;  // of the form, but for its affix
  bool is_plain = true;   // the plainest form reads as many
  std::size_t count = 0;  // cells that the form reads
  std::size_t infinite_words = 0;
  Range range;

  [[nodiscard]] std::size_t all() const noexcept { return count == 0 ? 0 : count + infinite_words; }
};

struct ColumnSurvey::Dates {
  DateForm form;
  std::size_t index = 0;
  std::size_t count = 0;
  bool has_two_orders = false;  // another form reads the same cells, and says other days
};

bool ColumnSurvey::Kind::is_read_by(std::size_t form, Affix with) const noexcept {
  const bool suits = affix == with || (affix == Affix::none && with != Affix::percent);
  return suits && (number_forms >> form & 1U) != 0;
}

const ColumnSurvey::Range& ColumnSurvey::Group::range_in(const NumberForm& form) const noexcept {
  return form.decimal == '.' || kind.number_forms == kAllForms ? by_point : by_comma;
}

std::size_t ColumnSurvey::count_read(std::size_t form, Affix affix) const noexcept {
  std::size_t count = 0;
  for (const Group& group : groups_) count += group.kind.is_read_by(form, affix) ? group.count : 0;
  return count;
}

ColumnSurvey::Numbers ColumnSurvey::best_numbers(char decimal) const {
  Numbers best;
  for (std::size_t affix = 0; affix < kAffixes; ++affix) {
    for (const std::size_t form : decimal == ',' ? kCommaFirst : kPlainestFirst) {
      const std::size_t count = count_read(form, static_cast<Affix>(affix));
      if (count <= best.count) continue;
      best.count = count;
      best.index = form;
      best.form = kNumberForms[form];
      best.form.affix = static_cast<Affix>(affix);
    }
  }
  best.is_plain = count_read(0, Affix::none) == best.count;
  for (const Group& group : groups_) {
    if (group.kind.is_infinite) best.infinite_words += group.count;
    if (group.kind.is_read_by(best.index, best.form.affix)) best.range.append(group.range_in(best.form));
  }
  return best;
}

char ColumnSurvey::decimal_sign() const {
  std::size_t point = 0, comma = 0;
  for (std::size_t affix = 0; affix < kAffixes; ++affix) {
    for (std::size_t form = 0; form < kNumberForms.size(); ++form) {
      std::size_t& most = kNumberForms[form].decimal == '.' ? point : comma;
      most = std::max(most, count_read(form, static_cast<Affix>(affix)));
    }
  }
  if (point == comma || 5 * std::max(point, comma) < 4 * filled_) return '\0';
  return point > comma ? '.' : ',';
}

ColumnSurvey::Dates ColumnSurvey::best_dates(const ColumnWishes& wishes) const {
  const bool wished = wishes.as == ColumnWishes::As::date;
  Dates best;
  for (std::size_t i = 0; i < kDateForms.size(); ++i) {
    if (!wished && (kNumberLikeDates >> i & 1U) != 0) continue;
    std::size_t count = 0;
    for (const Group& group : groups_) count += (group.kind.date_forms >> i & 1U) != 0 ? group.count : 0;
    const DateForm& form = kDateForms[i];
    const bool other_order = count == best.count && best.form.order == DateParts::dmy && form.order == DateParts::mdy &&
                             best.form.separator == form.separator && !form.named;
    if (count > 0 && other_order) best.has_two_orders = two_orders_ > 0;
    if (count > best.count || (count > 0 && other_order && wishes.date_order == DateParts::mdy))
      best = {.form = form, .index = i, .count = count, .has_two_orders = best.has_two_orders && other_order};
  }
  return best;
}

bool ColumnSurvey::is_read_plainly() const { return best_numbers('.').is_plain; }

std::string ColumnSurvey::missing_text() const {
  std::string text;
  if (empty_ > 0) text = fmt::format(", {} {} empty", empty_, are(empty_));
  std::vector<std::string> words;
  std::size_t count = 0;
  for (const MissingWord& word : missing_words_) {
    words.push_back(word.first.text);
    count += word.count;
  }
  if (words.empty()) return text;
  std::ranges::sort(words);
  return text + fmt::format(", {} {} missing ({})", count, are(count), joined(words, 3));
}

std::size_t ColumnSurvey::distinct_numbers(const NumberForm& form) const {
  std::vector<double> values;
  for (std::size_t i = 0; i < numbers_.distinct(); ++i) {
    double value = 0;
    if (parse_number_as(numbers_.text(i), form, value)) values.push_back(value);
  }
  std::ranges::sort(values);
  return static_cast<std::size_t>(std::ranges::unique(values).begin() - values.begin());
}

std::vector<SpelledNumber> ColumnSurvey::spelled_numbers(const NumberForm& form) const {
  std::vector<SpelledNumber> all;
  if (!numbers_.complete()) return all;
  for (std::size_t i = 0; i < numbers_.distinct(); ++i) {
    double value = 0;
    if (parse_number_as(numbers_.text(i), form, value)) all.push_back({value, std::string(numbers_.text(i))});
  }
  std::ranges::sort(all, {}, &SpelledNumber::value);
  if (std::ranges::adjacent_find(all, {}, &SpelledNumber::value) != all.end()) all.clear();
  std::erase_if(all, [](const SpelledNumber& each) { return each.text == shortest(each.value); });
  return all;
}

bool ColumnSurvey::numbers_rows(const Numbers& numbers) const noexcept {
  const Range& range = numbers.range;
  if (numbers.count != filled_ || filled_ < 2 || range.infinite > 0 || !range.is_whole) return false;
  return range.greatest - range.least + 1 == static_cast<double>(filled_) &&
         range.run == Range::run_between(range.least, range.greatest);
}

template <class IsMeant>
const ColumnSurvey::Group* ColumnSurvey::first_of(IsMeant is_meant, std::size_t& count) const {
  const Group* first = nullptr;
  for (const Group& group : groups_) {
    if (!is_meant(group.kind)) continue;
    count += group.count;
    if (first == nullptr || group.first.row < first->first.row) first = &group;
  }
  return first;
}

const ColumnSurvey::Group* ColumnSurvey::first_code(const Numbers& numbers) const {
  std::size_t count = 0;
  // Among fractions a large whole number is one that lost its point.
  return first_of([&](const Kind& kind) { return kind.is_code || (kind.is_large && numbers.range.is_whole); }, count);
}

template <class IsWrong>
void ColumnSurvey::find_wrong(ColumnVerdict& verdict, IsWrong is_wrong) const {
  const Group* first = first_of(is_wrong, verdict.wrong);
  if (first == nullptr) return;
  verdict.first_wrong = first->first;
  verdict.why += fmt::format(", {} {} not, the first in {}: '{}'", verdict.wrong, are(verdict.wrong),
                             line_of(first->first), shown(first->first.text));
}

// Most cells say one thing: the first that does not may be why the column is taken for words.
std::string ColumnSurvey::first_other(const Numbers& numbers, const Dates& dates) const {
  const bool dated = dates.count > numbers.count;
  if (2 * std::max(dates.count, numbers.count) < filled_) return "";
  std::size_t others = 0;
  const Group* first = first_of(
      [&](const Kind& kind) {
        if (dated) return (kind.date_forms >> dates.index & 1U) == 0;
        return !kind.is_infinite && !kind.is_read_by(numbers.index, numbers.form.affix);
      },
      others);
  return first == nullptr
             ? ""
             : fmt::format(", the first other in {}: '{}'", line_of(first->first), shown(first->first.text));
}

void ColumnSurvey::add_levels(ColumnVerdict& verdict) const {
  if (!numbers_.complete() || !words_.complete()) return;
  // Indices, for the words may be long: those of numbers, then those of words.
  std::vector<std::size_t> order(numbers_.distinct() + words_.distinct());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto text = [&](std::size_t i) {
    return i < numbers_.distinct() ? numbers_.text(i) : words_.text(i - numbers_.distinct());
  };
  const auto count = [&](std::size_t i) {
    return i < numbers_.distinct() ? numbers_.count(i) : words_.count(i - numbers_.distinct());
  };
  const auto most = order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), kMostLevels));
  std::ranges::partial_sort(order, most, [&](std::size_t a, std::size_t b) {
    return count(a) != count(b) ? count(a) > count(b) : text(a) < text(b);
  });
  for (auto i = order.begin(); i != most; ++i)
    verdict.levels.push_back({.text = std::string(text(*i)), .count = count(*i)});
}

void ColumnSurvey::judge_numbers(ColumnVerdict& verdict, const Numbers& numbers, std::string_view name,
                                 bool found) const {
  verdict.held_as = HeldAs::numbers;
  verdict.type = ColumnType::number;
  verdict.number_form = numbers.form;
  const bool any = numbers.range.least <= numbers.range.greatest;
  verdict.least = any ? numbers.range.least : 0;
  verdict.greatest = any ? numbers.range.greatest : 0;
  verdict.infinite = numbers.infinite_words + numbers.range.infinite;
  verdict.is_whole = any && numbers.range.is_whole;
  verdict.distinct_is_exact = numbers_.is_exact();
  verdict.distinct = numbers_.complete() ? distinct_numbers(numbers.form) : numbers_.distinct();
  const std::size_t cells = verdict.filled + verdict.missing, read = numbers.count + numbers.infinite_words;
  verdict.why = fmt::format("{} {}", of_cells(read, cells), are_all(read, "number"));
  if (!numbers.is_plain) verdict.why += fmt::format(" written like {}", example_of(numbers.form));
  find_wrong(verdict, [&](const Kind& kind) {
    return !kind.is_infinite && !kind.is_read_by(numbers.index, numbers.form.affix);
  });
  verdict.is_as_given = numbers.form == NumberForm{} && verdict.wrong == 0;
  if (found && any && verdict.wrong == 0 && verdict.infinite == 0 && verdict.missing == 0 &&
      verdict.least == verdict.greatest) {
    verdict.type = ColumnType::constant;
    verdict.why = fmt::format("{} {} {}", of_cells(cells, cells), are(cells), shortest(verdict.least));
  } else if (found && names_rows(name) && numbers_rows(numbers)) {
    verdict.type = ColumnType::identifier;
    verdict.why =
        fmt::format("the whole numbers from {} to {}, each once", shortest(verdict.least), shortest(verdict.greatest));
  }
  verdict.why += missing_text();
}

void ColumnSurvey::judge_dates(ColumnVerdict& verdict, const Dates& dates) const {
  verdict.held_as = HeldAs::dates;
  verdict.type = ColumnType::date;
  verdict.date_form = dates.form;
  verdict.date_has_time = with_time_ > 0;
  verdict.why =
      fmt::format("{} {}", of_cells(dates.count, verdict.filled + verdict.missing), are_all(dates.count, "date"));
  if (dates.count > 0) verdict.why += fmt::format(" written {}", example_of(dates.form));
  find_wrong(verdict, [&](const Kind& kind) { return dates.count == 0 || (kind.date_forms >> dates.index & 1U) == 0; });
  verdict.is_no_date = verdict.wrong > 0;
  verdict.is_as_given = std::ranges::all_of(groups_, [&](const Group& group) {
    return group.kind.number_forms == 0 && group.kind.date_forms != 0 &&
           static_cast<std::size_t>(std::countr_zero(group.kind.date_forms)) == dates.index;
  });
  verdict.why += missing_text();
}

void ColumnSurvey::judge_words(ColumnVerdict& verdict, const Numbers& numbers, const Dates& dates) const {
  verdict.held_as = HeldAs::words;
  verdict.type = ColumnType::category;
  const std::size_t filled = verdict.filled, cells = filled + verdict.missing, distinct = verdict.distinct;
  const std::string count = numbered(distinct, verdict.distinct_is_exact);
  const auto answers = std::ranges::find_if(
      answers_, [&](const auto& pair) { return pair[0] > 0 && pair[1] > 0 && pair[0] + pair[1] == filled; });
  if (distinct == 1) {
    verdict.type = verdict.missing == 0 ? ColumnType::constant : ColumnType::category;
    verdict.why = fmt::format("{} {} '{}'", of_cells(filled, cells), are(filled), shown(groups_.front().first.text));
  } else if (answers != answers_.end()) {
    verdict.type = ColumnType::yes_no;
    const auto& [no, yes] = kYesNoPairs[static_cast<std::size_t>(answers - answers_.begin())];
    verdict.why = fmt::format("{} of {} cells say {}, {} {}", (*answers)[1], cells, yes, (*answers)[0], no);
  } else if (distinct > kFewWords && 2 * distinct > filled) {
    const bool is_long = bytes_ > kLongestIdentifier * filled;
    verdict.type = is_long || 2 * with_blanks_ >= filled ? ColumnType::text : ColumnType::identifier;
    verdict.why = fmt::format("{} of {} cells differ", count, filled);
    if (verdict.type == ColumnType::text) {
      verdict.why += 2 * with_blanks_ >= filled ? fmt::format(", {} hold blanks", with_blanks_)
                                                : fmt::format(", of {} bytes in the mean", bytes_ / filled);
    }
  } else {
    verdict.why = fmt::format("{} different {} in {} cells", count, numbers.count > 0 ? "values" : "words", filled);
  }
  if (const Group* code = first_code(numbers)) {
    verdict.why += fmt::format(", {} such as {}", code->kind.is_code ? "codes" : "whole numbers beyond 2^53",
                               shown(code->first.text));
  } else if (numbers.count > 0 && distinct > 1) {
    verdict.why += fmt::format(", {} {}", numbers.all(), are_all(numbers.all(), "number"));
  }
  if (dates.count > 0 && dates.count < filled)
    verdict.why += fmt::format(", {} {}", dates.count, are_all(dates.count, "date"));
  if (first_code(numbers) == nullptr) verdict.why += first_other(numbers, dates);
  verdict.why += missing_text();
  verdict.is_as_given = gives_words();
  if (!verdict.is_as_given) return;
  for (std::size_t i = 0; i < words_.distinct(); ++i) verdict.words.emplace_back(words_.text(i));
  verdict.words_before_missing = words_before_missing_;
}

ColumnVerdict ColumnSurvey::decide(std::string_view name, const ColumnWishes& wishes) const {
  using As = ColumnWishes::As;
  ColumnVerdict verdict;
  verdict.filled = filled_;
  verdict.missing = empty_;
  for (const auto& [first, count] : missing_words_) {
    verdict.missing += count;
    if (!verdict.first_missing || first.row < verdict.first_missing->row) verdict.first_missing = first;
  }
  if (filled_ == 0) {
    verdict.why =
        verdict.missing == 0 ? "there is no cell" : fmt::format("none of {} cells is filled", verdict.missing);
    verdict.why += missing_words_.empty() ? "" : missing_text();
    return verdict;
  }
  verdict.distinct = numbers_.distinct() + words_.distinct();
  verdict.distinct_is_exact = numbers_.is_exact() && words_.is_exact();
  add_levels(verdict);
  const Numbers numbers = best_numbers(wishes.decimal);
  const Dates dates = best_dates(wishes);
  // One value in some of the cells: that there is none in the others says all.
  const bool says_by_missing = verdict.distinct == 1 && verdict.missing > 0;
  const bool are_numbers = 5 * numbers.all() >= 4 * filled_ && first_code(numbers) == nullptr && !says_by_missing;
  if (wishes.as == As::number || (wishes.as == As::found && are_numbers)) {
    judge_numbers(verdict, numbers, name, wishes.as == As::found);
  } else if (wishes.as == As::date || (wishes.as == As::found && dates.count == filled_ && verdict.distinct > 1)) {
    judge_dates(verdict, dates);
    verdict.date_is_ambiguous = dates.has_two_orders && wishes.date_order == DateParts::ymd;
    if (verdict.date_is_ambiguous) verdict.why += kTwoOrders;
  } else {
    judge_words(verdict, numbers, dates);
    verdict.are_digits = numbers.count == filled_;
    if (wishes.as == As::category) verdict.type = ColumnType::category;
  }
  return verdict;
}

}  // namespace strata::internal
