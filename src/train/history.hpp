// What was measured after each epoch, kept for the record of a training.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/metrics.hpp"
#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata::internal {

class History {
 public:
  /// Of more than `most` epochs every second is enough, or every fourth, …; and the last.
  explicit History(std::size_t most) : most_(most) {}

  [[nodiscard]] bool wants(std::int64_t epoch) const noexcept { return epoch % stride_ == 0; }
  /// `loss`: the mean over the epoch's batches.
  void add(const EpochReport& report, double loss, bool last) {
    if (wants(report.epoch) && curves_.epochs.size() >= most_) {
      each_list([](auto& points) {
        for (std::size_t i = 1; i < points.size(); i += 2) points[i / 2] = points[i];
        points.resize(points.size() / 2);
      });
      stride_ *= 2;
      if (!wants(report.epoch) && !last) return;
    }
    curves_.epochs.push_back(report.epoch);
    curves_.loss.push_back(loss);
    if (report.train) add(*report.train, curves_.train);
    if (report.validation) add(*report.validation, curves_.validation);
  }
  [[nodiscard]] const Curves& curves() const noexcept { return curves_; }

  /// The curves themselves are in the record of the model; with so many figures of each part as are measured.
  void go_on(const Curves& curves, std::size_t train, std::size_t validation) {
    const std::size_t begun = curves.epochs.empty() ? 0 : 1;
    if (stride_ < 1 || curves.train.size() != begun * train || curves.validation.size() != begun * validation)
      throw Error(ErrorCode::format, "is damaged: its curves");
    curves_ = curves;
  }
  /// The last epoch was none: the training becomes longer.
  void forget_last() {
    if (!curves_.epochs.empty() && !wants(curves_.epochs.back())) each_list([](auto& points) { points.pop_back(); });
  }
  template <class Visit>
  void fields(const Visit& visit) {
    visit("stride", stride_);
  }

 private:
  template <class Change>
  void each_list(const Change& change) {
    change(curves_.epochs), change(curves_.loss);
    for (auto* lines : {&curves_.train, &curves_.validation})
      for (Curves::Line& line : *lines) change(line.values);
  }
  static void add(const Metrics& metrics, std::vector<Curves::Line>& lines) {
    if (lines.empty()) {
      for (const Metric each : usual_metrics(metrics.task)) lines.push_back({each, {}});
      for (const Metric each : metrics.more) lines.push_back({each, {}});
    }
    for (Curves::Line& line : lines) line.values.push_back(metrics.value(line.metric));
  }

  std::size_t most_;
  Curves curves_;
  std::int64_t stride_ = 1;
};

}  // namespace strata::internal
