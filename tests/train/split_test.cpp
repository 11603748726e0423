// Which rows are held back: each class its share, and never all of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "strata/error.hpp"
#include "train/split.hpp"

namespace strata::internal {
namespace {

std::vector<std::size_t> list(const Rows& rows) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(rows[i]);
  return all;
}

/// Of each stratum, how many are in `rows`.
std::vector<std::size_t> counts(const Rows& rows, std::span<const std::uint32_t> strata, std::size_t kinds) {
  std::vector<std::size_t> count(kinds);
  for (const std::size_t row : list(rows)) ++count[strata[row]];
  return count;
}

std::vector<std::uint32_t> strata_with(std::initializer_list<std::size_t> sizes) {
  std::vector<std::uint32_t> strata;
  std::uint32_t kind = 0;
  for (const std::size_t size : sizes) strata.insert(strata.end(), size, kind++);
  return strata;
}

TEST(Split, HoldsBackOfEachStratumItsShare) {
  const std::vector<std::uint32_t> strata = strata_with({100, 50, 7, 2, 1, 1, 40});
  for (const double fraction : {0.01, 0.2, 0.37, 0.5, 0.9, 0.999}) {
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
      const Split split = split_rows(Rows(strata.size()), fraction, seed, strata);
      EXPECT_TRUE(split.held.ascend() && split.train.ascend());
      std::set<std::size_t> all;
      for (const Rows* part : {&split.held, &split.train})
        for (const std::size_t row : list(*part)) EXPECT_TRUE(all.insert(row).second);
      EXPECT_EQ(all.size(), strata.size());
      const std::vector<std::size_t> held = counts(split.held, strata, 7), train = counts(split.train, strata, 7);
      for (std::size_t kind = 0; kind < 7; ++kind) {
        EXPECT_GE(train[kind], 1U) << kind;
        // The number of rows in all is rounded first, and so is what each stratum gives of it.
        const double share = fraction * static_cast<double>(held[kind] + train[kind]);
        EXPECT_LE(static_cast<double>(held[kind]), share + 1.5) << kind;
        if (train[kind] > 1) {
          EXPECT_GE(static_cast<double>(held[kind]), share - 1.5) << kind;
        }
      }
    }
  }
}

TEST(Split, IsAFunctionOfTheSeed) {
  const std::vector<std::uint32_t> strata = strata_with({30, 30});
  const auto held = [&](std::uint64_t seed) { return list(split_rows(Rows(60), 0.25, seed, strata).held); };
  EXPECT_EQ(held(3), held(3));
  EXPECT_NE(held(3), held(4));
  EXPECT_EQ(held(3).size(), 15U);
}

// One row a class: then the whole is the only stratum, and something is measured on.
TEST(Split, OfSingleRowsIsThatOfTheWhole) {
  std::vector<std::uint32_t> each(10);
  for (std::uint32_t i = 0; i < 10; ++i) each[i] = i;
  const Split alone = split_rows(Rows(10), 0.3, 7, each), whole = split_rows(Rows(10), 0.3, 7, {});
  EXPECT_EQ(list(alone.held), list(whole.held));
  EXPECT_EQ(whole.held.size(), 3U);
}

TEST(Split, CountsTheRowsThatItIsGiven) {
  const Split split = split_rows(Rows({3, 5, 8, 13}), 0.5, 1, {});
  std::vector<std::size_t> all = list(split.held);
  EXPECT_EQ(all.size(), 2U);
  const std::vector<std::size_t> train = list(split.train);
  all.insert(all.end(), train.begin(), train.end());
  std::ranges::sort(all);
  EXPECT_EQ(all, (std::vector<std::size_t>{3, 5, 8, 13}));
  EXPECT_THROW(static_cast<void>(split_rows(Rows(1), 0.5, 1, {})), Error);
}

// Sizes differ by one at most, in all and of each stratum.
TEST(Split, PartsAreEven) {
  const std::vector<std::uint32_t> strata = strata_with({100, 53, 7, 2, 1, 40});
  for (const std::size_t parts : {2U, 3U, 5U, 10U, 203U}) {
    for (const bool stratified : {true, false}) {
      const std::vector<std::size_t> part =
          part_rows(strata.size(), parts, 4, stratified ? strata : std::vector<std::uint32_t>());
      std::vector<std::vector<std::size_t>> count(7, std::vector<std::size_t>(parts));  // the last: in all
      for (std::size_t i = 0; i < part.size(); ++i) ++count[6][part[i]], ++count[strata[i]][part[i]];
      for (std::size_t kind = stratified ? 0 : 6; kind < 7; ++kind) {
        const auto [least, most] = std::ranges::minmax(count[kind]);
        EXPECT_LE(most - least, 1U) << parts << ' ' << kind;
      }
    }
  }
  EXPECT_NE(part_rows(60, 5, 1, {}), part_rows(60, 5, 2, {}));
}

std::vector<std::uint32_t> groups_with(std::initializer_list<std::size_t> sizes) { return strata_with(sizes); }

