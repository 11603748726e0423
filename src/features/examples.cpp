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
  const auto find = [fields](std::size_t j) {
    std::size_t f = 0;
    while (j >= fields[f]->width()) j -= fields[f++]->width();
    return std::pair<const Field&, std::size_t>(*fields[f], j);
  };
  rows.read = [runs](std::size_t row, double* raw) { read_runs(runs, row, raw); };
  rows.where = [&table, find](std::size_t row, std::size_t j) {
    const auto [field, k] = find(j);
    return table.where(field, row, k);
  };
  rows.refuse = [&table, find](std::size_t row, std::size_t j) {
    const auto [field, k] = find(j);
    refuse_cell(table, field, row, k);
  };
  rows.text = [&table, find](std::size_t row, std::size_t j) {
    const Field& field = find(j).first;
    const double value = table.number(field, row);
    return field.is_text() ? field.categories[static_cast<std::size_t>(value)] : shortest(value);
  };
  const auto has_bad = [&table](const Field* field) { return !table.storage().place(*field).bad.empty(); };
  if (std::ranges::any_of(fields, has_bad))
    rows.is_word = [&table, find](std::size_t row, std::size_t j) { return holds_word(table, find(j).first, row); };
  return rows;
}

template <class T>
RawRows raw_rows(std::span<const T> X, std::size_t n_x) {
  const auto where = [](std::size_t i, std::size_t j) { return fmt::format("X({}, {})", j + 1, i + 1); };
  return {n_x, [=](std::size_t i, double* raw) { std::copy_n(X.data() + i * n_x, n_x, raw); }, where,
          [=](std::size_t i, std::size_t j) {
            throw Error(ErrorCode::value,
                        fmt::format("{} is {}; expected a finite number", where(i, j), shortest(X[i * n_x + j])));
          }};
}

template <class T>
Examples<T>::Examples(RawRows raw, const Features& features, std::size_t count, Checked checked)
    : rows_(count),
      features_(&features),
      raw_(std::move(raw)),
      encoder_(features, raw_.n_x),
      checked_(checked),
      numbers_(raw_.n_x) {
  n_x_ = static_cast<Index>(encoder_.width());
}

template <class T>
Examples<T>::Examples(const Table& table, const Features& features, Rows rows, int n_y, Checked checked)
    : Examples(table, find_inputs(features.inputs, table), features, std::move(rows), n_y, checked) {}

template <class T>
Examples<T>::Examples(const Table& table, const std::vector<const Field*>& fields, const Features& features, Rows rows,
                      int n_y, Checked checked)
    : Examples(raw_rows(table, fields), features, rows.size(), checked) {
  n_y_ = n_y;
  rows_ = std::move(rows);
  encoder_ = InputEncoder(features, fields);
  if (n_y > 0) target_.emplace(features.target, table);
  // A pixel has 256 values: looked up, the division that their scaling needs is as good as free.
  const std::vector<Run> runs = runs_of(table.storage(), fields);
  if (!encoder_.plain() || features.scaling.kind == ScaleKind::standard || runs.size() != 1 ||
      runs.front().block->type != NumberType::u8)
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
  for (std::size_t j = 0; j < encoder_.width(); ++j) {
    if (std::isfinite(x[j])) continue;
    const std::size_t number = encoder_.source(j);
    const double raw = numbers_[number];
    if (!std::isfinite(raw)) raw_.refuse(row, number);
    if (const std::string expected = encoder_.complaint(number); !expected.empty())
      throw Error(ErrorCode::value,
                  fmt::format("{} is {}; expected {}", raw_.where(row, number), shortest(raw), expected));
    throw Error(ErrorCode::value,
                fmt::format("{}: {}, scaled as the model's inputs are, is no finite number in {}",
                            raw_.where(row, number), shortest(raw), std::is_same_v<T, float> ? "float32" : "float64"));
  }
}

// A row of codes and numbers, some of which may be missing.
template <class T>
void Examples<T>::fill(std::size_t row, T* x) {
  if (raw_.is_word) {
    for (std::size_t number = 0; number < numbers_.size(); ++number)
      if (std::isnan(numbers_[number]) && raw_.is_word(row, number)) raw_.refuse(row, number);
  }
  encoder_.encode(numbers_.data(), x);
  if (checked_ == Checked::no) return;
  check(row, x);
  seen_.resize(encoder_.inputs());
  encoder_.look(numbers_.data(), seen_,
                [&](std::size_t number) { return raw_.text ? raw_.text(row, number) : std::string(); });
}

