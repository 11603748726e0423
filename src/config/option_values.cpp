#include "config/option_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <functional>
#include <utility>

#include "base/other_names.hpp"
#include "strata/error.hpp"

namespace strata::internal {

[[noreturn]] void refuse(Text option, Text expected, Text found, Text hint) {
  throw Error(ErrorCode::usage,
              fmt::format("{}: expected {}, found '{}'{}", spelled(option), expected, printable(found), hint));
}

Text without_blanks(Text text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string normal_form(Text text) { return plain_name(without_blanks(text)); }

[[noreturn]] void refuse_name(Text option, std::span<const std::string> names, Text found) {
  refuse(option, (names.size() > 1 ? "one of " : "") + joined(names, names.size()), found,
         suggestion_of_name(normal_form(found), names));
}

double number_from(Text option, Text text, Text expected, bool (*allowed)(double)) {
  double value = 0;
  if (!parse_number(text, value) || !std::isfinite(value) || !allowed(value)) refuse(option, expected, text);
  return value;
}
char sign_from(Text option, Text text, Text others) {
  if (text.size() != 1 || text[0] <= ' ' || text[0] > '~') refuse(option, fmt::format("one sign, {}", others), text);
  return text[0];
}

double seconds_from(Text option, Text text, Text others) {
  const std::string form = normal_form(text);
  for (const auto& [unit, seconds] : {std::pair<Text, double>{"ms", 1e-3}, {"min", 60}, {"s", 1}, {"h", 3600}}) {
    double count = 0;
    if (!form.ends_with(unit) || !parse_number(Text(form).substr(0, form.size() - unit.size()), count)) continue;
    if (count > 0 && std::isfinite(count * seconds)) return count * seconds;
  }
  double count = 0;
  const bool minutes = form.ends_with('m') && parse_number(Text(form).substr(0, form.size() - 1), count);
  refuse(option, fmt::format("{}{}", kDuration, others), text,
         minutes ? fmt::format("; minutes are min: {}min", shortest(count)) : "");
}

char separator_from(Text option, Text text) {
  constexpr Text kOthers = "tab, blank, or auto";
  const std::string form = normal_form(text);
  if (form == "auto") return '\0';
  if (form == "blank" || text == " ") return ' ';
  if (form == "tab" || text == "\t" || text == "\\t") return '\t';
  const char sign = sign_from(option, text, kOthers);
  if (std::isalnum(static_cast<unsigned char>(sign)) != 0 || Text("\"'\\.+-_").find(sign) != Text::npos)
    refuse(option, fmt::format("one sign that is in no number and no word, {}", kOthers), text);
  return sign;
}

std::string separator_text(char separator) {
  return separator == 0 ? "auto" : separator == '\t' ? "tab" : separator == ' ' ? "blank" : std::string(1, separator);
}

namespace {

// From a quote on; `at` is then behind the closing one.
std::string quoted_name(Text option, Text text, std::size_t& at) {
  std::string name;
  for (++at;; ++at) {
    if (at >= text.size()) refuse(option, "a closing quote (\")", text);
    if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) break;
    if (text[at] == '"') ++at;
    name += text[at];
  }
  ++at;
  return name;
}

[[noreturn]] void refuse_twice(Text option, Text name) {
  throw Error(ErrorCode::usage, fmt::format("{}: '{}' is named twice", spelled(option), printable(name)));
}

}  // namespace

std::vector<std::string> names_from(Text option, Text text) {
  std::vector<std::string> names;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::string name;
    if (at < text.size() && text[at] == '"') {
      name = quoted_name(option, text, at);
      if (at < text.size() && text[at] != ',') refuse(option, "a comma after the closing quote", text);
    } else {
      const std::size_t comma = std::min(text.find(',', at), text.size());
      name = without_blanks(text.substr(at, comma - at));
      at = comma;
    }
    if (name.empty()) refuse(option, "names separated by commas", text);
    if (std::find(names.begin(), names.end(), name) != names.end()) refuse_twice(option, name);
    names.push_back(std::move(name));
    ++at;
  }
  return names;
}

