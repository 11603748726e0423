#include "features/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "data/cell.hpp"
#include "features/calendar.hpp"
#include "features/scaling.hpp"

namespace strata::internal {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool has_levels(const InputField& input) noexcept {
  return input.type == ColumnType::yes_no || input.type == ColumnType::category;
}

bool is_finite(const std::string& level, double& value) { return parse_number(level, value) && std::isfinite(value); }

// Are all of them numbers, spelled as we spell these? Codes such as 007 are not.
bool are_plain_numbers(std::span<const std::string> levels) {
  double value = 0;
  return std::ranges::all_of(
      levels, [&](const std::string& level) { return is_finite(level, value) && shortest(value) == level; });
}

}  // namespace

std::optional<double> fill_of(const Scaling& scaling, const InputField& input, std::size_t column) {
  if (input.fill || scaling.kind != ScaleKind::standard || input.type != ColumnType::number || !input.shape.empty())
    return input.fill;
  return scaling.offset[column];
}

bool is_plain(const Features& features) noexcept {
  const ScaleKind kind = features.scaling.kind;
  return kind != ScaleKind::robust && kind != ScaleKind::quantile &&
         std::ranges::all_of(features.inputs, [](const InputField& input) {
           return input.type == ColumnType::number && !input.missing;
         });
}

std::string lower_case(std::string_view text) {
  std::string form(text);
  for (char& c : form)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return form;
}

void sort_levels(std::vector<std::string>& levels) {
  double x = 0;
  const bool numbers = std::ranges::all_of(levels, [&](const std::string& level) { return is_finite(level, x); });
  if (!numbers) {
    std::ranges::sort(levels);
    return;
  }
  std::vector<std::pair<double, std::string>> by_value;
  for (std::string& level : levels) {
    static_cast<void>(parse_number(level, x));
    by_value.emplace_back(x, std::move(level));
  }
  std::ranges::sort(by_value);
  for (std::size_t l = 0; l < levels.size(); ++l) levels[l] = std::move(by_value[l].second);
}

LevelCodes::LevelCodes(const InputField& input, const Field& field)
    : is_text_(field.is_text()), unknown_(static_cast<double>(input.levels.size())) {
  double value = 0;
  if (!is_text_ || are_plain_numbers(input.levels)) {
    for (std::size_t l = 0; l < input.levels.size(); ++l)
      if (is_finite(input.levels[l], value) && !read_number(input.levels[l]).is_large)
        of_number_.emplace(value, static_cast<double>(l));
  }
  std::unordered_map<std::string_view, double> of_level;
  for (std::size_t l = 0; l < input.levels.size(); ++l) of_level.emplace(input.levels[l], static_cast<double>(l));
  of_category_.reserve(field.categories.size());
  for (const std::string& text : field.categories) {
    const auto found = of_level.find(text);
    of_category_.push_back(found != of_level.end() ? found->second : of_other_text(input, text));
  }
}

double LevelCodes::of_other_text(const InputField& input, const std::string& text) const {
  if (text.empty()) return kNone;
  if (double value = 0; parse_number(text, value)) {
    const auto found = of_number_.find(value);
    return found != of_number_.end() ? found->second : unknown_;
  }
  if (input.type == ColumnType::yes_no) {
    for (std::size_t l = 0; l < input.levels.size(); ++l)
      if (lower_case(input.levels[l]) == lower_case(text)) return static_cast<double>(l);
  }
  return unknown_;
}

double LevelCodes::code(double raw) const {
  if (is_text_) return of_category_[static_cast<std::size_t>(raw)];
  if (std::isnan(raw)) return raw;
  const auto found = of_number_.find(raw);
  return found != of_number_.end() ? found->second : unknown_;
}

InputEncoder::InputEncoder(const Features& features, std::size_t n_x)
    : features_(&features), plain_(is_plain(features)) {
  for (const InputField& input : features.inputs) {
    std::size_t count = 1;
    for (const std::size_t n : input.shape) count *= n;
    parts_.push_back({&input, raw_width_, count, width_, fill_of(features.scaling, input, width_).value_or(kNone)});
    raw_width_ += count;
    width_ += encoded_width(input);
  }
  if (features.inputs.empty()) raw_width_ = width_ = n_x;
}

