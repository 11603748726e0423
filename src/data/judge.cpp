#include "data/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// A column that is to be predicted: NA is a word among words, and says nothing among numbers. Several are numbers.
ColumnVerdict judge_label(ColumnSurvey& column, const std::string& name, ColumnWishes wishes, const Request& request,
                          bool is_one_of_several) {
  ColumnVerdict verdict = column.decide(name, wishes);
  if (request.labels_are_classes && wishes.as == ColumnWishes::As::found && verdict.held_as == HeldAs::numbers &&
      verdict.wrong > 0) {
    wishes.as = ColumnWishes::As::category;
    verdict = column.decide(name, wishes);
  }
  if (is_one_of_several && verdict.type == ColumnType::yes_no) {
    verdict.held_as = HeldAs::numbers;
    verdict.are_answers = true;
    verdict.is_as_given = false;
    return verdict;
  }
  const bool are_words = verdict.held_as == HeldAs::words ? !verdict.are_digits : verdict.filled == 0;
  if (are_words) {
    column.keep_missing(MissingWords::only(request.reading.missing));
    verdict = column.decide(name, wishes);
    verdict.only_named_missing = true;
  } else if (verdict.held_as == HeldAs::numbers) {
    verdict.spelled = column.spelled_numbers(verdict.number_form);
  }
  return verdict;
}

std::string place_of(const PlacedCell& cell, const std::string& source, const std::string& name) {
  if (cell.line == 0) return array_place(source, name, cell.row, 0, 1);
  return fmt::format("{}:{}: column {}", cell.file.empty() ? source : cell.file, cell.line, in_quotes(name));
}

void require_dates(const std::string& source, const std::string& name, const ColumnVerdict& verdict,
                   bool may_be_wrong) {
  if (verdict.is_no_date && !may_be_wrong) {
    throw Error(ErrorCode::value,
                fmt::format("{}: expected a date, found {}", place_of(*verdict.first_wrong, source, name),
                            in_quotes(verdict.first_wrong->text)));
  }
  if (verdict.date_is_ambiguous) {
    throw Error(ErrorCode::usage,
                fmt::format("{}: in column {} every date can be read as day and month or as month and day; say which "
                            "with {} or {}",
                            source, in_quotes(name), spelled("date-order", "dmy"), spelled("date-order", "mdy")));
  }
}

}  // namespace

void require_named(const std::string& source, std::span<const std::string> names, const ReadingOptions& reading) {
  const std::pair<const char*, const std::vector<std::string>&> options[] = {
      {"numeric", reading.numeric}, {"categorical", reading.categorical}, {"date", reading.date}};
  for (const auto& [option, patterns] : options) {
    for (const std::string& pattern : patterns) {
      if (std::ranges::any_of(names, [&](const std::string& name) { return fits_pattern(name, pattern); })) continue;
      throw Error(ErrorCode::usage,
                  fmt::format("{}: {} has no such column{} (it has: {})", spelled_names(option, std::span(&pattern, 1)),
                              source, suggestion(pattern, names), joined_names(names)));
    }
  }
}

ColumnWishes wishes_for(const std::string& name, const Request& request, char decimal) {
  const ReadingOptions& reading = request.reading;
  using As = ColumnWishes::As;
  ColumnWishes wishes;
  wishes.decimal = decimal;
  wishes.date_order = reading.date_order == DateOrder::dmy   ? DateParts::dmy
                      : reading.date_order == DateOrder::mdy ? DateParts::mdy
                                                             : DateParts::ymd;
  const bool numeric = fits_any(name, reading.numeric) || (!name.empty() && name == request.numbers),
             categorical = fits_any(name, reading.categorical), date = fits_any(name, reading.date);
  if (static_cast<int>(numeric) + static_cast<int>(categorical) + static_cast<int>(date) > 1) {
    const char* first = name == request.numbers ? "weight-column" : numeric ? "numeric" : "categorical";
    const char* second = date ? "date" : "categorical";
    throw Error(ErrorCode::usage, fmt::format("{} and {} both name the column {}; name it with one of them",
                                              spelled(first), spelled(second), in_quotes(name)));
  }
  wishes.as = numeric ? As::number : categorical ? As::category : date ? As::date : As::found;
  return wishes;
}

std::vector<std::string> labels_of(std::span<const std::string> names, const Request& request) {
  if (!request.labels) return {};
  std::vector<Field> fields(names.size());
  for (std::size_t c = 0; c < names.size(); ++c) fields[c].name = names[c];
  return request.labels(fields);
}

ColumnVerdict judge(ColumnSurvey& column, const std::string& source, const std::string& name,
                    const ColumnWishes& wishes, const Request& request, std::span<const std::string> labels) {
  const bool is_label = std::ranges::find(labels, name) != labels.end();
  ColumnVerdict verdict =
      is_label ? judge_label(column, name, wishes, request, labels.size() > 1) : column.decide(name, wishes);
  const bool may_be_wrong = request.reading.bad_cells == BadCells::missing || request.reading.bad_rows == BadRows::skip;
  if (wishes.as == ColumnWishes::As::date) require_dates(source, name, verdict, may_be_wrong);
  return verdict;
}

CellForm form_of(const ColumnVerdict& verdict, Field& field) {
  field.type = verdict.type;
  field.why = verdict.why;
  field.missing = verdict.missing;
  field.is_ambiguous = verdict.date_is_ambiguous;
  if (verdict.held_as == HeldAs::dates) field.written = example_of(verdict.date_form);
  if (verdict.held_as == HeldAs::numbers && verdict.number_form != NumberForm{})
    field.written = example_of(verdict.number_form);
  return {.held_as = verdict.held_as,
          .numbers = verdict.number_form,
          .dates = verdict.date_form,
          .only_named_missing = verdict.only_named_missing,
          .may_be_answers = verdict.are_answers};
}

CellForm form_of(const KnownColumn& known, Field& field) {
  field.type = known.type;
  field.written = known.written;
  switch (known.type) {
    case ColumnType::number:
      return {.numbers = number_form_of(known.written).value_or(NumberForm{}), .may_be_answers = known.is_label};
    case ColumnType::date: return {.held_as = HeldAs::dates, .dates = date_form_of(known.written).value_or(DateForm{})};
    default: return {.held_as = HeldAs::words, .only_named_missing = known.is_label};
  }
}

}  // namespace strata::internal
