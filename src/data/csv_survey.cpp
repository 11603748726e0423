#include "data/csv_survey.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/checked.hpp"
#include "base/cpus.hpp"
#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/csv_scanner.hpp"
#include "data/judge.hpp"
#include "data/text_parts.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// Cells that are kept while there is memory for them: the second look is over when all that it wants is here.
class KeptNumbers {
 public:
  explicit KeptNumbers(const std::filesystem::path& spill) : numbers_(Buffer::in(spill)) {
    const auto pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
    if (spill.empty() && pages > 0 && size > 0)
      most_ = static_cast<std::size_t>(pages) * static_cast<std::size_t>(size) / 4;
  }

  [[nodiscard]] bool keeps() const noexcept { return keeps_; }
  void append(const Buffer& more) {
    if (!keeps_) return;
    const std::size_t before = numbers_.size();
    try {
      keeps_ = more.size() <= most_ - before;
      if (keeps_) numbers_.resize(before + more.size());
    } catch (const Error&) {
      keeps_ = false;
    }
    if (!keeps_) return numbers_.clear();
    if (more.size() > 0) std::memcpy(numbers_.data() + before, more.data(), more.size());
  }
  [[nodiscard]] Buffer take() { return std::move(numbers_); }

 private:
  std::size_t most_ = std::numeric_limits<std::size_t>::max();
  Buffer numbers_;
  bool keeps_ = true;
};

class SurveyPart final : public TextPart {
 public:
  SurveyPart(std::vector<ColumnSurvey> of, std::span<const std::size_t> cells, bool keeps, Buffer room)
      : columns(std::move(of)), numbers(std::move(room)), cells_(cells), keeps_(keeps) {}

  void add(const CsvScanner& row) override {
    const auto cells = row.cells();
    const std::size_t before = numbers.size();
    if (keeps_) numbers.resize(before + columns.size() * sizeof(double));
    double* const kept = keeps_ ? numbers.as<double>() + before / sizeof(double) : nullptr;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double number = columns[c].add(cells[cells_[c]].text, rows, row.line());
      if (kept != nullptr) kept[c] = number;
    }
    lines.add(rows++, row.line());
  }

  // Gives the words of a column, which the part has numbered, the numbers that they have in the text.
  void number_words(std::size_t column, std::span<const std::size_t> words) {
    if (numbers.size() == 0) return;
    double* number = numbers.as<double>() + column;
    for (std::size_t row = 0; row < rows; ++row, number += columns.size()) {
      if (!std::isnan(*number)) *number = static_cast<double>(words[static_cast<std::size_t>(*number)]);
    }
  }

  std::vector<ColumnSurvey> columns;
  Buffer numbers;
  LineNumbers lines;
  std::size_t rows = 0;

 private:
  std::span<const std::size_t> cells_;
  bool keeps_;
};

// Column c of the table is which cell of a record? By the names, which all texts have.
std::vector<std::size_t> cells_of(const SurveyedText& first, const SurveyedText& text) {
  const std::vector<std::string>&wanted = first.dialect.names, &names = text.dialect.names;
  std::unordered_map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < names.size(); ++i) place.emplace(names[i], i);
  std::vector<std::size_t> cells;
  for (const std::string& name : wanted) {
    const auto found = place.find(name);
    if (found == place.end()) {
      throw Error(ErrorCode::shape,
                  fmt::format("{}: there is no column {}, which {} has; the files of one table have the same columns{}",
                              text.name, in_quotes(name), first.name, suggestion(name, names)));
    }
    cells.push_back(found->second);
    place.erase(found);
  }
  if (place.empty()) return cells;
  const auto more = std::ranges::min_element(place, {}, [](const auto& entry) { return entry.second; });
  throw Error(ErrorCode::shape,
              fmt::format("{}: there is a column {}, which {} has not; the files of one table have the same columns{}",
                          text.name, in_quotes(more->first), first.name, suggestion(std::string(more->first), wanted)));
}

