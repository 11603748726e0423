#include "data/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "data/judge.hpp"
#include "data/table_storage.hpp"
#include "data/words.hpp"

namespace strata::internal {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargestWhole = 9007199254740992.0;  // 2^53
constexpr std::size_t kMostWrong = 10'000;            // cells that are remembered of a column

// 1.0, 0.001, 1e-05, 1e+16: as Python shows a number.
template <std::floating_point T>
std::string shown_by_python(T value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  std::array<char, 32> room;
  const auto written = std::to_chars(room.data(), room.data() + room.size(), value, std::chars_format::scientific);
  const std::string_view text(room.data(), static_cast<std::size_t>(written.ptr - room.data()));
  const std::size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16) return std::string(text);
  const std::string sign = text.front() == '-' ? "-" : "";
  std::string digits(text.substr(sign.size(), e - sign.size()));
  std::erase(digits, '.');
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent) - 1, '0') + digits;
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  digits.resize(std::max(digits.size(), whole + 1), '0');
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

// 2024-03-01, with 13:05:00 behind it where the column has times.
std::string shown_date(double days, bool with_time) {
  const double all = std::round(days * 86'400), day = std::floor(all / 86'400);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{static_cast<std::int64_t>(day)}}};
  const auto seconds = static_cast<std::int64_t>(all - day * 86'400);
  std::string text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (with_time) text += fmt::format(" {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return text;
}

// A text as a cell of a file has it: without blanks around, unless it would stand in quotes.
std::string_view as_cell(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == 0 && kBlanks.find(text.back()) == std::string_view::npos) return text;
  if (text.find_first_of(",\"\r\n") != std::string_view::npos) return text;
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

// A column of numbers or dates, and how a file would spell them.
class NativeColumn {
 public:
  NativeColumn(const Table& table, std::size_t i)
      : place_(table.storage().places[i]),
        block_(table.storage().blocks[place_.block]),
        rows_(table.rows()),
        is_date_(table.fields()[i].type == ColumnType::date),
        is_whole_(block_.type < NumberType::f32 || place_.of_integers) {
    if (!is_date_) return;
    look([&](std::size_t, double days) { return !(has_time_ = !std::isnan(days) && days != std::floor(days)); });
  }

  [[nodiscard]] bool is_date() const noexcept { return is_date_; }
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }

  /// Gets each row and its number, NaN where it is missing, as long as it wants more.
  template <class WantsMore>
  void look(const WantsMore& wants_more) const {
    with_number_type(block_.type, [&](auto zero) {
      for (std::size_t row = 0; row < rows_; ++row)
        if (!wants_more(row, static_cast<double>(block_.row<decltype(zero)>(row)[place_.offset]))) return;
    });
  }

  [[nodiscard]] std::size_t missing() const {
    std::size_t count = 0;
    look([&](std::size_t, double value) {
      count += std::isnan(value) ? 1 : 0;
      return true;
    });
    return count;
  }

  [[nodiscard]] std::string spelled(double value) const {
    if (std::isnan(value)) return {};
    if (is_date_) return shown_date(value, has_time_);
    if (is_whole_) return std::to_string(static_cast<std::int64_t>(value));
    return block_.type == NumberType::f32 ? shown_by_python(static_cast<float>(value)) : shown_by_python(value);
  }

  /// A whole number that float64 may not tell from its neighbours.
  [[nodiscard]] bool has_large() const {
    bool any = false;
    if (is_whole_ && block_.type >= NumberType::u64)
      look([&](std::size_t, double value) { return !(any = std::abs(value) > kLargestWhole); });
    return any;
  }

  /// Which of its cells, spelled, each row has, in the order of their first appearance.
  [[nodiscard]] std::vector<std::string> spell_all(Buffer& codes) const {
    Words words;
    codes = Buffer(checked_multiply(rows_, sizeof(std::uint32_t), "a field of text"));
    with_number_type(block_.type, [&](auto zero) {
      for (std::size_t row = 0; row < rows_; ++row) {
        const auto value = block_.row<decltype(zero)>(row)[place_.offset];
        std::string text;
        if constexpr (std::is_integral_v<decltype(zero)>)
          text = std::to_string(value);
        else
          text = spelled(value);
        codes.as<std::uint32_t>()[row] = static_cast<std::uint32_t>(words.index(text));
      }
    });
    return words.all();
  }

  /// Few different numbers are looked at as they are spelled; of many others only what matters then.
  void survey(ColumnSurvey& survey) const {
    if (const std::optional<std::vector<Few>> few = few_numbers()) {
      for (const Few& each : *few) survey.add(spelled(each.value), each.row, 0, each.count);
      return;
    }
    std::size_t filled = 0;
    look([&](std::size_t row, double value) {
      if (std::isnan(value)) {
        survey.add({}, row, 0);
      } else if (is_date_) {
        ++filled;
      } else if (std::isinf(value)) {
        survey.add(spelled(value), row, 0);
      } else {
        survey.add_number(value, is_whole_, row);
      }
      return true;
    });
    // Which days they are does not matter.
    if (filled > 0) survey.add(shown_date(0, has_time_), 0, 0, filled - 1), survey.add(shown_date(1, has_time_), 0, 0);
  }

 private:
  struct Few {
    double value = 0;
    std::size_t row = 0, count = 0;
  };

  // The different numbers, if they are no more than a survey remembers.
  [[nodiscard]] std::optional<std::vector<Few>> few_numbers() const {
    constexpr unsigned kBits = 12;
    std::array<std::uint16_t, std::size_t{1} << kBits> slots{};  // which of them, from 1 on
    std::vector<Few> few;
    look([&](std::size_t row, double value) {
      const auto bits = std::bit_cast<std::uint64_t>(std::isnan(value) ? kNothing : value);
      std::size_t slot = bits * 0x9E3779B97F4A7C15U >> (64 - kBits);
      for (; slots[slot] != 0; slot = (slot + 1) % slots.size()) {
        Few& each = few[slots[slot] - 1U];
        if (std::bit_cast<std::uint64_t>(each.value) != bits) continue;
        ++each.count;
        return true;
      }
      few.push_back({std::bit_cast<double>(bits), row, 1});
      slots[slot] = static_cast<std::uint16_t>(few.size());
      return few.size() <= ColumnSurvey::kMostNumbers;
    });
    if (few.size() > ColumnSurvey::kMostNumbers) return std::nullopt;
    return few;
  }

  const Place& place_;
  const Block& block_;
  std::size_t rows_;
  bool is_date_, is_whole_, has_time_ = false;
};

