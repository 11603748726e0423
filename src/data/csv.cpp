#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/cpus.hpp"
#include "base/text.hpp"
#include "data/csv_scanner.hpp"
#include "data/csv_survey.hpp"
#include "data/dialect.hpp"
#include "data/formats.hpp"
#include "data/judge.hpp"
#include "data/table_storage.hpp"
#include "data/text_parts.hpp"
#include "data/text_rows.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// Which columns to read, and how.
struct Plan {
  std::vector<std::size_t> columns;  // of the text
  std::vector<Field> fields;
  std::vector<CellForm> forms;
  std::vector<std::vector<SpelledNumber>> spelled = {};  // as Place::spelled; empty: of none
};

template <class FormOf>
Plan plan_for(const std::string& source, std::span<const std::string> names, const Request& request,
              const FormOf& form) {
  std::vector<Field> available;
  std::vector<CellForm> forms;
  for (std::size_t c = 0; c < names.size(); ++c) {
    available.push_back({.name = names[c], .shape = {}, .categories = {}});
    forms.push_back(form(c, available.back()));
  }
  Plan plan{.columns = chosen_fields(source, available, request.choose), .fields = {}, .forms = {}};
  for (const std::size_t c : plan.columns) {
    plan.forms.push_back(forms[c]);
    plan.fields.push_back(std::move(available[c]));
  }
  return plan;
}

// The table of these numbers, which has no origin yet.
Table table_of(const std::string& source, const Plan& plan, Buffer numbers, std::size_t rows) {
  Table table;
  Table::Storage& storage = table.storage();
  storage.source = source;
  storage.rows = rows;
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    storage.fields.push_back(plan.fields[i]);
    storage.fields.back().rows = rows;
    storage.places.push_back({.offset = i, .cell = plan.columns[i] + 1, .name = plan.fields[i].name});
    if (!plan.spelled.empty()) storage.places.back().spelled = plan.spelled[i];
  }
  numbers.resize(rows * plan.columns.size() * sizeof(double));
  numbers.shrink_to_fit();
  storage.blocks.push_back({NumberType::f64, plan.columns.size(), std::move(numbers)});
  return table;
}

// What else was read of field i.
void add_column(Table& table, std::size_t i, TextColumn& column) {
  Table::Storage& storage = table.storage();
  storage.fields[i].missing = column.missing;
  storage.fields[i].categories = column.words.all();
  storage.places[i].bad = std::move(column.bad);
  storage.places[i].has_more_bad = column.has_more_bad;
  storage.places[i].first_missing = std::move(column.first_missing);
}

// A text whose columns are known, in a stream.
class TextStream final : public TableBlocks {
 public:
  TextStream(std::unique_ptr<Input> input, Dialect dialect, const Request& request)
      : input_(std::move(input)),
        scanner_(*input_, input_->name(), dialect),
        spill_(request.spill),
        report_(request.report),
        kept_(request.kept),
        rules_(request.reading) {
    if (report_ != nullptr) *report_ = {.dialect = dialect, .counts = {}};
    // The types are known when the choice is made.
    plan_ = plan_for(input_->name(), dialect.names, request, [](std::size_t, Field&) { return CellForm{}; });
    for (std::size_t i = 0; i < plan_.fields.size(); ++i)
      if (const KnownColumn* known = known_column(request, plan_.fields[i].name))
        plan_.forms[i] = form_of(*known, plan_.fields[i]);
    if (kept_ == nullptr) return;
    for (const std::string& name : kept_->names)
      kept_cells_.push_back(static_cast<std::size_t>(std::ranges::find(dialect.names, name) - dialect.names.begin()));
  }

 private:
  std::optional<Table> read(std::size_t most) override {
    TextRows rows(plan_.forms, rules_, spill_);
    if (kept_ != nullptr) kept_->cells.assign(kept_->names.size(), std::vector<std::string>());
    try {
      while (rows.rows() < most && scanner_.next_row()) {
        const std::size_t before = rows.rows();
        rows.add(scanner_, plan_.columns);
        for (std::size_t k = 0; rows.rows() > before && k < kept_cells_.size(); ++k)
          kept_->cells[k].emplace_back(scanner_.cells()[kept_cells_[k]].text);
      }
    } catch (...) {
      if (rows.rows() == 0) throw;
      keep_fault(std::current_exception());
    }
    counts_.append(rows.counts(), 0);
    TextCounts all = scanner_.counts();
    all.append(counts_, 0);
    if (report_ != nullptr) report_->counts = all;
    if (rows.rows() == 0) {
      if (is_first_) throw Error(ErrorCode::format, fmt::format("{} has a header but no rows", input_->name()));
      return std::nullopt;
    }
    is_first_ = false;
    Table table = table_of(input_->name(), plan_, std::move(rows.numbers()), rows.rows());
    for (std::size_t i = 0; i < plan_.fields.size(); ++i) add_column(table, i, rows.column(i));
    table.storage().counts = all;
    table.storage().origins.push_back({.name = input_->name(), .is_csv = true, .lines = std::move(rows.lines())});
    return table;
  }