ClassWeights class_weights_from(Text option, Text text) {
  constexpr Text kExpected = "balanced, none, or a class, a colon and a number greater than 0 for each, as in a:1,b:5";
  const std::string form = normal_form(text);
  ClassWeights weights{.balanced = form == "balanced"};
  if (weights.balanced || form == "none") return weights;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t begin = at;
    std::string name;
    if (at < text.size() && text[at] == '"') name = quoted_name(option, text, begin);
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const Text rest = text.substr(begin, end - begin);  // of a name without quotes it has the name too
    const std::size_t colon = rest.rfind(':');
    double weight = 0;
    if (colon == Text::npos || (begin > at && colon != 0) ||
        !parse_number(without_blanks(rest.substr(colon + 1)), weight) || !std::isfinite(weight) || weight <= 0)
      refuse(option, kExpected, text);
    if (begin == at) name = without_blanks(rest.substr(0, colon));
    if (name.empty()) refuse(option, kExpected, text);
    if (std::ranges::find(weights.each, name, &std::pair<std::string, double>::first) != weights.each.end())
      refuse_twice(option, name);
    weights.each.emplace_back(std::move(name), weight);
    at = end + 1;
  }
  return weights;
}

std::string class_weights_text(const ClassWeights& weights) {
  std::string text = weights.balanced ? "balanced" : weights.each.empty() ? "none" : "";
  for (const auto& [name, weight] : weights.each)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", name_text(name), shortest(weight));
  return text;
}

std::string spelled_names(Text option, std::span<const std::string> names) {
  return spelled(option, list_text(std::vector(names.begin(), names.end()),
                                   [](const std::string& name) { return name_text(printable(name)); }));
}

std::vector<int> layers_from(Text option, Text text) {
  constexpr Text kExpected = "the numbers of units, such as 20,7,5 (each from 1 to 1000000), or none";
  if (normal_form(text) == "none") return {};
  std::vector<int> units;
  for (const std::string& part : split(text, ','))
    if (!whole_in(part, 1, 1'000'000, units.emplace_back())) refuse(option, kExpected, text);
  if (units.size() > 1000) refuse(option, "at most 1000 hidden layers", fmt::format("{} of them", units.size()));
  return units;
}

std::string layers_text(const std::vector<int>& layers) {
  return layers.empty() ? "none" : list_text(layers, [](int units) { return std::to_string(units); });
}

std::vector<Activation> activations_from(Text option, Text text) {
  std::vector<Activation> list;
  if (normal_form(text) == "auto") return list;
  for (const std::string& part : split(text, ',')) list.push_back(kind_from<Activation>(option, part, {"auto"}));
  return list;
}

std::vector<double> rates_from(Text option, Text text) {
  std::vector<double> list;
  for (const std::string& part : split(text, ',')) list.push_back(number_from(option, part, kFrom0To1, is_fraction));
  return list;
}

std::vector<Metric> metrics_from(Text option, Text text) {
  std::vector<Metric> list;
  if (without_blanks(text).empty()) return list;
  for (const std::string& part : split(text, ',')) {
    const auto metric = kind_from<Metric>(option, without_blanks(part));
    if (std::ranges::find(list, metric) != list.end())
      throw Error(ErrorCode::usage, fmt::format("{}: {} is named twice", spelled(option), name(metric)));
    list.push_back(metric);
  }
  return list;
}

std::optional<Metric> monitor_from(Text option, Text text) {
  if (normal_form(text) == "task") return std::nullopt;
  return kind_from<Metric>(option, text, {"task"});
}

std::string monitor_text(std::optional<Metric> monitor) { return std::string(monitor ? name(*monitor) : "task"); }

std::string activations_text(const std::vector<Activation>& list) {
  return list.empty() ? "auto" : list_text(list, [](Activation g) { return name(g); });
}
std::string rates_text(const std::vector<double>& list) {
  return list_text(list, [](double rate) { return shortest(rate); });
}

Initializer initializer_from(Text option, Text text) {
  const std::string form = normal_form(text);
  const std::size_t colon = form.find(':');
  Initializer initializer;
  if (text.ends_with(".npz")) {
    initializer.kind = Initializer::Kind::arrays;
    initializer.file = text;
    return initializer;
  }
  const std::string kind = form.substr(0, colon);
  std::error_code ignored;
  if (!kind_named<Initializer::Kind>(kind) &&
      (kind.find_first_of("./") != std::string::npos || std::filesystem::exists(text, ignored)))
    refuse(option, "a file of arrays to be named *.npz (NumPy's savez writes it)", text);
  initializer.kind = kind_from<Initializer::Kind>(option, text.substr(0, text.find(':')));
  if (colon == std::string::npos) return initializer;
  if (initializer.kind != Initializer::Kind::normal)
    refuse(option, fmt::format("no number after {}: only normal takes one, as in normal:0.01", kind), text);
  double scale = 0;
  if (!parse_number(form.substr(colon + 1), scale) || !std::isfinite(scale) || scale <= 0)
    refuse(option, "a number greater than 0 after normal:, as in normal:0.01", text);
  initializer.scale = scale;
  return initializer;
}