// Reads a text to its end.
void survey_text(Input& input, SurveyedText& text, bool is_one_of_several, std::vector<ColumnSurvey>& columns,
                 std::size_t rows, int threads, KeptNumbers& kept) {
  std::mutex mutex;
  std::vector<Buffer> rooms;  // of parts that are joined, for others
  const auto begin = [&] {
    const std::scoped_lock lock(mutex);
    std::vector<ColumnSurvey> like;
    like.reserve(columns.size());
    for (const ColumnSurvey& column : columns) like.push_back(column.like());
    Buffer room;
    if (!rooms.empty()) {
      room.swap(rooms.back());
      rooms.pop_back();
    }
    return std::make_unique<SurveyPart>(std::move(like), text.cells, kept.keeps(), std::move(room));
  };
  const auto join = [&](std::unique_ptr<TextPart> added, std::size_t lines) {
    const std::scoped_lock lock(mutex);
    auto& part = static_cast<SurveyPart&>(*added);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::vector<std::size_t> words =
          columns[c].append(part.columns[c], rows + text.rows, lines, is_one_of_several ? text.name : std::string());
      if (kept.keeps() && part.columns[c].gives_words()) part.number_words(c, words);
    }
    kept.append(part.numbers);
    part.numbers.resize(0);
    rooms.push_back(std::move(part.numbers));
    text.lines.append(part.lines, text.rows, lines);
    text.rows += part.rows;
  };
  text.counts = read_in_parts(input, text.dialect, threads, {.begin = begin, .join = join});
}

}  // namespace

Dialect dialect_of(Input& input, const Request& request) {
  const ReadingOptions& reading = request.reading;
  DialectWishes wishes;
  if (reading.separator != 0) wishes.separator = reading.separator;
  wishes.header = reading.header;
  if (reading.comment != 0) wishes.comment = std::string(1, reading.comment);
  wishes.skip_bad_rows = reading.bad_rows == BadRows::skip;
  wishes.expected.assign(request.expected.begin(), request.expected.end());
  Dialect dialect = find_dialect(input, wishes);
  if (dialect.header_found || request.takes_headerless || reading.header == Header::no) return dialect;
  throw Error(
      ErrorCode::format,
      fmt::format("{}:{}: the first line must name the columns, but it looks like a row ({}); put a line of "
                  "names before it, or let the columns be c1, c2, … with {}; if these are names: {}",
                  input.name(), dialect.line, dialect.first_row, spelled("header", "no"), spelled("header", "yes")));
}

TextReport TextSurvey::report() const {
  std::vector<TextReport> reports;
  for (const SurveyedText& text : texts)
    reports.push_back({.dialect = text.dialect, .counts = text.counts, .name = text.name});
  TextReport all = std::move(reports.front());
  all.others.assign(std::move_iterator(reports.begin() + 1), std::move_iterator(reports.end()));
  return all;
}

TextSurvey survey_texts(std::span<const TextInput> texts, const Request& request) {
  const ReadingOptions& reading = request.reading;
  const MissingWords missing(reading.missing);
  TextSurvey survey;
  std::vector<ColumnSurvey> columns;
  std::optional<KeptNumbers> kept;
  for (const TextInput& text : texts) {
    const std::unique_ptr<Input> input = text.open();
    survey.texts.push_back({.name = text.name, .dialect = dialect_of(*input, request)});
    SurveyedText& surveyed = survey.texts.back();
    if (!kept) {
      require_named(text.name, survey.names(), reading);
      columns.assign(survey.names().size(), ColumnSurvey(missing));
      kept.emplace(request.spill);
    }
    surveyed.cells = cells_of(survey.texts.front(), surveyed);
    survey_text(*input, surveyed, texts.size() > 1, columns, survey.rows, chosen_threads(request.threads), *kept);
    if (surveyed.rows == 0) throw Error(ErrorCode::format, fmt::format("{} has a header but no rows", text.name));
    survey.rows += surveyed.rows;
  }
  if (kept->keeps()) survey.numbers = kept->take();

  const char decimal = reading.decimal == DecimalSign::comma   ? ','
                       : reading.decimal == DecimalSign::point ? '.'
                                                               : decimal_sign_of(columns);
  const std::vector<std::string> labels = labels_of(survey.names(), request);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const std::string& name = survey.names()[c];
    // Where semicolons part cells, commas stand before decimals, as far as the columns leave that open.
    const bool in_doubt =
        decimal == 0 && survey.texts.front().dialect.separator == ';' && !columns[c].is_read_plainly();
    const ColumnWishes wishes = wishes_for(name, request, in_doubt ? ',' : decimal);
    survey.columns.push_back(judge(columns[c], texts.front().name, name, wishes, request, labels));
  }
  return survey;
}

}  // namespace strata::internal
