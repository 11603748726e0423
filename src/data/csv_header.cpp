#include "data/csv_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "data/cell.hpp"
#include "data/dates.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostRows = 1'000, kMostSampled = 100'000;  // one row may have more

enum class Kind { missing, number, word };

struct Seen {
  Kind kind = Kind::word;
  bool is_typed = false;  // a date, or an amount of money, which no name is beside others of its kind
  double value = 0;
  bool is_fraction = false;  // written with a point, a comma or an exponent
};

bool is_missing(std::string_view cell) {
  constexpr std::string_view kWords[] = {"", "?", "-", ".", "NA", "N/A", "n/a", "na", "NULL", "null", "None", "#N/A"};
  return std::ranges::find(kWords, cell) != std::end(kWords);
}

Seen look_at(std::string_view cell) {
  if (is_missing(cell)) return {.kind = Kind::missing};
  Seen seen;
  const std::string_view whole = cell;
  std::string plain;
  if (cell.find(',') != std::string_view::npos) {  // of decimals or of thousands
    for (const char c : cell) plain += c == ',' ? std::string_view() : std::string_view(&c, 1);
    cell = plain;
    seen.is_fraction = true;
  }
  if (!parse_number(cell, seen.value)) {
    const NumberCell number = read_number(whole);
    seen.is_typed = number.forms != 0 ? number.affix > Affix::percent : read_date(whole).forms != 0;
    return seen;
  }
  seen.kind = std::isnan(seen.value) ? Kind::missing : Kind::number;
  seen.is_fraction = seen.is_fraction || cell.find_first_of(".eE") != std::string_view::npos;
  return seen;
}

// A first line of numbers alone is a row, whatever is below. Only 0, 1, … n−1 are names: those that are written for
// columns without any.
bool all_numbers(const std::vector<std::string>& cells) {
  bool any = false, counts = cells.size() > 1;
  std::size_t next = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i == 0 && cells[i].empty()) continue;
    const Seen seen = look_at(cells[i]);
    if (seen.kind == Kind::word) return false;
    any = any || (seen.kind == Kind::number && std::isfinite(seen.value));
    counts = counts && cells[i] == std::to_string(next++);
  }
  return any && !counts;
}

// What stands below a cell of the first line.
struct Below {
  std::size_t numbers = 0, words = 0, fractions = 0, typed = 0;
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  double last = 0;
  bool counts = true;    // every number is the one above, the first line's too, and 1
  bool repeats = false;  // the text of the first line comes again
  bool all_blank = true;

  [[nodiscard]] bool is_numeric() const { return numbers > 0 && numbers >= 9 * words; }
};

// Are these the numbers that names are made of: years, or steps of one size?
bool name_like(const std::vector<double>& numbers) {
  const bool years =
      std::ranges::all_of(numbers, [](double v) { return v == std::floor(v) && v >= 1800 && v <= 2100; });
  bool steps = numbers.size() >= 3;
  for (std::size_t i = 2; i < numbers.size(); ++i)
    steps = steps && numbers[1] != numbers[0] && numbers[i] - numbers[i - 1] == numbers[1] - numbers[0];
  return years || steps;
}

FirstLine judge(const std::vector<std::string>& first, const std::vector<Below>& columns) {
  std::size_t words = 0, repeated = 0;
  std::vector<double> numbers;  // above numbers
  bool fraction = false, unlike = false, in_range = true, counts = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const Seen seen = look_at(first[i]);
    const Below& below = columns[i];
    if (seen.kind == Kind::word) {
      if (seen.is_typed && 10 * below.typed >= 9 * below.words && below.typed > 0) return FirstLine::row;
      if (below.is_numeric()) return FirstLine::names;
      ++words;
      repeated += below.repeats ? 1 : 0;
    } else if (seen.kind == Kind::number && below.is_numeric()) {
      numbers.push_back(seen.value);
      fraction = fraction || seen.is_fraction;
      unlike = unlike || (!seen.is_fraction && 2 * below.fractions > below.numbers);
      in_range = in_range && seen.value >= below.low && seen.value <= below.high;
      counts = counts || (below.counts && below.numbers > 1);
    }
  }
  // (Not all of them: one may be a word of its own, as identifiers are.)
  if (2 * repeated > words && (words > 1 || !numbers.empty())) return FirstLine::row;
  if (numbers.empty()) return FirstLine::unclear;
  if (repeated > 0) return FirstLine::row;
  if (unlike || name_like(numbers)) return FirstLine::unclear;
  return fraction || in_range || counts ? FirstLine::row : FirstLine::unclear;
}

}  // namespace