  std::unique_ptr<Input> input_;
  CsvScanner scanner_;
  std::filesystem::path spill_;
  TextReport* report_;
  KeptCells* kept_;
  CellRules rules_;
  Plan plan_;
  std::vector<std::size_t> kept_cells_;
  TextCounts counts_;  // of the cells so far
  bool is_first_ = true;
};

class RowsPart final : public TextPart {
 public:
  RowsPart(std::span<const CellForm> forms, const CellRules& rules, std::span<const std::size_t> cells)
      : rows(forms, rules), cells_(cells) {}
  void add(const CsvScanner& record) override { rows.add(record, cells_); }

  TextRows rows;

 private:
  std::span<const std::size_t> cells_;
};

// Texts whose columns were judged: what the first look did not keep is read in a second one.
class SurveyedTexts {
 public:
  SurveyedTexts(std::vector<TextInput> texts, TextSurvey survey, const Request& request)
      : texts_(std::move(texts)),
        survey_(std::move(survey)),
        rules_(request.reading),
        spill_(request.spill),
        threads_(chosen_threads(request.threads)),
        some_known_(request.known != nullptr),
        report_(survey_.report()) {
    if (request.report != nullptr) *request.report = report_;
    plan_ = plan_for(source(), survey_.names(), request,
                     [&](std::size_t c, Field& field) { return form_of(survey_.columns[c], field); });
    for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
      const KnownColumn* known = known_column(request, plan_.fields[i].name);
      plan_.spelled.push_back(known == nullptr ? survey_.columns[plan_.columns[i]].spelled
                                               : std::vector<SpelledNumber>{});
      if (known != nullptr) {
        plan_.fields[i] = {.name = known->name, .shape = {}, .categories = {}};
        plan_.forms[i] = form_of(*known, plan_.fields[i]);
        wanted_.push_back(i);
      } else if (is_kept(i)) {
        kept_.push_back(i);
      } else if (!request.without_cells || !request.without_cells(plan_.fields[i])) {
        wanted_.push_back(i);
      }
    }
    if (kept_.empty()) survey_.numbers.clear();
  }

  Table read() {
    std::vector<CellForm> forms;
    for (const std::size_t i : wanted_) forms.push_back(plan_.forms[i]);
    TextRows rows(forms, rules_, spill_);
    for (std::size_t t = 0; t < texts_.size(); ++t) {
      if (!wanted_.empty()) look_again(t, forms, rows);
      texts_[t].require_unchanged();
    }
    const std::size_t count = wanted_.empty() ? survey_.rows : rows.rows();
    for (const std::size_t i : kept_) number_words(i);
    Table table = table_of(source(), plan_, merged(rows, count), count);
    for (std::size_t k = 0; k < wanted_.size(); ++k) add_column(table, wanted_[k], rows.column(k));
    for (const std::size_t i : kept_) {
      if (const std::optional<PlacedCell>& cell = survey_.columns[plan_.columns[i]].first_missing)
        table.storage().places[i].first_missing = {.row = cell->row, .line = cell->line, .text = cell->text};
    }
    for (std::size_t i = 0; i < plan_.fields.size(); ++i) {
      Field& field = table.storage().fields[i];
      if (plan_.forms[i].held_as == HeldAs::words && field.categories.empty()) field.categories = {""};
    }
    table.storage().counts = report_.counts;
    for (const TextReport& other : report_.others) table.storage().counts.append(other.counts, 0);
    add_origin(table);
    return table;
  }

  [[nodiscard]] const TextReport& report() const noexcept { return report_; }

 private:
  [[nodiscard]] std::string source() const {
    if (texts_.size() == 1) return texts_.front().name;
    return fmt::format("{} and {} more", texts_.front().name, texts_.size() - 1);
  }

  // The numbers of field i are those that the first look kept.
  [[nodiscard]] bool is_kept(std::size_t i) const {
    return survey_.numbers.size() > 0 && rows_stay() && survey_.columns[plan_.columns[i]].is_as_given;
  }
  // No row is left out for its cells.
  [[nodiscard]] bool rows_stay() const {
    if (!rules_.skip_bad_rows || rules_.bad_are_missing) return true;
    if (some_known_) return false;  // of these the first look knows no wrong cell
    return std::ranges::all_of(plan_.columns, [&](std::size_t c) { return survey_.columns[c].wrong == 0; });
  }

  void look_again(std::size_t t, std::span<const CellForm> forms, TextRows& rows) {
    SurveyedText& text = survey_.texts[t];
    std::vector<std::size_t> cells;
    for (const std::size_t i : wanted_) cells.push_back(text.cells[plan_.columns[i]]);
    TextRows of_text(forms, rules_, spill_);
    const std::unique_ptr<Input> input = texts_[t].open();
    const TextLook look{
        .begin = [&] { return std::make_unique<RowsPart>(forms, rules_, cells); },
        .join = [&](std::unique_ptr<TextPart> part,
                    std::size_t lines) { of_text.append(std::move(static_cast<RowsPart&>(*part).rows), lines); }};
    static_cast<void>(read_in_parts(*input, text.dialect, threads_, look));
    if (of_text.rows() + of_text.counts().bad_rows != text.rows)
      throw Error(ErrorCode::io, fmt::format("{} changed while it was read", text.name));
    TextReport& report = t == 0 ? report_ : report_.others[t - 1];
    report.counts.append(of_text.counts(), 0);
    text.lines = std::move(of_text.lines());
    text.rows = of_text.rows();
    if (t == 0) {
      rows = std::move(of_text);
    } else {
      rows.append(std::move(of_text), 0);
    }
  }

  // The words of a kept column, the missing one among them, have the numbers of their first appearance.
  void number_words(std::size_t i) {
    const std::size_t c = plan_.columns[i], all = survey_.names().size();
    ColumnVerdict& verdict = survey_.columns[c];
    if (verdict.held_as != HeldAs::words) return;
    plan_.fields[i].categories = std::move(verdict.words);
    if (verdict.missing == 0) return;
    std::vector<std::string>& words = plan_.fields[i].categories;
    const auto place = static_cast<std::ptrdiff_t>(std::min(verdict.words_before_missing, words.size()));
    words.insert(words.begin() + place, "");
    const auto missing = static_cast<double>(place);
    double* number = survey_.numbers.as<double>() + c;
    for (std::size_t row = 0; row < survey_.rows; ++row, number += all)
      *number = std::isnan(*number) ? missing : *number >= missing ? *number + 1 : *number;
  }

  // Row after row, the fields as they were chosen.
  Buffer merged(TextRows& rows, std::size_t count) {
    const std::size_t width = plan_.columns.size(), all = survey_.names().size();
    if (wanted_.size() == width) return std::move(rows.numbers());
    if (kept_.size() == all && std::ranges::is_sorted(plan_.columns)) return std::move(survey_.numbers);
    Buffer numbers = kept_.empty() ? Buffer::in(spill_) : std::move(survey_.numbers);
    if (kept_.empty()) numbers.resize(count * width * sizeof(double));
    std::vector<double> row(width);  // of a column of words without cells: the one word that there is
    const double* from = rows.numbers().as<double>();
    for (std::size_t r = 0; r < count; ++r) {  // a row is not longer than it was
      for (const std::size_t i : kept_) row[i] = numbers.as<double>()[r * all + plan_.columns[i]];
      for (const std::size_t i : wanted_) row[i] = *from++;
      std::ranges::copy(row, numbers.as<double>() + r * width);
    }
    return numbers;
  }

  // Where the rows come from.
  void add_origin(Table& table) {
    Origin origin{.name = texts_.front().name, .is_csv = true, .is_judged = !some_known_};
    for (std::size_t t = 0, first = 0; t < texts_.size(); ++t) {
      SurveyedText& text = survey_.texts[t];
      if (t == 0) {
        origin.lines = std::move(text.lines);
      } else {
        origin.others.push_back(
            {.name = text.name, .first_row = first, .lines = std::move(text.lines), .cells = std::move(text.cells)});
      }
      first += text.rows;
    }
    table.storage().origins.push_back(std::move(origin));
  }

  std::vector<TextInput> texts_;
  TextSurvey survey_;
  CellRules rules_;
  std::filesystem::path spill_;
  int threads_;
  bool some_known_;
  TextReport report_;
  Plan plan_;
  std::vector<std::size_t> kept_, wanted_;  // fields
};

