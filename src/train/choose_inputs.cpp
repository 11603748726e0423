#include "train/choose_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "features/encode.hpp"
#include "features/inputs.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostNamed = 12;  // in a message

std::string text_of(const LeftOut& left) {
  return fmt::format("{} ({}{}{})", name_text(left.name), left.type, left.why.empty() ? "" : ": ", left.why);
}

std::string text_of(std::span<const LeftOut> left) {
  std::vector<std::string> all;
  for (const LeftOut& each : left) all.push_back(text_of(each));
  return joined(all, kMostNamed);
}

// What a field is as an input, whether or not it should be one.
ColumnType type_of(const Field& field, bool categorical) {
  if (categorical) return ColumnType::category;
  if (field.is_text()) {
    const bool answers = field.type == ColumnType::yes_no && !yes_no_levels(field).empty();
    return answers ? ColumnType::yes_no : ColumnType::category;
  }
  if (field.type == ColumnType::date || field.type == ColumnType::category) return field.type;
  return ColumnType::number;
}

std::string date_orders() {
  return fmt::format("{} or {}", spelled("date-order", "dmy"), spelled("date-order", "mdy"));
}

[[noreturn]] void refuse_named(const Field& field) {
  if (field.is_ambiguous)
    throw Error(ErrorCode::usage,
                fmt::format("{} names {}, in which every date can be read as day and month or as month "
                            "and day; say which with {}",
                            spelled("inputs"), in_quotes(field.name), date_orders()));
  throw Error(
      ErrorCode::value,
      fmt::format("{} names {}, which is {} {}{}{}; take it for a category with {}, or leave it out", spelled("inputs"),
                  in_quotes(field.name), field.type == ColumnType::identifier ? "an" : "free", name(field.type),
                  field.why.empty() ? "" : ": ", field.why, spelled_names("categorical", std::span(&field.name, 1))));
}

void require_categorical(std::span<const std::string> names, const Options& options) {
  for (const std::string& wanted : options.categorical) {
    const auto fits = [&](const std::string& name) { return fits_pattern(name, wanted); };
    if (std::ranges::any_of(names, fits) || std::ranges::any_of(options.target, fits)) continue;
    throw Error(ErrorCode::usage, fmt::format("{}: {} is neither an input nor the target{}", spelled("categorical"),
                                              in_quotes(wanted), suggestion(wanted, names)));
  }
}

std::string rows_text(std::size_t rows) { return fmt::format("{} training row{}", rows, rows == 1 ? "" : "s"); }

}  // namespace

// A constant number, scaled, is 0 and teaches nothing; it stays, with a warning, so that a table of numbers gives the
// network that it always gave.
bool is_left_out(const Field& field) {
  if (field.type == ColumnType::constant) return field.is_text() || field.missing > 0;
  return field.type == ColumnType::identifier || field.type == ColumnType::text || field.is_ambiguous;
}

ChosenInputs choose_inputs(const Table& table, std::span<const std::string> names, bool by_name,
                           const Options& options) {
  require_categorical(names, options);
  ChosenInputs chosen;
  for (const std::string& name : names) {
    const Field& field = table.field(name);
    const bool categorical = fits_any(name, options.categorical);
    if (categorical && !field.shape.empty()) {
      throw Error(ErrorCode::usage, fmt::format("{}: {} is an array, and a category is one word or number an example",
                                                spelled("categorical"), in_quotes(name)));
    }
    if (is_left_out(field) && !categorical) {
      if (by_name && field.type != ColumnType::constant) refuse_named(field);
      if (!by_name) {
        chosen.left_out.push_back({printable(name), std::string(strata::name(field.type)), field.why});
        if (field.is_ambiguous) chosen.ambiguous.push_back(name);
        continue;
      }
    }
    chosen.fields.push_back({&field, type_of(field, categorical)});
  }
  require_inputs(table, chosen);
  return chosen;
}

void require_inputs(const Table& table, const ChosenInputs& chosen) {
  if (!chosen.fields.empty()) return;
  throw Error(ErrorCode::value,
              fmt::format("{}: there is nothing to learn from beside the target: {}\n{} takes a column for a category "
                          "whatever it looks like",
                          printable(table.source()), text_of(chosen.left_out), spelled("categorical", "COLUMN")));
}

