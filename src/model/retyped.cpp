#include "model/retyped.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/cell.hpp"
#include "data/dates.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

bool is_text_file(const Table& table, const Field& field) {
  const Table::Storage& storage = table.storage();
  return storage.origins[storage.place(field).origin].is_csv;
}

// A data cache, which no longer has the spellings of a text that it was made of.
bool is_cached(const Table& table, const Field& field) {
  const Field* const fields[] = {&field};
  return is_mapped(table, fields);
}

std::string advice_for(const Table& table, const Field& field, const InputField& input) {
  if (!is_cached(table, field)) return "read the file for the model, with strata::read_for or strata::TableReader";
  if (input.type == ColumnType::category || input.type == ColumnType::yes_no)
    return fmt::format("convert the text again, with {}", spelled_names("categorical", std::span(&field.name, 1)));
  return "convert a text again in which it is written so";
}

[[noreturn]] void refuse(const Table& table, const Field& field, const InputField& input, const std::string& found) {
  throw Error(ErrorCode::value,
              fmt::format("{}: the column {} was read as {}, and the model takes it for {}{}: {}",
                          printable(table.source()), in_quotes(field.name), found,
                          input.type == ColumnType::number ? "numbers" : fmt::format("a {}", name(input.type)),
                          input.written.empty() ? "" : " written " + input.written, advice_for(table, field, input)));
}

NumberForm form_of(const std::string& written) { return number_form_of(written).value_or(NumberForm{}); }

bool has_percent(const std::string& written) { return form_of(written).affix == Affix::percent; }

// What the model makes of each text of the field; NaN of what is missing.
std::vector<double> values_of(const Table& table, const Field& field, const InputField& input) {
  const NumberForm numbers = form_of(input.written);
  const DateForm dates = date_form_of(input.written).value_or(DateForm{});
  std::vector<double> values;
  for (const std::string& word : field.categories) {
    double& value = values.emplace_back(std::numeric_limits<double>::quiet_NaN());
    const bool read =
        input.type == ColumnType::date ? parse_date_as(word, dates, value) : parse_number_as(word, numbers, value);
    if (read || word.empty()) continue;
    if (input.type == ColumnType::number) {
      const Field* const fields[] = {&field};
      table.require_numbers(fields);
    }
    const double number = static_cast<double>(&word - field.categories.data());
    for (std::size_t row = 0; row < table.rows(); ++row)
      if (table.number(field, row) == number)
        throw Error(ErrorCode::value,
                    fmt::format("{}: expected a date, found {}", table.where(field, row), in_quotes(word)));
  }
  return values;
}

// Both orders of day and month read the same cells.
bool are_swapped(const std::string& a, const std::string& b) {
  const auto one = date_form_of(a), other = date_form_of(b);
  if (!one || !other || one->named || other->named || one->separator != other->separator) return false;
  return (one->order == DateParts::dmy && other->order == DateParts::mdy) ||
         (one->order == DateParts::mdy && other->order == DateParts::dmy);
}

// The field's new numbers; nothing: it is as it should be.
std::optional<std::vector<double>> numbers_for(const Table& table, const Field& field, const InputField& input) {
  const bool in_words = field.is_text(), in_dates = field.type == ColumnType::date && !in_words;
  if (!field.shape.empty() || !input.shape.empty()) return {};
  if (input.type == ColumnType::category || input.type == ColumnType::yes_no) {
    if (in_words) return {};
    if (in_dates) refuse(table, field, input, "dates");
    if (!is_text_file(table, field) && !is_cached(table, field)) return {};
    double value = 0;
    // 007, 7.0 and 7 % are no longer told from 7.
    const NumberForm form = form_of(field.written);
    const auto spelled = std::ranges::find_if(input.levels, [&](const std::string& level) {
      return parse_number_as(level, form, value) && shortest(value) != level;
    });
    if (spelled != input.levels.end())
      refuse(table, field, input,
             fmt::format("numbers, which do not tell {} from {}", in_quotes(*spelled), in_quotes(shortest(value))));
    return {};
  }
  if (in_words) {
    const std::vector<double> values = values_of(table, field, input);
    std::vector<double> numbers(table.rows());
    for (std::size_t row = 0; row < numbers.size(); ++row)
      numbers[row] = values[static_cast<std::size_t>(table.number(field, row))];
    return numbers;
  }
  if (input.type == ColumnType::number && in_dates) refuse(table, field, input, "dates");
  // 12 % is 12 here, and 0.12 elsewhere.
  if (input.type == ColumnType::number && has_percent(field.written) != has_percent(input.written) &&
      (is_text_file(table, field) || is_cached(table, field)))
    refuse(table, field, input,
           field.written.empty() ? std::string("plain numbers") : "numbers written " + field.written);
  if (input.type != ColumnType::date) return {};
  if (in_dates && are_swapped(field.written, input.written))
    refuse(table, field, input, fmt::format("dates written {}", field.written));
  if (in_dates || !is_text_file(table, field)) return {};
  // A number of a text file may be written as the dates were: 20240301.
  const DateForm dates = date_form_of(input.written).value_or(DateForm{});
  std::vector<double> numbers(table.rows());
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    numbers[row] = table.number(field, row);
    if (numbers[row] == numbers[row] && !parse_date_as(shortest(numbers[row]), dates, numbers[row]))
      refuse(table, field, input, "numbers");
  }
  return numbers;
}

}  // namespace

std::optional<Table> retyped(const Table& table, const Features& features) {
  std::optional<Table> made;
  for (const InputField& input : features.inputs) {
    const Field* const field = table.find(input.name);
    if (field == nullptr) continue;
    const std::optional<std::vector<double>> numbers = numbers_for(table, *field, input);
    if (!numbers) continue;
    if (!made) made = table;
    // In its place, so that messages name the cell of the file.
    Table::Storage& storage = made->storage();
    const auto at = static_cast<std::size_t>(field - table.fields().data());
    Buffer bytes(numbers->size() * sizeof(double));
    std::ranges::copy(*numbers, bytes.as<double>());
    Block block(NumberType::f64, 1, std::move(bytes));
    Place& place = storage.places[at];
    place.block = storage.blocks.size();
    place.offset = 0;
    place.texts.clear();
    storage.blocks.push_back(std::move(block));
    storage.fields[at].categories.clear();
    storage.fields[at].type = input.type;
  }
  return made;
}

}  // namespace strata::internal
