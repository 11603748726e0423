#include "train/survey.hpp"

#include <algorithm>
#include <cmath>

#include "data/table_storage.hpp"

namespace strata::internal {
namespace {

bool may_be_no_number(const Table& table, const Field* field) {
  const NumberType type = table.storage().blocks[table.storage().place(*field).block].type;
  return type == NumberType::f32 || type == NumberType::f64;
}

}  // namespace

Survey::Survey(const Table& table, std::span<const Field* const> inputs, std::span<const Field* const> targets,
               ScaleKind scale, const Rows& train_rows)
    : table_(table),
      inputs_(inputs.begin(), inputs.end()),
      targets_(targets.begin(), targets.end()),
      scale_(scale),
      train_rows_(train_rows),
      values_(targets.size()),
      fit_(0) {
  if (scale == ScaleKind::standard ||
      std::ranges::any_of(inputs_, [&](const Field* field) { return may_be_no_number(table, field); })) {
    read_ = inputs_;
  }
  n_x_ = width_of(read_);
  std::vector<const Field*> numeric;
  std::vector<std::size_t> which;  // of the numbers of a row: the target that they belong to
  for (std::size_t t = 0; t < targets_.size(); ++t) {
    if (targets_[t]->is_text()) continue;
    numeric.push_back(targets_[t]);
    which.insert(which.end(), targets_[t]->width(), t);
  }
  read_.insert(read_.end(), numeric.begin(), numeric.end());
  const std::size_t width = width_of(read_);
  fit_ = StandardFit(width);
  if (width == 0) return;

  const std::vector<Run> runs = runs_of(table.storage(), read_);
  std::vector<double> x(width);
  bool finite = true;
  for (std::size_t row = 0, next = 0; row < table.rows(); ++row) {
    read_runs(runs, row, x.data());
    for (const double value : x) finite = finite && std::isfinite(value);
    if (!finite) break;
    for (std::size_t j = n_x_; j < width; ++j) {
      Values& values = values_[which[j - n_x_]];
      values.all_whole = values.all_whole && x[j] == std::floor(x[j]);
      if (values.distinct.size() <= Values::kMost) values.distinct.insert(x[j]);
    }
    if (next < train_rows.size() && train_rows[next] == row) {
      fit_.add(x.data());
      ++next;
    }
  }
  if (finite) return;
  table.require_numbers(inputs_);
  table.require_numbers(numeric);
}

std::size_t Survey::width_of(std::span<const Field* const> fields) const {
  std::size_t width = 0;
  for (const Field* field : fields) width += field->width();
  return width;
}

void Survey::fit(bool with_targets, Scaling& inputs, Scaling& targets, std::vector<std::size_t>& constant) {
  inputs = {.kind = scale_, .offset = {}, .divisor = {}};
  const bool standard = scale_ == ScaleKind::standard;
  if (!standard && !with_targets) return;
  // What is not asked for is not read again.
  std::vector<const Field*> again(standard ? inputs_ : std::vector<const Field*>());
  const std::size_t n_x = width_of(again), skipped = n_x_ - n_x;
  if (with_targets) again.insert(again.end(), targets_.begin(), targets_.end());
  const std::vector<Run> runs = runs_of(table_.storage(), again);
  const auto read = [&](std::size_t r, double* x) { read_runs(runs, train_rows_[r], x); };
  StandardFit part = fit_.part(skipped, width_of(again));
  const Scaling all = part.finish(train_rows_.size(), read, n_x, constant);
  const auto split = [](const std::vector<double>& from, std::size_t begin, std::size_t end) {
    return std::vector<double>(from.begin() + static_cast<std::ptrdiff_t>(begin),
                               from.begin() + static_cast<std::ptrdiff_t>(end));
  };
  if (standard) {
    inputs.offset = split(all.offset, 0, n_x);
    inputs.divisor = split(all.divisor, 0, n_x);
  }
  targets = {.kind = ScaleKind::standard,
             .offset = split(all.offset, n_x, all.offset.size()),
             .divisor = split(all.divisor, n_x, all.divisor.size())};
  std::erase_if(constant, [&](std::size_t i) { return i >= n_x; });
}

}  // namespace strata::internal
