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
  if (options.folds != Folds())
    throw Error(ErrorCode::usage,
                fmt::format("{} and {}: a bag has a figure of its own of rows that each network was kept from; leave "
                            "one of them out",
                            asked, spelled("folds", to_text(options.folds))));
  if (!options.validation_column.empty())
    throw Error(ErrorCode::usage, fmt::format("{} and {} both say which rows are measured on; give one of them", asked,
                                              spelled("validation-column")));
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
  // What was asked for once more, for messages tell it; loss is what nobody asked for, and the recipe may have another.
  if (options.monitor != Metric::loss) of_part.monitor = options.monitor;
  std::vector<std::size_t> list;
  for (const Rows* side : {&whole.train_rows, &whole.validation_rows})
    for (std::size_t i = 0; i < side->size(); ++i) list.push_back((*side)[i]);
  std::ranges::sort(list);
  const Rows rows{std::vector(list)};
  std::vector<const Field*> targets;
  for (const std::string& name : found.options.target) targets.push_back(&table.field(name));
  const Parting parting{.asked = spelled("cross-validate", std::to_string(parts)), .noun = "part", .parts = parts};
  auto [part_of, how] = part_of_rows(table, targets, rows, found.options, parting, messages);
  found.how = std::move(how);
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
