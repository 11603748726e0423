#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/formats.hpp"
#include "features/calendar.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "tools/field_summary.hpp"
#include "tools/giveaway.hpp"
#include "train/prepare.hpp"
#include "train/task.hpp"
#include "train/training_fields.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockNumbers = std::size_t{1} << 16U;  // stay in the cache
constexpr std::size_t kMostRows = std::size_t{1} << 14U;
constexpr std::size_t kMostNamed = 12;  // in a warning

bool says_nothing(const Field& field) {
  return field.type == ColumnType::identifier || field.type == ColumnType::text || field.type == ColumnType::constant;
}

// Fields that have as many rows, looked at together.
class Group {
 public:
  Group(std::span<const Field> fields, const std::string& target) : target_(target) {
    for (const Field& field : fields) {
      summaries_.emplace_back(field);
      ties_.emplace_back();
    }
  }

  void add(const Table& block) {
    const std::span<const Field> fields = block.fields();
    std::vector<std::uint64_t> of_rows(block.rows());
    ColumnOfBlock target, column;
    std::span<const std::uint32_t> classes;
    if (const Field* field = block.find(target_)) {
      target.field = field;
      summaries_[static_cast<std::size_t>(field - fields.data())].add(block, target);
      classes = classes_.add(target);
      add_to_rows(target, of_rows);
      if (!field->is_text() && field->width() == 1) count_numbers(target);
    }
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (fields[f].name == target_) continue;
      column.field = &fields[f];
      summaries_[f].add(block, column);
      if (fields[f].type != ColumnType::identifier) add_to_rows(column, of_rows);
      if (target.field != nullptr && !says_nothing(fields[f]) && fields[f].width() == 1)
        ties_[f].add(column, target, classes);
    }
    for (const std::uint64_t hash : of_rows) different_.add(hash);
    rows_ += block.rows();
  }

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] const std::vector<FieldSummary>& summaries() const noexcept { return summaries_; }
  /// Rows that are the same as one before them; where that is an estimate, none unless there are clearly some.
  [[nodiscard]] std::size_t repeated_rows() const {
    const std::size_t different = std::min(different_.distinct(), rows_);
    return different_.is_exact() || different < rows_ - rows_ / 100 ? rows_ - different : 0;
  }
  [[nodiscard]] std::string giveaway(std::size_t f) const { return ties_[f].giveaway(classes_.counts()); }
  /// The different numbers of the target, where they are few.
  [[nodiscard]] std::vector<CountedValue> classes() const {
    std::vector<std::pair<double, std::size_t>> sorted(numbers_.begin(), numbers_.end());
    std::ranges::sort(sorted);
    std::vector<CountedValue> classes;
    for (const auto& [number, count] : sorted) classes.push_back({.text = shortest(number), .count = count});
    return numbers_.size() > kMostClasses ? std::vector<CountedValue>() : classes;
  }

 private:
  static void add_to_rows(const ColumnOfBlock& column, std::vector<std::uint64_t>& of_rows) {
    for (std::size_t row = 0; row < of_rows.size(); ++row) of_rows[row] = mixed(of_rows[row] ^ column.hashes[row]) + 1;
  }

  void count_numbers(const ColumnOfBlock& target) {
    for (std::size_t row = 0; row < target.numbers.size() && numbers_.size() <= kMostClasses; ++row)
      if (target.hashes[row] != kMissing) ++numbers_[target.numbers[row]];
  }

  std::string target_;
  std::vector<FieldSummary> summaries_;
  std::vector<Tie> ties_;
  TargetClasses classes_;
  std::unordered_map<double, std::size_t> numbers_;
  HashSample different_{std::size_t{1} << 22U};
  std::size_t rows_ = 0;
};

[[noreturn]] void refuse_unknown(const char* option, const std::string& source, const std::string& wanted,
                                 std::span<const std::string> names) {
  throw Error(ErrorCode::usage,
              fmt::format("{}: {} has no such field{} (it has: {})", spelled_names(option, std::span(&wanted, 1)),
                          source, suggestion(wanted, names), joined_names(names)));
}

