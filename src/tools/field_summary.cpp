#include "tools/field_summary.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/text.hpp"
#include "data/table_storage.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostLevels = 20;

std::uint64_t hash_of(double value) noexcept {
  if (std::isnan(value)) return kMissing;
  return mixed(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value) + 1);
}

// A field of one number an example.
void read_column(const Table& block, const Field& field, std::vector<double>& out) {
  const Field* const fields[] = {&field};
  const Run run = runs_of(block.storage(), fields).front();
  out.resize(block.rows());
  with_number_type(run.block->type, [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t row = 0; row < out.size(); ++row)
      out[row] = static_cast<double>(run.block->row<T>(row)[run.offset]);
  });
  if (run.texts == nullptr) return;
  for (double& number : out) number = (*run.texts)[static_cast<std::size_t>(number)];
}

}  // namespace

void FieldSummary::add(const Table& block, ColumnOfBlock& column) {
  const Field& field = *column.field;
  column.numbers.clear();
  column.hashes.resize(block.rows());
  holds_words_ = holds_words_ || field.is_text();
  if (field.is_text())
    add_words(block, column);
  else if (field.width() == 1)
    add_numbers(block, column);
  else
    add_array(block, column);
  for (const std::uint64_t hash : column.hashes) content_ = (std::rotl(content_, 5) ^ hash) * 0x9FB21C651E98DF25U;
  field_.rows += block.rows();
}

void FieldSummary::add_words(const Table& block, ColumnOfBlock& column) {
  const Field& field = *column.field;
  std::vector<std::size_t> counts(field.categories.size());
  std::vector<std::uint64_t> hashes;
  for (const std::string& word : field.categories) hashes.push_back(word.empty() ? kMissing : Spellings::hash_of(word));
  read_column(block, field, column.numbers);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    const auto index = static_cast<std::size_t>(column.numbers[row]);
    ++counts[index];
    column.hashes[row] = hashes[index];
  }
  column.numbers.clear();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (field.categories[i].empty())
      field_.missing += counts[i];
    else if (counts[i] > 0)
      words_.add(field.categories[i], counts[i]);
  }
}

void FieldSummary::look_at(double value) noexcept {
  if (std::isfinite(value)) {
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
    zeros_ += value == 0 ? 1 : 0;
  } else if (std::isnan(value)) {
    ++not_numbers_;
  } else {
    ++infinite_;
  }
}

void FieldSummary::add_numbers(const Table& block, ColumnOfBlock& column) {
  const bool has_words = !block.storage().place(*column.field).bad.empty();
  read_column(block, *column.field, column.numbers);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    const double value = column.numbers[row];
    look_at(value);
    column.hashes[row] = hash_of(value);
    if (!std::isnan(value))
      numbers_.add(column.hashes[row]);
    else if (has_words && holds_word(block, *column.field, row))
      ++wrong_;
  }
}

void FieldSummary::add_array(const Table& block, ColumnOfBlock& column) {
  const std::vector<Run> runs = runs_of(block.storage(), std::span(&column.field, 1));
  std::vector<double> numbers(column.field->width());
  for (std::size_t row = 0; row < block.rows(); ++row) {
    read_runs(runs, row, numbers.data());
    std::uint64_t hash = 0;
    for (const double value : numbers) {
      look_at(value);
      hash = (std::rotl(hash, 5) ^ hash_of(value)) * 0x9FB21C651E98DF25U;
    }
    column.hashes[row] = mixed(hash);
  }
}

FieldDescription FieldSummary::finish() const {
  FieldDescription made{.field = field_, .wrong = wrong_, .infinite = infinite_, .zeros = zeros_};
  if (!holds_words_) made.field.missing = not_numbers_ - wrong_;
  if (least_ <= greatest_) made.least = least_, made.greatest = greatest_;
  made.distinct = holds_words_ ? words_.distinct() : numbers_.distinct();
  made.distinct_is_exact = holds_words_ ? words_.is_exact() : numbers_.is_exact();
  if (holds_words_ && made.field.type == ColumnType::number) made.field.type = ColumnType::category;  // of an array
  if (!holds_words_ || !words_.complete()) return made;
  std::vector<CountedValue> levels;
  for (std::size_t i = 0; i < words_.distinct(); ++i)
    levels.push_back({.text = std::string(words_.text(i)), .count = words_.count(i)});
  const auto most = levels.begin() + static_cast<std::ptrdiff_t>(std::min(levels.size(), kMostLevels));
  std::ranges::partial_sort(levels, most, [](const CountedValue& a, const CountedValue& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  });
  levels.erase(most, levels.end());
  made.levels = std::move(levels);
  return made;
}

bool FieldSummary::mostly_numbers() const {
  if (!holds_words_ || !words_.complete()) return false;
  std::size_t numbers = 0;
  double ignored = 0;
  for (std::size_t i = 0; i < words_.distinct(); ++i)
    numbers += parse_number(std::string(words_.text(i)), ignored) ? 1U : 0U;
  return 2 * numbers >= words_.distinct() && numbers < words_.distinct();
}

}  // namespace strata::internal
