#include "train/folds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "train/hold_back.hpp"

namespace strata::internal {
namespace {

// Of each fold: the classes of which it has all rows.
void warn_of_classes(const Table& table, std::span<const Field* const> targets, const Problem& problem,
                     const FoldsOf& folds, const Messages& messages) {
  const Rows& rows = problem.train_rows;
  const std::vector<std::uint32_t> classes = strata_of(table, targets, rows, problem.target.task);
  if (classes.empty()) return;
  const std::size_t number = std::size_t{*std::ranges::max_element(classes)} + 1;
  std::vector<std::size_t> sizes(number), first(number);
  for (std::size_t i = classes.size(); i-- > 0;) ++sizes[classes[i]], first[classes[i]] = rows[i];
  for (std::size_t f = 0; f < folds.size(); ++f) {
    std::vector<std::size_t> held(number);
    for (const std::size_t i : folds.held(f)) ++held[classes[i]];
    std::vector<std::string> unseen;
    for (std::size_t k = 0; k < number; ++k)
      if (sizes[k] > 0 && held[k] == sizes[k]) unseen.push_back(in_quotes(class_of(table, targets, first[k])));
    if (!unseen.empty())
      messages.warning(fmt::format("fold {}: it has all rows of the class{} {}, which its network never sees", f + 1,
                                   unseen.size() == 1 ? "" : "es", joined(unseen, 6)));
  }
}

// Of each fold: a target that is one number in all rows to train on, and not in all rows.
void warn_of_constants(const Table& table, std::span<const Field* const> targets, const Problem& problem,
                       const FoldsOf& folds, const Messages& messages) {
  if (problem.target.task != Task::regression) return;
  const Rows& rows = problem.train_rows;
  for (const Field* field : targets)
    for (std::size_t k = 0; k < field->width(); ++k) {
      const auto number = [&](std::size_t i) { return table.number(*field, rows[i], k); };
      for (std::size_t f = 0; f < folds.size(); ++f) {
        const std::vector<std::size_t> held = folds.held(f);
        std::optional<double> only;
        bool is_constant = true, varies = false;
        for (std::size_t i = 0, at = 0; i < rows.size() && is_constant; ++i) {
          const bool is_held = at < held.size() && held[at] == i;
          at += is_held ? 1 : 0;
          varies = varies || number(i) != number(0);
          if (is_held) continue;
          if (!only) only = number(i);
          is_constant = number(i) == *only;
        }
        if (!is_constant || !varies) continue;
        messages.warning(
            fmt::format("fold {}: {} is {} in all {} rows that its network is trained on, so that it learns nothing "
                        "else",
                        f + 1, in_quotes(field->name), shortest(*only), rows.size() - held.size()));
      }
    }
}

}  // namespace

std::size_t FoldsOf::rows(std::size_t fold) const {
  return static_cast<std::size_t>(std::ranges::count(of_row[fold / parts], static_cast<std::uint8_t>(fold % parts)));
}

std::vector<std::size_t> FoldsOf::chosen(std::size_t fold, bool held) const {
  const std::vector<std::uint8_t>& part = of_row[fold / parts];
  const std::size_t rows_held = rows(fold);
  std::vector<std::size_t> list;
  list.reserve(held ? rows_held : part.size() - rows_held);
  for (std::size_t i = 0; i < part.size(); ++i)
    if ((part[i] == fold % parts) == held) list.push_back(i);
  return list;
}

FoldsOf folds_of(const Table& table, const Problem& problem, const Messages& messages) {
  const Folds& asked = problem.options.folds;
  const Messages silent{[](std::string_view) {}, [](std::string_view) {}};
  std::vector<const Field*> targets;
  for (const std::string& name : problem.options.target) targets.push_back(&table.field(name));
  const Rows& rows = problem.train_rows;
  FoldsOf found{.parts = static_cast<std::size_t>(asked.parts)};
  for (int draw = 0; draw < asked.repeats; ++draw) {
    const Parting parting{.asked = spelled("folds", to_text(asked)),
                          .noun = "fold",
                          .parts = found.parts,
                          .draw = static_cast<std::uint32_t>(draw)};
    Parts parts = part_of_rows(table, targets, rows, problem.options, parting, draw == 0 ? messages : silent);
    found.of_row.emplace_back(parts.of_row.begin(), parts.of_row.end());
    found.how = std::move(parts.how);
  }
  warn_of_classes(table, targets, problem, found, messages);
  warn_of_constants(table, targets, problem, found, messages);
  return found;
}

}  // namespace strata::internal