// The last of several columns that says nothing of the rows; without columns nothing.
std::string last_of(std::span<const Field> fields, const Options& options) {
  const bool columns = std::ranges::all_of(fields, [](const Field& field) { return field.shape.empty(); });
  const Field* const last = last_target(fields, options);
  return columns && fields.size() > 1 && last != nullptr ? last->name : "";
}

// The target: what was asked for, or the last of several columns.
std::string target_of(const std::string& source, std::span<const Field> fields, const std::string& wanted,
                      const Options& options = {}) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  for (const auto& [option, name] : columns_of_rows(options)) {
    if (std::ranges::find(names, name) == names.end()) refuse_unknown(option, source, name, names);
    if (name == wanted)
      throw Error(ErrorCode::usage, fmt::format("{} and {} name the same column", spelled("target", name_text(wanted)),
                                                spelled(option, name_text(name))));
  }
  if (wanted.empty()) return last_of(fields, options);
  if (std::ranges::find(names, wanted) == names.end()) refuse_unknown("target", source, wanted, names);
  return wanted;
}

// "a (as b), c (as b), … (12 more)", or the sentences one behind the other.
void warn(Description& made, const std::string& before, const std::vector<std::string>& of) {
  if (!of.empty()) made.warnings.push_back(before + joined(of, kMostNamed));
}

std::optional<std::string> doubt(const FieldDescription& each, const FieldSummary& summary) {
  const Field& field = each.field;
  const std::string name = in_quotes(field.name);
  if (each.wrong > 0)
    return fmt::format("{} is taken for {}s: {}; {} lets such cells count as missing, {} takes it for words", name,
                       strata::name(field.type), field.why.empty() ? fmt::format("{} are none", each.wrong) : field.why,
                       spelled("bad-cells", "missing"), spelled_names("categorical", std::span(&field.name, 1)));
  if (field.is_ambiguous)
    return fmt::format("in {} every date can be read as day and month or as month and day; {} or {} says which", name,
                       spelled("date-order", "dmy"), spelled("date-order", "mdy"));
  if (field.type == ColumnType::category && !field.why.empty() && summary.mostly_numbers())
    return fmt::format("{} is taken for a category, though most of its values are numbers: {}; {} says otherwise", name,
                       field.why, spelled_names("numeric", std::span(&field.name, 1)));
  return {};
}

// What a training would refuse of a column that says something of the rows.
void warn_of_rows(Description& made) {
  const auto look = [&](const char* option, const std::string& column, const char* needed, const auto& faults_of) {
    if (column.empty()) return;
    const auto& each = *std::ranges::find(made.fields, column, [](const auto& field) { return field.field.name; });
    if (each.field.width() != 1)
      return made.warnings.push_back(fmt::format("{}: an array, not a column; a training needs one cell a row",
                                                 spelled(option, name_text(column))));
    std::vector<std::string> faults;
    if (each.field.missing > 0) faults.push_back(fmt::format("{} missing", each.field.missing));
    faults_of(each, faults);
    if (faults.empty()) return;
    made.warnings.push_back(fmt::format("{}: {}; a training needs {} in every row", spelled(option, name_text(column)),
                                        joined(faults), needed));
  };
  look("weight-column", made.weight_column, "a number, 0 or greater,", [](const auto& each, auto& faults) {
    if (each.field.type != ColumnType::number) faults.push_back(fmt::format("its type is {}", name(each.field.type)));
    if (each.wrong > 0) faults.push_back(fmt::format("{} not a number", each.wrong));
    if (each.infinite > 0) faults.push_back(fmt::format("{} not finite", each.infinite));
    if (each.least && *each.least < 0) faults.push_back(fmt::format("the least is {}", shortest(*each.least)));
    if (each.zeros > 0 && each.zeros == each.field.rows) faults.emplace_back("all are 0");
  });
  look("group-column", made.group_column, "one of several groups", [](const auto& each, auto& faults) {
    if (each.distinct == 1) faults.emplace_back("one group alone");
  });
}