class SurveyedBlocks final : public TableBlocks {
 public:
  SurveyedBlocks(SurveyedTexts texts, TextReport* report) : texts_(std::move(texts)), report_(report) {}

 private:
  std::optional<Table> read(std::size_t most) override {
    if (!is_read_) {
      is_read_ = true;
      table_ = texts_.read();
      left_ = table_->rows();
      if (report_ != nullptr) *report_ = texts_.report();
    }
    const std::size_t rows = std::min(most, left_);
    if (rows == 0) return std::nullopt;
    left_ -= rows;
    if (rows == table_->rows()) return std::move(table_);
    return table_->slice_rows(table_->rows() - left_ - rows, rows);
  }

  SurveyedTexts texts_;
  TextReport* report_;
  bool is_read_ = false;
  std::optional<Table> table_;
  std::size_t left_ = 0;  // rows that are not given yet
};

}  // namespace

Blocks read_known_text(std::unique_ptr<Input> input, const Request& request) {
  Dialect dialect = dialect_of(*input, request);
  return std::make_unique<TextStream>(std::move(input), std::move(dialect), request);
}

Blocks read_texts(std::vector<TextInput> texts, const Request& request) {
  TextSurvey survey = survey_texts(texts, request);
  return std::make_unique<SurveyedBlocks>(SurveyedTexts(std::move(texts), std::move(survey), request), request.report);
}

}  // namespace strata::internal
