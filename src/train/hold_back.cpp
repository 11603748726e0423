#include "train/hold_back.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"
#include "train/task.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostTold = 6;  // in a message

// The words of a column that says which rows are held back.
constexpr std::array<std::string_view, 5> kTrained = {"no", "n", "0", "false", "train"};
constexpr std::array<std::string_view, 10> kHeld = {"yes", "y",     "1",    "true",    "validation",
                                                    "val", "valid", "test", "holdout", "held"};

bool is_missing(const Field& field, double cell) {
  return std::isnan(cell) || (field.is_text() && field.categories[static_cast<std::size_t>(cell)].empty());
}

// One number, word or date an example.
const Field& column_of(const Table& table, const std::string& name, const char* option) {
  const Field& field = table.field(name);
  if (field.width() == 1) return field;
  throw Error(ErrorCode::usage, fmt::format("{}: {} has {} numbers an example, and one number or word is needed",
                                            spelled(option), in_quotes(name), field.width()));
}

// The cells of the rows. Throws where one is missing.
std::vector<double> cells_of(const Table& table, const Field& field, const Rows& rows, const char* option) {
  std::vector<double> cells;
  cells.reserve(rows.size());
  std::size_t missing = 0, first = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    cells.push_back(table.number(field, rows[i]));
    if (!is_missing(field, cells.back())) continue;
    if (!field.is_text() && holds_word(table, field, rows[i])) refuse_cell(table, field, rows[i], 0);
    if (missing++ == 0) first = rows[i];
  }
  if (missing > 0)
    throw Error(ErrorCode::value, fmt::format("{}: {} is missing in {} of {} rows, the first at {}", spelled(option),
                                              in_quotes(field.name), missing, rows.size(), table.where(field, first)));
  return cells;
}

// Rows that are held back where their flag is set.
Split parted(const Rows& rows, const std::vector<bool>& is_held) {
  std::vector<std::size_t> held, train;
  for (std::size_t i = 0; i < rows.size(); ++i) (is_held[i] ? held : train).push_back(i);
  return {rows.of(Rows(std::move(train))), rows.of(Rows(std::move(held)))};
}

std::string word_of(const Field& field, double cell) {
  return field.is_text() ? field.categories[static_cast<std::size_t>(cell)] : shortest(cell);
}

// yes or no, 1 or 0, validation or train: one word for the rows that are held back, and one for the others.
std::vector<bool> held_as_said(const Table& table, const Rows& rows, const std::string& name) {
  constexpr const char* kOption = "validation-column";
  const Field& field = column_of(table, name, kOption);
  const std::vector<double> cells = cells_of(table, field, rows, kOption);
  std::map<double, std::size_t> counts;
  for (const double cell : cells) ++counts[cell];
  std::set<std::string> held, trained;
  std::set<double> says_held;
  std::vector<std::string> found;
  bool understood = true;
  for (const auto& [cell, count] : counts) {
    found.push_back(fmt::format("{} ({} rows)", in_quotes(word_of(field, cell)), count));
    const std::string word = normal_form(word_of(field, cell));
    const bool holds = std::ranges::find(kHeld, word) != kHeld.end();
    understood = understood && (holds || std::ranges::find(kTrained, word) != kTrained.end());
    (holds ? held : trained).insert(word);
    if (holds) says_held.insert(cell);
  }
  if (!understood || held.size() > 1 || trained.size() > 1)
    throw Error(
        ErrorCode::value,
        fmt::format("{}: {} holds {}; it must hold two words: yes and no, true and false, 1 and 0, or train and one of "
                    "validation, valid, val, test, holdout and held; those of no, false, 0 and train are trained on",
                    spelled(kOption), in_quotes(name), joined(found, kMostTold)));
  if (held.empty() || trained.empty())
    throw Error(ErrorCode::value,
                fmt::format("{}: {} holds {} in every row, so none is {}", spelled(kOption), in_quotes(name),
                            in_quotes(word_of(field, cells.front())), held.empty() ? "held back" : "left to train on"));
  std::vector<bool> is_held;
  for (const double cell : cells) is_held.push_back(says_held.contains(cell));
  return is_held;
}

