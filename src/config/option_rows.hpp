// The rows of the table of options, and the builders that make them: one for each kind of value.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// What to learn from and how it is read; the network; how it learns and runs.
[[nodiscard]] std::vector<OptionSpec> data_rows();
[[nodiscard]] std::vector<OptionSpec> network_rows();
[[nodiscard]] std::vector<OptionSpec> training_rows();

/// What a row begins with.
struct Row {
  Text name, value, help;
};
using Set = std::function<void(Options&, Text)>;
using Show = std::function<std::string(const Options&)>;

inline OptionSpec row(const Row& r, Text group, std::string range, Set set, Show show) {
  return {r.name, r.value, group, {}, std::move(range), r.help, std::move(set), std::move(show)};
}

template <class Group>
inline OptionSpec names_row(const Row& r, Text group, Text range, std::vector<std::string> Group::* member) {
  return row(
      r, group, std::string(range), [=](Options& o, Text t) { o.*member = names_from(r.name, t); },
      [=](const Options& o) { return list_text(o.*member, name_text); });
}

/// One column; none: empty.
template <class Group>
inline OptionSpec column_row(const Row& r, Text group, std::string Group::* member) {
  return row(
      r, group, "a name; '' for none",
      [=](Options& o, Text t) {
        if (t.empty()) return (o.*member).clear();
        std::vector<std::string> names = names_from(r.name, t);
        if (names.size() != 1) refuse(r.name, "one name, in quotes (\") where it has a comma", t);
        o.*member = std::move(names.front());
      },
      [=](const Options& o) { return (o.*member).empty() ? std::string() : name_text(o.*member); });
}

template <class Group, class Kind>
inline OptionSpec choice_row(const Row& r, Text group, Kind Group::* member) {
  return row(
      r, group, joined(own_names<Kind>(), 100), [=](Options& o, Text t) { o.*member = kind_from<Kind>(r.name, t); },
      [=](const Options& o) { return std::string(name(o.*member)); });
}

/// One of two words.
template <class Group>
inline OptionSpec word_row(const Row& r, Text group, Text yes, Text no, bool Group::* member) {
  return row(
      r, group, fmt::format("{}, {}", no, yes),
      [=](Options& o, Text t) {
        const std::string form = normal_form(t), words[] = {std::string(no), std::string(yes)};
        if (form != yes && form != no) refuse_name(r.name, words, t);
        o.*member = form == yes;
      },
      [=](const Options& o) { return std::string(o.*member ? yes : no); });
}

/// The heading of the options that are of one kind of value only.
template <class Group>
inline constexpr Text kHeading = std::is_same_v<Group, NetworkOptions> ? "Network" : "Training";

template <class Group>
inline OptionSpec number_row(const Row& r, Text range, double Group::* member, bool (*allowed)(double)) {
  return row(
      r, kHeading<Group>, std::string(range),
      [=](Options& o, Text t) { o.*member = number_from(r.name, t, range, allowed); },
      [=](const Options& o) { return shortest(o.*member); });
}

template <class Group>
inline OptionSpec automatic_row(const Row& r, Text numbers, std::optional<double> Group::* member,
                                bool (*allowed)(double)) {
  return row(
      r, kHeading<Group>, fmt::format("auto; {}", numbers),
      [=](Options& o, Text t) {
        o.*member = normal_form(t) == "auto"
                        ? std::nullopt
                        : std::optional(number_from(r.name, t, fmt::format("{}, or auto", numbers), allowed));
      },
      [=](const Options& o) { return o.*member ? shortest(*(o.*member)) : std::string("auto"); });
}

/// An option that came later than the format of model files.
inline OptionSpec later(OptionSpec option) {
  option.recorded = Recorded::unless_standard;
  return option;
}
inline OptionSpec unrecorded(OptionSpec option) {
  option.recorded = Recorded::never;
  return option;
}

/// From 1 to `most`; a word, if there is one, stands for 0.
template <class Group, class Integer>
inline OptionSpec count_row(const Row& r, Text group, Text numbers, Text word, Integer most, Integer Group::* member) {
  return row(
      r, group, word.empty() ? std::string(numbers) : fmt::format("{}; {}", numbers, word),
      [=](Options& o, Text t) {
        const std::string expected = word.empty() ? std::string(numbers) : fmt::format("{}, or {}", numbers, word);
        const bool is_word = !word.empty() && normal_form(t) == word;
        o.*member = is_word ? Integer{0} : whole_from(r.name, t, expected, Integer{1}, most);
      },
      [=](const Options& o) {
        return o.*member == 0 && !word.empty() ? std::string(word) : std::to_string(o.*member);
      });
}

/// One of the ways to say how long: the others are forgotten, so that it overrides that of a recipe.
inline OptionSpec length_row(const Row& r, std::optional<std::int64_t> TrainingOptions::* member,
                             std::optional<std::int64_t> TrainingOptions::* other) {
  return row(
      r, "Training", std::string(kAtLeast1),
      [=](Options& o, Text t) {
        o.*member = whole_from<std::int64_t>(r.name, t, kAtLeast1, 1, kMostSteps);
        (o.*other).reset();
        o.time_limit = 0;
      },
      [=](const Options& o) { return o.*member ? std::to_string(*(o.*member)) : std::string(); });
}

}  // namespace strata::internal
