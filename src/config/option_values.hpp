// How the value of an option is read from its text, refused, and shown again.
#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "config/blocks.hpp"
#include "config/names.hpp"
#include "strata/options.hpp"

namespace strata::internal {

using Text = std::string_view;

/// Throws Error(usage): "--option: expected …, found '…'".
[[noreturn]] void refuse(Text option, Text expected, Text found, Text hint = {});
[[noreturn]] void refuse_name(Text option, std::span<const std::string> names, Text found);

[[nodiscard]] Text without_blanks(Text text);
/// Names are compared without regard to case, and '_' is as good as '-': ReLU, leaky_relu.
[[nodiscard]] std::string normal_form(Text text);

/// `before`: values that the caller has already looked for, listed with the others when nothing fits.
template <class Kind>
[[nodiscard]] Kind kind_from(Text option, Text text, std::initializer_list<std::string> before = {}) {
  if (const std::optional<Kind> kind = kind_named<Kind>(normal_form(text))) return *kind;
  refuse_name(option, own_names<Kind>(before), text);
}

[[nodiscard]] double number_from(Text option, Text text, Text expected, bool (*allowed)(double));
inline bool is_positive(double x) { return x > 0; }
inline bool is_not_negative(double x) { return x >= 0; }
inline bool is_fraction(double x) { return x >= 0 && x < 1; }
inline bool is_inside(double x) { return x > 0 && x < 1; }
inline constexpr Text kFrom0To1 = "a number from 0 to less than 1";

template <class Integer>
[[nodiscard]] bool whole_in(Text text, Integer least, Integer most, Integer& value) {
  const Text digits = without_blanks(text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() && value >= least && value <= most;
}

template <class Integer>
[[nodiscard]] Integer whole_from(Text option, Text text, Text expected, Integer least, Integer most) {
  Integer value{};
  if (!whole_in(text, least, most, value)) refuse(option, expected, text);
  return value;
}
inline constexpr std::int64_t kMostSteps = std::numeric_limits<std::int64_t>::max();
inline constexpr Text kAtLeast1 = "a whole number, at least 1";

inline constexpr Text kDuration = "a time such as 90s, 10min or 1.5h";
/// Of a time with its unit, more than 0. `others`: ", or …", what else the option takes.
[[nodiscard]] double seconds_from(Text option, Text text, Text others = {});
/// A name, or step:FACTOR@PLACE,PLACE.
[[nodiscard]] Schedule schedule_from(Text option, Text text, std::initializer_list<std::string> before = {});
/// "weights:1,biases:2"; the kinds that are not named keep what they have in `numbers`.
[[nodiscard]] PerKind numbers_of_kinds(Text option, Text text, Text expected, PerKind numbers, bool (*allowed)(double));
/// The kinds of every network, and the others where they differ from `usual`.
[[nodiscard]] std::string text_of_kinds(const PerKind& numbers, const PerKind& usual);
/// Those that differ from `usual`, by their names, of kinds that are none of `blocks`.
[[nodiscard]] std::vector<std::string> kinds_without(const std::vector<ParameterBlock>& blocks, const PerKind& numbers,
                                                     const PerKind& usual);
/// One number where only the weights decay.
[[nodiscard]] std::string decays_text(const PerKind& decays);

/// One visible sign of ASCII. `others`: "or …", what else the option takes.
[[nodiscard]] char sign_from(Text option, Text text, Text others);
/// auto: 0. What no cell could be told from is refused: letters, digits, quotes, blanks.
[[nodiscard]] char separator_from(Text option, Text text);
[[nodiscard]] std::string separator_text(char separator);

/// "a,b" or, where a name has a comma of its own, "\"a,b\",c" as in a CSV file.
[[nodiscard]] std::vector<std::string> names_from(Text option, Text text);
template <class T, class Show>
[[nodiscard]] std::string list_text(const std::vector<T>& list, const Show& show) {
  std::string text;
  for (const T& item : list) text += (text.empty() ? "" : ",") + std::string(show(item));
  return text;
}

/// balanced, none, or a:1,"b, c":5: names as above, and behind each a colon and how much it counts.
[[nodiscard]] ClassWeights class_weights_from(Text option, Text text);
[[nodiscard]] std::string class_weights_text(const ClassWeights& weights);

/// An option with these names, as it can be typed: --inputs '"size, cm",mass'.
[[nodiscard]] std::string spelled_names(Text option, std::span<const std::string> names);

[[nodiscard]] std::vector<int> layers_from(Text option, Text text);
[[nodiscard]] std::string layers_text(const std::vector<int>& layers);
[[nodiscard]] std::vector<Activation> activations_from(Text option, Text text);
[[nodiscard]] std::vector<double> rates_from(Text option, Text text);
/// Each at most once.
[[nodiscard]] std::vector<Metric> metrics_from(Text option, Text text);
/// task: the one that belongs to the task.
[[nodiscard]] std::optional<Metric> monitor_from(Text option, Text text);
[[nodiscard]] std::string monitor_text(std::optional<Metric> monitor);
/// auto: none.
[[nodiscard]] std::string activations_text(const std::vector<Activation>& list);
[[nodiscard]] std::string rates_text(const std::vector<double>& list);
[[nodiscard]] Initializer initializer_from(Text option, Text text);
inline constexpr int kMostNetworks = 10'000;  // of a model
/// none, auto, K or KxR.
[[nodiscard]] Folds folds_from(Text option, Text text);
inline constexpr Text kFolds = "a number from 2 to 100, or two such as 5x5: 5 folds, parted 1 to 100 times";

}  // namespace strata::internal