// The last rows as they stand, or by their time; rows of one time are on one side.
std::vector<bool> last_rows(const Table& table, const Rows& rows, double fraction, const std::string& time) {
  constexpr const char* kOption = "time-column";
  const std::size_t first = rows.size() - rows_held(fraction, rows.size());
  std::vector<bool> is_held(rows.size());
  if (time.empty()) {
    std::fill(is_held.begin() + static_cast<std::ptrdiff_t>(first), is_held.end(), true);
    return is_held;
  }
  const Field& field = column_of(table, time, kOption);
  if (field.is_text() || field.is_ambiguous) {
    const std::string names = spelled_names("date", std::span(&time, 1));
    throw Error(
        ErrorCode::usage,
        fmt::format("{}: {} {}", spelled(kOption), in_quotes(time),
                    field.is_text() ? fmt::format("holds words, for example {}, and numbers or dates are "
                                                  "needed; {} takes it for dates",
                                                  in_quotes(word_of(field, table.number(field, rows[0]))), names)
                                    : fmt::format("holds dates that can be read as day and month or as month "
                                                  "and day; say which with {} or {}",
                                                  spelled("date-order", "dmy"), spelled("date-order", "mdy"))));
  }
  const std::vector<double> times = cells_of(table, field, rows, kOption);
  std::vector<double> sorted = times;
  std::ranges::sort(sorted);
  auto border = sorted.begin() + static_cast<std::ptrdiff_t>(first);
  if (*border == sorted.front()) border = std::ranges::upper_bound(sorted, sorted.front());
  if (border == sorted.end())
    throw Error(ErrorCode::value, fmt::format("{}: {} is the same in all {} rows, so none of them is the last",
                                              spelled(kOption), in_quotes(time), rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) is_held[i] = times[i] >= *border;
  return is_held;
}

std::vector<ClassRows> classes_of(const Rows& rows, const Rows& held, std::span<const std::uint32_t> strata) {
  std::vector<ClassRows> classes;
  for (std::size_t i = 0, next = 0; i < strata.size(); ++i) {
    if (strata[i] >= classes.size()) classes.resize(std::size_t{strata[i]} + 1);
    ClassRows& of_class = classes[strata[i]];
    if (of_class.held + of_class.train == 0) of_class.first = rows[i];
    const bool is_held = next < held.size() && held[next] == rows[i];
    ++(is_held ? of_class.held : of_class.train);
    next += is_held ? 1 : 0;
  }
  return classes;
}

// As scikit-learn's StratifiedKFold does: a class with fewer rows than there are parts is said, and it is an error when
// every one is such.
void require_rows(const Table& table, std::span<const Field* const> targets, const Rows& rows,
                  std::span<const std::uint32_t> strata, const Parting& parting, const Messages& messages) {
  const auto& [asked, noun, parts, draw] = parting;
  if (rows.size() < parts)
    throw Error(ErrorCode::value,
                fmt::format("{}: there are {} rows, and every {} has at least one", asked, rows.size(), noun));
  if (strata.empty()) return;
  std::vector<std::size_t> sizes, first;
  for (std::size_t i = 0; i < strata.size(); ++i) {
    if (strata[i] >= sizes.size()) sizes.resize(std::size_t{strata[i]} + 1), first.resize(sizes.size());
    if (sizes[strata[i]]++ == 0) first[strata[i]] = rows[i];
  }
  const auto counted = [&](auto stratum) {
    const auto at = static_cast<std::size_t>(stratum - sizes.begin());
    return fmt::format("{} ({} row{})", in_quotes(class_of(table, targets, first[at])), *stratum,
                       *stratum == 1 ? "" : "s");
  };
  const auto largest = std::ranges::max_element(sizes);
  if (*largest < parts)
    throw Error(ErrorCode::value,
                fmt::format("{}: no class has as many rows; the largest is {}", asked, counted(largest)));
  std::vector<std::string> small;
  for (auto stratum = sizes.begin(); stratum != sizes.end(); ++stratum)
    if (*stratum > 0 && *stratum < parts) small.push_back(counted(stratum));
  if (!small.empty())
    messages.warning(fmt::format("{0}: fewer rows than {1}s, so some {1}s have none of them: {2}", asked, noun,
                                 joined(small, kMostTold)));
}

}  // namespace

std::string class_of(const Table& table, std::span<const Field* const> targets, std::size_t row) {
  if (targets.size() == 1 && targets.front()->width() == 1)
    return label_of(table, *targets.front(), table.number(*targets.front(), row));
  std::size_t place = 0;
  for (const Field* target : targets)
    for (std::size_t k = 0; k < target->width(); ++k, ++place)
      if (table.number(*target, row, k) == 1) return targets.size() > 1 ? target->name : std::to_string(place);
  return {};
}

Groups groups_of(const Table& table, const Rows& rows, const Options& options) {
  constexpr const char* kOption = "group-column";
  const Field& field = column_of(table, options.group_column, kOption);
  Groups groups;
  std::unordered_map<double, std::uint32_t> numbers;
  for (const double cell : cells_of(table, field, rows, kOption))
    groups.of_row.push_back(numbers.try_emplace(cell, static_cast<std::uint32_t>(numbers.size())).first->second);
  groups.number = numbers.size();
  if (groups.number == 1)
    throw Error(ErrorCode::value,
                fmt::format("{}: {} is {} in all {} rows; one group cannot be parted, and it is not to be split",
                            spelled(kOption), in_quotes(field.name),
                            in_quotes(word_of(field, table.number(field, rows[0]))), rows.size()));
  return groups;
}

