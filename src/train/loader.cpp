#include "train/loader.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

#include "base/random.hpp"

namespace strata::internal {
template <class T>
Loader<T>::Loader(Examples<T>& examples, const TrainingOptions& options, std::uint64_t seed, bool with_rows)
    : examples_(examples),
      size_(batch_size_of(options, examples.m())),
      batches_(batches_of(options, examples.m())),
      weight_(examples.weight()),
      epoch_weight_(end() < examples.m() ? static_cast<double>(end()) : weight_),
      seed_(seed) {
  if (with_rows) rows_.resize(static_cast<std::size_t>(size_));
  if (full()) {
    for (std::size_t j = 0; j < rows_.size(); ++j) rows_[j] = examples.row(static_cast<Index>(j));
    return;
  }
  const auto m = static_cast<std::size_t>(examples.m());
  m <= std::numeric_limits<std::uint32_t>::max() ? order_.resize(m) : long_order_.resize(m);
  X_.resize(static_cast<std::size_t>(examples.n_x() * size_));
  Y_.resize(static_cast<std::size_t>(examples.n_y() * size_));
  if (!examples.weights().empty()) w_.resize(static_cast<std::size_t>(size_));
}

template <class T>
Batch<T> Loader<T>::next(std::int64_t step) {
  const Pass pass{.training = true, .seed = seed_, .step = step, .rows = rows_.data()};
  if (full()) {
    const auto [X, Y, w] = examples_.all();
    return {X, Y, pass, w, weight_};
  }
  if (position_ == 0) shuffle(epoch_++);
  const Index m = std::min(size_, end() - position_);
  examples_.gather(m, [this](Index j) { return example(position_ + j); }, X_.data(), Y_.data());
  for (std::size_t j = 0; j < rows_.size() && j < static_cast<std::size_t>(m); ++j)
    rows_[j] = examples_.row(example(position_ + static_cast<Index>(j)));
  const std::span<double> w(w_.data(), w_.empty() ? 0 : static_cast<std::size_t>(m));
  for (std::size_t j = 0; j < w.size(); ++j)
    w[j] = examples_.weights()[static_cast<std::size_t>(example(position_ + static_cast<Index>(j)))];
  position_ = position_ + m == end() ? 0 : position_ + m;
  return {View<T>(X_.data(), examples_.n_x(), m), View<const T>(Y_.data(), examples_.n_y(), m), pass,
          w.empty() ? nullptr : w.data(), std::accumulate(w.begin(), w.end(), 0.0)};
}

template <class T>
void Loader<T>::seek(Position position) {
  epoch_ = position.epoch;
  position_ = position.example;
  // In the middle of an epoch its order is there already; `next` counts the epochs that it has begun.
  if (position_ > 0) shuffle(epoch_ - 1);
}

template <class T>
typename Loader<T>::Position Loader<T>::at(std::int64_t step) const noexcept {
  if (full()) return {};
  const std::int64_t epoch = step / batches_per_epoch(), batch = step % batches_per_epoch();
  return {static_cast<std::uint32_t>(epoch + (batch > 0 ? 1 : 0)), static_cast<Index>(batch) * size_};
}

template <class T>
void Loader<T>::shuffle(std::uint32_t epoch) {
  if (long_order_.empty()) {
    shuffled(seed_, RandomPurpose::shuffle, epoch, std::span(order_));
  } else {
    shuffled(seed_, RandomPurpose::shuffle, epoch, std::span(long_order_));
  }
  if (w_.empty() || end() == examples_.m()) return;
  epoch_weight_ = 0;  // of which examples they are
  for (Index j = 0; j < end(); ++j) epoch_weight_ += examples_.weights()[static_cast<std::size_t>(example(j))];
}

template <class T>
Index Loader<T>::example(Index at) const noexcept {
  const auto i = static_cast<std::size_t>(at);
  return static_cast<Index>(long_order_.empty() ? order_[i] : long_order_[i]);
}

template class Loader<float>;
template class Loader<double>;

}  // namespace strata::internal
