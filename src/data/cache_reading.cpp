#include "data/cache_reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/cell.hpp"
#include "data/column_survey.hpp"
#include "data/dates.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

[[noreturn]] void refuse(const std::string& source, const std::string& option, const std::string& found) {
  throw Error(ErrorCode::usage, fmt::format("{}: {}{}, whose cells were read when it was made; give the option to "
                                            "strata convert",
                                            option, printable(source), found));
}

std::string held_as(const Field& field) {
  const char* const what = field.is_text() ? "words" : field.type == ColumnType::date ? "dates" : "numbers";
  const std::string form = field.is_text() || field.written.empty() ? "" : " written " + field.written;
  return fmt::format(" holds column {} as {}{}", in_quotes(field.name), what, form);
}

// What the cell would be in this field of numbers or dates; NaN: it is none.
double number_of(const std::string& cell, const Field& field) {
  double value = std::numeric_limits<double>::quiet_NaN();
  if (field.type == ColumnType::date)
    static_cast<void>(parse_date_as(cell, date_form_of(field.written).value_or(DateForm{}), value));
  else
    static_cast<void>(parse_number_as(cell, number_form_of(field.written).value_or(NumberForm{}), value));
  return value;
}

// The columns of one option, each of which must be held so already.
template <class IsHeld>
void require_held(const std::string& source, const std::vector<Field>& fields, const char* option,
                  const std::vector<std::string>& patterns, const IsHeld& is_held) {
  for (const std::string& pattern : patterns) {
    bool is_there = false;
    for (const Field& field : fields) {
      if (!fits_pattern(field.name, pattern)) continue;
      is_there = true;
      if (!is_held(field)) refuse(source, spelled_names(option, std::span(&pattern, 1)), held_as(field));
    }
    if (is_there) continue;
    std::vector<std::string> names;
    for (const Field& field : fields) names.push_back(field.name);
    throw Error(ErrorCode::usage,
                fmt::format("{}: {} has no such column{} (it has: {})", spelled_names(option, std::span(&pattern, 1)),
                            printable(source), suggestion(pattern, names), joined_names(names)));
  }
}

}  // namespace

void set_date_order(const std::string& source, Field& field, const ReadingOptions& reading) {
  const auto form = date_form_of(field.written);
  if (reading.date_order == DateOrder::automatic || field.type != ColumnType::date || !form || form->named) return;
  const bool is_dmy = form->order == DateParts::dmy;
  if (!is_dmy && form->order != DateParts::mdy) return;
  const bool is_wanted = reading.date_order == (is_dmy ? DateOrder::dmy : DateOrder::mdy);
  if (is_wanted) {
    field.is_ambiguous = false;
    if (field.why.ends_with(kTwoOrders)) field.why.resize(field.why.size() - kTwoOrders.size());
  } else if (reading.date_order != DateOrder::ymd) {
    refuse(source, spelled("date-order", is_dmy ? "mdy" : "dmy"), held_as(field));
  }
}

void require_obeyed(const std::string& source, const std::vector<Field>& fields, const Request& request) {
  Options given;
  static_cast<ReadingOptions&>(given) = request.reading;
  for (const OptionSpec& option : option_table()) {
    constexpr std::string_view kOfText[] = {"separator", "header", "comment", "decimal", "bad-rows", "transpose"};
    if (std::ranges::find(kOfText, option.name) == std::end(kOfText)) continue;
    const std::string value = option.show(given);
    if (value != option.show({})) refuse(source, spelled(option.name, value), " is a data cache");
  }
  if (request.known != nullptr) return;  // its columns are what the model takes them for
  require_held(source, fields, "numeric", request.reading.numeric, [](const Field& field) {
    return field.type == ColumnType::number || (field.type == ColumnType::constant && !field.is_text());
  });
  require_held(source, fields, "date", request.reading.date,
               [](const Field& field) { return field.type == ColumnType::date; });
  require_held(source, fields, "categorical", request.reading.categorical, [](const Field& field) {
    return field.is_text() || (field.type != ColumnType::date && field.written.empty());
  });
}

void require_none_missing(const Table& table, const Field& field, const std::vector<std::string>& words) {
  if (!field.shape.empty()) return;
  const auto refuse_word = [&](const std::string& word) {
    refuse(table.source(), spelled_names("missing", std::span(&word, 1)),
           fmt::format(" has it in column {}", in_quotes(field.name)));
  };
  for (const std::string& word : words) {
    if (field.is_text()) {
      if (std::ranges::find(field.categories, trimmed(word), trimmed) != field.categories.end() &&
          !trimmed(word).empty())
        refuse_word(word);
      continue;
    }
    const double value = number_of(word, field);
    if (value != value) continue;
    for (std::size_t row = 0; row < table.rows(); ++row)
      if (table.number(field, row) == value) refuse_word(word);
  }
}

}  // namespace strata::internal