Parts part_of_rows(const Table& table, std::span<const Field* const> targets, const Rows& rows, const Options& options,
                   const Parting& parting, const Messages& messages) {
  const auto& [asked, noun, parts, draw] = parting;
  const std::vector<std::uint32_t> strata = strata_of(table, targets, rows, options.task);
  require_rows(table, targets, rows, strata, parting, messages);
  if (options.group_column.empty())
    return {part_rows(rows.size(), parts, options.seed, strata, draw),
            fmt::format("drawn by the seed{}", strata.empty() ? "" : ", each with its share of every class")};
  const Groups groups = groups_of(table, rows, options);
  if (groups.number < parts)
    throw Error(ErrorCode::value, fmt::format("{}: {} has {} groups, and every {} has at least one", asked,
                                              in_quotes(options.group_column), groups.number, noun));
  const std::vector<double> shares(parts, 1 / static_cast<double>(parts));
  const std::vector<std::size_t> part = part_groups(groups.of_row, shares, options.seed, strata, draw);
  Parts found{.how = fmt::format("of whole groups of {}{}", in_quotes(options.group_column),
                                 strata.empty() ? "" : ", each with its share of every class as far as groups allow")};
  for (const std::uint32_t group : groups.of_row) found.of_row.push_back(part[group]);
  return found;
}

Holdout hold_back(const Table& table, std::span<const Field* const> targets, const Rows& rows, const Options& options,
                  Task task) {
  Holdout holdout;
  holdout.train = rows;
  const std::optional<ValidationPart> part = validation_part(options.validation);
  if (!part && options.validation_column.empty()) return holdout;
  const std::vector<std::uint32_t> strata = strata_of(table, targets, rows, task);
  std::vector<bool> is_held;  // nothing: the seed draws
  if (!options.validation_column.empty()) {
    is_held = held_as_said(table, rows, options.validation_column);
    holdout.how = fmt::format("as {} says", in_quotes(options.validation_column));
  } else if (part->is_last) {
    is_held = last_rows(table, rows, part->fraction, options.time_column);
    holdout.how = options.time_column.empty() ? "the last ones as they stand"
                                              : fmt::format("the last ones by {}", in_quotes(options.time_column));
  } else if (!options.group_column.empty()) {
    const Groups groups = groups_of(table, rows, options);
    const double shares[] = {1 - part->fraction, part->fraction};
    const std::vector<std::size_t> side = part_groups(groups.of_row, shares, options.seed, strata);
    for (const std::uint32_t group : groups.of_row) is_held.push_back(side[group] == 1);
    holdout.how = fmt::format("in {} of the {} groups of {}, drawn by the seed{}",
                              std::ranges::count(side, std::size_t{1}), groups.number, in_quotes(options.group_column),
                              strata.empty() ? "" : ", of each class its share as far as groups allow");
  } else {
    holdout.how = fmt::format("drawn by the seed{}", strata.empty() ? "" : ", of each class its share");
  }
  static_cast<Split&>(holdout) =
      is_held.empty() ? split_rows(rows, part->fraction, options.seed, strata) : parted(rows, is_held);
  holdout.classes = classes_of(rows, holdout.held, strata);
  return holdout;
}

void require_classes(const Table& table, std::span<const Field* const> targets, const Holdout& holdout,
                     const Messages& messages) {
  std::vector<std::string> not_held, not_trained;
  for (const ClassRows& rows : holdout.classes) {
    // Of a single row it is said elsewhere that it teaches nothing.
    if (rows.held == 0 && rows.train > 1) not_held.push_back(in_quotes(class_of(table, targets, rows.first)));
    if (rows.train == 0) not_trained.push_back(in_quotes(class_of(table, targets, rows.first)));
  }
  const auto classes = [](const std::vector<std::string>& names) {
    return fmt::format("class{} {}", names.size() == 1 ? "" : "es", joined(names, kMostTold));
  };
  if (!not_trained.empty())
    throw Error(ErrorCode::value,
                fmt::format("validation: all rows of the {} are held back ({}), so nothing could be learned of them; "
                            "hold back others, or leave these rows out of the data",
                            classes(not_trained), holdout.how));
  if (!not_held.empty())
    messages.warning(fmt::format("validation: no row that is held back is of the {}, so nothing is measured of them",
                                 classes(not_held)));
}

}  // namespace strata::internal
