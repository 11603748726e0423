#include "train/cross_validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "model/metrics.hpp"
#include "strata/error.hpp"
#include "train/hold_back.hpp"
#include "train/training.hpp"

namespace strata {
using namespace internal;
namespace {

void require_parts(const Options& options, std::size_t parts) {
  const std::string asked = spelled("cross-validate", std::to_string(parts));
  if (parts < 2)
    throw Error(ErrorCode::usage,
                fmt::format("{}: there are at least 2 parts, one to measure on and one to train on", asked));
  if (options.time_limit > 0)
    throw Error(ErrorCode::usage,
                fmt::format("{}: every part would be trained for another length; say how long with {}",
                            spelled("time-limit"), spelled("epochs")));
  if (!options.validation_column.empty())
    throw Error(ErrorCode::usage, fmt::format("{} and {} both say which rows are measured on; give one of them", asked,
                                              spelled("validation-column")));
}

// As scikit-learn's StratifiedKFold does: a class with fewer rows than there are parts is said, and it is an error when
// every one is such.
void require_rows(const Table& table, std::span<const Field* const> targets, const Rows& rows,
                  std::span<const std::uint32_t> strata, std::size_t parts, const Messages& messages) {
  const std::string asked = spelled("cross-validate", std::to_string(parts));
  if (rows.size() < parts)
    throw Error(ErrorCode::value,
                fmt::format("{}: there are {} rows, and every part has at least one", asked, rows.size()));
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
    messages.warning(
        fmt::format("{}: fewer rows than parts, so some parts have none of them: {}", asked, joined(small, 6)));
}

// Which part each of the rows is in, and how that was found.
std::vector<std::size_t> parted(const Table& table, std::span<const Field* const> targets, const Rows& rows,
                                const Options& options, std::size_t parts, std::string& how, const Messages& messages) {
  const std::vector<std::uint32_t> strata = strata_of(table, targets, rows, options.task);
  require_rows(table, targets, rows, strata, parts, messages);
  if (options.group_column.empty()) {
    how = fmt::format("drawn by the seed{}", strata.empty() ? "" : ", each with its share of every class");
    return part_rows(rows.size(), parts, options.seed, strata);
  }
  const Groups groups = groups_of(table, rows, options);
  if (groups.number < parts)
    throw Error(ErrorCode::value, fmt::format("{}: {} has {} groups, and every part has at least one",
                                              spelled("cross-validate", std::to_string(parts)),
                                              in_quotes(options.group_column), groups.number));
  how = fmt::format("of whole groups of {}{}", in_quotes(options.group_column),
                    strata.empty() ? "" : ", each with its share of every class as far as groups allow");
  const std::vector<double> shares(parts, 1 / static_cast<double>(parts));
  const std::vector<std::size_t> part = part_groups(groups.of_row, shares, options.seed, strata);
  std::vector<std::size_t> of_row;
  for (const std::uint32_t group : groups.of_row) of_row.push_back(part[group]);
  return of_row;
}

// The same with what belongs to all parts: how far they are, and no sentence twice.
Callbacks callbacks_of_part(const Callbacks& callbacks, std::size_t part, std::size_t parts,
                            std::set<std::string>& said) {
  Callbacks own = callbacks;
  own.note = {};
  own.wants_checkpoint = {};
  own.checkpoint = {};
  if (callbacks.warning)
    own.warning = [&callbacks, &said, part](std::string_view text) {
      if (said.emplace(text).second) callbacks.warning(fmt::format("part {}: {}", part, text));
    };
  if (callbacks.progress)
    own.progress = [&callbacks, part, parts](const Progress& progress) {
      const std::int64_t each = progress.iterations;
      callbacks.progress({static_cast<std::int64_t>(part - 1) * each + progress.iteration,
                          static_cast<std::int64_t>(parts) * each, progress.cost});
    };
  return own;
}

// Of this part, its error too.
Fit train_part(Table others, const Options& options, const Callbacks& callbacks, std::size_t part) try {
  return train(std::move(others), options, callbacks);
} catch (const Error& error) {
  throw Error(error.code(), fmt::format("part {}: {}", part, error.what()));
}

}  // namespace

CrossValidation internal::cross_validated(const Table& table, const Options& options, std::size_t parts,
                                          const Callbacks& callbacks) {
  require_parts(options, parts);
  std::set<std::string> said;
  Messages messages = messages_of(callbacks);
  messages.warning = [&said, warn = messages.warning](std::string_view text) {
    said.emplace(text);
    warn(text);
  };
  // What is open is decided as for a training on all rows; nothing that is fitted to them is used.
  const Problem whole = define_problem(table, options, messages, false);
  for (const auto& [option, text] : whole.without_effect) {
    if (option != "group-column") messages.warning(text);  // the parts are made of groups
    said.insert(text);
  }
  CrossValidation found{.options = whole.options};
  found.options.inputs = options.inputs;
  Options of_part = found.options;
  of_part.monitor = options.monitor;  // the same once more, for messages tell what was asked for
  std::vector<std::size_t> list;
  for (const Rows* side : {&whole.train_rows, &whole.validation_rows})
    for (std::size_t i = 0; i < side->size(); ++i) list.push_back((*side)[i]);
  std::ranges::sort(list);
  const Rows rows{std::vector(list)};
  std::vector<const Field*> targets;
  for (const std::string& name : found.options.target) targets.push_back(&table.field(name));
  const std::vector<std::size_t> part_of = parted(table, targets, rows, found.options, parts, found.how, messages);
  messages.note(fmt::format(
      "cross-validation: {} parts of {} rows, {}; each is predicted by a network that is trained on the others, {}",
      parts, rows.size(), found.how,
      whole.validation_rows.empty()
          ? "as one would be on all rows"
          : fmt::format("less what {} holds back of them", spelled("validation", whole.options.validation))));
  for (std::size_t part = 1; part <= parts; ++part) {
    PartReport report{.part = part};
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < list.size(); ++i) (part_of[i] + 1 == part ? report.rows : others).push_back(list[i]);
    const Fit fit =
        train_part(table.select_rows(others), of_part, callbacks_of_part(callbacks, part, parts, said), part);
    report.ending = fit.ending;
    if (fit.ending == Ending::interrupted || fit.ending == Ending::diverged) found.ending = fit.ending;
    if (fit.ending == Ending::interrupted) break;
    if (fit.ending == Ending::diverged) messages.warning(fmt::format("part {}: {}", part, fit.explanation));
    report.metrics =
        fit.model.evaluate(table.select_rows(report.rows), found.options.threads, {}, options.weight_column);
    report.train_rows = fit.model.record().rows;
    report.epochs = fit.model.record().epochs;
    report.epochs_tried = fit.model.record().epochs_tried;
    found.parts.push_back(std::move(report));
    if (callbacks.part) callbacks.part(found.parts.back());
  }
  return found;
}

std::vector<Metric> figures_of(Task task, const TrainingOptions& options) {
  const std::span<const Metric> usual = usual_metrics(task);
  std::vector<Metric> all(usual.begin(), usual.end()), asked = options.metrics;
  asked.push_back(options.effective_monitor(task, Loss::squared_error, 1));  // (of numbers a usual one, of any loss)
  std::ranges::copy(beside_the_usual(task, asked), std::back_inserter(all));
  return all;
}

Spread spread_of(std::span<const PartReport> parts, Metric metric) noexcept {
  Spread spread;
  const auto count = static_cast<double>(parts.size());
  for (const PartReport& part : parts) spread.mean += part.metrics.value(metric) / count;
  for (const PartReport& part : parts) spread.deviation += std::pow(part.metrics.value(metric) - spread.mean, 2);
  spread.deviation = std::sqrt(spread.deviation / (count - 1));  // of one part: 0/0
  return spread;
}

}  // namespace strata
