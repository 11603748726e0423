#include "model/score.hpp"

#include <cmath>
#include <numeric>
#include <utility>

#include "features/encode.hpp"
#include "model/metrics.hpp"
#include "strata/error.hpp"

namespace strata::internal {

template <class T>
Score<T>::Score(const Architecture& net, const Target& target, std::vector<Metric> more, std::vector<double> deviations)
    : net_(&net), target_(&target), deviations_(std::move(deviations)) {
  sums_.task = target.task;
  sums_.more = std::move(more);
  if (!sums_.more.empty()) outcomes_.emplace(net, target);
  const std::size_t numbers = target.task == Task::regression ? static_cast<std::size_t>(net.outputs) : 0;
  for (auto* each : {&squares_, &absolutes_}) each->assign(numbers, 0);
  if (deviations_.empty()) mean_.assign(numbers, 0), deviations_.assign(numbers, 0);
}

template <class T>
void Score<T>::add(View<const T> A, View<const T> Y, double loss, const double* w) {
  sums_.loss += loss;
  sums_.examples += static_cast<std::size_t>(A.cols);
  for (std::size_t k = 0; k < squares_.size(); ++k) add_numbers(A, Y, w, k);
  const auto count = [&](const auto& is_right) {
    std::size_t correct = 0;
    for (Index j = 0; j < A.cols; ++j) {
      const std::size_t right = is_right(A.col(j), Y.col(j)) ? 1 : 0;
      correct += right;
      if (w != nullptr) right_ += static_cast<double>(right) * w[j];
    }
    sums_.correct += correct;
    if (w == nullptr) right_ += static_cast<double>(correct);
  };
  const Head head = net_->head();
  if (head == Head::softmax) count([&](const T* a, const T* y) { return y[predicted_class(head, a, A.rows)] == T(1); });
  if (head == Head::sigmoid)  // several yes/no questions: right when all of them are
    count([&](const T* a, const T* y) {
      bool right = true;
      for (Index i = 0; i < A.rows; ++i) right &= (a[i] > T(0.5)) == (y[i] > T(0.5));
      return right;
    });
  weight_ = w == nullptr ? weight_ + static_cast<double>(A.cols) : std::accumulate(w, w + A.cols, weight_);
  if (outcomes_) outcomes_->add(*target_, head, A, Y, w);
}

// Of output k.
template <class T>
void Score<T>::add_numbers(View<const T> A, View<const T> Y, const double* w, std::size_t k) {
  const auto at = static_cast<Index>(k);
  double squares = squares_[k], absolutes = absolutes_[k], sum = weight_;
  for (Index j = 0; j < A.cols; ++j) {
    const double weight = w == nullptr ? 1 : w[j];
    const double truth = in_units(*target_, k, static_cast<double>(Y(at, j)));
    const double residual = kept_within(*target_, k, in_units(*target_, k, static_cast<double>(A(at, j)))) - truth;
    squares += weight * residual * residual;
    absolutes += weight * std::abs(residual);
    if (mean_.empty()) continue;
    sum += weight;
    const double from_mean = truth - mean_[k];
    mean_[k] += weight * from_mean / sum;
    deviations_[k] += weight * from_mean * (truth - mean_[k]);
  }
  squares_[k] = squares, absolutes_[k] = absolutes;
}

template <class T>
void Score<T>::add_unseen(std::span<const double> weights, const std::string& first, const std::string& refusal) {
  if (sums_.unseen == 0) sums_.first_unseen = first, refusal_ = refusal;
  sums_.unseen += weights.size();
  sums_.examples += weights.size();
  unseen_weight_ = std::accumulate(weights.begin(), weights.end(), unseen_weight_);
  if (outcomes_) outcomes_->unseen.insert(outcomes_->unseen.end(), weights.begin(), weights.end());
}

template <class T>
void Score<T>::require_known() const {
  if (sums_.unseen > 0 && sums_.unseen == sums_.examples) throw Error(ErrorCode::value, refusal_);
}

template <class T>
Metrics Score<T>::metrics() const {
  Metrics metrics = sums_;
  if (metrics.examples == 0) return metrics;
  metrics.loss /= weight_;
  if (metrics.task != Task::regression) {
    metrics.accuracy = right_ / (weight_ + unseen_weight_);
  } else {
    metrics.rmse = metrics.mae = metrics.r2 = 0;
    const auto outputs = static_cast<double>(squares_.size());
    for (std::size_t i = 0; i < squares_.size(); ++i) {
      metrics.rmse += std::sqrt(squares_[i] / weight_) / outputs;
      metrics.mae += absolutes_[i] / weight_ / outputs;
      metrics.r2 += (deviations_[i] > 0 ? 1 - squares_[i] / deviations_[i] : Metrics::kNone) / outputs;
    }
  }
  if (metrics.more.empty()) return metrics;
  const std::vector<double> values = measured(*outcomes_, metrics.more, net_->loss_parameters.quantile);
  for (std::size_t i = 0; i < values.size(); ++i) value_of(metrics, metrics.more[i]) = values[i];
  return metrics;
}

template <class T>
void Score<T>::keep_all() {
  if (!outcomes_) outcomes_.emplace(*net_, *target_);
  keeps_losses_ = true;
}

template <class T>
Metrics Score<T>::metrics(const Bootstrap& bootstrap, int threads) const {
  Metrics metrics = this->metrics();
  if (keeps_losses_)
    metrics.intervals = intervals_of(*outcomes_, metrics, net_->loss_parameters.quantile, bootstrap, threads);
  return metrics;
}

template class Score<float>;
template class Score<double>;

}  // namespace strata::internal
