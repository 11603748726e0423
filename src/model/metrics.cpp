#include "model/metrics.hpp"

#include <algorithm>

namespace strata {
using namespace internal;
namespace {

constexpr Metric kOfClasses[] = {Metric::loss,   Metric::accuracy, Metric::balanced_accuracy,
                                 Metric::f1,     Metric::mcc,      Metric::roc_auc,
                                 Metric::pr_auc, Metric::log_loss, Metric::brier};
constexpr std::size_t kUsualOfClasses = 2;
constexpr Metric kOfNumbers[] = {Metric::loss, Metric::rmse, Metric::mae, Metric::r2, Metric::mape, Metric::pinball};
constexpr std::size_t kUsualOfNumbers = 4;

template <class Of>
auto& figure(Of& metrics, Metric metric) noexcept {
  switch (metric) {
    case Metric::loss: break;
    case Metric::accuracy: return metrics.accuracy;
    case Metric::balanced_accuracy: return metrics.balanced_accuracy;
    case Metric::f1: return metrics.f1;
    case Metric::mcc: return metrics.mcc;
    case Metric::roc_auc: return metrics.roc_auc;
    case Metric::pr_auc: return metrics.pr_auc;
    case Metric::log_loss: return metrics.log_loss;
    case Metric::brier: return metrics.brier;
    case Metric::rmse: return metrics.rmse;
    case Metric::mae: return metrics.mae;
    case Metric::r2: return metrics.r2;
    case Metric::mape: return metrics.mape;
    case Metric::pinball: return metrics.pinball;
  }
  return metrics.loss;
}

}  // namespace

std::span<const Metric> metrics_of(Task task) noexcept {
  return task == Task::regression ? std::span<const Metric>(kOfNumbers) : std::span<const Metric>(kOfClasses);
}

std::span<const Metric> internal::usual_metrics(Task task) noexcept {
  return metrics_of(task).first(task == Task::regression ? kUsualOfNumbers : kUsualOfClasses);
}

bool internal::has_metric(Task task, Metric metric) noexcept {
  return std::ranges::count(metrics_of(task), metric) > 0;
}

bool higher_is_better(Metric metric) noexcept {
  switch (metric) {
    case Metric::accuracy:
    case Metric::balanced_accuracy:
    case Metric::f1:
    case Metric::mcc:
    case Metric::roc_auc:
    case Metric::pr_auc:
    case Metric::r2: return true;
    default: return false;
  }
}

double& internal::value_of(Metrics& metrics, Metric metric) noexcept { return figure(metrics, metric); }
double Metrics::value(Metric metric) const noexcept { return figure(*this, metric); }

std::vector<Metric> internal::beside_the_usual(Task task, std::span<const Metric> wanted) {
  std::vector<Metric> more;
  for (const Metric each : metrics_of(task).subspan(usual_metrics(task).size()))
    if (std::ranges::count(wanted, each) > 0) more.push_back(each);
  return more;
}

}  // namespace strata
