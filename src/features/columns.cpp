// The columns of X that the inputs become: how many, what they are called, how they come from the data.
#include <fmt/format.h>

#include "base/only_errors.hpp"
#include "features/calendar.hpp"
#include "features/inputs.hpp"
#include "strata/features.hpp"

namespace strata {
using namespace internal;
namespace {

std::string brief(double value) { return fmt::format("{:.6g}", value); }

// "Age − 29.7"; "Age + 3".
std::string less(const std::string& x, double offset) {
  if (offset == 0) return x;
  return fmt::format("{} {} {}", x, offset < 0 ? "+" : "−", brief(std::abs(offset)));
}

std::string scaled(const Scaling& scaling, std::size_t column, const std::string& x) {
  switch (scaling.kind) {
    case ScaleKind::divide_255: return x + " / 255";
    case ScaleKind::quantile:
      if (!scaling.quantiles[column].empty())
        return fmt::format("Φ⁻¹(share below {}), by {} quantiles", x, scaling.quantiles[column].size());
      [[fallthrough]];
    case ScaleKind::standard:
    case ScaleKind::robust: break;
    default: return x;
  }
  const double offset = scaling.offset[column], divisor = scaling.divisor[column];
  if (divisor == 0) return "0";
  std::string text = less(x, offset);
  if (divisor != 1) text = fmt::format("{} / {}", offset == 0 ? text : "(" + text + ")", brief(divisor));
  return scaling.kind == ScaleKind::robust ? fmt::format("t / √(1 + (t/3)²), t = {}", text) : text;
}

}  // namespace

std::string_view name(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::number: break;
    case ColumnType::yes_no: return "yes/no";
    case ColumnType::category: return "category";
    case ColumnType::date: return "date";
    case ColumnType::identifier: return "identifier";
    case ColumnType::text: return "text";
    case ColumnType::constant: return "constant";
  }
  return "number";
}

std::size_t encoded_width(const InputField& input) noexcept {
  const std::size_t missing = input.missing ? 1 : 0;
  switch (input.type) {
    case ColumnType::yes_no: return 1;
    case ColumnType::category: return input.embedded ? 1 : input.levels.size() + (input.pooled ? 1 : 0) + missing;
    case ColumnType::date: return input.parts.size() + 1 + missing;
    default: break;
  }
  std::size_t width = 1;
  for (const std::size_t n : input.shape) width *= n;
  return width + missing;
}

std::vector<EncodedColumn> encoded_columns(const Features& features) try {
  std::vector<EncodedColumn> columns;
  const auto add = [&](std::string name, std::string equation) {
    columns.push_back({std::move(name), std::move(equation)});
  };
  const auto add_scaled = [&](std::string name, const std::string& x, const std::optional<double>& fill) {
    std::string equation = scaled(features.scaling, columns.size(), x);
    if (fill) equation += fmt::format("; missing: {}", brief(*fill));
    add(std::move(name), std::move(equation));
  };
  const auto add_level = [&](std::string name, const std::string& x) {
    const std::string of_x = features.scaling.levels ? scaled(features.scaling, columns.size(), "x") : "x";
    add(std::move(name), of_x == "x" ? x : of_x == "0" ? of_x : fmt::format("{}, x = {}", of_x, x));
  };
  for (const InputField& input : features.inputs) {
    const std::string& name = input.name;
    switch (input.type) {
      case ColumnType::yes_no:
        add_level(name, fmt::format("+1 for {}, −1 for {}, else 0", input.levels[1], input.levels[0]));
        continue;
      case ColumnType::category:
        if (input.embedded) {
          const std::size_t count = input.levels.size();
          add(name,
              fmt::format("code {}, {} for any other", count > 1 ? fmt::format("0 … {}", count - 1) : "0", count));
          continue;
        }
        for (const std::string& level : input.levels)
          add_level(fmt::format("{}={}", name, level), fmt::format("1 for {}, else 0", level));
        if (input.pooled) add_level(name + " other", "1 for any other, else 0");
        break;
      case ColumnType::date:
        for (const DatePart part : input.parts) {
          const std::string of(internal::name(part));
          add_scaled(fmt::format("{}: {}", name, of), fmt::format("{} of {}", of, name), {});
        }
        add_scaled(name + ": days", "days from 1970-01-01 to " + name, input.fill);
        break;
      default:
        if (!input.shape.empty()) {
          for (std::size_t k = 0, width = encoded_width(input); k < width; ++k)
            add_scaled(fmt::format("{}[{}]", name, k), fmt::format("{}[{}]", name, k), {});
          continue;
        }
        add_scaled(name, name, fill_of(features.scaling, input, columns.size()));
        break;
    }
    if (input.missing) add(name + " missing", "1 where it is missing, else 0");
  }
  return columns;
} catch (...) {
  throw_as_error("for the names of the network's inputs");
}

}  // namespace strata