// A table whose columns are held anew, one after the other.
class Frame {
 public:
  Frame(Table table, const ReadingOptions& reading, bool is_judged)
      : table_(std::move(table)),
        rules_(reading),
        missing_are_dates_(
            std::ranges::any_of(reading.missing, [](const std::string& word) { return read_date(word).forms != 0; })),
        is_bad_row_(table_.rows()) {
    for (Origin& origin : storage().origins) origin.is_judged = is_judged;
  }

  [[nodiscard]] const Field& field(std::size_t i) const noexcept { return table_.fields()[i]; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const {
    const Field* const found = table_.find(name);
    if (found == nullptr) return std::nullopt;
    return static_cast<std::size_t>(found - table_.fields().data());
  }
  [[nodiscard]] NativeColumn native(std::size_t i) const { return {table_, i}; }

  /// Cells of numbers or dates matter as they are spelled: they may be words that mean missing, or codes.
  [[nodiscard]] bool goes_by_spelling(std::size_t i) const {
    const NativeColumn column = native(i);
    return (column.is_date() ? missing_are_dates_ : rules_.missing_are_numbers) || column.has_large();
  }
  /// A column of numbers or dates becomes one of the words that spell them.
  void to_words(std::size_t i) {
    Buffer codes;
    std::vector<std::string> words = native(i).spell_all(codes);
    set(i, Block(NumberType::u32, 1, std::move(codes)));
    storage().fields[i].categories = std::move(words);
  }

  void survey(std::size_t i, ColumnSurvey& survey) const {
    if (!field(i).is_text()) return native(i).survey(survey);
    struct Seen {
      std::size_t row = 0, count = 0;
    };
    std::vector<Seen> seen(field(i).categories.size());
    for_each_code(i, [&](std::size_t row, std::size_t code) {
      if (seen[code].count++ == 0) seen[code].row = row;
    });
    for (std::size_t code = 0; code < seen.size(); ++code)
      if (seen[code].count > 0) survey.add(as_cell(field(i).categories[code]), seen[code].row, 0, seen[code].count);
  }

  /// The column in this form, which makes `as` of it.
  void hold(std::size_t i, const CellForm& form, const Field& as) {
    if (!field(i).is_text() && form.held_as != (native(i).is_date() ? HeldAs::dates : HeldAs::numbers)) to_words(i);
    if (!field(i).is_text()) {
      storage().fields[i].missing = as.missing;
    } else if (form.held_as == HeldAs::words) {
      hold_words(i, form);
    } else {
      hold_numbers(i, form);
    }
    Field& to = storage().fields[i];
    to.is_bytes = false;  // pixels are in files
    to.type = as.type;
    to.why = as.why;
    to.written = as.written;
    to.is_ambiguous = as.is_ambiguous;
  }
  void set_spelled(std::size_t i, std::vector<SpelledNumber> spelled) {
    storage().places[i].spelled = std::move(spelled);
  }

  /// The table; rows with a wrong cell are left out, where they are not wanted.
  [[nodiscard]] Table take(std::vector<std::string>& notes) {
    TextCounts& counts = storage().counts;
    const auto rows = static_cast<std::size_t>(std::ranges::count(is_bad_row_, true));
    counts.bad_rows += rows;
    counts.bad_cells += bad_cells_;
    if (bad_cells_ > 0)
      notes.push_back(fmt::format("{} word{} in columns of numbers or dates {} as missing; the first: {}", bad_cells_,
                                  bad_cells_ == 1 ? "" : "s", bad_cells_ == 1 ? "counts" : "count", first_wrong_));
    if (rows == 0) return std::move(table_);
    notes.push_back(fmt::format("{} row{} left out, with a word in a column of numbers or dates; the first: {}", rows,
                                rows == 1 ? " is" : "s are", first_wrong_));
    std::vector<std::size_t> kept;
    for (std::size_t row = 0; row < is_bad_row_.size(); ++row)
      if (!is_bad_row_[row]) kept.push_back(row);
    return table_.select_rows(kept);
  }

 private:
  [[nodiscard]] Table::Storage& storage() noexcept { return table_.storage(); }

  template <class Use>
  void for_each_code(std::size_t i, const Use& use) const {
    const Place& place = table_.storage().places[i];
    const Block& block = table_.storage().blocks[place.block];
    with_number_type(block.type, [&](auto zero) {
      for (std::size_t row = 0; row < table_.rows(); ++row) {
        const auto code = static_cast<std::size_t>(static_cast<double>(block.row<decltype(zero)>(row)[place.offset]));
        use(row, place.texts.empty() ? code : place.texts[code]);
      }
    });
  }

  void set(std::size_t i, Block block) {
    Place& place = storage().places[i];
    place.block = storage().blocks.size();
    place.offset = 0;
    place.texts.clear();
    storage().blocks.push_back(std::move(block));
  }

  void hold_words(std::size_t i, const CellForm& form) {
    constexpr auto kNew = std::numeric_limits<std::uint32_t>::max();
    const MissingWords& missing = form.only_named_missing ? rules_.named_missing : rules_.missing;
    Field& field = storage().fields[i];
    Words words;
    std::vector<std::uint32_t> number(field.categories.size(), kNew);
    std::vector<bool> is_missing(field.categories.size());
    Buffer codes(checked_multiply(table_.rows(), sizeof(std::uint32_t), "a field of text"));
    field.missing = 0;
    for_each_code(i, [&](std::size_t row, std::size_t code) {
      if (number[code] == kNew) {
        const std::string_view cell = as_cell(field.categories[code]);
        is_missing[code] = missing.contains(cell);
        number[code] = static_cast<std::uint32_t>(words.index(is_missing[code] ? std::string_view() : cell));
      }
      field.missing += is_missing[code] ? 1 : 0;
      codes.as<std::uint32_t>()[row] = number[code];
    });
    set(i, Block(NumberType::u32, 1, std::move(codes)));
    field.categories = words.all();
  }

  void hold_numbers(std::size_t i, const CellForm& form) {
    enum class Is : std::uint8_t { unknown, number, missing, wrong };
    struct Value {
      Is is = Is::unknown;
      double number = kNothing;
    };
    Field& field = storage().fields[i];
    Place& place = storage().places[i];
    std::vector<Value> values(field.categories.size());
    Buffer numbers(checked_multiply(table_.rows(), sizeof(double), "a column of numbers"));
    field.missing = 0;
    for_each_code(i, [&](std::size_t row, std::size_t code) {
      Value& value = values[code];
      if (value.is == Is::unknown) {
        const std::string_view cell = as_cell(field.categories[code]);
        value.is = read_cell(form, rules_, cell, value.number) ? Is::number
                   : rules_.missing.contains(cell)             ? Is::missing
                                                               : Is::wrong;
      }
      numbers.as<double>()[row] = value.is == Is::number ? value.number : kNothing;
      field.missing += value.is == Is::missing || (value.is == Is::wrong && rules_.bad_are_missing) ? 1 : 0;
      if (value.is == Is::wrong) add_wrong(place, row, as_cell(field.categories[code]));
    });
    set(i, Block(NumberType::f64, 1, std::move(numbers)));
    field.categories.clear();
  }

  void add_wrong(Place& place, std::size_t row, std::string_view cell) {
    if (rules_.bad_are_missing || rules_.skip_bad_rows) {
      if (first_wrong_.empty())
        first_wrong_ = fmt::format("{} is {}", array_place(table_.source(), place.name, row, 0, 1), in_quotes(cell));
      bad_cells_ += rules_.bad_are_missing ? 1 : 0;
      is_bad_row_[row] = !rules_.bad_are_missing;
    } else if (place.bad.size() < kMostWrong) {
      place.bad.push_back({.row = row, .text = std::string(cell)});
    } else {
      place.has_more_bad = true;
    }
  }

  Table table_;
  CellRules rules_;
  bool missing_are_dates_;
  std::vector<bool> is_bad_row_;
  std::size_t bad_cells_ = 0;
  std::string first_wrong_;
};

char decimal_of(const ReadingOptions& reading, std::span<const ColumnSurvey> columns) {
  return reading.decimal == DecimalSign::comma   ? ','
         : reading.decimal == DecimalSign::point ? '.'
                                                 : decimal_sign_of(columns);
}

}  // namespace

