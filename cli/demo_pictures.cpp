#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "demo.hpp"

namespace strata::cli {

HeldBack hold_back(const Table& table) {
  std::vector<std::size_t> order(table.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 random(1);  // its numbers are the same everywhere, those of std::shuffle are not
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 5);
  HeldBack parts;
  parts.test_rows.assign(order.begin(), middle);
  parts.train_rows.assign(middle, order.end());
  std::sort(parts.train_rows.begin(), parts.train_rows.end());
  parts.train = table.select_rows(parts.train_rows);
  parts.test = table.select_rows(parts.test_rows);
  return parts;
}

std::vector<std::string> picture(std::span<const double> pixels, std::size_t cols, double white, const Output& on) {
  static constexpr const char* kShades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  static constexpr const char* kLetters[] = {"  ", "..", "++", "**", "##"};
  std::vector<std::string> lines;
  for (std::size_t at = 0; at + cols <= pixels.size(); at += cols) {
    std::string line;
    for (const double pixel : pixels.subspan(at, cols)) {
      const auto shade = static_cast<std::size_t>(std::lround(std::clamp(pixel / white, 0.0, 1.0) * 4));
      line += on.has_unicode() ? kShades[shade] : kLetters[shade];
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace strata::cli
