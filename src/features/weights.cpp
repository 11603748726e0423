#include "features/weights.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

std::string option_text(const std::string& column) { return spelled_names("weight-column", std::span(&column, 1)); }

const Field& find_column(const Table& table, const std::string& column) {
  const Field* const field = table.find(column);
  if (field == nullptr) {
    std::vector<std::string> names;
    for (const Field& each : table.fields()) names.push_back(each.name);
    throw Error(ErrorCode::usage,
                fmt::format("{}: {} has no such column{}\nit has: {}", option_text(column), printable(table.source()),
                            suggestion(column, names), joined_names(names, 40)));
  }
  if (field->width() != 1)
    throw Error(ErrorCode::shape, fmt::format("{}: an example of it has the shape {}, and a weight is one number a row",
                                              option_text(column), example_shape(field->shape)));
  const Field* const fields[] = {field};
  if (field->is_text()) table.require_numbers(fields);
  if (field->type == ColumnType::date)
    throw Error(ErrorCode::value, fmt::format("{}: it holds dates, and a weight is a number", option_text(column)));
  return *field;
}

}  // namespace

Weights::Weights(const Table& table, const std::string& column) : of_rows_(table.rows()) {
  const Field& field = find_column(table, column);
  bool all_whole = true;
  std::vector<std::size_t> counting;
  for (std::size_t row = 0; row < of_rows_.size(); ++row) {
    const double weight = table.number(field, row);
    if (std::isnan(weight) && !holds_word(table, field, row))
      throw Error(ErrorCode::value,
                  fmt::format("{}: the weight is missing; expected a number, 0 or greater", table.where(field, row)));
    if (!std::isfinite(weight)) refuse_cell(table, field, row, 0);
    if (weight < 0)
      throw Error(ErrorCode::value, fmt::format("{}: the weight is {}; expected a number, 0 or greater",
                                                table.where(field, row), shortest(weight)));
    all_whole = all_whole && weight == std::floor(weight);
    of_rows_[row] = weight;
    if (weight > 0) counting.push_back(row);
  }
  of_weight_0_ = table.rows() - counting.size();
  rows_ = of_weight_0_ > 0 ? Rows(std::move(counting)) : Rows(table.rows());
  const double all = sum(rows_);
  if (!std::isfinite(all))
    throw Error(ErrorCode::value, fmt::format("{}: the weights are too large to be added up", option_text(column)));
  if (!all_whole) unit_ = all / static_cast<double>(rows_.size());
}

Weights weights_of(const Table& table, const std::string& column) {
  if (column.empty()) return Weights(table.rows());
  Weights weights(table, column);
  if (weights.rows().empty() && table.rows() > 0) throw_all_0(table.source(), column, table.rows());
  return weights;
}

void throw_all_0(const std::string& source, const std::string& column, std::size_t rows) {
  throw Error(ErrorCode::value, fmt::format("{}: the weight is 0 in all {} rows of {}, so that none counts",
                                            option_text(column), rows, printable(source)));
}

std::vector<double> Weights::of(const Rows& rows) const {
  std::vector<double> weights(empty() ? 0 : rows.size());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = of_rows_[rows[i]];
  return weights;
}

std::vector<std::size_t> Weights::numbers_of(const Rows& rows) const {
  std::vector<std::size_t> numbers(of_weight_0_ == 0 ? 0 : rows.size());
  for (std::size_t i = 0, before = 0; i < numbers.size(); ++i) {
    while (rows_[before] < rows[i]) ++before;
    numbers[i] = before;
  }
  return numbers;
}

double Weights::sum(const Rows& rows) const {
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) sum += (*this)[rows[i]];
  return sum;
}

void Weights::multiply(const Rows& rows, const std::function<double(std::size_t row)>& factor) {
  const double before = sum(rows);
  if (empty()) of_rows_.assign(rows_.size(), 1.0);
  for (std::size_t i = 0; i < rows.size(); ++i) of_rows_[rows[i]] *= factor(rows[i]);
  unit_ *= sum(rows) / before;
}

}  // namespace strata::internal