void add_warnings(Description& made, std::span<const FieldSummary* const> summaries) {
  std::vector<std::string> doubtful, empty, constant, same, giveaways, infinite;
  for (std::size_t f = 0; f < made.fields.size(); ++f) {
    const FieldDescription& each = made.fields[f];
    if (each.field.name == made.weight_column || each.field.name == made.group_column) continue;
    if (auto found = doubt(each, *summaries[f])) doubtful.push_back(std::move(*found));
    const bool all_missing = each.field.rows > 0 && each.field.missing == each.field.rows * each.field.width();
    if (all_missing)
      empty.push_back(name_text(each.field.name));
    else if (each.field.type == ColumnType::constant || (each.least && each.least == each.greatest))
      constant.push_back(name_text(each.field.name));
    if (!each.same_as.empty())
      same.push_back(fmt::format("{} (as {})", name_text(each.field.name), name_text(each.same_as)));
    if (each.infinite > 0) infinite.push_back(name_text(each.field.name));
  }
  std::map<std::string_view, std::vector<std::string>> by_how;
  for (const Giveaway& each : made.giveaways) by_how[each.how].push_back(each.name);
  for (const auto& [how, names] : by_how)
    giveaways.push_back(fmt::format("{} ({})", joined_names(names, kMostNamed), how));
  constexpr std::size_t kMostDoubts = 5;
  for (std::size_t i = 0; i < std::min(doubtful.size(), kMostDoubts); ++i) made.warnings.push_back(doubtful[i]);
  if (doubtful.size() > kMostDoubts)
    made.warnings.push_back(fmt::format("… {} more columns with cells of two types", doubtful.size() - kMostDoubts));
  warn(made, "infinite numbers, which cannot be learned from: ", infinite);
  warn(made, "without any value: ", empty);
  warn(made, "the same in every row: ", constant);
  warn(made, "like another field in every row: ", same);
  if (made.repeated_rows > 0)
    made.warnings.push_back(fmt::format("{} of {} rows {} the same as one before, identifiers left out",
                                        made.repeated_rows, made.rows, made.repeated_rows == 1 ? "is" : "are"));
  warn(made, fmt::format("may give the target {} away: ", in_quotes(made.target)), giveaways);
}

// Is there something beside the target in which rows differ? Those of a target alone repeat of themselves.
bool compares_rows(const Group& group, const std::string& target) {
  return group.summaries().size() > 1 && std::ranges::any_of(group.summaries(), [&](const FieldSummary& summary) {
           const Field& field = summary.field();
           return field.name != target && field.type != ColumnType::identifier && field.type != ColumnType::constant;
         });
}

// Of all groups, the fields in the order of `names`.
Description description_of(const std::vector<Group>& groups, std::span<const std::string> names,
                           const std::string& target, const Options& options = {}) {
  Description made;
  made.target = target;
  made.weight_column = options.weight_column;
  made.group_column = options.group_column;
  std::unordered_map<std::string, std::pair<const Group*, std::size_t>> places;
  for (const Group& group : groups)
    for (std::size_t f = 0; f < group.summaries().size(); ++f)
      places.emplace(group.summaries()[f].field().name, std::pair(&group, f));
  std::vector<const FieldSummary*> summaries;
  std::unordered_map<std::uint64_t, const FieldSummary*> first_of;
  const auto target_at = places.find(target);
  const FieldSummary* const of_target =
      target_at == places.end() ? nullptr : &target_at->second.first->summaries()[target_at->second.second];
  for (const std::string& name : names) {
    const auto& [group, f] = places.at(name);
    const FieldSummary& summary = group->summaries()[f];
    FieldDescription each = summary.finish();
    const bool compares = each.wrong == 0 && each.field.type != ColumnType::constant && each.least != each.greatest;
    if (compares || summary.holds_words()) {
      const std::uint64_t content = mixed(summary.content() + each.field.rows) + each.field.width();
      const auto [first, is_new] = first_of.emplace(content, &summary);
      if (!is_new) each.same_as = first->second->field().name;
    }
    const bool is_target = &summary == of_target;
    if (of_target != nullptr && !is_target && !says_nothing(each.field) && !is_of_rows(name, options)) {
      const bool equals = summary.content() == of_target->content() && summary.field().rows == of_target->field().rows;
      std::string how = equals ? "it is the same in every row" : group->giveaway(f);
      if (!how.empty()) made.giveaways.push_back({name, std::move(how)});
    }
    if (is_target) {
      made.classes = summary.holds_words() ? each.levels : group->classes();
      made.rows = group->rows();
    }
    summaries.push_back(&summary);
    made.fields.push_back(std::move(each));
  }
  if (made.rows == 0 && !groups.empty()) made.rows = groups.front().rows();
  for (const Group& group : groups)
    if (group.rows() == made.rows && compares_rows(group, target)) made.repeated_rows = group.repeated_rows();
  warn_of_rows(made);
  add_warnings(made, summaries);
  return made;
}