bool looks_like_number(std::string_view cell) { return look_at(cell).kind == Kind::number; }

bool next_sample(CsvScanner& scanner, std::string_view comment, bool complete, bool* fault) {
  while (true) {
    try {
      if (!scanner.next()) return false;
    } catch (const Error&) {
      if (fault != nullptr) *fault = complete || !scanner.source_ended();
      return false;
    }
    if (!complete && scanner.at_end()) return false;
    const bool blank = scanner.cells().size() == 1 && scanner.cells()[0].is_blank();
    if (!blank && (comment.empty() || !scanner.record().starts_with(comment))) return true;
  }
}

HeaderLook look_at_header(const std::vector<std::string>& first, CsvScanner& rows, std::string_view comment,
                          bool complete) {
  HeaderLook look{.width = first.size()};
  // What is below each column, for every width that rows have: which one counts is known at the end.
  struct Of {
    std::size_t rows = 0;
    std::vector<Below> columns;
  };
  std::map<std::size_t, Of> by_width;
  std::size_t looked = 0;
  for (std::size_t count = 0; count < kMostRows && looked < kMostSampled && next_sample(rows, comment, complete);
       ++count) {
    const auto cells = rows.cells();
    looked += cells.size();
    Of& of = by_width[cells.size()];
    of.columns.resize(cells.size());
    ++of.rows;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      Below& below = of.columns[i];
      const Seen seen = look_at(cells[i].text);
      const bool has_name = i < first.size();
      below.all_blank = below.all_blank && cells[i].is_blank();
      if (seen.kind == Kind::word) ++below.words;
      below.typed += seen.is_typed ? 1 : 0;
      if (seen.kind == Kind::word && has_name && cells[i].text == first[i]) below.repeats = true;
      if (seen.kind != Kind::number) continue;
      if (below.numbers++ == 0) below.last = has_name ? look_at(first[i]).value : 0;
      below.fractions += seen.is_fraction ? 1 : 0;
      below.counts = below.counts && seen.value == below.last + 1;
      below.last = seen.value;
      below.low = std::min(below.low, seen.value);
      below.high = std::max(below.high, seen.value);
    }
  }
  const auto most = std::ranges::max_element(
      by_width, {}, [&](const auto& entry) { return std::pair(entry.second.rows, entry.first == first.size()); });
  if (all_numbers(first)) look.verdict = FirstLine::row;
  if (most == by_width.end()) return look;
  look.any_rows = true;
  look.width = most->first;
  const std::vector<Below>& columns = most->second.columns;
  while (look.empty_last < look.width && columns[look.width - 1 - look.empty_last].all_blank) ++look.empty_last;
  if (look.verdict != FirstLine::row && look.width == first.size()) look.verdict = judge(first, columns);
  return look;
}

std::vector<std::string> name_columns(std::vector<std::string> names, bool has_row_names,
                                      std::vector<std::string>& notes) {
  const auto taken_by_header = [&] {
    std::unordered_set<std::string> taken;
    for (const std::string& name : names) taken.insert(name);
    return taken;
  };
  std::unordered_set<std::string> taken = taken_by_header();
  std::unordered_map<std::string, std::size_t> next;  // number to try behind a name
  const auto apart = [&](const std::string& name) {
    std::size_t& number = next.try_emplace(name, 2).first->second;
    while (true) {
      std::string other = fmt::format("{}_{}", name, number++);
      if (taken.insert(other).second) return other;
    }
  };
  const auto own = [&](const std::string& name) { return taken.insert(name).second ? name : apart(name); };
  std::vector<std::string> twice, made;
  std::unordered_set<std::string_view> met;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string& name = names[i];
    if (name.empty() && i == 0 && names.size() > 1 && !has_row_names) {
      name = own("index");  // pandas and R write the names of the rows without one for themselves
      notes.push_back(fmt::format("the first column has no name and is called {}", name));
    } else if (name.empty()) {
      name = own(fmt::format("c{}", i + 1 + (has_row_names ? 1 : 0)));
      made.push_back(name);
    } else if (!met.insert(name).second) {
      name = apart(name);
      twice.push_back(name);
    }
  }
  if (!twice.empty()) notes.push_back("names that come again are told apart: " + joined(twice));
  if (!made.empty()) notes.push_back("columns without a name are called by their place: " + joined(made));
  if (has_row_names) {
    names.insert(names.begin(), own("row_names"));
    notes.push_back(
        fmt::format("the rows have one cell more than the header: the first one is called {}", names.front()));
  }
  return names;
}

}  // namespace strata::internal