Schedule schedule_from(Text option, Text text, std::initializer_list<std::string> before) {
  constexpr Text kExpected =
      "step:FACTOR@PLACE,PLACE, such as step:0.1@0.5,0.75: a factor from 0 to 1, and places "
      "between 0 and 1 that ascend";
  const std::string form = normal_form(text);
  const std::size_t colon = form.find(':');
  Schedule schedule;
  schedule.kind = kind_from<Schedule::Kind>(option, text.substr(0, text.find(':')), before);
  if (colon == std::string::npos) return schedule;
  if (schedule.kind != Schedule::Kind::step)
    refuse(option, fmt::format("no number after {}: only step takes some", form.substr(0, colon)), text);
  const std::size_t at = form.find('@', colon);
  if (at == std::string::npos) refuse(option, kExpected, text);
  const auto number = [&](Text part, bool (*allowed)(double)) {
    double value = 0;
    if (!parse_number(part, value) || !allowed(value)) refuse(option, kExpected, text);
    return value;
  };
  schedule.factor = number(form.substr(colon + 1, at - colon - 1), [](double x) { return x >= 0 && x <= 1; });
  schedule.places.clear();
  for (const std::string& part : split(form.substr(at + 1), ',')) schedule.places.push_back(number(part, is_inside));
  if (std::ranges::adjacent_find(schedule.places, std::greater_equal()) != schedule.places.end())
    refuse(option, kExpected, text);
  return schedule;
}

namespace {

constexpr std::pair<Text, double PerKind::*> kKinds[] = {{"weights", &PerKind::weights}, {"biases", &PerKind::biases},
                                                         {"slopes", &PerKind::slopes},   {"numbers", &PerKind::numbers},
                                                         {"levels", &PerKind::levels},   {"scales", &PerKind::scales}};
constexpr std::size_t kInEveryNetwork = 2;

}  // namespace

PerKind numbers_of_kinds(Text option, Text text, Text expected, PerKind numbers, bool (*allowed)(double)) {
  std::vector<std::string> names, seen;
  for (const auto& [name, member] : kKinds) names.emplace_back(name);
  for (const std::string& part : split(text, ',')) {
    const std::size_t colon = part.find(':');
    const std::string kind = normal_form(part.substr(0, colon));
    const auto found = std::ranges::find(kKinds, kind, [](const auto& each) { return each.first; });
    if (found == std::end(kKinds)) refuse_name(option, names, part.substr(0, colon));
    if (colon == std::string::npos) refuse(option, fmt::format("{} after {}:", expected, kind), text);
    if (std::ranges::find(seen, kind) != seen.end())
      throw Error(ErrorCode::usage, fmt::format("{}: '{}' is named twice", spelled(option), kind));
    seen.push_back(kind);
    numbers.*(found->second) = number_from(option, part.substr(colon + 1), expected, allowed);
  }
  return numbers;
}

std::string text_of_kinds(const PerKind& numbers, const PerKind& usual) {
  std::string text;
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    const auto& [name, member] = kKinds[i];
    if (i >= kInEveryNetwork && numbers.*member == usual.*member) continue;
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", name, shortest(numbers.*member));
  }
  return text;
}

std::vector<std::string> kinds_without(const std::vector<ParameterBlock>& blocks, const PerKind& numbers,
                                       const PerKind& usual) {
  std::vector<std::string> names;
  for (const auto& [name, member] : kKinds)
    if (numbers.*member != usual.*member && std::ranges::none_of(blocks, [of = member](const ParameterBlock& block) {
          return number_of(block.kind) == of;
        }))
      names.emplace_back(name);
  return names;
}

std::string decays_text(const PerKind& decays) {
  return decays == PerKind{decays.weights} ? shortest(decays.weights) : text_of_kinds(decays, {});
}

Folds folds_from(Text option, Text text) {
  const std::string form = normal_form(text);
  if (form == "none") return {};
  if (form == "auto") return {.parts = Folds::kAutomatic};
  Folds folds;
  const std::size_t sign = form.find('x');
  const bool fits = whole_in(Text(form).substr(0, sign), 2, 100, folds.parts) &&
                    (sign == std::string::npos || whole_in(Text(form).substr(sign + 1), 1, 100, folds.repeats));
  if (!fits) refuse(option, fmt::format("none, auto, {}", kFolds), text);
  return folds;
}

}  // namespace strata::internal
