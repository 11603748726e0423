#include "train/held_out.hpp"

#include <algorithm>
#include <utility>

#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "model/average.hpp"
#include "model/predictions.hpp"
#include "model/score.hpp"
#include "train/calibrate.hpp"
#include "train/monitored.hpp"
#include "train/select.hpp"

namespace strata::internal {

template <class T>
HeldOut<T>::HeldOut(const Problem& problem, Examples<T>& all, std::vector<double> weights, std::size_t candidates)
    : problem_(problem), n_y_(static_cast<std::size_t>(problem.architecture.outputs)), weights_(std::move(weights)) {
  constexpr Index kBlock = 1024;
  const auto m = static_cast<std::size_t>(all.m());
  Y_.reserve(n_y_ * m);
  for (Index first = 0; first < all.m(); first += kBlock) {
    const View<const T> Y = all.range(first, std::min(kBlock, all.m() - first)).Y;
    Y_.insert(Y_.end(), Y.data, Y.data + Y.size());
  }
  sum_.resize(n_y_ * m);
  count_.resize(m);
  candidates_.assign(candidates, std::vector<double>(n_y_ * m));
}

template <class T>
void HeldOut<T>::add(std::span<const std::size_t> at, std::span<const T> A) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    add_output<T>(std::span(sum_).subspan(n_y_ * at[i], n_y_), A.data() + n_y_ * i, 1);
    ++count_[at[i]];
  }
}

template <class T>
void HeldOut<T>::add_candidate(std::size_t candidate, std::span<const std::size_t> at, std::span<const T> A) {
  for (std::size_t i = 0; i < at.size(); ++i)
    std::copy_n(A.data() + n_y_ * i, n_y_, candidates_[candidate].data() + n_y_ * at[i]);
}

template <class T>
std::vector<std::size_t> HeldOut<T>::select() {
  const Metric metric = *problem_.options.monitor;
  const auto score = [&](std::span<const double> A) {
    return figures_by([&](std::size_t i, std::span<double> a) { std::copy_n(A.data() + n_y_ * i, n_y_, a.data()); })
        .value(metric);
  };
  Selection selection = select_greedily(candidates_, score, higher_is_better(metric));
  std::size_t rounds = 0;
  std::ranges::fill(sum_, 0.0);
  for (std::size_t c = 0; c < candidates_.size(); ++c) {
    for (std::size_t at = 0; at < sum_.size(); ++at)
      sum_[at] += static_cast<double>(selection.counts[c]) * candidates_[c][at];
    rounds += selection.counts[c];
  }
  std::ranges::fill(count_, static_cast<std::uint16_t>(rounds));
  candidates_.clear();
  return std::move(selection.counts);
}

template <class T>
void HeldOut<T>::mean(std::size_t example, std::span<double> mean) const {
  const double* const sum = sum_.data() + n_y_ * example;
  for (std::size_t k = 0; k < n_y_; ++k) mean[k] = sum[k] / static_cast<double>(count_[example]);
}

template <class T>
double HeldOut<T>::calibrate() {
  std::vector<float> A(sum_.size());
  std::vector<double> a(n_y_);
  for (std::size_t i = 0; i < count_.size(); ++i) {
    mean(i, a);
    std::ranges::transform(a, A.data() + n_y_ * i, [](double each) { return static_cast<float>(each); });
  }
  temperature_ = fit_temperature<T>(std::move(A), Y_, weights_, problem_.architecture.head(), static_cast<Index>(n_y_));
  return temperature_;
}

template <class T>
void HeldOut<T>::clear() noexcept {
  sum_ = {}, Y_ = {}, count_ = {}, candidates_ = {};
}

template <class T>
Metrics HeldOut<T>::figures() const {
  return figures_by([this](std::size_t i, std::span<double> a) { mean(i, a); });
}

template <class T>
template <class MeanOf>
Metrics HeldOut<T>::figures_by(const MeanOf& mean_of) const {
  const Architecture& net = problem_.architecture;
  Score<T> score(net, problem_.target, more_of(problem_));
  constexpr std::size_t kBlock = 256;
  std::vector<T> A(n_y_ * kBlock), Y(A.size()), Z(A.size());
  std::vector<double> w, a(n_y_);
  for (std::size_t i = 0; i < count_.size();) {
    std::size_t count = 0;
    w.clear();
    for (; i < count_.size() && count < kBlock; ++i) {
      if (count_[i] == 0) continue;
      mean_of(i, a);
      mean_output<T>(a, net.head(), static_cast<Index>(n_y_), temperature_, A.data() + n_y_ * count);
      std::copy_n(Y_.data() + n_y_ * i, n_y_, Y.data() + n_y_ * count);
      if (!weights_.empty()) w.push_back(weights_[i]);
      ++count;
    }
    const auto rows = static_cast<Index>(n_y_), cols = static_cast<Index>(count);
    const View<const T> A_block(A.data(), rows, cols), Y_block(Y.data(), rows, cols);
    const double* const w_block = w.empty() ? nullptr : w.data();
    const double loss = loss_of_outputs<T>(net, A_block, Y_block, w_block, View<T>(Z.data(), rows, cols));
    score.add(A_block, Y_block, loss, w_block);
  }
  return score.metrics();
}

template <class T>
OutOfFold HeldOut<T>::told(const Table& table, const Plan<T>& plan) const {
  const Target& target = problem_.target;
  const Architecture& net = problem_.architecture;
  const std::vector<const Field*> fields = find_target(target, table);
  const Field& field = *fields.front();
  const Table::Storage& storage = table.storage();
  OutOfFold out{.are_lines = storage.has_lines(field), .predictions = no_predictions(target, net)};
  const Origin& origin = storage.origins[storage.place(field).origin];
  if (!origin.others.empty()) {
    out.files.push_back(origin.name);
    for (const TextFile& other : origin.others) out.files.push_back(other.name);
  }
  const bool is_label = has_one_label(target, net);
  const TargetEncoder labels(target, table);
  std::vector<double> said(n_y_);
  std::vector<T> a(n_y_);
  for (std::size_t i = 0; i < count_.size(); ++i) {
    if (count_[i] == 0) continue;
    const std::size_t row = problem_.train_rows[i];
    out.rows.push_back(row);
    out.numbers.push_back(storage.number_of(field, row));
    if (!out.files.empty()) out.file_of.push_back(storage.text_of(field, row));
    if (is_label) {
      out.targets.push_back(static_cast<double>(labels.label(row)));
    } else {
      for (const Field* each : fields)
        for (std::size_t k = 0; k < each->width(); ++k) out.targets.push_back(table.number(*each, row, k));
    }
    mean(i, said);
    mean_output<T>(said, net.head(), static_cast<Index>(n_y_), temperature_, a.data());
    for (std::size_t k = 0; k < n_y_; ++k) a[k] = plan.in_target_units(a[k], static_cast<Index>(k));
    add_prediction<T>(out.predictions, target, net, a);
  }
  return out;
}

template class HeldOut<float>;
template class HeldOut<double>;

}  // namespace strata::internal
