#include "training_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "commands.hpp"
#include "curve_pictures.hpp"
#include "part_table.hpp"

namespace strata::cli {
namespace {

constexpr std::size_t kMeasured = 35;  // the column where figures begin

const std::optional<Metrics>& measured(const EpochReport& report) {
  return report.validation ? report.validation : report.train;
}

std::size_t width_of(Metric metric) { return std::max<std::size_t>(title_of(metric).size(), 8); }

/// What is measured beside the usual, and what is monitored, of which the star speaks, where it is usual but has no
/// column: RMSE, MAE, R2.
std::vector<Metric> beside_the_loss(const Metrics& metrics, Metric monitored) {
  std::vector<Metric> wanted = metrics.more;
  const bool has_column = monitored == Metric::loss || metrics.task != Task::regression;
  if (!has_column && std::ranges::count(wanted, monitored) == 0) wanted.insert(wanted.begin(), monitored);
  return wanted;
}

/// Of these, what has room on a terminal: what is monitored, then the others in their order.
std::vector<Metric> fitting(const Metrics& metrics, Metric monitored) {
  std::vector<Metric> wanted = beside_the_loss(metrics, monitored);
  if (!out().is_terminal()) return wanted;
  std::size_t used = kMeasured + (metrics.task == Task::regression ? 10 : 19) + std::string_view("  *").size();
  if (std::ranges::count(wanted, monitored) > 0) used += 2 + width_of(monitored);
  std::vector<Metric> shown;
  for (const Metric each : wanted) {
    if (each != monitored && used + 2 + width_of(each) > out().width()) continue;
    if (each != monitored) used += 2 + width_of(each);
    shown.push_back(each);
  }
  return shown;
}

/// The loss, how much is right, and what else was asked for.
std::string figures(const EpochReport& report, std::span<const Metric> more) {
  if (!measured(report)) return {};
  const Metrics& metrics = *measured(report);
  std::string text = fmt::format("  {:<10.5g}", metrics.loss);
  if (metrics.task != Task::regression) {
    const bool weighted = describe_accuracy(metrics) != percent(metrics.correct, metrics.examples);
    text += fmt::format("  {:<7}", weighted ? fmt::format("{:.1f} %", 100 * metrics.accuracy)
                                            : percent(metrics.correct, metrics.examples));
  }
  for (const Metric each : more) {
    const double value = metrics.value(each);
    text += fmt::format("  {:<{}}", std::isnan(value) ? "-" : fmt::format("{:.5g}", value), width_of(each));
  }
  return text + (report.best ? "  *" : "");
}

std::string heading_of(const EpochReport& report, std::span<const Metric> more) {
  if (!measured(report)) return {};
  const Metrics& metrics = *measured(report);
  std::string text = report.validation ? "validation" : "train";
  text.resize(more.empty() ? text.size() : metrics.task == Task::regression ? 10 : 19, ' ');
  for (const Metric each : more) text += fmt::format("  {:<{}}", title_of(each), width_of(each));
  const std::string_view mark = report.best ? "  (*: the best so far)" : "";
  const bool fits = !out().is_terminal() || kMeasured + text.size() + mark.size() <= out().width();
  return fits ? text + std::string(mark) : text;
}

}  // namespace

TrainingTable::TrainingTable(const Options& options, ProgressBar& bar)
    : by_epoch_(options.batch_size != 0 && options.report_every == 0),
      single_(options.precision != Precision::float64),
      bar_(bar) {}

void TrainingTable::cost(const CostReport& report) {
  // A batch that holds every row has no epochs to tell of: then the costs are the rows after all.
  if (by_epoch_ && !latest_ && report.epoch > 0) show_waiting();
  if (by_epoch_) {
    if (!latest_) waiting_.push_back(report);
    return;
  }
  // The first waits for the second, before which an epoch has told whether something is measured on.
  if (first_) show(*std::exchange(first_, std::nullopt));
  if (headed_)
    show(report);
  else
    first_ = report;
}

void TrainingTable::epoch(const EpochReport& report) {
  if (!latest_ && measured(report)) more_ = fitting(*measured(report), report.monitored);
  latest_ = report;
  if (report.best) best_ = report, best_shown_ = false;
  if (!by_epoch_) return;
  costs_.epochs.push_back(report.epoch);
  costs_.loss.push_back(report.mean_cost);
  const std::int64_t iterations = bar_.iterations();
  if (every_ == 0) {
    const double epochs =
        static_cast<double>(iterations) / static_cast<double>(std::max<std::int64_t>(report.iteration, 1));
    every_ = std::max<std::int64_t>(1, std::llround(epochs / 20));
  }
  shown_ = report.epoch % every_ == 0 || report.epoch == 1 || report.iteration == iterations;
  if (shown_) show(report);
}

void TrainingTable::finish() {
  if (by_epoch_ && !latest_) show_waiting();
  if (by_epoch_ && latest_ && !shown_) show(*latest_);
  if (by_epoch_ && best_ && !best_shown_) show(*best_);
  if (first_) show(*first_);
  if (headed_) out().line("");
}

void TrainingTable::draw(const TrainingRecord& record) const {
  if (record.curves.epochs.empty())
    out().write(picture_of(costs_, "cost", 0, out()));
  else
    out().write(picture_of(record.curves, kLossOfBatches, record.epochs_tried > 0 ? record.epochs : 0, out()));
}

void TrainingTable::show(const CostReport& report) {
  std::string row = fmt::format("{:>11}  {:<20}", report.iteration, number(report.cost));
  if (latest_ && latest_->iteration == report.iteration) row += figures(*latest_, more_);
  print("  iteration  cost", row);
}

void TrainingTable::show(const EpochReport& report) {
  best_shown_ = best_shown_ || report.best;
  print("      epoch  mean cost",
        fmt::format("{:>11}  {:<20}", report.epoch, number(report.mean_cost)) + figures(report, more_));
}

void TrainingTable::show_waiting() {
  by_epoch_ = false;
  for (const CostReport& report : waiting_) cost(report);
  waiting_.clear();
}

std::string TrainingTable::number(double value) const {
  return single_ ? fmt::format("{:.7g}", value) : shortest(value);
}

void TrainingTable::print(std::string_view heading, std::string row) {
  row.erase(row.find_last_not_of(' ') + 1);
  bar_.clear();
  if (!headed_) {
    std::string line(heading);
    const std::string more = latest_ ? heading_of(*latest_, more_) : std::string();
    if (!more.empty()) line += std::string(kMeasured - line.size(), ' ') + more;
    line.erase(line.find_last_not_of(' ') + 1);
    out().line(out().paint(Style::dim, line));
    headed_ = true;
  }
  out().line(row);
}

}  // namespace strata::cli