TEST(Split, GroupsFillPartsToTheirShares) {
  std::vector<std::uint32_t> groups;  // of 1, 3, 5 … rows
  for (std::uint32_t i = 0; i < 600; ++i) groups.push_back(static_cast<std::uint32_t>(std::sqrt(i)));
  const std::size_t number = *std::ranges::max_element(groups) + std::size_t{1};
  for (const std::vector<double>& shares : {std::vector<double>{0.8, 0.2}, {0.25, 0.25, 0.25, 0.25}, {0.9, 0.1}}) {
    const std::vector<std::size_t> part = part_groups(groups, shares, 3, {});
    ASSERT_EQ(part.size(), number);
    std::vector<double> rows(shares.size());
    for (const std::uint32_t group : groups) ++rows[part[group]];
    for (std::size_t p = 0; p < shares.size(); ++p) EXPECT_NEAR(rows[p] / 600, shares[p], 0.02) << p;
  }
}

TEST(Split, GroupsShareOutTheStrata) {
  // 40 groups of 10 rows; in every fourth all rows are of the rare stratum.
  std::vector<std::uint32_t> groups, strata;
  for (std::uint32_t i = 0; i < 400; ++i) groups.push_back(i / 10), strata.push_back(i / 10 % 4 == 0 ? 1 : 0);
  for (std::uint64_t seed = 1; seed < 30; ++seed) {
    const double shares[] = {0.2, 0.2, 0.2, 0.2, 0.2};
    const std::vector<std::size_t> part = part_groups(groups, shares, seed, strata);
    std::vector<std::size_t> rare(5), all(5);
    for (std::size_t i = 0; i < groups.size(); ++i) ++all[part[groups[i]]], rare[part[groups[i]]] += strata[i];
    EXPECT_EQ(all, std::vector<std::size_t>(5, 80)) << seed;
    EXPECT_EQ(rare, std::vector<std::size_t>(5, 20)) << seed;
  }
  const double half[] = {0.5, 0.5};
  EXPECT_NE(part_groups(groups, half, 1, strata), part_groups(groups, half, 2, strata));
}

TEST(Split, NoPartOfGroupsStaysEmpty) {
  const double shares[] = {0.97, 0.01, 0.02};
  std::vector<std::size_t> part = part_groups(groups_with({50, 3, 2}), shares, 1, {});
  std::ranges::sort(part);
  EXPECT_EQ(part, (std::vector<std::size_t>{0, 1, 2}));
  const double tiny[] = {1, 5e-324};
  EXPECT_EQ(part_groups(groups_with({3, 5, 4}), tiny, 1, {}), (std::vector<std::size_t>{1, 0, 0}));
}

TEST(Split, StrataAreTheClassesOfATarget) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  Table table;
  const std::vector<double> stars = {5, 3, 5, kNaN, 5}, size = {0.5, 1, 2, 3, 4};
  table.add_text("word", std::vector<std::string>{"b", "a", "b", "", "b"});
  table.add_numbers("stars", {}, stars);
  table.add_numbers("size", {}, size);
  const auto strata = [&](const char* name, Task task = Task::automatic) {
    const Field* target = &table.field(name);
    return strata_of(table, std::span(&target, 1), Rows(5), task);
  };
  const std::vector<std::uint32_t> expected = {0, 1, 0, 2, 0};
  EXPECT_EQ(strata("word"), expected);
  EXPECT_EQ(strata("stars"), std::vector<std::uint32_t>()) << "too few rows for three classes";
  EXPECT_EQ(strata("stars", Task::classes), expected);
  EXPECT_EQ(strata("stars", Task::regression), std::vector<std::uint32_t>());
  EXPECT_EQ(strata("size"), std::vector<std::uint32_t>());
  EXPECT_EQ(strata("size", Task::classes), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
}

TEST(Split, StrataOfSeveralNumbersAreThePlacesOfTheOne) {
  const auto strata = [](std::vector<double> y, Task task = Task::automatic) {
    Table table;
    table.add_numbers("y", {3}, y);
    const Field* target = &table.field("y");
    return strata_of(table, std::span(&target, 1), Rows(y.size() / 3), task);
  };
  EXPECT_EQ(strata({0, 1, 0, 0, 0, 1, 1, 0, 0}), (std::vector<std::uint32_t>{1, 2, 0}));
  EXPECT_EQ(strata({0, 1, 0, 0, 1, 1}), std::vector<std::uint32_t>());
  EXPECT_EQ(strata({0, 1, 0, 0, 0, 0}), std::vector<std::uint32_t>());
  EXPECT_EQ(strata({0, 0.5, 0.5, 0, 1, 0}), std::vector<std::uint32_t>());
  EXPECT_EQ(strata({0, 1, 0, 0, 0, 1}, Task::binary), std::vector<std::uint32_t>());
}

// More distinct whole numbers than --task auto takes for classes.
TEST(Split, ManyWholeNumbersAreNoClasses) {
  for (const int kinds : {20, 21}) {
    std::vector<double> x;
    for (int i = 0; i < 10 * kinds; ++i) x.push_back(i % kinds);
    Table table;
    table.add_numbers("x", {}, x);
    const Field* target = &table.field("x");
    EXPECT_EQ(strata_of(table, std::span(&target, 1), Rows(x.size()), Task::automatic).empty(), kinds > 20);
    EXPECT_FALSE(strata_of(table, std::span(&target, 1), Rows(x.size()), Task::classes).empty());
  }
}

}  // namespace
}  // namespace strata::internal