Table judged_frame(Table table, const Request& request, std::vector<std::string>& notes) {
  using As = ColumnWishes::As;
  const std::string source = table.source();
  std::vector<std::string> names;
  for (const Field& field : table.fields()) names.push_back(field.name);
  require_named(source, names, request.reading);
  const MissingWords missing(request.reading.missing);
  Frame frame(std::move(table), request.reading, true);
  std::vector<ColumnSurvey> surveys(names.size(), ColumnSurvey(missing));
  std::vector<ColumnWishes> wishes;
  const auto is_left = [&](std::size_t i) { return !frame.field(i).shape.empty() || !frame.field(i).why.empty(); };
  for (std::size_t i = 0; i < names.size(); ++i) {
    ColumnWishes& wished = wishes.emplace_back(wishes_for(names[i], request, '\0'));
    if (is_left(i)) continue;
    const Field& field = frame.field(i);
    if (field.is_text()) {
      if (field.type == ColumnType::category && wished.as == As::found) wished.as = As::category;
    } else {
      const NativeColumn column = frame.native(i);
      if (!column.is_whole()) wished.decimal = '.';
      const As natural = column.is_date() ? As::date : As::number;
      if ((wished.as != As::found && wished.as != natural) || frame.goes_by_spelling(i)) frame.to_words(i);
    }
    frame.survey(i, surveys[i]);
  }
  const char decimal = decimal_of(request.reading, surveys);
  const std::vector<std::string> labels = labels_of(names, request);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_left(i)) continue;
    if (wishes[i].decimal == 0) wishes[i].decimal = decimal;
    ColumnVerdict verdict = judge(surveys[i], source, names[i], wishes[i], request, labels);
    Field as;
    const CellForm form = form_of(verdict, as);
    frame.hold(i, form, as);
    frame.set_spelled(i, std::move(verdict.spelled));
  }
  return frame.take(notes);
}

Table known_frame(Table table, std::span<const KnownColumn> known, const ReadingOptions& reading,
                  std::vector<std::string>& notes) {
  Frame frame(std::move(table), reading, false);
  for (const KnownColumn& column : known) {
    const std::optional<std::size_t> i = frame.find(column.name);
    if (!i || !frame.field(*i).shape.empty()) continue;
    Field as;
    const CellForm form = form_of(column, as);
    if (!frame.field(*i).is_text() && frame.goes_by_spelling(*i)) frame.to_words(*i);
    if (!frame.field(*i).is_text()) {
      const NativeColumn native = frame.native(*i);
      if (!native.is_date() && form.held_as == HeldAs::words) continue;
      as.missing = native.missing();
    }
    frame.hold(*i, form, as);
  }
  return frame.take(notes);
}

}  // namespace strata::internal