void require_ignored(const std::string& source, std::span<const std::string> names,
                     std::span<const std::string> patterns) {
  for (const std::string& pattern : patterns) {
    if (std::ranges::any_of(names, [&](const std::string& name) { return fits_pattern(name, pattern); })) continue;
    refuse_unknown("ignore", source, pattern, names);
  }
}

std::string one_target(const Options& options) {
  if (options.target.size() > 1)
    throw Error(ErrorCode::usage, fmt::format("{} names {} targets; what is described has one", spelled("target"),
                                              options.target.size()));
  return options.target.empty() ? "" : options.target.front();
}

}  // namespace

Description describe(const Table& table, const std::string& target) try {
  const std::string chosen = target_of(table.source(), table.fields(), target);
  std::vector<Group> groups = {Group(table.fields(), chosen)};
  for (std::size_t row = 0; row < table.rows(); row += kMostRows)
    groups.front().add(table.slice_rows(row, std::min(kMostRows, table.rows() - row)));
  std::vector<std::string> names;
  for (const Field& field : table.fields()) names.push_back(field.name);
  Description made = description_of(groups, names, chosen);
  made.source = table.source();
  made.target_is_guessed = target.empty() && !chosen.empty();
  return made;
} catch (...) {
  throw_as_error("to describe this table");
}

// Once for every number of rows that its fields have: a text has one.
Description describe(const fs::path& file, const Options& options) try {
  validate(options);
  FileReader reader = open_data(file);
  const std::string wanted = one_target(options);
  std::vector<std::string> names;
  std::unordered_set<std::string> left;  // fields that are not described yet
  std::string target;
  std::size_t numbers = 0;  // of a row
  std::vector<Field> chosen;
  const FieldChooser choose = [&](std::span<const Field> available) {
    if (names.empty()) {
      for (const Field& field : available) names.push_back(field.name);
      require_ignored(reader.name(), names, options.ignore);
      std::erase_if(
          names, [&](const std::string& name) { return fits_any(name, options.ignore) && !is_of_rows(name, options); });
      if (names.empty())
        throw Error(ErrorCode::usage,
                    fmt::format("{}: nothing is left of the columns of {}",
                                spelled("ignore", list_text(options.ignore, name_text)), reader.name()));
      left = {names.begin(), names.end()};
      target = target_of(reader.name(), available, wanted, options);
      if (std::ranges::find(names, target) == names.end()) target.clear();
    }
    chosen.clear();
    numbers = 0;
    std::vector<std::string> now;
    for (const Field& field : available) {
      if (!left.contains(field.name) || (!chosen.empty() && field.rows != chosen.front().rows)) continue;
      now.push_back(field.name);
      numbers += field.width();
      chosen.push_back(field);
    }
    for (const std::string& name : now) left.erase(name);
    return now;
  };
  const FieldChooser labels = [&](std::span<const Field> columns) {
    return std::vector{wanted.empty() ? last_of(columns, options) : wanted};
  };
  TextReport report;
  std::vector<Group> groups;
  do {
    const Blocks blocks = read_blocks(reader, Request{.choose = choose,
                                                      .reading = static_cast<const ReadingOptions&>(options),
                                                      .labels = labels,
                                                      .numbers = options.weight_column,
                                                      .takes_headerless = true,
                                                      .report = &report});
    groups.emplace_back(chosen, target);
    const std::size_t rows = std::clamp<std::size_t>(kBlockNumbers / std::max<std::size_t>(numbers, 1), 1, kMostRows);
    while (const std::optional<Table> block = blocks->next(rows)) groups.back().add(*block);
  } while (!left.empty());
  Description made = description_of(groups, names, target, options);
  made.source = reader.name();
  made.target_is_guessed = wanted.empty() && !target.empty();
  made.notes = notes_of(report);
  return made;
} catch (...) {
  throw_as_error("to describe this file");
}

}  // namespace strata
