#include "tools/giveaway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/text.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kFewestRows = 10;      // of a value, a class or a line, in the mean; and of mistakes
constexpr double kLeftOfVariance = 1e-4;     // by a line
constexpr std::size_t kMistakesOfOne = 100;  // guessing makes as many where the field makes one

}  // namespace

void PairCounts::add(std::uint64_t value, std::uint32_t of_class) {
  if (size_ > kMost) return;
  if (2 * (size_ + 1) > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = mixed(value + of_class) & mask;
  while (slots_[slot].count > 0 && (slots_[slot].value != value || slots_[slot].of_class != of_class))
    slot = (slot + 1) & mask;
  if (slots_[slot].count++ > 0) return;
  slots_[slot].value = value;
  slots_[slot].of_class = of_class;
  if (++size_ > kMost) slots_ = {};
}

void PairCounts::grow() {
  const std::vector<Pair> before = std::exchange(slots_, std::vector<Pair>(slots_.empty() ? 8 : 2 * slots_.size()));
  for (const Pair& pair : before) {
    if (pair.count == 0) continue;
    std::size_t slot = mixed(pair.value + pair.of_class) & (slots_.size() - 1);
    while (slots_[slot].count > 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = pair;
  }
}

std::vector<PairCounts::Pair> PairCounts::pairs() const {
  std::vector<Pair> all;
  std::ranges::copy_if(slots_, std::back_inserter(all), [](const Pair& pair) { return pair.count > 0; });
  std::ranges::sort(all, {}, &Pair::value);
  return all;
}

std::span<const std::uint32_t> TargetClasses::add(const ColumnOfBlock& target) {
  of_rows_.assign(target.hashes.size(), kNone);
  for (std::size_t row = 0; row < of_rows_.size() && !are_too_many_; ++row) {
    const std::uint64_t hash = target.hashes[row];
    if (hash == kMissing) continue;
    const auto found = static_cast<std::size_t>(std::ranges::find(hashes_, hash) - hashes_.begin());
    if (found == hashes_.size()) {
      hashes_.push_back(hash);
      counts_.push_back(0);
    }
    ++counts_[found];
    of_rows_[row] = static_cast<std::uint32_t>(found);
    are_too_many_ = hashes_.size() > kMost;
  }
  if (are_too_many_) counts_.clear();
  return of_rows_;
}

void Tie::add(const ColumnOfBlock& column, const ColumnOfBlock& target, std::span<const std::uint32_t> classes) {
  has_ranges_ = has_ranges_ && !column.numbers.empty();
  for (std::size_t row = 0; row < classes.size(); ++row) {
    const std::uint32_t of_class = classes[row];
    if (of_class == TargetClasses::kNone) continue;
    pairs_.add(column.hashes[row], of_class);
    if (!has_ranges_) continue;
    const double x = column.numbers[row];
    has_ranges_ = std::isfinite(x);
    if (of_class >= ranges_.size()) ranges_.resize(of_class + std::size_t{1});
    Range& range = ranges_[of_class];
    range.least = std::min(range.least, x);
    range.greatest = std::max(range.greatest, x);
  }
  for (std::size_t row = 0; row < std::min(column.numbers.size(), target.numbers.size()); ++row) {
    double x = column.numbers[row], y = target.numbers[row];
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    if (count_++ == 0) x0_ = x, y0_ = y;
    x -= x0_, y -= y0_;
    x_ += x, y_ += y;
    xx_ += x * x, yy_ += y * y, xy_ += x * y;
  }
}

std::string Tie::giveaway(const std::vector<std::size_t>& counts) const {
  std::string how = by_line();
  if (how.empty() && !counts.empty()) how = by_value(counts);
  if (how.empty() && !counts.empty()) how = by_range(counts);
  return how;
}

std::string Tie::by_line() const {
  if (count_ < kFewestRows) return "";
  const auto n = static_cast<double>(count_);
  const double of_x = xx_ - x_ * x_ / n, of_y = yy_ - y_ * y_ / n, together = xy_ - x_ * y_ / n;
  if (!(of_x > 0 && of_y > 0) || !(of_y - together * together / of_x <= kLeftOfVariance * of_y)) return "";
  const double slope = together / of_x, at_mean = y0_ + y_ / n, of_mean = slope * (x0_ + x_ / n);
  const bool through_0 = std::abs(at_mean - of_mean) <= 1e-9 * (std::abs(at_mean) + std::abs(of_mean));
  const double offset = through_0 ? 0 : at_mean - of_mean;
  return fmt::format("the target is {:.6g} times it {} {:.6g}", slope, offset < 0 ? "-" : "+", std::abs(offset));
}

std::string Tie::by_value(const std::vector<std::size_t>& counts) const {
  const std::vector<PairCounts::Pair> pairs = pairs_.pairs();
  const std::size_t all = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  std::size_t values = 0, right = 0, most = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    most = std::max(most, pairs[i].count);
    if (i + 1 < pairs.size() && pairs[i + 1].value == pairs[i].value) continue;
    ++values;
    right += std::exchange(most, 0);
  }
  const std::size_t mistakes = all - std::ranges::max(counts), left = all - right;
  const bool repeats = values > 0 && values <= TargetClasses::kMost && all >= kFewestRows * values;
  if (!repeats || mistakes < kFewestRows || kMistakesOfOne * left > mistakes) return "";
  return left == 0 ? fmt::format("each of its {} values goes with one value of the target", values)
                   : fmt::format("its {} values tell the target in {} of {} rows", values, right, all);
}

std::string Tie::by_range(const std::vector<std::size_t>& counts) const {
  const std::size_t all = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  if (!has_ranges_ || counts.size() < 2 || ranges_.size() < counts.size() || all < kFewestRows * counts.size() ||
      all - std::ranges::max(counts) < kFewestRows)
    return "";
  std::vector<Range> ranges = ranges_;
  std::ranges::sort(ranges, {}, &Range::least);
  for (std::size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].least <= ranges[i - 1].greatest) return "";
  return "its ranges in the classes of the target do not touch";
}

}  // namespace strata::internal
