#include "data/csv_survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/text.hpp"
#include "data/csv_scanner.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

void require_there(const std::string& source, std::span<const std::string> names, const char* option,
                   std::span<const std::string> patterns) {
  for (const std::string& pattern : patterns) {
    if (std::ranges::any_of(names, [&](const std::string& name) { return fits_pattern(name, pattern); })) continue;
    throw Error(ErrorCode::usage,
                fmt::format("{}: {} has no such column{} (it has: {})", spelled(option, printable(pattern)), source,
                            suggestion(pattern, names), joined(names)));
  }
}

ColumnWishes wishes_for(const std::string& name, const ReadingOptions& reading, char decimal) {
  using As = ColumnWishes::As;
  ColumnWishes wishes;
  wishes.decimal = decimal;
  wishes.date_order = reading.date_order == DateOrder::dmy   ? DateParts::dmy
                      : reading.date_order == DateOrder::mdy ? DateParts::mdy
                                                             : DateParts::ymd;
  const bool numeric = fits_any(name, reading.numeric), categorical = fits_any(name, reading.categorical),
             date = fits_any(name, reading.date);
  if (static_cast<int>(numeric) + static_cast<int>(categorical) + static_cast<int>(date) > 1) {
    const char* first = numeric ? "numeric" : "categorical";
    const char* second = date ? "date" : "categorical";
    throw Error(ErrorCode::usage, fmt::format("{} and {} both name the column {}; name it with one of them",
                                              spelled(first), spelled(second), in_quotes(name)));
  }
  wishes.as = numeric ? As::number : categorical ? As::category : date ? As::date : As::found;
  return wishes;
}

void require_dates(const std::string& source, const std::string& name, const ColumnVerdict& verdict) {
  if (verdict.is_no_date) {
    throw Error(ErrorCode::value,
                fmt::format("{}:{}: column {}: expected a date, found {}", source, verdict.first_wrong->line,
                            in_quotes(name), in_quotes(verdict.first_wrong->text)));
  }
  if (verdict.date_is_ambiguous) {
    throw Error(ErrorCode::usage,
                fmt::format("{}: in column {} every date can be read as day and month or as month and day; say which "
                            "with {} or {}",
                            source, in_quotes(name), spelled("date-order", "dmy"), spelled("date-order", "mdy")));
  }
}

}  // namespace

Dialect dialect_of(Input& input, const Request& request) {
  const ReadingOptions& reading = request.reading;
  DialectWishes wishes;
  if (reading.separator != 0) wishes.separator = reading.separator;
  wishes.header = reading.header;
  if (reading.comment != 0) wishes.comment = std::string(1, reading.comment);
  wishes.skip_bad_rows = reading.bad_rows == BadRows::skip;
  Dialect dialect = find_dialect(input, wishes);
  if (dialect.header_found || request.takes_headerless || reading.header == Header::no) return dialect;
  throw Error(
      ErrorCode::format,
      fmt::format("{}:{}: the first line must name the columns, but it looks like a row ({}); put a line of "
                  "names before it, or let the columns be c1, c2, … with {}; if these are names: {}",
                  input.name(), dialect.line, dialect.first_row, spelled("header", "no"), spelled("header", "yes")));
}

TextSurvey survey_text(Input& input, const Request& request) {
  const ReadingOptions& reading = request.reading;
  TextSurvey survey{.dialect = dialect_of(input, request)};
  const std::vector<std::string>& names = survey.dialect.names;
  const std::string& source = input.name();
  require_there(source, names, "numeric", reading.numeric);
  require_there(source, names, "categorical", reading.categorical);
  require_there(source, names, "date", reading.date);

  const MissingWords missing(reading.missing);
  std::vector<ColumnSurvey> columns(names.size(), ColumnSurvey(missing));
  CsvScanner scanner(input, source, survey.dialect);
  while (scanner.next_row()) {
    const auto cells = scanner.cells();
    for (std::size_t c = 0; c < columns.size(); ++c) columns[c].add(cells[c].text, survey.rows, scanner.line());
    ++survey.rows;
  }
  survey.counts = scanner.counts();
  if (survey.rows == 0) throw Error(ErrorCode::format, fmt::format("{} has a header but no rows", source));

  const char decimal = reading.decimal == DecimalSign::comma   ? ','
                       : reading.decimal == DecimalSign::point ? '.'
                                                               : decimal_sign_of(columns);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    ColumnWishes wishes = wishes_for(names[c], reading, decimal);
    if (std::ranges::find(request.text, names[c]) != request.text.end()) wishes.as = ColumnWishes::As::category;
    survey.columns.push_back(columns[c].decide(names[c], wishes));
    if (wishes.as == ColumnWishes::As::date) require_dates(source, names[c], survey.columns.back());
  }
  return survey;
}

}  // namespace strata::internal
