#include "part_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "commands.hpp"

namespace strata::cli {

void PartTable::add(const PartReport& report) {
  const bool counts = report.parts > 0;
  std::string epochs = std::to_string(report.epochs);
  if (report.epochs_tried > 0) epochs += fmt::format(" of {}", report.epochs_tried);  // the best one
  struct Column {
    std::string title, cell;
    std::size_t least;
  };
  std::vector<Column> columns{
      {std::string(noun_), counts ? fmt::format("{} of {}", report.part, report.parts) : std::to_string(report.part),
       counts ? std::max<std::size_t>(11, fmt::formatted_size("  {0} of {0}", report.parts)) : 7},
      {"rows", std::to_string(report.rows.size()), 10},
      {"trained on", std::to_string(report.train_rows), 12},
      {"epochs", epochs, 12}};
  for (const Metric each : figures_of(report.metrics.task, options_))
    columns.push_back({title_of(each), figure(report.metrics.value(each)), 13});
  const auto wide = [](std::string_view text, std::size_t width) {
    return fmt::format("{:>{}}", text, std::max(width, text.size() + 2));
  };
  if (widths_.empty()) {
    std::string heading;
    for (const Column& column : columns) {
      widths_.push_back(std::max({column.least, column.title.size() + 2, column.cell.size() + 2}));
      heading += wide(column.title, widths_.back());
    }
    out().line(out().paint(Style::dim, heading));
  }
  std::string row;
  for (std::size_t c = 0; c < columns.size(); ++c) row += wide(columns[c].cell, widths_[c]);
  out().line(row);
}

std::string describe_mean(std::span<const PartReport> parts, const TrainingOptions& options) {
  std::string means;
  for (const Metric each : figures_of(parts.front().metrics.task, options)) {
    const Spread spread = spread_of(parts, each);
    means += fmt::format("{}{} {}", means.empty() ? "" : ", ", title_of(each), figure(spread.mean));
    if (!std::isnan(spread.deviation)) means += fmt::format(" ± {:.2g}", spread.deviation);
  }
  return means;
}

}  // namespace strata::cli