template <class T>
void Examples<T>::read_input(std::size_t row, T* x) {
  raw_.read(row, numbers_.data());
  if (!encoder_.plain()) {
    encoder_.to_codes(numbers_.data());
    return fill(row, x);
  }
  apply_scaling(features_->scaling, numbers_, x);
  if (checked_ == Checked::no) return;
  for (Index j = 0; j < n_x_; ++j)
    if (!std::isfinite(x[j])) return fill(row, x);
}

template <class T>
std::vector<UnfamiliarInput> Examples<T>::unfamiliar() const {
  std::vector<UnfamiliarInput> all;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const Seen& seen = seen_[i];
    if (seen.unknown + seen.missing + seen.early == 0) continue;
    all.push_back({encoder_.input(i).name, seen.unknown, seen.missing, seen.early, seen.first_unknown});
  }
  return all;
}

template <class T>
void Examples<T>::read(Index example, T* x, T* y) {
  const std::size_t row = rows_[static_cast<std::size_t>(example)];
  if (scaled_bytes_.empty()) {
    read_input(row, x);
  } else {
    const auto* bytes = bytes_.block->row<std::uint8_t>(row) + bytes_.offset;
    for (std::size_t i = 0; i < bytes_.count; ++i) x[i] = scaled_bytes_[bytes[i]];
  }
  if (n_y_ > 0) target_->encode(row, y, static_cast<int>(n_y_));
}

template <class T>
void Examples<T>::keep() {
  auto kept = std::make_shared<Kept>();
  kept->X = Buffer(static_cast<std::size_t>(n_x_ * m()) * sizeof(T));
  kept->Y.resize(static_cast<std::size_t>(n_y_ * m()));
  gather(m(), [](Index i) { return i; }, kept->X.template as<T>(), kept->Y.data());
  kept_ = std::move(kept);
  at_.clear();
  edit_ = {};  // it is done
  raw_ = {};
  target_.reset();
}

template <class T>
Examples<T> Examples<T>::part(std::vector<std::size_t> numbers) const {
  Examples part;
  if (!kept_) part = *this;
  part.n_x_ = n_x_, part.n_y_ = n_y_;
  part.weights_.clear(), part.numbers_of_rows_.clear(), part.seen_.clear();
  part.kept_ = kept_;
  if (kept_) part.at_ = numbers;
  if (!at_.empty())
    for (std::size_t& at : part.at_) at = at_[at];
  part.rows_ = rows_.of(Rows(std::move(numbers)));
  return part;
}

template <class T>
Examples<T> Examples<T>::taken(Table&& table, const Features& features, Rows rows, int n_y) {
  const std::vector<const Field*> fields = find_inputs(features.inputs, table);
  Examples examples(table, fields, features, std::move(rows), n_y, Checked::no);
  auto kept = std::make_shared<Kept>();
  kept->Y.resize(static_cast<std::size_t>(examples.n_y_ * examples.m()));
  for (Index i = 0; i < examples.m(); ++i)
    examples.target_->encode(examples.rows_[static_cast<std::size_t>(i)], kept->Y.data() + i * n_y, n_y);
  const std::size_t n_raw = examples.raw_.n_x, n_x = examples.encoder_.width();
  std::vector<double>& numbers = examples.numbers_;
  kept->X = take_rows<T>(std::move(table), fields, examples.rows_, n_x, [&](const double* raw, T* x) {
    if (examples.encoder_.plain()) return apply_scaling(features.scaling, std::span(raw, n_raw), x);
    std::copy_n(raw, n_raw, numbers.data());
    examples.encoder_.to_codes(numbers.data());
    examples.encoder_.encode(numbers.data(), x);
  });
  examples.kept_ = std::move(kept);
  examples.raw_ = {};
  examples.target_.reset();
  return examples;
}

template <class T>
Columns<T> Examples<T>::range(Index first, Index count) {
  if (kept_ && at_.empty() && !edit_) {
    return {View<const T>(kept_->X.template as<T>() + first * n_x_, n_x_, count),
            View<const T>(kept_->Y.data() + first * n_y_, n_y_, count), weights_from(first)};
  }
  X_range_.resize(static_cast<std::size_t>(n_x_ * count));
  Y_range_.resize(static_cast<std::size_t>(n_y_ * count));
  gather(count, [first](Index j) { return first + j; }, X_range_.data(), Y_range_.data());
  return {View<T>(X_range_.data(), n_x_, count), View<const T>(Y_range_.data(), n_y_, count), weights_from(first)};
}

template RawRows raw_rows(std::span<const float>, std::size_t);
template RawRows raw_rows(std::span<const double>, std::size_t);
template class Examples<float>;
template class Examples<double>;

}  // namespace strata::internal
