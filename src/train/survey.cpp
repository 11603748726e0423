#include "train/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "data/table_storage.hpp"
#include "features/encode.hpp"

namespace strata::internal {
namespace {

bool may_be_no_number(const Table& table, const Field* field) {
  const NumberType type = table.storage().blocks[table.storage().place(*field).block].type;
  return type == NumberType::f32 || type == NumberType::f64;
}

}  // namespace

Survey::Survey(const Table& table, std::span<const Field* const> inputs, std::span<const Field* const> targets,
               ScaleKind scale, const Rows& rows, const Rows& train_rows, std::vector<double> weights)
    : table_(table),
      inputs_(inputs.begin(), inputs.end()),
      targets_(targets.begin(), targets.end()),
      scale_(scale),
      train_rows_(train_rows),
      weights_(std::move(weights)),
      values_(targets.size()),
      rows_(rows.size()),
      fit_(0) {
  reads_inputs_ = scale == ScaleKind::standard || std::ranges::any_of(inputs_, [&](const Field* field) {
                    return field->shape.empty() || may_be_no_number(table, field);
                  });
  std::vector<const Field*> read(reads_inputs_ ? inputs_ : std::vector<const Field*>());
  n_x_ = width_of(read);
  std::vector<std::size_t> which;  // of the numbers of a row: the target that they belong to
  std::set<std::size_t> without;
  look_at_texts(rows);
  for (std::size_t t = 0; t < targets_.size(); ++t) {
    if (targets_[t]->is_text()) {
      const Field* const target = targets_[t];
      for (const std::size_t row : rows_without(table, std::span(&target, 1), rows)) without.insert(row);
      if (!without.empty() && lacked_target_ == nullptr) lacked_target_ = targets_[t];
      continue;
    }
    numeric_.push_back(targets_[t]);
    which.insert(which.end(), targets_[t]->width(), t);
  }
  read.insert(read.end(), numeric_.begin(), numeric_.end());
  const std::size_t width = width_of(read);
  fit_ = StandardFit(width);
  const std::size_t n_y = width - n_x_;
  if (n_y > 1 && numeric_.size() == targets_.size()) ones_.resize(n_y);

  const std::vector<Run> runs = runs_of(table.storage(), read);
  std::vector<double> x(width);
  for (std::size_t i = 0, next = 0; width > 0 && i < rows.size(); ++i) {
    const std::size_t row = rows[i];
    read_runs(runs, row, x.data());
    bool finite = true;
    for (const double value : x) finite = finite && std::isfinite(value);
    const bool trains = next < train_rows.size() && train_rows[next] == row;
    if (!finite) look_at(row, x.data(), trains);
    for (std::size_t j = n_x_; j < width; ++j) {
      if (!finite && std::isnan(x[j])) continue;
      Values& values = values_[which[j - n_x_]];
      values.all_whole = values.all_whole && x[j] == std::floor(x[j]);
      if (values.rows.size() <= Values::kMost) ++values.rows[x[j]];
    }
    if (!ones_.empty()) look_for_one(std::span(x).subspan(n_x_));
    if (!trains) continue;
    fit_.add(x.data(), weights_.empty() ? 1 : weights_[next]);
    ++next;
  }
  if (without.empty()) return;
  without.insert(without_target_.begin(), without_target_.end());
  without_target_.assign(without.begin(), without.end());
}

void Survey::look_at_texts(const Rows& rows) {
  for (std::size_t t = 0; t < targets_.size(); ++t) {
    if (!targets_[t]->is_text()) continue;
    std::vector<std::size_t> counts(targets_[t]->categories.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
      ++counts[static_cast<std::size_t>(table_.number(*targets_[t], rows[i]))];
    for (std::size_t text = 0; text < counts.size() && values_[t].rows.size() <= Values::kMost; ++text)
      if (counts[text] > 0) values_[t].rows.emplace(static_cast<double>(text), counts[text]);
  }
}

void Survey::look_for_one(std::span<const double> y) {
  const auto ones = std::ranges::count(y, 1.0), zeros = std::ranges::count(y, 0.0);
  if (ones == 1 && ones + zeros == std::ssize(y)) {
    ++ones_[static_cast<std::size_t>(std::ranges::find(y, 1.0) - y.begin())];
  } else {
    ones_.clear();
  }
}

// A row with numbers that are not finite: they are missing, or it is an error.
void Survey::look_at(std::size_t row, const double* x, bool trains) {
  bool lacks_target = false;
  const auto look = [&](std::span<const Field* const> fields, bool inputs) {
    for (const Field* field : fields) {
      for (std::size_t k = 0; k < field->width(); ++k, ++x) {
        if (std::isfinite(*x)) continue;
        const bool missing = std::isnan(*x) && field->shape.empty() && !holds_word(table_, *field, row);
        if (!missing) refuse_cell(table_, *field, row, k);
        has_missing_ = has_missing_ || (inputs && trains);
        if (!inputs && lacked_target_ == nullptr) lacked_target_ = field;
        lacks_target = lacks_target || !inputs;
      }
    }
  };
  if (reads_inputs_) look(inputs_, true);
  look(numeric_, false);
  if (lacks_target) without_target_.push_back(row);
}

std::size_t Survey::width_of(std::span<const Field* const> fields) const {
  std::size_t width = 0;
  for (const Field* field : fields) width += field->width();
  return width;
}

void Survey::fit(std::vector<InputField>* inputs, bool with_targets, Scaling& scaling, Scaling& of_targets,
                 std::vector<std::size_t>& constant) {
  if (inputs != nullptr) scaling = {.kind = scale_, .offset = {}, .divisor = {}};
  const bool standard = inputs != nullptr && scale_ == ScaleKind::standard;
  if (inputs != nullptr && !standard) {
    for (std::size_t i = 0, j = 0; i < inputs_.size(); j += inputs_[i++]->width())
      if (inputs_[i]->shape.empty()) (*inputs)[i].fill = fit_.mean(j);
  }
  if (!standard && !with_targets) return;
  // What is not asked for is not read again.
  std::vector<const Field*> again(standard ? inputs_ : std::vector<const Field*>());
  const std::size_t n_x = width_of(again), skipped = n_x_ - n_x;
  if (with_targets) again.insert(again.end(), numeric_.begin(), numeric_.end());
  const std::vector<Run> runs = runs_of(table_.storage(), again);
  const auto read = [&](std::size_t r, double* x) { read_runs(runs, train_rows_[r], x); };
  const auto name = [&](std::size_t i) {
    return i < n_x ? fmt::format("input {} of {}", i + 1, n_x) : std::string("the target");
  };
  const Scaling all = fit_.part(skipped, width_of(again)).finish(train_rows_.size(), read, name, constant, weights_);
  const auto split = [](const std::vector<double>& from, std::size_t begin, std::size_t end) {
    return std::vector<double>(from.begin() + static_cast<std::ptrdiff_t>(begin),
                               from.begin() + static_cast<std::ptrdiff_t>(end));
  };
  if (standard) {
    scaling.offset = split(all.offset, 0, n_x);
    scaling.divisor = split(all.divisor, 0, n_x);
  }
  of_targets = {.kind = ScaleKind::standard,
                .offset = split(all.offset, n_x, all.offset.size()),
                .divisor = split(all.divisor, n_x, all.divisor.size())};
  std::erase_if(constant, [&](std::size_t i) { return i >= n_x; });
}

}  // namespace strata::internal
