#include "train/loader.hpp"

#include <algorithm>
#include <cstring>

#include "base/random.hpp"

namespace strata {

template <class T>
Loader<T>::Loader(Batch<T> all, std::int64_t batch_size, std::uint64_t seed)
    : all_(all), size_(batch_size <= 0 ? all.m() : std::min<Index>(batch_size, all.m())), seed_(seed) {
  if (full()) return;
  order_.resize(static_cast<std::size_t>(all.m()));
  X_.resize(static_cast<std::size_t>(all.X.rows * size_));
  Y_.resize(static_cast<std::size_t>(all.Y.rows * size_));
}

template <class T>
Batch<T> Loader<T>::next() {
  if (full()) return all_;
  if (position_ == 0) shuffled(seed_, RandomPurpose::shuffle, epoch_++, order_);
  const Index m = std::min(size_, all_.m() - position_);
  gather(position_, m);
  position_ = position_ + m == all_.m() ? 0 : position_ + m;
  return {View<T>(X_.data(), all_.X.rows, m), View<const T>(Y_.data(), all_.Y.rows, m)};
}

template <class T>
void Loader<T>::seek(Position position) {
  epoch_ = position.epoch;
  position_ = position.example;
  // In the middle of an epoch its order is there already; `next` counts the epochs that it has begun.
  if (position_ > 0) shuffled(seed_, RandomPurpose::shuffle, epoch_ - 1, order_);
}

template <class T>
void Loader<T>::gather(Index begin, Index m) {
  const auto x_bytes = static_cast<std::size_t>(all_.X.rows) * sizeof(T);
  const auto y_bytes = static_cast<std::size_t>(all_.Y.rows) * sizeof(T);
  for (Index j = 0; j < m; ++j) {
    const auto example = static_cast<Index>(order_[static_cast<std::size_t>(begin + j)]);
    std::memcpy(X_.data() + j * all_.X.rows, all_.X.col(example), x_bytes);
    std::memcpy(Y_.data() + j * all_.Y.rows, all_.Y.col(example), y_bytes);
  }
}

template class Loader<float>;
template class Loader<double>;

}  // namespace strata
