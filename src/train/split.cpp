#include "train/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/random.hpp"
#include "base/text.hpp"
#include "strata/error.hpp"
#include "train/task.hpp"

namespace strata::internal {
namespace {

// What is drawn by the seed, beside the rows that are held back: the first time, and what a number more stands for.
constexpr std::uint32_t kParts = 1, kGroups = 2, kDraws = 2;

// By ascending key, equal ones as they are. (The buffer of std::stable_sort is deprecated where Clang looks at it.)
template <class Key>
void sort_stably(std::vector<std::size_t>& order, const Key& key) {
  std::vector<std::pair<std::size_t, std::size_t>> ranked;  // key, place
  for (std::size_t i = 0; i < order.size(); ++i) ranked.emplace_back(key(order[i]), i);
  std::ranges::sort(ranked);
  const std::vector<std::size_t> before = order;
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = before[ranked[i].second];
}

// How many of each stratum are held back: `wanted` in all, but where a stratum would be left without a row.
std::vector<std::size_t> shares(std::span<const std::uint32_t> strata, std::size_t wanted) {
  std::vector<std::size_t> sizes;
  for (const std::uint32_t each : strata) {
    if (each >= sizes.size()) sizes.resize(std::size_t{each} + 1);
    ++sizes[each];
  }
  // Of the first strata together, the share of their rows, rounded: what one is short of, the next ones make up for.
  std::vector<std::size_t> held;
  std::size_t before = 0, seen = 0;
  for (const std::size_t size : sizes) {
    seen += size;
    const auto up_to = static_cast<std::size_t>(
        std::llround(static_cast<double>(wanted) * static_cast<double>(seen) / static_cast<double>(strata.size())));
    held.push_back(std::min(up_to - before, std::max<std::size_t>(size, 1) - 1));
    before = up_to;
  }
  return held;
}

// Where one of several numbers is 1 in every row, and the others are 0.
std::vector<std::uint32_t> places_of_the_one(const Table& table, std::span<const Field* const> targets,
                                             const Rows& rows) {
  std::vector<std::uint32_t> places;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::uint32_t at = 0, place = 0, ones = 0;
    for (const Field* target : targets) {
      for (std::size_t k = 0; k < target->width(); ++k, ++at) {
        const double value = table.number(*target, rows[i], k);
        if (value != 0 && value != 1) return {};
        if (value == 0) continue;
        place = at;
        ++ones;
      }
    }
    if (ones != 1) return {};
    places.push_back(place);
  }
  return places;
}

}  // namespace

std::vector<std::uint32_t> strata_of(const Table& table, std::span<const Field* const> targets, const Rows& rows,
                                     Task task) {
  if (task == Task::regression) return {};
  if (targets.size() > 1 || targets.front()->width() > 1)
    return task == Task::binary ? std::vector<std::uint32_t>() : places_of_the_one(table, targets, rows);
  const Field& target = *targets.front();
  const bool in_doubt = !target.is_text() && task == Task::automatic;
  std::vector<std::uint32_t> strata;
  std::map<double, std::uint32_t> seen;
  strata.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double value = table.number(target, rows[i]);
    if (std::isnan(value)) value = std::numeric_limits<double>::infinity();  // missing: a stratum of its own
    if (in_doubt && (value != std::floor(value) || (seen.size() >= kMostClasses && !seen.contains(value)))) return {};
    strata.push_back(seen.try_emplace(value, static_cast<std::uint32_t>(seen.size())).first->second);
  }
  if (in_doubt && !may_be_classes(seen.size(), rows.size())) return {};
  return strata;
}

std::size_t rows_held(double fraction, std::size_t rows) {
  if (rows < 2)
    throw Error(ErrorCode::value, spelled("validation") + " holds rows back, but the data has only one row");
  const auto held = static_cast<std::size_t>(std::llround(fraction * static_cast<double>(rows)));
  return std::clamp<std::size_t>(held, 1, rows - 1);
}

