#include "config/option_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

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

std::string normal_form(Text text) {
  std::string form(without_blanks(text));
  for (char& c : form) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return form;
}

[[noreturn]] void refuse_name(Text option, std::span<const std::string> names, Text found) {
  refuse(option, (names.size() > 1 ? "one of " : "") + joined(names, names.size()), found,
         suggestion(normal_form(found), names));
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

char separator_from(Text option, Text text) {
  constexpr Text kOthers = "tab, or auto";
  const std::string form = normal_form(text);
  if (form == "auto") return '\0';
  if (form == "tab" || text == "\t" || text == "\\t") return '\t';
  const char sign = sign_from(option, text, kOthers);
  if (std::isalnum(static_cast<unsigned char>(sign)) != 0 || Text("\"'\\.+-_").find(sign) != Text::npos)
    refuse(option, fmt::format("one sign that is in no number and no word, {}", kOthers), text);
  return sign;
}

std::string separator_text(char separator) {
  return separator == 0 ? "auto" : separator == '\t' ? "tab" : std::string(1, separator);
}

std::vector<std::string> names_from(Text option, Text text) {
  std::vector<std::string> names;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::string name;
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at >= text.size()) refuse(option, "a closing quote (\")", text);
        if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        name += text[at];
      }
      ++at;
      if (at < text.size() && text[at] != ',') refuse(option, "a comma after the closing quote", text);
    } else {
      const std::size_t comma = std::min(text.find(',', at), text.size());
      name = without_blanks(text.substr(at, comma - at));
      at = comma;
    }
    if (name.empty()) refuse(option, "names separated by commas", text);
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw Error(ErrorCode::usage, fmt::format("{}: '{}' is named twice", spelled(option), printable(name)));
    names.push_back(std::move(name));
    ++at;
  }
  return names;
}

std::string name_text(const std::string& name) {
  if (!name.empty() && name.find_first_of(",\"") == std::string::npos && without_blanks(name) == name) return name;
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
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

std::vector<Activation> activations_from(Text option, Text text) {
  std::vector<Activation> list;
  for (const std::string& part : split(text, ',')) list.push_back(kind_from<Activation>(option, part));
  return list;
}

std::vector<double> rates_from(Text option, Text text) {
  std::vector<double> list;
  for (const std::string& part : split(text, ',')) list.push_back(number_from(option, part, kFrom0To1, is_fraction));
  return list;
}

std::string activations_text(const std::vector<Activation>& list) {
  return list_text(list, [](Activation g) { return name(g); });
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
  initializer.kind = kind_from<Initializer::Kind>(option, kind);
  if (colon == std::string::npos) return initializer;
  if (initializer.kind != Initializer::Kind::normal)
    refuse(option, fmt::format("no number after {}: only normal takes one, as in normal:0.01", kind), text);
  double scale = 0;
  if (!parse_number(form.substr(colon + 1), scale) || !std::isfinite(scale) || scale <= 0)
    refuse(option, "a number greater than 0 after normal:, as in normal:0.01", text);
  initializer.scale = scale;
  return initializer;
}

}  // namespace strata::internal
