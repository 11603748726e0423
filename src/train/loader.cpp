#include "train/loader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

#include "base/random.hpp"

namespace strata {
namespace {

// Asks for the first cache lines of a row that is copied soon; the processor itself finds the next ones.
void prefetch(const void* row, std::size_t bytes) {
  constexpr std::size_t kLine = 64, kMost = 8 * kLine;
  for (std::size_t at = 0; at < std::min(bytes, kMost); at += kLine)
    __builtin_prefetch(static_cast<const char*>(row) + at);
}

}  // namespace

template <class T>
Loader<T>::Loader(Examples<T>& examples, std::int64_t batch_size, std::uint64_t seed)
    : examples_(examples), size_(batch_size <= 0 ? examples.m : std::min<Index>(batch_size, examples.m)), seed_(seed) {
  if (full()) return;
  const auto m = static_cast<std::size_t>(examples.m);
  m <= std::numeric_limits<std::uint32_t>::max() ? order_.resize(m) : long_order_.resize(m);
  X_.resize(static_cast<std::size_t>(examples.n_x * size_));
  Y_.resize(static_cast<std::size_t>(examples.n_y * size_));
}

template <class T>
Batch<T> Loader<T>::next() {
  if (full()) return examples_.all();
  if (position_ == 0) shuffle(epoch_++);
  const Index m = std::min(size_, examples_.m - position_);
  gather(position_, m);
  position_ = position_ + m == examples_.m ? 0 : position_ + m;
  return {View<T>(X_.data(), examples_.n_x, m), View<const T>(Y_.data(), examples_.n_y, m)};
}

template <class T>
void Loader<T>::seek(Position position) {
  epoch_ = position.epoch;
  position_ = position.example;
  // In the middle of an epoch its order is there already; `next` counts the epochs that it has begun.
  if (position_ > 0) shuffle(epoch_ - 1);
}

template <class T>
void Loader<T>::shuffle(std::uint32_t epoch) {
  if (long_order_.empty()) {
    shuffled(seed_, RandomPurpose::shuffle, epoch, std::span(order_));
  } else {
    shuffled(seed_, RandomPurpose::shuffle, epoch, std::span(long_order_));
  }
}

template <class T>
Index Loader<T>::example(Index at) const noexcept {
  const auto i = static_cast<std::size_t>(at);
  return static_cast<Index>(long_order_.empty() ? order_[i] : long_order_[i]);
}

template <class T>
void Loader<T>::gather(Index begin, Index m) {
  const Index n_x = examples_.n_x, n_y = examples_.n_y;
  if (examples_.make) {
    for (Index j = 0; j < m; ++j) examples_.make(example(begin + j), X_.data() + j * n_x, Y_.data() + j * n_y);
    return;
  }
  const Batch<T> all = examples_.all();
  const auto x_bytes = static_cast<std::size_t>(n_x) * sizeof(T), y_bytes = static_cast<std::size_t>(n_y) * sizeof(T);
  constexpr Index kAhead = 4;  // rows
  for (Index j = 0; j < m; ++j) {
    if (const Index next = begin + j + kAhead; next < examples_.m) {
      prefetch(all.X.col(example(next)), x_bytes);
      prefetch(all.Y.col(example(next)), y_bytes);
    }
    std::memcpy(X_.data() + j * n_x, all.X.col(example(begin + j)), x_bytes);
    std::memcpy(Y_.data() + j * n_y, all.Y.col(example(begin + j)), y_bytes);
  }
}

template class Loader<float>;
template class Loader<double>;

}  // namespace strata