Split split_rows(const Rows& rows, double fraction, std::uint64_t seed, std::span<const std::uint32_t> strata) {
  const std::size_t count = rows.size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffled(seed, RandomPurpose::split, 0, std::span(order));
  const std::size_t wanted = rows_held(fraction, count);
  std::vector<std::size_t> left = shares(strata, wanted);  // to be held back
  const bool stratified = std::ranges::any_of(left, [](std::size_t each) { return each > 0; });
  if (!stratified) left = {wanted};
  std::vector<std::size_t> held, train;
  for (const std::size_t row : order) {
    std::size_t& more = left[stratified ? strata[row] : 0];
    (more > 0 ? held : train).push_back(row);
    more -= more > 0 ? 1 : 0;
  }
  std::ranges::sort(held);
  std::ranges::sort(train);
  return {rows.of(Rows(std::move(train))), rows.of(Rows(std::move(held)))};
}

std::vector<std::size_t> part_rows(std::size_t count, std::size_t parts, std::uint64_t seed,
                                   std::span<const std::uint32_t> strata, std::uint32_t draw) {
  std::vector<std::size_t> order(count), part(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffled(seed, RandomPurpose::split, kParts + kDraws * draw, std::span(order));
  if (!strata.empty()) sort_stably(order, [&](std::size_t row) { return strata[row]; });
  for (std::size_t i = 0; i < count; ++i) part[order[i]] = i % parts;
  return part;
}

// Greedily the least Σ (rows of a stratum in a part)² / (share · (rows of the stratum)²), which is least where every
// part has its share of every stratum.
std::vector<std::size_t> part_groups(std::span<const std::uint32_t> groups, std::span<const double> shares,
                                     std::uint64_t seed, std::span<const std::uint32_t> strata, std::uint32_t draw) {
  struct Count {
    std::uint32_t group, stratum;
    double rows;
  };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t i = 0; i < groups.size(); ++i) pairs.emplace_back(groups[i], strata.empty() ? 0 : strata[i]);
  std::ranges::sort(pairs);
  const std::size_t number = pairs.empty() ? 0 : std::size_t{pairs.back().first} + 1;
  std::vector<Count> counts;
  std::vector<std::size_t> first(number + 1), sizes(number);  // first: of the counts of each group
  std::vector<double> totals;                                 // of each stratum
  for (const auto& [group, stratum] : pairs) {
    if (counts.empty() || counts.back().group != group || counts.back().stratum != stratum) {
      counts.push_back({group, stratum, 0});
      first[group + 1] = counts.size();
    }
    ++counts.back().rows;
    ++sizes[group];
    if (stratum >= totals.size()) totals.resize(std::size_t{stratum} + 1);
    ++totals[stratum];
  }
  std::vector<std::size_t> order(number), part(number), in_part(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffled(seed, RandomPurpose::split, kGroups + kDraws * draw, std::span(order));
  sort_stably(order, [&](std::size_t group) { return groups.size() - sizes[group]; });  // large ones first
  std::vector<std::vector<double>> filled(shares.size(), std::vector<double>(totals.size()));
  for (std::size_t i = 0; i < number; ++i) {
    const std::span of_group(counts.begin() + static_cast<std::ptrdiff_t>(first[order[i]]),
                             counts.begin() + static_cast<std::ptrdiff_t>(first[order[i] + 1]));
    const auto empty = static_cast<std::size_t>(std::ranges::count(in_part, std::size_t{0}));
    const bool only_empty = empty >= number - i;
    std::size_t best = shares.size();
    double least = 0;
    for (std::size_t p = 0; p < shares.size(); ++p) {
      if (only_empty && in_part[p] > 0) continue;
      double growth = 0;
      for (const Count& each : of_group)
        growth +=
            (2 * filled[p][each.stratum] + each.rows) * each.rows / (shares[p] * std::pow(totals[each.stratum], 2));
      if (best == shares.size() || growth < least) best = p, least = growth;
    }
    part[order[i]] = best;
    ++in_part[best];
    for (const Count& each : of_group) filled[best][each.stratum] += each.rows;
  }
  return part;
}

}  // namespace strata::internal
