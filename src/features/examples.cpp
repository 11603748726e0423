#include "features/examples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "features/scaling.hpp"
#include "strata/error.hpp"

namespace strata::internal {

RawRows raw_rows(const Table& table, std::vector<const Field*> fields) {
  const std::vector<Run> runs = runs_of(table.storage(), fields);
  RawRows rows;
  for (const Field* field : fields) rows.n_x += field->width();
  rows.read = [runs](std::size_t row, double* raw) { read_runs(runs, row, raw); };
  rows.where = [&table, fields](std::size_t row, std::size_t j) {
    std::size_t f = 0;
    while (j >= fields[f]->width()) j -= fields[f++]->width();
    return table.where(*fields[f], row, j);
  };
  rows.require_numbers = [&table, fields] { table.require_numbers(fields); };
  return rows;
}

template <class T>
RawRows raw_rows(std::span<const T> X, std::size_t n_x) {
  const auto where = [](std::size_t i, std::size_t j) { return fmt::format("X({}, {})", j + 1, i + 1); };
  return {n_x, [=](std::size_t i, double* raw) { std::copy_n(X.data() + i * n_x, n_x, raw); }, where,
          [=] {
            for (std::size_t at = 0; at < X.size(); ++at) {
              if (std::isfinite(X[at])) continue;
              throw Error(ErrorCode::value, fmt::format("{} is {}; expected a finite number", where(at / n_x, at % n_x),
                                                        shortest(X[at])));
            }
          }};
}

template <class T>
Examples<T>::Examples(RawRows raw, const Features& features, std::size_t count, Checked checked)
    : n_x_(static_cast<Index>(raw.n_x)),
      rows_(count),
      features_(&features),
      raw_(std::move(raw)),
      checked_(checked),
      numbers_(raw_.n_x) {}

template <class T>
Examples<T>::Examples(const Table& table, const Features& features, Rows rows, int n_y, Checked checked)
    : Examples(table, find_inputs(features.inputs, table), features, std::move(rows), n_y, checked) {}

template <class T>
Examples<T>::Examples(const Table& table, const std::vector<const Field*>& fields, const Features& features, Rows rows,
                      int n_y, Checked checked)
    : Examples(raw_rows(table, fields), features, rows.size(), checked) {
  n_y_ = n_y;
  rows_ = std::move(rows);
  if (n_y > 0) target_.emplace(features.target, table);
  // A pixel has 256 values: looked up, the division that their scaling needs is as good as free.
  const std::vector<Run> runs = runs_of(table.storage(), fields);
  if (features.scaling.kind == ScaleKind::standard || runs.size() != 1 || runs.front().block->type != NumberType::u8)
    return;
  bytes_ = runs.front();
  scaled_bytes_.resize(256);
  std::vector<double> values(256);
  std::iota(values.begin(), values.end(), 0.0);
  apply_scaling(features.scaling, values, scaled_bytes_.data());
}

// What the inputs are must be a number before it is scaled, and after.
template <class T>
void Examples<T>::check(std::size_t row, const T* x) const {
  for (std::size_t j = 0; j < raw_.n_x; ++j) {
    if (std::isfinite(x[j])) continue;
    raw_.require_numbers();
    throw Error(ErrorCode::value,
                fmt::format("{}: {}, scaled as the model's inputs are, is no finite number in {}", raw_.where(row, j),
                            shortest(numbers_[j]), std::is_same_v<T, float> ? "float32" : "float64"));
  }
}

template <class T>
void Examples<T>::read(Index example, T* x, T* y) {
  const std::size_t row = rows_[static_cast<std::size_t>(example)];
  if (scaled_bytes_.empty()) {
    raw_.read(row, numbers_.data());
    apply_scaling(features_->scaling, numbers_, x);
    if (checked_ == Checked::yes) check(row, x);
  } else {
    const auto* bytes = bytes_.block->row<std::uint8_t>(row) + bytes_.offset;
    for (std::size_t i = 0; i < bytes_.count; ++i) x[i] = scaled_bytes_[bytes[i]];
  }
  if (n_y_ > 0) target_->encode(row, y, static_cast<int>(n_y_));
}

template <class T>
void Examples<T>::keep() {
  X_memory_ = Buffer(static_cast<std::size_t>(n_x_ * m()) * sizeof(T));
  Y_memory_.resize(static_cast<std::size_t>(n_y_ * m()));
  for (Index i = 0; i < m(); ++i) read(i, X_memory_.as<T>() + i * n_x_, Y_memory_.data() + i * n_y_);
  kept_ = true;
  raw_ = {};
  target_.reset();
}

template <class T>
Examples<T> Examples<T>::taken(Table&& table, const Features& features, Rows rows, int n_y) {
  const std::vector<const Field*> fields = find_inputs(features.inputs, table);
  Examples examples(table, fields, features, std::move(rows), n_y, Checked::no);
  examples.Y_memory_.resize(static_cast<std::size_t>(examples.n_y_ * examples.m()));
  for (Index i = 0; i < examples.m(); ++i)
    examples.target_->encode(examples.rows_[static_cast<std::size_t>(i)], examples.Y_memory_.data() + i * n_y, n_y);
  const std::size_t n_x = examples.raw_.n_x;
  examples.X_memory_ = take_rows<T>(std::move(table), fields, examples.rows_, n_x, [&](const double* raw, T* x) {
    apply_scaling(features.scaling, std::span<const double>(raw, n_x), x);
  });
  examples.kept_ = true;
  examples.raw_ = {};
  examples.target_.reset();
  return examples;
}

template <class T>
Columns<T> Examples<T>::range(Index first, Index count) {
  if (kept_) {
    return {View<T>(X_memory_.as<T>() + first * n_x_, n_x_, count),
            View<const T>(Y_memory_.data() + first * n_y_, n_y_, count)};
  }
  X_range_.resize(static_cast<std::size_t>(n_x_ * count));
  Y_range_.resize(static_cast<std::size_t>(n_y_ * count));
  for (Index j = 0; j < count; ++j) read(first + j, X_range_.data() + j * n_x_, Y_range_.data() + j * n_y_);
  return {View<T>(X_range_.data(), n_x_, count), View<const T>(Y_range_.data(), n_y_, count)};
}

template RawRows raw_rows(std::span<const float>, std::size_t);
template RawRows raw_rows(std::span<const double>, std::size_t);
template class Examples<float>;
template class Examples<double>;

}  // namespace strata::internal
