#include "curve_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.hpp"

namespace strata::cli {
namespace {

constexpr std::size_t kHeight = 5;   // lines
constexpr std::size_t kMargin = 13;  // columns, for the numbers at the side

std::string side(double value) {
  return std::abs(value) < 1e4 ? fmt::format("{:.3f}", value) : fmt::format("{:.3g}", value);
}

}  // namespace

std::string picture_of(std::span<const double> values, const Output& on, bool on_zero) {
  static constexpr const char* kEighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t room = std::max<std::size_t>(on.width(), kMargin + 10) - kMargin;
  const std::size_t columns = std::min(values.size(), room);
  std::vector<double> drawn;
  for (std::size_t c = 0; c < columns; ++c) drawn.push_back(values[(c + 1) * values.size() / columns - 1]);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double value : drawn)
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  if (low > high) return {};
  if (on_zero) low = std::min(low, 0.0);
  const double span = high > low ? high - low : 1;
  std::string text;
  for (std::size_t line = 0; line < kHeight; ++line) {
    const auto floor = static_cast<double>(kHeight - 1 - line);
    std::string bars;
    for (const double value : drawn) {
      const double level = std::isfinite(value) ? (value - low) / span * static_cast<double>(kHeight) - floor : 0;
      const auto eighths = static_cast<std::size_t>(std::lround(std::clamp(level, 0.0, 1.0) * 8));
      bars += on.has_unicode() ? kEighths[eighths] : eighths >= 4 ? "#" : " ";
    }
    const std::string label = line == 0 ? side(low + span) : line + 1 < kHeight ? "" : low == 0 ? "0" : side(low);
    text += fmt::format("    {:>6} {}{}\n", label, on.has_unicode() ? "┤" : "|", on.paint(Style::accent, bars));
  }
  return text;
}

std::string picture_of(const Curves& curves, std::string_view what, std::int64_t best, const Output& on) {
  if (curves.epochs.size() < 3) return {};
  std::string text;
  const auto add = [&](std::string_view title, const std::vector<double>& values, bool on_zero) {
    text += fmt::format(
        "  {}, epoch {} to {}: from {} to {}", title, with_commas(static_cast<std::uint64_t>(curves.epochs.front())),
        with_commas(static_cast<std::uint64_t>(curves.epochs.back())), figure(values.front()), figure(values.back()));
    if (const auto at = std::ranges::find(curves.epochs, best); best > 0 && at != curves.epochs.end())
      text += fmt::format("; {} at the best, epoch {}",
                          figure(values[static_cast<std::size_t>(at - curves.epochs.begin())]),
                          with_commas(static_cast<std::uint64_t>(best)));
    text += '\n' + picture_of(values, on, on_zero) + '\n';
  };
  add(what, curves.loss, true);
  for (const auto& [part, lines] : {std::pair("train", &curves.train), {"validation", &curves.validation}})
    for (const Curves::Line& line : *lines)
      add(fmt::format("{} {}", part, title_of(line.metric)), line.values, !higher_is_better(line.metric));
  return text;
}

}  // namespace strata::cli
