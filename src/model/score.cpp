#include "model/score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/plan.hpp"

namespace strata::internal {
namespace {

constexpr Index kBatch = 256;  // examples predicted at a time: their activations stay in the cache

}  // namespace

template <class T>
std::size_t predicted_class(Head head, const T* a, Index n) {
  if (head == Head::sigmoid) return a[0] > T(0.5) ? 1 : 0;
  return static_cast<std::size_t>(std::max_element(a, a + n) - a);
}

template <class T>
void Score<T>::add(View<const T> A, View<const T> Y, double loss) {
  sums_.loss += loss;
  const auto n_y = static_cast<std::size_t>(A.rows);
  if (target_->task == Task::regression && mean_.empty()) {
    mean_.assign(n_y, 0);
    deviations_.assign(n_y, 0);
  }
  for (Index j = 0; j < A.cols; ++j) {
    ++sums_.examples;
    const T *a = A.col(j), *y = Y.col(j);
    if (target_->task != Task::regression) {
      // Several yes/no questions: right when all of them are.
      bool right = true;
      if (net_->head() == Head::sigmoid) {
        for (Index i = 0; i < A.rows; ++i) right = right && (a[i] > T(0.5)) == (y[i] > T(0.5));
      } else {
        right = y[predicted_class(net_->head(), a, A.rows)] == T(1);
      }
      sums_.correct += right ? 1 : 0;
      continue;
    }
    for (std::size_t i = 0; i < n_y; ++i) {
      const double divisor = target_->divisor.empty() ? 1 : target_->divisor[i];
      const double offset = target_->offset.empty() ? 0 : target_->offset[i];
      const double truth = static_cast<double>(y[i]) * divisor + offset;
      const double residual = static_cast<double>(a[i]) * divisor + offset - truth;
      squares_ += residual * residual;
      absolutes_ += std::abs(residual);
      ++values_;
      const double from_mean = truth - mean_[i];
      mean_[i] += from_mean / static_cast<double>(sums_.examples);
      deviations_[i] += from_mean * (truth - mean_[i]);
    }
  }
}

template <class T>
Metrics Score<T>::metrics() const {
  Metrics metrics = sums_;
  if (metrics.examples == 0) return metrics;
  metrics.loss /= static_cast<double>(metrics.examples);
  metrics.accuracy = static_cast<double>(metrics.correct) / static_cast<double>(metrics.examples);
  if (values_ > 0) {
    double total = 0;
    for (const double deviation : deviations_) total += deviation;
    metrics.rmse = std::sqrt(squares_ / static_cast<double>(values_));
    metrics.mae = absolutes_ / static_cast<double>(values_);
    metrics.r2 = total > 0 ? 1 - squares_ / total : std::numeric_limits<double>::quiet_NaN();
  }
  return metrics;
}

template <class T>
Metrics score(const Architecture& net, const Target& target, const Parameters<T>& p, Examples<T>& examples,
              const Kernels<T>& k) {
  Score<T> sums(net, target);
  for_each_output<T>(net, p, examples, kBatch, k,
                     [&](Index, View<const T> A, View<const T> Y, double loss) { sums.add(A, Y, loss); });
  return sums.metrics();
}

template class Score<float>;
template class Score<double>;
template std::size_t predicted_class(Head, const float*, Index);
template std::size_t predicted_class(Head, const double*, Index);
template Metrics score(const Architecture&, const Target&, const Parameters<float>&, Examples<float>&,
                       const Kernels<float>&);
template Metrics score(const Architecture&, const Target&, const Parameters<double>&, Examples<double>&,
                       const Kernels<double>&);

}  // namespace strata::internal