InputEncoder::InputEncoder(const Features& features, std::span<const Field* const> fields) : InputEncoder(features, 0) {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (has_levels(*parts_[i].input)) coded_.push_back({parts_[i].raw, LevelCodes(*parts_[i].input, *fields[i])});
}

void InputEncoder::to_codes(double* raw) const {
  for (const Coded& each : coded_) raw[each.raw] = each.codes.code(raw[each.raw]);
}

template <class T>
void InputEncoder::encode(const double* raw, T* x) const {
  const Scaling& scaling = features_->scaling;
  if (parts_.empty()) return apply_scaling(scaling, {raw, raw_width_}, x);
  for (const Part& part : parts_) {
    const InputField& input = *part.input;
    const double* const r = raw + part.raw;
    const bool missing = std::isnan(*r);
    std::size_t c = part.column;
    const auto add = [&](double value) { x[c++] = static_cast<T>(value); };
    const auto add_scaled = [&](double value) {
      x[c] = static_cast<T>(std::isfinite(value) ? scaled(scaling, c, value) : kNone);
      ++c;
    };
    const auto add_level = [&](double value) { scaling.levels ? add_scaled(value) : add(value); };
    const auto levels = static_cast<double>(input.levels.size());
    const bool is_level = missing || (*r >= 0 && *r <= levels && *r == std::floor(*r));
    switch (input.type) {
      case ColumnType::yes_no: add_level(!is_level ? kNone : missing || *r == 2 ? 0 : 2 * *r - 1); continue;
      case ColumnType::category:
        if (input.embedded) {
          add(!is_level ? kNone : missing ? levels : *r);
          continue;
        }
        for (std::size_t l = 0; l < input.levels.size() + (input.pooled ? 1 : 0); ++l)
          add_level(!is_level ? kNone : *r == static_cast<double>(l) ? 1 : 0);
        break;
      case ColumnType::date: {
        const double days = missing ? part.fill : *r;
        for (const DatePart of : input.parts) add_scaled(is_date(days) ? part_of(days, of) : kNone);
        add_scaled(is_date(days) ? days : kNone);
        break;
      }
      default:
        for (std::size_t k = 0; k < part.count; ++k) add_scaled(std::isnan(r[k]) ? part.fill : r[k]);
        break;
    }
    if (input.missing) add(missing ? 1 : 0);
  }
}

const InputEncoder::Part& InputEncoder::part_with(std::size_t number) const {
  return *std::prev(std::ranges::upper_bound(parts_, number, {}, &Part::raw));
}

std::size_t InputEncoder::source(std::size_t j) const {
  if (parts_.empty()) return j;
  const Part& part = *std::prev(std::ranges::upper_bound(parts_, j, {}, &Part::column));
  return part.raw + std::min(j - part.column, part.count - 1);
}

bool InputEncoder::may_be_missing(std::size_t number) const {
  if (parts_.empty()) return false;
  const Part& part = part_with(number);
  return has_levels(*part.input) || !std::isnan(part.fill);
}

std::string InputEncoder::complaint(std::size_t number) const {
  if (parts_.empty()) return "";
  const InputField& input = *part_with(number).input;
  if (input.type == ColumnType::date) return "days since 1970-01-01 in the years 1 to 9999";
  if (!has_levels(input)) return "";
  return fmt::format("the number of a level of '{}' (0 to {}), {} for any other, or NaN where it is missing",
                     printable(input.name), input.levels.size() - 1, input.levels.size());
}

void InputEncoder::look(const double* raw, std::span<Seen> seen,
                        const std::function<std::string(std::size_t)>& text) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const InputField& input = *parts_[i].input;
    if (!input.shape.empty()) continue;
    const double r = raw[parts_[i].raw];
    if (std::isnan(r)) {
      if (!input.missing) ++seen[i].missing;
    } else if (has_levels(input) && r == static_cast<double>(input.levels.size()) && !input.pooled) {
      if (seen[i].unknown++ == 0) seen[i].first_unknown = text(parts_[i].raw);
    } else if (input.earliest && r < *input.earliest) {
      ++seen[i].early;
    }
  }
}

template void InputEncoder::encode(const double*, float*) const;
template void InputEncoder::encode(const double*, double*) const;

}  // namespace strata::internal
