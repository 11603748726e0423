#include "live_report.hpp"

#include <fmt/format.h>

#include "output.hpp"
#include "strata/json.hpp"

namespace strata::cli {

LiveReport::LiveReport(const Arguments& arguments, const Options& options, ProgressBar& bar)
    : options_(options),
      bar_(bar),
      is_bag_(options.folds != Folds()),
      json_(arguments.has("json")),
      quiet_(arguments.has("quiet")),
      tells_costs_(!quiet_ && (json_ || !is_bag_ || arguments.has("report-every"))),
      folds_("fold", options) {}

void LiveReport::cost(const CostReport& report) {
  if (!tells_costs_) return;
  if (!json_) return table_of(report.fold).cost(report);
  bar_.clear();
  out().line(to_json(report));
}

void LiveReport::epoch(const EpochReport& report) {
  if (!tells_costs_) return;
  if (!json_) return table_of(report.fold).epoch(report);
  bar_.clear();
  out().line(to_json(report));
}

void LiveReport::fold(const PartReport& report) {
  bar_.clear();
  if (json_) return out().line(to_json(report));
  if (quiet_) return;
  finish_table();
  folds_.add(report);
  begun_ = true;
}

void LiveReport::finish(const TrainingRecord& record) {
  if (json_ || quiet_) return;
  if (is_bag_) {
    finish_table();
    if (begun_) out().line("");
    return;
  }
  TrainingTable& table = table_of(0);
  table.finish();
  if (out().is_terminal()) table.draw(record);
}

TrainingTable& LiveReport::table_of(std::size_t fold) {
  if (table_ && fold_ == fold) return *table_;
  finish_table();
  if (fold > 0) {
    bar_.clear();
    out().line(fmt::format("{}{}", begun_ ? "\n" : "", out().paint(Style::bold, fmt::format("fold {}", fold))));
    folds_.begin_anew();
    begun_ = true;
  }
  fold_ = fold;
  return table_.emplace(options_, bar_);
}

void LiveReport::finish_table() {
  if (table_) table_->finish();
  table_.reset();
}

}  // namespace strata::cli