std::vector<FittedInput> fit_chosen(const Table& table, ChosenInputs& chosen, bool by_name, const Rows& train_rows,
                                    const Options& options, const Weights& weights) {
  std::vector<FittedInput> fitted = fit_inputs(table, chosen.fields, train_rows, options, weights);
  std::vector<FittedInput> kept;
  std::vector<TypedField> fields;
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    FittedInput& each = fitted[i];
    const bool has_levels = each.input.type == ColumnType::yes_no || each.input.type == ColumnType::category;
    const bool empty = each.missing == train_rows.size();
    if (empty && by_name) {
      throw Error(ErrorCode::value, fmt::format("{} names {}, which is missing in all {}", spelled("inputs"),
                                                in_quotes(each.input.name), rows_text(train_rows.size())));
    }
    if (empty || (has_levels && each.constant && !by_name)) {
      chosen.left_out.push_back(
          {printable(each.input.name), "constant",
           fmt::format("{} in all {}", empty ? "missing" : "the same", rows_text(train_rows.size()))});
      continue;
    }
    kept.push_back(std::move(each));
    fields.push_back(chosen.fields[i]);
  }
  chosen.fields = std::move(fields);
  require_inputs(table, chosen);
  return kept;
}

// "inputs: 5 numbers (Age, Fare, …), 2 categories (Sex, Port)", of columns.
std::string text_of(std::span<const TypedField> inputs) {
  static constexpr std::pair<ColumnType, std::array<const char*, 2>> kKinds[] = {
      {ColumnType::number, {"number", "numbers"}},
      {ColumnType::yes_no, {"yes or no", "yes or no"}},
      {ColumnType::category, {"category", "categories"}},
      {ColumnType::date, {"date", "dates"}}};
  std::string text;
  for (const auto& [type, kind] : kKinds) {
    std::vector<std::string> names;
    for (const TypedField& input : inputs)
      if (input.type == type) names.push_back(input.field->name);
    if (names.empty()) continue;
    text += fmt::format("{}{} {} ({})", text.empty() ? "inputs: " : ", ", names.size(), kind[names.size() == 1 ? 0 : 1],
                        joined_names(names, 6));
  }
  return text;
}

// A column of words, most of which are numbers, may be one of numbers with a few faults.
void warn_of_mixtures(const ChosenInputs& chosen, const Messages& messages, const Options& options) {
  for (const auto& [field, type] : chosen.fields) {
    if (type != ColumnType::category || fits_any(field->name, options.categorical)) continue;
    double ignored = 0;
    const auto numbers = std::ranges::count_if(
        field->categories, [&](const std::string& word) { return !word.empty() && parse_number(word, ignored); });
    if (2 * static_cast<std::size_t>(numbers) < field->categories.size() || field->why.empty() ||
        static_cast<std::size_t>(numbers) == field->categories.size())
      continue;
    messages.warning(
        fmt::format("{} is taken for a category, though most of its values are numbers: {}; {} or {} says what it is",
                    in_quotes(field->name), field->why, spelled_names("numeric", std::span(&field->name, 1)),
                    spelled_names("categorical", std::span(&field->name, 1))));
  }
}

void describe_inputs(const ChosenInputs& chosen, std::span<const FittedInput> fitted, std::size_t rows,
                     const Options& options, const Messages& messages) {
  if (std::ranges::all_of(chosen.fields, [](const TypedField& each) { return each.field->shape.empty(); }))
    messages.note(text_of(chosen.fields));
  warn_of_mixtures(chosen, messages, options);
  if (!chosen.left_out.empty()) messages.note("left out: " + text_of(chosen.left_out));
  if (!chosen.ambiguous.empty())
    messages.warning(
        fmt::format("left out, because every date can be read as day and month or as month and day: {}; say "
                    "which with {}",
                    joined_names(chosen.ambiguous, kMostNamed), date_orders()));
  std::vector<std::string> missing, pooled, embedded;
  for (const FittedInput& each : fitted) {
    const InputField& input = each.input;
    if (each.missing > 0) missing.push_back(fmt::format("{} ({} of {})", input.name, each.missing, rows));
    if (input.embedded) embedded.push_back(fmt::format("{} ({} values)", input.name, input.levels.size()));
    if (input.pooled)
      pooled.push_back(fmt::format("{} ({} of {} values, {} rows)", input.name, each.levels - input.levels.size(),
                                   each.levels, each.pooled_rows));
  }
  if (!embedded.empty())
    messages.note(fmt::format("embedded: {}; learned for each value: {} number{} ({})", joined(embedded, kMostNamed),
                              options.embedding_size, options.embedding_size == 1 ? "" : "s",
                              spelled("embedding-size", std::to_string(options.embedding_size))));
  if (!pooled.empty())
    messages.note(fmt::format("rare values share a column of their category ({}): {}",
                              spelled("one-hot-limit", std::to_string(options.one_hot_limit)),
                              joined(pooled, kMostNamed)));
  if (missing.empty()) return;
  const auto lacks = [&](bool embedded_ones, auto... types) {
    return std::ranges::any_of(fitted, [&](const FittedInput& each) {
      return each.missing > 0 && each.input.embedded == embedded_ones && (... || (each.input.type == types));
    });
  };
  const bool columns = lacks(false, ColumnType::number, ColumnType::date, ColumnType::category);
  const bool yes_no = lacks(false, ColumnType::yes_no);
  std::string text = columns ? "a column beside each says where" : "";
  if (yes_no) text += columns ? ", but a yes or no is 0 there" : "a yes or no is 0 there";
  if (lacks(true, ColumnType::category))
    text += fmt::format("{}an embedded category has numbers of its own there", yes_no ? ", " : columns ? ", but " : "");
  if (lacks(false, ColumnType::number, ColumnType::date))
    text += fmt::format(", and the {} stands for a number", name(options.impute));
  messages.note(fmt::format("missing in training rows: {}; {}", joined(missing, kMostNamed), text));
}

void require_target(const Field& field, const Options& options) {
  if (field.type == ColumnType::date) {
    throw Error(ErrorCode::value,
                fmt::format("the target {} is a date{}{}, which is an input only; name another column with {}, or take "
                            "its words for classes with {}",
                            in_quotes(field.name), field.why.empty() ? "" : ": ", field.why,
                            spelled("target", "COLUMN"), spelled("categorical", printable(field.name))));
  }
  if (field.type != ColumnType::identifier && field.type != ColumnType::text) return;
  if (options.task != Task::automatic || fits_any(field.name, options.categorical)) return;
  const bool is_text = field.type == ColumnType::text;
  throw Error(
      ErrorCode::value,
      fmt::format("the target {} is {}{}{}, which nothing can predict; name another column with {}, or say what "
                  "it is with {}",
                  in_quotes(field.name), is_text ? "free text" : "an identifier", field.why.empty() ? "" : ": ",
                  field.why, spelled("target", "COLUMN"),
                  spelled("task", is_text || field.is_text() ? "classes" : "regression")));
}

Rows rows_with_target(const Table& table, const Rows& rows, const Field& target, std::span<const std::size_t> without,
                      const Options& options, const Messages& messages) {
  if (options.missing_target == MissingTarget::error) {
    throw Error(ErrorCode::value,
                fmt::format("the target {} is missing in {} of {} rows, the first at {}; {} leaves such rows out",
                            in_quotes(target.name), without.size(), rows.size(), table.where(target, without.front()),
                            spelled("missing-target", "drop")));
  }
  if (without.size() == rows.size())
    throw Error(ErrorCode::value, fmt::format("the target {} is missing in every row", in_quotes(target.name)));
  messages.note(fmt::format("dropped: {} of {} rows, which lack the target {}", without.size(), rows.size(),
                            in_quotes(target.name)));
  std::vector<std::size_t> kept;
  for (std::size_t i = 0, next = 0; i < rows.size(); ++i) {
    if (next < without.size() && without[next] == rows[i]) {
      ++next;
    } else {
      kept.push_back(rows[i]);
    }
  }
  return Rows(std::move(kept));
}

Rows rows_with_targets(const Table& table, const Target& target, const Rows& rows, const Options& options,
                       const Messages& messages) {
  std::vector<bool> counts(table.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) counts[rows[i]] = true;
  std::vector<std::size_t> without = rows_without_target(target, table);
  std::erase_if(without, [&](std::size_t row) { return !counts[row]; });
  if (without.empty()) return rows;
  const std::vector<const Field*> fields = find_target(target, table);
  const Rows first(1, without.front());
  const auto lacked = std::ranges::find_if(
      fields, [&](const Field* field) { return !rows_without(table, std::span(&field, 1), first).empty(); });
  return rows_with_target(table, rows, lacked == fields.end() ? *fields.front() : **lacked, without, options, messages);
}

}  // namespace strata::internal
